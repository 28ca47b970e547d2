"""No node takes the pod: each reason of the scheduler told apart, by label, taint and resource."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from watchdog.actions import PatchDeploymentResources, RemediationAction
from watchdog.detection.bearing import may_be_placed_worse
from watchdog.detection.fitting import usual
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.owners import (
    ARRIVAL_SECONDS,
    Trouble,
    age,
    alive,
    by_owner,
    count,
    editing,
    event_text,
    introduced,
    kubectl,
    listed,
    owner_finding,
    pods_named,
    sentence,
)
from watchdog.detection.rollback import ON_TOP, ONE_FIRST, now_and_for_good, undo
from watchdog.detection.scheduler_messages import in_words, read
from watchdog.detection.starting import costs_nothing, on_top
from watchdog.kube.quantity import parse
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.text.format import verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding, Origin
    from watchdog.snapshot.pod_template import ContainerSpec
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import PodSummary

# A node autoscaler says so when it is bringing a node, and pods that are ended to make room may
# take their time to end: that takes minutes.
_SCALING_UP = {"TriggeredScaleUp", "Nominated"}
_ROOM_SECONDS = 600.0
# And so if it brings none.
_NOT_SCALING_UP = "NotTriggerScaleUp"
_UNSEEN = "the scheduler does not look for a node: "
_UNTAKEN = f"{_UNSEEN}no scheduler has taken it up"
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
    if pod.phase == "Pending" and placed is None and pod.node is None and not pod.containers:
        return _unseen(snapshot, pod)
    if pod.phase != "Pending" or placed is None or placed.status != "False":
        return ""
    if placed.reason == "SchedulingGated" or pod.scheduling_gates:
        return f"SchedulingGated: {', '.join(pod.scheduling_gates) or placed.message}"
    events = [e for e in snapshot.events_about(pod.ref) if e.reason == "FailedScheduling"]
    return placed.message or (events[-1].message if events else "")


def _unseen(snapshot: ClusterSnapshot, pod: PodSummary) -> str:
    """Why the scheduler does not even look at the pod: then it gives it no condition."""
    said = [e for e in snapshot.events_about(pod.ref) if e.reason == "FailedResourceClaimCreation"]
    if said:
        why = verbatim(shorten(said[-1].message))
        return f"{_UNSEEN}its resource claim cannot be made: {why}"
    if pod.template.resource_claims:
        claims = listed(pod.template.resource_claims)
        return f"{_UNSEEN}{claims} does not exist, or is not ready"
    if group := pod.template.scheduling_group:
        return f"{_UNSEEN}its PodGroup {group} does not exist, or has fewer pods than its minCount"
    return _UNTAKEN


def _given_time(snapshot: ClusterSnapshot, pod: PodSummary, message: str) -> bool:
    waited = age(snapshot, pod.created_at)
    comes = any(event.reason in _SCALING_UP for event in snapshot.events_about(pod.ref))
    if comes or pod.nominated_node:
        return waited < _ROOM_SECONDS
    if costs_nothing(snapshot, pod):
        # A node may have to come first, also one with the label or taint that it asks for.
        return True
    if read(message).hopeless:
        return waited < ARRIVAL_SECONDS
    return waited < snapshot.thresholds.pending_seconds


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    waiting = {pod.ref.name: _message(snapshot, pod) for pod in alive(snapshot)}
    stuck = [
        pod
        for pod in alive(snapshot)
        if (message := waiting[pod.ref.name]) and not _given_time(snapshot, pod, message)
    ]
    for owner, pods in by_owner(stuck).items():
        # Of a group only one pod says what is short, the others that the group has to wait.
        first = next((pod for pod in pods if read(waiting[pod.ref.name]).nodes), pods[0])
        message = waiting[first.ref.name]
        unseen = message.startswith(_UNSEEN)
        why = message if unseen else in_words(read(message), first.template, message)
        state = "Pending" if unseen else "Unschedulable"
        said = f"pod {first.ref.name} {state}: {shorten(message)}"
        short = {reason.detail for reason in read(message).reasons if reason.what == "resource"}
        facts = {"message": message, "words": why, "resource": ",".join(sorted(short))}
        about = snapshot.events_about(*(pod.ref for pod in pods))
        refused = next((e for e in reversed(about) if e.reason == _NOT_SCALING_UP), None)
        if refused is not None:
            facts["no_node"] = shorten(refused.message.partition(": ")[2] or refused.message)
        evidence = (said, event_text(refused) if refused else None)
        # Nodes that are full, tainted or gone refuse an earlier revision that asks as much, too.
        worse = unseen or may_be_placed_worse(snapshot, owner, read(message).reasons)
        origin: Origin = "workload" if worse else "outside"
        trouble = Trouble("no node takes the pod", evidence, pods, facts=facts, origin=origin)
        yield owner_finding("unschedulable", snapshot, owner, trouble)


def _tolerations_gone(finding: Finding, snapshot: ClusterSnapshot) -> str:
    """The tolerations that the last available revision had, and the current one has not."""
    deployment = snapshot.deployment(finding.target)
    if deployment is None or deployment.last_available is None:
        return ""
    if "taint" not in {reason.what for reason in read(finding.facts["message"]).reasons}:
        return ""
    now = _template(finding, snapshot).tolerations
    return listed(one for one in deployment.last_available.template.tolerations if one not in now)


def _tolerates(template: PodTemplate) -> object:
    return template.tolerations


def _template(finding: Finding, snapshot: ClusterSnapshot) -> PodTemplate:
    pods = [pod for pod in snapshot.pods if pod.ref.name in finding.pods]
    return pods[0].template if pods else PodTemplate()


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    pods = [pod for pod in snapshot.pods if pod.ref.name in finding.pods]
    who = pods_named(finding.pods, count(pods))
    words = finding.facts["words"]
    if words == _UNTAKEN:
        return f"No scheduler has taken up {who}, so nothing looks for a node."
    if words.startswith(_UNSEEN):
        return sentence(f"For {who} {words}")
    if gone := _tolerations_gone(finding, snapshot):
        words += f"; the current revision no longer tolerates {gone}"
    if group := _template(finding, snapshot).scheduling_group:
        words += f"; the pods of PodGroup {group} are placed together or not at all"
    if refused := finding.facts.get("no_node"):
        words += f"; the node autoscaler adds none: {verbatim(refused)}"
    if _in_the_way(finding, snapshot):
        words += f". {ON_TOP}"
    return f"The scheduler finds no node for {who}: {words.rstrip('.')}."


def _in_the_way(finding: Finding, snapshot: ClusterSnapshot) -> bool:
    """Whether old pods that serve hold what the new one lacks, as its revision asks no more."""
    whats = {reason.what for reason in read(finding.facts["message"]).reasons}
    lacks = bool(whats & {"ports", "neighbours", "resource", "pods"})
    return lacks and on_top(snapshot, finding.target) and _fix(finding, snapshot) is None


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    if _in_the_way(finding, snapshot):
        return Advice(
            f"{now_and_for_good(finding.target, snapshot, ONE_FIRST)} Or add a node that takes it.",
            editing(snapshot, finding.target),
        )
    return _by_reason(finding, snapshot)


def _by_reason(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    """What is to be done about the reasons that the scheduler gives."""
    template = _template(finding, snapshot)
    target = str(finding.target)
    if finding.facts["message"] == _UNTAKEN:
        return Advice(
            f"See that the scheduler which schedulerName of {target} names is there and runs.",
            kubectl(snapshot, "get", "pod", finding.pods[0], "-o", "yaml"),
        )
    if finding.facts["message"].startswith(_UNSEEN):
        return Advice(
            "Create what it waits for (resource claim, claim template or PodGroup), or take the "
            f"reference to it out of {target}.",
            kubectl(snapshot, "get", "pod", finding.pods[0], "-o", "yaml"),
        )
    verdict = read(finding.facts["message"])
    whats = [reason.what for reason in verdict.reasons]
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
        named = [r.detail for r in verdict.reasons if r.what == "taint" and r.detail]
        taints = listed(named) or "the nodes' taint"
        return Advice(
            f"Add a toleration for {taints} to {target} if it may run there, "
            "or make room on a node without it.",
            _TAINTS,
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
            editing(snapshot, finding.target),
        )
    if of_nodes := _of_nodes(set(whats), finding, snapshot):
        return of_nodes
    if finding.facts["message"].startswith("SchedulingGated"):
        return Advice(
            "Find the controller that has to remove the scheduling gate, and why it did not.",
            kubectl(snapshot, "get", "pod", finding.pods[0], "-o", "yaml"),
        )
    return Advice(
        f"Change what keeps {target} off the nodes, or make room for it on a node.",
        kubectl(snapshot, "describe", "pod", finding.pods[0]),
    )


def _of_nodes(whats: set[str], finding: Finding, snapshot: ClusterSnapshot) -> Advice | None:
    """What is to be done about nodes that lack something, or run nothing more."""
    target = str(finding.target)
    if "features" in whats:
        return Advice(
            f"Upgrade a node to a version of Kubernetes that can do what {target} asks for, or "
            "take that out of it.",
            _FEATURES,
        )
    if "devices" in whats:
        return Advice(
            f"Free a device or add a node that has one, or correct what the claims of {target} "
            "ask for.",
            kubectl(snapshot, "describe", "resourceclaims"),
        )
    if whats and whats <= {"cordoned", "pods"}:
        free = (
            "Uncordon a node once its maintenance is over"
            if "cordoned" in whats
            else "Remove pods from a node"
        )
        return Advice(f"{free}, or add a node.", "kubectl get nodes")
    return None


_TAINTS = shlex.join(
    ("kubectl", "get", "nodes", "-o", "custom-columns=NODE:.metadata.name,TAINTS:.spec.taints")
)

_NODE_COLUMNS = (
    "custom-columns=NODE:.metadata.name,VERSION:.status.nodeInfo.kubeletVersion,"
    "FEATURES:.status.declaredFeatures"
)
_FEATURES = shlex.join(("kubectl", "get", "nodes", "-o", _NODE_COLUMNS))


def _label_columns(template: PodTemplate) -> str:
    return shlex.join(("kubectl", "get", "nodes", "-L", ",".join(template.node_selector)))


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    verdict = read(finding.facts["message"])
    gated = finding.facts["message"].startswith("SchedulingGated")
    whats = {"gate"} if gated else {reason.what for reason in verdict.reasons}
    fields = tuple(field for what in whats for field in _FIELDS.get(what, ()))
    if fields and (action := undo(finding, snapshot, *fields)):
        return action
    if "taint" in whats and introduced(snapshot, finding.target, _tolerates):
        return undo(finding, snapshot)
    if "selector" in whats and introduced(snapshot, finding.target, _selects):
        return undo(finding, snapshot)
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
        amount = usual(snapshot, resource)
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
)
