"""Nothing that a tenant makes takes a broken workload's room; where it may, the pass says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import NEEDS_REGION
from tests.support.wire import Wire
from watchdog.clock import Budget, SystemClock
from watchdog.demo.api_resources import named
from watchdog.demo.event_recorder import Said, record
from watchdog.diagnosis.rules import detect
from watchdog.failures import KINDS
from watchdog.kube.client import ApiServer
from watchdog.observation.collector import observe
from watchdog.observation.owner_text import owners
from watchdog.settings.schema import Settings
from watchdog.snapshot.snapshot import BEYOND_BOUND, EVENTS_BEYOND, ClusterSnapshot

Look = Callable[..., ClusterSnapshot]
FAILS = "exit 1"
RESTARTS = "sleep 90"


@pytest.fixture
def look(wire: Wire, tmp_path: Path) -> Look:
    path = wire.kubeconfig(tmp_path / "kubeconfig")

    def see(**settings: Any) -> ClusterSnapshot:
        reader = ApiServer.connect(path, None, Budget(30.0, SystemClock()))
        return observe(reader, "shop", Settings(**settings), SystemClock())

    return see


def make(wire: Wire, kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    groups = {"Job": "batch/v1", "CronJob": "batch/v1", "Pod": "v1", "ConfigMap": "v1"}
    groups |= {"PersistentVolumeClaim": "v1", "PodDisruptionBudget": "policy/v1", "Service": "v1"}
    made = {
        "apiVersion": groups.get(kind, "apps/v1"),
        "kind": kind,
        "metadata": {"name": name, **metadata},
        **({"spec": spec} if spec else {}),
    }
    return wire.apply(json.dumps(made), "shop")[0]


def containers(script: str, **more: Any) -> dict[str, Any]:
    one = {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script]}
    return {"containers": [one], **more}


def template(script: str, name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": name}}, "spec": containers(script, **more)}


def deploy(wire: Wire, name: str, script: str, replicas: int = 2, kind: str = "Deployment") -> None:
    labels = {"matchLabels": {"app": name}}
    spec = {"replicas": replicas, "selector": labels, "template": template(script, name)}
    make(wire, kind, name, spec)


def pod_of_no_one(wire: Wire, name: str, **metadata: Any) -> None:
    """A pod with the labels of `web`."""
    make(wire, "Pod", name, containers(FAILS), labels={"app": "web"}, **metadata)


def names(wire: Wire, kind: str = "Pod") -> set[str]:
    return {item["metadata"]["name"] for item in wire.items(kind, "shop")}


def restarting(wire: Wire) -> set[str]:
    """Pods of a workload that lacks none by its status: they restarted, and are ready again."""
    deploy(wire, "web", RESTARTS)
    wire.settle(100)
    wire.advance(30)
    return names(wire)


def listed(wire: Wire, plural: str) -> int:
    return sum(asked == ("list", plural) for asked in wire.asked)


def test_bare_pods_do_not_crowd_out_a_workload_that_lacks_pods(wire: Wire, look: Look) -> None:
    for word in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta"):
        pod_of_no_one(wire, word)
    deploy(wire, "web", NEEDS_REGION)
    wire.advance(120)

    seen = look(observe={"max_owners": 2})

    assert [item.ref.name for item in seen.deployments] == ["web"]
    assert seen.pods_of(seen.deployments[0].ref)
    assert [spot.what for spot in seen.blind_spots] == ["what is sick beyond the bound"]


def test_pods_of_no_one_do_not_take_the_room_of_a_workload_s_own(wire: Wire, look: Look) -> None:
    deploy(wire, "web", NEEDS_REGION)
    wire.advance(120)
    own = names(wire)
    (replica_set,) = names(wire, "ReplicaSet")
    for ending in ("22222", "22223", "22224"):
        pod_of_no_one(wire, f"{replica_set}-{ending}")
    wire.advance(120)

    seen = look()

    (web,) = (item.ref for item in seen.deployments)
    assert {pod.ref.name for pod in seen.pods_of(web)} == own
    assert {log.pod for log in seen.logs} >= own
    assert len({pod.ref for pod in seen.pods}) == len(seen.pods)


@pytest.mark.parametrize("beside", ["other names", "the same names"])
def test_pods_of_no_one_do_not_crowd_out_a_workload_that_lacks_none(
    wire: Wire, look: Look, beside: str
) -> None:
    own = restarting(wire)
    (replica_set,) = names(wire, "ReplicaSet")
    for number, letter in enumerate("bcdf"):
        family = replica_set if beside == "the same names" else f"alpha{number}"
        for ending in "2456":
            pod_of_no_one(wire, f"{family}-222{letter}{ending}")
    wire.advance(20)

    seen = look(observe={"max_owners": 2})

    (web,) = (item.ref for item in seen.deployments)
    assert {pod.ref.name for pod in seen.pods_of(web)} == own
    assert {pod.alike for pod in seen.pods_of(web)} == {len(own)}
    # What takes some of them takes these.
    assert [pod.owner == web for pod in seen.pods[:2]] == [True, True]


@pytest.mark.parametrize("owner", ["ConfigMap", "StatefulSet"])
def test_pods_that_name_an_owner_which_made_none_crowd_out_no_workload(
    wire: Wire, look: Look, owner: str
) -> None:
    """The pods wait for a finalizer, and so no garbage collector takes them away."""
    own = restarting(wire)
    for number in range(9):
        parent = {"apiVersion": "v1", "kind": "ConfigMap", "name": "own", "uid": f"u{number}"}
        if owner == "StatefulSet":
            parent |= {"apiVersion": "apps/v1", "kind": owner, "name": f"own{number}"}
        for ending in ("22222", "22223", "22224"):
            named = {"ownerReferences": [{**parent, "controller": True}]}
            pod_of_no_one(wire, f"beta{number}-{ending}", finalizers=["a.example/b"], **named)
    wire.advance(20)

    seen = look(observe={"max_owners": 2})

    (web,) = (item.ref for item in seen.deployments)
    assert {pod.ref.name for pod in seen.pods_of(web)} == own


def test_pods_of_a_workload_that_lacks_some_come_before_larger_groups_of_no_one(
    wire: Wire, look: Look
) -> None:
    deploy(wire, "web", NEEDS_REGION, replicas=1)
    for name in ("alpha-22222", "alpha-22223", "beta-22222", "beta-22223"):
        pod_of_no_one(wire, name)
    wire.advance(120)

    seen = look(observe={"max_owners": 1})

    assert [pod.owner.name for pod in seen.pods] == ["web"]


def test_jobs_do_not_crowd_out_a_bare_replica_set_that_lacks_pods(wire: Wire, look: Look) -> None:
    deploy(wire, "web-6f7d9", FAILS, kind="ReplicaSet")
    for name in ("alpha", "beta", "gamma"):
        spec = {"backoffLimit": 0, "template": template(FAILS, name, restartPolicy="Never")}
        make(wire, "Job", name, spec)
    wire.advance(200)

    seen = look(observe={"max_owners": 1})

    assert [item.ref.name for item in seen.replicasets] == ["web-6f7d9"]


def crashing(wire: Wire) -> None:
    deploy(wire, "web", FAILS, replicas=9)


def run_by_a_cron_job(wire: Wire) -> None:
    job = {"backoffLimit": 6, "template": template(FAILS, "nightly", restartPolicy="Never")}
    spec = {"schedule": "0 * * * *", "jobTemplate": {"spec": job}}
    cron = make(wire, "CronJob", "nightly", spec)
    make(wire, "Job", "nightly-29401380", job, ownerReferences=[made_by(cron)])


def rolled_out_by_another_controller(wire: Wire) -> None:
    """A ReplicaSet of a custom resource, which is not read."""
    rollout = make(wire, "ConfigMap", "web", {})
    owner = made_by(rollout) | {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
    spec = {"replicas": 9, "selector": {"matchLabels": {"app": "web"}}}
    spec |= {"template": template(FAILS, "web")}
    make(wire, "ReplicaSet", "web-6f7d9", spec, ownerReferences=[owner])


def made_by(owner: dict[str, Any]) -> dict[str, Any]:
    uid, name = owner["metadata"]["uid"], owner["metadata"]["name"]
    parts = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name, "uid": uid}
    return {**parts, "controller": True}


@pytest.mark.parametrize("sick", [crashing, run_by_a_cron_job, rolled_out_by_another_controller])
def test_only_pods_of_no_one_make_a_pass_ask_whose_pods_are(
    wire: Wire, look: Look, sick: Callable[[Wire], None]
) -> None:
    sick(wire)
    wire.advance(3000)
    assert len(names(wire)) > Settings().observe.pods_per_owner
    wire.requests.clear()

    seen = look()

    assert len(seen.pods) == Settings().observe.pods_per_owner
    assert listed(wire, "pods") == 1


def test_more_pods_with_a_workload_s_labels_than_are_read_are_told_of(
    wire: Wire, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of pods on a node that is away no cell says more than that they run."""
    monkeypatch.setattr("watchdog.observation.pod_reads._MOST_PODS", 4)
    deploy(wire, "web", "sleep 86400")
    wire.settle(60)
    for name in ("alpha", "beta", "delta", "gamma", "omega"):
        spec = containers("sleep 86400")
        make(wire, "Pod", name, spec, labels={"app": "web"})
    (web,) = wire.items("Deployment", "shop")
    wire.set_status("Deployment", "shop", "web", {**web["status"], "readyReplicas": 0})

    (spot,) = look().blind_spots

    assert spot.resource == BEYOND_BOUND
    assert spot.why == "more than 4 pods have the labels of Deployment/web"


