"""How the snapshot's text describes one owner: its state, revisions, pods, events and logs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from watchdog.observation.spec_text import template
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClusterSnapshot, EventSummary, LogTail
from watchdog.snapshot.workloads import (
    ContainerState,
    DeploymentSummary,
    JobSummary,
    PodSummary,
    RevisionSummary,
    WorkloadSummary,
)
from watchdog.text.regex import regex
from watchdog.text.sanitize import age, clean, quoted

_SERIOUS = regex(
    r"error|fatal|panic|exception|fail|denied|refused|not found|missing|must", re.IGNORECASE
)
_STAMP = regex(r"^\W*\d{4}-\d\d-\d\d[T ][\d:.,]+\S*\s*|^\W*\d\d:\d\d:\d\d[.,\d]*\s*")
# As a Deployment's pods end: hashes in the letters that Kubernetes takes for them.
_POD_NAME = regex(r"[-a-z0-9]{1,63}-[bcdf-hj-np-tv-xz2-9]{6,10}-[bcdf-hj-np-tv-xz2-9]{5}\b")
# What is left of a pod's name without that of its Job, ReplicaSet or DaemonSet.
_POD_SUFFIX = regex(r"(?<![a-z0-9])-[bcdf-hj-np-tv-xz2-9]{5}\b")
_POD_UID = regex(r"\([0-9a-f-]{36}\)")
_GOOD_NEWS = {"Available": "True", "Progressing": "True", "Complete": "True"}
_NODES, _REVISIONS, _CHANGES = 3, 4, 8


@dataclass(frozen=True)
class Detail:
    """How much is said of each owner; `line` is the length of a quoted line in characters."""

    log_lines: int
    events: int
    line: int
    spec: bool = True
    pods: int = 6


def owners(snapshot: ClusterSnapshot) -> list[ObjectRef]:
    """Every owner that was read or has pods, the sickest first; pods of no one after those."""
    known = {workload.ref: workload for workload in snapshot.workloads()}
    sick = {pod.owner for pod in snapshot.pods if pod.sick}

    def rank(ref: ObjectRef) -> tuple[bool, bool, float, str, str]:
        workload = known.get(ref)
        ratio = workload.ready / workload.desired if workload and workload.desired else 1.0
        well = not (ref in sick or _ails(workload))
        return well, ref.kind == "Pod", ratio, ref.kind, ref.name

    return sorted({*known, *(pod.owner for pod in snapshot.pods)}, key=rank)


def _ails(workload: WorkloadSummary | None) -> bool:
    if workload is None:
        return False
    if isinstance(workload, JobSummary):
        failed = workload.condition("Failed")
        return failed is not None and failed.status == "True"
    return min(workload.ready, workload.updated) < workload.desired


def groups(pods: Iterable[PodSummary]) -> list[list[PodSummary]]:
    """Pods that look the same, together."""
    found: dict[object, list[PodSummary]] = {}
    for pod in pods:
        states = tuple(
            (c.name, c.state, c.ready, c.reason, c.exit_code, c.last_reason, c.last_exit_code)
            for c in pod.containers
        )
        look = (pod.sick, pod.phase, pod.status, pod.reason, pod.replica_set, states)
        found.setdefault(look, []).append(pod)
    return list(found.values())


def config_maps(workload: WorkloadSummary | None) -> list[ObjectRef]:
    """The ConfigMaps that the workload's pods use, by reference or by key."""
    if workload is None:
        return []
    names = [ref.name for ref in workload.template.references if ref.kind == "ConfigMap"]
    for spec in workload.template.containers:
        names += [env.object for env in spec.env if env.source == "configmap" and env.object]
    namespace = workload.ref.namespace
    return [
        ObjectRef(kind="ConfigMap", namespace=namespace, name=name) for name in dict.fromkeys(names)
    ]


