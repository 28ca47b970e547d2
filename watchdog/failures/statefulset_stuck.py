"""A StatefulSet that goes no further: one pod holds up those after it, or its own replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from watchdog.actions import DeletePod, RemediationAction
from watchdog.failures import example as ex
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.look import GRACE, unready_for
from watchdog.failures.owners import Trouble, alive, kubectl, owner_finding, word
from watchdog.observation.base import Condition
from watchdog.observation.pod_template import PodTemplate
from watchdog.observation.workloads import StatefulSetSummary
from watchdog.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot
    from watchdog.observation.workloads import PodSummary


_WAIT = GRACE.unready_seconds
_GATE = regex(r'readiness gate "([^"]+)"')


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for workload in snapshot.statefulsets:
        if not workload.ordered or workload.ready >= workload.desired:
            continue
        pods = [pod for pod in alive(snapshot) if pod.owner == workload.ref and not pod.ready]
        pods = [p for p in pods if unready_for(p, snapshot.taken_at).total_seconds() >= _WAIT]
        for pod in sorted(pods, key=_ordinal)[:1]:
            why = _why(workload, pod)
            if why:
                line = f"pod {pod.ref.name}: {pod.status or pod.phase}, not ready"
                ready = pod.condition("Ready")
                gate = _GATE.search(ready.message if ready else "")
                facts = {"why": why, "gate": gate[1] if gate else ""}
                trouble = Trouble("StatefulSet is stuck", (line,), (pod,), facts=facts)
                yield owner_finding("statefulset_stuck", snapshot, workload.ref, trouble)


def _ordinal(pod: PodSummary) -> int:
    tail = pod.ref.name.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0


def _why(workload: StatefulSetSummary, pod: PodSummary) -> str:
    if workload.updated < workload.desired and _outdated(workload.template, pod.template):
        return "outdated"
    # What a container does wrong is told by the kind that knows it.
    fine = bool(pod.containers) and all(
        item.init or (item.state == "running" and item.ready) for item in pod.containers
    )
    return "gate" if fine and pod.phase == "Running" else ""


def _outdated(wanted: PodTemplate, actual: PodTemplate) -> bool:
    """Whether the pod was made from another template, judged by what nobody adds on the way."""
    return any(
        (have.image, have.command, have.args) != (spec.image, spec.command, spec.args)
        or not {item.name for item in spec.env} <= {item.name for item in have.env}
        for spec in wanted.containers
        if (have := actual.container(spec.name)) is not None
    )


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    pod = finding.pods[0]
    if finding.facts["why"] == "outdated":
        return (
            f"Pod {pod} still runs an earlier revision of {finding.target} and never became ready. "
            "An ordered StatefulSet waits for it, so the newer revision is not rolled out."
        )
    name = finding.facts["gate"]
    gate = f": its readiness gate {name} is not true" if name else ""
    return (
        f"All containers of pod {pod} run, but the pod is not Ready{gate}. An ordered StatefulSet "
        "waits for it before it makes or updates the next pod."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    pod = finding.pods[0]
    if finding.facts["why"] == "outdated":
        text = f"Delete pod {pod}: {word(finding.target)} makes it anew from the newer revision."
        return Advice(text, kubectl(snapshot, "delete", "pod", pod))
    text = f"Find the controller that should set the readiness gate of pod {pod}."
    return Advice(text, kubectl(snapshot, "describe", "pod", pod))


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    if finding.facts["why"] != "outdated":
        return None
    pod = next(item for item in snapshot.pods if item.ref.name == finding.pods[0])
    return DeletePod(target=pod.ref)


def _examples() -> tuple[Example, ...]:
    new = PodTemplate(containers=(ex.spec(image="shop/db:2"),))
    values: dict[str, Any] = {
        "ref": ex.ref("StatefulSet", "db"),
        "desired": 2,
        "template": new,
    }
    db = StatefulSetSummary(**values)
    own: dict[str, Any] = {
        "ref": ex.ref("Pod", "db-0"),
        "owner": db.ref,
        "replica_set": None,
    }
    old = ex.pod(ex.crashing(), **own)
    gated = ex.pod(
        ex.running(),
        **own,
        template=new,
        conditions=(
            Condition(
                type="Ready",
                status="False",
                message='the condition of readiness gate "example.com/registered" does not exist',
                since=ex.ago(600),
            ),
        ),
    )
    young = gated.model_copy(
        update={"conditions": (Condition(type="Ready", status="False", since=ex.ago(20)),)}
    )
    full = db.model_copy(update={"updated": 1})
    crashes = ex.pod(ex.crashing(), **own, template=new)
    return (
        Example(
            "a broken pod of an old revision",
            ex.snapshot_of(db, old),
            "StatefulSet/db",
            "delete_pod",
        ),
        Example("a readiness gate", ex.snapshot_of(full, gated), "StatefulSet/db"),
        Example("only just started", ex.snapshot_of(full, young), None),
        Example("its newest pod crashes by itself", ex.snapshot_of(full, crashes), None),
    )


STATEFULSET_STUCK = FailureKind(
    name="statefulset_stuck",
    summary="an ordered StatefulSet waits for one pod that cannot become ready",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("delete_pod",),
    hint="A broken pod of an earlier revision is not replaced by itself; its data stays.",
    drill=Drill(
        manifest="""\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      readinessGates: [{conditionType: example.com/registered}]
      containers:
      - {name: main, image: "busybox:1.36", command: [sleep, "3600"]}
""",
        settle="unready",
    ),
    examples=_examples,
)