def test_more_pods_than_are_asked_for_their_makers_are_told_of(
    wire: Wire, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchdog.observation.pod_makers._MOST", 4)
    restarting(wire)
    (replica_set,) = names(wire, "ReplicaSet")
    for ending in "2456":
        pod_of_no_one(wire, f"{replica_set}-2222{ending}")
    wire.advance(20)

    (spot,) = look().blind_spots

    assert spot.resource == BEYOND_BOUND
    assert spot.why == "whose pods are sick was asked of 4 pods only"


def claim(wire: Wire, name: str) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "none"}
    size = {"resources": {"requests": {"storage": "1Gi"}}}
    make(wire, "PersistentVolumeClaim", name, {**spec, **size})


def mounting(name: str) -> dict[str, Any]:
    return {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]}


def test_other_claims_do_not_crowd_out_the_one_that_a_workload_waits_for(
    wire: Wire, look: Look
) -> None:
    for name in ("alpha", "beta", "web"):
        claim(wire, name)
    for name in ("alpha", "beta"):
        make(wire, "Pod", name, containers(FAILS, **mounting(name)))
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}}
    spec |= {"template": template(FAILS, "web", **mounting("web"))}
    make(wire, "Deployment", "web", spec)
    wire.advance(120)

    seen = look(observe={"max_owners": 1})

    assert [item.ref.name for item in seen.claims] == ["web"]


