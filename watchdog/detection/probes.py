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
from watchdog.detection.owners import editing, listed
from watchdog.detection.rollback import (
    changed_words,
    changes_of,
    deployment_of,
    logs_command,
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
_MISSING = regex(r"exec: \\?\"([\w./-]{1,100})\\?\": (?:executable file not found|stat )")
_TIMED_OUT = regex(r"timed out after|deadline exceeded")
_STATUS = regex(r"statuscode: (\d{3})")
# What the probe got, in words, and the name of what a person does about that.
_ANSWERS = (
    (regex(r"statuscode: (5\d\d)"), "the answer is HTTP {0}", "unwell"),
    (regex(r"statuscode: (\d{3})"), "the answer is HTTP {0}", "unknown"),
    (regex(r"connection refused"), "nothing listens there (connection refused)", "closed"),
    (regex(r"deadline exceeded|timeout|timed out", re.IGNORECASE), "no answer in time", "slow"),
    (regex(r"no such host"), "its host is not known", "unknown"),
    (_MISSING, "the image has no {0}", "fails"),
    (
        regex(r"command .* failed|exit(?:ed| code| status)", re.IGNORECASE),
        "the command fails",
        "fails",
    ),
)
_TO_DO = {
    "unknown": "Compare {probe} with what container {name} serves there. Correct the probe, do not "
    "remove it.",
    "unwell": "Find out in the log of container {name} why it answers {probe} with an error.",
    "closed": "Find out in the log of container {name} why nothing listens where {probe} asks: it "
    "may listen elsewhere, or not have started yet.",
    "slow": "Find out in the log of container {name} why it does not answer {probe} in time.",
    "missing": "Give container {name} a probe that its image can run (httpGet, tcpSocket and grpc "
    "need no program in it), or add the program to the image.",
    "fails": "Find out why {probe} fails: run the command in container {name}, or read its log.",
}
_LONGER = {
    "liveness": " If it only takes longer to start, give it a startup probe.",
    "startup": " If it only takes longer to start, raise failureThreshold of that probe.",
}
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


def answer(message: str) -> tuple[str, str]:
    """What the probe got, in words, and which of `_TO_DO` that calls for."""
    for pattern, words, to_do in _ANSWERS:
        found = pattern.search(message)
        if found:
            return words.format(*found.groups()), to_do
    said = _PREFIX.sub("", message)
    words = f"it says {verbatim(shorten(said, 120))}" if said else "the kubelet gives no reason"
    return words, ""


def answer_of_command(message: str) -> str:
    """What a command that is the probe said: its words, whatever they speak of."""
    if _MISSING.search(message) or _TIMED_OUT.search(message):
        return answer(message)[0]
    said = _PREFIX.sub("", message)
    return f"it says {verbatim(shorten(said, 120))}" if said else "it says nothing"


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
    words, to_do = answer(failed.message) if failed else (None, None)
    if probe and probe.type == "exec":
        words = answer_of_command(failed.message) if failed else None
        to_do = "missing" if failed and _MISSING.search(failed.message) else "fails"
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
        answer=words,
        to_do=to_do,
        restarts=str(first.state.restarts),
        port=port_note(first.spec, probe),
        waits=f"container{'s' if len(waits) > 1 else ''} {listed(waits)}" if waits else None,
    )
    return with_evidence(finding, event_evidence(failed) if failed else None)


def probe_words(finding: Finding, snapshot: ClusterSnapshot) -> str:
    """`its liveness probe (GET /healthz on port 80) fails: the answer is HTTP 404.`, and since."""
    facts = finding.facts
    got = f": {facts['answer']}" if "answer" in facts else ""
    waits = f" Until it succeeds, {facts['waits']} cannot start." if "waits" in facts else ""
    return (
        f"its {_named(finding)} fails{got}.{waits}"
        f"{facts.get('port', '')}{changed_words(finding, snapshot, *PROBE_FIELDS)}"
    )


def _named(finding: Finding) -> str:
    """`liveness probe (GET /healthz on port 80)`."""
    asks = f" ({finding.facts['asks']})" if "asks" in finding.facts else ""
    return f"{finding.facts['probe']} probe{asks}"


def probe_advice(finding: Finding, snapshot: ClusterSnapshot, *, running: bool) -> Advice:
    """What a person does, by what the probe got: it is wrong itself only if it asks in vain.

    `running`: whether the log to read is that of the run that goes on.
    """
    facts, target = finding.facts, finding.target
    if probe_fix(finding, snapshot):
        if _is_new(finding, snapshot):
            return Advice(
                f"Correct container {finding.container} before it is added again: its "
                f"{_named(finding)} has never succeeded."
            )
        deployment = deployment_of(finding, snapshot)
        if not changes_of(deployment, finding.container, facts["probe"]):
            # The probe is as it was: what it asks has changed.
            logs = logs_command(finding, snapshot, running=running)
            return Advice("Correct the new revision before it is deployed again.", logs)
        lasting = permanent(target, snapshot, f"the {facts['probe']} probe that worked")
        return Advice(lasting)
    to_do = "unknown" if facts.get("port") else facts.get("to_do", "unknown")
    text = _TO_DO[to_do].format(probe=f"the {_named(finding)}", name=finding.container)
    if to_do in {"unknown", "missing"}:
        return Advice(text, editing(snapshot, target))
    longer = "" if to_do == "unwell" else _LONGER.get(facts["probe"], "")
    return Advice(text + longer, logs_command(finding, snapshot, running=running))


def _is_new(finding: Finding, snapshot: ClusterSnapshot) -> bool:
    """Whether the current revision added the container whose probe fails."""
    changes = changes_of(deployment_of(finding, snapshot), finding.container, "container")
    return any(adds(change, finding.container) for change in changes)


def probe_fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
    """Going back, where the revision changed what the probe asks or what answers it."""
    return undo(finding, snapshot, *PROBE_FIELDS, container=finding.container)
