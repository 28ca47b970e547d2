"""What the doctor prints below its table."""

from __future__ import annotations

from io import StringIO

from watchdog.doctor import show
from watchdog.doctor.check import Check


def test_a_remedy_names_its_check_and_does_not_repeat_what_the_table_says() -> None:
    to = StringIO()
    checks = [
        Check(subject="Slack", ok=False, detail="no channel", remedy="set it"),
        Check(subject="model", ok=False, detail="none", remedy="name one", necessary=False),
    ]

    show(checks, to)

    assert to.getvalue().count("no channel") == 1
    assert "\nTo fix Slack:\n  set it\n" in to.getvalue()
    assert "\nFor model:\n  name one\n" in to.getvalue()
