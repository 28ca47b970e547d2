"""A shop to break in the embedded cluster, and what a pass would have seen of it.

The snapshot here is built from the API server's objects by a few lines of its own, so that the
tests of remediation stand on nothing but remediation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.programs import SLEEPS, ends, needing
from watchdog.actions import BY_NAME, RemediationAction
from watchdog.clock import Budget
from watchdog.demo import Behaviour, Request, Response, Sandbox
from watchdog.kube.client import ApiServer
from watchdog.kube.what_counts import what_counts
from watchdog.model.diagnosis import Diagnosis, Finding
from watchdog.remediation.apply import Permission, Tried, remediate
from watchdog.settings.schema import Settings
from watchdog.snapshot.pod_template import ContainerSpec, PodTemplate
from watchdog.snapshot.refs import Condition, ObjectRef
from watchdog.snapshot.snapshot import BlindSpot, ClusterSnapshot
from watchdog.snapshot.workloads import (
    Change,
    ContainerState,
    DeploymentSummary,
    PodSummary,
    RevisionSummary,
)

NAMESPACE = "shop"
LEGAL = {"broken": frozenset(BY_NAME)}
Fault = Callable[[Request], Response | None]

LEDGER = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, labels: {{app: {name}}}}}
spec:
  replicas: 2
  strategy: {{rollingUpdate: {{maxUnavailable: 2}}}}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: main
        image: busybox:1.36
        command: [sh, -c, '{script}']
        env: {env}
        resources: {{limits: {{memory: 64Mi}}}}
"""
_SCRIPT = '[ -n "$REGION" ] || { echo REGION unset; exit 1; }; '
WITH_REGION = "[{name: REGION, value: s3cr3t-eu-1}, {name: LEVEL, value: info}]"
WITHOUT_REGION = "[{name: LEVEL, value: info}]"
_NAMED = {"env": "REGION", "resource": "cpu,memory"}


def ref(name: str = "ledger", kind: str = "Deployment") -> ObjectRef:
    return ObjectRef(kind=kind, namespace=NAMESPACE, name=name)


def first_region(rest: str, does: Behaviour) -> dict[str, Behaviour]:
    """The ledger's script with this end instead of `sleep 3600`, and what it does."""
    return {_SCRIPT + rest: needing("REGION", does, "REGION unset", 1)}


PROGRAMS = {
    **first_region("sleep 3600", SLEEPS),
    **first_region("exit 3", ends(3)),
    **first_region("sleep 10; exit 1", ends(1, after=10)),
    **first_region("sleep 100000", SLEEPS),
    f"{_SCRIPT}sleep 3600".replace('-n "$REGION"', '"$REGION" = right'): ends(1, "REGION unset"),
}


class FaultyBox(Sandbox):
    """The embedded cluster with scripted faults."""

    def __init__(self) -> None:
        super().__init__(ticking=False, behind_seconds=7200, programs=PROGRAMS)
        self.faults: list[Fault] = []

    def intercept(self, request: Request) -> Response | None:
        for fault in self.faults:
            response = fault(request)
            if response is not None:
                return response
        return None


@dataclass
class BoxClock:
    """The sandbox's time: waiting moves it. The host's own clock may be `ahead`."""

    box: Sandbox
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.box.now(), UTC) + self.ahead

    def monotonic(self) -> float:
        return self.box.now()

    def sleep(self, seconds: float) -> None:
        self.box.advance(seconds)


@dataclass
class Shop:
    """The cluster, a client of it, and what there is to try on it."""

    box: FaultyBox
    cluster: ApiServer
    budget: Budget
    asked: list[Any] = field(default_factory=list)

    def deploy(
        self, name: str = "ledger", env: str = WITH_REGION, *changes: tuple[str, str]
    ) -> None:
        manifest = LEDGER.format(name=name, env=env, script=f"{_SCRIPT}sleep 3600")
        for old, new in changes:
            assert old in manifest
            manifest = manifest.replace(old, new)
        self.box.apply(manifest, NAMESPACE)

    def break_ledger(self, name: str = "ledger") -> None:
        """Revision 1 with REGION is available; revision 2 without it crash-loops everywhere."""
        self.deploy(name)
        self.box.advance(60)
        self.deploy(name, WITHOUT_REGION)
        self.box.advance(30)

    def live(self, name: str = "ledger") -> dict[str, Any]:
        return self.box.get("Deployment", NAMESPACE, name)

    def env(self, name: str = "ledger") -> dict[str, Any]:
        container = self.live(name)["spec"]["template"]["spec"]["containers"][0]
        return {entry["name"]: entry.get("value") for entry in container.get("env", [])}

    def remediate(
        self,
        *actions: RemediationAction,
        findings: tuple[Finding, ...] | None = None,
        snapshot: ClusterSnapshot | None = None,
        source: str = "llm",
        **permission: Any,
    ) -> tuple[Tried, ...]:
        seen = snapshot or observe(self.box)
        carried = findings if findings is not None else tuple(
            Finding(kind="broken", target=d.ref, summary="broken", facts=_NAMED,
                    pods=tuple(p.ref.name for p in seen.pods_of(d.ref)))
            for d in seen.deployments
        )  # fmt: skip
        diagnosis = Diagnosis(has_issue=True, remediation_actions=actions, source=source)
        self.box.requests.clear()
        return remediate(diagnosis, carried, seen, self.cluster, self.permission(**permission))

    def permission(self, **changes: Any) -> Permission:
        given: dict[str, Any] = {
            "settings": Settings(),
            "attempts_left": 2,
            "dry_run": False,
            "legal": LEGAL,
            **changes,
        }
        return Permission(**given)

    def writes(self, *, real: bool | None = None) -> list[Request]:
        return [r for r in self.box.writes if real is None or r.dry_run is not real]


