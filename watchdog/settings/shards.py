"""Pods that share the watched namespaces and the fixes of a run among them."""

from __future__ import annotations

import hashlib
import os

from watchdog.errors import SettingsError
from watchdog.settings.schema import Settings


def stable_hash(name: str) -> int:
    """The same in every process; names that differ in one digit fall apart."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())


def this_shard(settings: Settings) -> int:
    """This pod's number among those that share the namespaces: an Indexed Job numbers its pods."""
    if settings.shards == 1:
        return 0
    number = os.environ.get("JOB_COMPLETION_INDEX", "")
    if not number.isdigit() or int(number) >= settings.shards:
        raise SettingsError(
            f"SRE_AGENT_SHARDS={settings.shards} needs JOB_COMPLETION_INDEX from 0 to "
            f"{settings.shards - 1}, as an Indexed Job sets it; it is {number or 'not set'}"
        )
    return int(number)


def namespaces_of(settings: Settings, namespaces: tuple[str, ...], number: int) -> tuple[str, ...]:
    """The namespaces of one shard: each hashes to one, whatever others there are."""
    if settings.shards == 1:
        return namespaces
    return tuple(name for name in namespaces if stable_hash(name) % settings.shards == number)


def fixes_of(settings: Settings, number: int, job: str) -> int:
    """How many writes one shard may make in a run, so that all together keep to the settings.

    The remainder goes to shards chosen by a hash of `job`, the Job's name: its pods have it in
    common, and each run another one. Without one they fall to the same shards in every run.
    """
    whole = settings.most_fixes
    if settings.shards == 1 or settings.dry_run:
        return whole
    every, more = divmod(whole, settings.shards)
    return every + ((number + stable_hash(job)) % settings.shards < more)
