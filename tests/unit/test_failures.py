"""Claims about all failure kinds at once; each kind's own cases are its examples."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import watchdog.examples
import watchdog.failures
from watchdog.actions import BY_NAME
from watchdog.detection.kind import FailureKind
from watchdog.examples import Drill, Example, drill_of, examples_of
from watchdog.failures import KINDS
from watchdog.model.diagnosis import Impact

TOOLS = {"builders", "drill_manifest"}
EXAMPLES = [
    pytest.param(kind, example, id=f"{kind.name}: {example.name}")
    for kind in KINDS
    for example in examples_of(kind.name)
]
DRILLS = [
    pytest.param(drill, manifest, id=f"{kind.name} {step}")
    for kind in KINDS
    for drill in (drill_of(kind.name),)
    for step, manifest in (("before", drill.before), ("manifest", drill.manifest))
    if manifest
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
each_example = pytest.mark.parametrize(("kind", "example"), EXAMPLES)
each_drill = pytest.mark.parametrize(("drill", "manifest"), DRILLS)


def claims(kind: FailureKind, example: Example) -> list[str]:
    return [str(finding.target) for finding in kind.detect(example.snapshot)]


@each_example
def test_examples_agree_with_the_kind(kind: FailureKind, example: Example) -> None:
    assert claims(kind, example) == ([example.claims] if example.claims else [])


@each_example
def test_a_sick_example_is_proposed_the_action_that_it_names(
    kind: FailureKind, example: Example
) -> None:
    actions = [kind.fix(finding, example.snapshot) for finding in kind.detect(example.snapshot)]

    assert [action and action.kind for action in actions] == (
        [example.action] if example.claims else []
    )


@each_example
def test_a_fix_aims_at_the_owner_that_was_found(kind: FailureKind, example: Example) -> None:
    for finding in kind.detect(example.snapshot):
        action = kind.fix(finding, example.snapshot)

        named = {(finding.target.kind, finding.target.name), *(("Pod", p) for p in finding.pods)}
        named.add((finding.facts.get("object", ""), finding.facts.get("name", "")))
        assert action is None or (action.target.kind, action.target.name) in named


@each_example
def test_no_earlier_kind_steals_an_example(kind: FailureKind, example: Example) -> None:
    if example.claims is None:
        return

    first = next(
        other.name
        for other in KINDS
        if any(str(finding.target) == example.claims for finding in other.detect(example.snapshot))
    )

    assert first == kind.name


_AS_AN_ARGUMENT = re.compile(
    r"\b(?:deployment|statefulset|daemonset|replicaset|pod|job|cronjob|service|ingress)/[a-z]"
)


@each_example
def test_findings_explain_themselves_in_whole_sentences(
    kind: FailureKind, example: Example
) -> None:
    for finding in kind.detect(example.snapshot):
        why = kind.explain(finding, example.snapshot)
        advice = kind.advise(finding, example.snapshot)

        assert finding.kind == kind.name
        assert finding.evidence
        assert isinstance(finding.impact, Impact)
        assert why.endswith((".", '."')), why
        assert why[0].isupper(), why
        assert "None" not in why
        assert "  " not in why
        assert "{" not in re.sub(r"`[^`]*`|\"[^\"]*\"", "", why)
        assert advice.text.endswith(".")
        # Objects are Deployment/web in a sentence, deployment/web in a command only.
        assert not _AS_AN_ARGUMENT.search(f"{why} {advice.text}"), (why, advice.text)
        assert "None" not in f"{advice.text} {advice.command or ''}"
        # Nodes, storage classes and the like belong to no namespace.
        scopes = ("kubectl -n shop ", "kubectl get ", "kubectl describe node")
        assert advice.command is None or advice.command.startswith(scopes)


@each_kind
def test_each_kind_has_a_sick_and_a_healthy_example(kind: FailureKind) -> None:
    claimed = [example.claims is not None for example in examples_of(kind.name)]

    assert any(claimed)
    assert not all(claimed)


@each_kind
def test_a_model_is_offered_only_actions_that_exist(kind: FailureKind) -> None:
    assert set(kind.actions) <= set(BY_NAME) - {"custom_instruction"}


@each_kind
def test_what_the_rules_propose_a_model_may_propose_too(kind: FailureKind) -> None:
    proposed = {example.action for example in examples_of(kind.name) if example.action}

    assert proposed <= set(kind.actions)


def test_names_are_unique_and_fit_for_a_metric_label() -> None:
    names = [kind.name for kind in KINDS]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z_]+", name) for name in names)


def test_every_file_is_registered_under_its_own_name() -> None:
    folder = Path(watchdog.failures.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}

    assert files == {kind.name for kind in KINDS}


def test_every_file_of_examples_is_of_a_kind() -> None:
    folder = Path(watchdog.examples.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", *TOOLS}

    assert files == {kind.name for kind in KINDS}


@each_drill
def test_drills_run_busybox_in_any_namespace(drill: Drill, manifest: str) -> None:
    objects = list(yaml.safe_load_all(manifest))
    images = [container.get("image") for spec in _pod_specs(objects) for container in _all(spec)]

    assert drill.ends in {"healed", "advice"}
    assert objects
    assert all("namespace" not in item["metadata"] for item in objects)
    assert all(image and "busybox" in image for image in images)


def _pod_specs(value: Any) -> list[dict[str, Any]]:
    """Every pod spec in a manifest, however deep."""
    if isinstance(value, list):
        return [spec for item in value for spec in _pod_specs(item)]
    if not isinstance(value, dict):
        return []
    own = [value] if isinstance(value.get("containers"), list) else []
    return own + [spec for item in value.values() for spec in _pod_specs(item)]


def _all(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [*spec.get("initContainers", []), *spec["containers"]]
