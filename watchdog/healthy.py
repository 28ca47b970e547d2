"""The pass over a namespace where all is well, as nearly every pass is: it loads next to nothing.

What is loaded for one that is sick (failure kinds, diagnosis, remediation) is in stages.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import NamedTuple

from watchdog.incidents import store
from watchdog.incidents.store import Kept
from watchdog.kube_manners import AT_ONCE
from watchdog.nouns import NamespaceReport
from watchdog.observation.collector import observe
from watchdog.observation.looking import SIDE_BY_SIDE
from watchdog.observation.snapshot import ClusterSnapshot
from watchdog.one_pass import Pass

# What says nothing by being there: only what it says of itself is judged.
_OFTEN_THERE = frozenset({"autoscalers", "disruption_budgets", "blind_spots", "cuts"})
# Its status tells whether a bound was reached, which is as it should be either way.
_EITHER_WAY = "ScalingLimited"
_FRESH_SECONDS = 20.0


class Sight(NamedTuple):
    """What was seen of a namespace, and what was remembered of it then; `at` is monotonic."""

    snapshot: ClusterSnapshot
    kept: Kept
    at: float


def look(namespace: str, work: Pass, at_once: int = SIDE_BY_SIDE) -> ClusterSnapshot:
    """What is to be seen of the namespace; `at_once` as for `observe`. Raises ClusterError."""
    cluster, clock = work.cluster, work.budget.clock
    with work.timed("observe"):
        return observe(cluster, namespace, work.settings, clock, work.cluster_name, at_once)


def sight(namespace: str, work: Pass, at_once: int = SIDE_BY_SIDE) -> Sight:
    """The same, and what earlier passes left to know about the namespace. Raises ClusterError."""
    snapshot = look(namespace, work, at_once)
    now = work.cluster.server_time or work.budget.clock.now()
    kept = store.read(work.cluster, namespace, snapshot.cluster, now)
    return Sight(snapshot, kept, work.budget.clock.monotonic())


def sights(namespaces: tuple[str, ...], work: Pass) -> Iterator[tuple[str, Callable[[], Sight]]]:
    """Each namespace with what gives the sight of it, a few of them looked at side by side.

    No more than a few ahead of the one in hand, so that little is held and what is seen is fresh.
    The more of them, the fewer threads each gets: starting those costs more than they save.
    """
    if len(namespaces) == 1:
        yield namespaces[0], partial(sight, namespaces[0], work)
        return
    if not namespaces:
        return  # as a shard may have none
    ahead = min(len(namespaces), AT_ONCE)
    one = partial(sight, work=work, at_once=AT_ONCE // ahead)
    with ThreadPoolExecutor(ahead) as pool:
        rest = iter(namespaces)
        under_way = deque((name, pool.submit(one, name)) for name in islice(rest, ahead))
        while under_way:
            namespace, found = under_way.popleft()
            under_way.extend((name, pool.submit(one, name)) for name in islice(rest, 1))
            yield namespace, found.result


def is_stale(seen: Sight, work: Pass) -> bool:
    """Whether others took so much time that this namespace has to be looked at again."""
    return work.budget.clock.monotonic() - seen.at > _FRESH_SECONDS


def well(snapshot: ClusterSnapshot, kept: Kept, work: Pass) -> NamespaceReport | None:
    """The report on a namespace with nothing to judge, to end or to tell; None for any other."""
    now = work.cluster.server_time or work.budget.clock.now()
    slack = work.settings.slack
    rests = kept.memory.rests(talks=bool(slack.bot_token or slack.webhook_url))
    if not (kept.usable and rests and nothing_to_judge(snapshot)):
        return None
    since = now - timedelta(seconds=work.settings.run_budget_seconds)
    work.progress.stage("observe", seen(snapshot, broken=0))
    use = kept.memory.use_on(now)
    return NamespaceReport(
        namespace=snapshot.namespace,
        objects=snapshot.objects,
        blind_spots=snapshot.blind_spots,
        cuts=tuple(str(cut) for cut in snapshot.cuts),
        incidents=kept.memory.recent(since),
        model_calls_today=use.calls,
        model_tokens_today=use.tokens,
    )


def nothing_to_judge(snapshot: ClusterSnapshot) -> bool:
    """Whether the snapshot holds nothing that a failure kind could find anything wrong with."""
    held = {name for name, value in snapshot if isinstance(value, tuple) and value}
    return (
        held <= _OFTEN_THERE
        and all(budget.allowed for budget in snapshot.disruption_budgets)
        and all(
            condition.status == "True" or condition.type == _EITHER_WAY
            for autoscaler in snapshot.autoscalers
            for condition in autoscaler.conditions
        )
    )


def seen(snapshot: ClusterSnapshot, broken: int) -> str:
    """What was looked at, in a few words for the progress display."""
    pods, deployments = (snapshot.objects.get(name, 0) for name in ("pods", "deployments"))
    looked = f"{snapshot.namespace}: {pods} pods, {deployments} deployments"
    return f"{looked}, {broken} broken" if broken else f"{looked}, nothing broken"
