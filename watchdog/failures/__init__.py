"""The failure kinds, most specific first: the first kind to claim an owner explains it."""

from __future__ import annotations

from watchdog.failures.kind import FailureKind

KINDS: tuple[FailureKind, ...] = ()
