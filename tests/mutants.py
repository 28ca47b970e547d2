"""Plants small defects in the modules that keep us safe, and counts which ones their tests notice.

`python -m tests.mutants` tries every mutant of every module (`--sample 40` some of each, always the
same ones; `--only 'line 12:'` those that say so) and lists the survivors. Each runs in a fork with
the mutated module in place, so no file is touched. Texts, and so patterns, are not mutated.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import re
import signal
import sys
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
_MEMORY = [
    "tests/unit/test_authenticity.py",
    "tests/unit/test_memory_text.py",
    "tests/component/test_memory.py",
    "tests/component/test_edited_memory.py",
]
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
    "watchdog/incidents/memory.py": _MEMORY,
    "watchdog/incidents/store.py": _MEMORY,
    "watchdog/incidents/facts.py": ["tests/unit/test_authenticity.py"],
}
SECONDS = 120
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
        yield from (inner for given in node.args for inner in ast.walk(given))
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


def survives(path: str, mutant: ast.Module) -> bool:
    """Whether the module's tests pass with the mutant in its place; too slow counts as noticed."""
    child = os.fork()
    if child == 0:
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        signal.alarm(SECONDS)
        os._exit(_tried(path, mutant))
    _, status = os.waitpid(child, 0)
    return status == 0


def _tried(path: str, mutant: ast.Module) -> int:
    """How the tests of a module end: 0 where all pass."""
    for name in [name for name in sys.modules if name.split(".")[0] in {"watchdog", "tests"}]:
        del sys.modules[name]
    if not _loads(path, mutant):
        return 1
    slow = "proportion or megabyte"
    return int(
        pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-k", f"not ({slow})", *TESTS[path]])
    )


def _loads(path: str, mutant: ast.Module) -> bool:
    """Puts the mutant in the module's place, before any test imports it."""
    name = path.removesuffix(".py").replace("/", ".")
    module = types.ModuleType(name)
    module.__file__ = str(TOP / path)
    sys.modules[name] = module
    try:
        exec(compile(mutant, path, "exec"), module.__dict__)
    except BaseException:  # noqa: BLE001 - it does not even load
        return False
    return True


def main() -> int:
    """Print a line for each survivor and the score of each module; 1 where one is below 95 %."""
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
        if not tried or _tried(path, same) or not survives(path, same):
            print(f"{path}: nothing to try, or its tests fail as it is", flush=True)  # noqa: T201
            return 1
        if given.sample and given.sample < len(tried):
            tried = random.Random(path).sample(tried, given.sample)
        left = []
        for what, mutant in tried:
            if survives(path, mutant):
                left.append(what)
                print(f"{path} {what}", flush=True)  # noqa: T201
        score = 1 - len(left) / len(tried)
        low |= score < 0.95
        print(f"{path}: {len(tried) - len(left)} of {len(tried)} ({score:.0%})", flush=True)  # noqa: T201
    return int(low)


if __name__ == "__main__":
    raise SystemExit(main())
