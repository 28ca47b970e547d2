"""A container ends again and again by the program's own doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import (
    crashes,
    exit_code,
    exit_message,
    make_finding,
    matching,
    with_evidence,
)
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import (
    event_line,
    quotes,
    shorten,
    told_by,
    was_cut,
    without_log,
)
from watchdog.detection.outside import origin_of_log
from watchdog.detection.restarts import ended_for_good
from watchdog.detection.rollback import changed_words, logs_command, run_again, undo
from watchdog.text.format import verbatim
from watchdog.text.root_record import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from watchdog.actions import RolloutUndo
    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "crash_app_error"
SUMMARY = "crash loop"
_SIGNALS = {
    132: "SIGILL",
    134: "SIGABRT",
    136: "SIGFPE",
    137: "SIGKILL",
    139: "SIGSEGV",
    143: "SIGTERM",
}
# SIGKILL and SIGTERM come from outside, as far as the exit code can tell.
_ENDED = {"137", "143"}


def _own_error(snapshot: ClusterSnapshot, item: ContainerView) -> bool:
    return item.pod.owner.kind not in {"Job", "CronJob"} and crashes(item, snapshot)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: _own_error(snapshot, item)):
        first = seen[0]
        told = told_by(snapshot, first)
        line = told.line if told else shorten(exit_message(first.state))
        code = exit_code(first.state)
        finding = make_finding(
            NAME,
            _summary(first, code),
            snapshot,
            seen,
            code=str(code) if code is not None else "unknown",
            signal=_SIGNALS.get(code or 0),
            line=line,
            sure="yes" if line and (told is None or told.sure) else None,
            cut="yes" if was_cut(snapshot, first) else None,
            empty=without_log(snapshot, first),
        )
        finding = finding.model_copy(update={"origin": origin_of_log(snapshot, first, line)})
        backoff = event_line(snapshot, [item.pod for item in seen], "BackOff")
        yield with_evidence(finding, *quotes(snapshot, first), backoff)


def _summary(item: ContainerView, code: int | None) -> str:
    if ended_for_good(item.pod, item.state):
        return "container has ended"
    return "process ends normally" if code == 0 else SUMMARY


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    changed = changed_words(finding, snapshot)
    if facts["code"] == "0":
        line = (
            f": {verbatim(shorten(facts['line']))}" if facts.get("line") else f"; {facts['empty']}"
        )
        return (
            f"{facts['who']} ends normally (exit code 0){line}. It is restarted each time, as its "
            f"pod must keep running.{changed}"
        )
    ends = "is ended from outside" if facts["code"] in _ENDED else "crashes"
    again = " again and again" if facts.get("again") else ""
    signal = f", {facts['signal']}" if "signal" in facts else ""
    return (
        f"{facts['who']} {ends}{again} (exit code {facts['code']}{signal}){_said(facts)}{changed}"
    )


def _said(facts: Mapping[str, str]) -> str:
    """What the log says of it, or that it says nothing of it."""
    if not facts.get("line"):
        return f"; {facts['empty']}."
    line = shorten(facts["line"], LONGEST_LINE)
    if facts.get("sure"):
        return f": {verbatim(line)}."
    more = "What was read of its log" if facts.get("cut") else "Its log"
    longer = " (the log is longer)" if facts.get("cut") else ""
    return f". {more} names no error; it ends with {verbatim(line)}{longer}."


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    logs = logs_command(finding, snapshot)
    if finding.facts["code"] == "0":
        pods = [pod for pod in snapshot.pods if pod.ref.name in finding.pods]
        beside = any(len([c for c in pod.containers if not c.init]) > 1 for pod in pods)
        kind = "an init container" if beside else "a Job"
        return Advice(
            f"Give container {finding.container} a command that keeps running, or make it {kind} "
            "if it is meant to end.",
            logs,
        )
    if _fix(finding, snapshot):
        return Advice("Correct the new revision before it is deployed again.", logs)
    if finding.facts["code"] in _ENDED and "sure" not in finding.facts:
        return Advice(
            f"Find out what sends it {finding.facts['signal']}: a script or supervisor inside the "
            "container, a probe, or someone with access to it; its events say what the kubelet "
            f"did.{run_again(finding, snapshot)}",
            logs,
        )
    if not finding.facts.get("line"):
        return Advice(
            "Run it with a more verbose log level, or by hand with the same image and settings, to "
            "see why it ends; a restart alone will fail the same way."
            f"{run_again(finding, snapshot)}",
            logs,
        )
    if "sure" not in finding.facts:
        return Advice(
            "Find out in its whole log, or with a more verbose log level, why it ends; a restart "
            f"alone will fail the same way.{run_again(finding, snapshot)}",
            logs,
        )
    return Advice(
        "Repair what the log line says, in the program, its settings or what it depends on; a "
        f"restart alone will fail the same way.{run_again(finding, snapshot)}",
        logs,
    )


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
    return undo(finding, snapshot)


CRASH_APP_ERROR = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "Name the line of the log that says why the program ends, and what it is about. Restarting "
        "it will fail the same way; going back helps where a new revision brought the crash."
    ),
    fix=_fix,
    actions=("rollout_undo",),
)