class OwnerText:
    """Tells the owners of one snapshot at one level of detail; `shortened` counts what it cut."""

    def __init__(
        self,
        snapshot: ClusterSnapshot,
        names: Mapping[ObjectRef, str],
        detail: Detail,
        shortened: Counter[str],
    ) -> None:
        self._snapshot = snapshot
        self._names = names
        self._detail = detail
        self._shortened = shortened
        self._now = snapshot.taken_at
        self._told: set[int] = set()

    def lines(self, ref: ObjectRef) -> Iterator[str]:
        """Everything about one owner."""
        workload = self._snapshot.workload(ref)
        alike = groups(self._snapshot.pods_of(ref))
        if workload is not None:
            yield f"{self._names[ref]}: {self._state(workload)}"
            yield from self._conditions(workload)
        elif ref.kind == "Pod":
            yield f"{self._names[ref]}: owned by no workload"
        else:
            yield f"{self._names[ref]}: could not be read itself"
        told = list(template(workload, alike))
        yield from told if self._detail.spec else ()
        self._shortened["lines of container specs"] += 0 if self._detail.spec else len(told)
        for group in alike[: self._detail.pods]:
            yield from self._pods(group)
        self._shortened["kinds of pods"] += max(0, len(alike) - self._detail.pods)
        pods = [pod for group in alike for pod in group]
        yield from self._events(self._events_of(ref, workload, pods))
        yield from self._logs(pods)

    def events_left(self) -> Iterator[str]:
        """The events that no owner told."""
        return self._events([e for e in self._snapshot.events if id(e) not in self._told])

    def _state(self, workload: WorkloadSummary) -> str:
        parts = [f"{workload.ready} of {workload.desired} pods ready"]
        if isinstance(workload, DeploymentSummary):
            parts += [f"{workload.updated} updated", f"strategy {workload.strategy}"]
            parts += ["paused"] if workload.paused else []
            parts += [f"autoscaled by {workload.autoscaled_by}"] if workload.autoscaled_by else []
        elif isinstance(workload, JobSummary):
            parts = [f"{workload.active} active", f"{workload.succeeded} succeeded"]
            parts += [f"{workload.failed} failed", f"backoffLimit {workload.backoff_limit}"]
        parts += (
            [f"managed by {clean(str(workload.managed_by), 80)}"] if workload.managed_by else []
        )
        parts += [f"made {age(self._now, workload.created_at)} ago"] if workload.created_at else []
        return ", ".join(parts)

    def _conditions(self, workload: WorkloadSummary) -> Iterator[str]:
        for item in workload.conditions:
            if _GOOD_NEWS.get(item.type) != item.status:
                yield f"  {self._condition(item.type, item.status, item.reason, item.message)}"
        if isinstance(workload, DeploymentSummary):
            for revision in workload.revisions[:_REVISIONS]:
                yield f"  {self._revision(revision)}"
            self._shortened["earlier revisions"] += max(0, len(workload.revisions) - _REVISIONS)

    def _condition(self, type_: str, status: str, reason: str, message: str) -> str:
        said = f" {quoted(message, self._detail.line)}" if message else ""
        return f"condition {type_}={status} {clean(reason, 80)}".rstrip() + said

    def _revision(self, revision: RevisionSummary) -> str:
        facts = ["current"] if revision.current else []
        facts.append("was available" if revision.available else "not known to have been available")
        facts += [f"{age(self._now, revision.created_at)} ago"] if revision.created_at else []
        line = f"revision {revision.revision} ({', '.join(facts)})"
        changes = [clean(str(change), 200) for change in revision.changes[:_CHANGES]]
        more = len(revision.changes) - len(changes)
        changes += [f"(+{more} more)"] if more else []
        return f"{line}; since then: {'; '.join(changes)}" if changes else line

    def _pods(self, group: list[PodSummary]) -> Iterator[str]:
        pod = group[0]
        # Each of those that were read in full says how many look like it.
        more = max(len(group), *(member.alike for member in group)) - 1
        nodes = sorted({member.node for member in group if member.node})
        where = f", on {', '.join(nodes[:_NODES])}" if nodes else ""
        where += " and others" if len(nodes) > _NODES else ""
        like = f" and {more} more like it" if more else ""
        yield f"  {self._names[pod.ref]}{like}: {pod.status or pod.phase or 'unknown'}{where}"
        if pod.message or pod.reason:
            reason = clean(pod.reason, 80) or "message"
            yield f"    {reason}: {quoted(pod.message, self._detail.line)}"
        for item in pod.conditions:
            if item.type == "PodScheduled" and item.status == "False":
                yield f"    {self._condition(item.type, item.status, item.reason, item.message)}"
        for state in pod.containers:
            if pod.sick or not state.ready:
                yield f"    {self._container(state)}"

    def _container(self, state: ContainerState) -> str:
        parts = [f"{state.state} {clean(state.reason, 80)}".strip()]
        parts += ["not ready"] if state.state == "running" and not state.ready else []
        parts += [f"exit code {state.exit_code}"] if state.exit_code is not None else []
        parts += [quoted(state.message, self._detail.line)] if state.message else []
        parts += [f"{state.restarts} restarts"] if state.restarts else []
        if state.last_reason or state.last_exit_code is not None:
            ended = state.last_finished_at
            when = f" {age(self._now, ended)} ago" if ended else ""
            parts.append(f"last run ended{when}: {state.last_reason}")
            parts += [f"exit code {state.last_exit_code}"]
            parts += [quoted(state.last_message, self._detail.line)] if state.last_message else []
        return f"{'init container' if state.init else 'container'} {state.name}: {', '.join(parts)}"

    def _events_of(
        self, ref: ObjectRef, workload: WorkloadSummary | None, pods: list[PodSummary]
    ) -> list[EventSummary]:
        wanted = {("ReplicaSet", pod.replica_set) for pod in pods}
        wanted |= {(pod.ref.kind, pod.ref.name) for pod in pods} | {(ref.kind, ref.name)}
        if isinstance(workload, DeploymentSummary):
            wanted |= {("ReplicaSet", revision.replica_set) for revision in workload.revisions}
        found = [e for e in self._snapshot.events if (e.about.kind, e.about.name) in wanted]
        self._told |= {id(event) for event in found}
        return found

    def _events(self, events: list[EventSummary]) -> Iterator[str]:
        folded: dict[tuple[str, str, str], list[EventSummary]] = {}
        for event in events:
            message = _POD_NAME.sub("", _POD_UID.sub("", event.message))
            message = _POD_SUFFIX.sub("", message.replace(event.about.name, ""))
            folded.setdefault((event.type, event.reason, message), []).append(event)
        # Warnings first, and of those the most frequent: a cut falls on what says least.
        ordered = sorted(
            folded.values(),
            key=lambda same: (same[0].type != "Warning", -sum(event.count for event in same)),
        )
        self._shortened["events"] += max(0, len(ordered) - self._detail.events)
        for same in ordered[: self._detail.events]:
            first, count = same[0], sum(event.count for event in same)
            last = max((event.last_seen for event in same if event.last_seen), default=None)
            times = f" ×{count}" if count > 1 else ""
            when = f", {age(self._now, last)} ago" if last else ""
            said = quoted(_POD_UID.sub("", first.message), self._detail.line)
            what = f"{clean(first.type, 20)} {clean(first.reason, 80)}{times}"
            yield f"  event {what} on {clean(str(first.about), 120)}{when}: {said}"

    def _logs(self, pods: list[PodSummary]) -> Iterator[str]:
        seen: dict[tuple[str, str], str] = {}
        names = {pod.ref.name for pod in pods}
        for tail in (tail for tail in self._snapshot.logs if tail.pod in names):
            lines = list(self._log_lines(tail))
            run = ", its previous run" if tail.previous else ""
            title = f"log of {tail.pod}/{tail.container}{run}"
            same = seen.setdefault((tail.container, "\n".join(lines)), title)
            if lines and same != title:
                yield f"  {title}: as the {same}"
            elif lines:
                yield f"  {title}:"
                yield from lines

    def _log_lines(self, tail: LogTail) -> Iterator[str]:
        counts: Counter[str] = Counter()
        first: dict[str, str] = {}
        for line in tail.lines:
            text = clean(line, self._detail.line)
            look = _STAMP.sub("", text)
            counts[look] += 1
            first.setdefault(look, text)
        shown = _kept(list(first), self._detail.log_lines)
        self._shortened["log lines"] += len(first) - len(shown)
        for look in shown:
            yield f"    | {first[look]}{f' ×{counts[look]}' if counts[look] > 1 else ''}"


def _kept(lines: list[str], count: int) -> list[str]:
    """The last lines, and among the earlier ones those that sound serious."""
    if len(lines) <= count:
        return lines
    newest_first = range(len(lines) - 1, -1, -1)
    serious = (index for index in newest_first if _SERIOUS.search(lines[index]))
    chosen = dict.fromkeys([*islice(serious, (count + 1) // 2), *newest_first])
    return [lines[index] for index in sorted(islice(chosen, count))]
