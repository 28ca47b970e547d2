"""StatefulSets, DaemonSets and Jobs: just enough of them for their failures to look real."""

import copy
from typing import Any

from watchdog.demo import event_recorder
from watchdog.demo.api_resources import NODE_NAME, Object, named
from watchdog.demo.kubelet import ready_since
from watchdog.demo.object_store import CONTROLLER, CONTROLLER_STATUS, Store
from watchdog.demo.replica_sets import (
    active,
    create_pod,
    delete_pod,
    owned,
    set_condition,
    template_hash,
)
from watchdog.demo.simulated_clock import Agenda, parse_stamp, stamp
from watchdog.demo.status_errors import ApiFailure

_REVISION_LABEL = "controller-revision-hash"
_RETRY_SECONDS = 5.0


class Workloads:
    """The controllers of the workloads that are no Deployments."""

    def __init__(self, store: Store, agenda: Agenda) -> None:
        self._store = store
        self._agenda = agenda
        self._retry: dict[str, float] = {}

    def tick(self) -> None:
        """Take every workload one step further."""
        for kind, sync in (
            ("StatefulSet", self._stateful_set),
            ("DaemonSet", self._daemon_set),
            ("Job", self._job),
        ):
            for item in self._store.all(kind):
                if not item["metadata"].get("deletionTimestamp"):
                    sync(item)

    def _create(self, owner: Object, name: str = "", labels: Object | None = None) -> bool:
        uid, now = owner["metadata"]["uid"], self._store.clock.now()
        if now < self._retry.get(uid, 0.0):
            self._agenda.wake(self._retry[uid], patient=True)
            return False
        try:
            create_pod(self._store, owner, name, labels)
        except ApiFailure as failure:
            self._retry[uid] = now + self._store.clock.scaled(_RETRY_SECONDS)
            self._agenda.wake(self._retry[uid], patient=True)
            what = (
                f"create Pod {name} in {owner['kind']} {owner['metadata']['name']} failed error: "
            )
            words = (what if name else "Error creating: ") + failure.message
            component = f"{owner['kind'].lower()}-controller"
            said = event_recorder.Said("FailedCreate", words, component, warning=True)
            event_recorder.record(self._store, owner, said)
            return False
        return True

    def _report(self, item: Object, **status: Any) -> None:
        def report(edited: Object) -> None:
            held = edited.get("status") or {}
            edited["status"] = {**held, **status}
            edited["status"]["observedGeneration"] = edited["metadata"]["generation"]

        self._store.change(named(item["kind"]), item, report, CONTROLLER_STATUS)

    def _stateful_set(self, item: Object) -> None:
        spec, name = item["spec"], item["metadata"]["name"]
        revision = template_hash(spec["template"])
        labels = {_REVISION_LABEL: f"{name}-{revision}"}
        pods = {p["metadata"]["name"]: p for p in owned(self._store, "Pod", item)}
        wanted = [f"{name}-{index}" for index in range(spec["replicas"])]
        self._claims(item, wanted)
        orderly = spec.get("podManagementPolicy") != "Parallel"
        for pod_name in wanted:
            pod = pods.get(pod_name)
            if pod is None:
                self._create(item, pod_name, labels)
            elif pod["status"].get("phase") in ("Failed", "Succeeded"):
                delete_pod(self._store, item, pod)
            if orderly and (pod is None or ready_since(pod) is None):
                break
        for pod_name in sorted(set(pods) - set(wanted), reverse=True):
            if not pods[pod_name]["metadata"].get("deletionTimestamp"):
                delete_pod(self._store, item, pods[pod_name])
        current = [p for p in pods.values() if _has(p, labels)]
        if spec["updateStrategy"]["type"] == "RollingUpdate" and len(pods) == len(wanted):
            rolling = spec["updateStrategy"].get("rollingUpdate") or {}
            due = [pods[n] for n in wanted[rolling.get("partition", 0) :] if n in pods]
            leaving = any(p["metadata"].get("deletionTimestamp") for p in pods.values())
            if not leaving:
                self._replace(item, due, labels)
        ready = sum(ready_since(p) is not None for p in active(list(pods.values())))
        before = (item.get("status") or {}).get("currentRevision")
        done = before is None or len(current) == len(pods) == len(wanted)
        revision_now = labels[_REVISION_LABEL] if done else before
        self._report(
            item,
            replicas=len(pods),
            readyReplicas=ready,
            availableReplicas=ready,
            updatedReplicas=len(current),
            currentReplicas=sum(_has(p, {_REVISION_LABEL: revision_now}) for p in pods.values()),
            updateRevision=labels[_REVISION_LABEL],
            currentRevision=revision_now,
        )

    def _replace(self, item: Object, due: list[Object], labels: Object) -> None:
        """Replace the last old pod, unless a new one is not ready yet."""
        stale = [p for p in due if not _has(p, labels)]
        fresh = [p for p in due if _has(p, labels)]
        if stale and all(ready_since(p) is not None for p in fresh):
            delete_pod(self._store, item, stale[-1])

    def _claims(self, item: Object, pods: list[str]) -> None:
        namespace = item["metadata"]["namespace"]
        for template in item["spec"].get("volumeClaimTemplates") or []:
            for pod in pods:
                name = f"{template['metadata']['name']}-{pod}"
                if self._store.find("PersistentVolumeClaim", namespace, name) is None:
                    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
                    meta = {"name": name, "namespace": namespace}
                    spec = copy.deepcopy(template["spec"])
                    status = {"phase": "Pending"}
                    whole = {**claim, "metadata": meta, "spec": spec, "status": status}
                    self._store.create(named("PersistentVolumeClaim"), whole, CONTROLLER)

    def _daemon_set(self, item: Object) -> None:
        revision = {_REVISION_LABEL: template_hash(item["spec"]["template"])}
        node = self._store.find("Node", "", NODE_NAME)
        labels = (node or {"metadata": {}})["metadata"].get("labels") or {}
        selector = item["spec"]["template"]["spec"].get("nodeSelector") or {}
        wanted = int(all(labels.get(k) == v for k, v in selector.items()))
        pods = owned(self._store, "Pod", item)
        living = active(pods)
        if wanted and not pods:
            self._create(item, labels=revision)
        for pod in living:
            if not wanted or not _has(pod, revision):
                delete_pod(self._store, item, pod)
        ready = sum(ready_since(pod) is not None for pod in living)
        self._report(
            item,
            desiredNumberScheduled=wanted,
            currentNumberScheduled=len(living),
            numberReady=ready,
            numberAvailable=ready,
            numberUnavailable=wanted - ready,
            numberMisscheduled=0,
            updatedNumberScheduled=sum(_has(pod, revision) for pod in living),
        )

    def _job(self, item: Object) -> None:
        status = item.get("status") or {}
        if any(c["type"] in ("Complete", "Failed") for c in status.get("conditions") or []):
            return
        spec, now = item["spec"], self._store.clock.now()
        if spec.get("suspend"):
            return
        pods = owned(self._store, "Pod", item)
        living = active(pods)
        succeeded = sum(p["status"].get("phase") == "Succeeded" for p in pods)
        failed = sum(p["status"].get("phase") == "Failed" for p in pods)
        restarts = sum(
            c.get("restartCount", 0)
            for p in living
            for c in p["status"].get("containerStatuses", [])
        )
        completions = spec.get("completions") or 1
        started = status.get("startTime") or stamp(now)
        limit = spec.get("activeDeadlineSeconds")
        conditions: list[Object] = []
        if succeeded >= completions:
            words = "Reached expected number of succeeded pods"
            conditions = _ending("Complete", "SuccessCriteriaMet", "CompletionsReached", words)
        elif failed > spec["backoffLimit"] or restarts > spec["backoffLimit"]:
            words = "Job has reached the specified backoff limit"
            conditions = _ending("Failed", "FailureTarget", "BackoffLimitExceeded", words)
        elif limit and now > parse_stamp(started) + self._store.clock.scaled(limit):
            words = "Job was active longer than specified deadline"
            conditions = _ending("Failed", "FailureTarget", "DeadlineExceeded", words)
        if conditions:
            self._end(item, conditions[-1], living)
            living = []
        else:
            self._start(item, len(living), completions - succeeded, failed)
        stamped: list[Object] = []
        for condition in conditions:
            probed = {**condition, "lastProbeTime": stamp(now)}
            stamped = set_condition(stamped, probed, now)
        more = {"completionTime": stamp(now)} if succeeded >= completions else {}
        ready = sum(ready_since(pod) is not None for pod in living)
        counts = {"active": len(living), "succeeded": succeeded, "failed": failed, "ready": ready}
        fresh = self._store.get(
            named("Job"), item["metadata"]["namespace"], item["metadata"]["name"]
        )
        self._report(fresh, startTime=started, conditions=stamped, **counts, **more)

    def _start(self, item: Object, living: int, missing: int, failed: int) -> None:
        uid, now = item["metadata"]["uid"], self._store.clock.now()
        wanted = min(item["spec"]["parallelism"], missing) - living
        if wanted <= 0:
            return
        key = f"{uid}/{failed}"
        if failed and key not in self._retry:
            self._retry[key] = now + self._store.clock.scaled(10 * 2 ** (failed - 1))
        if now < self._retry.get(key, 0.0):
            self._agenda.wake(self._retry[key], patient=True)
            return
        labels = {"job-name": item["metadata"]["name"], "controller-uid": uid}
        labels |= {f"batch.kubernetes.io/{name}": value for name, value in labels.items()}
        for _ in range(wanted):
            if not self._create(item, labels=labels):
                return

    def _end(self, item: Object, condition: Object, living: list[Object]) -> None:
        for pod in living:
            delete_pod(self._store, item, pod)
        if condition["type"] == "Failed":
            said = event_recorder.Said(
                condition["reason"], condition["message"], "job-controller", warning=True
            )
        else:
            said = event_recorder.Said("Completed", "Job completed", "job-controller")
        event_recorder.record(self._store, item, said)


def _ending(kind: str, before: str, reason: str, message: str) -> list[Object]:
    shared = {"status": "True", "reason": reason, "message": message}
    return [{"type": before, **shared}, {"type": kind, **shared}]


def _has(pod: Object, labels: Object) -> bool:
    held = pod["metadata"].get("labels") or {}
    return all(held.get(key) == value for key, value in labels.items())
