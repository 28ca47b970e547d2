"""Claims about causes that name what else of the cluster they come from."""

from __future__ import annotations

import pytest

from watchdog.diagnosis.rules import detect, rules_diagnosis
from watchdog.examples.builders import (
    broken,
    change,
    crashing,
    deployment,
    earlier,
    ended,
    event,
    log,
    pod,
    ref,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.failures import KINDS
from watchdog.model.diagnosis import Diagnosis
from watchdog.observation.related import service
from watchdog.observation.snapshot_text import to_text
from watchdog.snapshot.pod_template import PodTemplate, Probe, Reference
from watchdog.snapshot.snapshot import ClusterSnapshot, ServicePort, ServiceSummary

SPOOL = ServiceSummary(
    ref=ref("Service", "spool-ui"),
    addresses=("10.96.0.7", "fd00::7"),
    ports=(ServicePort(number=8000, target="8000"), ServicePort(number=9090, target="9090")),
)
TESTED = Probe(type="exec", asks="command test -f /tmp/ready", failure_threshold=3)


def diagnosed(seen: ClusterSnapshot) -> Diagnosis:
    return rules_diagnosis(seen, detect(seen, KINDS), KINDS)


@pytest.mark.parametrize(
    ("line", "variable"),
    [
        ("Error: '--port': 'tcp://10.96.0.7:8000' is not a valid integer.", "SPOOL_UI_PORT"),
        ("invalid port tcp://10.96.0.7:9090", "SPOOL_UI_PORT_9090_TCP"),
        ("expected a number, got tcp://[fd00:0::7]:8000", "SPOOL_UI_PORT"),
    ],
)
def test_the_service_whose_variable_was_read_is_named_by_its_address(
    line: str, variable: str
) -> None:
    why = diagnosed(broken(crashing(2), SPOOL, text=line)).root_cause

    assert f"reads a variable ({variable}, of Service spool-ui) that Kubernetes sets" in why


def test_an_address_of_no_service_names_none() -> None:
    why = diagnosed(broken(crashing(2), SPOOL, text="invalid port tcp://10.96.0.8:8000")).root_cause

    assert "reads a variable that Kubernetes sets" in why
    assert "spool-ui" not in why


@pytest.mark.parametrize(
    ("spec_", "addresses"),
    [
        ({"clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7", "FD00:0::7"]}, SPOOL.addresses),
        ({"clusterIP": "None", "clusterIPs": ["None"]}, ()),
        ({"clusterIP": "", "clusterIPs": None}, ()),
        ({"type": "ExternalName"}, ()),
    ],
)
def test_the_addresses_of_a_service_are_its_cluster_ips(
    spec_: dict[str, object], addresses: tuple[str, ...]
) -> None:
    raw = {"metadata": {"name": "spool-ui", "namespace": "shop"}, "spec": spec_}

    assert service(raw, [], ()).addresses == addresses


def held_up(*, added: bool) -> ClusterSnapshot:
    """A sidecar whose startup probe fails silently, so that main is not started."""
    otel = crashing(137, name="otel", init=True)
    specs = (spec("otel", init=True, sidecar=True, startup=TESTED), spec())
    new = change("container", None if added else "old", "otel", container="otel")
    return snapshot_of(
        deployment(last=earlier(new)),
        pod(otel, waiting("PodInitializing"), specs=specs),
        event("Unhealthy", "Startup probe failed:", count=9),
        event("Killing", "Init container otel failed startup probe", type="Normal"),
        log(
            "2026-03-02T14:00:01Z error exporter otlp/main: endpoint must be set", container="otel"
        ),
    )


def test_a_sidecar_that_holds_the_others_up_is_told_with_its_log() -> None:
    found = diagnosed(held_up(added=True))

    assert "Until it succeeds, container main cannot start." in found.root_cause
    assert any("endpoint must be set" in str(line) for line in found.evidence)


def test_an_added_container_has_no_probe_that_worked() -> None:
    (told,) = diagnosed(held_up(added=True)).explanations
    (other,) = diagnosed(held_up(added=False)).explanations

    assert "Correct container otel before it is added again" in told.to_do
    assert "probe that worked" not in told.to_do
    assert "before it is added again" not in other.to_do


@pytest.mark.parametrize(("changed", "named"), [("image", False), ("livenessProbe", True)])
def test_only_a_probe_that_the_revision_changed_is_to_be_put_back(
    changed: str, named: bool
) -> None:
    specs = (spec(liveness=Probe(type="httpGet", asks="GET /healthz on port 80")),)
    seen = snapshot_of(
        deployment(last=earlier(change(changed, "a", "b"))),
        pod(crashing(137, last_reason="Error"), specs=specs),
        event("Unhealthy", "Liveness probe failed: connect: connection refused", count=9),
        event("Killing", "Container main failed liveness probe, will be restarted", type="Normal"),
    )
    (told,) = diagnosed(seen).explanations

    assert ("probe that worked" in told.to_do) is named
    assert ("Correct the new revision" in told.to_do) is not named


@pytest.mark.parametrize(
    ("kind", "owner", "names"),
    [
        ("ReplicaSet", "web-7d9f8c6b54", ("web-7d9f8c6b54-vthvf", "web-7d9f8c6b54-2xkz9")),
        ("Job", "import", ("import-vthvf", "import-2xkz9")),
        ("DaemonSet", "agent", ("agent-vthvf", "agent-2xkz9")),
    ],
)
def test_events_that_differ_in_the_name_of_a_pod_only_are_one(
    kind: str, owner: str, names: tuple[str, ...]
) -> None:
    about = ref(kind, owner)
    said = 'Error creating: pods "{}" is forbidden: exceeded quota: compute'
    events = [event("FailedCreate", said.format(name), about=about, count=1) for name in names]
    made = pod(waiting("ContainerCreating"), owner=about, replica_set=owner)

    text = to_text(snapshot_of(deployment(), made, *events), max_chars=40_000).text

    assert text.count("FailedCreate") == 1
    assert "FailedCreate ×2" in text


