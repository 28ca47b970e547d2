"""What the image leaves out: a pass needs none of it, and the commands that do say so."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from watchdog.cli import app

TOP = Path(__file__).parents[2]
LEFT_OUT = ("demo", "examples")


@pytest.mark.parametrize("folder", LEFT_OUT)
def test_the_image_is_built_without_it(folder: str) -> None:
    assert f"watchdog/{folder}" in (TOP / ".dockerignore").read_text().splitlines()


def test_what_only_the_demo_needs_is_its_extra() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    needed = [name for name in project["dependencies"] if name.startswith("jsonpatch")]

    assert needed == []
    assert [name[:9] for name in project["optional-dependencies"]["demo"]] == ["jsonpatch"]
    assert "\njsonpatch==" not in (TOP / "requirements.txt").read_text()


@pytest.mark.parametrize(
    ("module", "words", "remedy"),
    [
        ("watchdog.demo.story", ["demo"], "pip install 'sre-watchdog[demo]'"),
        ("watchdog.examples", ["drill", "oom_killed"], "from a wheel or a checkout"),
    ],
)
def test_a_command_without_its_part_says_what_to_do(
    module: str, words: list[str], remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)

    done = CliRunner().invoke(app, words)

    assert done.exit_code == 2
    assert remedy in done.output
    assert "Traceback" not in done.output
