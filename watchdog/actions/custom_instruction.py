"""Words for a person, where no fixed action helps. Nothing is ever executed from it."""

from typing import ClassVar, Literal

from watchdog.actions.action import Action
from watchdog.actions.rights import Mode


class CustomInstruction(Action):
    """What a person has to do; `command` is made by code from typed fields, never by a model."""

    kind: Literal["custom_instruction"] = "custom_instruction"
    instruction: str
    command: str | None = None

    default_mode: ClassVar[Mode] = "auto"

    @property
    def title(self) -> str:
        """The instruction itself."""
        return self.instruction
