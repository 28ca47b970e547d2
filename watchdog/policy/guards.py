"""The rules of policy that hold all back: no fixes, too much broken, not now, too often. Pure.

They say nothing about the change itself, and come after the rules that do. Taking back our own
write is not limited here: a change that does not help is worse than one more write.
"""

from __future__ import annotations

from watchdog.actions import RemediationAction
from watchdog.policy.verdict import Context, Rule, Verdict, refuse
from watchdog.settings.change_windows import next_opening, window_open

_WORKLOADS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}
_UNREAD = "workloads that do not look well"  # as observation names its own bound


def not_everything_at_once(_action: RemediationAction, context: Context) -> Verdict | None:
    """Where most workloads are sick the cause is a common one, and repairing each harms."""
    sick, all_ = sick_workloads(context)
    limits = context.settings.limits
    if sick < limits.breaker_minimum or sick <= limits.breaker_share * all_:
        return None
    return refuse(
        "breaker",
        f"{sick} of {all_} workloads are sick: something common is broken, so nothing is touched",
    )


def sick_workloads(context: Context) -> tuple[int, int]:
    """How many Deployments, StatefulSets and DaemonSets are sick, and how many there are.

    A workload counts once, however many findings it carries; a Service or a Job does not. Those
    that observation saw to be sick but had no room to read count as well.
    """
    snapshot = context.snapshot
    found = {f.target for f in context.findings if f.target.kind in _WORKLOADS}
    unread = sum((c.total or c.shown) - c.shown for c in snapshot.cuts if c.what == _UNREAD)
    sick = len(found) + unread
    listed = sum(snapshot.objects.get(plural, 0) for plural in _WORKLOADS.values())
    return sick, max(sick, listed)


def any_at_all(_action: RemediationAction, context: Context) -> Verdict | None:
    """With no fixes per run nothing is ever changed, and waiting for the next run is no use."""
    if context.settings.max_remediation_attempts > 0:
        return None
    return refuse("no_fixes", "no fixes are allowed (max_remediation_attempts is 0)")


def within_a_window(action: RemediationAction, context: Context) -> Verdict | None:
    """Only while a change window is open: one of all namespaces, and one of this namespace."""
    namespace, settings = action.target.namespace, context.settings
    groups = settings.change_windows, settings.policy(namespace).windows
    now = context.now or context.snapshot.taken_at
    if all(window_open(group, now) for group in groups):
        return None
    opening = next_opening(*groups, now=now)
    soon = f"the next one opens on {opening:%a %d %b at %H:%M %Z}" if opening else ""
    when = soon or "none will within 15 days"
    return refuse("outside_window", f"no change window is open in namespace {namespace}; {when}")


def within_the_hour(action: RemediationAction, context: Context) -> Verdict | None:
    """So many changes within an hour of one workload, and of the whole namespace, and no more."""
    limits, past = context.settings.limits, context.past
    here = past.get(context.owner(action))
    if here and here.within_hour >= limits.actions_per_target_per_hour:
        return _too_often(here.within_hour, f"of {context.owner(action)}", "actions_per_target")
    made = context.begun + sum(each.within_hour for each in past.values())
    if made >= limits.actions_per_hour:
        return _too_often(made, f"in namespace {action.target.namespace}", "actions")
    return None


def _too_often(made: int, where: str, limit: str) -> Verdict:
    changes = "1 change" if made == 1 else f"{made} changes"
    return refuse(
        "hourly_budget", f"{changes} {where} within an hour are enough (limits.{limit}_per_hour)"
    )


RULES: tuple[Rule, ...] = (any_at_all, not_everything_at_once, within_a_window, within_the_hour)
