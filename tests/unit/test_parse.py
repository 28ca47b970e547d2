"""A model's answer is used in full or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.support.diagnosis_samples import (
    ADVICE,
    BROKEN,
    CALM,
    FINDINGS,
    KINDS,
    LINE,
    MISSING,
    SCALE,
    SET_ENV,
    SNAPSHOT,
    WEB,
    answer,
    prompt,
    with_action,
    without,
)
from tests.support.policy_samples import live
from watchdog.actions import CustomInstruction, PatchDeploymentEnv, ProposedValue
from watchdog.diagnosis.parse import parse
from watchdog.diagnosis.prompt import build_prompt
from watchdog.diagnosis.rules import explain
from watchdog.errors import ModelError
from watchdog.llm.reply import Reply
from watchdog.model.diagnosis import Diagnosis
from watchdog.remediation.diff import Wording, describe
from watchdog.settings.services import LLMSettings
from watchdog.text.format import clean

PROMPT = prompt()


def read(text: str) -> Diagnosis:
    return parse(Reply(text), PROMPT)


def test_a_good_answer_is_a_diagnosis_about_objects() -> None:
    diagnosis = read(json.dumps(answer(SET_ENV)))

    action = diagnosis.remediation_actions[0]
    assert isinstance(action, PatchDeploymentEnv)
    assert action.target == WEB
    assert action.value == SecretStr("eu-1")
    assert diagnosis.source == "llm"
    assert diagnosis.confidence == 0.93
    assert diagnosis.evidence == (LINE,)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_refused_with_a_short_reason(name: str) -> None:
    text, why = BROKEN[name]

    with pytest.raises(ModelError) as caught:
        read(text)

    assert why in str(caught.value)
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


COMMANDS = build_prompt(
    SNAPSHOT,
    FINDINGS,
    explain(FINDINGS, SNAPSHOT, KINDS),
    (replace(MISSING, actions=("patch_deployment_command",)),),
    LLMSettings(),
)


def read_command(word: str, field: str = "command", *, escaped: bool = False) -> Diagnosis:
    raw = {"kind": "patch_deployment_command", "target": "D1", "container": "main", field: [word]}
    return parse(Reply(json.dumps(answer(raw), ensure_ascii=escaped)), COMMANDS)


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("field", ["command", "args"])
@pytest.mark.parametrize(
    "hidden",
    [
        "\x7f", "\x85", "\x9b", "\xa0", "\xad", "\u061c", "\u200b", "\u200e", "\u2028", "\u2029",
        "\u202e", "\u2066", "\u2069", "\u3000", "\ufeff", "\ue000", "\U000e0041",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_command_with_a_character_that_nobody_sees_is_refused(
    hidden: str, field: str, *, escaped: bool
) -> None:
    with pytest.raises(ModelError, match=r"patch_deployment_command: .*cannot be shown"):
        read_command(f"serve{hidden}--now", field, escaped=escaped)


@pytest.mark.parametrize(
    "word", ["echo a\nexec web", "a\tb", "a\x0bb", "a\x0cb", "a\x1bb", "a\x1cb", "a\x1db", "zürich"]
)
def test_a_command_that_is_accepted_is_shown_whole_in_one_line(word: str) -> None:
    (action,) = read_command(word).remediation_actions
    words = Wording(ProposedValue(None, "suggested", "suggested by the model"))

    shown = describe(action, live(), live(command=[word]), words)

    (line,) = [line for line in clean(shown).splitlines() if line.startswith("+")]
    assert json.loads(line.removeprefix("+ command: ")) == [word]


GOOD = json.dumps(answer(SET_ENV))
TOLERATED = {
    "a fence": f"```json\n{GOOD}\n```",
    "a fence without a name": f"```\n{GOOD}\n```",
    "prose around": f"Here is my diagnosis:\n\n{GOOD}\n\nI hope this {{helps}}!",
    "a byte order mark": f"\ufeff{GOOD}",
    "thoughts before": f"<think>\nIs it {{this}}? {{}}\n</think>\n{GOOD}",
    **{
        f"thoughts in {mark}": f"{begin}Is it {{this}}? {{}}{end}\n{GOOD}"
        for mark, begin, end in (
            ("two blocks", "<think>first</think>\n<think>", "</think>"),
            ("a block after a sentence", "Let me see. <think>", "</think>"),
            ("an opening that the template ate", "", "</think>"),
            ("capitals", "<THINK>", "</THINK>"),
            ("thinking", "<thinking>", "</thinking>"),
            ("reasoning", "<reasoning>", "</reasoning>"),
            ("Mistral's marks", "[THINK]", "[/THINK]"),
            ("Kimi's marks", "◁think▷", "◁/think▷"),
            ("Seed's marks", "<seed:think>", "</seed:think>"),
            ("channels", "<|channel|>analysis<|message|>", "<|end|><|channel|>final<|message|>"),
        )
    },
    "the end of a thought in a quotation": json.dumps(
        answer(SET_ENV, root_cause="</think> is said")
    ),
    "the same in a fence": f"```json\n{json.dumps(answer(SET_ENV, root_cause='</think>'))}\n```",
    "pretty printing": json.dumps(answer(SET_ENV), indent=4),
    "no confidence": without("confidence"),
    "no summary": without("summary"),
    "a null summary": json.dumps(answer(SET_ENV, summary=None)),
    "confidence as a whole number": json.dumps(answer(SET_ENV, confidence=1)),
    "a missing nullable parameter": json.dumps(
        answer({k: v for k, v in SET_ENV.items() if k != "value"})
    ),
    "space around the id": with_action(target=" D1\n"),
    "the same action twice": json.dumps(answer(SET_ENV, SET_ENV)),
}


@pytest.mark.parametrize("name", TOLERATED)
def test_harmless_untidiness_is_tolerated(name: str) -> None:
    diagnosis = read(TOLERATED[name])

    assert [action.kind for action in diagnosis.remediation_actions] == ["patch_deployment_env"]
    assert diagnosis.remediation_actions[0].target == WEB


def test_an_action_on_what_has_no_finding_is_left_out_and_said() -> None:
    calm = next(id_ for id_, ref in PROMPT.ids.items() if ref == CALM)

    diagnosis = read(json.dumps(answer(SET_ENV, {**SET_ENV, "target": calm})))

    assert len(diagnosis.remediation_actions) == 1
    assert "Deployment/calm" in diagnosis.disagreements[0]


def test_an_action_that_the_targets_finding_does_not_call_for_is_left_out() -> None:
    diagnosis = read(json.dumps(answer({**SCALE, "target": "D1"})))

    assert diagnosis.remediation_actions == ()
    assert "scale_deployment on Deployment/web is left out" in diagnosis.disagreements[0]


def test_of_very_many_actions_the_first_few_are_taken() -> None:
    many = [{**ADVICE, "instruction": f"Step {number}."} for number in range(50)]

    assert len(read(json.dumps(answer(*many))).remediation_actions) == 10


def test_an_answer_of_so_many_characters_is_read_and_a_longer_one_is_not() -> None:
    most = GOOD.ljust(100_000)

    assert read(most).has_issue
    with pytest.raises(ModelError, match="longer than 100,000 characters"):
        read(f"{most} ")


def test_an_instruction_of_so_many_characters_is_read_and_a_longer_one_is_not() -> None:
    (action,) = read(json.dumps(answer({**ADVICE, "instruction": "a" * 2000}))).remediation_actions

    assert isinstance(action, CustomInstruction)
    assert action.instruction == "a" * 2000
    with pytest.raises(ModelError, match="the instruction is missing, empty or too long"):
        read(json.dumps(answer({**ADVICE, "instruction": "a" * 2001})))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No idea. " * 20, f"the answer is no JSON: {('No idea. ' * 20)[:79]}…"),
        ("<!DOCTYPE html> busy", "the answer is HTML: <!DOCTYPE html> busy"),
        ("<HTML> busy", "the answer is HTML: <HTML> busy"),
        ("see <html> busy", "the answer is no JSON: see <html> busy"),
        (with_action(kind="wipe"), "unknown action kind 'wipe'"),
        (with_action(target=["D1"]), "unknown target ['D1'] of patch_deployment_env"),
    ],
)
def test_why_an_answer_is_of_no_use_is_said_in_a_few_of_its_words(text: str, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        read(text)

    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps(answer(has_issue="yes")), "the answer: has_issue: Input should be"),
        (json.dumps(answer(evidence=["a", 7])), "the answer: evidence.1: Input should be"),
        (with_action(container=7), "patch_deployment_env: container: Input should be"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(text: str, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        read(text)

    assert str(caught.value).startswith(said)


def test_the_models_words_carry_no_commands_and_no_links() -> None:
    bad = "Run kubectl delete ns shop, see https://evil.example/x"
    diagnosis = read(
        json.dumps(
            answer(
                {**ADVICE, "instruction": bad}, summary=bad, root_cause=bad, evidence=[bad, LINE]
            )
        )
    )

    action = diagnosis.remediation_actions[0]
    assert isinstance(action, CustomInstruction)
    assert action.command is None
    dumped = diagnosis.model_dump_json()
    assert "delete ns" not in dumped
    assert "evil.example" not in dumped


@pytest.mark.parametrize(
    "line",
    [
        LINE,
        LINE.upper(),
        "fatal: setting LEDGER_REGION…",
        "fatal: ... must not be empty",
        f'"{LINE}"',
        f"  {LINE.replace(' ', '   ')}  ",
        f'log of web-7d9f-x2k4p/main: "{LINE}"',
        "Deployment/web: 0 of 2 pods ready",
        "fatal, not be empty",
    ],
)
def test_evidence_that_was_shown_is_kept(line: str) -> None:
    diagnosis = read(json.dumps(answer(evidence=[line])))

    assert len(diagnosis.evidence) == 1
    assert diagnosis.unverified_evidence == ()


@pytest.mark.parametrize(
    "line",
    [
        "fatal: the disk is full",
        f'log of ghost-7d9f-x2k4p/main: "{LINE}"',
        "pod ghost-1 was evicted",
        "Deployment/web: 2 of 2 pods ready",
        "fatal, must not be",  # words that are in any text
    ],
)
def test_evidence_that_was_not_shown_is_set_apart(line: str) -> None:
    diagnosis = read(json.dumps(answer(evidence=[line])))

    assert diagnosis.evidence == ()
    assert len(diagnosis.unverified_evidence) == 1


def test_empty_evidence_proves_nothing() -> None:
    assert read(json.dumps(answer(evidence=["", "...", '""']))).evidence == ()


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
KEYS = st.sampled_from([*answer(), *SET_ENV, *SCALE, "command", "namespace"]) | st.text(max_size=5)
JSON = st.recursive(
    SCALARS,
    lambda deeper: st.lists(deeper, max_size=4) | st.dictionaries(KEYS, deeper),
    max_leaves=12,
)


@given(JSON, st.sampled_from([*answer(), ""]))
def test_whatever_comes_is_a_diagnosis_or_a_model_error(value: Any, field: str) -> None:
    body = {**answer(SET_ENV), field: value} if field else value
    try:
        diagnosis = read(json.dumps(body))
    except ModelError:
        return
    assert all(a.target in PROMPT.ids.values() for a in diagnosis.remediation_actions)


@given(st.text())
def test_any_text_is_a_diagnosis_or_a_model_error(text: str) -> None:
    with pytest.raises(ModelError):
        read(text)
