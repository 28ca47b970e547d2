"""What observation needs of the API server; kube.py provides it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple, Protocol

from watchdog.resources import Resource

Json = dict[str, Any]


class Listing(NamedTuple):
    """The objects of a list as plain JSON; `more` says that the server had others beyond the limit.

    `remaining` counts those, where the server says so.
    """

    items: list[Json]
    more: bool = False
    remaining: int | None = None


class TablePage(NamedTuple):
    """One page of a server-side Table, or of a plain list where the server does none such.

    `first` is true where a list starts: on a second one (the continue token expired) everything
    taken before it counts no more. `items` is None for a Table, and then `rows` hold the cells.
    """

    first: bool
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    items: tuple[Json, ...] | None = None


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

    def list(
        self,
        resource: Resource,
        namespace: str,
        *,
        label_selector: str = "",
        field_selector: str = "",
        limit: int | None = None,
    ) -> Listing:
        """All objects, or the first `limit` of them."""
        ...

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """One object. For a cluster-wide resource the namespace is empty."""
        ...

    def logs(  # noqa: PLR0913 - the parts of one request
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool,
        lines: int,
        bytes_: int,
        since_seconds: int | None = None,
    ) -> str:
        """The end of a container's log, cut by lines, bytes and age at the server."""
        ...
