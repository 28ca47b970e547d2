"""Claims about forms of known failures that were met in the field, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from watchdog.actions import DeletePod, RolloutUndo
from watchdog.diagnosis.rules import detect, rules_diagnosis, rules_fix
from watchdog.examples.builders import (
    ago,
    bare_pod,
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
    running,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.failures import KINDS
from watchdog.model.diagnosis import Explanation
from watchdog.snapshot.pod_template import EnvVar, PodTemplate, Probe, Reference
from watchdog.snapshot.refs import Condition, Noun
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.snapshot.workloads import (
    Change,
    DaemonSetSummary,
    JobSummary,
    ReplicaSetSummary,
    RevisionSummary,
    StatefulSetSummary,
)

ENV = change("env VERSION", "a value", "a value")
SERVES = {"ready_replicas": 1, "replicas": 1}


def told(seen: ClusterSnapshot) -> Explanation:
    """The one explanation."""
    (found,) = rules_diagnosis(seen, detect(seen, KINDS), KINDS).explanations
    return found


def goes_back(seen: ClusterSnapshot) -> bool:
    (found,) = detect(seen, KINDS)
    return isinstance(rules_fix(found, seen, KINDS), RolloutUndo)


# --- a rollout whose new pod has no room beside the old one -------------------------------------

LATE = Condition(type="Progressing", status="False", reason="ProgressDeadlineExceeded")


def unplaced(said: str, **strategy: Any) -> ClusterSnapshot:
    placed = Condition(type="PodScheduled", status="False", reason="Unschedulable", message=said)
    new = pod(phase="Pending", conditions=(placed,), specs=(spec(),))
    owner = deployment(ready=1, last=earlier(ENV, **SERVES), conditions=(LATE,), **strategy)
    return snapshot_of(owner, new)


@pytest.mark.parametrize(
    "said",
    [
        "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
        "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.",
        "0/1 nodes are available: 1 Insufficient cpu.",
    ],
)
def test_a_pod_that_only_lacks_what_the_old_one_holds_is_told_as_the_rollouts_extra_one(
    said: str,
) -> None:
    """To take its port or its rule away would break what serves, and the release is good."""
    found = told(unplaced(said))

    assert "comes on top of the old ones, which serve" in found.why
    assert "maxSurge 0" in found.to_do
    assert not goes_back(unplaced(said))


def test_a_rollout_that_takes_an_old_pod_away_first_has_no_extra_one() -> None:
    said = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."

    assert "on top" not in told(unplaced(said, max_unavailable=1)).why


def refused(message: str, *changes: Change, **more: Any) -> ClusterSnapshot:
    """Revision 7 has no pod, as the API server refuses it; that of revision 6 serves."""
    failure = Condition(
        type="ReplicaFailure",
        status="True",
        reason="FailedCreate",
        message=f'pods "web-7d9f-" is forbidden: {message}',
        since=ago(700),
    )
    owner = deployment(
        ready=1, updated=0, last=earlier(*changes, **SERVES), conditions=(failure, LATE), **more
    )
    return snapshot_of(owner)


def test_a_quota_without_room_for_the_rollouts_extra_pod_says_so() -> None:
    seen = refused("exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2", ENV)
    found = told(seen)

    assert "comes on top of the old ones, which serve" in found.why
    assert "maxSurge 0" in found.to_do
    assert not goes_back(seen)


# --- a rule of the cluster that came after the revision that serves -----------------------------

NO_TEAM = "ValidatingAdmissionPolicy 'teams' with binding 'all' denied request: every pod needs a "
NO_TEAM += "team label"
NO_LATEST = 'admission webhook "validate.kyverno.svc" denied the request: rule no-latest failed at '
NO_LATEST += "path /spec/containers/0/image/"
RESTRICTED = 'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false '
RESTRICTED += '(container "main" must set securityContext.allowPrivilegeEscalation=false)'


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        (NO_TEAM, ENV),
        (NO_LATEST, ENV),
        (RESTRICTED, change("image", "web:1", "web:2")),
        (RESTRICTED, change("securityContext", None, '{"runAsUser": 1000}')),
    ],
)
def test_a_rule_that_speaks_of_nothing_the_revision_changed_does_not_blame_it(
    message: str, changed: Change
) -> None:
    """It would refuse the old pods too, if they were made today: going back heals nothing."""
    assert not goes_back(refused(message, changed))


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        (NO_TEAM, change("labels", "app=web, team=shop", "app=web", None)),
        (NO_LATEST, change("image", "web:1", "web:latest")),
        (RESTRICTED, change("securityContext", '{"allowPrivilegeEscalation": false}', None)),
    ],
)
def test_a_rule_that_speaks_of_what_the_revision_changed_blames_it(
    message: str, changed: Change
) -> None:
    assert goes_back(refused(message, changed))


def test_a_claim_that_a_quota_refuses_is_no_pod() -> None:
    said = (
        "create Claim data-pg-0 for Pod pg-0 in StatefulSet pg failed error: "
        'persistentvolumeclaims "data-pg-0" is forbidden: exceeded quota: storage, '
        "requested: requests.storage=5Gi, used: "
        "requests.storage=0, limited: requests.storage=1Gi"
    )
    owner = StatefulSetSummary(ref=ref("StatefulSet", "pg"), desired=1)
    why = told(snapshot_of(owner, event("FailedCreate", said, about=owner.ref))).why

    assert why.startswith("A new volume claim would exceed the quota storage")


def test_a_webhook_that_does_not_answer_is_looked_for_by_its_configuration() -> None:
    said = 'failed calling webhook "inject.mesh.example": failed to call webhook: not found'
    command = told(refused(f"Internal error occurred: {said}", ENV)).command or ""

    assert "get mutatingwebhookconfigurations" in command


def test_the_jobs_of_a_cronjob_that_are_refused_alike_are_one_finding() -> None:
    said = 'error looking up service account shop/ledger: serviceaccount "ledger" not found'
    nouns: list[Noun] = []
    for name in ("report-1", "report-2"):
        job = JobSummary(ref=ref("Job", name), cron_job="report")
        nouns += [job, event("FailedCreate", f"Error creating: {said}", about=job.ref)]

    assert len(detect(snapshot_of(*nouns), KINDS)) == 1


# --- what an earlier revision did not need ------------------------------------------------------


def test_a_revision_that_asks_for_another_key_of_the_same_configmap_is_gone_back_from() -> None:
    """The ConfigMap is there, and the revision that worked took a key that it has."""
    old = Reference(kind="ConfigMap", name="conf", via="volume c", keys=("a.yaml",))
    new = old.model_copy(update={"keys": ("b.yaml",)})
    last = earlier(
        change("volumes", "a.yaml", "b.yaml", None), template=PodTemplate(references=(old,))
    )
    missing = event(
        "FailedMount",
        'MountVolume.SetUp failed for volume "c" : references non-existent config key: b.yaml',
    )
    template = PodTemplate(containers=(spec(),), references=(new,))
    new_pod = pod(waiting("ContainerCreating"), template=template, phase="Pending")

    assert goes_back(snapshot_of(deployment(last=last), new_pod, missing))


def test_a_revision_that_dropped_an_envfrom_is_gone_back_from_if_a_variable_is_missing() -> None:
    """No one knows which variables the object held: no value could be set."""
    last = earlier(change("envFrom", "configmap conf", None))

    assert goes_back(broken(crashing(), last=last, text="KeyError: 'REGION_NAME' is not set"))


def test_a_pod_of_an_earlier_revision_is_known_by_the_label_that_kubernetes_gave_it() -> None:
    """Its template may differ in the value of a variable alone."""
    template = PodTemplate(containers=(spec(env=(EnvVar(name="MODE", source="value"),)),))
    db = StatefulSetSummary(
        ref=ref("StatefulSet", "db"), desired=2, ready=1, template=template, update_revision="db-2"
    )
    for made_from, deleted in (("db-1", True), ("db-2", False)):
        labels = {"controller-revision-hash": made_from}
        old = pod(
            crashing(),
            ref=ref("Pod", "db-1"),
            owner=db.ref,
            replica_set=None,
            template=template.model_copy(update={"labels": labels}),
        )
        seen = snapshot_of(db, old)
        (found,) = detect(seen, KINDS)
        assert isinstance(rules_fix(found, seen, KINDS), DeletePod) is deleted


# --- probes -------------------------------------------------------------------------------------


def probed(said: str) -> ClusterSnapshot:
    ask = Probe(type="exec", asks="command check")
    unhealthy = event("Unhealthy", f"Readiness probe failed: {said}")
    item = pod(running(ready=False), specs=(spec(readiness=ask),))
    return snapshot_of(deployment(), item, unhealthy)


def test_a_command_that_is_a_probe_is_quoted_whatever_it_speaks_of() -> None:
    """Nothing is known of what listens in the container."""
    why = told(probed("db ping failed: connect: connection refused")).why

    assert 'it says "db ping failed: connect: connection refused"' in why


def test_a_probe_whose_command_the_image_lacks_says_so() -> None:
    said = (
        "OCI runtime exec failed: exec failed: unable to start container process: exec: "
        '"grpc_health_probe": executable file not found in $PATH'
    )

    found = told(probed(said))
    assert "the image has no grpc_health_probe" in found.why
    assert "a probe that its image can run" in found.to_do


# --- what a log says ----------------------------------------------------------------------------


@pytest.mark.parametrize("reference", ["$(DB_HOST)", "${DB_HOST}"])
def test_a_reference_that_nothing_expanded_is_named_in_place_of_a_host(reference: str) -> None:
    found = told(broken(crashing(), text=f"Error: getaddrinfo ENOTFOUND {reference}"))

    assert f"the host name ({reference}) cannot be resolved" in found.why
    assert reference in found.to_do
    assert "DB_HOST" in found.to_do


def test_a_line_that_hides_the_right_is_quoted_with_the_words_that_name_it() -> None:
    body = (
        'HTTP response body: {"message":"secrets is forbidden: User \\"system:serviceaccount:shop:'
        'default\\" cannot list resource \\"secrets\\" in API group \\"\\""}'
    )
    text = (
        "Traceback (most recent call last):\n"
        '  File "/app/run.py", line 9, in <module>\n'
        "kubernetes.client.exceptions.ApiException: (403)\n"
        f"Reason: Forbidden\n{body}"
    )

    assert "secrets is forbidden" in told(broken(crashing(), text=text)).why


def test_an_init_container_that_was_answered_with_an_error_waits_for_no_host() -> None:
    line = "fatal: unable to access 'https://git.example/shop.git/': The requested URL returned "
    line += "error: 403"
    state = crashing(128, name="clone", init=True)
    waits = waiting("PodInitializing")
    item = pod(state, waits, specs=(spec("clone", init=True), spec()), phase="Pending")
    found = told(snapshot_of(deployment(), item, log(line, container="clone")))

    assert "403" in found.why
    assert "waits for" not in found.to_do


def test_a_program_for_another_platform_is_called_one() -> None:
    found = told(broken(crashing(1), text="exec /app/server: exec format error"))

    assert "built for another platform" in found.why


def test_a_mounted_program_that_may_not_be_executed_is_a_matter_of_its_mode() -> None:
    said = 'exec: "/app/run.sh": permission denied: unknown'
    container = spec(command=("/app/run.sh",), mounts=("app at /app",))
    conf = Reference(kind="ConfigMap", name="app", via="volume app")
    state = crashing(126, last_reason="StartError", last_message=said)
    item = pod(state, template=PodTemplate(containers=(container,), references=(conf,)))
    to_do = told(snapshot_of(deployment(), item)).to_do

    assert "Let key run.sh of ConfigMap app be executed" in to_do
    assert "defaultMode" in to_do


def test_a_key_that_a_file_of_variables_lacks_is_told_without_the_nodes_path() -> None:
    said = (
        'environment variable key "REGION" not found in file "/var/lib/kubelet/pods/d0c4bd3a/'
        'volumes/kubernetes.io~empty-dir/cfg/app.env"'
    )
    why = told(broken(waiting("CreateContainerConfigError", said))).why

    assert 'the file "app.env" of volume cfg has no key REGION' in why


def test_a_host_path_of_another_type_may_be_there() -> None:
    said = (
        'MountVolume.SetUp failed for volume "d" : hostPath type check failed: /etc/hostname is '
        "not a directory"
    )
    item = pod(waiting("ContainerCreating"), phase="Pending", node="node-1")
    why = told(snapshot_of(deployment(), item, event("FailedMount", said))).why

    assert "/etc/hostname is not there, or is no directory" in why


def test_a_container_that_ends_beside_others_is_no_job_but_an_init_container() -> None:
    states = (running(), crashing(0, name="migrate"))
    found = told(snapshot_of(deployment(), pod(*states), log("done", container="migrate")))

    assert "make it an init container" in found.to_do


def test_a_right_that_deno_lacks_is_no_matter_of_the_user_that_it_runs_as() -> None:
    text = (
        'error: Uncaught NotCapable: Requires env access to "PORT", run again with the --allow-env'
    )
    found = told(broken(crashing(), text=f"{text} flag"))

    assert "NotCapable" in found.why
    assert "runAsUser" not in found.to_do


# --- several containers of a pod ----------------------------------------------------------------

TWO = (spec("api"), spec("worker", limits={"memory": "32Mi"}))
KILLED = crashing(137, name="worker", last_reason="OOMKilled")


def both(line: str, last: RevisionSummary | None = None) -> ClusterSnapshot:
    """The worker is killed for its memory, and this is what the api says as it crashes."""
    item = pod(crashing(name="api"), KILLED, specs=TWO)
    owner = deployment(last=last, template=PodTemplate(containers=TWO))
    return snapshot_of(owner, item, log(line, container="api"))


def test_another_container_that_fails_by_itself_is_told_beside_the_first() -> None:
    found = told(both("KeyError: 'EUR'"))

    assert "Container worker was OOMKilled" in found.why
    assert "Container api fails as well (exit code 1): \"KeyError: 'EUR'\"." in found.why
    assert "Container api has to be repaired as well." in found.to_do


def test_a_container_that_only_lacks_the_other_one_is_not_told_beside_it() -> None:
    assert "as well" not in told(both("dial tcp 127.0.0.1:9000: connect: connection refused")).why


def test_a_revision_that_broke_two_containers_is_gone_back_from_as_a_whole() -> None:
    """To repair one would heal no pod, and would be taken back as no help."""
    last = earlier(
        change("limits.memory", "128Mi", "32Mi", "worker"), change("args", "a", "b", "api")
    )

    assert goes_back(both("KeyError: 'EUR'", last))
    assert not goes_back(both("dial tcp 127.0.0.1:9000: connect: connection refused", last))


# --- nodes, gates and old pods ------------------------------------------------------------------

GONE = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc "
    "create failed: unable to create new parent process: namespace path: lstat /proc/20594/ns/ipc: "
    "no such file or directory: unknown"
)


@pytest.mark.parametrize("said", [GONE, 'sandbox container "7c43d3" is not running'])
def test_a_sandbox_that_has_ended_is_the_nodes_doing_and_no_wrong_command(said: str) -> None:
    state = crashing(128, last_reason="StartError", last_message=said)
    seen = broken(state, last=earlier(change("image", "web:1", "web:2")))
    found = told(seen)

    assert "sandbox, which its containers run in, has ended" in found.why
    assert "specification is not the cause" in found.to_do
    assert not goes_back(seen)


def test_a_readiness_gate_that_no_one_sets_is_told_after_the_usual_grace() -> None:
    """Its containers are ready, so no program is still starting."""
    ready = Condition(
        type="Ready",
        status="False",
        reason="ReadinessGatesNotReady",
        message='corresponding condition of pod readiness gate "example.com/lb" does not exist.',
        since=ago(120),
    )
    rolls = Condition(type="Progressing", status="True", reason="ReplicaSetUpdated")
    item = pod(running(), sick=True, conditions=(ready,), created_at=ago(130))
    found = told(snapshot_of(deployment(revisions=(), conditions=(rolls,)), item))

    assert "readiness gate example.com/lb is not true" in found.why
    assert "controller that should set" in found.to_do


def test_a_deployment_that_makes_no_pod_before_its_old_ones_are_gone_says_so() -> None:
    """An old pod that is being stopped is well, so it is not among those that are read."""
    found = told(snapshot_of(deployment(strategy="Recreate", updated=0)))

    assert "none before all its old pods are gone" in found.why
    assert "Terminating" in found.to_do


def test_a_daemonset_whose_pods_fail_one_after_the_other_is_told_though_one_is_left() -> None:
    """Its controller deletes each failed pod before it makes the next, and says so."""
    owner = DaemonSetSummary(
        ref=ref("DaemonSet", "agent"), desired=1, created_at=ago(300), status_changed_at=ago(15)
    )
    state = ended(1, name="probe", init=True)
    item = pod(
        state,
        waiting("PodInitializing"),
        owner=owner.ref,
        replica_set=None,
        phase="Failed",
        created_at=ago(20),
        specs=(spec("probe", init=True, restart_policy="Never"), spec()),
    )
    text = log("FATAL kernel module nbd is missing", container="probe", previous=False)
    for failed, found in ((2, False), (3, True)):
        events = [
            event("FailedDaemonPod", f"Found failed daemon pod shop/agent-{n}", about=owner.ref)
            for n in range(failed)
        ]
        events = [each.model_copy(update={"count": 1}) for each in events]
        seen = snapshot_of(owner, item, text, *events)
        assert bool(detect(seen, KINDS)) is found
    assert "nbd is missing" in told(seen).why
    assert "3 pods of DaemonSet/agent have failed" in str(detect(seen, KINDS)[0].evidence)


def test_an_index_of_a_job_that_has_failed_for_good_is_told_while_others_run() -> None:
    job = JobSummary(
        ref=ref("Job", "shards"), desired=4, active=1, succeeded=2, failed=1, failed_indexes="2"
    )
    item = pod(
        ended(3),
        phase="Failed",
        template=PodTemplate(containers=(spec(),), restart_policy="Never"),
        ref=ref("Pod", "shards-2-x"),
        owner=job.ref,
        replica_set=None,
    )
    text = log("ERROR shard 2 is corrupt: bad magic", "shards-2-x", previous=False)

    assert "shard 2 is corrupt" in told(snapshot_of(job, item, text)).why


def test_what_is_made_once_is_made_anew_once_its_manifest_is_changed() -> None:
    """Neither the variables of a pod nor those of a ReplicaSet's pods can be changed in place."""
    text = log("QUEUE_NAME is not set", "task")
    found = told(snapshot_of(bare_pod(crashing()), text))
    assert "Then create Pod/task again." in found.to_do

    owner = ReplicaSetSummary(ref=ref("ReplicaSet", "r"), desired=1)
    item = pod(crashing(), owner=owner.ref, ref=ref("Pod", "task"), replica_set=None)
    found = told(snapshot_of(owner, item, text))
    assert "Then delete the pods of ReplicaSet/r" in found.to_do


def test_a_standby_that_names_its_state_first_stands_by() -> None:
    """Keepalived's words."""
    ask = Probe(type="exec", asks="command check")
    stands = pod(running(ready=False), specs=(spec(readiness=ask),))
    line = log("(VI_1) Entering BACKUP STATE", previous=False)

    assert not detect(snapshot_of(deployment(ready=1, desired=2), stands, line), KINDS)


def test_names_that_share_only_the_way_to_them_are_no_typo_of_each_other() -> None:
    image = "registry.example.com:5000/shop/img:2.0.1"
    state = waiting("ImagePullBackOff", f'Back-off pulling image "{image}": not found')

    assert "typo" not in told(broken(state, container=spec(image=image))).why
