"""The rules of policy about what was tried before: it must differ, it must wait, it must end. Pure.

Sources: design.md ("cool-downs") and the issue on second tries. What counts is worked out by
incidents/past.py, from memory and from the mark on the workload, whichever is stricter.
"""

from __future__ import annotations

from watchdog.actions import RemediationAction
from watchdog.outcome import Outcome
from watchdog.remediation.verdict import Context, Rule, Verdict, refuse


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


RULES: tuple[Rule, ...] = (not_given_up, rested, something_else)
