"""The page of promises names tests that exist."""

from __future__ import annotations

import ast
import importlib
import math
import re
from pathlib import Path

import pytest

from tests.component.test_edited_everywhere import EDITS
from tests.component.test_odd_answers import ANSWERS

# Tables of which each part of a test takes a share.
SHARED = {
    "test_an_edited_memory_wins_its_editor_nothing": len(EDITS),
    "test_no_odd_answer_of_a_model_hides_a_failure_or_is_obeyed": len(ANSWERS),
}
ROOT = Path(__file__).parents[2]
NAMED = sorted(set(re.findall(r"`(test_\w+)`", (ROOT / "docs/safety.md").read_text("utf-8"))))
WRITTEN = {
    node.name: path
    for path in (ROOT / "tests").rglob("test_*.py")
    for node in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(node, ast.FunctionDef)
}


def test_the_page_names_tests() -> None:
    assert len(NAMED) > 30


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_proves_a_promise_exists(name: str) -> None:
    assert name in WRITTEN


def cases(name: str) -> int:
    """How many cases a test has by its tables."""
    if name in SHARED:
        return SHARED[name]
    module = ".".join(WRITTEN[name].relative_to(ROOT).with_suffix("").parts)
    marks = getattr(getattr(importlib.import_module(module), name), "pytestmark", [])
    return math.prod(len(list(m.args[1])) for m in marks if m.name == "parametrize")


def test_the_attempts_are_as_many_as_the_page_says() -> None:
    page = (ROOT / "docs/safety.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|`]+) \| (\d+) \| (`test_[^|]+) \|$", page, re.MULTILINE)
    counted = {
        kind: sum(cases(name) for name in re.findall(r"`(test_\w+)`", tests))
        for kind, _, tests in rows
    }

    assert {kind: int(number) for kind, number, _ in rows} == counted
    assert sum(counted.values()) >= 150
