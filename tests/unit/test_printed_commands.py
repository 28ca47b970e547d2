"""What people copy from the pages and from Helm's notes, more than once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PAGES = [TOP / "README.md", TOP / "helm/templates/NOTES.txt", *sorted(TOP.glob("docs/*.md"))]
MAKES = re.compile(r"create job --from=cronjob/(?:\{\{.*?\}\}|\S+) ([^`\n]+)")


@pytest.mark.parametrize("page", [p for p in PAGES if MAKES.search(p.read_text())], ids=str)
def test_who_runs_a_pass_by_hand_again_is_not_told_that_the_job_exists(page: Path) -> None:
    text = page.read_text()
    for made in MAKES.finditer(text):
        before = text[: made.start()].splitlines()[-2:]
        assert any(f"delete job {made[1]} --ignore-not-found" in line for line in before), made[0]
