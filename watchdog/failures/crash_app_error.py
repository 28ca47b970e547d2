"""A container ends again and again by the program's own doing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.failures.example import (
    ago,
    broken,
    change,
    crashing,
    earlier,
    ended,
    healthy,
    pod,
    running,
    snapshot_of,
)
from watchdog.failures.example import (
    deployment as web,
)
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import event_line, log_lines, quotes, shorten, telling
from watchdog.failures.look import (
    Seen,
    crashes,
    exit_code,
    exit_message,
    make_finding,
    matching,
    with_evidence,
)
from watchdog.failures.manifest import deployment
from watchdog.failures.repair import changed_words, logs_command, run_again, undo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RolloutUndo
    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

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
# What the telling line is about, where words for it exist; the first that matches. A kind that
# comes earlier in KINDS takes its lines whether they are named here or not.
_ABOUT = {
    "a migration of its data fails": r"migrat",
    "something that it waits for takes too long": r"timed? ?out|deadline exceeded",
    "its configuration cannot be read": (
        r"pars(e|ing)|syntax|unmarshal|invalid (yaml|json|toml|config)|malformed|decod"
    ),
    "a file that it needs is missing": r"FileNotFound|no such file|ENOENT",
    "its configuration is not accepted": r"\b(config\w*|settings?|options?|flags?|arguments?)\b",
}


def _own_error(snapshot: ClusterSnapshot, item: Seen) -> bool:
    return item.pod.owner.kind not in {"Job", "CronJob"} and crashes(item, snapshot.taken_at)


def _about(line: str) -> str | None:
    found = (words for words, pattern in _ABOUT.items() if re.search(pattern, line, re.IGNORECASE))
    return next(found, None)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: _own_error(snapshot, item)):
        first = seen[0]
        lines = log_lines(snapshot, first)
        told = next(iter(telling(lines, 1)), "") or shorten(exit_message(first.state))
        code = exit_code(first.state)
        about = _about(told)
        finding = make_finding(
            NAME,
            "process ends normally" if code == 0 else SUMMARY,
            snapshot,
            seen,
            code=str(code) if code is not None else "unknown",
            signal=_SIGNALS.get(code or 0),
            line=told,
            about=about if code else None,
        )
        backoff = event_line(snapshot, [item.pod for item in seen], "BackOff")
        yield with_evidence(finding, *quotes(snapshot, first), backoff)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    line = f': "{shorten(facts["line"])}"' if facts.get("line") else "; its log is empty"
    if facts["code"] == "0":
        return (
            f"{facts['who']} ends normally (exit code 0){line}. It is restarted each time, as its "
            f"pod must keep running.{changed_words(finding, snapshot)}"
        )
    crashes_ = "crashes again and again" if facts.get("again") else "fails"
    signal = f", {facts['signal']}" if "signal" in facts else ""
    about = f" because {facts['about']}" if "about" in facts else " by its own error"
    return (
        f"{facts['who']} {crashes_}{about} (exit code {facts['code']}{signal}){line}."
        f"{changed_words(finding, snapshot)}"
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    logs = logs_command(finding, snapshot)
    if finding.facts["code"] == "0":
        return Advice(
            f"Give container {finding.container} a command that keeps running, or make it a Job if "
            "it is meant to end.",
            logs,
        )
    if _fix(finding, snapshot):
        return Advice("Correct the new revision before it is deployed again.", logs)
    return Advice(
        "Repair what the log line says, in the program, its settings or what it depends on; a "
        f"restart alone will fail the same way.{run_again(finding)}",
        logs,
    )


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
    return undo(finding, snapshot)


def _examples() -> tuple[Example, ...]:
    text = "starting\nTraceback (most recent call last):\nValueError: ledger is corrupt"
    new, claims = earlier(change("image", "shop/web:1", "shop/web:2")), "Deployment/web"
    # A revision that ran for days before it broke is not to blame.
    late = crashing(1)
    old = web(last=new, conditions=())
    long_ago = pod(late, created_at=ago(720))
    worked = old.model_copy(
        update={"revisions": (old.revisions[0].model_copy(update={"created_at": ago(777600)}), new)}
    )
    return (
        Example("own error", broken(crashing(1), text=text), claims),
        Example("no log", broken(crashing(139)), claims),
        Example("ends with 0", broken(crashing(0), text="done"), claims),
        Example("new revision", broken(crashing(1), last=new, text=text), claims, "rollout_undo"),
        Example("broke long after the rollout", snapshot_of(worked, long_ago), claims),
        Example("second crash", broken(ended(1, restarts=1)), claims),
        Example("first crash", broken(ended(1)), None),
        Example("one restart", broken(running(restarts=1, last_exit_code=1)), None),
        Example("healthy", healthy(text), None),
    )


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
    drill=Drill(
        before=deployment("echo ledger ready; sleep 3600"),
        manifest=deployment("echo 'ValueError: ledger is corrupt' >&2; exit 3"),
        ends="healed",
    ),
    examples=_examples,
    fix=_fix,
    actions=("rollout_undo",),
)
