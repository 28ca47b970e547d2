"""The Deployment controller: rollouts, revisions, conditions, as Kubernetes does them.

The arithmetic follows pkg/controller/deployment of Kubernetes 1.34 (rolling.go, recreate.go,
progress.go); proportional scaling in the middle of a rollout is left out.
"""

from watchdog.demo import event_recorder
from watchdog.demo.api_resources import Object, named
from watchdog.demo.object_store import CONTROLLER, CONTROLLER_STATUS, Store, plain_copy
from watchdog.demo.replica_sets import owned, owner_reference, template_hash
from watchdog.demo.rollout_status import allowance, rollout_status
from watchdog.demo.simulated_clock import Agenda
from watchdog.demo.status_errors import ApiFailure

REVISION = "deployment.kubernetes.io/revision"
_HISTORY = "deployment.kubernetes.io/revision-history"
_NOT_COPIED = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        _HISTORY,
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
    }
)
_HASH = "pod-template-hash"


def revision_of(item: Object) -> int:
    """Read the revision annotation; 0 without one."""
    return int((item["metadata"].get("annotations") or {}).get(REVISION, 0))


def plain_template(template: Object) -> Object:
    """A pod template without the hash label that ReplicaSets add."""
    result = plain_copy(template)
    labels = (result.get("metadata") or {}).get("labels") or {}
    labels.pop(_HASH, None)
    return result


