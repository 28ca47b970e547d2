"""Opening a casebook: the Lease, the memory that goes with it, what people answered meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from watchdog.errors import ClusterError
from watchdog.incidents import lease, store
from watchdog.incidents.casebook import Casebook, Cluster, Hear
from watchdog.incidents.lease import HeldError
from watchdog.incidents.memory import Memory
from watchdog.incidents.store import Kept
from watchdog.settings import Settings

# Both are read off a clock that tells whole seconds, and each answer took its time.
_TOLERANCE = timedelta(seconds=2)
LEASE_MARGIN_SECONDS = 60.0  # deliveries and the end of the process come after the run budget


def open_casebook(  # noqa: PLR0913 - what a pass lends it
    cluster: Cluster,
    kept: Kept,
    settings: Settings,
    *,
    sick: bool,
    holder: str,
    seen_from: datetime | None,
    clock: Callable[[], datetime],
    stopped: Callable[[], None],
    hear: Hear | None,
) -> Casebook:
    """The casebook of a namespace; takes the Lease where there is something to do, or to tell.

    `kept` is what was read of it, `sick` says whether anything was found, `holder` names this pass
    alone. Raises nothing.
    """
    book = Casebook(cluster, settings, kept.memory.namespace, clock, stopped, kept)
    if settings.dry_run:
        return book
    talks = bool(settings.slack.bot_token or settings.slack.webhook_url)
    if sick or not kept.memory.rests(talks=talks):
        _take(book, holder, seen_from)
    if not kept.usable:
        book.rule, book.barred = "memory", kept.warning
        book.warnings.append(kept.warning)
    elif book.barred:
        book.warnings.append(book.barred)
    if hear is not None and book.lease is not None and _talked_about(book.memory):
        _listen(book, hear)
    return book


def _take(book: Casebook, holder: str, seen_from: datetime | None) -> None:
    seconds = book.settings.run_budget_seconds + LEASE_MARGIN_SECONDS
    try:
        book.lease = lease.take(book.cluster, book.namespace, holder, seconds)
    except HeldError as error:
        book.rule, book.barred = "lease", f"Another pass is at work here: {error}."
        return
    except ClusterError as error:
        book.rule = "lease"
        book.barred = f"Nothing is changed, because no Lease could be taken: {error}."
        return
    before = book.lease.before
    if before and seen_from and before > seen_from + _TOLERANCE:
        # What this pass saw may be what the other one has repaired by now.
        book.rule = "lease"
        book.barred = "Another pass ended here while this one was looking; the next one goes on."
        book.lease.release()
        book.lease = None
        return
    # Whoever held it before may have written since it was read.
    book.kept = store.read(book.cluster, book.namespace, book.memory.cluster, book.now)


def _talked_about(memory: Memory) -> bool:
    open_ = (item for item in memory.incidents if item.open)
    return bool(memory.stopped_by) or any(item.thread or item.request for item in open_)


def _listen(book: Casebook, hear: Hear) -> None:
    heard = hear({book.namespace: book.memory})
    book.heard = heard
    by = heard.stopped.get(book.namespace, "")
    if heard.problems and not by:
        by = book.memory.stopped_by  # it could not be seen whether the sign was taken back
    book.warnings.extend(heard.problems)
    book.memory = book.memory.model_copy(update={"stopped_by": by})
