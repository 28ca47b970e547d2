"""Plants small defects in the modules that keep us safe, and counts which ones their tests notice.

`python -m tests.mutants` tries every mutant of every module (`--sample 40` some of each, always the
same ones; `--only 'line 12:'` those that say so) and lists the survivors. Each runs in a fork with
the mutated module in place, so no file is touched. Texts, and so patterns, are not mutated.
"""

from __future__ import annotations

import argparse
import ast
import copy
import functools
import importlib
import os
import random
import re
import signal
import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]
_REDACT = [
    f"tests/unit/test_{name}.py"
    for name in ("redaction_parts", "secret_shapes", "seams", "hiding", "redact", "secret_forms")
]
_POLICY = [f"tests/unit/test_{name}.py" for name in ("policy", "rollouts", "bounds", "values")]
_MEMORY = ["tests/unit/test_authenticity.py", "tests/component/test_memory.py"]
_OBSERVED = "tests/component/test_observed_memory.py"
TESTS = {
    "watchdog/text/redact.py": [*_REDACT, "tests/unit/test_translate.py"],
    "watchdog/text/command_passwords.py": [
        *_REDACT,
        "tests/unit/test_command_passwords.py",
    ],
    "watchdog/text/wrapped_secrets.py": _REDACT,
    "watchdog/text/secret_patterns.py": _REDACT,
    "watchdog/text/secret_finder.py": _REDACT,
    "watchdog/text/secret_names.py": _REDACT,
    "watchdog/text/secret_values.py": _REDACT,
    "watchdog/text/assignments.py": _REDACT,
    "watchdog/text/placed_secrets.py": _REDACT,
    "watchdog/text/value_forms.py": _REDACT,
    "watchdog/text/encoded_secrets.py": _REDACT,
    "watchdog/text/lines.py": _REDACT,
    "watchdog/policy/policy.py": [*_POLICY, "tests/unit/test_harm.py"],
    "watchdog/policy/bounds.py": _POLICY,
    "watchdog/policy/verdict.py": _POLICY,
    "watchdog/policy/values.py": _POLICY,
    "watchdog/incidents/approvals.py": ["tests/unit/test_approvals.py"],
    "watchdog/incidents/authenticity.py": ["tests/unit/test_authenticity.py"],
    "watchdog/policy/guards.py": ["tests/unit/test_guards.py", *_POLICY],
    "watchdog/policy/resources.py": _POLICY,
    "watchdog/policy/retries.py": [
        "tests/unit/test_retries.py",
        "tests/unit/test_undo_command.py",
    ],
    "watchdog/policy/rollback.py": ["tests/unit/test_going_back.py", *_POLICY],
    "watchdog/incidents/memory.py": ["tests/unit/test_memory.py", "tests/unit/test_memory_text.py"],
    "watchdog/incidents/store.py": [*_MEMORY, _OBSERVED],
    "watchdog/incidents/place.py": [*_MEMORY, _OBSERVED],
    "watchdog/incidents/shared_space.py": [_OBSERVED],
    "watchdog/incidents/observed.py": [_OBSERVED],
    "watchdog/incidents/lease.py": ["tests/component/test_lease.py"],
    "watchdog/incidents/facts.py": ["tests/unit/test_authenticity.py"],
    "watchdog/incidents/thread_signature.py": ["tests/unit/test_authenticity.py"],
    "watchdog/incidents/attempt_history.py": [
        "tests/unit/test_earlier_tries.py",
        "tests/unit/test_guards.py",
        "tests/unit/test_retries.py",
        "tests/unit/test_undo_command.py",
    ],
    "watchdog/settings/change_windows.py": ["tests/unit/test_windows.py"],
    "watchdog/diagnosis/parse.py": ["tests/unit/test_parse.py"],
    "watchdog/diagnosis/plan_check.py": ["tests/unit/test_proposed.py"],
    "watchdog/text/model_text.py": ["tests/unit/test_prose.py"],
    "watchdog/text/told_secret.py": _REDACT,
    "watchdog/text/secret_sentences.py": _REDACT,
}
PATIENCE, SLOWER = 60, 10
"""Seconds, and how many times the time of the module as it is, that its tests may take."""
LEAST = 0.97
"""The share of the mutants of a module that its tests have to notice."""
_SWAPS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


