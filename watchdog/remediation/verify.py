"""Watches what was fixed until it is updated, available and stable, or the deadline.

Asked is not fixed: only what this module saw healthy for the whole stability window is `verified`.
It reads only; an own change that does not heal its workload is taken back through remediation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from watchdog.clock import Budget
from watchdog.errors import ClusterError, NotFoundError
from watchdog.kube.ports import Writer
from watchdog.kube.resources import DAEMONSETS, DEPLOYMENTS, PODS, STATEFULSETS
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult, TargetHealth, Verification
from watchdog.remediation.apply import Permission, Tried
from watchdog.remediation.replicasets import controller_uid, owned_by, revision, selector_text
from watchdog.remediation.rollout_progress import (
    deadline_of,
    hopeless,
    restarts,
    still_starting,
)
from watchdog.remediation.undo import undo
from watchdog.settings.schema import VerifySettings
from watchdog.snapshot.refs import ObjectRef
from watchdog.text.format import count

Object = dict[str, Any]
Say = Callable[[str], None]

# Kept back from the run budget for taking a fix back and for the report.
RESERVE_SECONDS = 15.0


@dataclass(frozen=True)
class Look:
    """One look at a workload. `restarts` are those of its new pods; `hopeless` ends the wait.

    `starting` is its progress deadline in seconds while the rollout goes on within it and nothing
    has failed: a later pass goes on watching it then.
    """

    problems: tuple[str, ...] = ()
    state: str = ""
    restarts: int = 0
    hopeless: bool = False
    starting: int | None = None


def settle(
    attempts: tuple[Tried, ...],
    cluster: Writer,
    permission: Permission,
    budget: Budget,
    progress: Say,
) -> tuple[ActionResult, ...]:
    """Watch every write; what does not heal its workload is undone. One result for each attempt."""
    return tuple(_settled(a, cluster, permission, budget, progress) for a in attempts)


def verify_target(
    attempt: Tried, cluster: Writer, verify: VerifySettings, budget: Budget, progress: Say
) -> TargetHealth:
    """Watch the workload of a write until it is healthy and stable, hopeless, or time is up.

    Raises nothing of the cluster's: what cannot be read is a problem like another.
    """
    return _watch(attempt, cluster, verify, budget, progress)[0]


def verify_namespace(
    sick: Callable[[], tuple[str, ...]], verify: VerifySettings, budget: Budget, progress: Say
) -> Verification:
    """Ask `sick` for the namespace's problems, in words, until there is none or time is up."""
    clock = budget.clock
    started = clock.monotonic()
    while True:
        problems = sick()
        waited = clock.monotonic() - started
        over = waited >= verify.timeout_seconds or budget.remaining() <= verify.poll_seconds
        if not problems or over:
            return Verification(
                healthy=not problems, problems=problems, waited_seconds=round(waited, 1)
            )
        progress(f"namespace: {problems[0]}")
        clock.sleep(verify.poll_seconds)


def _settled(
    attempt: Tried, cluster: Writer, permission: Permission, budget: Budget, progress: Say
) -> ActionResult:
    result = attempt.result
    if attempt.applied is None:
        return result
    verify = permission.settings.verify
    health, why_open = _watch(attempt, cluster, verify, budget, progress)
    result = result.model_copy(update={"verification": health})
    if health.healthy:
        return result.model_copy(update={"outcome": Outcome.VERIFIED})
    broken = "; ".join(health.problems)
    if result.outcome is Outcome.UNKNOWN:
        return result.model_copy(update={"reason": f"{result.reason}; {broken}"})
    if why_open:
        return result.model_copy(update={"reason": f"{why_open}: {broken}"})
    if not attempt.applied.back:
        return result.model_copy(
            update={"outcome": Outcome.FAILED, "reason": f"it did not help: {broken}"}
        )
    progress(f"{result.action.target}: {broken}; undoing the change")
    undone = undo(Tried(result, attempt.applied), cluster, permission)
    return undone.model_copy(update={"reason": f"it did not help: {broken}; {undone.reason}"})


