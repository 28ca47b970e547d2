"""Evictions that a budget refused: the event is on a pod that is well, so triage never sees it."""

from __future__ import annotations

from watchdog.kube.ports import Json
from watchdog.kube.resources import PODS
from watchdog.observation.fetch import Gatherer
from watchdog.observation.gathered import Gathered, PodRead
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
    found.events = found.events or gatherer.events()
    names = [
        str(mapping(raw.get("involvedObject")).get("name"))
        for raw in found.events
        if mapping(raw.get("involvedObject")).get("kind") == PODS.kind and _says_so(raw)
    ]
    known = {str(mapping(pod.raw.get("metadata")).get("name")) for pod in found.pods}
    for name in list(dict.fromkeys(names))[: gatherer.settings.max_owners]:
        raw = gatherer.one(PODS, name) if name not in known else None
        if raw is not None:
            found.pods.append(PodRead(raw, gatherer.nearest(raw), sick=False))


def _spares_none(raw: Json) -> bool:
    status = mapping(raw.get("status"))
    healthy, expected = number(status.get("currentHealthy")), number(status.get("expectedPods"))
    return number(status.get("disruptionsAllowed")) == 0 and healthy >= expected > 0


def _says_so(raw: Json) -> bool:
    return any(word in str(raw.get("message")) for word in REFUSED)