# Four pages of each kind of Event are read.
PAGES = {"page_size": 50}
MANY = 4 * 50 + 20


def flood(wire: Wire, kind: str, name: str, how_many: int = MANY, **said: str) -> None:
    """Events whose names come before all others, and that were seen last."""
    late = f"{datetime.fromtimestamp(wire.now() + 3600, UTC):%Y-%m-%dT%H:%M:%SZ}"
    said = {"type": "Warning", "reason": "BackOff", "message": "no", **said}
    for number in range(how_many):
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"0-{kind.lower()}-{name}-{number}", "namespace": "shop"},
            "involvedObject": {"kind": kind, "namespace": "shop", "name": name},
            "firstTimestamp": late,
            "lastTimestamp": late,
            **{key: text.format(number=number) for key, text in said.items()},
        }
        wire.store.create(named("Event"), event)


def waiting_for_a_config_map(wire: Wire) -> str:
    """Its pod, of which only an Event says why it does not start."""
    volume = {"volumes": [{"name": "v", "configMap": {"name": "absent"}}]}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}}
    make(wire, "Deployment", "web", spec | {"template": template(FAILS, "web", **volume)})
    wire.advance(120)
    (pod,) = names(wire)
    return pod


def reasons(seen: ClusterSnapshot, pod: str) -> set[str]:
    return {event.reason for event in seen.events if event.about.name == pod}


