"""What is large takes no room from what is of ordinary size."""

from __future__ import annotations

from typing import Any

import pytest

from watchdog.kube.ports import Json
from watchdog.observation.allowance import Allowance, Part


def pod(name: str, values: int = 5, text: str = "") -> Json:
    env = [{"name": f"V{n}", "value": f"{name} {n}"} for n in range(values)]
    container: dict[str, Any] = {"name": "main", "image": "web:1", "env": env, "args": [text]}
    return {"kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]}}


@pytest.mark.parametrize(
    ("values", "text"), [(1_000, ""), (5, "x" * 1_400_000)], ids=["values", "text"]
)
def test_no_number_of_large_objects_takes_the_room_of_ordinary_ones(values: int, text: str) -> None:
    allowance = Allowance()
    large = [allowance.kept(pod(f"large{number}", values, text)) for number in range(60)]

    ordinary = [allowance.kept(pod(f"web{number}")) for number in range(100)]

    assert not isinstance(large[0], Part)
    assert isinstance(large[-1], Part)
    assert not any(isinstance(each, Part) for each in ordinary)


def test_ordinary_objects_are_kept_in_part_once_there_is_no_room_at_all() -> None:
    allowance = Allowance()

    kept = [allowance.kept(pod(f"web{number}", values=50)) for number in range(101)]

    assert [isinstance(each, Part) for each in kept] == [False] * 100 + [True]
