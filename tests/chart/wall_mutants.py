"""Plants small defects in the admission policies, and counts which ones are noticed.

Each is planted in the template that makes them. Where a setting's policies are others then, they
take the place of the right ones on a real API server, under which every request of
tests/support/admission_wall.py is sent: one that is let through and should not be, or the other way
round, notices the defect. Texts, and so the patterns of names and images, are not mutated. Not
collected by default: `make mutants` runs it, for half an hour.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import CHART, Chart
from tests.cluster.handle import poll
from tests.cluster.plane import ApiRefusalError, Plane
from tests.mutants import LEAST
from tests.support.admission_requests import made
from tests.support.admission_wall import SETTINGS, Setting, Wall, behind_the_wall

pytestmark = [pytest.mark.chart, pytest.mark.plane]
Object = dict[str, Any]
TEMPLATE = "templates/admissionpolicy.yaml"
_BOUND_AFTER = 10  # seconds
_FROM, _, _TO = os.environ.get("WALL_LINES", "1-10000").partition("-")
LINES = range(int(_FROM), int(_TO) + 1)
"""Of the template: which ones are tried."""
_TEXT = r"(?:'[^']*'|\"(?:[^\"\\]|\\.)*\")"
_TOKEN = re.compile(
    rf"(?<=printf )\"|(?<=expression: )\"|{_TEXT}|&&|\|\||==|!=|<=|>=|!|\.all\(|\.exists\("
    r"|\btrue\b|\bfalse\b|(?<!nindent )\b\d+\b|[ ]\? |(?<=[ (])(?:and|or|eq|ne|not)(?= )"
)
_SWAPS = {
    "&&": "||", "||": "&&", "==": "!=", "!=": "==", "<=": "<", ">=": ">", "!": "",
    ".all(": ".exists(", ".exists(": ".all(", "true": "false", "false": "true",
    "and": "or", "or": "and", "eq": "ne", "ne": "eq", "not": "",
}  # fmt: skip
_LISTS = (
    re.compile(rf"(?<![\w)\]])\[(?!\"\*)(?P<items>{_TEXT}(?:, ?{_TEXT})*)\]"),
    re.compile(rf"\(list (?P<items>{_TEXT}(?: {_TEXT})*)\)"),
    re.compile(r"operations: \[(?P<items>\w+, \w+)\]"),
)
_ITEM = re.compile(rf"{_TEXT}|\w+")
_APPEND = re.compile(rf"append (\$\w+) {_TEXT}")
_IF = re.compile(r"(?<=\{\{- if )[^{}]+(?= \}\})|(?<=\{\{ if )[^{}]+(?= \}\})")
_SAID = re.compile(r"^\s*(?:#|message|- name:|name:|\{\{- /\*|\{\{- define)")
_BLOCK = re.compile(r"^ {4}- expression:|^ {4}\{\{- include \"sre-watchdog.celOnly\"")


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Each template that differs from this one in one place, with what was done to it."""
    lines = source.split("\n")
    first = next(n for n, line in enumerate(lines) if "celChanges" in line)
    for number, line in enumerate(lines[first:], first):
        if _SAID.match(line):
            continue
        for how, changed in _changes(line):
            yield f"line {number + 1}: {how}", "\n".join(_with(lines, number, number + 1, changed))
        if _BLOCK.match(line):
            end = next(n for n in range(number + 1, len(lines)) if not lines[n].startswith(" " * 6))
            yield f"line {number + 1}: left out", "\n".join(_with(lines, number, end))


def _with(lines: list[str], start: int, end: int, *instead: str) -> list[str]:
    return [*lines[:start], *instead, *lines[end:]]


def _changes(line: str) -> Iterator[tuple[str, str]]:
    """Each other form of a line."""
    for token in _TOKEN.finditer(line):
        found, start, end = token[0], token.start(), token.end()
        condition = line[_begin(line, start) : start]
        if found in _SWAPS:
            yield f"{start}: {found!r} turned", line[:start] + _SWAPS[found] + line[end:]
        elif found.isdigit():
            yield f"{start}: {found} one more", f"{line[:start]}{int(found) + 1}{line[end:]}"
        elif found == " ? " and condition:
            turned = f"!({condition}){line[start:]}"
            yield f"{start}: branches", line[: start - len(condition)] + turned
    yield from _lists(line)
    for asked in _IF.finditer(line):
        turned = f"not ({asked[0]})"
        yield f"if not {asked[0]}", line[: asked.start()] + turned + line[asked.end() :]


def _lists(line: str) -> Iterator[tuple[str, str]]:
    """The line without one item of what it lists."""
    for words in (found for kind in _LISTS for found in kind.finditer(line)):
        for item in _ITEM.finditer(words["items"]):
            rest = words["items"][: item.start()] + words["items"][item.end() :]
            parted = re.sub(r"^[, ]+|[, ]+$|, (?=,)|(?<= ) +", "", rest)
            start, end = words.span("items")
            yield f"without {item[0]}", line[:start] + parted + line[end:]
    for added in _APPEND.finditer(line):
        yield f"no {added[0]}", line[: added.start()] + added[1] + line[added.end() :]
    # The keys at which two maps differ: those that came or changed, and those that went.
    if len(halves := line.split(") + {{ .old")) > 1:
        yield "what went is not looked at", f"{halves[0]})"
        yield "what came is not looked at", f"{{{{ .old{halves[1]}"


