"""Reads the Events of trouble, and chooses those that are shown.

Anyone may make Events, of any words about anything, and a list of them is in the order of names. So
if there are more than are read, those about what is sick are asked for one object at a time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import partial

from watchdog.kube.ports import Json
from watchdog.kube.resources import CLAIMS, CRONJOBS, EVENTS, JOBS, PODS, REPLICASETS
from watchdog.observation.gathered import Gathered
from watchdog.observation.gatherer import Gatherer
from watchdog.observation.kubectl_columns import created
from watchdog.observation.translate import reference
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import EVENTS_BEYOND, EventSummary

_PAGES = 4
# What every start, stop and scaling leaves behind. All other reasons are read, whatever their type:
# a failed liveness probe, a node on its way and a claim without a class are of type Normal.
_NO_CHATTER = ",".join(
    f"reason!={reason}"
    for reason in (
        "Scheduled", "Pulling", "Pulled", "Created", "Started", "SuccessfulCreate",
        "SuccessfulDelete", "ScalingReplicaSet", "SuccessfulRescale", "Completed",
        "SawCompletedJob", "LeaderElection",
    )
)  # fmt: skip
# Each makes the API server go through all Events of the namespace.
_MOST_ASKED = 40
# A writer of Kubernetes' own makes 25 at once about one object, and then one in five minutes.
_MOST_ABOUT_ONE = 100
_MOST_OF_A_KIND = 500
_MOST_SHOWN = 300


def read_events(gatherer: Gatherer, found: Gathered) -> None:
    """Warnings; and what else tells of trouble, as many of its writers call it Normal."""
    most = _PAGES * gatherer.settings.page_size
    lists = gatherer.looking.side_by_side(
        [
            partial(gatherer.listing, EVENTS, most, field_selector=selector)
            for selector in ("type=Warning", f"type!=Warning,{_NO_CHATTER}")
        ]
    )
    found.events = [raw for listing in lists for raw in listing.items]
    for listing in lists:
        gatherer.state_cut(EVENTS, listing)
    found.events_cut = any(listing.more for listing in lists)
    if found.events_cut:
        asked = _about_the_sick(gatherer, found)
        known = {_name(raw) for raw in asked}
        found.events = [*asked, *(raw for raw in found.events if _name(raw) not in known)]


def _about_the_sick(gatherer: Gatherer, found: Gathered) -> list[Json]:
    sick = list(dict.fromkeys(_sick(found)))
    if len(sick) > _MOST_ASKED:
        miss(gatherer, f"of {len(sick)} sick objects those of {_MOST_ASKED} were asked for")
    asks = [(ref.kind, ref.name, _MOST_ABOUT_ONE) for ref in sick[:_MOST_ASKED]]
    # Only Events tell of these: of claims that cannot grow, and of Jobs that are gone.
    if found.pods or found.workloads or found.claims:
        asks.append((CLAIMS.kind, "", _MOST_OF_A_KIND))
    if any(ref.kind == CRONJOBS.kind for ref in found.workloads):
        asks.append((JOBS.kind, "", _MOST_OF_A_KIND))
    lists = gatherer.looking.side_by_side([partial(_about, gatherer, *ask) for ask in asks])
    return [raw for items in lists for raw in items]


def _about(gatherer: Gatherer, kind: str, name: str, most: int) -> list[Json]:
    """Those about one object; about all of its kind, without a name."""
    named = f",involvedObject.name={name}" if name else ""
    selector = f"involvedObject.kind={kind}{named},{_NO_CHATTER}"
    listing = gatherer.listing(EVENTS, most, field_selector=selector)
    if listing.more:
        miss(gatherer, f"more than {most} are about {kind}/{name or '*'}")
    return listing.items


def _sick(found: Gathered) -> Iterator[ObjectRef]:
    """What is sick and what may speak for it: a pod of each owner first, pods of no one last."""
    sick = [pod for pod in found.pods if pod.sick]
    owned = [pod for pod in sick if not found.is_bare(pod)]
    first: dict[ObjectRef, ObjectRef] = {}
    for pod in owned:
        first.setdefault(pod.owner, reference(PODS.kind, pod.raw))
    yield from first.values()
    yield from found.workloads
    for history in found.histories.values():
        newest = max(history, key=created, default=None)
        if newest is not None:
            yield reference(REPLICASETS.kind, newest)
    yield from (reference(CLAIMS.kind, raw) for raw in found.claims)
    yield from (reference(PODS.kind, pod.raw) for pod in (*owned, *sick))


def shown(
    gatherer: Gatherer, events: Iterable[EventSummary], of_no_one: Collection[ObjectRef]
) -> tuple[EventSummary, ...]:
    """As many as are shown, newest last: of each object the newest of each reason come first.

    Those about pods `of_no_one` come after all others.
    """
    newest = sorted(events, key=_seen, reverse=True)
    reasons: Counter[tuple[ObjectRef, str]] = Counter()
    about: dict[ObjectRef, list[tuple[int, EventSummary]]] = defaultdict(list)
    for event in newest:
        about[event.about].append((reasons[event.about, event.reason], event))
        reasons[event.about, event.reason] += 1
    ranked = [
        (ref in of_no_one, place, event)
        for ref, group in about.items()
        for place, (_, event) in enumerate(sorted(group, key=lambda item: item[0]))
    ]
    ranked.sort(key=lambda item: item[:2])
    gatherer.looking.cut("events", _MOST_SHOWN, len(ranked), EVENTS.plural)
    lost = sum(not bare for bare, _, _ in ranked[_MOST_SHOWN:])
    if lost:
        miss(gatherer, f"there is no room for {lost} about workloads and their pods")
    return tuple(sorted((event for _, _, event in ranked[:_MOST_SHOWN]), key=_seen))


def miss(gatherer: Gatherer, why: str) -> None:
    """State, by why that is, that Events which matter may not have been seen: a degraded pass."""
    gatherer.looking.blind(EVENTS_BEYOND, why)


def _seen(event: EventSummary) -> float:
    return event.last_seen.timestamp() if event.last_seen else 0.0


def _name(raw: Json) -> str:
    return reference(EVENTS.kind, raw).name
