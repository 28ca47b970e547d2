"""The kubelet or the container runtime refuses to create a container as it is specified."""

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
from watchdog.detection.log_lines import event_line, shorten, without_pod
from watchdog.detection.message_names import OBJECT, PATH
from watchdog.detection.outside import origin_of_line
from watchdog.detection.owners import editing, sentence
from watchdog.detection.passing import SANDBOX_GONE, may_pass
from watchdog.detection.rollback import changed_words, undo
from watchdog.text.format import verbatim
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from watchdog.actions import RolloutUndo
    from watchdog.model.diagnosis import Finding, Origin
    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "container_not_created"
SUMMARY = "container cannot be created"
_REASONS = (
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "PreCreateHookError",
    "PreStartHookError",
    "PostStartHookError",
)
_STOPPED = (0, 137, 143)


# What containerd and runc put before what went wrong.
_PREFIXES = regex(
    r"^.*(?:unable to start container process|error during container init"
    r"|failed to create containerd container): ",
    re.DOTALL,
)
_NAMED_USER = regex(r"non-numeric user \(([\w.-]{1,64})\)")
_SECCOMP = regex(r"seccomp profile \"?([^\s\":]+)|(?:open|stat) (\S*seccomp/\S+?):")
_FILE_MOUNT = regex(rf'mounting "[^"]*?/volume-subpaths/({OBJECT})/[^"]*" to rootfs at "({PATH})"')
_KEY = regex(r"[\w./-]{1,253}")
_FILE_KEY = regex(
    rf'environment variable key "(?P<key>[\w.-]{{1,253}})" not found in file "\S+?'
    rf'/volumes/[^/"]+/(?P<volume>{OBJECT})/(?P<file>[^"]+)"'
)
_SANDBOX = regex(SANDBOX_GONE)
_HOOK = "FailedPostStartHook"


def _refused(snapshot: ClusterSnapshot, item: ContainerView) -> bool:
    if waiting_for(item, *_REASONS) or _hook_fails(snapshot, item):
        return not may_pass(snapshot, item.pod, item.state)
    unstarted = exit_reason(item.state) in {"StartError", "ContainerCannotRun"}
    return unstarted and item.state.state != "running" and crashes(item, snapshot)


def _hook_fails(snapshot: ClusterSnapshot, item: ContainerView) -> bool:
    """Whether the kubelet ends the container because its postStart hook fails."""
    if not crashes(item, snapshot) or exit_code(item.state) not in _STOPPED:
        return False
    events = snapshot.events_about(item.pod.ref)
    return any(event.reason == _HOOK for event in events)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: _refused(snapshot, item)):
        first = seen[0]
        said = _PREFIXES.sub("", without_pod(exit_message(first.state)))
        hook = _hook_fails(snapshot, first)
        finding = make_finding(
            NAME,
            "postStart hook fails" if hook else SUMMARY,
            snapshot,
            seen,
            reason=_reason(first),
            said=shorten(said, 400),
            hook="yes" if hook else None,
            **_mounted(first, said),
        )
        if not hook:
            owner, name = finding.target, finding.container
            gone = _SANDBOX.search(said)
            origin: Origin = (
                "outside" if gone else origin_of_line(snapshot, owner, name, shorten(said, 400))
            )
            finding = finding.model_copy(update={"origin": origin})
        event = event_line(snapshot, [item.pod for item in seen], _HOOK, "Failed")
        words = None if hook else f"{_reason(first)}: {verbatim(shorten(said))}"
        yield with_evidence(finding, words, event)


def _mounted(item: ContainerView, said: str) -> dict[str, str]:
    """The key or file that a file is to come from, and the object that should have it."""
    mount = _FILE_MOUNT.search(said)
    if mount is None:
        return {}
    volume, start = mount[1], f"{mount[1]} at {mount[2]} (only "
    parts = [words.removeprefix(start) for words in item.spec.mounts if words.startswith(start)]
    keys = [part.removesuffix(")").removesuffix(", read-only") for part in parts]
    keys = [key for key in keys if _KEY.fullmatch(key)]
    sources = [
        f"{reference.kind} {reference.name}"
        for reference in item.pod.template.references
        if reference.via == f"volume {volume}" and reference.kind in {"ConfigMap", "Secret"}
    ]
    found = {"key": keys[0]} if len(keys) == 1 else {}
    return {**found, "source": sources[0]} if len(sources) == 1 else found


