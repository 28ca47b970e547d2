"""Findings and a scripted model in, one Diagnosis out; whatever the model says, nothing breaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from tests.support.diagnosis_samples import (
    ADVICE,
    API,
    BROKEN,
    FINDINGS,
    KINDS,
    LINE,
    SET_ENV,
    SNAPSHOT,
    WEB,
    answer,
)
from tests.support.wire_model import ModelServer, completion
from watchdog.actions import CustomInstruction, PatchDeploymentEnv, RolloutUndo
from watchdog.clock import Budget, SystemClock
from watchdog.diagnosis.diagnose import diagnose
from watchdog.diagnosis.rules import rules_diagnosis
from watchdog.examples.builders import healthy
from watchdog.llm.model_client import Model
from watchdog.model.diagnosis import Diagnosis
from watchdog.settings.schema import Settings
from watchdog.settings.services import LLMSettings

RULES = rules_diagnosis(SNAPSHOT, FINDINGS, KINDS)
UNDO = {"kind": "rollout_undo", "target": "D1", "to_revision": 6}


@pytest.fixture
def server(httpserver: HTTPServer) -> ModelServer:
    return ModelServer(httpserver)


@pytest.fixture
def diagnosed(server: ModelServer) -> Callable[..., Diagnosis]:
    """The diagnosis of the shelf with a model that gives this answer."""
    llm = LLMSettings(base_url=server.url, model="test-model", api_key=SecretStr("sk-canary"))
    settings = Settings(llm=llm)

    def ask(text: Any = None, **message: Any) -> Diagnosis:
        if text is not None or message:
            said = text if isinstance(text, str) else json.dumps(text)
            server.says(completion(None if message else said, **message))
        model = Model(llm, Budget(20, SystemClock()), lambda _seconds: None)
        return diagnose(SNAPSHOT, FINDINGS, KINDS, settings, model.ask)

    return ask


def assert_rules_spoke(diagnosis: Diagnosis, why: str) -> None:
    assert diagnosis.has_issue is True
    assert diagnosis.source == "rules"
    assert why in (diagnosis.model_error or "")
    assert diagnosis.remediation_actions == RULES.remediation_actions
    assert diagnosis.explanations == RULES.explanations
    assert diagnosis.summary == RULES.summary


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_leaves_the_rules_to_speak(
    diagnosed: Callable[..., Diagnosis], name: str
) -> None:
    text, why = BROKEN[name]

    diagnosis = diagnosed(text)

    assert_rules_spoke(diagnosis, why)
    assert diagnosis.tokens is not None
    # As the server says, or as many as so long an answer must have, if it says fewer.
    assert (diagnosis.tokens.total or 0) >= 812
    assert diagnosis.tokens.estimated == (diagnosis.tokens.total != 812)


FAILURES: dict[str, tuple[Any, int, str]] = {
    "html": ("<html>Bad gateway</html>", 200, "HTML"),
    "an empty body": ("", 200, "nothing"),
    "no choices": ({"choices": []}, 200, "no choices"),
    "an error with 200": ({"error": {"message": "overloaded"}}, 200, "overloaded"),
    "400": ({"error": {"message": "context_length_exceeded"}}, 400, "MAX_PROMPT_CHARS"),
    "401": ({"error": {"message": "bad key"}}, 401, "API key"),
    "404": ({"error": {"message": "no such model"}}, 404, "no such model"),
    "429 for the quota": ({"error": {"message": "quota"}}, 429, "quota"),
    "429 for the rate": ({"error": {"message": "slow down"}}, 429, "busy"),
    "500": ("oops", 500, "failed (500)"),
    "503 in HTML": ("<html>", 503, "busy (503)"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failing_server_leaves_the_rules_to_speak(
    server: ModelServer, diagnosed: Callable[..., Diagnosis], name: str
) -> None:
    body, status, why = FAILURES[name]
    server.says(body, status)

    diagnosis = diagnosed()

    assert_rules_spoke(diagnosis, why)
    assert diagnosis.model == "test-model" or status == 200
    assert diagnosis.sent_chars


def test_a_refusal_leaves_the_rules_to_speak(diagnosed: Callable[..., Diagnosis]) -> None:
    assert_rules_spoke(diagnosed(refusal="I cannot help with that."), "refused")


def test_a_server_that_got_nothing_is_not_said_to_have_got_the_prompt() -> None:
    llm = LLMSettings(base_url="http://127.0.0.1:1/v1", model="m")
    model = Model(llm, Budget(20, SystemClock()), lambda _seconds: None)

    diagnosis = diagnose(SNAPSHOT, FINDINGS, KINDS, Settings(llm=llm), model.ask)

    assert_rules_spoke(diagnosis, "cannot be reached")
    assert (diagnosis.server, diagnosis.sent_chars) == (None, None)


def test_without_findings_nobody_is_asked(server: ModelServer) -> None:
    llm = LLMSettings(base_url=server.url, model="m")
    model = Model(llm, Budget(20, SystemClock()))

    diagnosis = diagnose(healthy(), (), KINDS, Settings(llm=llm), model.ask)

    assert diagnosis == Diagnosis(has_issue=False)
    assert server.bodies == []


def test_without_a_model_the_rules_speak_and_nothing_failed() -> None:
    diagnosis = diagnose(SNAPSHOT, FINDINGS, KINDS, Settings(), None)

    assert diagnosis == RULES
    assert diagnosis.model_error is None


def test_a_sick_namespace_costs_one_call(
    server: ModelServer, diagnosed: Callable[..., Diagnosis]
) -> None:
    diagnosed(answer(SET_ENV, ADVICE))

    assert len(server.bodies) == 1


def test_the_models_plan_is_taken_and_the_difference_is_said(
    diagnosed: Callable[..., Diagnosis],
) -> None:
    diagnosis = diagnosed(answer(SET_ENV, ADVICE))

    assert diagnosis.source == "llm"
    assert [type(action) for action in diagnosis.remediation_actions] == [
        PatchDeploymentEnv,
        CustomInstruction,
    ]
    assert diagnosis.model == "test-model-1"
    assert diagnosis.confidence == 0.93
    assert diagnosis.evidence == (LINE,)
    assert diagnosis.explanations == RULES.explanations
    assert diagnosis.disagreements == (
        (
            "Deployment/web: the rules would roll back to revision 6; "
            "the model would set env LEDGER_REGION on container main."
        ),
    )


@pytest.mark.parametrize("revision", [6, None])
def test_where_both_agree_there_is_no_difference_to_tell(
    diagnosed: Callable[..., Diagnosis], revision: int | None
) -> None:
    diagnosis = diagnosed(answer({**UNDO, "to_revision": revision}, ADVICE))

    assert diagnosis.disagreements == ()


def test_a_finding_that_the_model_passes_over_keeps_the_advice_but_no_write(
    diagnosed: Callable[..., Diagnosis],
) -> None:
    diagnosis = diagnosed(answer(ADVICE))

    by_target = {action.target: action for action in diagnosis.remediation_actions}
    assert by_target[WEB] == CustomInstruction(
        target=WEB, instruction="Set LEDGER_REGION.", command="kubectl set env ..."
    )
    assert not any(isinstance(a, RolloutUndo) for a in diagnosis.remediation_actions)
    assert "the model changes nothing" in diagnosis.disagreements[0]
    assert by_target[API].title == "Ask the owners."


def test_deleting_its_pod_answers_the_finding_on_the_workload(
    diagnosed: Callable[..., Diagnosis],
) -> None:
    diagnosis = diagnosed(answer({"kind": "delete_pod", "target": "P1"}, ADVICE))

    assert [action.kind for action in diagnosis.remediation_actions] == [
        "delete_pod",
        "custom_instruction",
    ]


@pytest.mark.parametrize("actions", [[], [SET_ENV]])
def test_a_model_that_sees_nothing_wrong_hides_no_finding_and_writes_nothing(
    diagnosed: Callable[..., Diagnosis], actions: list[dict[str, Any]]
) -> None:
    said = answer(*actions, has_issue=False, summary="Transient, no action needed.")

    diagnosis = diagnosed(said)

    assert diagnosis.has_issue is True
    assert diagnosis.source == "rules"
    assert diagnosis.remediation_actions == ()
    assert diagnosis.summary == RULES.summary
    assert "sees nothing wrong" in diagnosis.disagreements[0]
    assert "Transient" in diagnosis.disagreements[0]
    assert diagnosis.tokens is not None


def test_a_silent_summary_is_filled_by_the_rules(diagnosed: Callable[..., Diagnosis]) -> None:
    assert diagnosed(answer(SET_ENV, summary=None)).summary == RULES.summary


def test_a_suggested_value_is_in_no_dump_of_the_diagnosis(
    diagnosed: Callable[..., Diagnosis],
) -> None:
    diagnosis = diagnosed(answer({**SET_ENV, "value": "canary-value"}))

    assert "canary-value" not in diagnosis.model_dump_json()
    assert "canary-value" not in repr(diagnosis)
