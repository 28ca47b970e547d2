"""What every action kind has in common; one module beside this one for each kind."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

from watchdog.observation.snapshot import Noun, ObjectRef

Mode = Literal["auto", "approve", "never"]
Operations = list[dict[str, Any]]


class Grant(NamedTuple):
    """One RBAC right that an action needs, in the words of a Role."""

    group: str
    resource: str
    verb: str


class Action(Noun):
    """A typed proposal; policy decides whether it happens, apply.py makes it happen.

    Subclasses set `kind` and their own parameters. `default_mode` is from design.md, "What may be
    written"; `grants` is what a Role must hold for it.
    """

    kind: str
    target: ObjectRef

    default_mode: ClassVar[Mode] = "approve"
    grants: ClassVar[tuple[Grant, ...]] = ()

    @property
    def title(self) -> str:
        """What it does, as a person would say it: `set env REGION on container main`."""
        raise NotImplementedError

    @property
    def params(self) -> dict[str, Any]:
        """Its parameters for the report, as JSON; secret values are masked."""
        return self.model_dump(mode="json", exclude={"kind", "target"})
