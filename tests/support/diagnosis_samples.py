"""Two broken Deployments, small failure kinds that find them, and the answers of a model.

`web` misses an environment variable (the rules would roll it back), `api` is out of memory (the
rules have advice only), `calm` is healthy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from watchdog.actions import RemediationAction, RolloutUndo
from watchdog.detection.kind import Advice, FailureKind
from watchdog.diagnosis.prompt import build_prompt
from watchdog.diagnosis.rules import detect, explain
from watchdog.examples.builders import (
    change,
    crashing,
    deployment,
    earlier,
    log,
    pod,
    ref,
    snapshot_of,
)
from watchdog.llm.prompt_parts import Prompt
from watchdog.model.diagnosis import Finding
from watchdog.settings.services import LLMSettings
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClusterSnapshot

WEB, API, CALM = (ref("Deployment", name) for name in ("web", "api", "calm"))
LINE = "fatal: setting LEDGER_REGION must not be empty"
SNAPSHOT = snapshot_of(
    deployment(ref=WEB, desired=2, last=earlier(change("env LEDGER_REGION", "x", None))),
    deployment(ref=API, ready=1, desired=2, revisions=()),
    deployment(ref=CALM, ready=1, revisions=()),
    pod(crashing(), owner=WEB),
    pod(crashing(137), owner=API, ref=ref("Pod", "api-5c8b-q7rst"), replica_set="api-5c8b"),
    log(f"starting\n{LINE}"),
)

Find = Callable[[ClusterSnapshot], Iterable[Finding]]


def _finds(name: str, target: ObjectRef, summary: str) -> Find:
    def find(_snapshot: ClusterSnapshot) -> Iterable[Finding]:
        yield Finding(kind=name, target=target, container="main", summary=summary, evidence=(LINE,))

    return find


def _roll_back(finding: Finding, _snapshot: ClusterSnapshot) -> RemediationAction:
    return RolloutUndo(target=finding.target, to_revision=6)


MISSING = FailureKind(
    name="missing_env",
    summary="a variable is missing",
    detect=_finds("missing_env", WEB, "missing environment variable"),
    explain=lambda _finding, _snapshot: "The container exits because LEDGER_REGION is not set.",
    advise=lambda _finding, _snapshot: Advice("Set LEDGER_REGION.", "kubectl set env ..."),
    hint="Look at what the log says is empty.",
    fix=_roll_back,
    actions=("patch_deployment_env", "rollout_undo", "delete_pod"),
)
MEMORY = FailureKind(
    name="oom_killed",
    summary="out of memory",
    detect=_finds("oom_killed", API, "out of memory"),
    explain=lambda _finding, _snapshot: "The container needs more memory than its limit.",
    advise=lambda _finding, _snapshot: Advice("Raise the memory limit."),
    hint="Look at the limit.",
    actions=("patch_deployment_resources", "scale_deployment"),
)
KINDS = (MISSING, MEMORY)
FINDINGS = detect(SNAPSHOT, KINDS)

SET_ENV = {
    "kind": "patch_deployment_env",
    "target": "D1",
    "container": "main",
    "name": "LEDGER_REGION",
    "value": "eu-1",
}
ADVICE = {"kind": "custom_instruction", "target": "D2", "instruction": "Ask the owners."}
SCALE = {"kind": "scale_deployment", "target": "D2", "replicas": 3}


def prompt(max_chars: int = 40_000, snapshot: ClusterSnapshot = SNAPSHOT) -> Prompt:
    """The prompt about the two."""
    explanations = explain(FINDINGS, SNAPSHOT, KINDS)
    settings = LLMSettings(max_prompt_chars=max_chars)
    return build_prompt(snapshot, FINDINGS, explanations, KINDS, settings)


def answer(*actions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A usable answer with these actions, with fields changed, or left out where None is given."""
    whole = {
        "has_issue": True,
        "summary": "web lacks a variable",
        "root_cause": "LEDGER_REGION is not set.",
        "evidence": [LINE],
        "remediation_actions": list(actions),
        "confidence": 0.93,
    }
    return {**whole, **changes}


def without(field: str) -> str:
    """A usable answer without one field, as text."""
    return json.dumps({k: v for k, v in answer(SET_ENV).items() if k != field})


def with_action(**changes: Any) -> str:
    """An answer whose one action is changed, as text."""
    return json.dumps(answer({**SET_ENV, **changes}))


