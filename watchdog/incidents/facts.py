"""What may be taken from a memory that no key of ours signed: facts, never words or decisions.

That is the memory of an earlier version, of a watchdog without a key, or what someone wrote. A
fact is that an incident about this very object and kind of failure was open since some time. It
counts only once this pass finds the same failure itself, or if its Slack message carries a seal
that no one in the namespace can make. Everything else is dropped: what was tried (the mark on the
workload tells), requests and approvals, the stored diagnosis, words, states, what was sent. Pure.
"""

from __future__ import annotations

from watchdog.incidents.memory import Memory
from watchdog.incidents.thread_signature import holds
from watchdog.incidents.transitions import identity
from watchdog.model.incident import Incident, Thread
from watchdog.settings.schema import Settings
from watchdog.snapshot.refs import KIND, NAME
from watchdog.text.regex import regex

# `user/channel/ts` as reactions.py writes it.
_STOP = regex(r"[UW][A-Z0-9]{1,30}/[CGD][A-Z0-9]{2,30}/\d{1,12}\.\d{1,9}")
_FAILURE = regex(r"[a-z][a-z0-9_]{0,60}")


def facts(memory: Memory, cluster: str, settings: Settings) -> Memory:
    """What of it may be taken until this pass has looked; `prune` follows then.

    `cluster` is the name of the one that was looked at.
    """
    memory = memory.model_copy(update={"cluster": cluster})
    kept = (_fact(item, memory, settings) for item in memory.incidents)
    llm = settings.llm
    use = memory.use.model_copy(
        update={
            "calls": min(memory.use.calls, llm.calls_per_day),
            "tokens": min(memory.use.tokens, llm.tokens_per_day),
        }
    )
    return Memory(
        cluster=cluster,
        namespace=memory.namespace,
        incidents=tuple(item for item in kept if item is not None),
        use=use,
        # It can only hold changes back, and Slack is asked each time whether the sign is there.
        stopped_by=memory.stopped_by if _STOP.fullmatch(memory.stopped_by) else "",
    )


def prune(memory: Memory, seen: frozenset[str]) -> Memory:
    """The same without incidents that this pass does not see and no sealed message vouches for.

    `seen` are the fingerprints of what it found.
    """
    kept = tuple(
        item
        for item in memory.incidents
        if item.fingerprint in seen or (item.thread is not None and item.thread.ts)
    )
    return memory.model_copy(update={"incidents": kept})


def _fact(item: Incident, memory: Memory, settings: Settings) -> Incident | None:
    is_itself = item.fingerprint == identity(
        memory.cluster, item.target, item.uid, item.kind, item.container
    )
    thread = _thread(item, memory.namespace, settings)
    if not is_itself or not _is_named(item) or not (item.open or thread):
        return None
    return Incident(
        fingerprint=item.fingerprint,
        kind=item.kind,
        target=item.target,
        container=item.container,
        uid=item.uid,
        first_seen=item.first_seen,
        last_seen=item.last_seen,
        state="broken" if item.open else "resolved",
        resolved_at=None if item.open else item.resolved_at,
        thread=thread,
    )


def _is_named(item: Incident) -> bool:
    """Whether a failure and an object can have these names: `history` shows them."""
    target = item.target
    return bool(
        _FAILURE.fullmatch(item.kind)
        and KIND.fullmatch(target.kind)
        and all(NAME.fullmatch(name) for name in (target.name, item.container) if name is not None)
        and (not target.namespace or NAME.fullmatch(target.namespace))
    )


def _thread(item: Incident, namespace: str, settings: Settings) -> Thread | None:
    """Where its message is, if the signature is valid; what was sent there is sent again."""
    thread = item.thread
    if thread is None or not thread.ts or thread.mark != item.fingerprint:
        return None
    if settings.slack.bot_token is None or not holds(thread, namespace, settings.slack):
        return None
    return Thread(
        channel=thread.channel,
        ts=thread.ts,
        shared=thread.shared,
        mark=thread.mark,
        seal=thread.seal,
        told="" if item.open else "resolved",
    )