def _watch(
    attempt: Tried, cluster: Writer, verify: VerifySettings, budget: Budget, progress: Say
) -> tuple[TargetHealth, str]:
    """The health, and why that is not the end of it: empty if it is."""
    clock = budget.clock
    started = clock.monotonic()
    stable_since: float | None = None
    seen_restarts = 0
    while True:
        look = _look(attempt, cluster)
        now = clock.monotonic()
        waited = now - started
        if look.problems:
            stable_since = None
        elif stable_since is None or look.restarts > seen_restarts:
            stable_since = now
        seen_restarts = look.restarts
        stable = now - stable_since if stable_since is not None else 0.0
        if stable_since is not None and stable >= verify.stable_seconds:
            summary = f"{look.state}, stable for {stable:.0f} s"
            health = TargetHealth(healthy=True, summary=summary, waited_seconds=round(waited, 1))
            return health, ""
        # What became healthy just before the deadline gets its stability window.
        grace = 0.0 if look.problems else verify.stable_seconds
        late = waited >= verify.timeout_seconds + grace
        short = budget.remaining() <= RESERVE_SECONDS + verify.poll_seconds
        if look.hopeless or late or short:
            problems = look.problems or (f"not stable for {verify.stable_seconds:.0f} s yet",)
            health = TargetHealth(
                healthy=False,
                problems=problems,
                summary=f"not healthy after {waited:.0f} s: {'; '.join(problems)}",
                waited_seconds=round(waited, 1),
            )
            return health, _why_open(look, late=late)
        progress(f"{_owner(attempt)}: {'; '.join(look.problems) or look.state}")
        clock.sleep(verify.poll_seconds)


def _why_open(look: Look, *, late: bool) -> str:
    """Why a workload that is not healthy is watched by the next pass too; empty if it is not."""
    if look.hopeless:
        return ""
    if late and look.starting:
        return (
            f"it is still starting, within its progress deadline of {look.starting} s, so the next "
            "pass goes on watching it"
        )
    return "" if late else "this pass ran out of time while watching it"


def _look(attempt: Tried, cluster: Writer) -> Look:
    owner = _owner(attempt)
    try:
        if owner.kind == "Deployment":
            return _deployment(attempt, cluster)
        if owner.kind == "DaemonSet":
            return daemon_set(cluster.get(DAEMONSETS, owner.namespace, owner.name))
        if owner.kind == "StatefulSet":
            return stateful_set(cluster.get(STATEFULSETS, owner.namespace, owner.name))
        return Look((f"a {owner.kind} is not watched",), hopeless=True)
    except NotFoundError:
        return Look((f"{owner} is gone",), hopeless=True)
    except ClusterError as error:
        return Look((f"could not be read: {error}",))
    except (LookupError, TypeError, ValueError):
        return Look(("could not be read: the API server's answer makes no sense",))


def _deployment(attempt: Tried, cluster: Writer) -> Look:
    owner = _owner(attempt)
    live = cluster.get(DEPLOYMENTS, owner.namespace, owner.name)
    selector = selector_text(live["spec"].get("selector") or {})
    replica_sets = owned_by(cluster, live)
    pods = cluster.list(PODS, owner.namespace, label_selector=selector).items
    newest = replica_sets[0]["metadata"]["uid"] if replica_sets else None
    uids = {item["metadata"]["uid"] for item in replica_sets}
    ours = [pod for pod in pods if controller_uid(pod) in uids]
    evicted = None
    written = 0
    changed = attempt.result.action.target_kind
    if attempt.applied is not None:
        if changed == "Pod":
            evicted = attempt.applied.before["metadata"]["uid"]
        elif changed == "Deployment":
            written = attempt.applied.generation or 0
    still_there = any(
        pod["metadata"]["uid"] == evicted and not pod["metadata"].get("deletionTimestamp")
        for pod in ours
    )
    look = deployment(live, [pod for pod in ours if controller_uid(pod) == newest], written)
    if changed == "ConfigMap":
        # The pods that wait for it are still the same ones: the kubelet tries them again.
        look = replace(look, hopeless=False)
    if not still_there:
        return look
    return Look(("the evicted pod is still there", *look.problems), look.state, look.restarts)


