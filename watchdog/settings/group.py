"""What all groups of settings have in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict


def parts(value: Any) -> Any:
    """`a, b` as a tuple; anything else as it is."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


class Group(BaseModel):
    """Settings that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True)
