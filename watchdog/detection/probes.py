"""What the kinds share that judge failing probes: the kubelet's events, and what they say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.detection.blame import adds
from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import make_finding, with_evidence
from watchdog.detection.kind import Advice
from watchdog.detection.log_lines import event_evidence, shorten, told_by
from watchdog.detection.outside import NO_ERROR, origin_of_log
from watchdog.detection.owners import kubectl, word
from watchdog.detection.rollback import (
    changed_words,
    changes_of,
    deployment_of,
    permanent,
    undo,
)
from watchdog.text.format import verbatim
from watchdog.text.log_line import read_line
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from watchdog.actions import RolloutUndo
    from watchdog.model.diagnosis import Finding, Origin
    from watchdog.snapshot.pod_template import ContainerSpec, Probe
    from watchdog.snapshot.snapshot import ClusterSnapshot, EventSummary

_ASKED_BY = ("liveness", "readiness", "startup", "command", "args", "ports")
PROBE_FIELDS = ("liveness", "readiness", "startup", "image", "command", "args", "ports", "env")
_STATUS = regex(r"statuscode: (\d{3})")
_ANSWERS = (
    (regex(r"statuscode: (\d{3})"), "the answer is HTTP {0}"),
    (regex(r"connection refused"), "nothing listens there (connection refused)"),
    (regex(r"deadline exceeded|timeout|timed out", re.IGNORECASE), "no answer in time"),
    (regex(r"no such host"), "its host is not known"),
    (regex(r"command .* failed|exit(?:ed| code| status)", re.IGNORECASE), "the command fails"),
)
_PREFIX = regex(r"^\w+ probe (?:failed|errored(?: and resulted in \w+ state)?):?\s*")
_CLIENT_ERRORS = range(400, 500)


def unhealthy(snapshot: ClusterSnapshot, item: ContainerView, *probes: str) -> list[EventSummary]:
    """The events that say that one of these probes (`Liveness`, ...) failed, newest last."""
    wanted = tuple(f"{probe} probe" for probe in probes)
    return [
        event
        for event in snapshot.events_about(item.pod.ref)
        if event.reason == "Unhealthy" and event.message.startswith(wanted)
    ]


def telling_failure(
    snapshot: ClusterSnapshot, item: ContainerView, kind: str
) -> EventSummary | None:
    """The event that tells best why the `kind` probe fails: the newest refusal, else the newest.

    Beside a 404, that nothing listened for a moment or that an answer was slow tells nothing.
    """
    failed = unhealthy(snapshot, item, kind.capitalize())
    refused = [event for event in failed if says_no(event.message)]
    told = refused or failed
    return told[-1] if told else None


def killed_by_probe(snapshot: ClusterSnapshot, item: ContainerView) -> str | None:
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
    return f"it says {verbatim(shorten(said, 120))}" if said else "it says nothing more"


def says_no(message: str) -> bool:
    """Whether a server that is up answered that it does not know what the probe asks for."""
    found = _STATUS.search(message)
    return found is not None and int(found[1]) in _CLIENT_ERRORS


def from_outside(
    finding: Finding, snapshot: ClusterSnapshot, item: ContainerView, *, running: bool
) -> Finding:
    """The finding with its origin: outside, if the log says so and the revision asks nothing new.

    A program that cannot reach what it depends on answers its probes with an error, or not at all.
    A server that does not know what the probe asks for tells of the probe alone.
    """
    kind = finding.facts["probe"]
    asked = changes_of(deployment_of(finding, snapshot), finding.container, *_ASKED_BY)
    failed = unhealthy(snapshot, item, kind.capitalize())
    if asked or any(says_no(event.message) for event in failed):
        return finding
    told = told_by(snapshot, item, running=running)
    probe = probe_of(item.spec, kind)
    said = (
        [_PREFIX.sub("", failed[-1].message)] if failed and probe and probe.type == "exec" else []
    )
    if told and (told.sure or read_line(told.line).level not in NO_ERROR):
        said.append(told.line)
    origins = (origin_of_log(snapshot, item, line, running=running) for line in said)
    origin: Origin = "outside" if "outside" in origins else "workload"
    return finding.model_copy(update={"origin": origin})


def port_note(spec: ContainerSpec, probe: Probe | None) -> str:
    """A hint where the probe asks a port that the container does not declare."""
    if probe is None or probe.port is None or not spec.ports:
        return ""
    declared = [str(port.number) for port in spec.ports] + [p.name for p in spec.ports if p.name]
    if probe.port in declared:
        return ""
    return f" The container declares port {declared[0]}, the probe asks {probe.port}."


def probe_finding(
    name: str, kind: str, snapshot: ClusterSnapshot, seen: list[ContainerView]
) -> Finding:
    """The finding that the `kind` probe of these containers fails, with what it asks and gets.

    Its evidence is the event that tells best why.
    """
    first = seen[0]
    failed = telling_failure(snapshot, first, kind)
    probe = probe_of(first.spec, kind)
    waits = []
    if first.spec.sidecar and not first.state.started:
        waits = [item.name for item in first.pod.containers if not item.init]
    finding = make_finding(
        name,
        f"{kind} probe fails",
        snapshot,
        seen,
        probe=kind,
        asks=probe.asks if probe else None,
        answer=answer(failed.message) if failed else None,
        restarts=str(first.state.restarts),
        port=port_note(first.spec, probe),
        waits=" and ".join(waits) or None,
    )
    return with_evidence(finding, event_evidence(failed) if failed else None)


def probe_words(finding: Finding, snapshot: ClusterSnapshot) -> str:
    """`its liveness probe (GET /healthz on port 80) fails: the answer is HTTP 404.`, and since."""
    facts = finding.facts
    got = f": {facts['answer']}" if "answer" in facts else ""
    waits = f" {facts['waits']} never starts because of it." if "waits" in facts else ""
    return (
        f"its {facts['probe']} probe ({facts.get('asks', 'probe')}) fails{got}.{waits}"
        f"{facts.get('port', '')}{changed_words(finding, snapshot, *PROBE_FIELDS)}"
    )


def probe_advice(finding: Finding, snapshot: ClusterSnapshot, compare: str) -> Advice:
    """How a person corrects the probe; `compare` says what of it to look at."""
    facts, target = finding.facts, finding.target
    if probe_fix(finding, snapshot):
        if _is_new(finding, snapshot):
            return Advice(
                f"Correct container {finding.container} before it is added again: its "
                f"{facts['probe']} probe ({facts.get('asks', 'probe')}) has never succeeded."
            )
        lasting = permanent(target, snapshot, f"the {facts['probe']} probe that worked")
        return Advice(lasting)
    text = (
        f"Compare the {facts['probe']} probe ({facts.get('asks', 'probe')}) with what the "
        f"container serves: {compare}. Correct the probe, do not remove it."
    )
    if target.kind in {"Deployment", "StatefulSet", "DaemonSet"}:
        return Advice(text, kubectl(snapshot, "edit", word(target)))
    return Advice(text)


def _is_new(finding: Finding, snapshot: ClusterSnapshot) -> bool:
    """Whether the current revision added the container whose probe fails."""
    changes = changes_of(deployment_of(finding, snapshot), finding.container, "container")
    return any(adds(change, finding.container) for change in changes)


def probe_fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
    """Going back, where the revision changed what the probe asks or what answers it."""
    return undo(finding, snapshot, *PROBE_FIELDS, container=finding.container)
