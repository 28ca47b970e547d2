"""What a pass knows of its incidents while it tells Slack, and what it notes. No sending.

A mark that must stand before a message is sent goes through `keep_first`; all others are in the
memories that the pass saves afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from watchdog.errors import ClusterError
from watchdog.incidents.incident import Incident, Thread
from watchdog.incidents.memory import Memory
from watchdog.nouns import Delivery, Finding, NamespaceReport, Report
from watchdog.report.slack_answers import Answer
from watchdog.report.slack_incidents import Story
from watchdog.report.words import Case, chapters

_URGENCY = ("needs_you", "broken", "fixing", "fixed", "resolved")


class Key(NamedTuple):
    """Which incident: fingerprints are unique in a namespace's memory."""

    namespace: str
    fingerprint: str


@dataclass
class Book:
    """`memories` are as they will be returned; `keep` saves one before something is sent.

    `now` is by the clock that memory goes by.
    """

    report: Report
    memories: dict[str, Memory]
    keep: Callable[[str, Memory], None]
    now: datetime
    told: set[Key] = field(default_factory=set)
    errors: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._at_first = dict(self.memories)
        self._kept: dict[str, Memory] = {}
        self._found = _found(self.report)

    def by_urgency(self) -> list[Key]:
        """All incidents, the most urgent first."""
        found = [
            (_URGENCY.index(item.state), Key(namespace, item.fingerprint))
            for namespace, memory in self.memories.items()
            for item in memory.incidents
        ]
        return [key for _, key in sorted(found, key=lambda pair: pair[0])]

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
        return Story(incident, self.report, self.now, item, case)

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

    def fail(self, error: str) -> None:
        """Note what went wrong, once."""
        self.errors.setdefault(error)

    def refuse(self, answer: Answer, channel: str, what: str = "") -> None:
        """Note that Slack did not take something."""
        self.fail(what + answer.words(channel))

    def close(self) -> list[Delivery]:
        """What left and what did not.

        A mark that was saved and taken back is saved once more: to whoever compares the memories
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
