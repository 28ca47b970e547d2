"""The rules of policy about requests and limits: how far they may be raised, or lowered. Pure."""

from __future__ import annotations

from watchdog.actions import PatchDeploymentResources, RemediationAction
from watchdog.actions.action import container_path
from watchdog.actions.patch_deployment_resources import Quantities, held
from watchdog.detection.admission import most_allowed
from watchdog.detection.fitting import Part, no_room, ran
from watchdog.kube import quantity
from watchdog.policy.values import ceiling
from watchdog.policy.verdict import Context, Rule, Verdict, refuse
from watchdog.snapshot.workloads import PodSummary

_QUANTITIES = {(g, r): "" for g in ("requests", "limits") for r in ("memory", "cpu")}


def resources_in_bounds(action: RemediationAction, context: Context) -> Verdict | None:
    """Raised up to a factor and a cap; lowered only where nothing ever ran; limit over request."""
    if not isinstance(action, PatchDeploymentResources) or context.write is None:
        return None
    if (other := _another_resource(action, context)) is not None:
        return other
    now, after = (
        held(container_path(item, action.container), _QUANTITIES)
        for item in (context.write.live, context.write.after)
    )
    now = {**_given_to_pods(action, context), **now}
    limits = context.settings.limits
    for where, text in after.items():
        group, resource = where
        words = f"{resource} {group.removesuffix('s')}"
        if text == now.get(where):
            continue
        cap = quantity.parse(limits.memory_cap if resource == "memory" else limits.cpu_cap)
        restored = context.write.material.origin == "revision"
        most = cap if restored else ceiling(where, now, limits)
        if quantity.parse(text) > most:
            return refuse(
                "resources_too_much", f"{words} {text} is over {quantity.write(most, resource)}"
            )
        request = after.get(("requests", resource))
        allowed = most_allowed(context.snapshot, resource, request) if group == "limits" else None
        if allowed and quantity.parse(text) > quantity.parse(allowed.amount):
            return refuse(
                "limit_range", f"LimitRange {allowed.name} allows at most {allowed.amount}"
            )
        if _lowers(where, text, now) and _ever_ran(action, context):
            return refuse("resources_lowered", f"{words} is not lowered below what runs with it")
    for resource in ("memory", "cpu"):
        request, limit = (after.get((g, resource)) for g in ("requests", "limits"))
        if request and limit and quantity.parse(request) > quantity.parse(limit):
            return refuse(
                "request_over_limit", f"{resource} request {request} is over limit {limit}"
            )
    return _over_quota(action, context, now, after)


def _over_quota(
    action: PatchDeploymentResources, context: Context, now: Quantities, after: Quantities
) -> Verdict | None:
    """A refusal if a quota would keep new pods from being made; no dry run tells that."""
    seen = context.deployment(action)
    raised = {
        Part(*where): text
        for where, text in after.items()
        if where not in now or quantity.parse(text) > quantity.parse(now[where])
    }
    quota = no_room(context.snapshot, seen, action.container, raised) if seen and raised else None
    return refuse("quota", f"quota {quota.name} has no room for it") if quota else None


def _given_to_pods(action: PatchDeploymentResources, context: Context) -> Quantities:
    """The limits that the container's pods run with, though the template may set none.

    A LimitRange's default is what they have then, and raising it lowers nothing.
    """
    specs = (
        spec
        for pod in context.snapshot.pods_of(context.owner(action))
        if (spec := pod.template.container(action.container)) is not None
    )
    first = next(specs, None)
    return {("limits", name): text for name, text in first.limits.items()} if first else {}


def _another_resource(action: PatchDeploymentResources, context: Context) -> Verdict | None:
    """A refusal unless findings name (fact `resource`) each resource of that container."""
    found = context.about(action)
    about = [each for each in found if each.container in {None, action.container}]
    if not about:
        return refuse("other_container", f"no rule sees anything wrong with {action.container}")
    named = {name for each in about for name in each.facts.get("resource", "").split(",")}
    asked = {
        field.partition("_")[0]
        for field in ("memory_request", "memory_limit", "cpu_request", "cpu_limit")
        if getattr(action, field) is not None
    }
    if other := asked - named:
        return refuse("other_resource", f"no rule sees that {' and '.join(sorted(other))} is wrong")
    return None


def _lowers(where: tuple[str, str], text: str, now: Quantities) -> bool:
    """Whether a quantity is less than before; a limit where none was is less than no limit."""
    if where not in now:
        return where[0] == "limits"
    return quantity.parse(text) < quantity.parse(now[where])


def _ever_ran(action: RemediationAction, context: Context) -> bool:
    """Whether pods of the revision in use run or once ran, as far as is known."""
    seen = context.deployment(action)
    if seen is None or seen.ready or context.write is None:
        return True
    if context.write.live.get("status", {}).get("readyReplicas"):
        return True
    current = seen.current
    if current is None or current.available or current.ready_replicas:
        return True
    pods = [p for p in context.snapshot.pods_of(seen.ref) if p.replica_set == current.replica_set]
    if not pods:
        return current.completed_at is not None or not _none_created(action, context)
    return any(_started(pod) for pod in pods)


def _none_created(action: RemediationAction, context: Context) -> bool:
    """Whether no pod of any revision is there, since the API server refuses to create them."""
    seen = context.deployment(action)
    refused = any(each.kind == "creation_refused" for each in context.about(action))
    return seen is not None and refused and not ran(seen)


def _started(pod: PodSummary) -> bool:
    return pod.phase != "Pending" or any(
        state.restarts or state.started_at or state.last_started_at for state in pod.containers
    )


RULES: tuple[Rule, ...] = (resources_in_bounds,)
