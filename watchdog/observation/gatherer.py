"""Reads the objects of one namespace. What cannot be read, or is beyond a bound, is stated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from watchdog.errors import ForbiddenError
from watchdog.kube.ports import Json, Listing, Reader
from watchdog.kube.resources import OPTIONAL, PODS, REPLICASETS, Resource
from watchdog.observation.allowance import Allowance, Part
from watchdog.observation.kubectl_columns import mapping
from watchdog.observation.reads import Reads
from watchdog.observation.translate import controller, reference
from watchdog.settings.schema import ObserveSettings
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import BEYOND_BOUND, PARTS

_HASH = "pod-template-hash"


@dataclass
class Gatherer:
    """Reads one namespace, and keeps no more than there is room for."""

    reader: Reader
    namespace: str
    settings: ObserveSettings
    looking: Reads
    sick_groups: int = 0
    """Groups of sick pods in all namespaces that this pass looks at, if that is known."""
    _allowance: Allowance = field(default_factory=Allowance)

    def one(self, resource: Resource, name: str) -> Json | None:
        """One object, None where it is gone or unreadable."""
        raw = self.looking.find(
            resource.plural, partial(self.reader.get, resource, self.namespace, name)
        )
        return None if raw is None else self.kept(raw, resource)

    def named(self, wanted: Iterable[tuple[Resource, str]]) -> list[Json | None]:
        """The objects of these names, side by side; None in the place of one that is gone."""
        return self.looking.side_by_side([partial(self.one, *item) for item in wanted])

    def every(
        self,
        resource: Resource,
        limit: int | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
    ) -> list[Json]:
        """A list, cut at the limit, which is stated. See `listing`."""
        listing = self.listing(
            resource, limit, label_selector=label_selector, field_selector=field_selector
        )
        self.state_cut(resource, listing)
        return listing.items

    def listing(
        self,
        resource: Resource,
        limit: int | None = None,
        wanted: Callable[[Json], bool] = lambda _: True,
        *,
        label_selector: str = "",
        field_selector: str = "",
    ) -> Listing:
        """Of a list what is `wanted`, and whether it was cut at the limit: the caller states that.

        Empty, with a blind spot, where it cannot be read. What is not installed is no blind spot.
        """

        def keep(raw: Json) -> Json | None:
            return self.kept(raw, resource) if wanted(raw) else None

        read: Callable[[], Listing] = partial(
            self.reader.list,
            resource,
            self.namespace,
            limit=limit,
            keep=keep,
            label_selector=label_selector,
            field_selector=field_selector,
        )
        if resource in OPTIONAL:
            listing = self.looking.find(
                resource.plural, partial(self._if_installed, resource, read)
            )
        else:
            listing = self.looking.attempt(resource.plural, read)
        return listing or Listing([])

    def state_cut(self, resource: Resource, listing: Listing) -> None:
        """State how much of a list was read, if it was cut."""
        if listing.more:
            count = len(listing.items)
            total = None if listing.remaining is None else count + listing.remaining
            self.looking.cut(resource.plural, count, total, resource.plural)

    def _if_installed(self, resource: Resource, read: Callable[[], Listing]) -> Listing:
        """What is read. A refusal of what is not installed says nothing: it comes before that."""
        try:
            return read()
        except ForbiddenError:
            if self.reader.served(resource.group, (resource.plural,)):
                raise
            return Listing([])

    def kept(self, raw: Json, resource: Resource) -> Json:
        """The object, as far as there is room for it; what is left out is stated, by its owner."""
        kept = self._allowance.kept(raw)
        if isinstance(kept, Part):
            parent = controller(raw) if resource in {PODS, REPLICASETS} else None
            ref = reference(resource.kind, raw)
            if resource == PODS:
                ref = self.nearest(raw)
            elif parent:
                ref = self.ref(parent[0], parent[1])
            self.looking.blind(
                PARTS,
                "it is larger than is read whole, so no log of it is read and it is not changed",
                str(ref),
            )
        return kept

    def may_hide(self, left_out: int) -> None:
        """State that a sick workload may be among what there was no room for: a degraded pass."""
        if left_out > 0:
            self.hides(f"{left_out} more look sick than are read (observe.max_owners)")

    def hides(self, why: str) -> None:
        """State, by why that is, that what is sick may not have been seen: a degraded pass."""
        self.looking.blind(BEYOND_BOUND, why)

    def nearest(self, raw: Json) -> ObjectRef:
        """The pod's controller; for a ReplicaSet of a Deployment, the Deployment.

        That follows from the names (ReplicaSet = Deployment and hash), which saves a read for each.
        """
        parent = controller(raw)
        if parent is None or parent[0] == "Node":
            return reference("Pod", raw)
        kind, name, _ = parent
        labels = mapping(mapping(raw.get("metadata")).get("labels"))
        ending = f"-{labels.get(_HASH)}"
        if kind == "ReplicaSet" and name.endswith(ending):
            return self.ref("Deployment", name.removesuffix(ending))
        return self.ref(kind, name)

    def ref(self, kind: str, name: str) -> ObjectRef:
        """An object of this namespace."""
        return ObjectRef(kind=kind, namespace=self.namespace, name=name)