@pytest.mark.parametrize(
    ("message", "who", "limit"),
    [
        ('Container thumbs exceeded its local ephemeral storage limit "40Mi". ', "thumbs", "40Mi"),
        (
            "Pod ephemeral local storage usage exceeds the total limit of containers 96Mi. ",
            "its containers",
            "96Mi",
        ),
        ('Usage of EmptyDir volume "cache" exceeds the limit "5Mi". ', "volume cache", "5Mi"),
    ],
)
def test_an_eviction_names_whose_limit_it_is_and_which(message: str, who: str, limit: str) -> None:
    gone = pod(ended(137), phase="Failed", reason="Evicted", message=message, alike=4)
    told = diagnosed(snapshot_of(deployment(ready=0), gone)).explanations[0]

    assert limit in told.why
    assert who in told.to_do
    assert "raise" in told.to_do


def test_evicted_pods_are_counted_once() -> None:
    """Each of the few that were read stands for all that look like it."""
    gone = pod(ended(137), phase="Failed", reason="Evicted", message="Pod was evicted.", alike=5)
    read = (gone.model_copy(update={"ref": ref("Pod", f"web-7d9f8c6b5d-{n}")}) for n in "abc")

    (found,) = detect(snapshot_of(deployment(ready=0), *read), KINDS)

    assert "5 pods evicted" in map(str, found.evidence)


def test_a_pull_secret_is_named_only_to_those_who_name_it() -> None:
    """Both workloads are refused by the same registry."""
    refused = waiting("ImagePullBackOff", "failed to authorize: 401 Unauthorized")
    image = spec(image="reg.example/shop:2")
    owners = [deployment(ref=ref("Deployment", name)) for name in ("api", "web")]
    api, web = (
        pod(refused, specs=(image,), owner=each.ref, ref=ref("Pod", f"{each.ref.name}-0"))
        for each in owners
    )
    said = "Unable to retrieve some image pull secrets (gone); attempting to pull may not succeed."
    lacks = event("FailedToRetrieveImagePullSecret", said, about=api.ref)

    told = diagnosed(snapshot_of(*owners, api, web, lacks)).explanations

    assert {each.target.name: "secret generic gone " in (each.command or "") for each in told} == {
        "api": True,
        "web": False,
    }


def test_evictions_of_an_earlier_revision_are_history() -> None:
    gone = pod(ended(137), phase="Failed", reason="Evicted", message="Pod was evicted.", alike=9)
    old = gone.model_copy(update={"replica_set": "web-5c8b"})
    whole = deployment(ready=1, last=earlier(change("limits.ephemeral-storage", "9Mi", "90Mi")))

    assert [f.kind for f in detect(snapshot_of(whole, gone), KINDS)] == ["evicted"]
    assert not list(detect(snapshot_of(whole, old), KINDS))


NO_FILE = (
    'error mounting "/var/lib/kubelet/pods/5/volume-subpaths/{}/main/1" to rootfs at "{}": mount: '
    "not a directory: unknown"
)
CONF = Reference(kind="ConfigMap", name="edge-settings", via="volume conf")
SECRET = Reference(kind="Secret", name="edge-tls", via="volume conf")
CLAIM = Reference(kind="PersistentVolumeClaim", name="edge-data", via="volume conf")


@pytest.mark.parametrize(
    ("sources", "mounts", "says"),
    [
        ((CONF,), ("conf at /etc/a (only a.yaml)",), "ConfigMap edge-settings has no key a.yaml"),
        ((SECRET,), ("conf at /etc/a (only x, read-only)",), "Secret edge-tls has no key x"),
        ((CLAIM,), ("conf at /etc/a (only sub/a)",), "volume conf has no file sub/a"),
        ((CONF, SECRET), ("conf at /etc/a (only a)",), "volume conf has no file a"),
        ((CONF,), (), "ConfigMap edge-settings has no such key or file"),
        ((CONF,), ("conf at /etc/a (only a; b)",), "ConfigMap edge-settings has no such key"),
    ],
)
def test_a_file_that_becomes_a_directory_is_told_by_its_key(
    sources: tuple[Reference, ...], mounts: tuple[str, ...], says: str
) -> None:
    refused = crashing(128, last_reason="StartError", last_message=NO_FILE.format("conf", "/etc/a"))
    made = PodTemplate(containers=(spec(mounts=mounts),), references=sources)
    told = diagnosed(snapshot_of(deployment(), pod(refused, template=made)))

    assert says in told.root_cause
    assert "so a directory is mounted onto the file /etc/a" in told.root_cause


@pytest.mark.parametrize(
    ("mount", "says"),
    [
        ("app at /app", "Give key entry.sh of ConfigMap app Unix line ends"),
        ("app at /app/entry.sh (only run.sh)", "Give key run.sh of ConfigMap app Unix line ends"),
        ("app at /application", "Build the image so that /app/entry.sh has Unix line ends"),
    ],
)
def test_a_script_without_its_interpreter_is_mended_where_it_comes_from(
    mount: str, says: str
) -> None:
    source = Reference(kind="ConfigMap", name="app", via="volume app")
    made = PodTemplate(containers=(spec(mounts=(mount,)),), references=(source,))
    said = log("exec /app/entry.sh: no such file or directory")
    told = diagnosed(snapshot_of(deployment(), pod(crashing(1), template=made), said))

    assert told.explanations[0].to_do.startswith(says)
