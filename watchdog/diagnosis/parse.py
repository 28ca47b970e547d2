"""A model's answer, read strictly: either every word of it is usable, or none is.

Raised ModelErrors say in a few words why not. Nothing here repairs an answer.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from watchdog.actions import BY_NAME, Action, CustomInstruction, RemediationAction
from watchdog.errors import ModelError
from watchdog.llm.own_secrets import hidden
from watchdog.llm.prompt_parts import Prompt
from watchdog.llm.reply import Reply
from watchdog.model.diagnosis import Diagnosis
from watchdog.text.model_text import plain_prose
from watchdog.text.redact import redact
from watchdog.text.regex import regex
from watchdog.text.sanitize import clean

MAX_ACTIONS = 10
MAX_CHARS = 100_000
_LONGEST_SAID = 80
_QUOTE = 12  # characters of it at least: shorter words are in any text
# How models end what they think: by tags of many names, Mistral's, Kimi's, and harmony's channel.
_THOUGHT_ENDS = regex(
    r"</(?:\w{1,12}:)?(?:think|thinking|thought|thoughts|reasoning|reflection|analysis)>"
    r"|\[/THINK\]|\u25c1/think\u25b7|<\|channel\|>\s*final\s*(?:<\|\w{1,20}\|>[^<{]{0,40})?<\|message\|>",
    re.IGNORECASE,
)
# Quotation marks of all sorts, escapes, our own fence and counts.
_IGNORED = regex("[\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb\\\\|]|\u00d7\\d+")
_ACTION: TypeAdapter[RemediationAction] = TypeAdapter(RemediationAction)


class _Reply(BaseModel):
    """The answer's top level. Lengths only keep a babbling model out of the report."""

    model_config = ConfigDict(strict=True, extra="forbid")

    has_issue: bool
    summary: Annotated[str, Field(max_length=2_000)] | None = None
    agrees_with_rules: bool | None = None
    root_cause: Annotated[str, Field(max_length=8_000)]
    evidence: Annotated[list[Annotated[str, Field(max_length=2_000)]], Field(max_length=50)]
    remediation_actions: Annotated[list[dict[str, Any]], Field(max_length=100)]
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None


def parse(answer: Reply, prompt: Prompt) -> Diagnosis:
    """The diagnosis that the answer's text holds.

    Tolerated are prose and one fence around the object, a missing confidence, a null summary,
    missing nullable parameters and repeated actions. An action on an object without a finding is
    left out with a line in `disagreements`; evidence that was not shown to the model goes to
    `unverified_evidence`. Raises ModelError for everything else.
    """
    if answer.problem:
        raise ModelError(answer.problem)
    reply = _validated(_one_object(answer.text))
    actions: list[RemediationAction] = []
    notes: list[str] = []

    def prose(text: str) -> str:
        # A server knows our key, and a model may make up what looks like one: none reaches people.
        return plain_prose(redact(hidden(text, answer.secrets)))

    for raw in reply.remediation_actions:
        action, note = _action(raw, prompt, prose)
        if note:
            notes.append(note)
        elif action not in actions:
            actions.append(action)
    _refuse_contradictions(actions)
    found = [line for line in reply.evidence if _is_shown(line, prompt.shown)]
    return Diagnosis(
        has_issue=reply.has_issue,
        summary=prose(reply.summary or ""),
        root_cause=prose(reply.root_cause),
        evidence=tuple(prose(line) for line in found),
        unverified_evidence=tuple(prose(e) for e in reply.evidence if e not in found),
        remediation_actions=tuple(actions[:MAX_ACTIONS]),
        confidence=reply.confidence,
        source="llm",
        agrees=reply.agrees_with_rules,
        disagreements=tuple(dict.fromkeys(notes)),
    )


# --- JSON -----------------------------------------------------------------------------------------


def _one_object(answer: str) -> dict[str, Any]:
    if len(answer) > MAX_CHARS:
        raise ModelError(f"the answer is longer than {MAX_CHARS:,} characters")
    text = _without_thoughts(answer.lstrip("\ufeff").strip())
    if not text:
        raise ModelError("the answer is empty")
    start = text.find("{")
    if start < 0:
        html = text.lower().startswith(("<html", "<!doctype"))
        raise ModelError(f"the answer is {'HTML' if html else 'no JSON'}: {_brief(text)}")
    if text[:start].rstrip().endswith("["):
        raise ModelError("the answer is a list, not one JSON object")
    value, end = _decoded(text, start)
    for match in re.finditer(r"\{", text[end:]):
        if _decodes(text, end + match.start()):
            raise ModelError("the answer holds more than one JSON object")
    return value


