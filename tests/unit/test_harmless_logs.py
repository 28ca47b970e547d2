"""Claims about logs of programs that work: nothing in them is taken for the cause of a crash."""

from __future__ import annotations

from tests.support.harmless_logs import FORMATS, causes, windows


def test_next_to_no_window_of_a_healthy_log_gives_a_cause() -> None:
    seen = list(windows(1500))

    wrong = [(name, causes(text), text) for name, text in seen if causes(text)]

    assert {name for name, _ in seen} == set(FORMATS)
    assert len(wrong) <= 1, wrong[:3]
