"""Custom resources, as they were seen: only those that are not well."""

from datetime import datetime
from typing import Literal

from watchdog.snapshot.refs import Condition, Noun, ObjectRef


class CustomResourceSummary(Noun):
    """A custom resource whose status says that something is wrong, or is on its way.

    The kind of `ref` carries its API group (`Certificate.cert-manager.io`), `resource` is the name
    that RBAC and kubectl know it by (`certificates.cert-manager.io`). `condition` is what says so;
    its `since` is when that began, if anything tells. `makes` are the Secrets and ConfigMaps that
    it writes, `needs` the objects that it names as what it works with, `parts` those of it that its
    own status calls sick (`Deployment shop/web: Degraded`). `owner` is its controller.
    """

    ref: ObjectRef
    resource: str
    state: Literal["failed", "progressing"] = "failed"
    condition: Condition
    created_at: datetime | None = None
    makes: tuple[ObjectRef, ...] = ()
    needs: tuple[ObjectRef, ...] = ()
    owner: ObjectRef | None = None
    parts: tuple[str, ...] = ()

    def works_with(self, other: "CustomResourceSummary") -> bool:
        """Whether it needs the other one, or is made by it.

        What it needs is named by its kind without the group; what belongs to no namespace, by the
        kind alone that begins with Cluster.
        """
        kind = other.ref.kind.partition(".")[0]
        return other.ref == self.owner or any(
            (need.kind, need.name) == (kind, other.ref.name)
            and (need.namespace == other.ref.namespace or kind.startswith("Cluster"))
            for need in self.needs
        )
