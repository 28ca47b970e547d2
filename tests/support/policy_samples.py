"""One sick Deployment for the unit tests of policy: as observed, and as it is in the cluster."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from watchdog.actions import (
    BY_NAME,
    DeletePod,
    PatchDeploymentEnv,
    PatchDeploymentResources,
    ProposedValue,
    RemediationAction,
    RolloutRestart,
    RolloutUndo,
    ScaleDeployment,
)
from watchdog.model.diagnosis import Finding
from watchdog.policy.values import PreviousRevision, Sources, earlier_revision, resolve
from watchdog.policy.verdict import Context, Write
from watchdog.remediation.json_patch import applied
from watchdog.settings.schema import Settings
from watchdog.snapshot.deployer import Deployer
from watchdog.snapshot.pod_template import ContainerSpec, PodTemplate
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import BlindSpot, ClusterSnapshot
from watchdog.snapshot.workloads import (
    ContainerState,
    DeploymentSummary,
    PodSummary,
    RevisionSummary,
)

NOW = datetime(2026, 3, 1, 14, 3, tzinfo=UTC)
LEDGER = ObjectRef(kind="Deployment", namespace="shop", name="ledger")
POD = ObjectRef(kind="Pod", namespace="shop", name="ledger-b-x")
LEGAL = {"broken": frozenset(BY_NAME)}
NEVER_WORKED: tuple[dict[str, Any], ...] = ({"revision": 7, "current": True},)
OLD = {
    "revision": 6,
    "available": True,
    "replica_set": "ledger-a",
    "changes": ({"field": "image"},),
}

AVAILABLE = (
    RevisionSummary(revision=7, replica_set="ledger-b", current=True, available=True),
    RevisionSummary.model_validate(OLD),
)
UNDO = RolloutUndo(target=LEDGER)
RESTART = RolloutRestart(target=LEDGER)
EVICT = DeletePod(target=POD)
HERE: dict[str, Any] = {"target": LEDGER, "container": "main"}


ARGO = Deployer(tool="git", name="Argo CD", unit="application shop")
FLUX = Deployer(tool="git", name="Flux")


def helm(release: str) -> Deployer:
    return Deployer(tool="helm", name="Helm", unit=f"release {release}")


def env(name: str = "REGION", value: str | None = None) -> PatchDeploymentEnv:
    return PatchDeploymentEnv.model_validate({**HERE, "name": name, "value": value})


def resources(**wanted: str) -> PatchDeploymentResources:
    return PatchDeploymentResources.model_validate({**HERE, **wanted})


def scale(replicas: int) -> ScaleDeployment:
    return ScaleDeployment(target=LEDGER, replicas=replicas)


def settings(**changes: Any) -> Settings:
    return Settings.model_validate(changes)


def live(**container: Any) -> dict[str, Any]:
    """The Deployment as the API server has it: revision 7, nothing ready."""
    main = {
        "name": "main",
        "image": "ghcr.io/shop/ledger:2",
        "command": ["serve"],
        "env": [{"name": "LEVEL", "value": "info"}],
        "resources": {"limits": {"memory": "128Mi"}, "requests": {"memory": "64Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 80}},
        **container,
    }
    return {
        "metadata": {
            "name": "ledger",
            "namespace": "shop",
            "uid": "u1",
            "generation": 7,
            "annotations": {"deployment.kubernetes.io/revision": "7"},
            "labels": {"app": "ledger"},
        },
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "ledger"}},
            "strategy": {"type": "RollingUpdate"},
            "template": {"metadata": {"labels": {"app": "ledger"}}, "spec": {"containers": [main]}},
        },
        "status": {"observedGeneration": 7, "readyReplicas": 0},
    }


def earlier(**container: Any) -> dict[str, Any]:
    """The template of revision 6, which was available."""
    template: dict[str, Any] = copy.deepcopy(live()["spec"]["template"])
    template["metadata"]["labels"]["pod-template-hash"] = "abc"
    template["spec"]["containers"][0].update(container)
    return template


def deployment(**changes: Any) -> DeploymentSummary:
    plain = PodTemplate(containers=(ContainerSpec(name="main", image="ghcr.io/shop/ledger:2"),))
    revisions = (
        RevisionSummary(revision=7, replica_set="ledger-b", current=True, template=plain),
        RevisionSummary.model_validate({**OLD, "template": plain}),
    )
    given: dict[str, Any] = {
        "ref": LEDGER, "uid": "u1", "generation": 7, "observed_generation": 7, "desired": 2,
        "updated": 2, "template": plain, "revisions": revisions, **changes,
    }  # fmt: skip
    return DeploymentSummary(**given)


def pod(**changes: Any) -> PodSummary:
    crashed = ContainerState(name="main", state="waiting", reason="CrashLoopBackOff", restarts=3)
    given: dict[str, Any] = {
        "ref": POD, "uid": "p1", "owner": LEDGER, "replica_set": "ledger-b", "phase": "Running",
        "containers": (crashed,), **changes,
    }  # fmt: skip
    return PodSummary(**given)


def snapshot(**changes: Any) -> ClusterSnapshot:
    given: dict[str, Any] = {
        "namespace": "shop", "taken_at": NOW, "deployments": (deployment(),), "pods": (pod(),),
        **changes,
    }  # fmt: skip
    return ClusterSnapshot(**given)


def annotated(**annotations: str) -> dict[str, Any]:
    """A context's snapshot whose Deployment has these of our annotations."""
    named = {f"sre-watchdog/{key}": value for key, value in annotations.items()}
    return seen(annotations=named)