_GOOD = json.dumps(answer(SET_ENV))
# What the model says -> what the report says about it.
BROKEN: dict[str, tuple[str, str]] = {
    "empty": ("   ", "empty"),
    "prose only": ("All is well, nothing to do.", "no JSON"),
    "html": ("<!doctype html><html>502</html>", "HTML"),
    "null": ("null", "no JSON"),
    "a list": (f"[{_GOOD}]", "list"),
    "two objects": (f"{_GOOD}\n{_GOOD}", "more than one"),
    "cut off": (_GOOD[:-40], "cut off"),
    "cut off in a fence": (f"```json\n{_GOOD[:150]}", "cut off"),
    "trailing comma": (_GOOD[:-1] + ",}", "no valid JSON"),
    "single quotes": (str(answer(SET_ENV)), "no valid JSON"),
    "NaN": (_GOOD.replace("0.93", "NaN"), "NaN"),
    "Infinity": (_GOOD.replace("0.93", "Infinity"), "Infinity"),
    "a number without end": (_GOOD.replace("0.93", "9" * 6_000), "number"),
    "duplicate keys": (_GOOD.replace('{"has', '{"has_issue": false, "has', 1), "repeats"),
    "deep nesting": ('{"a":' * 5_000 + "1" + "}" * 5_000, "answer"),
    "far too long": (_GOOD + " " * 200_000, "longer than"),
    "a field of ours missing": (without("root_cause"), "root_cause"),
    "no actions": (without("remediation_actions"), "remediation_actions"),
    "no evidence": (without("evidence"), "evidence"),
    "no verdict": (without("has_issue"), "has_issue"),
    "a field too many": (json.dumps(answer(SET_ENV, thoughts="x")), "thoughts"),
    "verdict as text": (json.dumps(answer(SET_ENV, has_issue="true")), "has_issue"),
    "confidence as text": (json.dumps(answer(SET_ENV, confidence="high")), "confidence"),
    "confidence above one": (json.dumps(answer(SET_ENV, confidence=93)), "confidence"),
    "evidence as text": (json.dumps(answer(SET_ENV, evidence="x")), "evidence"),
    "endless summary": (json.dumps(answer(SET_ENV, summary="x" * 3_000)), "summary"),
    "endless evidence": (json.dumps(answer(SET_ENV, evidence=["x"] * 60)), "evidence"),
    "half a character": (_GOOD.replace("eu-1", "\\ud800"), "Invalid JSON"),
    "unknown kind": (with_action(kind="delete_namespace"), "unknown action kind"),
    "kind in other letters": (with_action(kind="Patch_Deployment_Env"), "unknown action kind"),
    "kind not offered": (with_action(kind="rollout_restart"), "not offered"),
    "kind missing": (json.dumps(answer({"target": "D1"})), "unknown action kind"),
    "kind as a list": (with_action(kind=["delete_pod"]), "unknown action kind"),
    "unknown id": (with_action(target="D99"), "unknown target"),
    "a name in place of an id": (with_action(target="Deployment/web"), "unknown target"),
    "another namespace": (with_action(target="kube-system/coredns"), "unknown target"),
    "a target with a path": (with_action(target="D1/../../kube-system"), "unknown target"),
    "a target with a command": (with_action(target="D1; rm -rf /"), "unknown target"),
    "target as an object": (with_action(target={"kind": "Deployment"}), "unknown target"),
    "target missing": (json.dumps(answer({"kind": "rollout_undo"})), "unknown target"),
    "target of another kind": (
        json.dumps(answer({"kind": "delete_pod", "target": "D1"})),
        "cannot aim at",
    ),
    "negative replicas": (json.dumps(answer({**SCALE, "replicas": -1})), "replicas"),
    "replicas as text": (json.dumps(answer({**SCALE, "replicas": "3"})), "replicas"),
    "replicas with a fraction": (json.dumps(answer({**SCALE, "replicas": 3.0})), "replicas"),
    "replicas as a truth": (json.dumps(answer({**SCALE, "replicas": True})), "replicas"),
    "replicas null": (json.dumps(answer({**SCALE, "replicas": None})), "replicas"),
    "a parameter too many": (with_action(namespace="kube-system"), "namespace"),
    "a parameter missing": (json.dumps(answer({**SET_ENV, "name": None})), "name"),
    "a value as a number": (with_action(value=1), "value"),
    "a command of its own": (
        json.dumps(answer({**ADVICE, "command": "kubectl delete ns shop"})),
        "command",
    ),
    "advice without words": (json.dumps(answer({**ADVICE, "instruction": " "})), "instruction"),
    "contradictions": (
        json.dumps(answer(SET_ENV, {**SET_ENV, "value": "us-1"})),
        "contradicts itself",
    ),
    "one bad among good": (json.dumps(answer(SET_ENV, {**SCALE, "replicas": -1})), "replicas"),
}
