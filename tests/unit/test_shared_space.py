"""What gives way in a ConfigMap that holds the memories of several namespaces, and what stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from watchdog.errors import ClusterError
from watchdog.incidents.observed import place_of
from watchdog.incidents.shared_space import make_room

MOST = 900 * 1024
SEEN, AN_HOUR_AGO = "2026-11-29T10:00:00Z", "2026-11-29T09:00:00Z"


def told(state: str, at: str, size: int) -> str:
    """A memory of that many bytes with one incident."""
    seen = {"state": state, "last_seen": at, "summary": ""}
    empty = json.dumps({"incidents": [seen]})
    seen["summary"] = "x" * (size - len(empty))
    return json.dumps({"incidents": [seen]})


def body(**texts: str) -> dict[str, Any]:
    return {"data": {f"memory.{name}": text for name, text in texts.items()}}


def filled(total: int, **texts: str) -> dict[str, Any]:
    """These and one of our own, of so many bytes together with their keys."""
    rest = total - sum(len(f"memory.{name}") + len(text) for name, text in texts.items())
    return body(**texts, mine=told("broken", SEEN, rest - len("memory.mine")))


def left(found: dict[str, Any]) -> set[str]:
    make_room(found, place_of("mine", "home"))
    return {key.removeprefix("memory.") for key in found["data"]}


def test_what_is_over_gives_way_first_and_the_longest_not_seen_of_it() -> None:
    size = MOST // 4
    found = body(
        a=told("broken", SEEN, size),
        b=told("resolved", "2026-11-29T09:59:00Z", size),
        c=told("resolved", AN_HOUR_AGO, size),
        gone=told("broken", "2026-11-20T09:00:00Z", size),
        mine=told("broken", SEEN, size),
    )
    found["data"]["signature.c"] = "s"

    assert left(found) == {"a", "gone", "mine"}


@pytest.mark.parametrize(
    ("at", "goes"),
    [("2026-11-28T10:00:00Z", False), ("2026-11-28T09:59:59Z", True),
     ("2026-11-28T11:59:59+02:00", True)],
)  # fmt: skip
def test_what_is_open_gives_way_once_no_pass_has_seen_it_for_a_day(at: str, *, goes: bool) -> None:
    found = filled(MOST + 1, other=told("broken", SEEN, 200), old=told("broken", at, 200))

    if goes:
        assert left(found) == {"other", "mine"}
    else:
        with pytest.raises(ClusterError, match="full"):
            left(found)


def test_what_fits_to_the_byte_is_left_alone_and_of_one_byte_more_something_goes() -> None:
    for total, there in ((MOST, {"aside", "over", "mine"}), (MOST + 1, {"over", "mine"})):
        found = filled(total - len("set-aside.web") - 1, over=told("resolved", SEEN, 200))
        found["data"]["set-aside.web"] = "x"

        assert {name.replace("set-aside.web", "aside") for name in left(found)} == there


def test_no_more_gives_way_than_has_to() -> None:
    old, new = told("resolved", AN_HOUR_AGO, 200), told("resolved", SEEN, 300)
    one, two = len("memory.old") + len(old), len("memory.new") + len(new)

    assert left(filled(MOST + one, old=old, new=new)) == {"new", "mine"}
    assert left(filled(MOST + one + 1, old=old, new=new)) == {"mine"}
    assert left(filled(MOST + one + two, old=old, new=new)) == {"mine"}


def test_bytes_count_and_not_characters() -> None:
    found = filled(MOST - 1, over=told("resolved", SEEN, 200))
    found["data"]["memory.mine"] = found["data"]["memory.mine"].replace("xx", "éx", 2)

    assert left(found) == {"mine"}


def test_texts_that_were_set_aside_go_first_and_our_own_stays() -> None:
    found = filled(MOST, over=told("resolved", AN_HOUR_AGO, 200))
    found["data"] |= {"set-aside.mine": "odd", "set-aside.web": "odd", "set-aside.api": "odd"}

    assert left(found) == {"mine", "set-aside.mine"}


def test_what_is_open_and_seen_stays_and_what_then_has_no_room_is_refused() -> None:
    size = MOST // 3
    seen = told("broken", SEEN, size)
    found = body(a=seen, b=seen, mine=seen)

    with pytest.raises(ClusterError, match=r"is full \(900 KiB\) of open incidents"):
        make_room(found, place_of("mine", "home"))
    assert set(found["data"]) == {"memory.a", "memory.b", "memory.mine"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"incidents": [1]}', '{"incidents": [{"last_seen": "9"}]}', "null"]
)
def test_what_cannot_be_read_gives_way(text: str) -> None:
    assert left(filled(MOST + 1, odd=text)) == {"mine"}
