"""What observation needs of the API server; kube/client.py provides it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from watchdog.kube.resources import Resource

Json = dict[str, Any]


class Listing(NamedTuple):
    """The objects of a list as plain JSON; `more` says that the server had others beyond the limit.

    `remaining` counts those, where the server says so.
    """

    items: list[Json]
    more: bool = False
    remaining: int | None = None


class Served(NamedTuple):
    """A resource that the API server serves, and whether its objects live in namespaces."""

    resource: Resource
    namespaced: bool


class TablePage(NamedTuple):
    """One page of a server-side Table, or of a plain list where the server does none such.

    `first` is true where a list starts: on a second one (the continue token expired) everything
    taken before it counts no more. `items` is None for a Table, and then `rows` hold the cells and
    `namespaces` the namespace of each row if those were asked for.
    """

    first: bool
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    items: tuple[Json, ...] | None = None
    namespaces: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads of one API server. All raise ClusterError or one of its kin, see errors.py."""

    def table(
        self,
        resource: Resource,
        namespace: str,
        *,
        columns: Collection[str] = (),
        label_selector: str = "",
        page_size: int = 500,
    ) -> Iterator[TablePage]:
        """The cells that kubectl would print for all objects, page by page.

        Plain objects where the server does no Tables, or none that have all these columns.
        """
        ...

    def list(  # noqa: PLR0913 - the parts of one request
        self,
        resource: Resource,
        namespace: str,
        *,
        label_selector: str = "",
        field_selector: str = "",
        limit: int | None = None,
        keep: Callable[[Json], Json | None] | None = None,
    ) -> Listing:
        """All objects, or the first `limit` of them; `keep` says what to keep of each as it comes.

        None keeps nothing of it. Where pages are too large there may be fewer, with `more`.
        """
        ...

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """One object. For a cluster-wide resource the namespace is empty."""
        ...

    def served(self, group: str, plurals: Collection[str]) -> tuple[Served, ...]:
        """Those of the group's resources that are served, each in its preferred version.

        Empty if the group is not there. The answer is kept: later calls cost nothing.
        """
        ...

    def logs(  # noqa: PLR0913 - the parts of one request
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool,
        lines: int | None,
        bytes_: int,
        since_seconds: int | None = None,
    ) -> str:
        """The end of a container's log, cut by lines, bytes and age at the server.

        Without `lines` it is the beginning of the log, cut by bytes.
        """
        ...


class ClusterReader(Reader, Protocol):
    """Reads of all namespaces at once. They need rights in the whole cluster."""

    def table_of_all(  # noqa: PLR0913 - the parts of one list
        self,
        resource: Resource,
        *,
        columns: Collection[str] = (),
        label_selector: str = "",
        field_selector: str = "",
        page_size: int = 500,
        with_namespaces: bool = True,
    ) -> Iterator[TablePage]:
        """The cells of all namespaces' objects, page by page, in the order of namespace and name.

        Without `with_namespaces` a page costs a twentieth, and no row says where it belongs.
        """
        ...


class Writer(Protocol):
    """What remediation and verification need of the API server; all raise errors.ClusterError."""

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """One object."""
        ...

    def list(self, resource: Resource, namespace: str, *, label_selector: str = "") -> Listing:
        """All objects with these labels."""
        ...

    def patch(  # noqa: PLR0913 - the parts of one request
        self,
        resource: Resource,
        namespace: str,
        name: str,
        operations: Sequence[Json],
        *,
        dry_run: bool,
        subresource: str = "",
    ) -> Json:
        """Apply a JSON patch and return the object; a failed `test` is a ConflictError."""
        ...

    def evict(self, namespace: str, pod: str, uid: str, *, dry_run: bool) -> None:
        """Evict just this pod; RejectedError where a disruption budget forbids it."""
        ...


class MemoryStore(Protocol):
    """What memory and Lease need of the API server: the product's own ConfigMap and Lease."""

    @property
    def server_time(self) -> datetime | None:
        """The API server's clock, up to a second late; None before its first answer."""
        ...

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """One object; NotFoundError if there is none."""
        ...

    def create(self, resource: Resource, namespace: str, body: Json) -> Json:
        """Create an object."""
        ...

    def replace(self, resource: Resource, namespace: str, name: str, body: Json) -> Json:
        """Replace the object; ConflictError if `body` is not of its newest version."""
        ...


class EventCreator(Protocol):
    """What leaves Events on objects."""

    def create(self, resource: Resource, namespace: str, body: Json) -> Json:
        """Create an object."""
        ...


class AccessReviewer(Protocol):
    """What the doctor asks of the API server."""

    @property
    def namespace(self) -> str:
        """The namespace of the context or of the pod."""
        ...

    def get(self, resource: Resource, namespace: str, name: str, /) -> Json:
        """One object."""
        ...

    def served(self, group: str, plurals: Collection[str]) -> tuple[Served, ...]:
        """Those of the group's resources that are served."""
        ...

    def may(  # noqa: PLR0913, PLR0917 - the attributes of an access review
        self,
        verb: str,
        group: str,
        resource: str,
        namespace: str,
        name: str = "",
        subresource: str = "",
    ) -> bool:
        """Whether this account may do that."""
        ...

    def list(self, resource: Resource, namespace: str, /, *, limit: int) -> Listing:
        """The first objects."""
        ...

    def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        operations: Sequence[Json],
        *,
        dry_run: bool,
    ) -> Json:
        """Apply a JSON patch and return the object."""
        ...
