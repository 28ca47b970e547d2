"""The rules of policy about revisions: which may be taken back, and whose turn it is. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

from watchdog.actions import (
    PatchDeploymentCommand,
    PatchDeploymentImage,
    PatchDeploymentProbe,
    RemediationAction,
    RolloutUndo,
)
from watchdog.detection.blame import blame
from watchdog.incidents.attempt_history import ATTEMPTS, mark_of
from watchdog.policy.verdict import Context, Rule, Verdict, ask, refuse
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.snapshot import LogTail
from watchdog.snapshot.workloads import DeploymentSummary
from watchdog.text.regex import regex

_MIGRATION = regex(r"migrat|flyway|liquibase|alembic|schema", re.IGNORECASE)
# What the tools say that change a schema when a program starts: Flyway, Liquibase, Alembic, Django,
# Rails, Prisma, EF Core, golang-migrate, TypeORM, Ecto, Knex.
_MIGRATED = regex(
    r"\bmigrating (?:the )?(?:schema|database)\b|\bapplied [1-9]\d* (?:\w+ )?migrations?\b"
    r"|\bapplying (?:\w+ )?migration\b|\bapplying \w+\.\d{4}_\w"
    r"|\brunning upgrade \S{0,40} ?-> \S|\brunning (?:migration|changeset)\b"
    r"|\bchangeset \S{1,300} (?:ran|executed) successfully"
    r"|\b(?:database|migration) .{0,40}\bdirty\b|\bdirty database\b"
    r"|== .{1,200}: ?migrat(?:ing|ed)\b|== migrated \S{1,120} in \d"
    r"|\bmigrations? (?:\S{1,200} )?(?:has|have) been (?:successfully )?(?:applied|executed|run)\b"
    r"|\bsuccessfully migrated\b|\bmigrating: \S|\bbatch \d+ run: [1-9]|\d+/u \w+ \(\d",
    re.IGNORECASE,
)
# A revision that appears so soon after our own write is ours; taking a write back makes one too.
_OURS_WITHIN = timedelta(minutes=5)
_CLOCKS_DIFFER = timedelta(seconds=60)
_LONGEST_LINE = 2000


def revision_is_to_blame(action: RemediationAction, context: Context) -> Verdict | None:
    """Only a revision that is to blame is taken back, and only to the last one that worked.

    The same holds for a part of it: an image, command or probe that an earlier revision had.
    """
    seen = context.deployment(action)
    restores = context.write is not None and context.write.material.origin == "revision"
    partly = isinstance(
        action, PatchDeploymentImage | PatchDeploymentCommand | PatchDeploymentProbe
    )
    if seen is None or not (isinstance(action, RolloutUndo) or (partly and restores)):
        return None
    found = [blame(finding, context.snapshot) for finding in context.about(action)]
    if found and not any(each.to_blame for each in found):
        number = f"revision {found[0].revision}" if found[0].revision else "the current revision"
        return refuse(found[0].reason.value, f"{number} is not to blame: {found[0].words}")
    wanted = action.to_revision if isinstance(action, RolloutUndo) else None
    last = seen.last_available
    if wanted and last and wanted != last.revision:
        return refuse("not_the_last", f"revision {last.revision} is the last one that worked")
    return None


def no_migration_undone(action: RemediationAction, context: Context) -> Verdict | None:
    """A revision that changed a database's schema may not work the old way any more."""
    seen = context.deployment(action)
    if not isinstance(action, RolloutUndo) or seen is None:
        return None
    back_to = action.to_revision or (seen.last_available.revision if seen.last_available else 0)
    since = [item for item in seen.revisions if item.revision > back_to]
    templates = [seen.template, *(item.template for item in since)]
    found = next((name for template in templates if (name := _migrates(template))), None)
    if found:
        return ask(
            "migration", f"container {found} looks like a migration, which an undo cannot undo"
        )
    pods = {pod.ref.name for pod in context.snapshot.pods_of(action.target)}
    told = (log.pod for log in context.snapshot.logs if log.pod in pods and _migrated(log))
    if pod := next(told, None):
        return ask("migration", f"the log of {pod} tells of a migration, which stays after an undo")
    return None


def rollout_is_not_young(action: RemediationAction, context: Context) -> Verdict | None:
    """The tool that makes a rollout decides first: a fix would tell it that all is well."""
    seen = context.deployment(action)
    current = seen.current if seen else None
    if seen is None or current is None or current.created_at is None or _is_ours(seen):
        return None
    owner = seen.managed_by
    by_helm = owner is not None and owner.release is not None
    rest = context.settings.rollout_seconds(action.target.namespace, waits=by_helm)
    progressing = seen.condition("Progressing")
    # Once the deadline has passed the tool has decided, but for Helm 3, which goes on waiting.
    if progressing and progressing.status == "False" and not (owner and owner.tool == "helm"):
        return None
    # On a host whose clock is behind, a first look may be older than what it saw.
    age = max(0.0, (context.snapshot.taken_at - current.created_at).total_seconds())
    if current.completed_at is not None or age >= rest:
        return None
    return refuse(
        "young_rollout",
        f"revision {current.revision} is {age:.0f} s old, and the tool that deploys it "
        f"decides first (for {rest:.0f} s, grace.rollout_seconds)",
    )


def _is_ours(seen: DeploymentSummary) -> bool:
    """Whether our own write made the current revision."""
    mark, current = mark_of(seen.annotations.get(ATTEMPTS)), seen.current
    if mark is None or current is None or current.created_at is None:
        return False
    return -_CLOCKS_DIFFER <= current.created_at - mark.at <= _OURS_WITHIN


def _migrated(log: LogTail) -> bool:
    """Whether a program says that it changed its database's schema."""
    return any(_MIGRATED.search(line[:_LONGEST_LINE]) for line in log.lines)


def _migrates(template: PodTemplate) -> str | None:
    for spec in template.containers:
        if _MIGRATION.search(" ".join((spec.name, spec.image, *spec.command, *spec.args))):
            return spec.name
    return None


RULES: tuple[Rule, ...] = (revision_is_to_blame, rollout_is_not_young, no_migration_undone)
