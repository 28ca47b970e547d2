"""The words that our English does without stand nowhere: code, docs, chart, messages, changelog."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
LEFT_OUT = {
    # Texts of others: licences, recorded answers and logs, and this list.
    "LICENSE",
    "watchdog/text/vendor_tokens.py",
    "tests/unit/test_plain_english.py",
}
FOREIGN = ("tests/recorded/", "tests/cluster/go.", "requirements", "docs/icon.svg")
RULED_OUT = re.compile(
    r"\b(?:is|are|was|were|be|been|being) told\b|\bwhom\b|\bwhoever\b|\bnobody\b|\bsomebody\b"
    r"|\bfor want of\b|\bof theirs\b|\bof late\b|\bby lot\b"
    r"|\bto be had\b|\bto mend\b|\bcasebook|—",
    re.IGNORECASE,
)


def written() -> list[Path]:
    """The text files of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    names = listed.split("\0") if listed else _without_git()
    wanted = (name for name in names if name and name not in LEFT_OUT)
    return [TOP / name for name in wanted if not name.startswith(FOREIGN)]


def _without_git() -> list[str]:
    folders = ("watchdog", "docs", "charts", "tests", "benchmarks", "deploy")
    found = [path for folder in folders for path in (TOP / folder).rglob("*") if path.is_file()]
    names = [str(path.relative_to(TOP)) for path in (*found, *TOP.glob("*.md"))]
    return [name for name in names if "__pycache__" not in name]


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, FileNotFoundError):
        return ""


def test_no_word_that_is_ruled_out_stands_anywhere() -> None:
    found = [
        f"{path.relative_to(TOP)}:{number}: {line.strip()[:120]}"
        for path in written()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if RULED_OUT.search(line)
    ]

    assert found == []


@pytest.mark.parametrize("line", ["Slack is told of it.", "Needs somebody", "no Table to be had"])
def test_a_word_that_is_ruled_out_is_seen(line: str) -> None:
    assert RULED_OUT.search(line)


def test_the_search_reaches_code_docs_chart_and_messages() -> None:
    names = {str(path.relative_to(TOP)) for path in written()}

    assert {"README.md", "CHANGELOG.md", "docs/safety.md", "watchdog/report/wording.py"} <= names
    assert any(name.endswith("values.yaml") for name in names)
