"""ReplicaSets, and what all workload controllers share: ownership, pods, conditions."""

import hashlib
import json

from watchdog.demo import admission_plugins, defaults, event_recorder
from watchdog.demo.api_resources import Object, named
from watchdog.demo.kubelet import ready_since
from watchdog.demo.object_store import CONTROLLER_STATUS, NAME_ALPHABET, Store, plain_copy
from watchdog.demo.selectors import labels_match
from watchdog.demo.simulated_clock import Agenda, stamp
from watchdog.demo.status_errors import ApiFailure

_RETRY_SECONDS = 5.0


def owned(store: Store, kind: str, owner: Object) -> list[Object]:
    """List the objects of a kind that this owner controls, oldest first."""
    return [
        item
        for item in store.oldest_first(kind, owner["metadata"]["namespace"])
        if any(
            reference.get("controller") and reference["uid"] == owner["metadata"]["uid"]
            for reference in item["metadata"].get("ownerReferences") or []
        )
    ]


def owner_reference(owner: Object) -> Object:
    """Refer to an object as its controller."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def template_hash(template: Object) -> str:
    """Name a pod template, in the letters that Kubernetes uses for it."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(NAME_ALPHABET[byte % len(NAME_ALPHABET)] for byte in digest[:10])


def active(pods: list[Object]) -> list[Object]:
    """Leave out the pods that have ended or are about to."""
    return [
        pod
        for pod in pods
        if not pod["metadata"].get("deletionTimestamp")
        and pod["status"].get("phase") not in ("Succeeded", "Failed")
    ]


def is_available(store: Store, agenda: Agenda, pod: Object, min_ready_seconds: float) -> bool:
    """Say whether a pod has been ready for long enough."""
    since = ready_since(pod)
    if since is None:
        return False
    due = since + store.clock.scaled(min_ready_seconds)
    if min_ready_seconds and store.clock.now() < due:
        agenda.wake(due)
        return False
    return True


def create_pod(store: Store, owner: Object, name: str = "", extra: Object | None = None) -> Object:
    """Create a pod from the owner's template; raises ApiFailure when admission refuses it."""
    template = plain_copy(owner["spec"]["template"])
    meta = {k: v for k, v in (template.get("metadata") or {}).items() if k != "creationTimestamp"}
    where = {"name": name} if name else {"generateName": owner["metadata"]["name"] + "-"}
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **meta,
            **where,
            "namespace": owner["metadata"]["namespace"],
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": template["spec"],
        "status": {"phase": "Pending"},
    }
    if extra:
        pod["metadata"]["labels"] = {**(pod["metadata"].get("labels") or {}), **extra}
    defaults.fill_in(pod)
    admission_plugins.admit_pod(store, pod)
    created = store.create(named("Pod"), pod)
    component = f"{owner['kind'].lower()}-controller"
    words = f"Created pod: {created['metadata']['name']}"
    event_recorder.record(store, owner, event_recorder.Said("SuccessfulCreate", words, component))
    return created


def delete_pod(store: Store, owner: Object, pod: Object) -> None:
    """Delete a pod gracefully, saying so."""
    grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
    store.delete(named("Pod"), pod, grace)
    words = f"Deleted pod: {pod['metadata']['name']}"
    component = f"{owner['kind'].lower()}-controller"
    event_recorder.record(store, owner, event_recorder.Said("SuccessfulDelete", words, component))


def set_condition(conditions: list[Object], new: Object, now: float) -> list[Object]:
    """Put a condition among the others; its transition time stays while its status does."""
    old = next((c for c in conditions if c["type"] == new["type"]), None)
    since = stamp(now)
    if old and old["status"] == new["status"]:
        since = old.get("lastTransitionTime", since)
    entry = {**new, "lastTransitionTime": since}
    if old is None:
        return [*conditions, entry]
    return [entry if c is old else c for c in conditions]


class ReplicaSets:
    """The ReplicaSet controller."""

    def __init__(self, store: Store, agenda: Agenda) -> None:
        self._store = store
        self._agenda = agenda
        self._retry: dict[str, float] = {}

    def tick(self) -> None:
        """Bring every ReplicaSet's pods and status up to date."""
        for replica_set in self._store.all("ReplicaSet"):
            if not replica_set["metadata"].get("deletionTimestamp"):
                self._sync(replica_set)

    def _sync(self, replica_set: Object) -> None:
        pods = active(owned(self._store, "Pod", replica_set))
        selector = replica_set["spec"].get("selector")
        pods = [p for p in pods if labels_match(selector, p["metadata"].get("labels") or {})]
        missing = replica_set["spec"]["replicas"] - len(pods)
        refusal: str | None = None
        if missing > 0:
            refusal = self._create(replica_set, missing)
        elif missing < 0:
            newest_first = list(reversed(pods))
            ranked = sorted(newest_first, key=lambda pod: ready_since(pod) is not None)
            for pod in ranked[:-missing]:
                delete_pod(self._store, replica_set, pod)
        self._report(replica_set, refusal)

    def _create(self, replica_set: Object, count: int) -> str | None:
        """Create pods; returns why the API server refuses them, None when it does not."""
        uid, now = replica_set["metadata"]["uid"], self._store.clock.now()
        if now < self._retry.get(uid, 0.0):
            self._agenda.wake(self._retry[uid], patient=True)
            return ""
        for _ in range(count):
            try:
                create_pod(self._store, replica_set)
            except ApiFailure as failure:
                self._retry[uid] = now + self._store.clock.scaled(_RETRY_SECONDS)
                self._agenda.wake(self._retry[uid], patient=True)
                words = f"Error creating: {failure.message}"
                said = event_recorder.Said(
                    "FailedCreate", words, "replicaset-controller", warning=True
                )
                event_recorder.record(self._store, replica_set, said)
                return failure.message
        self._retry.pop(uid, None)
        return None

    def _report(self, replica_set: Object, refusal: str | None) -> None:
        store = self._store
        pods = active(owned(store, "Pod", replica_set))
        wait = replica_set["spec"].get("minReadySeconds", 0)
        counts = {
            "replicas": len(pods),
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": sum(ready_since(pod) is not None for pod in pods),
            "availableReplicas": sum(is_available(store, self._agenda, p, wait) for p in pods),
        }
        old = replica_set.get("status") or {}
        conditions = old.get("conditions") or []
        if refusal:
            new = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
            conditions = set_condition(conditions, {**new, "message": refusal}, store.clock.now())
        elif refusal is None:
            conditions = [c for c in conditions if c["type"] != "ReplicaFailure"]

        def report(item: Object) -> None:
            item["status"] = {
                **{key: n for key, n in counts.items() if n or key == "replicas"},
                "observedGeneration": item["metadata"]["generation"],
                **({"conditions": conditions} if conditions else {}),
            }

        store.change(named("ReplicaSet"), replica_set, report, CONTROLLER_STATUS)
