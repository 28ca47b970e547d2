"""What all that was seen is made of: frozen values, references to objects, conditions."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """A frozen value that crosses boundaries; unknown fields are an error."""

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
