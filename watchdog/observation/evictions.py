"""Evictions that a budget refused: the event is on a pod that is well, so triage never sees it."""

from __future__ import annotations

from watchdog.kube.ports import Json
from watchdog.kube.resources import PODS
from watchdog.observation.event_reads import miss, read_events
from watchdog.observation.gathered import Gathered, PodRead
from watchdog.observation.gatherer import Gatherer
from watchdog.observation.kubectl_columns import mapping, number

# What drainers and node autoscalers say of a pod that a budget holds back.
REFUSED = ("disruption budget", "PodDisruptionBudget", "pdb ")


def refused_evictions(gatherer: Gatherer, budgets: list[Json], found: Gathered) -> None:
    """Add the pods whose eviction was refused by a budget that spares none, and the events.

    Costs two lists of events, and only if all pods of such a budget are well: if they are not,
    the budget does what it is for.
    """
    if not any(_spares_none(raw) for raw in budgets):
        return
    if not found.events:
        read_events(gatherer, found)
    if found.events_cut:
        miss(gatherer, "a refused eviction may be among those that were not read")
    names = [
        str(mapping(raw.get("involvedObject")).get("name"))
        for raw in found.events
        if mapping(raw.get("involvedObject")).get("kind") == PODS.kind and _says_so(raw)
    ]
    names = list(dict.fromkeys(names))
    bound = gatherer.settings.max_owners
    gatherer.looking.cut("pods whose eviction was refused", bound, len(names))
    gatherer.may_hide(len(names) - bound)
    known = {str(mapping(pod.raw.get("metadata")).get("name")) for pod in found.pods}
    for name in names[:bound]:
        raw = gatherer.one(PODS, name) if name not in known else None
        if raw is not None:
            found.pods.append(PodRead(raw, gatherer.nearest(raw), sick=False))


def _spares_none(raw: Json) -> bool:
    status = mapping(raw.get("status"))
    healthy, expected = number(status.get("currentHealthy")), number(status.get("expectedPods"))
    return number(status.get("disruptionsAllowed")) == 0 and healthy >= expected > 0


def _says_so(raw: Json) -> bool:
    return any(word in str(raw.get("message")) for word in REFUSED)