def _without_thoughts(text: str) -> str:
    """What follows the last thought. An answer that begins as JSON has none: it may quote one."""
    if text[:1] in {"{", "`"}:
        return text
    ends = [match.end() for match in _THOUGHT_ENDS.finditer(text)]
    return text[ends[-1] :].strip() if ends else text


def _decoded(text: str, start: int) -> tuple[dict[str, Any], int]:
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
    try:
        value, end = decoder.raw_decode(text, start)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ModelError(f"the answer is cut off or no valid JSON: {_brief(error)}") from None
    except ValueError as error:  # a number of thousands of digits
        raise ModelError(f"the answer holds an unusable number: {_brief(error)}") from None
    return value, end


def _decodes(text: str, start: int) -> bool:
    try:
        value, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return False
    return bool(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ModelError("the answer repeats a field")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ModelError(f"the answer holds {name}, which is no JSON number")


# --- validation -----------------------------------------------------------------------------------


def _validated(raw: dict[str, Any]) -> _Reply:
    try:
        return _Reply.model_validate_json(json.dumps(raw))
    except ValidationError as error:
        raise ModelError(_in_words(error, "the answer")) from None


def _action(
    raw: dict[str, Any], prompt: Prompt, prose: Callable[[str], str]
) -> tuple[RemediationAction, str | None]:
    """The action, and a note where it must be left out."""
    name, target = raw.get("kind"), raw.get("target")
    if not isinstance(name, str) or name not in BY_NAME:
        raise ModelError(f"unknown action kind {_brief(repr(name))}")
    if name not in prompt.offered:
        raise ModelError(f"action kind {name} was not offered for these findings")
    id_ = target.strip() if isinstance(target, str) else None
    if id_ not in prompt.ids:
        raise ModelError(f"unknown target {_brief(repr(target))} of {name}")
    ref = prompt.ids[id_]
    kind: type[Action] = BY_NAME[name]
    if kind is CustomInstruction:
        raw = _as_prose(raw, prose)
    elif ref.kind != kind.target_kind:
        raise ModelError(f"{name} cannot aim at {ref}")
    try:
        action = _ACTION.validate_json(json.dumps({**raw, "target": ref.model_dump()}), strict=True)
    except ValidationError as error:
        raise ModelError(_in_words(error, name)) from None
    if id_ not in prompt.offered[name]:
        return action, f"The model's {name} on {ref} is left out: no finding there calls for it."
    return action, None


def _as_prose(raw: dict[str, Any], prose: Callable[[str], str]) -> dict[str, Any]:
    """An instruction in plain words; a command is never the model's to give."""
    text = raw.get("instruction")
    if "command" in raw:
        raise ModelError("custom_instruction: command is not a parameter")
    if not isinstance(text, str) or not text.strip() or len(text) > 2_000:  # noqa: PLR2004 - as evidence
        raise ModelError("custom_instruction: the instruction is missing, empty or too long")
    return {**raw, "instruction": prose(text)}


def _refuse_contradictions(actions: list[RemediationAction]) -> None:
    seen: set[tuple[object, ...]] = set()
    for action in actions:
        if action.subject in seen:
            raise ModelError(
                f"the answer contradicts itself: two of {action.kind} on {action.target}"
            )
        seen.add(action.subject)


def _in_words(error: ValidationError, what: str) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != what)
    return ": ".join([what, *([_brief(place)] if place else ()), _brief(first["msg"])])


def _brief(said: object) -> str:
    return clean(str(said), _LONGEST_SAID)


# --- grounding ------------------------------------------------------------------------------------


def _is_shown(line: str, shown: str) -> bool:
    """Whether the model was shown this line: whole, around an ellipsis, or quote by quote."""
    text = _comparable(shown)
    if _all_in(re.split(r"\.{3,}|…", line), text):
        return True
    parts = _parts(line)
    return max(len(_comparable(part)) for part in parts) >= _QUOTE and _all_in(parts, text)


def _all_in(pieces: list[str], text: str) -> bool:
    compared = [piece for piece in map(_comparable, pieces) if piece]
    return bool(compared) and all(piece in text for piece in compared)


def _parts(line: str) -> list[str]:
    """`log P1/main: "fatal: no region"` in its pieces."""
    return re.split(r"\.{3,}|…|[\"“”]|: |, |; | - |\(|\)", line)


def _comparable(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = _IGNORED.sub("", folded)
    return " ".join(folded.split()).strip(" .,;:")
