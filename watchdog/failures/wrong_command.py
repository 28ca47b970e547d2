"""A container is told to run something that its image does not have or cannot run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.failures.example import broken, change, crashing, earlier, healthy, spec, waiting
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import event_line, log_lines, quote, shorten, telling
from watchdog.failures.look import (
    Seen,
    crashes,
    exit_code,
    exit_message,
    exit_reason,
    make_finding,
    matching,
    waiting_for,
    with_evidence,
)
from watchdog.failures.manifest import deployment
from watchdog.failures.owners import kubectl, word
from watchdog.failures.repair import changed_words, permanent, undo
from watchdog.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RolloutUndo
    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

NAME = "wrong_command"
SUMMARY = "wrong command"
_NOT_STARTED = {"StartError", "ContainerCannotRun"}
_CODES = (126, 127)
_RUNTIME = regex(
    r"executable file not found|no such file or directory|permission denied|exec format error"
    r"|is a directory|not a directory|chdir to cwd|no command specified|invalid argument",
    re.IGNORECASE,
)
_OOM = regex(r"OOM-?killed", re.IGNORECASE)
# What a shell or an interpreter says of the command line itself.
_LINE = regex(
    r"exec format error|error while loading shared libraries|no main manifest attribute"
    r"|can't open file '[^']+'|can't open '[^']+': No such file|Cannot find module '/"
    r"|Unable to access jarfile|Could not find or load main class|unknown command \""
    r"|^(?:[\w./-]*\b(?:ba|da|a|z|k)?sh)(?:: (?:line )?\d+| -?c)?: (?!.*can(?:'t|not) create).*"
    r"(?:not found|syntax error|unterminated|unexpected|Permission denied|No such file"
    r"|Illegal option)",
    re.IGNORECASE,
)
_PROGRAM = (
    regex(r"exec: \\?\"(?P<p>[^\"\\]+)"),
    regex(r"(?:stat|exec) (?P<p>/[^\s:]+)"),
    regex(r"(?:can't open (?:file )?|Cannot find module )'([^']+)'|jarfile (\S+)"),
    regex(
        r"sh: (?:(?:line )?\d+: )?([^\s:]+): "
        r"(?:not found|command not found|Permission denied|No such)",
        re.IGNORECASE,
    ),
)  # fmt: skip


def _line(snapshot: ClusterSnapshot, item: Seen) -> str | None:
    return next((x for x in reversed(log_lines(snapshot, item)[-10:]) if _LINE.search(x)), None)


def _wrong(snapshot: ClusterSnapshot, item: Seen) -> bool:
    message = exit_message(item.state)
    unstarted = exit_reason(item.state) in _NOT_STARTED and item.state.state != "running"
    if unstarted or waiting_for(item, "RunContainerError", "CreateContainerError"):
        return bool(_RUNTIME.search(message)) and not _OOM.search(message)
    if not crashes(item, snapshot.taken_at):
        return False
    code = exit_code(item.state)
    return code in _CODES or (code != 0 and _line(snapshot, item) is not None)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: _wrong(snapshot, item)):
        first = seen[0]
        line = _line(snapshot, first)
        said = _runtime_words(exit_message(first.state))
        code = exit_code(first.state)
        told = line or next(iter(telling(log_lines(snapshot, first), 1)), "")
        finding = make_finding(
            NAME,
            SUMMARY,
            snapshot,
            seen,
            program=_program(said or told),
            said=shorten(said or told, 160),
            code=str(code) if code is not None and not said else None,
            command=shorten(" ".join((*first.spec.command, *first.spec.args)), 160),
        )
        runtime = f'container runtime: "{shorten(said)}"' if said else None
        backoff = event_line(snapshot, [item.pod for item in seen], "BackOff")
        yield with_evidence(finding, runtime, quote(first, told) if told else None, backoff)


def _runtime_words(message: str) -> str:
    """The end of the runtime's message, where it says what is wrong."""
    if not _RUNTIME.search(message):
        return ""
    last = message.splitlines()[-1]
    return last.partition("unable to start container process: ")[2] or last


def _program(text: str) -> str | None:
    for pattern in _PROGRAM:
        found = pattern.search(text)
        if found:
            return next(value for value in found.groups() if value)
    return None


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    code = f" (exit code {facts['code']})" if "code" in facts else ""
    what = f": {facts['said']}" if facts.get("said") else ""
    command = f" Its command is `{facts['command']}`." if facts.get("command") else ""
    program = facts.get("program")
    why = f"{program} cannot be run in its image" if program else "its command cannot be run"
    changed = changed_words(finding, snapshot, "image", "command", "args", "volume")
    return f"{facts['who']} does not start because {why}{code}{what}.{command}{changed}"


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    workload = snapshot.workload(finding.target)
    if _fix(finding, snapshot):
        return Advice(permanent(workload, "the command that worked"))
    text = f"Correct command, args or image of container {finding.container}."
    if finding.target.kind in {"Deployment", "StatefulSet", "DaemonSet"}:
        text = f"{text} {permanent(workload, 'the right command')}"
        return Advice(text, kubectl(snapshot, "edit", word(finding.target)))
    return Advice(f"{text} Then create {finding.target} again.")


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
    fields = ("image", "command", "args", "volume")
    return undo(finding, snapshot, *fields, container=finding.container)


def _examples() -> tuple[Example, ...]:
    start = crashing(
        128,
        last_reason="StartError",
        last_message="failed to create containerd task: runc create failed: unable to start "
        'container process: exec: "serve": executable file not found in $PATH: unknown',
    )
    first = waiting(
        "RunContainerError", start.last_message, last_reason="StartError", last_exit_code=128
    )
    oom = waiting(
        "RunContainerError",
        "unable to start: container init was OOM-killed: no such file or directory",
    )
    new = earlier(change("command", "httpd", "serve"))
    shell, claims = spec(command=("/bin/sh", "-c"), args=("python3 app.py",)), "Deployment/web"
    return (
        Example("not in the image", broken(start), claims),
        Example("first try", broken(first), claims),
        Example("new command", broken(start, last=new), claims, "rollout_undo"),
        Example(
            "127 of a shell",
            broken(crashing(127), container=shell, text="/bin/sh: python3: not found"),
            claims,
        ),
        Example(
            "syntax",
            broken(crashing(2), text="sh: syntax error: unterminated quoted string"),
            claims,
        ),
        Example(
            "other architecture", broken(crashing(1), text="exec /app: exec format error"), claims
        ),
        Example("killed for memory at start", broken(oom), None),
        Example("its own error", broken(crashing(1), text="ERROR user not found"), None),
        Example("healthy", healthy("sh: python3: not found"), None),
    )


WRONG_COMMAND = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "Exit codes 126 and 127 and StartError mean that the command, its args or the image is "
        "wrong. A command is only ever restored from a revision that was available."
    ),
    drill=Drill(
        before=deployment("sleep 3600"),
        manifest=deployment(["serve-ledger", "--port=8080"]),
        ends="healed",
    ),
    examples=_examples,
    fix=_fix,
    actions=("rollout_undo", "patch_deployment_command"),
)
