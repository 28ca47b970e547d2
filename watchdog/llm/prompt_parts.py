"""A prompt as the model's client sends it, with what is needed to read the answer."""

from __future__ import annotations

import json
from dataclasses import dataclass

from watchdog.llm.schema import Json, Offers
from watchdog.snapshot.refs import ObjectRef

DEFAULT_URL = "https://api.openai.com/v1"
_AS_SCHEMA = "\n\nThe JSON object must fit this JSON schema:\n"


@dataclass(frozen=True)
class Prompt:
    """What is sent, and what is needed to read the answer.

    `ids` says which object each id stands for, `offered` which ids each legal action kind may aim
    at, `shown` is what evidence must be found in.
    """

    system: str
    user: str
    schema: Json
    ids: dict[str, ObjectRef]
    offered: Offers
    shown: str

    @property
    def user_with_schema(self) -> str:
        """The user's part for servers that do not take the schema beside it."""
        return self.user + _AS_SCHEMA + compact(self.schema)

    @property
    def length(self) -> int:
        """Characters that are sent at most."""
        return len(self.system) + len(self.user_with_schema)


def compact(schema: Json) -> str:
    """The schema as JSON without white space."""
    return json.dumps(schema, separators=(",", ":"))
