"""What a chat-completions server sent back, read leniently: the client's own parsing leaks."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from watchdog.integrations.answers import harmless
from watchdog.llm.own_secrets import hidden
from watchdog.model.diagnosis import TokenUse
from watchdog.text.sanitize import clean

Rung = Literal["json_schema", "json_object", "none"]

MOST_BYTES = 2_000_000
_ABSURD_TOKENS = 10**9
_LONGEST = 20_000  # characters of what a server says of itself
_CHARS_PER_TOKEN = 3.5
# No text takes a tenth of the tokens that it is guessed to.
_FEWEST = 10
_CUT_OFF = {
    "length": "the answer was cut off at its length limit",
    "content_filter": "the answer was stopped by a content filter",
}
# Where servers put what a model thinks, and some of them all that it says.
_THOUGHTS = ("reasoning_content", "reasoning", "thinking")
_PROMPT, _COMPLETION = ("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")


@dataclass(frozen=True)
class Reply:
    """What the server answered.

    `problem` says in a few words why the text cannot be used; `error` is the server's own word
    where it sent an error with status 200. `secrets` are our own, which the text may repeat.
    """

    text: str = ""
    tokens: TokenUse | None = None
    model: str | None = None
    rung: Rung = "json_schema"
    problem: str | None = None
    error: str | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)


def read_body(body: bytes, rung: Rung, secrets: tuple[str, ...] = ()) -> Reply:
    """The reply in a response's body, whatever is in it. Raises nothing."""
    if len(body) > MOST_BYTES:
        return Reply(rung=rung, problem=f"the server sent more than {MOST_BYTES // 1_000_000} MB")
    text = body.decode("utf-8-sig", errors="replace")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        what = "HTML" if text.lstrip()[:1] == "<" else "nothing" if not text.strip() else "no JSON"
        return Reply(rung=rung, problem=f"the model's server sent {what} where JSON was due")
    if not isinstance(data, dict):
        return Reply(rung=rung, problem="the model's server sent JSON of another shape")
    if data.get("error"):
        return Reply(rung=rung, error=_said(_message(data["error"]), 300, secrets))
    tokens, model = _tokens(data.get("usage")), data.get("model")
    text, problem = _answer(data.get("choices"), secrets)
    named = clean(model, 80) if isinstance(model, str) else None
    return Reply(text, tokens, named or None, rung, problem, secrets=secrets)


def counted(reply: Reply, prompt_chars: int, model: str) -> Reply:
    """The reply, with the model that was asked for and a guess of its tokens where it says neither.

    The day's budget counts by them, so a server that leaves them out, or says far too few, must not
    switch it off.
    """
    tokens = reply.tokens or TokenUse()
    guessed = math.ceil((prompt_chars + len(reply.text)) / _CHARS_PER_TOKEN)
    if tokens.total is None or tokens.total * _FEWEST < guessed:
        tokens = tokens.model_copy(update={"total": guessed, "estimated": True})
    return replace(reply, tokens=tokens, model=reply.model or clean(model, 80))


def _answer(choices: Any, secrets: tuple[str, ...]) -> tuple[str, str | None]:
    """The text of the first choice, and what is wrong with it."""
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(message, dict):
        return "", "the model's server sent no answer (no choices)"
    if message.get("refusal"):
        return "", f"the model refused: {_said(str(message['refusal']), 120, secrets)}"
    reason = first.get("finish_reason")
    if isinstance(reason, str) and reason in _CUT_OFF:
        return "", f"{_CUT_OFF[reason]} (finish_reason {reason})"
    content = _text(message.get("content"))
    if content.strip():
        return content, None
    for _, text in _elsewhere(message):
        if _is_object(text):
            return text, None
    names = [f"`{name}`" for name, text in _elsewhere(message) if text.strip()]
    where = f"; the server put text into {' and '.join(names)}" if names else ""
    return "", f"the answer is empty{where}"


def _text(content: Any) -> str:
    """The content: a text, or its parts without those that are thoughts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part for part in content if isinstance(part, dict))
    said = (part.get("text") for part in parts if part.get("type") in {None, "text", "output_text"})
    return "".join(text for text in said if isinstance(text, str))


def _elsewhere(message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a message holds beside its content: arguments of a tool's call, thoughts."""
    calls = message.get("tool_calls")
    first = calls[0] if isinstance(calls, list) and calls else None
    functions = {
        "tool_calls": first.get("function") if isinstance(first, dict) else None,
        "function_call": message.get("function_call"),
    }
    for name, function in functions.items():
        arguments = function.get("arguments") if isinstance(function, dict) else None
        if isinstance(arguments, dict):
            yield name, json.dumps(arguments)
        elif isinstance(arguments, str):
            yield name, arguments
    for name in _THOUGHTS:
        thought = message.get(name)
        if isinstance(thought, str):
            yield name, thought


def _is_object(text: str) -> bool:
    """Whether this is one JSON object and nothing else, as no mere thought is."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _message(error: Any) -> str:
    return str(error.get("message") if isinstance(error, dict) else error)


def _said(words: str, limit: int, secrets: tuple[str, ...]) -> str:
    return harmless(hidden(words[:_LONGEST], secrets), limit)


def _tokens(usage: Any) -> TokenUse | None:
    if not isinstance(usage, dict):
        return None
    prompt, completion = (_first(usage, names) for names in (_PROMPT, _COMPLETION))
    total = _count(usage.get("total_tokens"))
    if prompt is not None and completion is not None:
        total = max(total or 0, prompt + completion)
    return TokenUse(prompt=prompt, completion=completion, total=total)


def _first(usage: dict[str, Any], names: tuple[str, ...]) -> int | None:
    return next((n for name in names if (n := _count(usage.get(name))) is not None), None)


def _count(value: Any) -> int | None:
    if type(value) is float and value.is_integer():
        value = int(value)
    sane = type(value) is int and 0 <= value < _ABSURD_TOKENS
    return value if sane else None