def missed_events(seen: ClusterSnapshot) -> list[str]:
    return [spot.why for spot in seen.blind_spots if spot.resource == EVENTS_BEYOND]


@pytest.mark.parametrize("kind", ["Warning", "Normal"])
def test_events_about_other_things_do_not_crowd_out_those_about_what_is_sick(
    wire: Wire, look: Look, kind: str
) -> None:
    pod = waiting_for_a_config_map(wire)
    flood(wire, "Pod", "other", type=kind)
    wire.requests.clear()

    seen = look(observe=PAGES)

    assert reasons(seen, pod) == {"FailedMount"}
    assert "events" in {cut.what for cut in seen.cuts}
    assert seen.blind_spots == ()
    # The pod, its Deployment and ReplicaSet, and claims; the two lists are four and six pages.
    assert listed(wire, "events") <= 4 + 4 + 4


def test_events_are_listed_twice_where_they_are_not_more_than_is_read(
    wire: Wire, look: Look
) -> None:
    waiting_for_a_config_map(wire)
    wire.requests.clear()

    look()

    assert listed(wire, "events") == 2


@pytest.mark.parametrize("how_many", [MANY, 2 * MANY])
@pytest.mark.parametrize("reason", ["FailedMount", "Odd{number}"])
def test_events_made_about_the_sick_pod_itself_are_told_of(
    wire: Wire, look: Look, how_many: int, reason: str
) -> None:
    """Whether they are more than one list holds, or than are shown."""
    pod = waiting_for_a_config_map(wire)
    flood(wire, "Pod", pod, how_many, reason=reason)

    seen = look(observe={"page_size": 50 if how_many == MANY else 500})

    assert any("more than 100" in why or "no room" in why for why in missed_events(seen))


def test_of_many_events_the_newest_of_each_reason_and_object_are_shown(
    wire: Wire, look: Look
) -> None:
    pod = waiting_for_a_config_map(wire)
    flood(wire, "Pod", pod, 500, message="try {number}")

    seen = look()

    assert reasons(seen, pod) == {"FailedMount", "BackOff"}


def test_events_about_pods_of_no_one_do_not_crowd_out_a_workload_s(wire: Wire, look: Look) -> None:
    pod = waiting_for_a_config_map(wire)
    pod_of_no_one(wire, "alpha")
    wire.advance(60)
    flood(wire, "Pod", "alpha", 500, reason="Odd{number}")

    seen = look()

    assert reasons(seen, pod) == {"FailedMount"}
    assert seen.blind_spots == ()


def test_more_sick_objects_than_are_asked_for_their_events_are_told_of(
    wire: Wire, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchdog.observation.event_reads._MOST_ASKED", 1)
    pod = waiting_for_a_config_map(wire)
    flood(wire, "Pod", "other")

    seen = look(observe=PAGES)

    assert reasons(seen, pod) == {"FailedMount"}
    assert missed_events(seen) == ["of 3 sick objects those of 1 were asked for"]


def test_events_do_not_crowd_out_what_only_an_event_tells_of_a_claim(
    wire: Wire, look: Look
) -> None:
    """A claim that cannot grow is bound, as one that is well."""
    waiting_for_a_config_map(wire)
    claim(wire, "data")
    found = wire.get("PersistentVolumeClaim", "shop", "data")
    wire.set_status("PersistentVolumeClaim", "shop", "data", {**found["status"], "phase": "Bound"})
    flood(wire, "Pod", "other")
    said = Said("VolumeResizeFailed", "no space left in the pool", "external-resizer", warning=True)
    record(wire.store, found, said)

    seen = look(observe=PAGES)

    assert [item.ref.name for item in seen.claims] == ["data"]


def test_a_refused_eviction_that_may_be_among_unread_events_is_told_of(
    wire: Wire, look: Look
) -> None:
    deploy(wire, "web", "sleep 86400", replicas=1)
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    make(wire, "PodDisruptionBudget", "web", spec)
    wire.settle(60)
    numbers = dict.fromkeys(("currentHealthy", "desiredHealthy", "expectedPods"), 1)
    wire.set_status("PodDisruptionBudget", "shop", "web", {**numbers, "disruptionsAllowed": 0})
    flood(wire, "Pod", "other")

    seen = look(observe=PAGES)

    assert missed_events(seen) == ["a refused eviction may be among those that were not read"]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("PersistentVolumeClaim", "VolumeResizeFailed"), ("Pod", "FailedEviction")],
)
def test_more_objects_than_are_read_that_only_events_name_are_told_of(
    wire: Wire, look: Look, kind: str, reason: str
) -> None:
    waiting_for_a_config_map(wire)
    numbers = dict.fromkeys(("currentHealthy", "desiredHealthy", "expectedPods"), 1)
    make(wire, "PodDisruptionBudget", "web", {"minAvailable": 1})
    wire.set_status("PodDisruptionBudget", "shop", "web", {**numbers, "disruptionsAllowed": 0})
    for name in ("alpha", "beta", "gamma"):
        flood(wire, kind, name, 1, reason=reason, message="it would violate a pdb ")

    seen = look(observe={"max_owners": 2})

    assert [spot.resource for spot in seen.blind_spots] == [BEYOND_BOUND]


