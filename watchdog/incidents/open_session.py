"""Opening a session: the Lease, the memory that goes with it, what people answered meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from watchdog.errors import ClusterError, ForbiddenError
from watchdog.incidents import lease, store
from watchdog.incidents.lease import HeldError
from watchdog.incidents.memory import Memory
from watchdog.incidents.observed import ObservedMemories, with_facts_of
from watchdog.incidents.session import NamespaceSession, ReadRepliesCall
from watchdog.incidents.store import Kept
from watchdog.kube.ports import MemoryStore
from watchdog.settings.schema import Settings

# Both are read off a clock that tells whole seconds, and each answer took its time.
_TOLERANCE = timedelta(seconds=2)
LEASE_MARGIN_SECONDS = 60.0  # deliveries and the end of the process come after the run budget


def open_session(  # noqa: PLR0913 - what a pass lends it
    cluster: MemoryStore,
    kept: Kept,
    settings: Settings,
    *,
    sick: bool,
    holder: str,
    seen_from: datetime | None,
    clock: Callable[[], datetime],
    stopped: Callable[[], None],
    read_replies: ReadRepliesCall | None,
    observed: ObservedMemories | None = None,
) -> NamespaceSession:
    """The session of a namespace; takes the Lease where there is something to do, or to tell.

    `kept` is what was read of it, `sick` says whether anything was found, `holder` names this pass
    alone. `observed` keeps the memories of namespaces that grant no Lease; None if nothing does.
    Raises nothing.
    """
    session = NamespaceSession(cluster, settings, kept.memory.namespace, clock, stopped, kept)
    if settings.dry_run:
        return session
    talks = bool(settings.slack.bot_token or settings.slack.webhook_url)
    if sick or not kept.memory.rests(talks=talks, receivers=settings.notify.names):
        _take(session, holder, seen_from, observed)
    kept = session.kept  # as it was read under the Lease
    if not kept.usable:
        session.rule, session.write_blocked_reason = "memory", kept.warning
        session.warnings.append(kept.warning)
    elif session.write_blocked_reason:
        session.warnings.append(session.write_blocked_reason)
    elif kept.warning:
        session.warnings.append(kept.warning)
    if read_replies is not None and session.lease is not None and _talked_about(session.memory):
        _listen(session, read_replies)
    return session


def _take(
    session: NamespaceSession,
    holder: str,
    seen_from: datetime | None,
    observed: ObservedMemories | None,
) -> None:
    seconds = session.settings.run_budget_seconds + LEASE_MARGIN_SECONDS
    try:
        session.lease = lease.take(session.cluster, session.namespace, holder, seconds)
    except HeldError as error:
        session.rule, session.write_blocked_reason = (
            "lease",
            f"Another pass is at work here: {error}.",
        )
        session.kept_out = _for_long(session, error)
        return
    except ForbiddenError as error:
        if session.namespace in session.settings.namespaces or not session.settings.watch.by_rule:
            _out_of_reach(session, error)
            return
        _only_observe(session, holder, seconds, observed)
        return
    except ClusterError as error:
        _out_of_reach(session, error)
        return
    before = session.lease.before
    if before and seen_from and before > seen_from + _TOLERANCE:
        # What this pass saw may be what the other one has repaired by now.
        session.rule = "lease"
        session.write_blocked_reason = (
            "Another pass ended here while this one was looking; the next one goes on."
        )
        session.lease.release()
        session.lease = None
        return
    # Anyone who held it before may have written since it was read.
    kept = store.read(
        session.cluster, session.namespace, session.memory.cluster, session.now, session.settings
    )
    session.kept = store.without_replays(kept, session.lease.seal, session.settings)
    if observed is not None:
        _move_in(session, observed)


def _only_observe(
    session: NamespaceSession, holder: str, seconds: float, observed: ObservedMemories | None
) -> None:
    """Watched by a rule, and not opted in: that is no fault, and remembered elsewhere."""
    session.rule = "not_granted"
    needed = (
        f"because no rights are bound in namespace {session.namespace}: `sre-watchdog grant -n "
        f"{session.namespace}` prints what binds them"
    )
    session.write_blocked_reason = f"Nothing is changed or remembered here, {needed}."
    if observed is None:
        return
    own = session.kept
    try:
        held = observed.take(holder, seconds)
    except HeldError as error:
        session.write_blocked_reason = (
            f"Nothing is changed here, {needed}. Another pass is at work: {error}."
        )
        session.kept_out = _for_long(session, error)
        return
    except ForbiddenError:
        return  # this release keeps none
    except ClusterError as error:
        session.kept_out = f"what is seen here cannot be remembered: {error}"
        return
    name = session.memory.cluster
    kept = observed.current(session.namespace, name, session.now, session.settings)
    session.lease = held
    session.write_blocked_reason = f"Nothing is changed here, {needed}."
    if own.place != kept.place and not kept.place.text(kept.found):
        # Nothing was kept here yet. It may have been bound before: its own ConfigMap can be read.
        kept = replace(kept, memory=with_facts_of(kept.memory, own, session.settings))
    session.kept = kept


def _move_in(session: NamespaceSession, observed: ObservedMemories) -> None:
    """Take over what was remembered of the namespace while nothing was bound in it."""
    settings = session.settings
    former = observed.seen(session.namespace, session.memory.cluster, session.now, settings)
    if former is None or not session.kept.usable:
        return
    session.memory = with_facts_of(session.memory, former, settings)

    def forget() -> None:
        # If that fails, the next pass finds it there once more.
        with contextlib.suppress(ClusterError):
            observed.forget(session.namespace)

    session.moved = forget


def _out_of_reach(session: NamespaceSession, error: ClusterError) -> None:
    session.rule = "lease"
    session.write_blocked_reason = f"Nothing is changed, because no Lease could be taken: {error}."
    session.kept_out = f"it cannot be taken: {error}"


def _for_long(session: NamespaceSession, error: HeldError) -> str:
    """Why this is more than another pass at work; empty where it may be one.

    No pass holds a Lease for longer than `LONGEST`, and each pass notes when it saw what is open.
    """
    now = session.now
    held = error.since is not None and now - error.since > lease.LONGEST
    open_ = [item.last_seen for item in session.memory.incidents if item.open]
    unseen = bool(open_) and now - max(open_) > 2 * lease.LONGEST
    if not (held or unseen):
        return ""
    return f"{error.holder} keeps it for longer than a pass may take: look who that is"


def _talked_about(memory: Memory) -> bool:
    open_ = (item for item in memory.incidents if item.open)
    return bool(memory.stopped_by) or any(item.thread or item.request for item in open_)


def _listen(session: NamespaceSession, read_replies: ReadRepliesCall) -> None:
    heard = read_replies({session.namespace: session.memory})
    session.heard = heard
    by = heard.stopped.get(session.namespace, "")
    if heard.problems and not by:
        by = session.memory.stopped_by  # it could not be seen whether the sign was taken back
    session.warnings.extend(heard.problems)
    session.memory = session.memory.model_copy(update={"stopped_by": by})
