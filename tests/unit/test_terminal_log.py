"""At a terminal a write is shown once: by its stage, not by its audit line as well."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from watchdog import logs


@pytest.fixture(autouse=True)
def clean_log() -> Iterator[None]:
    yield
    logs.log.filters.clear()


@pytest.mark.parametrize(("level", "kept"), [("info", False), ("debug", True)])
def test_audit_lines_are_left_out_beside_the_stages_unless_at_debug_level(
    caplog: pytest.LogCaptureFixture, level: str, kept: bool
) -> None:
    logs.log.setLevel(level.upper())
    logs.without_audit()

    logs.audit("set env REGION: sent")
    logs.log.warning("slow")

    assert ("set env REGION: sent" in caplog.text) is kept
    assert "slow" in caplog.text


def test_a_job_keeps_its_audit_lines(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logs.log.name):
        logs.audit("set env REGION: sent")

    assert "set env REGION: sent" in caplog.text