def _begin(line: str, end: int) -> int:
    """Where the condition begins that ends there: behind the bracket or the name before it."""
    depth = 0
    for at in range(end - 1, -1, -1):
        depth += (line[at] == ")") - (line[at] == "(")
        if depth < 0 or line[at] == '"':
            return at + 1
    return len(line) - len(line.lstrip())


class Policies:
    """The policies of a wall, in whose places others are put."""

    def __init__(self, plane: Plane, wall: Wall, right: list[Object]) -> None:
        self._plane = plane
        self._wall = wall
        self._there = {_key(one): one for one in right}
        self._number = 0

    def put(self, objects: list[Object]) -> bool:
        """Put these there; whether the API server takes them. Returns once they are in force."""
        wanted = {_key(one): one for one in objects}
        try:
            # Bindings first, as a policy without one is none.
            for key in sorted(wanted, reverse=True):
                self._write(wanted[key], self._there.get(key))
                self._there[key] = wanted[key]
        except ApiRefusalError:
            return False
        for key in self._there.keys() - wanted.keys():
            self._plane.api.request("DELETE", self._path(self._there.pop(key)))
        self._in_force()
        return True

    def _write(self, wanted: Object, there: Object | None) -> None:
        if there is None:
            self._plane.create(wanted)
        elif wanted != there:
            kind = "application/merge-patch+json"
            body = {"spec": wanted["spec"]}
            self._plane.api.request("PATCH", self._path(wanted), body, content_type=kind)

    def _path(self, one: Object) -> str:
        return f"{self._plane.api.collection(one)}/{one['metadata']['name']}"

    def _in_force(self) -> None:
        """Wait for a policy that was written after them: the API server hears of them in order."""
        self._number += 1
        name = f"{self._wall.ns}-{self._number}"
        asked = made("/api/v1/namespaces/NS/configmaps", {"metadata": {"name": name}})
        admin = self._wall._replace(api=self._plane.api)
        last = [self._plane.create(one) for one in _refusing(name)]
        began = time.monotonic()

        def is_seen() -> bool:
            said = admin.says(asked)
            # A defect that binds everyone refuses it in its own words.
            bound = "may not" in said and time.monotonic() - began > _BOUND_AFTER
            return f"refusing {name}" in said or bound

        poll(is_seen, name, 0.05)
        for one in last:
            self._plane.api.request("DELETE", self._path(one))


def _key(one: Object) -> tuple[str, str]:
    return one["kind"], one["metadata"]["name"]


def _refusing(name: str) -> Iterator[Object]:
    """A policy that refuses ConfigMaps of that name alone, and its binding."""
    group = "admissionregistration.k8s.io"
    rule = {"apiGroups": [""], "apiVersions": ["*"], "operations": ["CREATE"]}
    refused = {"expression": f"object.metadata.name != '{name}'", "message": f"refusing {name}"}
    specs: dict[str, Object] = {
        "ValidatingAdmissionPolicy": {
            "failurePolicy": "Ignore",
            "matchConstraints": {"resourceRules": [{**rule, "resources": ["configmaps"]}]},
            "validations": [refused],
        },
        "ValidatingAdmissionPolicyBinding": {"policyName": name, "validationActions": ["Deny"]},
    }
    for kind, spec in specs.items():
        about = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": name}}
        yield {**about, "spec": spec}


class Requests:
    """What a wall is asked in a setting; what noticed a defect before is asked first."""

    def __init__(self, wall: Wall, setting: Setting) -> None:
        self._wall = wall
        legal, illegal = setting.let_through.values(), setting.refused.values()
        self._asked = [*((one, True) for one in legal), *((one, False) for one in illegal)]

    def notice(self) -> bool:
        """Whether any of them is judged in another way than it should be."""
        for number, (request, legal) in enumerate(self._asked):
            if self._wall.says(request) if legal else not self._wall.refuses(request):
                self._asked.insert(0, self._asked.pop(number))
                return True
        return False


def rendered(chart: Chart, setting: Setting, namespace: str, source: str) -> list[Object] | None:
    """What that template makes; None where it is none."""
    (chart.path / TEMPLATE).write_text(source, encoding="utf-8")
    with contextlib.suppress(AssertionError, yaml.YAMLError):
        return setting.rendered(chart, namespace, TEMPLATE)
    return None


def test_the_requests_notice_what_is_wrong_with_a_policy(
    chart: Chart, plane: Plane, tmp_path: Path
) -> None:
    wrong = replace(chart, path=tmp_path / "helm")
    shutil.copytree(CHART, wrong.path)
    source = (CHART / TEMPLATE).read_text(encoding="utf-8")
    left = {how: changed for how, changed in mutants(source) if _line(how) in LINES}
    tried: set[str] = set()
    for setting in SETTINGS.values() if left else ():
        with behind_the_wall(chart, plane, setting) as wall:
            requests = Requests(wall, setting)
            assert not requests.notice()
            right = rendered(wrong, setting, wall.ns, source)
            assert right
            policies = Policies(plane, wall, right)
            for how, changed in list(left.items()):
                objects = rendered(wrong, setting, wall.ns, changed)
                if objects == right:
                    tried.add(how)
                elif objects is not None and policies.put(objects):
                    tried.add(how)
                    if requests.notice():
                        del left[how]
            policies.put(right)
    unnoticed = sorted(tried & left.keys(), key=_line)
    print("", *unnoticed, f"{len(tried) - len(unnoticed)} of {len(tried)}", sep="\n")  # noqa: T201

    assert len(unnoticed) <= (1 - LEAST) * len(tried)


def _line(how: str) -> int:
    return int(how.removeprefix("line ").partition(":")[0])
