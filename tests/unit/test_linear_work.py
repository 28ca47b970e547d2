"""Claims about the work that a log costs: twice the lines, twice the steps, not four times."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from watchdog.text.redact import Redactor
from watchdog.text.root_record import find_telling

_LINES = 600
_SHAPES = {
    "plain": "2026-03-02 14:15:{0:02} INFO order {1:05} accepted by ledger-{1:05}",
    "json": '{{"level":"info","time":"14:15:{0:02}","msg":"order {1:05} accepted","err":""}}',
    "errors": "14:15:{0:02} ERROR order {1:05}: cannot reach ledger-{1:05}:5432: no route",
    "frames": "\tat com.example.Ledger.check{1:05}(Ledger.java:{0})",
    "details": "  LEDGER_{1:05}: [ 'Required' ],",
    "hints": "14:15:{0:02} HINT:  Is another ledger running on port {1:05}?",
    "manifests": "kind: Secret\ndata:\n  key-{0}: bWFkZS11cC17MX0=",
    "assignments": "LEDGER_{1:05}=value-{0} password=made-up-{1:05}",
}


def _steps(work: Callable[[], object]) -> int:
    """How many functions are called, those of the regex module among them.

    To be called once before, as patterns are compiled when they are first used.
    """
    count = 0

    def seen(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def _text(form: str, lines: int) -> str:
    return "\n".join(form.format(at % 60, at) for at in range(lines))


@pytest.mark.parametrize("form", _SHAPES.values(), ids=_SHAPES)
def test_reading_a_log_takes_steps_in_proportion_to_its_lines(form: str) -> None:
    once, twice = (_text(form, n).splitlines() for n in (_LINES, 2 * _LINES))
    find_telling(_text(form, 2 * _LINES + 1).splitlines())

    assert _steps(lambda: find_telling(twice)) <= 2.1 * _steps(lambda: find_telling(once))


@pytest.mark.parametrize("form", _SHAPES.values(), ids=_SHAPES)
def test_redacting_a_log_takes_steps_in_proportion_to_its_size(form: str) -> None:
    once, twice = (_text(form, n) for n in (_LINES, 2 * _LINES))
    Redactor().redact(twice)

    assert _steps(lambda: Redactor().redact(twice)) <= 2.1 * _steps(lambda: Redactor().redact(once))
