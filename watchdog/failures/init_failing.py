"""An init container fails again and again, or waits for something that never comes."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import (
    crashes,
    exit_code,
    make_finding,
    matching,
    with_evidence,
)
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import event_line, log_lines, quotes, told_by, unanswered
from watchdog.detection.outside import ADDRESS, origin_of, origin_of_line
from watchdog.detection.rollback import (
    changed_words,
    changes_of,
    deployment_of,
    logs_command,
    undo,
)
from watchdog.detection.starting import merely_starting
from watchdog.text.format import verbatim
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RolloutUndo
    from watchdog.model.diagnosis import Finding, Origin
    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "init_failing"
SUMMARY = "init container fails"
# A name that does not exist will not come by waiting; a program that starts will.
_NO_SUCH_NAME = regex(
    r"NXDOMAIN|can't (find|resolve)|no such host|bad address|not known|could not resolve|ENOTFOUND",
    re.IGNORECASE,
)
_HOPELESS_LINES, _HOPELESS_SECONDS = 3, 20
_HOST = r"[\"'`]?(?P<host>[a-z0-9](?:[\w-]*\w)?(?:\.[\w-]+)*)"
_HOSTS = tuple(
    regex(pattern)
    for pattern in (
        (
            rf"(?:can't (?:find|resolve)|bad address|lookup|ENOTFOUND"
            rf"|could not resolve(?: host)?):? {_HOST}"
        ),
        rf"\b(?:nslookup|getent hosts|ping(?: -\w+(?: \d+)?)*|pg_isready .*-h|dig) {_HOST}",
        rf"\bnc (?:-\w+ (?:\d+ )?)+{_HOST}",
        rf"\b(?:https?|tcp)://{_HOST}",
        rf"(?i:waiting for|wait-for-it(?:\.sh)?) {_HOST}",
    )
)
_NO_HOST = {"the", "a", "an", "database", "service", "db", "it", "to", "for", "be", "localhost"}


def _host(item: ContainerView, lines: list[str]) -> str | None:
    """The host that the init container waits for, as its log or its command names it."""
    # The command first: in the log a resolver's search domains may follow the name.
    for text in (*item.spec.args, *item.spec.command, *lines[::-1]):
        for pattern in _HOSTS:
            found = pattern.search(text)
            if found and found["host"] not in _NO_HOST:
                return found["host"].rstrip(".")
    return None


def _waits(snapshot: ClusterSnapshot, item: ContainerView) -> bool:
    """Whether the init container runs for so long that nothing will come of it."""
    state = item.state
    if state.state != "running" or item.spec.sidecar or state.started_at is None:
        return False
    ran = (snapshot.taken_at - state.started_at).total_seconds()
    lines = log_lines(snapshot, item, running=True)
    hopeless = sum(1 for line in lines if _NO_SUCH_NAME.search(line)) >= _HOPELESS_LINES
    if hopeless:
        return ran >= _HOPELESS_SECONDS
    if merely_starting(snapshot, item.pod):
        return False
    return ran >= max(snapshot.thresholds.pending_seconds, 1)


def _fails(snapshot: ClusterSnapshot, item: ContainerView) -> bool:
    if not item.state.init or item.spec.sidecar:
        return False
    return _waits(snapshot, item) or crashes(item, snapshot)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: _fails(snapshot, item)):
        first = seen[0]
        waits = _waits(snapshot, first)
        lines = log_lines(snapshot, first, running=waits)
        code = exit_code(first.state)
        told = told_by(snapshot, first, running=waits)
        # What answers, if only with an error, is no more to be waited for.
        answered = told is not None and told.sure and not unanswered(told.line)
        finding = make_finding(
            NAME,
            "init container waits" if waits else SUMMARY,
            snapshot,
            seen,
            waits="yes" if waits else None,
            host=_host(first, lines) if waits or not answered else None,
            unknown="yes" if any(_NO_SUCH_NAME.search(line) for line in lines) else None,
            code=str(code) if code is not None and not waits else None,
            last=told.line if told else None,
            sure="yes" if told and told.sure else None,
        )
        finding = finding.model_copy(update={"origin": _origin(snapshot, finding)})
        backoff = event_line(snapshot, [item.pod for item in seen], "BackOff")
        yield with_evidence(finding, *quotes(snapshot, first), backoff)


def _origin(snapshot: ClusterSnapshot, finding: Finding) -> Origin:
    """Outside, if it waits for a host or speaks of one that the revision did not bring."""
    changed = changes_of(deployment_of(finding, snapshot), finding.container, "command", "args")
    if any(change.container == finding.container for change in changed):
        return "workload"
    host, last = finding.facts.get("host"), finding.facts.get("last", "")
    if host or "waits" in finding.facts:
        return origin_of(snapshot, finding.target, finding.container, ADDRESS, host)
    return origin_of_line(snapshot, finding.target, finding.container, last)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    host = facts.get("host")
    says = "says" if "sure" in facts else "ends with"
    last = f" Its log {says} {verbatim(facts['last'].strip())}." if "last" in facts else ""
    if "waits" in facts:
        what = f"{host}, whose name cannot be resolved" if host and "unknown" in facts else host
        text = f"{facts['who']} still waits for {what or 'something that does not come'}"
        text += ", so the pod's own containers never start."
    else:
        text = f"{facts['who']} ends with exit code {facts.get('code', 'unknown')}"
        text += f" (it needs {host})" if host else ""
        text += ", so the pod's own containers never start."
    return text + last + changed_words(finding, snapshot)


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    host = finding.facts.get("host")
    logs = logs_command(finding, snapshot, running="waits" in finding.facts)
    if host:
        return Advice(
            f"Create or repair what init container {finding.container} waits for ({host}), or "
            "correct the name there; the pod goes on by itself as soon as that answers.",
            _service_command(host, snapshot) or logs,
        )
    said = "; its log says what" if "sure" in finding.facts else ""
    return Advice(f"Repair what init container {finding.container} fails at{said}.", logs)


def _service_command(host: str, snapshot: ClusterSnapshot) -> str | None:
    """The command that shows the Service of that name; None if the name is that of no Service."""
    name, *rest = host.split(".")
    where = rest[0] if rest else snapshot.namespace
    if rest and where != snapshot.namespace and rest[1:2] != ["svc"]:
        return None
    # With its endpoints, and without the warning that `get endpoints` has since Kubernetes 1.33.
    return shlex.join(("kubectl", "-n", where, "describe", "service", name))


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
    return undo(finding, snapshot)


INIT_FAILING = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "The pod waits for its init container. Say which one, what it waits for or fails at, and "
        "whether that exists; restarting or deleting the pod helps nothing."
    ),
    fix=_fix,
    actions=("rollout_undo",),
)
