"""The kubelet or the container runtime refuses to create a container as it is specified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures.example import broken, change, earlier, healthy, waiting
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import event_line, shorten, without_pod
from watchdog.failures.look import exit_message, make_finding, matching, waiting_for, with_evidence
from watchdog.failures.manifest import deployment
from watchdog.failures.owners import kubectl, word
from watchdog.failures.repair import changed_words, undo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RolloutUndo
    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

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


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: waiting_for(item, *_REASONS)):
        first = seen[0]
        said = without_pod(exit_message(first.state))
        finding = make_finding(
            NAME, SUMMARY, snapshot, seen, reason=first.state.reason, said=shorten(said, 200)
        )
        hook = "FailedPostStartHook"
        event = event_line(snapshot, [item.pod for item in seen], hook, "Failed")
        yield with_evidence(finding, f'{first.state.reason}: "{shorten(said)}"', event)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    said = facts.get("said") or "the kubelet gives no reason"
    start = f"{facts['who']} cannot be started ({facts['reason']}): {said}."
    if "runAsNonRoot" in said:
        start += " Its image runs as root, which its security context forbids."
    return start + changed_words(finding, snapshot)


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    said = finding.facts.get("said", "")
    if "runAsNonRoot" in said:
        text = (
            f"Set runAsUser of container {finding.container} to a user other than 0, or build its "
            "image with such a USER."
        )
    else:
        text = f"Correct what the message names in the specification of {finding.container}."
    if finding.target.kind in {"Deployment", "StatefulSet", "DaemonSet"}:
        return Advice(text, kubectl(snapshot, "edit", word(finding.target)))
    return Advice(text)


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
    return undo(finding, snapshot)


def _examples() -> tuple[Example, ...]:
    root = "container has runAsNonRoot and image will run as root"
    state, claims = waiting("CreateContainerConfigError", root), "Deployment/web"
    hook = waiting("PostStartHookError", "command 'warm' exited with 1")
    last = earlier(change("securityContext", None, "set"))
    return (
        Example("runs as root", broken(state), claims),
        Example("new security context", broken(state, last=last), claims, "rollout_undo"),
        Example("hook", broken(hook), claims),
        Example("being created", broken(waiting("ContainerCreating")), None),
        Example("healthy", healthy(), None),
    )


CONTAINER_NOT_CREATED = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The kubelet's message says which part of the container's specification it refuses.",
    drill=Drill(
        manifest=deployment("sleep 3600", container="securityContext: {runAsNonRoot: true}"),
        settle="config",
    ),
    examples=_examples,
    fix=_fix,
    actions=("rollout_undo",),
)
