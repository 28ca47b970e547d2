"""No answer of a model hides a failure, writes anything, or keeps the report from its readers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.support.simulated_cluster import NAMESPACE, Arena
from tests.support.wire_model import ModelServer, completion
from tests.support.wire_slack import TOKEN, Slack
from watchdog.model.report import Report
from watchdog.report.html import render_html
from watchdog.report.markdown import render_markdown
from watchdog.report.text import plain_text
from watchdog.settings.services import LLMSettings, SlackSettings

LINK = "https://attacker.example/x"
RUN = "kubectl delete namespace shop"
HALF = "half \ud800 of a character"
ACTION: dict[str, Any] = {
    "kind": "patch_deployment_env", "target": "D1", "container": "main",
    "name": "REQUIRED_CONFIG", "value": None,
}  # fmt: skip
GOOD: dict[str, Any] = {
    "has_issue": True, "summary": "a variable is missing", "confidence": 0.9,
    "root_cause": "REQUIRED_CONFIG is not set", "evidence": ["REQUIRED_CONFIG"],
    "remediation_actions": [ACTION],
}  # fmt: skip
WHOLE = json.dumps(GOOD)
INFINITE = float("inf")


def says(**changes: Any) -> Any:
    return completion(json.dumps({**GOOD, **changes}))


def plans(**changes: Any) -> Any:
    return says(remediation_actions=[{**ACTION, **changes}])


def scales(*, replicas: Any) -> Any:
    return says(
        remediation_actions=[{"kind": "scale_deployment", "target": "D1", "replicas": replicas}]
    )


def beside(**parts: Any) -> Any:
    return {**completion(WHOLE), **parts}


ANSWERS: dict[str, Any] = {
    "half a character in the summary": says(summary=HALF),
    "half a character in the cause": says(root_cause=HALF),
    "half a character in the evidence": says(evidence=[HALF]),
    "half a character in an instruction": says(
        remediation_actions=[{"kind": "custom_instruction", "target": "D1", "instruction": HALF}]
    ),
    "half a character in a name": plans(name="\ud800"),
    "half a character in a target": plans(target="\ud800"),
    "half a character in a value": plans(value="\ud800"),
    "half a character in the model's name": beside(model="m\ud800"),
    "half a character": completion("\ud800"),
    "a command as the model's name": beside(model=RUN),
    "a link as the model's name": beside(model=LINK),
    "a long name": beside(model="m" * 100_000),
    "a negative use": beside(
        usage=dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), -(10**9))
    ),
    "a use beyond all": beside(usage={"prompt_tokens": 10**30, "total_tokens": 10**30}),
    "a use without end": beside(usage={"prompt_tokens": 1e308, "total_tokens": INFINITE}),
    "a use that is no number": beside(usage={"prompt_tokens": float("nan")}),
    "a use in words": beside(usage={"prompt_tokens": "9" * 5000, "total_tokens": "many"}),
    "no number as confidence": says(confidence=float("nan")),
    "confidence without end": says(confidence=INFINITE),
    "confidence of many digits": completion(
        '{"has_issue": true, "confidence": ' + "9" * 6000 + "}"
    ),
    "a key twice, first the other": completion('{"has_issue": false, ' + WHOLE[1:]),
    "a key twice, then the other": completion(
        WHOLE[:-1] + ', "has_issue": false, "remediation_actions": []}'
    ),
    "many actions": says(remediation_actions=[ACTION] * 20_000),
    "much evidence": says(evidence=[f"x{number}" for number in range(100_000)]),
    "a long summary": says(summary="x" * 2_000_000),
    "replicas as a truth": scales(replicas=True),
    "replicas beyond all": scales(replicas=1e300),
    "replicas of many digits": scales(replicas="9" * 5000),
    "replicas in another script": scales(replicas="\uff19"),
    "a list as target": plans(target=["D1"]),
    "an object as target": plans(
        target={"kind": "Deployment", "namespace": "kube-system", "name": "x"}
    ),
    "a target elsewhere": plans(target="kube-system/ledger"),
    "a kind that is none": plans(kind="delete_namespace"),
    "a kind of Python": plans(kind="__class__"),
    "a container elsewhere": plans(container="../../x"),
    "a value of two lines": plans(value="a\nb"),
    "a value that refers": plans(value="$(DB_PASSWORD)"),
    "text that turns": says(summary="\u202etxt.exe"),
    "terminal escapes": says(summary="\x1b[2J\x1b]0;x\x07"),
    "a null character": says(summary="a\x00b"),
    "half a character as a refusal": completion(None, refusal=HALF),
    "a call of a tool": completion(
        None, tool_calls=[{"type": "function", "function": {"name": "x", "arguments": WHOLE}}]
    ),
    "parts of odd types": completion(None) | {"choices": [{"message": {"content": [{}, None, 3]}}]},
    "an error with success": {"error": {"message": f"{HALF}: run {RUN}, see {LINK}"}},
}
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_no_odd_answer_of_a_model_hides_a_failure_or_is_obeyed(
    arena: Arena, httpserver: HTTPServer, part: int
) -> None:
    slack = Slack(httpserver, ("#ops",))
    model = ModelServer(httpserver)
    given: dict[str, Any] = {
        "slack": SlackSettings(bot_token=TOKEN, channel="#ops", base_url=slack.base_url),
        "llm": LLMSettings(base_url=model.url, model="m", response_format="none"),
        "actions": {"patch_deployment_env": "approve", "rollout_undo": "approve"},
    }
    arena.break_env()
    for number, name in enumerate(list(ANSWERS)[part::PARTS]):
        model.answers.clear()
        model.says(json.dumps(ANSWERS[name]))
        if number:  # else the diagnosis of the last pass would speak
            arena.wire.delete("ConfigMap", NAMESPACE, "sre-watchdog")
        asked, posted = len(model.bodies), len(slack.messages)

        report = arena.run(**given)

        assert len(model.bodies) > asked, name
        assert wrong(arena, report) == [], name
        assert len(slack.messages) > posted, name
        assert HALF not in str([message.body for message in slack.messages])


def wrong(arena: Arena, report: Report) -> list[str]:
    (seen,) = report.namespaces
    shown = [plain_text(report), render_markdown(report), render_html(report)]
    data = json.dumps(report.to_json(), ensure_ascii=False)
    # Printing a character that cannot be encoded would end the pass.
    bytes_ = [text.encode() for text in (*shown, data)]
    found = {
        "ended the look": seen.error is not None,
        "hid the failure": [finding.target.name for finding in seen.findings] != ["ledger"],
        "wrote": bool(arena.wire.real_writes),
        "was not delivered": not all(delivery.ok for delivery in report.deliveries),
        "said its own": any(RUN in text or LINK in text for text in (*shown, data)),
        "is long": any(len(text) > 300_000 for text in bytes_),
        "lowered what was used": (seen.model_tokens_today or 0) < 0 or not seen.model_calls_today,
        "is forgotten": [item.open for item in arena.memory().incidents] != [True],
    }
    return [what for what, holds in found.items() if holds]