def mutations(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:  # noqa: C901 - a line for each
    """Each other form of a node, with what was done to it."""
    new = copy.deepcopy(node)
    match new:
        case ast.Compare(ops=[op]) if type(op) in _SWAPS:
            new.ops = [_SWAPS[type(op)]()]
            yield "comparison", new
        case ast.BoolOp():
            new.op = ast.Or() if isinstance(new.op, ast.And) else ast.And()
            yield "and/or", new
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "not dropped", operand
        case ast.BinOp(op=ast.Add()):
            new.op = ast.Sub()
            yield "+ to -", new
        case ast.BinOp(op=ast.Sub()):
            new.op = ast.Add()
            yield "- to +", new
        case ast.Constant(value=bool()):
            new.value = not new.value
            yield "truth", new
        case ast.Constant(value=int() as value):
            new.value = value + 1
            yield "one more", new
        case ast.IfExp():
            new.body, new.orelse = new.orelse, new.body
            yield "branches", new
        case ast.If(test=test):
            new.test = ast.UnaryOp(ast.Not(), test)
            yield "if not", new
        case ast.Continue():
            yield "break", ast.Break()
        case ast.Return(value=value) if not isinstance(value, ast.Constant | None):
            new.value = ast.Constant(None)
            yield "returns nothing", new


# How far a search goes, in the redaction: one more finds no other secret but takes more time, which
# tests measure that are too slow for this. What decides about texts has other names.
_BOUND = re.compile(r"_(?:LONGEST|MOST|DEEPEST)(?:_\w+)?|_SHORT")


def mutants(source: str, *, searches: bool = False) -> Iterator[tuple[str, ast.Module]]:
    """Every module that differs from the source in one place.

    If it `searches`, the bounds of how far it does are left as they are.
    """

    def left_out(node: ast.AST) -> Iterator[ast.AST]:
        yield from _left_out(node)
        if searches:
            yield from _bounds(node)

    tree = ast.parse(source)
    left = {id(inner) for node in ast.walk(tree) for inner in left_out(node)}
    places = [node for node in ast.walk(tree) if id(node) not in left]
    for number, node in enumerate(places):
        for how, new in mutations(node):
            line = getattr(node, "lineno", 0)
            changed = copy.deepcopy(tree)
            kept = {id(inner) for part in ast.walk(changed) for inner in left_out(part)}
            target = [item for item in ast.walk(changed) if id(item) not in kept][number]
            _replace(changed, target, new)
            yield (
                f"line {line}: {how}: {ast.unparse(node)[:70]!r}",
                ast.fix_missing_locations(changed),
            )


def _left_out(node: ast.AST) -> Iterator[ast.AST]:
    """What decides nothing at run time: types, frozen dataclasses, how much a cache holds."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "lru_cache":
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        yield from (inner for part in given for inner in ast.walk(part))
    if isinstance(node, ast.keyword) and node.arg == "frozen":
        yield from ast.walk(node)
    for name in ("annotation", "returns"):
        part = getattr(node, name, None)
        if isinstance(part, ast.AST):
            yield from ast.walk(part)


def _bounds(node: ast.AST) -> Iterator[ast.AST]:
    """The values of such bounds, and whether they are themselves within."""
    if isinstance(node, ast.Assign):
        names = _names(node.targets[0])
        if names and all(_BOUND.fullmatch(name) for name in names):
            yield from ast.walk(node.value)
    if _is_bound(node):
        yield node
    # A short text is searched in another way, and the same is found.
    if isinstance(node, ast.If | ast.IfExp) and _is_bound(node.test) and "_SHORT" in _names(node):
        yield node


def _is_bound(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare) and any(
        _BOUND.fullmatch(name) for part in node.comparators for name in _names(part)
    )


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
                return
            if isinstance(value, list) and any(item is old for item in value):
                setattr(parent, name, [new if item is old else item for item in value])
                return


def survives(path: str, mutant: ast.Module, seconds: float) -> bool:
    """Whether the module's tests pass with the mutant in its place, within so many seconds.

    With 0 they may take as long as they like.
    """
    child = os.fork()
    if child == 0:
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        os._exit(_tried(path, mutant))
    _, status = os.waitpid(child, 0)
    return status == 0


def _tried(path: str, mutant: ast.Module) -> int:
    """How the tests of a module end: 0 where all pass."""
    name = path.removesuffix(".py").replace("/", ".")
    for other in _using(name):
        del sys.modules[other]
    if not _loads(name, path, mutant):
        return 1
    calm = ["-q", "-x", "-p", "no:cacheprovider", "-k", "not (proportion or megabyte)"]
    # One by one: most mutants are noticed by the first, and the others are not even loaded.
    return next((code for name in TESTS[path] if (code := int(pytest.main([*calm, name])))), 0)


def _using(name: str) -> set[str]:
    """The modules that are loaded and go, one way or another, by this one; and all of the tests.

    The others stay: to load them anew takes longer than most tests.
    """
    loaded = {m for m in sys.modules if m.split(".")[0] in {"watchdog", "tests"}}
    users = {m for m in loaded if m.startswith("tests.")} | (loaded & {name})
    while more := {m for m in loaded - users if not users.isdisjoint(_imported(m))}:
        users |= more
    return users


@functools.cache
def _imported(name: str) -> set[str]:
    """What a module imports, anywhere in it."""
    file = sys.modules[name].__file__
    found: set[str] = set()
    for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8") if file else "")):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def _loads(name: str, path: str, mutant: ast.Module) -> bool:
    """Puts the mutant in the module's place, before any test imports it."""
    module = types.ModuleType(name)
    module.__file__ = str(TOP / path)
    sys.modules[name] = module
    package, _, leaf = name.rpartition(".")
    setattr(importlib.import_module(package), leaf, module)
    try:
        exec(compile(mutant, path, "exec"), module.__dict__)
    except BaseException:  # noqa: BLE001 - it does not even load
        return False
    return True


def main() -> int:
    """Print a line for each survivor and the score of each module; 1 where one is below 97 %."""
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="*", default=list(TESTS))
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    os.chdir(TOP)
    low = False
    for path in given.modules:
        source = (TOP / path).read_text(encoding="utf-8")
        searches = path.startswith("watchdog/text/")
        found = mutants(source, searches=searches)
        tried = [(what, mutant) for what, mutant in found if given.only in what]
        # A score says something only of tests that pass; and what they import is loaded for all.
        same = ast.parse(source)
        loaded = _tried(path, same) if tried else 1
        began = time.monotonic()
        if loaded or not survives(path, same, 0):
            print(f"{path}: nothing to try, or its tests fail as it is", flush=True)  # noqa: T201
            return 1
        if given.sample and given.sample < len(tried):
            tried = random.Random(path).sample(tried, given.sample)
        patience = PATIENCE + SLOWER * (time.monotonic() - began)
        left = []
        for what, mutant in tried:
            if survives(path, mutant, patience):
                left.append(what)
                print(f"{path} {what}", flush=True)  # noqa: T201
        score = 1 - len(left) / len(tried)
        low |= score < LEAST
        print(f"{path}: {len(tried) - len(left)} of {len(tried)} ({score:.0%})", flush=True)  # noqa: T201
    return int(low)


if __name__ == "__main__":
    raise SystemExit(main())
