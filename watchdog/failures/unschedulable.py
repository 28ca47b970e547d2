"""No node takes the pod: each reason of the scheduler told apart, by label, taint and resource."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from watchdog.actions import PatchDeploymentResources, RemediationAction
from watchdog.failures import example as ex
from watchdog.failures import manifest
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import shorten
from watchdog.failures.look import GRACE
from watchdog.failures.owners import (
    ARRIVAL_SECONDS,
    Trouble,
    age,
    alive,
    by_owner,
    introduced,
    kubectl,
    listed,
    owner_finding,
    rolling_well,
    undo_unproven,
    word,
)
from watchdog.failures.scheduler import in_words, read
from watchdog.observation.base import Condition
from watchdog.observation.pod_template import PodTemplate
from watchdog.quantity import parse
from watchdog.settings import LimitSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.pod_template import ContainerSpec
    from watchdog.observation.snapshot import ClusterSnapshot
    from watchdog.observation.workloads import PodSummary

# A node autoscaler says so when it is bringing a node; that takes minutes.
_SCALING_UP = {"TriggeredScaleUp", "Nominated"}
_SCALE_UP_SECONDS = 600.0
_FIELDS = {
    "resource": ("requests", "limits", "resources"),
    "taint": ("tolerations", "nodeSelector"),
    "selector": ("nodeSelector", "affinity", "nodeName"),
    "spread": ("topologySpread",),
    "neighbours": ("affinity",),
    "ports": ("ports", "hostNetwork"),
    "volume": ("volume",),
    "gate": ("schedulingGates",),
}


def _message(snapshot: ClusterSnapshot, pod: PodSummary) -> str:
    """What holds the pod back, in the scheduler's words; empty where it is not held back."""
    placed = pod.condition("PodScheduled")
    if pod.phase != "Pending" or placed is None or placed.status != "False":
        return ""
    if placed.reason == "SchedulingGated" or pod.scheduling_gates:
        return f"SchedulingGated: {', '.join(pod.scheduling_gates) or placed.message}"
    events = [e for e in snapshot.events_about(pod.ref) if e.reason == "FailedScheduling"]
    return placed.message or (events[-1].message if events else "")


def _given_time(snapshot: ClusterSnapshot, pod: PodSummary, message: str) -> bool:
    waited = age(snapshot, pod.created_at)
    if any(event.reason in _SCALING_UP for event in snapshot.events_about(pod.ref)):
        return waited < _SCALE_UP_SECONDS
    if read(message).hopeless:
        return waited < ARRIVAL_SECONDS
    return waited < GRACE.pending_seconds or rolling_well(snapshot, pod.owner)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    waiting = {pod.ref.name: _message(snapshot, pod) for pod in alive(snapshot)}
    stuck = [
        pod
        for pod in alive(snapshot)
        if (message := waiting[pod.ref.name]) and not _given_time(snapshot, pod, message)
    ]
    for owner, pods in by_owner(stuck).items():
        message = waiting[pods[0].ref.name]
        why = in_words(read(message), pods[0].template, message)
        said = f"pod {pods[0].ref.name} Unschedulable: {shorten(message)}"
        facts = {"message": message, "words": why}
        trouble = Trouble("no node takes the pod", (said,), pods, facts=facts)
        yield owner_finding("unschedulable", snapshot, owner, trouble)