def seen(**changes: Any) -> dict[str, Any]:
    """A context's snapshot whose Deployment was seen like this."""
    return {"snapshot": snapshot(deployments=(deployment(**changes),))}


def blind(resource: str, subject: str = "") -> dict[str, Any]:
    """A context's snapshot in which this could not be read."""
    spot = BlindSpot(resource=resource, subject=subject, why="forbidden")
    return {"snapshot": snapshot(blind_spots=(spot,))}


def marked(**metadata: Any) -> dict[str, Any]:
    """The Deployment as it is in the cluster, with more labels or annotations."""
    item = live()
    for key, value in metadata.items():
        item["metadata"][key].update(value)
    return item


def pod_object(
    owner: str | None, *, controller: bool = True, mirror: bool = False, group: str = "apps"
) -> dict[str, Any]:
    """The pod as it is in the cluster, of an owner of this kind, or the mirror of a static one."""
    annotations = {"kubernetes.io/config.mirror": "x"} if mirror else {}
    api = f"{group}/v1"
    owners = [{"apiVersion": api, "kind": owner, "controller": controller}] if owner else []
    metadata = {"uid": "p1", "annotations": annotations, "ownerReferences": owners}
    return {"metadata": metadata, "spec": {}}


def finding(**changes: Any) -> Finding:
    given: dict[str, Any] = {
        "kind": "broken", "target": LEDGER, "summary": "broken", "pods": (POD.name,),
        "facts": {"env": "REGION", "resource": "cpu,memory"}, **changes,
    }  # fmt: skip
    return Finding(**given)


def context(**changes: Any) -> Context:
    given: dict[str, Any] = {
        "snapshot": snapshot(), "findings": (finding(),), "settings": Settings(), "legal": LEGAL,
        **changes,
    }  # fmt: skip
    return Context(**given)


def planned(
    action: RemediationAction,
    item: dict[str, Any] | None = None,
    template: dict[str, Any] | None = None,
    **changes: Any,
) -> Context:
    """The context of the exact write that the action would be, as passage.py builds it."""
    around = context(**changes)
    item = item or live()
    seen = around.deployment(action)
    chosen = earlier_revision(action, seen) if seen else None
    has = PreviousRevision(chosen.revision, template) if chosen and template else None
    sources = Sources(has, around.settings, "suggested by the model", NOW.isoformat())
    material = resolve(action, item, sources) or ProposedValue(None, "none", "")
    operations = action.operations(item, material.value) if material.value is not None else []
    write = Write(item, applied(item, operations), material)
    return Context(around.snapshot, around.findings, around.settings, around.legal, write)
