"""Plants small defects in the modules that keep us safe, and counts which ones their tests notice.

`python -m tests.mutants` tries every mutant of every module (`--sample 40` some of each, always the
same ones; `--only 'line 12:'` those that say so) and lists the survivors. Each runs in a fork, so
no file is touched. Texts, and so patterns, are not mutated.

The tests of a module are collected once. In each fork one function gets the code of the mutant, and
what noticed the mutant before goes first. What is not noticed so, or is outside of a function, is
tried again with the mutated module in the place of the right one and all that uses it loaded anew.
"""

from __future__ import annotations

import argparse
import ast
import copy
import functools
import gc
import importlib
import inspect
import os
import random
import re
import resource
import signal
import sys
import types
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

TOP = Path(__file__).resolve().parents[1]
_REDACT = [
    f"tests/unit/test_{name}.py"
    for name in ("redaction_parts", "secret_shapes", "seams", "hiding", "redact", "secret_forms")
]
_POLICY = [f"tests/unit/test_{name}.py" for name in ("policy", "rollouts", "bounds", "values")]
_MEMORY = [f"tests/unit/test_{name}.py" for name in ("authenticity", "memory_store", "observed")]
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
    "watchdog/incidents/store.py": [*_MEMORY, "tests/component/test_memory.py"],
    "watchdog/incidents/place.py": [*_MEMORY, "tests/component/test_memory.py"],
    "watchdog/incidents/shared_space.py": ["tests/unit/test_shared_space.py"],
    "watchdog/incidents/observed.py": [
        "tests/unit/test_observed.py",
        "tests/component/test_observed_memory.py",
    ],
    "watchdog/incidents/lease.py": ["tests/unit/test_lease.py", "tests/component/test_lease.py"],
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
PATIENCE, SLOWER = 10, 3
"""Seconds, and how many times what they take of the module as it is, that its tests may compute."""
STILL = 20
"""How many times that they may take on the clock: some mutants wait for what never comes."""
LEAST = 0.97
"""The share of the mutants of a module that its tests have to notice."""
_CACHE = type(functools.cache(lambda: None))
CALM = ["-q", "-p", "no:cacheprovider", "-k", "not (proportion or megabyte)"]
_SWAPS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


class Mutant(NamedTuple):
    """A module, at that path, that differs from the right one in one place.

    `function` is the function or method that differs, empty if it is not the body of one.
    """

    path: str
    what: str
    tree: ast.Module
    function: str = ""


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


def mutants(path: str) -> Iterator[Mutant]:
    """Every module that differs from that one in one place.

    In the redaction the bounds of how far it searches are left as they are.
    """

    def left_out(node: ast.AST) -> Iterator[ast.AST]:
        yield from _left_out(node)
        if path.startswith("watchdog/text/"):
            yield from _bounds(node)

    tree = ast.parse((TOP / path).read_text(encoding="utf-8"))
    left = {id(inner) for node in ast.walk(tree) for inner in left_out(node)}
    functions = dict(_functions(tree))
    # What the module itself calls has done its work before any test.
    outside = (node for node in ast.walk(tree) if id(node) not in functions)
    called = {getattr(node.func, "id", "") for node in outside if isinstance(node, ast.Call)}
    places = [node for node in ast.walk(tree) if id(node) not in left]
    for number, node in enumerate(places):
        function = functions.get(id(node), "")
        for how, new in mutations(node):
            line = getattr(node, "lineno", 0)
            changed = copy.deepcopy(tree)
            kept = {id(inner) for part in ast.walk(changed) for inner in left_out(part)}
            target = [item for item in ast.walk(changed) if id(item) not in kept][number]
            _replace(changed, target, new)
            yield Mutant(
                path,
                f"line {line}: {how}: {ast.unparse(node)[:70]!r}",
                ast.fix_missing_locations(changed),
                "" if function in called else function,
            )


def _functions(tree: ast.AST, within: str = "") -> Iterator[tuple[int, str]]:
    """Each node in the body of a function or method, and which one that is."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{within}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            for statement in node.body:
                yield from ((id(inner), within + node.name) for inner in ast.walk(statement))


def _left_out(node: ast.AST) -> Iterator[ast.AST]:
    """What decides nothing at run time: types, frozen dataclasses, how much a cache holds."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "lru_cache":
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        yield from (inner for part in given for inner in ast.walk(part))
    if isinstance(node, ast.keyword) and node.arg == "frozen":
        yield from ast.walk(node)
    if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
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


