"""Which module may import which, read from the imports: none knows what stands above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = (
    ("text.regex",),
    ("errors", "clock", "logs", "kube.quantity", "kube.resources"),
    ("snapshot",),
    ("text",),
    ("actions",),
    ("model",),
    ("settings",),
    ("integrations.answers",),
    ("integrations.http",),
    ("kube",),
    ("observation",),
    ("detection",),
    ("failures",),
    ("examples",),
    ("llm",),
    ("diagnosis",),
    ("incidents",),
    ("policy",),
    ("remediation",),
    ("report",),
    ("slack", "integrations"),
    ("messengers",),
    ("doctor",),
    ("agent",),
    ("demo",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
"""From the bottom up. A module stands where the longest name that it starts with stands, and may
import what stands lower, and its own package."""
OWNERS = {
    "kubernetes": {"kube.credentials"},
    "openai": {"llm.model_client"},
    "httpx2": {"llm.http_client"},
    "apprise": {"messengers.apprise_client"},
    "requests": {"messengers.bounded_answers"},
    "prometheus_client": {"integrations.pushgateway"},
    "urllib3": {"integrations.answers", "integrations.http", "kube.transport"},
    "click": {
        "cli",
        "agent.printer",
        "agent.wiring",
        "commands.exits",
        "commands.grant",
        "commands.inspect",
        "commands.metrics",
        "commands.options",
        "commands.passes",
    },
}
MODELS = {
    "Action", "BaseModel", "ContainerAction", "Group", "Noun", "ServiceSettings",
}  # fmt: skip
"""What classes are called that pydantic makes."""
RANKS = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def imports(path: Path) -> Iterator[str]:
    """Full names of what a file imports, wherever in it: `watchdog.model.report`, `openai`."""
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
    """`observation.text` of `watchdog.observation.snapshot_text`; empty for the package itself."""
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


@pytest.mark.parametrize("library", OWNERS)
def test_each_client_library_has_one_owner(library: str) -> None:
    users = {
        module
        for module, names in MODULES.items()
        if library in {name.split(".")[0] for name in names}
    }

    assert users == OWNERS[library]


def test_only_what_wires_adapters_knows_the_one_of_the_api_server() -> None:
    users = {module for module in MODULES if "kube.client" in ours(module)}

    assert users == {"agent.wiring", "demo.story"}


def test_only_the_command_line_knows_the_embedded_cluster() -> None:
    users = {module for module in MODULES if any(n.startswith("demo") for n in ours(module))}

    assert {module for module in users if not module.startswith("demo")} == {"commands.passes"}


def test_only_the_command_that_prints_drills_knows_examples() -> None:
    users = {module for module in MODULES if any(n.startswith("examples") for n in ours(module))}

    assert {module for module in users if not module.startswith("examples")} == {"commands.inspect"}


def test_every_name_in_the_order_is_there() -> None:
    assert {place(module) for module in MODULES if module} == set(RANKS)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "watchdog").rglob("*.py")), ids=lambda path: path.stem
)
def test_annotations_of_models_are_no_texts_that_pydantic_compiles_again(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bases = {
        base.id
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name)
    }
    if bases & MODELS:
        assert "__future__" not in set(imports(path))