class Deployments:
    """The Deployment controller; `tick` takes every Deployment one step further."""

    def __init__(self, store: Store, agenda: Agenda) -> None:
        self._store = store
        self._agenda = agenda

    def tick(self) -> None:
        """Bring every Deployment one step closer to its spec."""
        for deployment in self._store.all("Deployment"):
            if not deployment["metadata"].get("deletionTimestamp"):
                self._sync(deployment)

    def _sync(self, deployment: Object) -> None:
        held = owned(self._store, "ReplicaSet", deployment)
        wanted = plain_template(deployment["spec"]["template"])
        new = next((r for r in held if plain_template(r["spec"]["template"]) == wanted), None)
        old = [r for r in held if r is not new]
        paused = deployment["spec"].get("paused", False)
        recreate = deployment["spec"]["strategy"]["type"] == "Recreate"
        if paused:
            self._scale_paused(deployment, held)
        else:
            if not (recreate and self._drain(deployment, old)):
                new = self._revise(deployment, new, old)
                if not recreate and new is not None:
                    self._roll(deployment, new, old)
            self._forget(deployment, new, old)
        self._report(deployment)

    def _scale_paused(self, deployment: Object, held: list[Object]) -> None:
        running = [r for r in held if r["spec"]["replicas"]]
        if len(running) == 1:
            self._scale(deployment, running[0], deployment["spec"]["replicas"])

    def _revise(self, deployment: Object, new: Object | None, old: list[Object]) -> Object | None:
        """Find or make the ReplicaSet of the present template and number its revision."""
        number = max([0, *map(revision_of, old)]) + 1
        if new is None:
            return self._create(deployment, old, number)
        if revision_of(new) < number:
            past = (new["metadata"].get("annotations") or {}).get(_HISTORY, "")
            history = ",".join(filter(None, [past, str(revision_of(new))]))

            def renumber(item: Object) -> None:
                annotations = item["metadata"].setdefault("annotations", {})
                annotations |= {REVISION: str(number), _HISTORY: history}

            new = self._store.change(named("ReplicaSet"), new, renumber, CONTROLLER)
        self._number(deployment, revision_of(new))
        if deployment["spec"]["strategy"]["type"] == "Recreate":
            new = self._scale(deployment, new, deployment["spec"]["replicas"])
        return new

    def _number(self, deployment: Object, number: int) -> None:
        deployment = self._fresh(deployment)
        if revision_of(deployment) == number:
            return

        def edit(item: Object) -> None:
            item["metadata"].setdefault("annotations", {})[REVISION] = str(number)

        self._store.change(named("Deployment"), deployment, edit, CONTROLLER)

    def _fresh(self, item: Object) -> Object:
        meta = item["metadata"]
        return self._store.get(named(item["kind"]), meta["namespace"], meta["name"])

    def _create(self, deployment: Object, old: list[Object], number: int) -> Object | None:
        spec, meta = deployment["spec"], deployment["metadata"]
        name_hash = template_hash(plain_template(spec["template"]))
        template = plain_copy(spec["template"])
        template["metadata"]["labels"] = {**template["metadata"]["labels"], _HASH: name_hash}
        copied = {k: v for k, v in (meta.get("annotations") or {}).items() if k not in _NOT_COPIED}
        surge, _ = allowance(deployment)
        recreate = spec["strategy"]["type"] == "Recreate"
        room = spec["replicas"] + surge - sum(r["spec"]["replicas"] for r in old)
        replicas = spec["replicas"] if recreate else max(0, min(spec["replicas"], room))
        selector = plain_copy(spec["selector"])
        selector.setdefault("matchLabels", {})[_HASH] = name_hash
        replica_set: Object = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{meta['name']}-{name_hash}",
                "namespace": meta["namespace"],
                "labels": template["metadata"]["labels"],
                "annotations": {
                    **copied,
                    REVISION: str(number),
                    "deployment.kubernetes.io/desired-replicas": str(spec["replicas"]),
                    "deployment.kubernetes.io/max-replicas": str(spec["replicas"] + surge),
                },
                "ownerReferences": [owner_reference(deployment)],
            },
            "spec": {"replicas": replicas, "selector": selector, "template": template},
            "status": {"replicas": 0},
        }
        if spec.get("minReadySeconds"):
            replica_set["spec"]["minReadySeconds"] = spec["minReadySeconds"]
        try:
            created = self._store.create(named("ReplicaSet"), replica_set)
        except ApiFailure:
            return None
        self._number(deployment, number)
        name = created["metadata"]["name"]
        words = f"Scaled up replica set {name} from 0 to {replicas}"
        if replicas:
            self._say(deployment, words)
        return created

    def _say(self, deployment: Object, words: str) -> None:
        said = event_recorder.Said("ScalingReplicaSet", words, "deployment-controller")
        event_recorder.record(self._store, deployment, said)

    def _scale(self, deployment: Object, replica_set: Object, replicas: int) -> Object:
        before = replica_set["spec"]["replicas"]
        if before == replicas:
            return replica_set

        def edit(item: Object) -> None:
            item["spec"]["replicas"] = replicas
            annotations = item["metadata"].setdefault("annotations", {})
            wanted = str(deployment["spec"]["replicas"])
            annotations["deployment.kubernetes.io/desired-replicas"] = wanted

        changed = self._store.change(named("ReplicaSet"), replica_set, edit, CONTROLLER)
        way = "up" if replicas > before else "down"
        name = replica_set["metadata"]["name"]
        self._say(deployment, f"Scaled {way} replica set {name} from {before} to {replicas}")
        return changed

    def _drain(self, deployment: Object, old: list[Object]) -> bool:
        """Scale the old ReplicaSets to nothing; says whether their pods are still there."""
        for replica_set in old:
            self._scale(deployment, replica_set, 0)
        return any(owned(self._store, "Pod", replica_set) for replica_set in old)

    def _roll(self, deployment: Object, new: Object, old: list[Object]) -> None:
        wanted = deployment["spec"]["replicas"]
        surge, unavailable = allowance(deployment)
        total = new["spec"]["replicas"] + sum(r["spec"]["replicas"] for r in old)
        now = new["spec"]["replicas"]
        if now > wanted:
            self._scale(deployment, new, wanted)
            return
        if now < wanted and total < wanted + surge:
            self._scale(deployment, new, now + min(wanted + surge - total, wanted - now))
            return
        least = wanted - unavailable
        pending = now - (new["status"].get("availableReplicas") or 0)
        self._shrink(deployment, old, total - least - pending, unhealthy_only=True)
        old = [self._fresh(r) for r in old]
        available = sum((r["status"].get("availableReplicas") or 0) for r in [new, *old])
        self._shrink(deployment, old, available - least, unhealthy_only=False)

    def _shrink(
        self, deployment: Object, old: list[Object], most: int, *, unhealthy_only: bool
    ) -> None:
        for replica_set in old:
            held = replica_set["spec"]["replicas"]
            available = replica_set["status"].get("availableReplicas") or 0
            spare = held - available if unhealthy_only else held
            count = min(spare, most)
            if count > 0:
                self._scale(deployment, replica_set, held - count)
                most -= count

    def _forget(self, deployment: Object, new: Object | None, old: list[Object]) -> None:
        """Delete old ReplicaSets beyond revisionHistoryLimit, once the rollout is complete."""
        wanted = deployment["spec"]["replicas"]
        if new is None or (new["status"].get("availableReplicas") or 0) < wanted:
            return
        empty = sorted((self._fresh(r) for r in old if not r["spec"]["replicas"]), key=revision_of)
        empty = [r for r in empty if not r["status"].get("replicas")]
        spare = len(empty) - deployment["spec"]["revisionHistoryLimit"]
        for replica_set in empty[: max(spare, 0)]:
            self._store.delete(named("ReplicaSet"), replica_set)

    def _report(self, deployment: Object) -> None:
        deployment = self._fresh(deployment)
        held = owned(self._store, "ReplicaSet", deployment)
        wanted = plain_template(deployment["spec"]["template"])
        new = next((r for r in held if plain_template(r["spec"]["template"]) == wanted), None)
        others = [r for r in held if r is not new]
        status, deadline = rollout_status(deployment, new, others, self._store.clock)
        if deadline:
            self._agenda.wake(deadline, patient=True)

        def report(item: Object) -> None:
            item["status"] = status

        self._store.change(named("Deployment"), deployment, report, CONTROLLER_STATUS)