OF_THE_SICK = {
    "HorizontalPodAutoscaler": ("autoscaling/v2", "horizontalpodautoscalers"),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets"),
    "Ingress": ("networking.k8s.io/v1", "ingresses"),
}


@pytest.mark.parametrize("kind", OF_THE_SICK)
def test_more_objects_around_the_workloads_than_are_read_are_told_of(
    wire: Wire, look: Look, kind: str
) -> None:
    version, plural = OF_THE_SICK[kind]
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    spec = {
        "HorizontalPodAutoscaler": {"scaleTargetRef": target, "maxReplicas": 3},
        "PodDisruptionBudget": {"minAvailable": 1},
        "Ingress": {"defaultBackend": backend},
    }
    deploy(wire, "web", "sleep 86400")
    wire.settle(60)
    for number in range(5):
        metadata = {"name": f"a{number}", "namespace": "shop"}
        made = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec[kind]}
        wire.store.create(named(kind), made)

    seen = look(observe={"page_size": 2})

    assert (plural, "there are more than the 4 that are read") in {
        (spot.resource, spot.why) for spot in seen.blind_spots
    }


def expose(wire: Wire, name: str, selects: str, target: int = 80) -> None:
    spec = {"selector": {"app": selects}, "ports": [{"port": 80, "targetPort": target}]}
    make(wire, "Service", name, spec)


def test_services_that_select_nothing_do_not_crowd_out_the_deployment_behind_one(
    wire: Wire, look: Look
) -> None:
    """That Service sends to a port on which no pod listens."""
    for name in ("alpha", "beta", "web"):
        deploy(wire, name, "sleep 86400")
    for name in ("a", "b", "c"):
        expose(wire, name, "nothing")
    expose(wire, "web", "web", target=81)
    wire.advance(600)

    seen = look(observe={"max_owners": 1})

    assert [item.ref.name for item in seen.deployments] == ["web"]


def test_pods_that_look_well_have_their_logs_read_after_those_of_workloads(
    wire: Wire, look: Look
) -> None:
    deploy(wire, "web", "sleep 86400", replicas=1)
    for name in ("alpha", "beta", "gamma"):
        make(wire, "Pod", name, containers("sleep 86400"))
    wire.settle(60)

    seen = look(observe={"healthy_logs": 1})

    assert [pod.ref.name.split("-")[0] for pod in seen.pods] == ["web"]


def test_what_is_found_of_pods_of_no_one_comes_last(wire: Wire, look: Look) -> None:
    """So that whatever has no room for all, as a prompt or a post, leaves out these."""
    deploy(wire, "web", NEEDS_REGION, kind="StatefulSet")
    for name in ("alpha", "beta"):
        pod_of_no_one(wire, name)
    wire.advance(120)

    seen = look()
    found = detect(seen, KINDS)

    kinds = [finding.target.kind for finding in found]
    assert (kinds[0], set(kinds[1:])) == ("StatefulSet", {"Pod"})
    assert owners(seen)[0].kind == "StatefulSet"
