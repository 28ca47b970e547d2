"""Where a value comes from, strongest first: an available revision, an approval, a suggestion.

Pure: what the cluster knows is read by passage.py and passed in. Whether the value may be written
is policy.py's question.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from watchdog.actions import (
    Object,
    PatchConfigMap,
    PatchDeploymentEnv,
    PatchDeploymentImage,
    PatchDeploymentResources,
    ProposedValue,
    RemediationAction,
    RolloutRestart,
    RolloutUndo,
)
from watchdog.actions.action import container_path
from watchdog.actions.patch_deployment_resources import Quantities, held
from watchdog.kube import quantity
from watchdog.settings.schema import LimitSettings, Settings
from watchdog.snapshot.workloads import DeploymentSummary, RevisionSummary

APPROVED_ENV = "sre-watchdog/approved-env."
APPROVED_KEY = "sre-watchdog/approved-key."
NOTHING_NEEDED = ProposedValue(None, "none", "")


class PreviousRevision(NamedTuple):
    """An earlier revision that was available, with its pod template as it is in the cluster."""

    revision: int
    template: Object


class Sources(NamedTuple):
    """What values may be taken from, besides the action's own parameters."""

    earlier: PreviousRevision | None
    settings: Settings
    suggested_by: str
    now: str


def earlier_revision(
    action: RemediationAction, deployment: DeploymentSummary
) -> RevisionSummary | None:
    """The revision that values are taken from: the one asked for, else the last available one."""
    if isinstance(action, RolloutUndo) and action.to_revision is not None:
        asked = (r for r in deployment.revisions if r.revision == action.to_revision)
        return next((r for r in asked if r.available and not r.current), None)
    return deployment.last_available


def resolve(action: RemediationAction, live: Object, sources: Sources) -> ProposedValue | None:
    """What to write and where it comes from; None where nothing has a value for it."""
    if isinstance(action, RolloutRestart):
        return ProposedValue(sources.now, "none", "")
    if isinstance(action, PatchConfigMap):
        return _approved_key(action, live, sources)
    if not (action.changes_template or action.subresource):
        return NOTHING_NEEDED
    earlier = sources.earlier
    value = action.restored(live, earlier.template) if earlier else None
    limits = sources.settings.limits
    if value is not None and earlier is not None:
        if isinstance(action, PatchDeploymentResources):
            value = _bounded(action, live, value, limits, earlier.template)
            had = held(container_path(_as_live(earlier.template), action.container), value)
            if had != value:
                return ProposedValue(value, "suggested", sources.suggested_by)
        return ProposedValue(value, "revision", f"revision {earlier.revision}", earlier.revision)
    if isinstance(action, PatchDeploymentEnv) and (found := _approved(action, live, sources)):
        return found
    value = action.suggested(live)
    if value is None:
        return None
    if isinstance(action, PatchDeploymentResources):
        value = _bounded(action, live, value, limits, {})
    return ProposedValue(value, "suggested", sources.suggested_by)


def as_written(action: RemediationAction, material: ProposedValue) -> RemediationAction:
    """The action with the values that are really written, for anyone who reads about it."""
    if isinstance(action, RolloutUndo):
        return action.model_copy(update={"to_revision": material.revision or action.to_revision})
    if isinstance(action, PatchDeploymentImage):
        return action.model_copy(update={"image": str(material.value)})
    if isinstance(action, PatchDeploymentResources):
        wanted: Quantities = material.value
        fields = {f"{what}_{group.removesuffix('s')}": q for (group, what), q in wanted.items()}
        return action.model_copy(update=fields)
    return action


def _approved(action: PatchDeploymentEnv, live: Object, sources: Sources) -> ProposedValue | None:
    annotations = live["metadata"].get("annotations") or {}
    value = annotations.get(APPROVED_ENV + action.name)
    if value is not None:
        entry = {"name": action.name, "value": value}
        return ProposedValue(entry, "approved", "approved by annotation")
    if secret := sources.settings.approved_env.get(action.name):
        entry = {"name": action.name, "value": secret.get_secret_value()}
        return ProposedValue(entry, "approved", "approved in settings")
    return None


def _approved_key(action: PatchConfigMap, live: Object, sources: Sources) -> ProposedValue | None:
    policy = sources.settings.policy(action.target.namespace)
    value = (live["metadata"].get("annotations") or {}).get(APPROVED_KEY + action.key)
    if value is not None:
        return ProposedValue(value, "approved", "approved by annotation")
    value = policy.configmaps.get(action.target.name, {}).get(action.key)
    return None if value is None else ProposedValue(value, "approved", "approved in settings")


def ceiling(where: tuple[str, str], now: Quantities, limits: LimitSettings) -> Decimal:
    """The most that a quantity may become unasked, by the factor and the cap of the settings."""
    group, resource = where
    factor, cap = (
        (limits.memory_factor, limits.memory_cap)
        if resource == "memory"
        else (limits.cpu_factor, limits.cpu_cap)
    )
    most = quantity.parse(cap)
    base = now.get((group, resource)) or now.get(("limits", resource))
    if base is None:
        return most
    return min(most, quantity.parse(base) * Decimal(str(factor)))


def _bounded(
    action: PatchDeploymentResources,
    live: Object,
    wanted: Quantities,
    limits: LimitSettings,
    template: Object,
) -> Quantities:
    """The quantities, each at most its ceiling, or what an available revision had of it."""
    everything = {(g, r): "" for g in ("limits", "requests") for r in ("memory", "cpu")}
    now = held(container_path(live, action.container), everything)
    before = (
        held(container_path(_as_live(template), action.container), everything) if template else {}
    )
    result = {}
    for where, text in wanted.items():
        most = ceiling(where, now, limits)
        fits = quantity.parse(text) <= most or before.get(where) == text
        result[where] = text if fits else quantity.write(most, where[1])
    return result


def _as_live(template: Object) -> Object:
    """A pod template where a Deployment has its own."""
    return {"spec": {"template": template}}
