"""What a chat-completions server sent back, read leniently: the client's own parsing leaks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from watchdog.nouns import TokenUse
from watchdog.observation.words import clean

Rung = Literal["json_schema", "json_object", "none"]

_MAX_BYTES = 2_000_000
_ABSURD_TOKENS = 10**9
_CUT_OFF = {
    "length": "the answer was cut off at its length limit",
    "content_filter": "the answer was stopped by a content filter",
}


@dataclass(frozen=True)
class Reply:
    """What the server answered.

    `problem` says in a few words why the text cannot be used; `error` is the server's own word
    where it sent an error with status 200.
    """

    text: str = ""
    tokens: TokenUse | None = None
    model: str | None = None
    rung: Rung = "json_schema"
    problem: str | None = None
    error: str | None = None


def read_body(body: bytes, rung: Rung) -> Reply:
    """The reply in a response's body, whatever is in it. Raises nothing."""
    if len(body) > _MAX_BYTES:
        return Reply(rung=rung, problem=f"the server sent more than {_MAX_BYTES // 1_000_000} MB")
    text = body.decode(errors="replace")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        what = "HTML" if text.lstrip()[:1] == "<" else "nothing" if not text.strip() else "no JSON"
        return Reply(rung=rung, problem=f"the model's server sent {what} where JSON was due")
    if not isinstance(data, dict):
        return Reply(rung=rung, problem="the model's server sent JSON of another shape")
    if data.get("error"):
        return Reply(rung=rung, error=_message(data["error"]))
    tokens, model = _tokens(data.get("usage")), data.get("model")
    text, problem = _answer(data.get("choices"))
    named = clean(model, 80) if isinstance(model, str) else None
    return Reply(text=text, tokens=tokens, model=named, rung=rung, problem=problem)


def _answer(choices: Any) -> tuple[str, str | None]:
    """The text of the first choice, and what is wrong with it."""
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(message, dict):
        return "", "the model's server sent no answer (no choices)"
    if message.get("refusal"):
        return "", f"the model refused: {clean(str(message['refusal']), 120)}"
    reason = first.get("finish_reason")
    if isinstance(reason, str) and reason in _CUT_OFF:
        return "", f"{_CUT_OFF[reason]} (finish_reason {reason})"
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        return "", "the answer is empty"
    return content, None


def _message(error: Any) -> str:
    said = error.get("message") if isinstance(error, dict) else error
    return clean(str(said), 300)


def _tokens(usage: Any) -> TokenUse | None:
    if not isinstance(usage, dict):
        return None
    return TokenUse(
        prompt=_count(usage.get("prompt_tokens")),
        completion=_count(usage.get("completion_tokens")),
        total=_count(usage.get("total_tokens")),
    )


def _count(value: Any) -> int | None:
    sane = type(value) is int and 0 <= value < _ABSURD_TOKENS
    return value if sane else None