class Trials:
    """A plugin that runs the collected tests once for each mutant, and keeps which are doubtful."""

    def __init__(self, tried: list[Mutant]) -> None:
        self._tried = tried
        self._noticed: int | None = None
        self._forget: list[Callable[[], None]] = []
        self.passes = False
        self.seconds = 0.0
        self.doubtful: list[Mutant] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of the one run of all tests."""
        items = list(session.items)
        self._forget = [each.cache_clear for each in gc.get_objects() if isinstance(each, _CACHE)]
        gc.freeze()  # what is not looked at is not copied in each fork
        began = _computed()
        self.passes = bool(items) and not session.testsfailed and self._run(items, None, 0) is None
        self.seconds = _computed() - began
        for mutant in self._tried if self.passes else ():
            found = -1 if mutant.function else None
            if mutant.function:
                found = self._run(items, mutant, PATIENCE + SLOWER * self.seconds)
            if found is None:
                print(f"{mutant.path} {mutant.what}: to be tried again", flush=True)  # noqa: T201
                self.doubtful.append(mutant)
            elif found >= 0:
                items.insert(0, items.pop(found))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell which test noticed the mutant; in the fork alone."""
        if report.failed and self._noticed is not None:
            os.write(self._noticed, report.nodeid.encode())
            os._exit(1)

    def _run(self, items: list[pytest.Item], mutant: Mutant | None, seconds: float) -> int | None:
        """Which of the tests notices it first, -1 for their not ending; None if all pass."""
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            self._noticed = theirs
            _quiet(seconds)
            # Whatever comes of it, the fork goes on with nothing else.
            try:
                self._goes_through(items, mutant)
            except BaseException:  # noqa: BLE001
                os._exit(1)
            os._exit(0)
        os.close(theirs)
        with os.fdopen(ours, "rb") as pipe:
            said = pipe.read().decode()
        _, status = os.waitpid(child, 0)
        if status == 0:
            return None
        return next((number for number, item in enumerate(items) if item.nodeid == said), -1)

    def _goes_through(self, items: list[pytest.Item], mutant: Mutant | None) -> None:
        if mutant is None or _patched(mutant, self._forget):
            for item, following in pairwise([*items, None]):
                assert item is not None
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _computed() -> float:
    """How many seconds all forks that have ended took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _quiet(seconds: float) -> None:
    """Say nothing more, and end after computing for so many seconds; with 0 there is no end.

    What computes is counted, so that a busy machine makes no mutant look as if it never ended.
    """
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds * STILL)


def _patched(mutant: Mutant, forget: list[Callable[[], None]]) -> bool:
    """Give the function the code of the mutant, wherever it is known already, and empty the caches.

    False if it is no plain function.
    """
    found: object = sys.modules[_name(mutant.path)]
    for part in mutant.function.split("."):
        found = inspect.getattr_static(found, part)
    found = getattr(found, "fget", getattr(found, "func", getattr(found, "__func__", found)))
    function = inspect.unwrap(found) if callable(found) else None
    codes = _codes(compile(mutant.tree, mutant.path, "exec"))
    code = next((each for each in codes if each.co_qualname == mutant.function), None)
    if not isinstance(function, types.FunctionType) or code is None:
        return False
    function.__code__ = code
    for cleared in forget:
        cleared()
    return True


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield inner
            yield from _codes(inner)


def _name(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def survives(mutant: Mutant, seconds: float) -> bool:
    """Whether the module's tests pass with the mutant, in so many seconds of computing."""
    child = os.fork()
    if child == 0:
        _quiet(seconds)
        try:
            noticed = _tried(mutant.path, mutant.tree)
        except BaseException:  # noqa: BLE001 - so it is
            noticed = 1
        os._exit(noticed)
    _, status = os.waitpid(child, 0)
    return status == 0


def _tried(path: str, mutant: ast.Module) -> int:
    """How the tests of a module end: 0 where all pass."""
    name = _name(path)
    for other in _using(name):
        del sys.modules[other]
    if not _loads(name, path, mutant):
        return 1
    # One by one: most mutants are noticed by the first, and the others are not even loaded.
    return next(
        (code for test in TESTS[path] if (code := int(pytest.main([*CALM, "-x", test])))), 0
    )


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
    # Modules with the same tests are tried together: these are collected once.
    groups = [list(found) for _, found in groupby(given.modules, TESTS.__getitem__)]
    low = [_is_low(paths, given.sample, given.only) for paths in groups]
    return int(any(low))


def _is_low(paths: list[str], sample: int, only: str) -> bool:
    """Whether the tests of these modules notice too little of one of them, or fail as it is."""
    tried = {path: [each for each in mutants(path) if only in each.what] for path in paths}
    for path, found in tried.items():
        if sample and sample < len(found):
            tried[path] = random.Random(path).sample(found, sample)
    trials = Trials([mutant for found in tried.values() for mutant in found])
    pytest.main([*CALM, "-s", *TESTS[paths[0]]], plugins=[trials])
    if not trials.passes:  # a score says something only of tests that pass
        print(f"{', '.join(paths)}: the tests fail as it is", flush=True)  # noqa: T201
        return True
    low = False
    for path, found in tried.items():
        left = []
        for mutant in (each for each in trials.doubtful if each.path == path):
            if survives(mutant, PATIENCE + SLOWER * trials.seconds):
                left.append(mutant)
                print(f"{path} {mutant.what}", flush=True)  # noqa: T201
        score = 1 - len(left) / (len(found) or 1)
        low |= score < LEAST
        print(f"{path}: {len(found) - len(left)} of {len(found)} ({score:.0%})", flush=True)  # noqa: T201
    return low


if __name__ == "__main__":
    raise SystemExit(main())
