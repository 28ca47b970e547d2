"""From a diagnosis to changes: which of its actions are tried, in turn.

See passage.py for the way of one of them to the cluster, and undoing.py for the way back.
"""

from __future__ import annotations

from dataclasses import replace

from watchdog.actions import CustomInstruction
from watchdog.incidents.transitions import PASSING
from watchdog.kube.ports import Writer
from watchdog.model.diagnosis import Diagnosis, Finding
from watchdog.model.outcome import Outcome
from watchdog.policy.verdict import Context
from watchdog.remediation.execute import ONE_AT_A_TIME, Execution, refused
from watchdog.remediation.permission import Applied, Permission, Proposal, Tried
from watchdog.snapshot.snapshot import ClusterSnapshot

__all__ = ["Applied", "Permission", "Proposal", "Tried", "remediate"]

_HELD_BACK = frozenset({"blocked_by_query", "blocker_unreachable"})


def remediate(
    diagnosis: Diagnosis,
    findings: tuple[Finding, ...],
    snapshot: ClusterSnapshot,
    cluster: Writer,
    permission: Permission,
) -> tuple[Tried, ...]:
    """Do what the diagnosis proposes, as far as policy and permission go.

    Each action but custom_instruction, which is words for a person, gets an Attempt: what was not
    done is `refused` with its reason. Raises nothing of the cluster's.
    """
    context = Context(
        snapshot,
        findings,
        permission.settings,
        permission.legal,
        past=permission.past,
        now=permission.now(),
        changed_by_others=permission.changed_by_others,
    )
    by = "suggested by the model" if diagnosis.source == "llm" else "worked out by the rules"
    attempts: list[Tried] = []
    for action in diagnosis.remediation_actions:
        if isinstance(action, CustomInstruction):
            continue
        if permission.write_blocked_reason is not None:
            attempts.append(refused(action, permission.write_blocked_reason))
            continue
        used = sum(attempt.counts for attempt in attempts)
        taken = {context.owner(a.result.action) for a in attempts if _comes_first(a)}
        if context.owner(action) in taken:
            attempts.append(refused(action, ONE_AT_A_TIME))
        else:
            told = replace(context, begun=used)
            over = {a.result.action.subject for a in attempts if _is_over(a)}
            plan = tuple(each for each in permission.plan if each.subject not in over)
            attempts.append(Execution(action, told, cluster, permission, by, plan).attempt())
    return tuple(attempts)


def _comes_first(attempt: Tried) -> bool:
    """Whether this is the change of its workload for now: made, asked for, or only held back."""
    held_back = attempt.result.rule in {"attempts", *_HELD_BACK}
    return attempt.counts or bool(attempt.result.request) or held_back


def _is_over(attempt: Tried) -> bool:
    """Whether it was refused for what does not pass by itself: it makes way for others."""
    lasting = attempt.result.rule not in PASSING | _HELD_BACK
    return attempt.result.outcome is Outcome.REFUSED and lasting
