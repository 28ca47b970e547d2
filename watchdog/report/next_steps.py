"""What a person has to do after a pass: sentences and commands made by code from typed fields."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from watchdog.actions import (
    CustomInstruction,
    PatchConfigMap,
    PatchDeploymentCommand,
    PatchDeploymentEnv,
    PatchDeploymentImage,
    PatchDeploymentProbe,
    PatchDeploymentResources,
    RemediationAction,
    RolloutUndo,
    ScaleDeployment,
)
from watchdog.model.diagnosis import Explanation
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult
from watchdog.snapshot.deployer import NextDeploy
from watchdog.snapshot.refs import ObjectRef
from watchdog.text.format import clean, one_line, quoted

_COMES = {
    "removed": "or the next deploy removes it again",
    "put_back": "or the next deploy puts the old value back",
    "kept": "or it will be missing if the workload is created again",
}
APPROVE_THERE = "Approve it with the command that the report or Slack shows beside the whole change"
# A suggested value is not remembered: only the pass in which the model suggested it shows it.
_APPROVE_ELSEWHERE = (
    "Approve it with the command that an earlier report or Slack shows beside the whole change, or "
    "at a terminal (`sre-watchdog run`)"
)
_MAY_STAND = (Outcome.APPLIED, Outcome.VERIFIED, Outcome.UNKNOWN)
_TRIED_OR_ASKED = (Outcome.UNDONE, Outcome.AWAITING_APPROVAL)
# The one who deploys decides first, or a person has just said no.
_NOT_YET = ("young_rollout", "rollout_in_progress", "deployment_paused", "declined")
_REFUSED = (
    "The change could not be handed back to the tool that deploys the workload: run its next "
    "deploy once with --force-conflicts, or it is refused."
)


@dataclass(frozen=True)
class Approval:
    """A change that waits for an approval: in words, the command, and the lines of its diff."""

    text: str
    command: str
    diff: tuple[str, ...]


@dataclass(frozen=True)
class ToDo:
    """One thing to do; `command` is whole and can be run as it stands.

    What approves is never in `command`, as most views have no room for the change: see `beside`.
    """

    text: str
    command: str | None = None
    approval: Approval | None = None

    def beside(self, shown: Collection[tuple[str, ...]]) -> ToDo:
        """The same in a view that shows these diffs whole: what it approves may be among them."""
        if self.approval is None or not self.approval.diff or self.approval.diff not in shown:
            return self
        return ToDo(self.approval.text, self.approval.command)


def to_do(
    fixed: bool,
    results: list[ActionResult],
    explanation: Explanation | None,
    suggested: Iterable[str] = (),
) -> tuple[ToDo, ...]:
    """What is left to a person, most pressing first, each thing once.

    `suggested` is what a model would have a person do: quoted, as nothing stands behind it.
    """
    found: list[ToDo] = []
    place = explanation.place if explanation else ""
    for result in results:
        found.extend(_after(result, place, fixed=fixed))
    # What is only shown, or is being checked, is not to be done by hand meanwhile.
    done = fixed or any(r.outcome in {Outcome.DRY_RUN, Outcome.APPLIED} for r in results)
    if explanation and not done and not any(map(_settles, results)):
        found += _going_back(explanation)
    if explanation and explanation.to_do and not done:
        found.append(ToDo(one_line(explanation.to_do, 800), _command(explanation.command)))
    if not fixed:
        found += [ToDo(f"The model suggests (unverified): {quoted(text)}") for text in suggested]
    return tuple({(item.text, item.approval): item for item in reversed(found)}.values())[::-1]


def _going_back(explanation: Explanation) -> list[ToDo]:
    """What a person does first if a revision is to blame and nothing took it back."""
    command = _command(explanation.go_back_command)
    return [ToDo(one_line(explanation.go_back, 800), command)] if explanation.go_back else []


def _settles(result: ActionResult) -> bool:
    """Whether going back by hand is no advice beside it: tried, asked for, or not yet due."""
    if result.outcome in _MAY_STAND:
        return True
    if not isinstance(result.action, RolloutUndo):
        return False
    seen = result.outcome is Outcome.FAILED and result.verification is not None
    return seen or result.outcome in _TRIED_OR_ASKED or result.rule in _NOT_YET


def _after(result: ActionResult, place: str, *, fixed: bool) -> list[ToDo]:
    """What an action leaves to do."""
    action = result.action
    if isinstance(action, CustomInstruction):
        return []
    if result.outcome is Outcome.VERIFIED and fixed:
        return lasting(action, result.next_deploy, place)
    if result.next_deploy == "refused":
        return [ToDo(_REFUSED)]
    if result.outcome is Outcome.DRY_RUN:
        return [ToDo("Run it again without --dry-run (chart: dryRun) to apply this.")]
    if result.outcome is Outcome.AWAITING_APPROVAL:
        if result.request is None:
            said = "Approve it at a terminal (`sre-watchdog run`), or do it yourself"
            return [ToDo(f"{said}: {one_line(action.title)}.")]
        said = f"Approve it, and the next pass does exactly this: {one_line(action.title)}."
        command = approve_command(action.target, result.request)
        asks = Approval(said, command, diff_lines(result.diff))
        there = APPROVE_THERE if asks.diff else _APPROVE_ELSEWHERE
        return [ToDo(f"{there}: {one_line(action.title)}.", approval=asks)]
    if result.outcome is Outcome.UNKNOWN:
        target = action.target
        command = f"kubectl -n {target.namespace} get {target.kind.lower()}/{target.name} -o yaml"
        return [ToDo("Check whether the change was made: no answer came back.", _command(command))]
    return []


def diff_lines(diff: str) -> tuple[str, ...]:
    """A diff as every view shows it."""
    return tuple(line.rstrip() for line in clean(diff).splitlines() if line.strip())


def approve_command(target: ObjectRef, request: str) -> str:
    """The whole command that approves a request, on the very object that would change.

    For those alone who show all that it approves: a view of what is to do asks `ToDo.beside`.
    """
    kind = re.sub(r"[^a-z]", "", target.kind.lower())  # it may come from memory
    what = f"{kind}/{target.name} sre-watchdog/approve={request}"
    return f"kubectl -n {target.namespace} annotate {what} --overwrite"


def lasting(action: RemediationAction, next_deploy: NextDeploy | None, place: str) -> list[ToDo]:
    """How a change that works is made to last, and what comes if it is not."""
    refused = [ToDo(_REFUSED)] if next_deploy == "refused" else []
    if isinstance(action, RolloutUndo):
        where = one_line(f", in {place}," if place else "")
        said = f"Correct the change that was rolled back{where} before you deploy it again."
        return [ToDo(said), *refused]
    what = _changed(action)
    if not what:
        return []
    where = (
        place or f"the chart or manifest that {action.target.kind}/{action.target.name} comes from"
    )
    comes = _COMES.get(next_deploy or "", "so that every deploy has it")
    lasts = [ToDo(one_line(f"Put {what} into {where}, {comes}."))]
    return [*lasts, *_by_reference(action, next_deploy), *refused]


def _changed(action: RemediationAction) -> str:
    """What a person puts into the place that it is deployed from; empty where nothing changed."""
    container = f" of container {getattr(action, 'container', '')}"
    match action:
        case PatchDeploymentEnv():
            return action.name
        case PatchDeploymentResources():
            return f"the {action.amounts}{container}"
        case PatchDeploymentImage():
            return f"image {action.image}{container}"
        case PatchDeploymentCommand():
            return f"the command{container} as it is now"
        case PatchDeploymentProbe():
            return f"the probes{container} as they are now"
        case PatchConfigMap():
            return f"key {action.key} of {action.target}"
        case ScaleDeployment():
            return f"the number of replicas ({action.replicas})"
    return ""


def _by_reference(action: RemediationAction, next_deploy: NextDeploy | None) -> list[ToDo]:
    """What comes first if a later deploy takes the value from an object.

    A tool that applies client-side merges `valueFrom` into our entry, and the API server refuses an
    entry that has both. The command stands in the sentence: by itself it looks like a thing to do
    now, and would bring the failure back.
    """
    if not isinstance(action, PatchDeploymentEnv) or next_deploy != "kept":
        return []
    target = action.target
    words = ("kubectl", "-n", target.namespace, "set", "env", f"deployment/{target.name}")
    command = shlex.join((*words, "-c", action.container, f"{action.name}-"))
    said = (
        f"If a later deploy takes {action.name} from a Secret or ConfigMap, it is refused while "
        f"this value is there. Right before that deploy, and not earlier, run `{command}`: without "
        f"{action.name} new pods fail."
    )
    return [ToDo(one_line(said))]


def _command(command: str | None) -> str | None:
    """On one line and uncut, or it would not run."""
    return " ".join(clean(command).split("\n")) if command else None
