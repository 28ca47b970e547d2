"""Objects that other tools judge by their status alone, restated, with what is right to say.

The rules are those of kstatus, Argo CD's health checks, k8sgpt's analyzers, Popeye's linters,
kwatch's and Robusta's alerts and those of kubernetes-mixin; `upstream` are Kubernetes' own pages.
What they call in progress, suspended or merely untidy is silent here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from tests.support.object_reader import NOW

Object = dict[str, Any]


class Case(NamedTuple):
    """One namespace: what is in it, and whether a pass has to tell of it."""

    tool: str
    name: str
    told: bool
    objects: tuple[Object, ...]


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


DAY = 86400.0
TOLD, SILENT = True, False


def made(kind: str, name: str = "web", age: float = DAY, **more: Any) -> Object:
    """An object of that kind; `managed` says how long ago its status was last written."""
    managed = more.pop("managed", None)
    metadata = {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{kind}-{name}",
        "generation": 2,
        "creationTimestamp": ago(age),
        **more.pop("metadata", {}),
    }
    if managed is not None:
        entry = {"manager": "kcm", "subresource": "status", "time": ago(managed)}
        metadata["managedFields"] = [entry]
    return {"kind": kind, "metadata": metadata, "spec": {}, "status": {}, **more}


def condition(
    type_: str, status: str, reason: str = "", age: float = DAY, said: str = ""
) -> Object:
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": said,
        "lastTransitionTime": ago(age),
    }


def event(kind: str, name: str, reason: str, said: str, type_: str = "Normal") -> Object:
    about = {"kind": kind, "namespace": "shop", "name": name}
    times = {"firstTimestamp": ago(600), "lastTimestamp": ago(20)}
    more = {"type": type_, "reason": reason, "message": said, "count": 9, **times}
    return {**made("Event", f"{name}.{reason.lower()}"), "involvedObject": about, **more}


POD_SPEC: Object = {"containers": [{"name": "main", "image": "shop/web:1"}]}
LABELS = {"app": "web"}
TEMPLATE: Object = {"metadata": {"labels": LABELS}, "spec": POD_SPEC}
SELECTOR = {"matchLabels": LABELS}


def workload(kind: str, wanted: int, status: Object, **more: Any) -> Object:
    """A Deployment, StatefulSet or ReplicaSet."""
    spec = {"replicas": wanted, "selector": SELECTOR, "template": TEMPLATE, **more.pop("spec", {})}
    return made(kind, spec=spec, status={"observedGeneration": 2, **status}, **more)


def counts(total: int, ready: int, updated: int | None = None) -> Object:
    return {
        "replicas": total,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "updatedReplicas": total if updated is None else updated,
    }


def daemon(wanted: int, ready: int, **more: Any) -> Object:
    status = {
        "observedGeneration": 2,
        "desiredNumberScheduled": wanted,
        "currentNumberScheduled": wanted,
        "updatedNumberScheduled": wanted,
        "numberAvailable": ready,
        "numberReady": ready,
    }
    spec = {"selector": SELECTOR, "template": TEMPLATE}
    return made("DaemonSet", spec=spec, status={**status, **more.pop("status", {})}, **more)


def pod(name: str = "task", age: float = DAY, **more: Any) -> Object:
    spec = {**POD_SPEC, **more.pop("spec", {})}
    return made("Pod", name, age, spec=spec, **more)


def state(kind: str, restarts: int = 0, **more: Any) -> Object:
    ready = kind == "running" and more.pop("ready", True)
    last = more.pop("last", None)
    held = {"name": more.pop("name", "main"), "ready": ready, "restartCount": restarts}
    times = {"startedAt": ago(more.pop("since", 3600))} if kind == "running" else {}
    held["state"] = {kind: {**times, **more}}
    if last:
        held["lastState"] = {"terminated": last}
    return held


def running(
    *states: Object, ready: bool = True, phase: str = "Running", age: float = DAY
) -> Object:
    return {
        "phase": phase,
        "conditions": [condition("Ready", "True" if ready else "False", age=age)],
        "containerStatuses": list(states),
    }


def deployments() -> Iterator[Case]:
    def case(tool: str, name: str, told: bool, wanted: int, status: Object, **more: Any) -> Case:
        return Case(tool, name, told, (workload("Deployment", wanted, status, **more),))

    done = condition("Progressing", "True", "NewReplicaSetAvailable")
    rolling = condition("Progressing", "True", "ReplicaSetUpdated", 90)
    late = condition("Progressing", "False", "ProgressDeadlineExceeded", 300, "timed out")
    up, down = condition("Available", "True"), condition("Available", "False", "Minimum", 900)
    refused = condition("ReplicaFailure", "True", "FailedCreate", 900, "pods is forbidden: quota")
    yield case("kstatus", "all there", SILENT, 2, {**counts(2, 2), "conditions": [done, up]})
    yield case("kstatus", "no status for long", TOLD, 1, {})
    yield case("kstatus", "no status yet", SILENT, 1, {}, age=5)
    yield case("kstatus", "deadline", TOLD, 2, {**counts(3, 2, 1), "conditions": [late, up]})
    rolled = {**counts(3, 2, 1), "conditions": [rolling, up]}
    yield case("kstatus", "rolling out", SILENT, 2, rolled, managed=20)
    yield case("kstatus", "wants none", SILENT, 0, {"conditions": [done, up]})
    yield case("k8sgpt", "fewer than wanted", TOLD, 3, {"replicas": 2, "availableReplicas": 1})
    yield case("k8sgpt", "none of three", TOLD, 3, {"conditions": [done, down]})
    yield case("mixin", "one short for long", TOLD, 4, {**counts(4, 3), "conditions": [done, up]})
    yield case(
        "mixin", "one short for a moment", SILENT, 4,
        {**counts(4, 3), "conditions": [done, up]}, managed=5,
    )  # fmt: skip
    yield case(
        "mixin", "a spec that no controller has seen", TOLD, 2,
        {**counts(2, 0), "observedGeneration": 1}, metadata={"generation": 5},
    )  # fmt: skip
    yield case("argo", "refused pods", TOLD, 2, {**counts(0, 0), "conditions": [refused, down]})
    yield case(
        "argo", "ready, not yet available", SILENT, 1,
        {**counts(1, 1), "availableReplicas": 0, "conditions": [done, up]},
        spec={"minReadySeconds": 600}, age=300, managed=200,
    )  # fmt: skip
    yield case(
        "argo", "pods that fail at once count as progress", TOLD, 1,
        {**counts(1, 0), "conditions": [rolling, down]}, managed=1,
    )  # fmt: skip


def stateful_sets() -> Iterator[Case]:
    def case(name: str, told: bool, wanted: int, status: Object, **more: Any) -> Case:
        return Case("kstatus", name, told, (workload("StatefulSet", wanted, status, **more),))

    yield case("all there", SILENT, 3, counts(3, 3))
    yield case("two of three", TOLD, 3, counts(3, 2))
    yield case("two of three, a moment ago", SILENT, 3, counts(3, 2), managed=5)
    yield case("none of three", TOLD, 3, {"replicas": 0})
    yield case("wants none", SILENT, 0, {})
    on_delete = {"updateStrategy": {"type": "OnDelete"}}
    yield case("waits for a person to delete", SILENT, 3, counts(3, 3, 0), spec=on_delete)


def daemon_sets() -> Iterator[Case]:
    def case(name: str, told: bool, item: Object) -> Case:
        return Case("k8sgpt", name, told, (item,))

    yield case("on every node", SILENT, daemon(3, 3))
    yield case("not on one node", TOLD, daemon(3, 2))
    yield case("not on one node, a moment ago", SILENT, daemon(3, 2, managed=5))
    yield case("on no node at all", TOLD, daemon(3, 0))
    yield case("no node fits", SILENT, daemon(0, 0))
    missing = {"currentNumberScheduled": 1, "numberReady": 1, "numberAvailable": 1}
    yield case("not scheduled on two nodes", TOLD, daemon(3, 3, status=missing))


def replica_sets() -> Iterator[Case]:
    def case(name: str, told: bool, wanted: int, status: Object, **more: Any) -> Case:
        return Case("kstatus", name, told, (workload("ReplicaSet", wanted, status, **more),))

    refused = condition("ReplicaFailure", "True", "FailedCreate", 900, "exceeded quota: team")
    rollout = [{"kind": "Rollout", "name": "web", "uid": "u", "controller": True}]
    history = {"labels": {**LABELS, "pod-template-hash": "5c8b"}}
    yield case("all there", SILENT, 2, counts(2, 2))
    yield case("one of two", TOLD, 2, counts(2, 1))
    yield case("refused pods", TOLD, 2, {"conditions": [refused]})
    yield case(
        "of another controller", TOLD, 2, counts(2, 0), metadata={"ownerReferences": rollout}
    )
    yield case("wants none", SILENT, 0, {})
    yield case("an old revision", SILENT, 0, {}, metadata=history)


def jobs() -> Iterator[Case]:
    def job(name: str = "report", spec: Object | None = None, **status: Any) -> Object:
        return made("Job", name, spec={"template": TEMPLATE, **(spec or {})}, status=status)

    def case(tool: str, name: str, told: bool, *objects: Object) -> Case:
        return Case(tool, name, told, objects)

    def ended(type_: str, reason: str = "") -> list[Object]:
        return [condition(type_, "True", reason, 600)]

    active = pod("report-x2k4p", status=running(state("running")))
    yield case("kstatus", "done", SILENT, job(succeeded=1, conditions=ended("Complete")))
    limit = ended("Failed", "BackoffLimitExceeded")
    yield case("kstatus", "given up", TOLD, job(failed=7, conditions=limit))
    target = ended("FailureTarget", "DeadlineExceeded")
    yield case("kstatus", "about to be given up", TOLD, job(failed=1, conditions=target))
    yield case("argo", "at work", SILENT, job(active=1, startTime=ago(60)), active)
    paused = job(spec={"suspend": True}, conditions=ended("Suspended"))
    yield case("argo", "suspended", SILENT, paused)
    indexes = ended("Failed", "FailedIndexes")
    indexed = job(spec={"completionMode": "Indexed"}, failedIndexes="1,3", conditions=indexes)
    yield case("mixin", "indexes failed", TOLD, indexed)
    none = event("Job", "report", "FailedCreate", "pods is forbidden: exceeded quota: team")
    yield case("k8sgpt", "its pods are refused", TOLD, job(), none)
    retried = job(succeeded=1, failed=1, conditions=ended("Complete"))
    yield case("mixin", "done at the second try", SILENT, retried)
    two = {"restartPolicy": "Never", "containers": [{"name": "main"}, {"name": "proxy"}]}
    owner = {"kind": "Job", "name": "report", "uid": "uid-Job-report", "controller": True}

    def beside(hours: float) -> Object:
        done = state("terminated", exitCode=0, reason="Completed", finishedAt=ago(hours * 3600))
        status = running(done, state("running", name="proxy", since=DAY), ready=False)
        return pod("report-x2k4p", spec=two, status=status, metadata={"ownerReferences": [owner]})

    at_work = job(active=1, startTime=ago(DAY))
    yield case("upstream", "a proxy keeps it from ending", TOLD, at_work, beside(20))
    yield case("upstream", "one container works longer", SILENT, at_work, beside(2))


def cron_jobs() -> Iterator[Case]:
    def cron(schedule: str, last: float | None, success: float | None, **more: Any) -> Object:
        times = {"lastScheduleTime": last, "lastSuccessfulTime": success}
        status = {key: ago(value) for key, value in times.items() if value is not None}
        active = [{"kind": "Job", "name": f"web-{n}"} for n in range(more.pop("active", 0))]
        spec = {"schedule": schedule, "jobTemplate": {"spec": {"template": TEMPLATE}}, **more}
        return made("CronJob", spec=spec, status={**status, "active": active})

    def case(tool: str, name: str, told: bool, item: Object) -> Case:
        return Case(tool, name, told, (item,))

    tens = "*/10 * * * *"
    yield case("k8sgpt", "suspended", SILENT, cron(tens, DAY, DAY, suspend=True))
    yield case("k8sgpt", "no such day", TOLD, cron("0 0 31 2 *", None, None))
    yield case("mixin", "runs well", SILENT, cron(tens, 300, 280))
    yield case("mixin", "missed its starts", TOLD, cron(tens, 7200, 7100))
    yield case("mixin", "no success since long", TOLD, cron(tens, 300, 20000))
    yield case("mixin", "never a success", TOLD, cron(tens, 300, None))
    replaced = cron("* * * * *", 20, None, active=1, concurrencyPolicy="Replace")
    yield case("mixin", "each run replaces the last", TOLD, replaced)
    yield case("mixin", "Jobs pile up", TOLD, cron(tens, 300, 20000, active=40))
    yield case("mixin", "a long run", SILENT, cron("0 * * * *", 900, 4000, active=1))


def pods() -> Iterator[Case]:
    def case(tool: str, name: str, told: bool, *objects: Object) -> Case:
        return Case(tool, name, told, objects)

    crashed = {"exitCode": 1, "reason": "Error", "startedAt": ago(90), "finishedAt": ago(80)}
    loop = state("waiting", 6, reason="CrashLoopBackOff", last=crashed)
    done = state("terminated", exitCode=0, reason="Completed", finishedAt=ago(80))
    yield case("argo", "runs", SILENT, pod(status=running(state("running"))))
    yield case("argo", "crash loop", TOLD, pod(status=running(loop, ready=False)))
    pull = state("waiting", reason="ImagePullBackOff", message="Back-off pulling image: not found")
    yield case("argo", "image", TOLD, pod(status=running(pull, ready=False, phase="Pending")))
    failed = state("terminated", exitCode=1, reason="Error", finishedAt=ago(80))
    never = {"restartPolicy": "Never"}
    yield case(
        "argo", "failed", TOLD, pod(spec=never, status=running(failed, ready=False, phase="Failed"))
    )
    yield case(
        "argo",
        "done",
        SILENT,
        pod(spec=never, status=running(done, ready=False, phase="Succeeded")),
    )
    unready = running(state("running", ready=False), ready=False)
    yield case("kstatus", "not ready for long", TOLD, pod(status=unready))
    young = running(state("running", ready=False, since=10), ready=False, age=10)
    yield case("kstatus", "not ready yet", SILENT, pod(age=15, status=young))
    nowhere = condition("PodScheduled", "False", "Unschedulable", 900, "0/3 nodes are available")
    pending = {"phase": "Pending", "conditions": [nowhere]}
    yield case("k8sgpt", "no node", TOLD, pod(status=pending))
    gated = condition("PodScheduled", "False", "SchedulingGated", 900, "gated")
    gates = {"schedulingGates": [{"name": "example.com/quota"}]}
    yield case(
        "kstatus", "gated for long", TOLD,
        pod(spec=gates, status={"phase": "Pending", "conditions": [gated]}),
    )  # fmt: skip
    claim = {"resourceClaims": [{"name": "gpu", "resourceClaimName": "gpu-0"}]}
    yield case("upstream", "no device claim", TOLD, pod(spec=claim, status={"phase": "Pending"}))
    group = {"schedulingGroup": {"podGroupName": "trio"}}
    yield case("upstream", "waits for its gang", TOLD, pod(spec=group, status={"phase": "Pending"}))
    yield case("upstream", "just made", SILENT, pod(age=5, spec=claim, status={"phase": "Pending"}))


def crashes() -> Iterator[Case]:
    def case(name: str, told: bool, *objects: Object) -> Case:
        return Case("upstream", name, told, objects)

    crashed = {"exitCode": 1, "reason": "Error", "startedAt": ago(90), "finishedAt": ago(80)}
    zero = {**crashed, "exitCode": 0, "reason": "Completed"}
    loop = state("waiting", 6, reason="CrashLoopBackOff", last=crashed)
    done = state("terminated", exitCode=0, reason="Completed", finishedAt=ago(80))
    two = {"containers": [{"name": "main"}, {"name": "side"}]}
    hidden = running(done, {**loop, "name": "side"}, ready=False)
    yield case("one done, the other crashes", TOLD, pod(spec=two, status=hidden))
    failed = state("terminated", exitCode=1, reason="Error", finishedAt=ago(80), name="side")
    over = running(done, failed, ready=False, phase="Failed")
    never = {**two, "restartPolicy": "Never"}
    yield case("one done, the other failed for good", TOLD, pod(spec=never, status=over))
    again = state("terminated", 5, exitCode=0, reason="Completed", finishedAt=ago(20), last=zero)
    yield case("ends with 0 again and again", TOLD, pod(status=running(again, ready=False)))
    hourly = {**crashed, "startedAt": ago(8000), "finishedAt": ago(2000)}
    slow = state("running", 12, since=2000, last=hourly)
    yield case("crashes each 100 minutes", TOLD, pod(status=running(slow)))
    once = state("running", 1, since=20000, last={**hourly, "finishedAt": ago(20000)})
    yield case("crashed once, long ago", SILENT, pod(status=running(once)))
    resized = state("running", 2, last={**crashed, "exitCode": 143}, since=80)
    policy = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
    main = {"containers": [{"name": "main", "resizePolicy": policy}]}
    restart = event("Pod", "task", "Killing", "Container main resize requires restart")
    yield case("resized in place", SILENT, pod(spec=main, status=running(resized)), restart)
    deferred = condition("PodResizePending", "True", "Deferred", said="Node didn't have enough cpu")
    stays = condition("PodResizeInProgress", "True", "Error", said="cannot decrease memory limits")
    for waits, reason in ((deferred, "ResizeDeferred"), (stays, "ResizeError")):
        ready = running(state("running"))
        ready["conditions"] = [*ready["conditions"], waits]
        warned = event("Pod", "task", reason, "Pod resize", "Warning")
        yield case(f"a resize that waits: {reason}", SILENT, pod(status=ready), warned)
    rule = {"exitCode": 137, "reason": "RestartingAllContainers"}
    guard = [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [88]}}]
    ruled = {"containers": [{"name": "main", "restartPolicyRules": guard}]}
    whole = running(state("running", 40, since=3, last=rule))
    yield case("a rule restarts all containers", TOLD, pod(spec=ruled, status=whole))
    probe = {"httpGet": {"path": "/healthz", "port": 80}}
    alive = {"containers": [{"name": "main", "livenessProbe": probe}]}
    said = "Container main failed liveness probe, will be restarted"
    stopped = running(state("running", 5, ready=False, since=20, last=zero), ready=False)
    yield case("liveness, and it ends with 0", TOLD,
        pod(spec=alive, status=stopped), event("Pod", "task", "Killing", said),
    )  # fmt: skip
    lost = {"phase": "Running", "reason": "NodeLost", "conditions": [condition("Ready", "Unknown")]}
    yield case("its node is gone", TOLD, pod(status=lost))


def around() -> Iterator[Case]:
    def case(tool: str, name: str, told: bool, *objects: Object) -> Case:
        return Case(tool, name, told, objects)

    def claim(phase: str, age: float = DAY) -> Object:
        return made("PersistentVolumeClaim", "data", age, status={"phase": phase})

    def said(reason: str, words: str) -> Object:
        return event("PersistentVolumeClaim", "data", reason, words)

    yield case("argo", "claim bound", SILENT, claim("Bound"))
    yield case("argo", "claim lost", TOLD, claim("Lost"))
    unused = claim("Bound")
    unused["status"]["conditions"] = [condition("Unused", "True", "NoPodsUsingPVC")]
    yield case("upstream", "claim that no pod uses", SILENT, unused)
    yield case("k8sgpt", "claim waits, nothing said", TOLD, claim("Pending"))
    yield case("argo", "claim just made", SILENT, claim("Pending", 5))
    unset = said("FailedBinding", "no persistent volumes available and no storage class is set")
    yield case("k8sgpt", "claim without a class", TOLD, claim("Pending"), unset)
    silent = said("ExternalProvisioning", "Waiting for a volume to be created")
    yield case("k8sgpt", "a provisioner that is silent", TOLD, claim("Pending"), silent)
    first = said("WaitForFirstConsumer", "waiting for first consumer")
    yield case("argo", "claim waits for its first pod", SILENT, claim("Pending"), first)

    def budget(name: str, labels: Object, allowed: int, *conditions: Object) -> Object:
        healthy = {"currentHealthy": 2, "desiredHealthy": 1, "expectedPods": 2}
        status = {"disruptionsAllowed": allowed, **healthy, "conditions": list(conditions)}
        return made(
            "PodDisruptionBudget", name, spec={"selector": {"matchLabels": labels}}, status=status
        )

    failed = condition("DisruptionAllowed", "False", "SyncFailed", said="no scale subresource")
    yield case("kstatus", "budget", SILENT, budget("web", LABELS, 1))
    yield case("kstatus", "budget cannot be computed", TOLD, budget("web", LABELS, 0, failed))
    yield case("popeye", "two budgets", TOLD, budget("a", LABELS, 1), budget("b", LABELS, 1))
    other = budget("b", {"app": "db"}, 1)
    yield case("popeye", "a budget each", SILENT, budget("a", LABELS, 1), other)


def scalers() -> Iterator[Case]:
    def case(tool: str, name: str, told: bool, *objects: Object) -> Case:
        return Case(tool, name, told, objects)

    def scaler(*conditions: Object, **more: Any) -> Object:
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 5}
        status = {"currentReplicas": 5, "conditions": list(conditions), **more}
        return made("HorizontalPodAutoscaler", spec=spec, status=status)

    well = workload("Deployment", 2, counts(2, 2))
    able, active = condition("AbleToScale", "True"), condition("ScalingActive", "True")
    limited = condition("ScalingLimited", "True", "TooManyReplicas", 3600)
    lately = condition("ScalingLimited", "True", "TooManyReplicas", 60)
    few = condition("ScalingLimited", "True", "TooFewReplicas", 3600)
    blind = condition("ScalingActive", "False", "FailedGetResourceMetric", 3600, "no metrics")
    unable = condition("AbleToScale", "False", "FailedGetScale", 3600, "not found")
    off = condition("ScalingActive", "False", "ScalingDisabled", 3600)
    yield case("argo", "autoscaler", SILENT, scaler(able, active), well)
    yield case("argo", "autoscaler has no metrics", TOLD, scaler(able, blind), well)
    yield case("argo", "autoscaler cannot scale", TOLD, scaler(unable), well)
    yield case("argo", "autoscaler at its minimum", SILENT, scaler(able, active, few), well)
    yield case("argo", "autoscaler off", SILENT, scaler(able, off), well)
    yield case("mixin", "autoscaler at its maximum", TOLD, scaler(able, active, limited), well)
    yield case("mixin", "at its maximum for a moment", SILENT, scaler(able, active, lately), well)
    yield case("k8sgpt", "autoscaler of nothing", TOLD, scaler())


def entrances() -> Iterator[Case]:
    def case(tool: str, name: str, told: bool, *objects: Object) -> Case:
        return Case(tool, name, told, objects)

    def service(kind: str = "ClusterIP", age: float = DAY, **status: Any) -> Object:
        spec = {"type": kind, "ports": [{"port": 80}]}
        return made("Service", "web", age, spec=spec, status={"loadBalancer": status})

    given = service("LoadBalancer", ingress=[{"ip": "192.0.2.7"}])
    yield case("argo", "load balancer", SILENT, given)
    yield case("argo", "load balancer without an address", TOLD, service("LoadBalancer"))
    yield case("argo", "load balancer being made", SILENT, service("LoadBalancer", 20))

    def ingress(name: str = "web", port: int = 80, cls: str | None = "edge", **more: Any) -> Object:
        backend = {"service": {"name": name, "port": {"number": port}}}
        spec = {"defaultBackend": backend, **({"ingressClassName": cls} if cls else {})}
        address = {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}
        return made("Ingress", "shop", spec=spec, status=more.get("status", address))

    edge = {**made("IngressClass", "edge"), "spec": {"controller": "example.com/edge"}}
    yield case("k8sgpt", "ingress", SILENT, ingress(), service(), edge)
    yield case("k8sgpt", "ingress to no Service", TOLD, ingress("gone"), service(), edge)
    yield case("popeye", "ingress to no port", TOLD, ingress(port=8080), service(), edge)
    alone = ingress(cls="none", status={})
    yield case("k8sgpt", "ingress of no class", TOLD, alone, service(), edge)
    yield case("k8sgpt", "ingress without a class", TOLD, ingress(cls=None, status={}), service())
    yield case("argo", "ingress without an address", SILENT, ingress(status={}), service(), edge)


def containers() -> Iterator[Case]:
    """What kwatch and Robusta report of a container by the reason that its state gives."""

    def case(tool: str, name: str, told: bool, *objects: Object) -> Case:
        return Case(tool, name, told, objects)

    def waits(reason: str, said: str = "") -> Object:
        return running(state("waiting", reason=reason, message=said), ready=False, phase="Pending")

    def ends(code: int, reason: str = "Error") -> Object:
        last = {"exitCode": code, "reason": reason, "startedAt": ago(90), "finishedAt": ago(80)}
        loop = state("waiting", 6, reason="CrashLoopBackOff", last=last)
        return running(loop, ready=False)

    absent = 'secret "web-tls" not found'
    yield case("kwatch", "killed for memory", TOLD, pod(status=ends(137, "OOMKilled")))
    yield case("kwatch", "segmentation fault", TOLD, pod(status=ends(139)))
    yield case("kwatch", "config error", TOLD,
        pod(status=waits("CreateContainerConfigError", absent)))  # fmt: skip
    never = waits("ErrImageNeverPull", 'Container image "shop/web:1" is not present')
    yield case("kwatch", "image never pulled", TOLD, pod(status=never))
    name = waits("InvalidImageName", 'couldn\'t parse image name "Shop/web:1"')
    yield case("kwatch", "image name", TOLD, pod(status=name))
    run = waits("RunContainerError", 'exec: "shopd": executable file not found in $PATH')
    yield case("kwatch", "cannot be run", TOLD, pod(status=run))
    yield case("kwatch", "is being created", SILENT, pod(age=20, status=waits("ContainerCreating")))
    yield case("kwatch", "is being created for an hour", TOLD,
        pod(age=3600, status=waits("ContainerCreating")))  # fmt: skip
    lately = {"exitCode": 137, "reason": "OOMKilled", "startedAt": ago(500), "finishedAt": ago(60)}
    yield case("robusta", "killed for memory a minute ago, runs again", TOLD,
        pod(status=running(state("running", 1, since=58, last=lately))))  # fmt: skip
    before = {**lately, "startedAt": ago(DAY), "finishedAt": ago(9 * 3600)}
    since = running(state("running", 1, since=9 * 3600, last=before))
    yield case("robusta", "killed for memory at night", SILENT, pod(age=3 * DAY, status=since))
    evicted = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."}
    yield case("robusta", "evicted", TOLD, pod(status=evicted))
    late = {"phase": "Failed", "reason": "DeadlineExceeded", "message": "Pod was active too long"}
    yield case("robusta", "past its deadline", TOLD, pod(status=late))
    loop = state("waiting", 6, reason="CrashLoopBackOff", name="first")
    loop["lastState"] = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": ago(80)}}
    first = {"initContainers": [{"name": "first", "image": "shop/web:1"}]}
    starts = {**waits("PodInitializing"), "initContainerStatuses": [loop]}
    yield case("robusta", "its init container crashes", TOLD, pod(spec=first, status=starts))
    sidecar = {"initContainers": [{**first["initContainers"][0], "restartPolicy": "Always"}]}
    side = {**running(state("running")), "initContainerStatuses": [loop]}
    yield case("robusta", "its sidecar crashes", TOLD, pod(spec=sidecar, status=side))
    leaving = {"deletionTimestamp": ago(3600), "deletionGracePeriodSeconds": 30}
    yield case("robusta", "leaves since an hour", TOLD,
        pod(status=running(state("running")), metadata=leaving))  # fmt: skip
    going = {"deletionTimestamp": ago(-20), "deletionGracePeriodSeconds": 30}
    yield case("robusta", "leaves since a moment", SILENT,
        pod(status=running(state("running")), metadata=going))  # fmt: skip


def rollouts() -> Iterator[Case]:
    """Rollouts that Argo CD and kstatus tell apart, beyond how many pods are ready."""

    def case(tool: str, name: str, told: bool, item: Object) -> Case:
        return Case(tool, name, told, (item,))

    done, up = (
        condition("Progressing", "True", "NewReplicaSetAvailable"),
        condition("Available", "True"),
    )
    paused = workload(
        "Deployment", 2, {**counts(2, 2), "conditions": [done, up]}, spec={"paused": True}
    )
    yield case("argo", "paused, all there", SILENT, paused)
    split = {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}}
    part = workload(
        "StatefulSet",
        3,
        {**counts(3, 3, 1), "currentRevision": "a", "updateRevision": "b"},
        spec=split,
    )
    yield case("argo", "a partitioned rollout", SILENT, part)
    moving = workload(
        "StatefulSet",
        3,
        {**counts(3, 2, 1), "currentRevision": "a", "updateRevision": "b"},
        managed=20,
    )
    yield case("argo", "pods are replaced one by one", SILENT, moving)
    stuck = workload(
        "StatefulSet", 3, {**counts(3, 2, 1), "currentRevision": "a", "updateRevision": "b"}
    )
    yield case("argo", "a rollout that stands still", TOLD, stuck)
    yield case(
        "argo",
        "a new revision on some nodes",
        SILENT,
        daemon(5, 4, status={"updatedNumberScheduled": 2}, managed=20),
    )
    yield case(
        "argo",
        "a new revision that never gets ready",
        TOLD,
        daemon(5, 4, status={"updatedNumberScheduled": 2}),
    )
    old = daemon(3, 3, status={"updatedNumberScheduled": 0})
    old["spec"]["updateStrategy"] = {"type": "OnDelete"}
    yield case("argo", "waits for a person to delete", SILENT, old)
    behind = workload(
        "StatefulSet", 2, {**counts(2, 2), "observedGeneration": 1}, metadata={"generation": 3}
    )
    yield case("kstatus", "all ready, a spec that no controller has seen", SILENT, behind)


def growing_claims() -> Iterator[Case]:
    def case(name: str, told: bool, *objects: Object) -> Case:
        return Case("upstream", name, told, objects)

    def claim(*conditions: Object, **status: Any) -> Object:
        spec = {"resources": {"requests": {"storage": "20Gi"}}}
        held = {"phase": "Bound", "capacity": {"storage": "10Gi"}, "conditions": list(conditions)}
        return made("PersistentVolumeClaim", "data", spec=spec, status={**held, **status})

    mount = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
    user = pod(spec=mount, status=running(state("running")))
    pending = condition("FileSystemResizePending", "True", age=3600)
    yield case("claim grows", SILENT, claim(condition("Resizing", "True", age=60)))
    yield case("claim grows for an hour", TOLD, claim(condition("Resizing", "True", age=3600)))
    error = condition("ControllerResizeError", "True", "", 60, "the disk type cannot be resized")
    yield case("its driver cannot enlarge it", TOLD, claim(error), user)
    node = condition("NodeResizeError", "True", "", 60, "resize2fs: bad magic number")
    yield case("its file system cannot grow", TOLD, claim(node), user)
    yield case("grows once a pod mounts it", SILENT, claim(pending))
    infeasible = {"allocatedResourceStatuses": {"storage": "ControllerResizeInfeasible"}}
    yield case("can never have that size", TOLD, claim(**infeasible))


def routes() -> Iterator[Case]:
    """HTTPRoutes, which Argo CD and k8sgpt judge by what their Gateways say."""

    def case(tool: str, name: str, told: bool, *objects: Object) -> Case:
        return Case(tool, name, told, objects)

    def route(*conditions: Object, to: str = "web", age: float = DAY, port: int = 80) -> Object:
        parent = {"parentRef": {"name": "edge"}, "conditions": list(conditions)}
        backend = {"backendRefs": [{"name": to, "port": port}]}
        spec = {"parentRefs": [{"name": "edge"}], "rules": [backend]}
        status = {"parents": [parent]} if conditions else {}
        return made("HTTPRoute", "shop", age, spec=spec, status=status)

    web = made("Service", "web", spec={"type": "ClusterIP", "ports": [{"port": 80}]})
    taken, found = condition("Accepted", "True"), condition("ResolvedRefs", "True")
    refused = condition("Accepted", "False", "NotAllowedByListeners", 900, "namespace not allowed")
    lately = condition("Accepted", "False", "Pending", 5, "waiting")
    lost = condition("ResolvedRefs", "False", "BackendNotFound", 900, "service api not found")
    grant = condition("ResolvedRefs", "False", "RefNotPermitted", 900, "no ReferenceGrant")
    stale = {**lost, "observedGeneration": 1}
    yield case("argo", "route", SILENT, route(taken, found), web)
    yield case("argo", "route that its Gateway refuses", TOLD, route(refused, found), web)
    yield case("argo", "route that its Gateway looks at", SILENT, route(lately, found), web)
    yield case("argo", "route without its backend", TOLD, route(taken, lost, to="api"), web)
    yield case("argo", "route to another namespace", TOLD, route(taken, grant), web)
    yield case("argo", "route, judged before its last change", SILENT, route(taken, stale), web)
    yield case("k8sgpt", "route of no Gateway", TOLD, route(), web)
    yield case("k8sgpt", "route that was just made", SILENT, route(age=20), web)
    yield case("k8sgpt", "route to no Service", TOLD, route(taken, found, to="gone"), web)
    yield case("k8sgpt", "route to no port", TOLD, route(taken, found, port=8080), web)


def cases() -> tuple[Case, ...]:
    groups = (
        deployments, stateful_sets, daemon_sets, replica_sets, jobs, cron_jobs, pods, crashes,
        around, scalers, entrances, containers, rollouts, growing_claims, routes,
    )  # fmt: skip
    return tuple(case for group in groups for case in group())
