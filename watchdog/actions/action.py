"""What every action kind has in common; one module beside this one for each kind.

A kind is pure: it knows its parameters and their bounds, what it needs of RBAC, which value an
earlier revision has for it, and the JSON patch that writes a value. Where the value comes from is
policy/values.py, whether it may be written policy/policy.py, who sends it passage.py.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from watchdog.actions.rights import Grant, Mode, Object, Operations
from watchdog.snapshot.refs import Noun, ObjectRef
from watchdog.text.regex import regex

ContainerName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]

# What tells two actions of one kind on one target apart, beside the values that they write.
_DISTINCT = ("container", "name", "key", "probe", "instruction")
_DNS_NAME = regex(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


# What every change of a Deployment's template reads and writes: the object, its earlier revisions.
TEMPLATE_GRANTS = (
    Grant("apps", "deployments", "get"),
    Grant("apps", "deployments", "patch"),
    Grant("apps", "replicasets", "list"),
)


@dataclass(frozen=True)
class ProposedValue:
    """What an action would write, and where that came from.

    `source` says the origin to a person: `revision 6`, `approved by annotation`. `revision` is the
    earlier revision that the value was taken from, if it was.
    """

    value: Any
    origin: Literal["revision", "approved", "suggested", "none"]
    source: str
    revision: int | None = None


class Action(Noun):
    """A typed proposal; policy decides whether it happens, passage.py makes it happen.

    Subclasses set `kind` and their own parameters. `default_mode` is from design.md, "What may be
    written"; `grants` is what a Role must hold for it; `changes_template` says that it rolls the
    pods of a Deployment.
    """

    kind: str
    target: ObjectRef

    default_mode: ClassVar[Mode] = "approve"
    grants: ClassVar[tuple[Grant, ...]] = ()
    target_kind: ClassVar[str] = "Deployment"
    changes_template: ClassVar[bool] = False
    subresource: ClassVar[str] = ""

    @field_validator("target")
    @classmethod
    def _named_as_the_api_server_names(cls, target: ObjectRef) -> ObjectRef:
        if not (_DNS_NAME.fullmatch(target.name) and _DNS_NAME.fullmatch(target.namespace)):
            raise ValueError("no object can have such a name")
        return target

    @property
    def leaves_mark(self) -> bool:
        """Whether the write leaves a mark of itself on its object; a Scale or a pod has no room."""
        return self.target_kind != "Pod" and not self.subresource

    @property
    def title(self) -> str:
        """What it does, as a person would say it: `set env REGION on container main`."""
        raise NotImplementedError

    @property
    def subject(self) -> tuple[object, ...]:
        """What it changes, without how: two of one plan that agree in it contradict each other."""
        return (self.kind, self.target, *(getattr(self, name, None) for name in _DISTINCT))

    @property
    def params(self) -> dict[str, Any]:
        """Its parameters for the report, as JSON; secret values are masked."""
        return self.model_dump(mode="json", exclude={"kind", "target"})

    def restored(self, _live: Object, _template: Object, /) -> Any:
        """The value that an earlier pod template has for it; None where it cannot help."""
        return None

    def suggested(self, _live: Object, /) -> Any:
        """The value that its own parameters ask for, or None."""
        return None

    def operations(self, _live: Object, _value: Any, /) -> Operations:
        """The JSON patch that writes `value`; empty where the object is like that already."""
        return []


class ContainerAction(Action):
    """A change of one container of a Deployment's pod template.

    Subclasses say in `change` what to write where the container is.
    """

    container: ContainerName

    grants: ClassVar[tuple[Grant, ...]] = TEMPLATE_GRANTS
    changes_template: ClassVar[bool] = True

    def operations(self, live: Object, value: Any, /) -> Operations:
        """The JSON patch of that container; empty where there is none of that name."""
        found = container_path(live, self.container)
        return self.change(found[0], found[1], value) if found else []

    def change(self, _path: str, _container: Object, _value: Any, /) -> Operations:
        """The operations that give the container at `path` the value."""
        return []


def container_path(live: Object, name: str) -> tuple[str, Object] | None:
    """JSON pointer and content of a container (init ones too) in a workload's pod template."""
    spec = live["spec"]["template"]["spec"]
    for group in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(group) or []):
            if container.get("name") == name:
                return f"/spec/template/spec/{group}/{index}", container
    return None


def container_in(template: Object, name: str) -> Object | None:
    """The container of that name in a pod template."""
    found = container_path({"spec": {"template": template}}, name)
    return found[1] if found else None
