"""The room in a ConfigMap that holds the memories of several namespaces, and what gives way in it.

Pure. Where it is full, texts that were set aside go first, then memories without an open incident,
the longest not seen first, then those of namespaces that no pass has seen for a day: they are gone
or are no longer watched. What is open and seen stays, and what then has no room is refused.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from watchdog.errors import ClusterError
from watchdog.incidents.place import Place
from watchdog.kube.ports import Json

# Kubernetes refuses a ConfigMap of more than 1 MiB, keys and values together.
MOST_BYTES = 900 * 1024
MEMORY, SIGNATURE, ASIDE = "memory.", "signature.", "set-aside."
_UNSEEN = timedelta(days=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


def make_room(body: Json, place: Place) -> None:
    """Take from the ConfigMap what gives way to the memory at `place`, until it fits.

    Raises ClusterError if it does not.
    """
    data: dict[str, str] = body["data"]
    if _size(data) <= MOST_BYTES:
        return
    for key in [key for key in data if key.startswith(ASIDE) and key != place.aside_key]:
        del data[key]
    others = [
        (key.removeprefix(MEMORY), *_state(data[key]))
        for key in data
        if key.startswith(MEMORY) and key != place.key
    ]
    newest = max((seen for _, _, seen in others), default=_NEVER)
    for name, is_open, seen in sorted(others, key=lambda each: (each[1], each[2])):
        if _size(data) <= MOST_BYTES:
            return
        if not is_open or newest - seen > _UNSEEN:
            del data[MEMORY + name]
            data.pop(SIGNATURE + name, None)
    if _size(data) > MOST_BYTES:
        raise ClusterError(
            f"{place} is full ({MOST_BYTES // 1024} KiB) of open incidents of other namespaces: "
            "bind rights in some of them (`sre-watchdog grant`), or watch fewer"
        )


def _state(text: str) -> tuple[bool, datetime]:
    """Whether an incident is open, and when one was seen last; what cannot be read gives way."""
    try:
        found = json.loads(text)
        incidents = found.get("incidents") or []
        is_open = any(item.get("state") != "resolved" for item in incidents)
        seen = [datetime.fromisoformat(str(item["last_seen"])) for item in incidents]
        return is_open, max((each.astimezone(UTC) for each in seen), default=_NEVER)
    except (ValueError, OverflowError, RecursionError, AttributeError, KeyError, TypeError):
        return False, _NEVER


def _size(data: dict[str, str]) -> int:
    return sum(len(key) + len(value.encode("utf-8", "replace")) for key, value in data.items())
