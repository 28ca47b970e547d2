"""The pass over a namespace where all is well, as nearly every pass is: it loads next to nothing.

What is loaded for one that is sick (failure kinds, diagnosis, remediation) is in agent/stages.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import combinations, islice
from typing import NamedTuple

from watchdog.agent.context import PassContext
from watchdog.errors import ClusterError
from watchdog.incidents import store
from watchdog.incidents.store import Kept
from watchdog.kube.rate_limit import AT_ONCE
from watchdog.model.report import NamespaceReport
from watchdog.observation.collector import observe
from watchdog.observation.reads import FIRST_LOOK
from watchdog.observation.shared_lists import NamespaceLists, SharedLists, read
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.text.format import count

# What says nothing by being there: only what it says of itself is judged.
_OFTEN_THERE = frozenset({"autoscalers", "disruption_budgets", "blind_spots", "cuts"})
# Its status tells whether a bound was reached. The upper one is judged by how long it lasts.
_EITHER_WAY, _UPPER_BOUND = "ScalingLimited", "TooManyReplicas"
_FRESH_SECONDS = 20.0
# Without validation, whose building takes longer than all that is done here.
_WELL = NamespaceReport.model_construct(namespace="")


class QuickLook(NamedTuple):
    """What was seen of a namespace, and what was remembered of it then; `at` is monotonic."""

    snapshot: ClusterSnapshot
    kept: Kept
    at: float


def look(
    namespace: str,
    work: PassContext,
    at_once: int = FIRST_LOOK,
    shared: NamespaceLists | None = None,
) -> ClusterSnapshot:
    """What is to be seen of the namespace; the rest as for `observe`. Raises ClusterError."""
    cluster, clock = work.cluster, work.budget.clock
    with work.timed("observe"):
        return observe(
            cluster,
            namespace,
            work.settings,
            clock,
            work.cluster_name,
            at_once,
            shared,
            cluster_wide=namespace == work.home,
        )


def quick_look(
    namespace: str,
    work: PassContext,
    at_once: int = FIRST_LOOK,
    lists: SharedLists | None = None,
) -> QuickLook:
    """The same, and what earlier passes left to know about the namespace. Raises ClusterError.

    Lists of all namespaces count only while they are fresh.
    """
    clock = work.budget.clock
    began = clock.monotonic()
    shared = lists.of[namespace] if lists and began - lists.at <= _FRESH_SECONDS else None
    snapshot = look(namespace, work, at_once, shared)
    now = work.cluster.server_time or clock.now()
    at = lists.at if lists and shared else clock.monotonic()
    if shared is None or not shared.memories_read:
        kept = store.read(work.cluster, namespace, snapshot.cluster, now, work.settings)
    elif shared.memory is None:
        kept = store.none_yet(namespace, snapshot.cluster)
    else:
        kept = store.believed(shared.memory, namespace, snapshot.cluster, now, work.settings)
    if work.observed is not None and _is_over(kept, work):
        # Not yet read under a Lease, so either of the two places may be the one that counts.
        observed = work.observed.seen(namespace, snapshot.cluster, now, work.settings)
        kept = observed or kept
    return QuickLook(snapshot, kept, at)


def _is_over(kept: Kept, work: PassContext) -> bool:
    """Whether that memory leaves nothing to do or to tell."""
    slack = work.settings.slack
    talks = bool(slack.bot_token or slack.webhook_url)
    rests = kept.memory.rests(talks=talks, receivers=work.settings.notify.names)
    return kept.usable and rests


def quick_looks(
    namespaces: tuple[str, ...], work: PassContext
) -> Iterator[tuple[str, Callable[[], QuickLook]]]:
    """Each namespace with what gives the sight of it, a few of them looked at side by side.

    Those where the lists of all namespaces show nothing come first, while that is fresh and the
    others are read. Of these no more than a few are looked at ahead of the one in hand, so that
    little is held. The more of them, the fewer threads each gets: starting those costs more than
    they save.
    """
    lists = _shared(namespaces, work)
    calm = dict.fromkeys(name for name in namespaces if lists and lists.of[name].calm)
    left = tuple(name for name in namespaces if name not in calm)
    look_at_calm = ((name, partial(quick_look, name, work, 1, lists)) for name in calm)
    if len(left) <= 1:
        yield from look_at_calm
        yield from ((name, partial(quick_look, name, work, lists=lists)) for name in left)
        return
    ahead = min(len(left), AT_ONCE)
    one = partial(quick_look, work=work, at_once=AT_ONCE // ahead, lists=lists)
    with ThreadPoolExecutor(ahead) as pool:
        rest = iter(left)
        under_way = deque((name, pool.submit(one, name)) for name in islice(rest, ahead))
        yield from look_at_calm
        while under_way:
            namespace, found = under_way.popleft()
            under_way.extend((name, pool.submit(one, name)) for name in islice(rest, 1))
            yield namespace, found.result


def _shared(namespaces: tuple[str, ...], work: PassContext) -> SharedLists | None:
    """The lists of all these namespaces; None where each has to be listed by itself."""
    clock = work.budget.clock
    try:
        with work.timed("observe"):
            return read(work.cluster, namespaces, work.settings, clock.now, clock.monotonic)
    except ClusterError:
        return None  # each namespace says by itself why it cannot be looked at


def is_stale(seen: QuickLook, work: PassContext) -> bool:
    """Whether others took so much time that this namespace has to be looked at again."""
    return work.budget.clock.monotonic() - seen.at > _FRESH_SECONDS


def quick_pass(snapshot: ClusterSnapshot, kept: Kept, work: PassContext) -> NamespaceReport | None:
    """The report on a namespace with nothing to judge, to end or to tell; None for any other."""
    now = work.cluster.server_time or work.budget.clock.now()
    if not (_is_over(kept, work) and nothing_to_judge(snapshot)):
        return None
    since = now - timedelta(seconds=work.settings.run_budget_seconds)
    work.progress.stage("observe", seen(snapshot, broken=0))
    use = kept.memory.use_on(now)
    return _WELL.model_copy(
        update={
            "namespace": snapshot.namespace,
            "objects": snapshot.objects,
            "blind_spots": snapshot.blind_spots,
            "cuts": tuple(str(cut) for cut in snapshot.cuts),
            "incidents": kept.memory.recent(since),
            "model_calls_today": use.calls,
            "model_tokens_today": use.tokens,
        }
    )


def nothing_to_judge(snapshot: ClusterSnapshot) -> bool:
    """Whether the snapshot holds nothing that a failure kind could find anything wrong with."""
    held = {name for name, value in snapshot if isinstance(value, tuple) and value}
    return (
        held <= _OFTEN_THERE
        and snapshot.deletion is None
        and all(budget.allowed for budget in snapshot.disruption_budgets)
        and not any(
            budget.shares_pods_with(other)
            for budget, other in combinations(snapshot.disruption_budgets, 2)
        )
        and all(
            condition.status == "True" or condition.type == _EITHER_WAY
            for autoscaler in snapshot.autoscalers
            for condition in autoscaler.conditions
        )
        and not any(
            condition.reason == _UPPER_BOUND and condition.status == "True"
            for autoscaler in snapshot.autoscalers
            for condition in autoscaler.conditions
        )
        and not any(autoscaler.target_absent for autoscaler in snapshot.autoscalers)
    )


def seen(snapshot: ClusterSnapshot, broken: int) -> str:
    """What was looked at, in a few words for the progress display."""
    pods, deployments = (snapshot.objects.get(name, 0) for name in ("pods", "deployments"))
    looked = f"{snapshot.namespace}: {count(pods, 'pod')}, {count(deployments, 'deployment')}"
    return f"{looked}, {broken} broken" if broken else f"{looked}, nothing broken"