def open_shop(path: Path, seconds: float = 600) -> Shop:
    box = FaultyBox()
    box.__enter__()
    budget = Budget(seconds, BoxClock(box))
    cluster = ApiServer.connect(box.kubeconfig(path / "config"), None, budget)
    return Shop(box, cluster, budget)


def template(raw: dict[str, Any]) -> PodTemplate:
    return PodTemplate(
        containers=tuple(
            ContainerSpec(name=c["name"], image=c["image"], command=tuple(c.get("command", ())))
            for c in raw["spec"]["containers"]
        ),
        labels=raw["metadata"].get("labels", {}),
    )


def observe(box: Sandbox, *blind_spots: BlindSpot) -> ClusterSnapshot:
    deployments = tuple(_deployment(box, item) for item in box.items("Deployment", NAMESPACE))
    return ClusterSnapshot(
        namespace=NAMESPACE,
        taken_at=datetime.fromtimestamp(box.now(), UTC),
        healthy=False,
        deployments=deployments,
        pods=tuple(_pod(box, item) for item in box.items("Pod", NAMESPACE)),
        blind_spots=blind_spots,
    )


def _deployment(box: Sandbox, item: dict[str, Any]) -> DeploymentSummary:
    metadata, spec, status = item["metadata"], item["spec"], item.get("status", {})
    mark = "deployment.kubernetes.io/revision"
    number = int(metadata.get("annotations", {}).get(mark, 0))
    sets = [
        rs
        for rs in box.items("ReplicaSet", NAMESPACE)
        if rs["metadata"]["ownerReferences"][0]["uid"] == metadata["uid"]
    ]
    revisions = tuple(
        RevisionSummary(
            revision=int(rs["metadata"]["annotations"][mark]),
            replica_set=rs["metadata"]["name"],
            current=int(rs["metadata"]["annotations"][mark]) == number,
            available=int(rs["metadata"]["annotations"][mark]) != number
            or bool(rs["status"].get("availableReplicas")),
            ready_replicas=rs["status"].get("readyReplicas", 0),
            template=template(rs["spec"]["template"]),
            changes=()
            if int(rs["metadata"]["annotations"][mark]) == number
            else (Change(field="env REGION", container="main", was="set"),),
        )
        for rs in sets
    )
    return DeploymentSummary(
        ref=ref(metadata["name"]),
        uid=metadata["uid"],
        generation=metadata["generation"],
        observed_generation=status.get("observedGeneration", 0),
        desired=spec["replicas"],
        ready=status.get("readyReplicas", 0),
        updated=status.get("updatedReplicas", 0),
        available=status.get("availableReplicas", 0),
        conditions=tuple(
            Condition(type=c["type"], status=c["status"], reason=c.get("reason", ""))
            for c in status.get("conditions", [])
        ),
        template=template(spec["template"]),
        annotations={
            key: value
            for key, value in metadata.get("annotations", {}).items()
            if key.startswith("sre-watchdog/") and "approved-env" not in key
        },
        strategy=spec["strategy"]["type"],
        counts=what_counts(item),
        revisions=tuple(sorted(revisions, key=lambda r: -r.revision)),
    )


def _pod(box: Sandbox, item: dict[str, Any]) -> PodSummary:
    metadata, status = item["metadata"], item.get("status", {})
    owners = metadata.get("ownerReferences") or []
    owner = ref(metadata["name"], "Pod")
    if owners and owners[0]["kind"] == "ReplicaSet":
        held = box.get("ReplicaSet", NAMESPACE, owners[0]["name"])
        owner = ref(held["metadata"]["ownerReferences"][0]["name"])
    states = [
        ContainerState(
            name=c["name"],
            state=next(iter(c.get("state") or {"unknown": 0})),
            ready=c["ready"],
            restarts=c["restartCount"],
            reason=next(iter((c.get("state") or {"x": {}}).values())).get("reason", ""),
        )
        for c in status.get("containerStatuses", [])
    ]
    return PodSummary(
        ref=ref(metadata["name"], "Pod"),
        uid=metadata["uid"],
        owner=owner,
        replica_set=owners[0]["name"] if owners else None,
        phase=status.get("phase", ""),
        containers=tuple(states),
    )
