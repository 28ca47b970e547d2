"""Reads of a real API server on tape, and played back: what Kubernetes really says, offline."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.still_clock import StillClock
from watchdog import errors
from watchdog.errors import ClusterError
from watchdog.kube.ports import Json, Listing, Reader, Served, TablePage
from watchdog.kube.resources import Resource

NOISE = {
    "clusterIP",
    "clusterIPs",
    "containerID",
    "hostIP",
    "hostIPs",
    "imageID",
    "kubectl.kubernetes.io/last-applied-configuration",
    "managedFields",
    "podIP",
    "podIPs",
    "reportingInstance",
    "resourceVersion",
    "schedulerName",
    "terminationMessagePath",
    "terminationMessagePolicy",
}
"""What no rule reads, or what belongs to the machine that recorded it."""
_NOTHING: dict[str, Any] = {
    "served": [],
    "list": [[], False, None],
    "table": [[True, [], [], None]],
}
TOKEN_VOLUME = "kube-api-access-"
NAMESPACE = "shop"


@dataclass
class Tape(StillClock):
    """A Reader that keeps every answer of `reader`, or plays them back where there is none.

    It is a Clock too: the moment of the recording.
    """

    moment: datetime
    answers: dict[str, Any] = field(default_factory=dict)
    reader: Reader | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def table(
        self,
        resource: Resource,
        namespace: str,
        *,
        columns: Collection[str] = (),
        label_selector: str = "",
        page_size: int = 500,
    ) -> Iterator[TablePage]:
        def read(reader: Reader) -> list[Any]:
            pages = reader.table(
                resource,
                namespace,
                columns=columns,
                label_selector=label_selector,
                page_size=page_size,
            )
            return [list(page[:4]) for page in pages]

        for first, heads, rows, items in self._answer(read, "table", resource.plural):
            cells = tuple(tuple(row) for row in rows)
            yield TablePage(first, tuple(heads), cells, None if items is None else tuple(items))

    def list(  # noqa: PLR0913 - the parts of one request
        self,
        resource: Resource,
        namespace: str,
        *,
        label_selector: str = "",
        field_selector: str = "",
        limit: int | None = None,
        keep: Callable[[Json], Json | None] | None = None,
    ) -> Listing:
        def read(reader: Reader) -> list[Any]:
            found = reader.list(
                resource,
                namespace,
                label_selector=label_selector,
                field_selector=field_selector,
                limit=limit,
            )
            return list(found)

        items, more, remaining = self._answer(
            read, "list", resource.plural, label_selector, field_selector
        )
        kept = [keep(item) for item in items] if keep else items
        return Listing([item for item in kept if item is not None], more, remaining)

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        def read(reader: Reader) -> Json:
            return reader.get(resource, namespace, name)

        answer: Json = self._answer(read, "get", resource.plural, name if namespace else "")
        return answer

    def served(self, group: str, plurals: Collection[str]) -> tuple[Served, ...]:
        def read(reader: Reader) -> list[Any]:
            return [[list(one.resource), one.namespaced] for one in reader.served(group, plurals)]

        answer = self._answer(read, "served", group)
        return tuple(Served(Resource(*resource), namespaced) for resource, namespaced in answer)

    def logs(  # noqa: PLR0913 - as the Reader has it
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool,
        lines: int | None,
        bytes_: int,
        since_seconds: int | None = None,
    ) -> str:
        def read(reader: Reader) -> str:
            return reader.logs(
                namespace,
                pod,
                container,
                previous=previous,
                lines=lines,
                bytes_=bytes_,
                since_seconds=since_seconds,
            )

        return str(self._answer(read, "logs", pod, container, "previous" if previous else ""))

    def _answer(self, read: Callable[[Reader], Any], *question: str) -> Any:
        key = " ".join(word for word in question if word)
        if self.reader is not None:
            try:
                answer = read(self.reader)
            except ClusterError as error:
                kind, status = type(error).__name__, error.status
                answer = {"error": kind, "message": str(error), "status": status}
            with self.lock:
                self.answers[key] = answer
        # What was not asked for when it was recorded had nothing to say.
        answer = self.answers.get(key, _NOTHING.get(question[0]))
        if answer is None:
            raise KeyError(key)
        if isinstance(answer, dict) and "error" in answer:
            raise getattr(errors, answer["error"])(answer["message"], answer["status"])
        return answer

    def save(self, path: Path, namespace: str) -> None:
        """Write the tape without noise, as if it had been recorded in the namespace `shop`."""
        kept = {"moment": self.moment.isoformat(), "answers": _without_noise(self.answers)}
        text = json.dumps(kept, indent=0, sort_keys=True).replace(namespace, NAMESPACE)
        path.write_text(_lean(text) + "\n")


def load(path: Path) -> Tape:
    """The tape that `save` wrote."""
    kept = json.loads(path.read_text())
    return Tape(datetime.fromisoformat(kept["moment"]).astimezone(UTC), kept["answers"])


def _lean(text: str) -> str:
    """The same JSON, a line for each object and scalars of one list together."""
    return re.sub(r"\n(?=[\]}\d\"]|null|true|false)", "", text)


def _without_noise(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_noise(item) for key, item in value.items() if key not in NOISE}
    if isinstance(value, list):
        return [_without_noise(item) for item in value if not _is_token(item)]
    return value


def _is_token(item: Any) -> bool:
    """Whether it is the volume with the service account's token, or a mount of it."""
    return isinstance(item, dict) and str(item.get("name", "")).startswith(TOKEN_VOLUME)
