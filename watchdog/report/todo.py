"""What a person has to do after a pass: sentences and commands made by code from typed fields."""

from __future__ import annotations

import re
from dataclasses import dataclass

from watchdog.actions import (
    CustomInstruction,
    PatchDeploymentEnv,
    PatchDeploymentResources,
    RemediationAction,
    RolloutUndo,
    ScaleDeployment,
)
from watchdog.nouns import ActionResult, Explanation, Outcome
from watchdog.observation.base import ObjectRef
from watchdog.report.phrases import clean, one_line, quoted


@dataclass(frozen=True)
class ToDo:
    """One thing to do; `command` is whole and can be run as it stands."""

    text: str
    command: str | None = None


def to_do(
    fixed: bool, results: list[ActionResult], explanation: Explanation | None, *, by_model: bool
) -> tuple[ToDo, ...]:
    """What is left to a person, most pressing first, each thing once."""
    found: list[ToDo] = []
    place = explanation.place if explanation else ""
    for result in results:
        found.extend(_after(result, place, fixed=fixed))
    dry = any(result.outcome is Outcome.DRY_RUN for result in results)
    if explanation and explanation.to_do and not fixed and not dry:
        found.append(ToDo(one_line(explanation.to_do, 800), _command(explanation.command)))
    known = explanation.to_do if explanation else ""
    for result in results:
        if isinstance(result.action, CustomInstruction) and not fixed:
            trusted = not by_model or result.action.instruction == known
            found.append(_instruction(result.action, trusted=trusted))
    return tuple({item.text: item for item in reversed(found)}.values())[::-1]


def _after(result: ActionResult, place: str, *, fixed: bool) -> list[ToDo]:
    """What an action leaves to do."""
    action = result.action
    if isinstance(action, CustomInstruction):
        return []
    if result.outcome is Outcome.VERIFIED and fixed:
        return _keep(action, place)
    if result.outcome is Outcome.DRY_RUN:
        return [ToDo("Run it without dry run to have this applied.")]
    if result.outcome is Outcome.AWAITING_APPROVAL:
        if result.request is None:
            return [ToDo(f"Approve or do it yourself: {one_line(action.title)}.")]
        said = f"Approve it, and the next pass does exactly this: {one_line(action.title)}."
        return [ToDo(said, approve_command(action.target, result.request))]
    if result.outcome is Outcome.UNKNOWN:
        target = action.target
        command = f"kubectl -n {target.namespace} get {target.kind.lower()}/{target.name} -o yaml"
        return [ToDo("Check whether the change was made: no answer came back.", _command(command))]
    return []


def approve_command(target: ObjectRef, request: str) -> str:
    """The whole command that approves a request, on the very object that would change."""
    kind = re.sub(r"[^a-z]", "", target.kind.lower())  # it may come from memory
    what = f"{kind}/{target.name} sre-watchdog/approve={request}"
    return f"kubectl -n {target.namespace} annotate {what} --overwrite"


def _keep(action: RemediationAction, place: str) -> list[ToDo]:
    """How a change that works is made to last: the next deploy knows nothing of it."""
    if isinstance(action, RolloutUndo):
        where = one_line(f", in {place}," if place else "")
        return [ToDo(f"Correct the change that was rolled back{where} before you deploy it again.")]
    if isinstance(action, PatchDeploymentEnv):
        what = action.name
    elif isinstance(action, PatchDeploymentResources):
        what = "these resources"
    elif isinstance(action, ScaleDeployment):
        what = "this number of replicas"
    elif action.kind.startswith("patch_"):
        what = "this change"
    else:
        return []
    where = (
        place or f"the chart or manifest that {action.target.kind}/{action.target.name} comes from"
    )
    return [ToDo(one_line(f"Put {what} into {where}, or the next deploy removes it again."))]


def _instruction(action: CustomInstruction, *, trusted: bool) -> ToDo:
    if trusted:
        return ToDo(one_line(action.instruction, 800), _command(action.command))
    return ToDo(
        f"The model suggests (unverified): {quoted(action.instruction)}", _command(action.command)
    )


def _command(command: str | None) -> str | None:
    """On one line and uncut, or it would not run."""
    return " ".join(clean(command).split("\n")) if command else None
