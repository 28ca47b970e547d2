"""What an object's own status says is reported, and what is healthy or on its way is not."""

from __future__ import annotations

import pytest

from tests.support.health_cases import Case, cases
from tests.support.object_reader import findings


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.tool}: {case.name}")
def test_a_status_is_told_when_it_lacks_something_and_only_then(case: Case) -> None:
    found = findings(*case.objects)

    assert bool(found) is case.told, [(each.kind, each.evidence) for each in found]


def test_the_cases_hold_sick_and_healthy_ones_of_every_tool() -> None:
    by_tool: dict[str, set[bool]] = {}
    for case in cases():
        by_tool.setdefault(case.tool, set()).add(case.told)

    assert all(seen == {True, False} for seen in by_tool.values())
    assert len({case.name for case in cases()}) > len(cases()) / 2
