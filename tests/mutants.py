"""Plants small defects in the modules that keep us safe, and counts which ones their tests notice.

`python -m tests.mutants` tries every mutant of every module (`--sample 40` some of each, always the
same ones) and lists the survivors. Each runs in a fork with the mutated module in place, so no file
is touched.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import signal
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]
TESTS = {
    "watchdog/observation/redact.py": ["tests/unit/test_redact.py", "tests/unit/test_translate.py"],
    "watchdog/observation/seams.py": ["tests/unit/test_redact.py"],
    "watchdog/observation/secret_shapes.py": ["tests/unit/test_redact.py"],
    "watchdog/remediation/policy.py": ["tests/unit/test_policy.py", "tests/unit/test_harm.py"],
    "watchdog/remediation/bounds.py": ["tests/unit/test_policy.py", "tests/unit/test_values.py"],
    "watchdog/remediation/verdict.py": ["tests/unit/test_policy.py", "tests/unit/test_values.py"],
    "watchdog/remediation/values.py": ["tests/unit/test_values.py", "tests/unit/test_policy.py"],
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
        case ast.Return(value=value) if value is not None:
            new.value = ast.Constant(None)
            yield "returns nothing", new


def mutants(source: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module that differs from the source in one place."""
    tree = ast.parse(source)
    typed = {id(inner) for node in ast.walk(tree) for inner in _annotations(node)}
    places = [node for node in ast.walk(tree) if id(node) not in typed]
    for number, node in enumerate(places):
        for how, new in mutations(node):
            line = getattr(node, "lineno", 0)
            changed = copy.deepcopy(tree)
            kept = {id(inner) for part in ast.walk(changed) for inner in _annotations(part)}
            target = [item for item in ast.walk(changed) if id(item) not in kept][number]
            _replace(changed, target, new)
            yield (
                f"line {line}: {how}: {ast.unparse(node)[:70]!r}",
                ast.fix_missing_locations(changed),
            )


def _annotations(node: ast.AST) -> Iterator[ast.AST]:
    for name in ("annotation", "returns"):
        part = getattr(node, name, None)
        if isinstance(part, ast.AST):
            yield from ast.walk(part)


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
    name = path.removesuffix(".py").replace("/", ".")
    module = types.ModuleType(name)
    module.__file__ = str(TOP / path)
    sys.modules[name] = module
    try:
        # The mutant takes the module's place before any test imports it.
        exec(compile(mutant, path, "exec"), module.__dict__)
    except BaseException:  # noqa: BLE001 - it does not even load
        return 1
    slow = "proportion or megabyte"
    return int(
        pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-k", f"not ({slow})", *TESTS[path]])
    )


def main() -> int:
    """Print a line for each survivor and the score of each module; 1 where one is below 95 %."""
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="*", default=list(TESTS))
    parser.add_argument("--sample", type=int, default=0)
    given = parser.parse_args()
    os.chdir(TOP)
    low = False
    for path in given.modules:
        tried = list(mutants((TOP / path).read_text(encoding="utf-8")))
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
