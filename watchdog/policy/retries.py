"""The rules of policy about what was tried before: it must differ, it must wait, it must end. Pure.

Sources: design.md ("cool-downs") and the issue on second tries. What counts is worked out by
incidents/attempt_history.py, from memory and from the mark on the workload, whichever is stricter.
"""

from __future__ import annotations

from watchdog.actions import RemediationAction
from watchdog.incidents.attempt_history import ATTEMPTS, TAKEN_BACK, Mark, mark_of
from watchdog.model.outcome import Outcome
from watchdog.policy.verdict import Context, Rule, Verdict, refuse
from watchdog.snapshot.workloads import DeploymentSummary

CHANGED_SINCE = "changed_since"
"""Of a result: someone else changed the workload while the pass was at work on it."""


def not_in_other_hands(action: RemediationAction, context: Context) -> Verdict | None:
    """Who changes a workload while a pass watches it is at work there, so that pass leaves it."""
    owner = context.owner(action)
    if owner in context.changed_by_others:
        return refuse(
            CHANGED_SINCE,
            f"someone changed {owner} while this pass watched it; the next pass looks again",
        )
    return None


def not_given_up(action: RemediationAction, context: Context) -> Verdict | None:
    """After so many tries that did not help, only a person changes anything."""
    past = context.past.get(context.owner(action))
    if past and past.escalated:
        return refuse(
            "escalated", f"{past.count} tries did not help: from here on a person has to decide"
        )
    return None


def rested(action: RemediationAction, context: Context) -> Verdict | None:
    """After the second try that did not help there is a pause, and it grows."""
    past = context.past.get(context.owner(action))
    if past and past.quiet_until:
        return refuse(
            "cooling_down",
            f"{past.count} tries did not help; nothing is tried before "
            f"{past.quiet_until:%H:%M:%S %Z}",
        )
    return None


def something_else(action: RemediationAction, context: Context) -> Verdict | None:
    """What did not help is not done again."""
    past = context.past.get(context.owner(action))
    if past is None or context.write is None:
        return None
    for item in past.failed:
        if item.patch == context.write.patch and item.outcome is not Outcome.VERIFIED:
            return refuse(
                "tried_before", f"this was tried at {item.at:%H:%M %Z}, and it did not help"
            )
    return None


def not_taken_back(action: RemediationAction, context: Context) -> Verdict | None:
    """What a person took back is not made again while the revision before it stands."""
    seen = context.deployment(action)
    mark = taken_back(seen) if seen and action.changes_template else None
    if mark is None:
        return None
    return refuse(
        "taken_back",
        f"a person took back the change of {mark.at:%H:%M %Z}, so nothing is changed until "
        f"{action.target} is deployed anew",
    )


def taken_back(seen: DeploymentSummary) -> Mark | None:
    """The mark of our last change, if a person went back to the revision before it.

    The printed command leaves the change's id. A plain `kubectl rollout undo` replaces the
    annotations, so that the mark is left on the ReplicaSet of our change alone. A tool that deploys
    the earlier template again keeps the mark where it is: then the change may be made again.
    """
    current = seen.current
    here = mark_of(seen.annotations.get(ATTEMPTS))
    marks = [mark for each in seen.revisions if each.mark and (mark := mark_of(each.mark))]
    last = max([*marks, *([here] if here else [])], key=lambda mark: mark.at, default=None)
    if current is None or last is None:
        return None
    if last.revision not in (current.revision, *current.earlier):
        return None
    by_command = seen.annotations.get(TAKEN_BACK) == last.id
    return last if by_command or here is None or here.id != last.id else None


RULES: tuple[Rule, ...] = (not_in_other_hands, not_given_up, not_taken_back, rested, something_else)
