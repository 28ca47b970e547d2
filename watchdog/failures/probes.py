"""What the kinds share that judge failing probes: the kubelet's events, and what they say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.failures.lines import shorten

if TYPE_CHECKING:
    from watchdog.failures.look import Seen
    from watchdog.observation.snapshot import ClusterSnapshot, ContainerSpec, EventSummary, Probe

PROBE_FIELDS = ("liveness", "readiness", "startup", "image", "command", "args", "ports", "env")
_STATUS = re.compile(r"statuscode: (\d{3})")
_ANSWERS = (
    (re.compile(r"statuscode: (\d{3})"), "the answer is HTTP {0}"),
    (re.compile(r"connection refused"), "nothing listens there (connection refused)"),
    (re.compile(r"deadline exceeded|timeout|timed out", re.IGNORECASE), "no answer in time"),
    (re.compile(r"no such host"), "its host is not known"),
    (re.compile(r"command .* failed|exit(?:ed| code| status)", re.IGNORECASE), "the command fails"),
)
_PREFIX = re.compile(r"^\w+ probe (?:failed|errored(?: and resulted in \w+ state)?):?\s*")
_CLIENT_ERRORS = range(400, 500)


def unhealthy(snapshot: ClusterSnapshot, item: Seen, *probes: str) -> list[EventSummary]:
    """The events that say that one of these probes (`Liveness`, ...) failed, newest last."""
    wanted = tuple(f"{probe} probe" for probe in probes)
    return [
        event
        for event in snapshot.events_about(item.pod.ref)
        if event.reason == "Unhealthy" and event.message.startswith(wanted)
    ]


def killed_by_probe(snapshot: ClusterSnapshot, item: Seen) -> str | None:
    """`liveness` or `startup`, if the kubelet said that it restarts the container for it."""
    start = f"Container {item.state.name} failed "
    for event in reversed(snapshot.events_about(item.pod.ref)):
        if event.reason == "Killing" and event.message.startswith(start):
            return event.message.removeprefix(start).split(" ", 1)[0]
    return None


def probe_of(spec: ContainerSpec, kind: str) -> Probe | None:
    """The container's `liveness`, `readiness` or `startup` probe."""
    return {"liveness": spec.liveness, "readiness": spec.readiness, "startup": spec.startup}[kind]


def answer(message: str) -> str:
    """What the probe got, in words."""
    for pattern, words in _ANSWERS:
        found = pattern.search(message)
        if found:
            return words.format(*found.groups())
    said = _PREFIX.sub("", message)
    return f'it says "{shorten(said, 120)}"' if said else "it says nothing more"


def says_no(message: str) -> bool:
    """Whether a server that is up answered that it does not know what the probe asks for."""
    found = _STATUS.search(message)
    return found is not None and int(found[1]) in _CLIENT_ERRORS


def port_note(spec: ContainerSpec, probe: Probe | None) -> str:
    """A hint where the probe asks a port that the container does not declare."""
    if probe is None or probe.port is None or not spec.ports:
        return ""
    declared = [str(port.number) for port in spec.ports] + [p.name for p in spec.ports if p.name]
    if probe.port in declared:
        return ""
    return f" The container declares port {declared[0]}, the probe asks {probe.port}."
