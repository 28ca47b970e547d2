"""A drill and examples of `unschedulable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.refs import Condition

if TYPE_CHECKING:
    from watchdog.snapshot.workloads import PodSummary


_DRILL = Drill(
    before=drill_manifest.deployment(["sleep", "3600"], strategy=drill_manifest.AT_ONCE),
    manifest=drill_manifest.deployment(
        ["sleep", "3600"], strategy=drill_manifest.AT_ONCE, pod="nodeSelector: {disk: fast}"
    ),
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


def examples() -> tuple[Example, ...]:
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
    untolerated = ex.deployment(
        last=ex.earlier(
            ex.change("tolerations", "key=team", None, container=None),
            template=PodTemplate(tolerations=("team=data:NoSchedule",)),
        )
    )
    taint = _pending("0/2 nodes are available: 2 node(s) had untolerated taint(s).")
    unseen = ex.pod(
        phase="Pending",
        conditions=(),
        created_at=ex.ago(300),
        template=PodTemplate(resource_claims=("ResourceClaim gpu",)),
    )
    young = unseen.model_copy(update={"created_at": ex.ago(20)})
    return (
        Example(
            "the revision took a toleration away",
            ex.snapshot_of(untolerated, taint),
            "Deployment/web",
            "rollout_undo",
        ),
        Example("a taint", ex.snapshot_of(ex.deployment(), taint), "Deployment/web"),
        Example(
            "its claim is not there", ex.snapshot_of(ex.deployment(), unseen), "Deployment/web"
        ),
        Example("its claim may still come", ex.snapshot_of(ex.deployment(), young), None),
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
            "other pods are ended to make room",
            ex.snapshot_of(ex.deployment(), full.model_copy(update={"nominated_node": "node-1"})),
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


DRILL = _DRILL
