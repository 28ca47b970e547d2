"""What `make new-kind` writes is a kind that works: the page's own example."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from watchdog.detection.kind import FailureKind

TOP = Path(__file__).parents[2]


def loaded(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    return loaded(TOP / "docs" / "new_kind.py", "new_kind")


def test_the_skeleton_is_a_kind_whose_examples_agree(writer: ModuleType, tmp_path: Path) -> None:
    files = tmp_path / "disk_slow.py", tmp_path / "examples.py"
    for path, text in zip(files, writer.skeleton("disk_slow"), strict=True):
        path.write_text(text)

    kind: FailureKind = loaded(files[0], "disk_slow").DISK_SLOW
    shown = loaded(files[1], "disk_slow_examples")

    assert kind.name == "disk_slow"
    assert "containers:" in shown.DRILL.manifest
    for example in shown.examples():
        found = list(kind.detect(example.snapshot))
        assert [str(finding.target) for finding in found] == (
            [example.claims] if example.claims else []
        )
        for finding in found:
            action = kind.fix(finding, example.snapshot)
            assert (action and action.kind) == example.action
            assert kind.explain(finding, example.snapshot)


def test_the_new_kind_is_listed_before_the_one_that_takes_every_crash(writer: ModuleType) -> None:
    text = (TOP / "watchdog" / "failures" / "__init__.py").read_text()

    listed = writer.listed(text, "disk_slow")

    assert "from watchdog.failures.disk_slow import DISK_SLOW\n" in listed
    imports = [line for line in listed.splitlines() if line.startswith("from watchdog.failures.")]
    assert imports == sorted(imports)
    assert "    DISK_SLOW,\n    CRASH_APP_ERROR," in listed


def test_a_name_after_all_others_is_listed_last(writer: ModuleType) -> None:
    text = (TOP / "watchdog" / "failures" / "__init__.py").read_text()

    listed = writer.listed(text, "zone_lost")

    imports = [line for line in listed.splitlines() if line.startswith("from watchdog.failures.")]
    assert imports == sorted(imports)
    assert imports[-1] == "from watchdog.failures.zone_lost import ZONE_LOST"


@pytest.mark.parametrize("name", ["", "Disk", "disk-slow", "oom_killed"])
def test_a_name_that_is_none_or_taken_is_refused(
    writer: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["new_kind.py", name])

    assert writer.main() == 1
