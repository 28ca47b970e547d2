"""A container's command is one that its image does not have or cannot run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import (
    crashes,
    exit_code,
    exit_message,
    exit_reason,
    make_finding,
    matching,
    waiting_for,
    with_evidence,
)
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import event_line, quote, shorten, told_by
from watchdog.detection.message_names import PROGRAM
from watchdog.detection.owners import editing, kubectl
from watchdog.detection.rollback import (
    changed_words,
    now_and_for_good,
    permanent,
    run_again,
    undo,
)
from watchdog.text.format import verbatim
from watchdog.text.regex import regex
from watchdog.text.root_record import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RolloutUndo
    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

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
# What names the process that is to run. A runtime's other messages are about what it sets up around
# that process: mounts, namespaces, cgroups, profiles, hooks and devices of the node.
_PROCESS = regex(
    r"(?<![\w/])exec[: ]|\bexecutable\b|exec format error|no command specified|chdir to cwd",
    re.IGNORECASE,
)
_MODE = regex(r"permission denied", re.IGNORECASE)
_FORMAT = regex(r"exec format error", re.IGNORECASE)
_HOOK = regex(r"hook #\d|createRuntime|prestart")
# Said by the runtime as the process is to begin: the file is there, what it needs to run is not.
_NO_INTERPRETER = regex(r"^exec (/\S+): no such file or directory$")
_SHELL = r"(?:[\w./-]*\b(?:ba|da|a|z|k)?sh)(?:: (?:line )?\d+| -?c)?"
# What a shell or an interpreter says of the command line itself.
_LINE = regex(
    r"exec format error|\bexec user process caused"
    r"|^The application '[^']+' does not exist|\[FATAL tini"
    r"|\bexec \S+ failed: No such file|^\[dumb-init\] \S+: "
    r"|error while loading shared libraries|no main manifest attribute"
    r"|^exec /\S+: no such file or directory$"
    r"|can't open file '[^']+'|^Could not open input file: \S+$"
    rf"|^{_SHELL}: (?:can't open '[^']+'|cannot open \S+): No such file"
    r"|Cannot find module '/(?!.*' imported from)"
    r"|Unable to access jarfile|Could not find or load main class|unknown command \"[^\"]+\" for \""
    rf"|^{_SHELL}: (?:\S+: )?(?:syntax error|unterminated|unexpected EOF|Illegal option)"
    rf"|^{_SHELL}: (?:exec: )?\S+: (?:command )?not found",
    re.IGNORECASE,
)
# A mount in words, as the template's summary has it.
_MOUNT = regex(r"(?P<volume>\S+) at (?P<at>/\S*)(?: \((?:only (?P<only>[^,)]+))?.*\))?")
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


def _line(snapshot: ClusterSnapshot, item: ContainerView) -> str | None:
    told = told_by(snapshot, item)
    texts = told.texts if told and told.sure else ()
    return next((text for text in texts if _LINE.search(text)), None)


def _wrong(snapshot: ClusterSnapshot, item: ContainerView) -> bool:
    message = exit_message(item.state)
    unstarted = exit_reason(item.state) in _NOT_STARTED and item.state.state != "running"
    if unstarted or waiting_for(item, "RunContainerError", "CreateContainerError"):
        about = _runtime_words(message)
        other = _OOM.search(message) or _HOOK.search(about)
        return bool(_PROCESS.search(about)) and not other
    if not crashes(item, snapshot):
        return False
    code = exit_code(item.state)
    return code in _CODES or (code != 0 and _line(snapshot, item) is not None)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: _wrong(snapshot, item)):
        first = seen[0]
        line = _line(snapshot, first)
        said = _runtime_words(exit_message(first.state))
        code = exit_code(first.state)
        log = told_by(snapshot, first)
        told = log.line if log else ""
        finding = make_finding(
            NAME,
            SUMMARY,
            snapshot,
            seen,
            program=_program(said or line or told),
            said=shorten(said or told, LONGEST_LINE),
            interpreter="yes" if _NO_INTERPRETER.search(said or told) else None,
            code=str(code) if code is not None and not said else None,
            file=_mounted_from(first, _program(said or line or told)),
            command=shorten(" ".join((*first.spec.command, *first.spec.args)), 160),
        )
        runtime = f"container runtime: {verbatim(shorten(said))}" if said else None
        backoff = event_line(snapshot, [item.pod for item in seen], "BackOff")
        yield with_evidence(finding, runtime, quote(first, told) if told else None, backoff)


def _mounted_from(item: ContainerView, program: str | None) -> str | None:
    """`key run.sh of ConfigMap app`, if the program comes from there and not from the image."""
    if program is None:
        return None
    for words in item.spec.mounts:
        found = _MOUNT.fullmatch(words)
        if found is None or not f"{program}/".startswith(f"{found['at'].rstrip('/')}/"):
            continue
        key = found["only"] or program.removeprefix(found["at"]).lstrip("/")
        for reference in item.pod.template.references:
            mounted = reference.via == f"volume {found['volume']}"
            if mounted and reference.kind in {"ConfigMap", "Secret"}:
                return f"key {key} of {reference.kind} {reference.name}"
    return None


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
            named = next(value for value in found.groups() if value)
            return named if re.fullmatch(PROGRAM, named) else verbatim(named)
    return None


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    code = f" (exit code {facts['code']})" if "code" in facts else ""
    what = f": {verbatim(facts['said'])}" if facts.get("said") else ""
    command = f" Its command is {verbatim(facts['command'])}." if facts.get("command") else ""
    program = facts.get("program")
    if "interpreter" in facts:
        return (
            f"{facts['who']} does not start{code}{what}. {program} is there, but what runs it is "
            "not: the interpreter that its first line names (Windows line ends make it "
            f"`/bin/sh\\r`), or the loader that it was linked for.{command}"
            f"{changed_words(finding, snapshot, 'image', 'command', 'args', 'volume')}"
        )
    if _FORMAT.search(facts.get("said", "")):
        what += (
            ". It was built for another platform than the node's, or is a script whose first line "
            "names no interpreter"
        )
    why = f"{program} cannot be run in its image" if program else "its command cannot be run"
    changed = changed_words(finding, snapshot, "image", "command", "args", "volume")
    return f"{facts['who']} does not start because {why}{code}{what}.{command}{changed}"


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    if _fix(finding, snapshot):
        return Advice(permanent(finding.target, snapshot, "the command or image that worked"))
    text = f"Correct the command, args or image of container {finding.container}."
    file = finding.facts.get("file")
    if "interpreter" in finding.facts and file:
        kind, _, name = file.partition(" of ")[2].partition(" ")
        script = (
            f"Give {file} Unix line ends, and in its first line an interpreter that the image has."
        )
        command = kubectl(snapshot, "edit", kind.lower(), name)
        return Advice(f"{script}{run_again(finding, snapshot)}", command)
    if "interpreter" in finding.facts:
        text = (
            f"Build the image so that {finding.facts.get('program')} has Unix line ends and an "
            "interpreter that is there, or is made for the C library of the image."
        )
        return Advice(f"{text}{run_again(finding, snapshot)}")
    if file and _MODE.search(finding.facts.get("said", "")):
        text = (
            f"Let {file} be executed: set defaultMode of its volume to 0755, or have an "
            f"interpreter start it (sh {finding.facts.get('program')})."
        )
    if edit := editing(snapshot, finding.target):
        return Advice(now_and_for_good(finding.target, snapshot, text.rstrip(".")), edit)
    return Advice(f"{text}{run_again(finding, snapshot)}")


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
    fields = ("image", "command", "args", "volume")
    return undo(finding, snapshot, *fields, container=finding.container)


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
    fix=_fix,
    actions=("rollout_undo", "patch_deployment_command"),
)
