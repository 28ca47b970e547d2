"""One question to the configured model, to see whether it answers at all."""

from __future__ import annotations

from watchdog.clock import Budget
from watchdog.errors import ModelError
from watchdog.llm.model_client import Model
from watchdog.llm.prompt_parts import Prompt
from watchdog.settings.services import LLMSettings
from watchdog.text.model_text import harmless_word

_PROBE = 'Answer with the JSON object {"word": "ready"} and nothing else.'


def probe(settings: LLMSettings, budget: Budget) -> str:
    """Ask for one word, as `doctor` does; what came back, in a few words. ModelError where nothing.

    The answer may be nonsense all the same: this proves address, key and model, not sense.
    """
    schema = {
        "type": "object",
        "properties": {"word": {"type": "string"}},
        "required": ["word"],
        "additionalProperties": False,
    }
    question = Prompt("You test a connection.", _PROBE, schema, {}, {}, "")
    reply = Model(settings, budget).ask(question)
    if reply.problem:
        raise ModelError(reply.problem)
    named = f" as {reply.model}" if reply.model and harmless_word(reply.model) else ""
    return f"answers{named}, with response format {reply.rung}"
