"""What fails because of the node that it is on: the pods of one node are one problem. Pure.

A node is outside of every workload, so no revision is blamed for it and nothing is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice
from watchdog.detection.owners import pods_named
from watchdog.detection.scheduler_messages import read
from watchdog.text.format import duration

if TYPE_CHECKING:
    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot, NodeSummary

# What says no more than that a pod is not there, not ready or does not go. All else has a cause
# that it names itself.
_SAY_NO_CAUSE = frozenset(
    {
        "bad_pod",
        "readiness_failing",
        "rollout_stuck",
        "sandbox_failed",
        "service_no_endpoints",
        "statefulset_stuck",
        "stuck_terminating",
        "unhealthy_workload",
        "volume_mount",
    }
)
_FULL_NODE = "unschedulable"
_FACT = "node_state"


def with_node(finding: Finding, snapshot: ClusterSnapshot) -> Finding:
    """The finding with its node as the cause, if all of its pods are on nodes that fail."""
    node = _node_of(finding, snapshot)
    if node is None:
        return finding
    facts = {**finding.facts, "cause": f"node {node.name} {_short(node)}", _FACT: node.state}
    return finding.model_copy(update={"facts": {**facts, "node": node.name}, "origin": "outside"})


def is_about_a_node(finding: Finding) -> bool:
    """Whether `with_node` found the cause."""
    return _FACT in finding.facts


def why(finding: Finding, snapshot: ClusterSnapshot) -> str:
    """The root cause in words."""
    node = _named(finding, snapshot)
    if node is None:
        return finding.summary
    said = f" ({node.message.rstrip('.')})" if node.message else ""
    pods = pods_named(finding.pods[:3]) if finding.pods else "what fails"
    several = len(set(finding.pods)) > 1
    match node.state:
        case "gone":
            were = "were" if several else "was"
            return f"Node {node.name} is gone: it was deleted, and {pods} {were} on it."
        case "cordoned":
            return f"Node {node.name} is cordoned, and no other node takes {pods}."
        case _:
            are = "are" if several else "is"
            return f"Node {node.name} {_lately(node, snapshot)}{said}, and {pods} {are} on it."


def _lately(node: NodeSummary, snapshot: ClusterSnapshot) -> str:
    """`has not been ready for 12 min`; without a time, as it is now."""
    if node.since is None:
        return _short(node)
    lasts = duration((snapshot.taken_at - node.since).total_seconds())
    state = "not been ready" if node.state == "not_ready" else f"had {node.condition}"
    return f"has {state} for {lasts}"


def advice(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    """What a person has to do about it."""
    node = _named(finding, snapshot)
    name, pods = finding.facts["node"], f"kubectl -n {snapshot.namespace} get pods"
    match node.state if node else "":
        case "gone":
            text = f"Bring node {name} back, or delete the pods that are still listed on it."
            return Advice(text, f"{pods} --field-selector=spec.nodeName={name}")
        case "cordoned":
            text = f"Uncordon node {name} once its maintenance is over, or add a node."
            return Advice(text, f"kubectl uncordon {name}")
        case _:
            text = f"Repair node {name}, or drain and replace it; its pods then start elsewhere."
            return Advice(text, f"kubectl describe node {name}")


def _short(node: NodeSummary) -> str:
    match node.state:
        case "not_ready":
            return "is not ready"
        case "pressure":
            return f"has {node.condition}"
        case "gone":
            return "is gone"
        case _:
            return "is cordoned"


def _named(finding: Finding, snapshot: ClusterSnapshot) -> NodeSummary | None:
    name = finding.facts.get("node")
    return next((node for node in snapshot.nodes if node.name == name), None)


def _node_of(finding: Finding, snapshot: ClusterSnapshot) -> NodeSummary | None:
    """The node that explains it; None if there is none, or other pods of it fail elsewhere."""
    if not snapshot.nodes or "cause" in finding.facts:
        return None
    cordoned = [node for node in snapshot.nodes if node.state == "cordoned"]
    if finding.kind == _FULL_NODE:
        reasons = read(finding.facts.get("message", "")).reasons
        alone = bool(reasons) and all(reason.what == "cordoned" for reason in reasons)
        return cordoned[0] if cordoned and alone else None
    if finding.kind not in _SAY_NO_CAUSE:
        return None
    failing = {node.name: node for node in snapshot.nodes if node.state != "cordoned"}
    pods = [pod for pod in snapshot.pods_of(finding.target) if pod.sick and not pod.ready]
    if finding.target.kind == "Pod":
        pods = [pod for pod in snapshot.pods if pod.ref == finding.target]
    on = [failing.get(pod.node or "") for pod in pods]
    return on[0] if on and all(on) else None