def _reason(item: ContainerView) -> str:
    """What kept it from starting; CrashLoopBackOff says only that it is tried again."""
    held = item.state.reason
    return exit_reason(item.state) if held == "CrashLoopBackOff" else held


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    if "hook" in facts:
        event = next((line for line in finding.evidence if line.kind == "event"), None)
        told = f": {verbatim(event.text)}" if event else ""
        return sentence(
            f"The postStart hook of {facts['who'][0].lower()}{facts['who'][1:]} fails, so the "
            f"kubelet kills it each time{told}"
        ) + changed_words(finding, snapshot)
    said = facts.get("said", "")
    told = verbatim(said) if said else "the kubelet gives no reason"
    start = f"{facts['who']} cannot be started ({facts['reason']}): "
    means = _meaning(facts)
    why = f"{means} The kubelet says {told}." if means else f"{told}."
    return f"{start}{why}{changed_words(finding, snapshot)}"


def _meaning(facts: Mapping[str, str]) -> str:
    """What the message means, where that is known; empty where it is not."""
    said = facts.get("said", "")
    if user := _NAMED_USER.search(said):
        return (
            f"the user of its image is a name ({user[1]}), so the kubelet cannot tell that it is "
            "not root."
        )
    if "runAsNonRoot" in said:
        return "its image runs as root, which its security context forbids."
    if mount := _FILE_MOUNT.search(said):
        of, key = facts.get("source"), facts.get("key")
        lacks = f"has no {'key' if of else 'file'} {key}" if key else "has no such key or file"
        return (
            f"{of or f'volume {mount[1]}'} {lacks}, so a directory is mounted onto the file "
            f"{mount[2]} (subPath of volume {mount[1]})."
        )
    if file := _FILE_KEY.search(said):
        path = verbatim(file["file"])
        return f"the file {path} of volume {file['volume']} has no key {file['key']}."
    if _SANDBOX.search(said):
        return "on the node the pod's sandbox, which its containers run in, has ended."
    if _SECCOMP.search(said):
        return "the node does not have the seccomp profile that the pod template names."
    return ""


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    said = finding.facts.get("said", "")
    if _SANDBOX.search(said):
        nodes = (pod.node for pod in snapshot.pods if pod.ref.name in finding.pods)
        node = next(filter(None, nodes), None)
        return Advice(
            "Find out what ends the sandboxes on the node: its container runtime, its memory, or "
            "another program that cleans up there. The pod's specification is not the cause.",
            f"kubectl describe node {node}" if node else None,
        )
    if "hook" in finding.facts:
        text = f"Correct the postStart hook of container {finding.container}, or what it calls."
    elif _NAMED_USER.search(said):
        text = f"Set runAsUser of container {finding.container} to the number of that user."
    elif _FILE_MOUNT.search(said):
        of = finding.facts.get("source", "the ConfigMap or Secret of the volume")
        key = f"key {finding.facts['key']}" if "key" in finding.facts else "the key of subPath"
        text = f"Add {key} to {of}, or correct subPath of container {finding.container}."
    elif _SECCOMP.search(said):
        text = "Put the seccomp profile onto the nodes, or use seccompProfile RuntimeDefault."
    elif "runAsNonRoot" in said:
        text = (
            f"Set runAsUser of container {finding.container} to a user other than 0, or build its "
            "image with a USER that is not root."
        )
    else:
        text = (
            f"Correct what the message names in the specification of container {finding.container}."
        )
    return Advice(text, editing(snapshot, finding.target))


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
    return undo(finding, snapshot)


CONTAINER_NOT_CREATED = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The kubelet's message says which part of the container's specification it refuses.",
    fix=_fix,
    actions=("rollout_undo",),
)
