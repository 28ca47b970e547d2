"""The ways to run it that need no checkout: they name what there is."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from watchdog import __version__
from watchdog.cli import app

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "other-ways.md").read_text(encoding="utf-8")
WRAPPER = TOP / "packaging" / "krew" / "kubectl-watchdog"


def commands() -> list[str]:
    """Every `sre-watchdog ...` of the page."""
    return re.findall(r"sre-watchdog (run [^>\n]+)", PAGE)


def test_a_wheel_brings_kubectl_watchdog() -> None:
    scripts = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["scripts"]

    assert scripts["kubectl-watchdog"] == scripts["sre-watchdog"]


def test_page_and_wrapper_name_the_version_of_this_tree() -> None:
    for text in (PAGE, WRAPPER.read_text()):
        assert set(re.findall(r"(?:/v|version=|sre_watchdog-)(\d+\.\d+\.\d+)", text)) == {
            __version__
        }


def test_the_example_workflow_is_yaml_and_its_options_exist() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    steps = yaml.safe_load(block)["jobs"]["watch"]["steps"]
    said = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "300"}).output

    assert any("--fail-on-findings" in step.get("run", "") for step in steps)
    assert len(commands()) == 2
    for command in commands():
        options = [word for word in shlex.split(command) if word.startswith("-")]
        assert [option for option in options if option not in said] == []


def test_the_plugin_manifest_is_one_once_its_release_is_filled_in() -> None:
    text = (TOP / ".krew.yaml").read_text()
    # The bot's own words: whatever stands before them, the second line has four spaces.
    filled = f'uri: https://x\n    sha256: "{64 * "0"}"'
    text = re.sub(r"\{\{addURIAndSha.*\}\}", filled, text)
    plugin = yaml.safe_load(text.replace("{{ .TagName }}", f"v{__version__}"))

    assert plugin["kind"] == "Plugin"
    assert plugin["spec"]["version"] == f"v{__version__}"
    assert len(plugin["spec"]["shortDescription"]) <= 70
    (platform,) = plugin["spec"]["platforms"]
    assert {"uri", "sha256", "selector", "files", "bin"} <= platform.keys()
    assert platform["bin"] == WRAPPER.name
    assert WRAPPER.name in {file["from"] for file in platform["files"]}


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        (("sre-watchdog", "uvx"), "sre-watchdog run -n shop"),
        (("uvx", "pipx"), "uvx --from https://github.com"),
        (("pipx",), "pipx run --spec https://github.com"),
        ((), "needs uv or pipx"),
    ],
)
def test_the_plugin_runs_what_is_installed(
    tmp_path: Path, there: tuple[str, ...], wanted: str
) -> None:
    for name in there:
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\necho {name} "$@"\n')
        script.chmod(0o755)

    done = subprocess.run(
        ["/bin/sh", str(WRAPPER), "run", "-n", "shop"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert wanted in done.stdout + done.stderr
    assert done.returncode == (0 if there else 2)
