"""The annotation `sre-watchdog/pause` on a namespace: until when, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from watchdog.text.regex import regex

PAUSE = "sre-watchdog/pause"
_END = regex(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?(?:\.\d+)?\s?(?:Z|[+-]\d{2}:?\d{2})?"
)


def pause(annotations: Mapping[str, object], now: datetime) -> str | None:
    """What the annotation says while the pause lasts; None without one, and once it is over.

    An end is the first date and time in it (`until 2026-11-23T18:00Z: migration`), in UTC where no
    zone is given; a day alone lasts to its end. Without one it lasts until it is removed.
    """
    value = annotations.get(PAUSE)
    if value is None or str(value).strip().lower() == "false":
        return None
    text = " ".join(str(value).split())
    end = _end(text)
    return None if end is not None and now >= end else text


def _end(text: str) -> datetime | None:
    found = _END.search(text)
    if found is None:
        return None
    try:
        end = datetime.fromisoformat(found[0].strip().replace(" Z", "Z"))
    except ValueError:
        return None
    if len(found[0].strip()) == len("2026-11-23"):
        end = end.replace(hour=23, minute=59, second=59)
    return end if end.tzinfo else end.replace(tzinfo=UTC)
