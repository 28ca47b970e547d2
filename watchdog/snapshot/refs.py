"""What all that was seen is made of: frozen values, references to objects, conditions.

Modules with models leave out `from __future__ import annotations`: pydantic would compile each
annotation again when the class is made, a twentieth of the processor time of a healthy pass.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from watchdog.text.regex import regex

KIND = regex(r"[A-Za-z][A-Za-z0-9]{0,62}(?:\.[a-z0-9][-a-z0-9.]{0,252})?")
"""A kind, with the API group of a custom resource behind it."""
NAME = regex(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
"""The name of an object (RFC 1123)."""


class Noun(BaseModel):
    """A frozen value that crosses boundaries; unknown fields are an error.

    A default that is another value is made by `model_construct`: to validate it when its module is
    loaded would build the whole schema of its class, in passes that use none of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ObjectRef(Noun):
    """Which object: kind as Kubernetes spells it (`Deployment`), namespace and name."""

    kind: str
    namespace: str
    name: str

    # Findings are matched with what was seen thousands of times, and names differ first.
    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ObjectRef)
            and self.name == other.name
            and self.kind == other.kind
            and self.namespace == other.namespace
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.namespace, self.name))

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


class Condition(Noun):
    """One entry of `status.conditions`; `since` is its lastTransitionTime."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: datetime | None = None