def _template(finding: Finding, snapshot: ClusterSnapshot) -> PodTemplate:
    pods = [pod for pod in snapshot.pods if pod.ref.name in finding.pods]
    return pods[0].template if pods else PodTemplate()


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    pods = [pod for pod in snapshot.pods if pod.ref.name in finding.pods]
    many = sum(pod.alike for pod in pods) > 1
    return (
        f"The scheduler finds no node for the pod{'s' if many else ''}: {finding.facts['words']}."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    template = _template(finding, snapshot)
    verdict = read(finding.facts["message"])
    whats = [reason.what for reason in verdict.reasons]
    target = word(finding.target)
    if "selector" in whats and template.node_selector:
        labels = listed(f"{key}={value}" for key, value in template.node_selector.items())
        return Advice(
            f"Label a node that may run it with {labels}, or correct the nodeSelector of {target}.",
            _label_columns(template),
        )
    if "selector" in whats:
        return Advice(
            f"Label a node to match the node affinity of {target}, or correct the affinity.",
            "kubectl get nodes --show-labels",
        )
    if "taint" in whats:
        taints = listed(r.detail for r in verdict.reasons if r.what == "taint")
        return Advice(
            f"Add a toleration for {taints} to {target} if it may run there, or free another node.",
            "kubectl describe nodes",
        )
    if "resource" in whats:
        names = listed(r.detail for r in verdict.reasons if r.what == "resource")
        less = f"Lower the {names} requests of {target} to what a node has"
        return Advice(
            f"{less}, or add a larger node."
            if verdict.hopeless
            else f"{less} left, add a node, or make room by scaling something else down.",
            "kubectl describe nodes",
        )
    if "ports" in whats:
        return Advice(
            f"Take hostPort out of {target}, or run one pod on each node only (a DaemonSet does).",
            kubectl(snapshot, "edit", target),
        )
    if finding.facts["message"].startswith("SchedulingGated"):
        return Advice(
            "Find the controller that has to remove the scheduling gate, and why it did not.",
            kubectl(snapshot, "get", "pod", finding.pods[0], "-o", "yaml"),
        )
    return Advice(
        f"Change what keeps {target} off the nodes, or make room for it on a node.",
        kubectl(snapshot, "describe", "pod", finding.pods[0]),
    )


def _label_columns(template: PodTemplate) -> str:
    return shlex.join(("kubectl", "get", "nodes", "-L", ",".join(template.node_selector)))


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    verdict = read(finding.facts["message"])
    gated = finding.facts["message"].startswith("SchedulingGated")
    whats = {"gate"} if gated else {reason.what for reason in verdict.reasons}
    fields = tuple(field for what in whats for field in _FIELDS.get(what, ()))
    if fields and (action := undo_unproven(finding, snapshot, *fields)):
        return action
    if "selector" in whats and introduced(snapshot, finding.target, _selects):
        return undo_unproven(finding, snapshot)
    if whats == {"resource"} and verdict.hopeless:
        return _fitting(finding, snapshot, {reason.detail for reason in verdict.reasons})
    return None


def _selects(template: PodTemplate) -> object:
    return template.node_selector, template.affinity


def _fitting(
    finding: Finding, snapshot: ClusterSnapshot, short: set[str]
) -> PatchDeploymentResources | None:
    """Requests that a node can hold, where no pod of this Deployment has ever run."""
    deployment = snapshot.deployment(finding.target)
    if deployment is None or not short <= {"cpu", "memory"} or deployment.ready:
        return None
    if any(item.available or item.ready_replicas for item in deployment.revisions):
        return None
    biggest = max(
        deployment.template.containers or _template(finding, snapshot).containers,
        key=lambda item: max(_wanted(item, resource) for resource in short),
        default=None,
    )
    if biggest is None:
        return None
    values: dict[str, str] = {}
    for resource in sorted(short):
        amount = _default(snapshot, resource)
        if _wanted(biggest, resource) <= parse(amount):
            continue
        values[f"{resource}_request"] = amount
        # A limit equal to the request makes the pod's class: it stays what it was.
        if biggest.limits.get(resource) in {biggest.requests.get(resource), None}:
            values |= {f"{resource}_limit": amount} if resource in biggest.limits else {}
    if not values:
        return None
    return PatchDeploymentResources(target=finding.target, container=biggest.name, **values)


def _wanted(item: ContainerSpec, resource: str) -> float:
    amount = item.requests.get(resource) or item.limits.get(resource)
    return float(parse(amount)) if amount else 0.0


def _default(snapshot: ClusterSnapshot, resource: str) -> str:
    limits = LimitSettings()
    fallback = {"cpu": limits.fallback_cpu, "memory": limits.fallback_memory}[resource]
    ranges = (item.default_request.get(resource) for item in snapshot.limit_ranges)
    return next((amount for amount in ranges if amount), fallback)


_DRILL = Drill(
    before=manifest.deployment(["sleep", "3600"]),
    manifest=manifest.deployment(["sleep", "3600"], pod="nodeSelector: {disk: fast}"),
    ends="healed",
    settle="pending",
)


def _pending(message: str, **template: object) -> PodSummary:
    placed = Condition(type="PodScheduled", status="False", reason="Unschedulable", message=message)
    containers = template.pop("containers", (ex.spec(),))
    return ex.pod(
        phase="Pending",
        status="Pending",
        created_at=ex.ago(300),
        conditions=(placed,),
        template=PodTemplate.model_validate({"containers": containers, **template}),
    )


_HELPLESS = ". preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
_SELECTOR = (
    f"0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector{_HELPLESS}"
)
_TOO_BIG = f"0/2 nodes are available: 2 Insufficient cpu, 2 Insufficient memory{_HELPLESS}"
_FULL = (
    "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {team: data}."
    " preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod,"
    " 1 Preemption is not helpful for scheduling."
)


def _examples() -> tuple[Example, ...]:
    huge = ex.spec(requests={"cpu": "400", "memory": "300Gi"}, limits={"cpu": "400"})
    big = _pending(_TOO_BIG, containers=(huge,))
    first = ex.deployment(template=PodTemplate(containers=(huge,)))
    rolled = ex.deployment(
        last=ex.earlier(ex.change("nodeSelector", None, "disk=fast", container=None))
    )
    chosen = _pending(_SELECTOR, node_selector={"disk": "fast"})
    full = _pending(_FULL)
    progressing = Condition(type="Progressing", status="True", reason="ReplicaSetUpdated")
    updating = ex.deployment(ready=1, updated=1, conditions=(progressing,))
    return (
        Example(
            "requests fit no node and never ran",
            ex.snapshot_of(first, big),
            "Deployment/web",
            "patch_deployment_resources",
        ),
        Example(
            "the revision added a node selector",
            ex.snapshot_of(rolled, chosen),
            "Deployment/web",
            "rollout_undo",
        ),
        Example("no node has the label", ex.snapshot_of(ex.deployment(), chosen), "Deployment/web"),
        Example("the node is full", ex.snapshot_of(ex.deployment(), full), "Deployment/web"),
        Example("a pod more waits while all others serve", ex.snapshot_of(updating, full), None),
        Example(
            "waits for a moment only",
            ex.snapshot_of(ex.deployment(), full.model_copy(update={"created_at": ex.ago(20)})),
            None,
        ),
        Example(
            "a node is on its way",
            ex.snapshot_of(
                ex.deployment(),
                chosen,
                ex.event("TriggeredScaleUp", "pod triggered scale-up", type="Normal"),
            ),
            None,
        ),
    )


UNSCHEDULABLE = FailureKind(
    name="unschedulable",
    summary="no node takes the pod: resources, taint, selector, affinity, ports or a gate",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("rollout_undo", "patch_deployment_resources"),
    hint=(
        "Read the scheduler's message cause by cause. Roll back only if the current revision"
        " changed what it complains of; lower requests only if they fit no node and none ever ran."
    ),
    drill=_DRILL,
    examples=_examples,
)
