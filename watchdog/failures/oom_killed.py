"""The kernel kills a container that uses more memory than its limit."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from watchdog.actions import PatchDeploymentResources, RolloutUndo
from watchdog.failures.example import (
    ago,
    broken,
    change,
    crashing,
    earlier,
    pod,
    running,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.failures.example import deployment as web
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import event_line, quotes
from watchdog.failures.look import (
    RESTART_WINDOW,
    Seen,
    crashes,
    exit_message,
    exit_reason,
    make_finding,
    matching,
    with_evidence,
)
from watchdog.failures.manifest import deployment
from watchdog.failures.owners import kubectl, word
from watchdog.failures.repair import changed_words, changes_of, deployment_of, permanent, undo
from watchdog.quantity import parse, write
from watchdog.regex import regex
from watchdog.settings import LimitSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

NAME = "oom_killed"
SUMMARY = "out of memory"
_STARTING = regex(r"OOM-?killed|memory limit too low|cannot allocate memory", re.IGNORECASE)
_KILLED = 137
_MEBIBYTE = Decimal(1024**2)
_SMALL, _ROOMY = 32 * _MEBIBYTE, 64 * _MEBIBYTE


def _oom(item: Seen, now: datetime) -> bool:
    state = item.state
    if _STARTING.search(exit_message(state)) and state.state != "running":
        return True
    if exit_reason(state) == "OOMKilled":
        finished = state.finished_at if state.state == "terminated" else state.last_finished_at
        return state.state != "running" or not finished or now - finished <= RESTART_WINDOW
    return False


def _child_killed(snapshot: ClusterSnapshot, item: Seen) -> bool:
    """A shell that ends with 137 because its child was killed does not always carry the reason."""
    if not crashes(item, snapshot.taken_at) or _KILLED not in (
        item.state.exit_code,
        item.state.last_exit_code,
    ):
        return False
    tail = snapshot.log(item.pod.ref.name, item.state.name)
    return bool(tail and tail.lines and tail.lines[-1].strip().endswith("Killed"))


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    def killed(item: Seen) -> bool:
        return _oom(item, snapshot.taken_at) or _child_killed(snapshot, item)

    for _owner, seen in matching(snapshot, killed):
        first = seen[0]
        starting = exit_reason(first.state) != "OOMKilled" and _STARTING.search(
            exit_message(first.state)
        )
        pods = [item.pod for item in seen]
        finding = make_finding(
            NAME,
            SUMMARY,
            snapshot,
            seen,
            limit=first.spec.limits.get("memory"),
            when="while it was started" if starting else None,
        )
        backoff = event_line(snapshot, pods, "BackOff")
        yield with_evidence(finding, *quotes(snapshot, first, 1), backoff)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    when = f" {facts['when']}" if "when" in facts else ""
    if "limit" not in facts:
        return (
            f"{facts['who']} was OOMKilled{when}: the node ran out of memory, and the container "
            "has no memory limit of its own."
        )
    return (
        f"{facts['who']} was OOMKilled{when}: it uses more memory than its memory limit of "
        f"{facts['limit']} allows (files in memory-backed volumes count too)."
        + changed_words(finding, snapshot, "limits.memory", "image", "command", "args")
    )


def _raised(limit: str) -> str:
    """Twice the limit; more for the tiny ones, within the factor that policy allows."""
    now = parse(limit)
    wanted = max(2 * now, _ROOMY) if now < _SMALL else 2 * now
    return write(min(wanted, now * Decimal(str(LimitSettings().memory_factor))), "memory")


def _was(finding: Finding, snapshot: ClusterSnapshot) -> str | None:
    """The higher limit of the last available revision, if it had one."""
    changes = changes_of(deployment_of(finding, snapshot), finding.container, "limits.memory")
    for item in changes:
        if item.was and item.now and parse(item.was) > parse(item.now):
            return item.was
    return None


def _fix(
    finding: Finding, snapshot: ClusterSnapshot
) -> PatchDeploymentResources | RolloutUndo | None:
    limit = finding.facts.get("limit")
    if deployment_of(finding, snapshot) is None or limit is None or finding.container is None:
        return None
    changes = changes_of(deployment_of(finding, snapshot), finding.container, "limits.memory")
    if any(item.was is None for item in changes):
        found = undo(finding, snapshot, "limits.memory", container=finding.container)
        if found:
            return found
    return PatchDeploymentResources(
        target=finding.target,
        container=finding.container,
        memory_limit=_was(finding, snapshot) or _raised(limit),
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    workload = snapshot.workload(finding.target)
    limit = finding.facts.get("limit")
    if limit is None:
        return Advice(
            f"Give container {finding.container} a memory request and limit that fit what it uses, "
            "and look at what else fills the node."
        )
    wanted = _was(finding, snapshot) or _raised(limit)
    text = (
        f"Find out whether the memory is needed or leaks. "
        f"{permanent(workload, f'the memory limit ({wanted} or more)')}"
    )
    if finding.target.kind in {"Deployment", "StatefulSet", "DaemonSet"}:
        name = ("set", "resources", word(finding.target), "-c", finding.container or "")
        return Advice(text, kubectl(snapshot, *name, f"--limits=memory={wanted}"))
    return Advice(f"{text} Then create {finding.target} again.")


def _examples() -> tuple[Example, ...]:
    small = spec(limits={"memory": "128Mi"})
    oom = crashing(137, last_reason="OOMKilled")
    start = waiting(
        "RunContainerError",
        "failed to create shim task: unable to start container process: container init was "
        "OOM-killed (memory limit too low?): unknown",
        last_reason="StartError",
        last_exit_code=128,
        restarts=2,
    )
    past = running(
        restarts=1, last_reason="OOMKilled", last_exit_code=137, last_finished_at=ago(600)
    )
    patch, claims = "patch_deployment_resources", "Deployment/web"
    lowered = earlier(change("limits.memory", "256Mi", "128Mi"))
    added = earlier(change("limits.memory", None, "128Mi"))
    ready = web(ready=1)
    old = running(
        restarts=1, last_reason="OOMKilled", last_exit_code=137, last_finished_at=ago(90000)
    )
    return (
        Example("killed at its limit", broken(oom, container=small), claims, patch),
        Example("limit lowered", broken(oom, container=small, last=lowered), claims, patch),
        Example("limit added", broken(oom, container=small, last=added), claims, "rollout_undo"),
        Example(
            "killed while starting",
            broken(start, container=spec(limits={"memory": "15Mi"})),
            claims,
            patch,
        ),
        Example("no limit", broken(oom), claims),
        Example(
            "runs again after a kill",
            snapshot_of(ready, pod(past, specs=(small,), sick=True)),
            claims,
            patch,
        ),
        Example("killed yesterday", snapshot_of(ready, pod(old, specs=(small,), sick=True)), None),
        Example("killed by something else", broken(crashing(137), container=small), None),
    )


_SHELL = "dd if=/dev/zero of=/dev/shm/fill bs=1M count=40 && sleep 3600"
OOM_KILLED = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "The kernel killed the container at its memory limit. Raise the limit to what the log or "
        "the requests say that it needs, at least to twice of what it has."
    ),
    drill=Drill(
        manifest=deployment(_SHELL, container="resources: {limits: {memory: 32Mi}}"),
        ends="healed",
    ),
    examples=_examples,
    fix=_fix,
    actions=("patch_deployment_resources", "rollout_undo"),
)