def deployment(live: Object, new_pods: list[Object], written: int) -> Look:
    """Whether a Deployment's newest revision is the one that is available. Pure.

    `written` is the generation after our write (0 for none), `new_pods` are the newest revision's.
    """
    status = live.get("status") or {}
    desired = live["spec"].get("replicas", 1)
    generation = max(live["metadata"].get("generation", 0), written)
    updated, total, ready, available = (
        int(status.get(field) or 0)
        for field in ("updatedReplicas", "replicas", "readyReplicas", "availableReplicas")
    )
    if int(status.get("observedGeneration") or 0) < generation:
        # Until then the newest ReplicaSet and its pods are those of the revision that was broken.
        return Look(("the change has not been picked up yet",))
    problems = []
    if updated < desired:
        problems.append(f"{updated} of {desired} pods are of the new revision")
    if total > updated:
        problems.append(f"{count(total - updated, 'pod')} left of the old revision")
    if available < desired <= ready:
        waits = live["spec"].get("minReadySeconds") or 0
        problems.append(f"{available} of {desired} pods were ready for {waits} s (minReadySeconds)")
    elif min(ready, available) < desired or status.get("unavailableReplicas"):
        problems.append(f"{min(ready, available)} of {desired} pods are ready")
    living = [pod for pod in new_pods if not pod["metadata"].get("deletionTimestamp")]
    stuck = [reason for pod in living if (reason := hopeless(pod))]
    problems += dict.fromkeys(stuck)
    problems += _refused(status) if problems else []
    return Look(
        tuple(problems),
        f"revision {revision(live)} has {ready} of {desired} pods ready",
        sum(map(restarts, living)),
        hopeless=bool(stuck),
        starting=deadline_of(live) if still_starting(live, living) else None,
    )


def _refused(status: Object) -> list[str]:
    """Why its pods are not even created: a quota, an admission webhook."""
    conditions = [c for c in status.get("conditions") or [] if c.get("type") == "ReplicaFailure"]
    messages = (str(c.get("message")) for c in conditions if c.get("status") == "True")
    return [f"its pods are refused: {' '.join(message.split())[:200]}" for message in messages]


def daemon_set(live: Object) -> Look:
    """Whether a DaemonSet's pods are all up to date and ready. Pure."""
    status = live.get("status") or {}
    desired, updated, ready = (
        int(status.get(field) or 0)
        for field in ("desiredNumberScheduled", "updatedNumberScheduled", "numberReady")
    )
    problems = []
    if int(status.get("observedGeneration") or 0) < live["metadata"].get("generation", 0):
        problems.append("the change has not been picked up yet")
    if min(updated, ready) < desired:
        problems.append(f"{min(updated, ready)} of {desired} pods are ready")
    return Look(tuple(problems), f"{ready} of {desired} pods are ready")


def stateful_set(live: Object) -> Look:
    """Whether all pods of a StatefulSet are ready. Pure."""
    status = live.get("status") or {}
    desired, ready = live["spec"].get("replicas", 1), int(status.get("readyReplicas") or 0)
    problems = []
    if int(status.get("observedGeneration") or 0) < live["metadata"].get("generation", 0):
        problems.append("the change has not been picked up yet")
    if ready < desired:
        problems.append(f"{ready} of {desired} pods are ready")
    return Look(tuple(problems), f"{ready} of {desired} pods are ready")


def _owner(attempt: Tried) -> ObjectRef:
    return attempt.applied.owner if attempt.applied else attempt.result.action.target
