"""What a write changes, as a small diff for people: names and sources in place of values.

Pure. An env value, a command and an annotation may hold anything, so none is ever shown; commands
of revisions that were observed are shown as the snapshot has them, which is redacted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from watchdog.actions import Object, PatchConfigMap, ProposedValue, RemediationAction
from watchdog.actions.rollout_restart import ANNOTATION as RESTARTED_AT
from watchdog.actions.rollout_undo import HASH_LABEL
from watchdog.snapshot.workloads import Change

MAX_LINES = 40
_NOW = "(as it is now)"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PLAIN_POD_FIELDS = ("serviceAccountName", "nodeSelector", "hostNetwork", "priorityClassName")


@dataclass(frozen=True)
class Wording:
    """How values are spoken of: the source, what the snapshot saw change, what may be shown."""

    material: ProposedValue
    changes: tuple[Change, ...] = ()
    harmless: Collection[str] = ()

    @property
    def new(self) -> str:
        """What stands for a value that would be written."""
        if self.material.origin == "revision":
            return f"(as in {self.material.source})"
        return f"({self.material.source or 'new'})"

    def seen(self, field: str, container: str | None) -> tuple[str, str] | None:
        """How the snapshot words that field, now and in the revision that would come back."""
        for change in self.changes:
            if (change.field, change.container) == (field, container):
                return change.now or "(not set)", change.was or "(not set)"
        return None


def describe(action: RemediationAction, before: Object, after: Object, wording: Wording) -> str:
    """The whole diff between two states of the target, as `+` and `-` lines."""
    if action.target_kind == "Pod":
        return f"- pod {action.target.name}\n+ (its controller makes another)"
    if isinstance(action, PatchConfigMap):
        return f"+ key {action.key}: {wording.new}"
    if action.subresource == "scale":
        was, now = (item.get("spec", {}).get("replicas") for item in (before, after))
        return f"- replicas: {was}\n+ replicas: {now}"
    lines = _template(before["spec"]["template"], after["spec"]["template"], wording)
    # Kubernetes takes an image of several lines: each of them would read as a change of its own.
    return "\n".join(" ".join(line.splitlines()) for line in lines)


def shortened(diff: str) -> str:
    """At most MAX_LINES lines of a diff, for a report on what was done."""
    lines = diff.splitlines()
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], f"  ({len(lines) - MAX_LINES} more lines)"]
    return "\n".join(lines)


def _template(before: Object, after: Object, wording: Wording) -> Iterator[str]:
    for group, word in (("initContainers", "init container"), ("containers", "container")):
        was, now = (
            {item["name"]: item for item in template["spec"].get(group) or []}
            for template in (before, after)
        )
        for name in [*was, *(name for name in now if name not in was)]:
            if name not in now:
                yield f"- {word} {name}: {was[name].get('image')}"
            elif name not in was:
                yield f"+ {word} {name}: {now[name].get('image')}"
            elif lines := list(_container(was[name], now[name], wording)):
                yield f"  {word} {name}:"
                yield from lines
    for field in sorted({*before["spec"], *after["spec"]} - {"containers", "initContainers"}):
        plain = field in _PLAIN_POD_FIELDS
        yield from _field(
            field, before["spec"].get(field), after["spec"].get(field), wording, plain
        )
    yield from _metadata(before.get("metadata") or {}, after.get("metadata") or {}, wording)


def _container(was: Object, now: Object, wording: Wording) -> Iterator[str]:
    yield from _field("image", was.get("image"), now.get("image"), wording, plain=True)
    name = now["name"]
    for field in ("command", "args"):
        if was.get(field) != now.get(field):
            words = wording.seen(field, name)
            new = wording.new
            if wording.material.origin == "suggested":
                # What a person approves has to be seen, and it came from nowhere in the cluster.
                new = json.dumps(now.get(field), ensure_ascii=False)
            yield f"- {field}: {words[0] if words else _NOW}"
            yield f"+ {field}: {words[1] if words else new}"
    yield from _env(was.get("env") or [], now.get("env") or [], wording)
    held, holds = (_flat(item.get("resources") or {}) for item in (was, now))
    for field in sorted({*held, *holds}):
        yield from _field(field, held.get(field), holds.get(field), wording, plain=True)
    for field in _PROBES:
        if was.get(field) != now.get(field):
            whole = wording.material.origin == "suggested"
            yield from _sides(field, _probe(was.get(field)), _probe(now.get(field), whole=whole))
    known = {"name", "image", "command", "args", "env", "resources", *_PROBES}
    for field in sorted({*was, *now} - known):
        yield from _field(field, was.get(field), now.get(field), wording)


def _env(was: list[Object], now: list[Object], wording: Wording) -> Iterator[str]:
    held, holds = ({entry["name"]: entry for entry in entries} for entries in (was, now))
    for name in held:
        if name not in holds:
            yield f"- - name: {name}"
    for name, entry in holds.items():
        if name not in held:
            yield f"+ - name: {name}"
            yield f"+   {_value(entry, wording.new, wording)}"
        elif entry != held[name]:
            yield f"  - name: {name}"
            yield f"-   {_value(held[name], _NOW, wording)}"
            yield f"+   {_value(entry, wording.new, wording)}"


def _value(entry: Object, words: str, wording: Wording) -> str:
    reference = entry.get("valueFrom")
    if not reference:
        # What a person approves has to be seen, and a suggestion came from nowhere in the cluster.
        suggested = wording.material.origin == "suggested" and words == wording.new
        plain = suggested or entry["name"] in wording.harmless
        return f"value: {entry.get('value', '') if plain else words}"
    kind, where = next(iter(reference.items()))
    parts = [str(where[key]) for key in ("name", "key", "fieldPath", "resource") if key in where]
    return f"valueFrom: {kind} {' '.join(parts)}"


def _metadata(was: Object, now: Object, wording: Wording) -> Iterator[str]:
    for group, word in (("labels", "label"), ("annotations", "annotation")):
        held, holds = ((item.get(group) or {}) for item in (was, now))
        for name in sorted({*held, *holds} - {HASH_LABEL}):
            plain = name == RESTARTED_AT or group == "labels"
            yield from _field(f"{word} {name}", held.get(name), holds.get(name), wording, plain)


def _field(field: str, was: Any, now: Any, wording: Wording, plain: bool = False) -> Iterator[str]:
    if was == now:
        return
    yield from _sides(
        field,
        None if was is None else str(was) if plain else _NOW,
        None if now is None else str(now) if plain else wording.new,
    )


def _sides(field: str, was: str | None, now: str | None) -> Iterator[str]:
    if was is not None:
        yield f"- {field}: {was}"
    if now is not None:
        yield f"+ {field}: {now}"


def _flat(resources: Object) -> dict[str, str]:
    return {
        f"{group}.{name}": str(text)
        for group in ("requests", "limits")
        for name, text in (resources.get(group) or {}).items()
    }


def _probe(probe: Object | None, *, whole: bool = False) -> str | None:
    """A probe in words, without headers and commands: they may hold credentials.

    `whole` leaves nothing of its path out, as a person has to approve that.
    """
    if probe is None:
        return None
    if http := probe.get("httpGet"):
        path = str(http.get("path", "/"))
        path = path if whole else path.partition("?")[0]
        asks = f"GET {path} on port {http.get('port')}"
    elif tcp := probe.get("tcpSocket"):
        asks = f"connect to port {tcp.get('port')}"
    else:
        asks = "run a command" if "exec" in probe else "ask by gRPC"
    timing = (
        f"after {probe.get('initialDelaySeconds', 0)} s, every {probe.get('periodSeconds', 10)} s, "
        f"timeout {probe.get('timeoutSeconds', 1)} s, {probe.get('failureThreshold', 3)} failures"
    )
    return f"{asks} ({timing})"
