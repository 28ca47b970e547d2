"""What a pass knows of its incidents while it tells people, and what it notes. No sending.

A mark that must stand before a message is sent goes through `keep_first`; all others are in the
memories that the pass saves afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from watchdog.errors import ClusterError
from watchdog.incidents.memory import Memory
from watchdog.model.diagnosis import Finding
from watchdog.model.incident import Incident, Notice, Thread
from watchdog.model.report import Delivery, NamespaceReport, Report
from watchdog.report.case import Case
from watchdog.report.ownership import ownership
from watchdog.report.story import Story
from watchdog.report.wording import chapters
from watchdog.settings.schema import Settings

_URGENCY = ("needs_you", "broken", "fixing", "fixed", "resolved")


class Key(NamedTuple):
    """Which incident: fingerprints are unique in a namespace's memory."""

    namespace: str
    fingerprint: str


@dataclass
class Outbox:
    """`memories` are as they will be returned; `keep` saves one before something is sent.

    `now` is by the clock that memory goes by.
    """

    report: Report
    memories: dict[str, Memory]
    keep: Callable[[str, Memory], None]
    now: datetime
    settings: Settings
    told: set[Key] = field(default_factory=set)
    errors: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._at_first = dict(self.memories)
        self._kept: dict[str, Memory] = {}
        self._found = _found(self.report)

    def by_urgency(self) -> list[Key]:
        """All incidents, the most urgent first, and those about pods of no one last.

        Of equals each namespace's first comes before any second: none takes the others' room.
        """
        found: list[tuple[bool, int, int, Key]] = []
        for namespace, memory in self.memories.items():
            before: Counter[tuple[bool, int]] = Counter()
            for item in memory.incidents:
                rank = item.target.kind == "Pod", _URGENCY.index(item.state)
                found.append((*rank, before[rank], Key(namespace, item.fingerprint)))
                before[rank] += 1
        return [key for *_, key in sorted(found, key=lambda each: each[:3])]

    def incident(self, key: Key) -> Incident:
        """The incident as it is noted now."""
        incidents = self.memories[key.namespace].incidents
        return next(item for item in incidents if item.fingerprint == key.fingerprint)

    def thread(self, key: Key) -> Thread:
        """Its message; an empty one where there is none."""
        return self.incident(key).thread or Thread()

    def story(self, key: Key) -> Story:
        """The incident with this pass's words for it."""
        incident = self.incident(key)
        case, item = self._found.get(_about(key.namespace, incident), (None, None))
        ours = ownership(self.settings, key.namespace, self.report.cluster)
        return Story(incident, self.report, self.now, item, case, ours)

    def changed(self, key: Key) -> bool:
        """Whether its message is there and its thread was not told how it stands now."""
        incident, thread = self.incident(key), self.thread(key)
        told = (thread.told, thread.returned) == (incident.state, incident.reopened)
        return bool(thread.ts) and not told

    def leader(self, key: Key) -> Key:
        """The incident whose message speaks for this one too: its own, or that of the cause."""
        case = self.story(key).case
        if case is None or not case.others:
            return key
        about = _about(key.namespace, case.finding)
        incidents = self.memories[key.namespace].incidents
        first = next((i for i in incidents if _about(key.namespace, i) == about), None)
        return Key(key.namespace, first.fingerprint) if first else key

    def note(self, key: Key, thread: Thread | None) -> None:
        """Note where its message is."""
        self._change(key, {"thread": thread})

    def asked(self, key: Key, ts: str) -> None:
        """Note where its approval was asked for."""
        request = self.incident(key).request
        if request is not None:
            self._change(key, {"request": request.model_copy(update={"ts": ts})})

    def burnt(self, key: Key, left: Sequence[str]) -> None:
        """Note which used asks do not say so yet."""
        if tuple(left) != self.incident(key).used_asks:
            self._change(key, {"used_asks": tuple(left)})

    def keep_first(self, threads: Mapping[Key, Thread]) -> list[Key]:
        """Save these marks, before anything is sent; the incidents for which that worked."""
        before = dict(self.memories)
        for key, thread in threads.items():
            self.note(key, thread)
        failed = set()
        for namespace in {key.namespace for key in threads}:
            try:
                self.keep(namespace, self.memories[namespace])
            except ClusterError as error:
                failed.add(namespace)
                self.memories[namespace] = before[namespace]
                self.fail(f"not posted, as the memory of {namespace} cannot be kept: {error}")
            else:
                self._kept[namespace] = self.memories[namespace]
        return [key for key in threads if key.namespace not in failed]

    def keep_notices(self, wanted: Iterable[tuple[Key, str]]) -> None:
        """Save that these messengers hear of these incidents, before anything is sent.

        Where that fails, the notes are not there.
        """
        before = dict(self.memories)
        for key, name in wanted:
            incident = self.incident(key)
            notice = Notice(to=name, told=incident.state, returned=incident.reopened)
            rest = (each for each in incident.notices if each.to != name)
            self._change(key, {"notices": (*rest, notice)})
        for namespace, memory in self.memories.items():
            if memory == before[namespace]:
                continue
            try:
                self.keep(namespace, memory)
            except ClusterError as error:
                self.memories[namespace] = before[namespace]
                self.fail(f"not posted, as the memory of {namespace} cannot be kept: {error}")
            else:
                self._kept[namespace] = memory

    def take_back_notice(self, key: Key, name: str, before: Mapping[str, Memory]) -> None:
        """The messenger does not know after all: it knows what it knew before."""
        held = next(i for i in before[key.namespace].incidents if i.fingerprint == key.fingerprint)
        rest = (each for each in self.incident(key).notices if each.to != name)
        knew = held.notice(name)
        self._change(key, {"notices": (*rest, *((knew,) if knew else ()))})

    def fail(self, error: str) -> None:
        """Note what went wrong, once."""
        self.errors.setdefault(error)

    def close(self) -> list[Delivery]:
        """What left and what did not.

        A mark that was saved and taken back is saved once more: to anyone who compares the memories
        with the first ones, nothing would have changed.
        """
        for namespace, kept in self._kept.items():
            if self.memories[namespace] == self._at_first[namespace] != kept:
                try:
                    self.keep(namespace, self.memories[namespace])
                except ClusterError as error:
                    self.fail(f"the memory of {namespace} cannot be kept: {error}")
        went = [Delivery(to="slack", ok=True)] * len(self.told)
        return [*went, *(Delivery(to="slack", ok=False, error=error) for error in self.errors)]

    def _change(self, key: Key, update: Mapping[str, Any]) -> None:
        memory = self.memories[key.namespace]
        incidents = tuple(
            item.model_copy(update=update) if item.fingerprint == key.fingerprint else item
            for item in memory.incidents
        )
        self.memories[key.namespace] = memory.model_copy(update={"incidents": incidents})


def _about(namespace: str, of: Incident | Finding) -> tuple[object, ...]:
    return (namespace, of.kind, of.target, of.container)


def _found(report: Report) -> dict[tuple[object, ...], tuple[Case, NamespaceReport]]:
    """For what each finding is about, the case that tells it."""
    pairs: Iterable[tuple[Case, NamespaceReport]] = (
        (case, item)
        for chapter, item in zip(chapters(report), report.namespaces, strict=True)
        for case in chapter.cases
    )
    return {
        _about(item.namespace, finding): (case, item)
        for case, item in pairs
        for finding in (case.finding, *case.others)
    }
