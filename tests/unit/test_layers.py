"""Who may import whom, read from the imports: nothing below knows of what stands above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = (
    ("regex",),
    ("errors", "resources", "quantity", "windows", "logs", "clock", "outcome", "sandbox"),
    ("observation.base",),
    ("observation.pod_template",),
    ("observation.workloads",),
    ("observation.snapshot", "observation.words"),
    ("actions", "prose"),
    ("settings", "incidents.incident"),
    ("nouns", "rights", "environment"),
    ("incidents.memory",),
    ("observation",),
    ("failures", "report", "kube_credentials", "kube_answers", "kube_manners"),
    ("diagnosis", "metrics", "kube_wire"),
    ("incidents",),
    ("remediation", "kube", "alertmanager"),
    ("verification", "traces", "blocker"),
    ("one_pass",),
    ("healthy",),
    ("stages",),
    ("agent",),
    ("demo", "deliveries", "doctor", "wiring"),
    ("cli",),
    ("__main__",),
)
"""From the bottom up. A module stands where the longest name that it starts with stands, and may
import what stands lower, and its own package."""
VALUES = {
    "", "errors", "regex", "resources", "quantity", "clock", "settings", "actions", "nouns",
    "report", "observation.base", "observation.pod_template", "observation.workloads",
    "observation.snapshot", "observation.words", "incidents.incident", "incidents.memory", "prose",
}  # fmt: skip
"""What says what a pass found and did, without having taken part in it."""
OWNERS = {
    "kubernetes": {"kube_credentials"},
    "openai": {"diagnosis.llm"},
    "slack_sdk": {"report.slack"},
    "prometheus_client": {"metrics"},
    "urllib3": {"kube_wire"},
    "typer": {"cli", "wiring"},
}
RANKS = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def imports(path: Path) -> Iterator[str]:
    """Full names of what a file imports, wherever in it: `watchdog.nouns`, `openai`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where things are"
            assert node.module
            for alias in node.names:
                inner = ROOT.joinpath(*node.module.split("."), alias.name)
                is_module = inner.is_dir() or inner.with_suffix(".py").exists()
                yield f"{node.module}.{alias.name}" if is_module else node.module


def inside(name: str) -> str:
    """`observation.text` of `watchdog.observation.text`; empty for the package itself."""
    return name.removesuffix(".__init__").removeprefix("watchdog").removeprefix(".")


def place(module: str) -> str:
    """The name in LAYERS under which a module stands."""
    fitting = [name for name in RANKS if f"{module}.".startswith(f"{name}.")]
    assert fitting, f"watchdog/{module.replace('.', '/')}.py has no place in LAYERS yet"
    return max(fitting, key=len)


MODULES = {
    inside(".".join(path.relative_to(ROOT).with_suffix("").parts)): set(imports(path))
    for path in sorted((ROOT / "watchdog").rglob("*.py"))
}


def ours(module: str) -> set[str]:
    return {inside(name) for name in MODULES[module] if name.split(".")[0] == "watchdog"}


@pytest.mark.parametrize("module", [name for name in MODULES if name])
def test_a_module_imports_only_what_stands_below_it(module: str) -> None:
    here = place(module)
    others = {name for name in ours(module) if name and place(name) != here}

    assert {name for name in others if RANKS[place(name)] >= RANKS[here]} == set()


@pytest.mark.parametrize("package", ["report", "metrics", "deliveries"])
def test_what_tells_people_knows_only_the_nouns(package: str) -> None:
    known = VALUES | {"logs", "metrics", "alertmanager"} if package == "deliveries" else VALUES
    modules = [name for name in MODULES if name and place(name) == package]

    assert modules
    for module in modules:
        assert {place(name) if name else "" for name in ours(module)} <= known, module


@pytest.mark.parametrize("library", OWNERS)
def test_each_client_library_has_one_owner(library: str) -> None:
    users = {
        module
        for module, names in MODULES.items()
        if library in {name.split(".")[0] for name in names}
    }

    assert users == OWNERS[library]


def test_only_what_wires_adapters_knows_the_one_of_the_api_server() -> None:
    users = {module for module in MODULES if "kube" in ours(module)}

    assert users == {"wiring", "demo"}


def test_only_the_demo_knows_the_embedded_cluster() -> None:
    users = {module for module in MODULES if any(n.startswith("sandbox") for n in ours(module))}

    assert {module for module in users if not module.startswith("sandbox")} == {"demo"}


def test_every_name_in_the_order_is_there() -> None:
    assert {place(module) for module in MODULES if module} == set(RANKS)
