"""Every form of a secret that we know of, and lines that a diagnosis needs as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.secret_forms import Form, forms, told_by_context
from watchdog.text.redact import Redactor, redact

USEFUL = [
    line
    for line in (Path(__file__).parents[1] / "support" / "useful_lines.txt")
    .read_text(encoding="utf-8")
    .splitlines()
    if line
]


def leaks(found: list[Form]) -> list[Form]:
    """Those whose secret is left of them, within other text or alone."""
    return [
        form
        for form in found
        if form.secret in redact(f"before\n{form.text}\nafter") or form.secret in redact(form.text)
    ]


def test_no_form_of_a_secret_survives() -> None:
    tried = forms(every=11)

    assert len(tried) > 2_000
    assert leaks(tried) == []


def test_what_only_its_context_tells_is_named_on_the_page_on_privacy() -> None:
    found = told_by_context()
    page = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")

    assert leaks(found) == found
    assert f"{len(found)} forms" in page
    assert [form.of for form in found if form.of not in page] == []


@pytest.mark.parametrize("line", USEFUL)
def test_a_useful_line_is_kept_whole(line: str) -> None:
    assert redact(line) == line


def test_useful_lines_are_kept_whole_beside_each_other() -> None:
    assert len(USEFUL) >= 300
    assert Redactor().redact("\n".join(USEFUL)).split("\n") == USEFUL


def test_redacting_a_second_time_changes_nothing() -> None:
    once = [redact(form.text) for form in forms(every=97)]

    assert [text for text in once if redact(text) != text] == []
