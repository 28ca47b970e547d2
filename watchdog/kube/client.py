"""The API server, for everything else here: plain JSON in and out, our own errors.

No judgement lives here. Reads are retried and writes never are; see kube/transport.py for how.
"""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from watchdog.clock import Budget
from watchdog.errors import ClusterError, RejectedError, TooLargeError
from watchdog.kube.credentials import credentials
from watchdog.kube.ports import Json, Listing, Served, TablePage
from watchdog.kube.resources import FIELD_MANAGER, PODS, Resource
from watchdog.kube.responses import Request
from watchdog.kube.table_pages import namespace_of
from watchdog.kube.transport import Transport
from watchdog.text.redact import Redactor

PAGE_SIZE = 500
# Cells are a fiftieth of the objects, and a page costs the API server about as much as 500 rows do.
_MORE_ROWS = 4
# How much smaller a page is asked for where one was too large, and how many of those are read.
_SMALLER = 8
_MOST_PAGES = 40
_PLAIN = "application/json"
# Cells or nothing: so many objects at once would be more than a pass can hold.
_TABLE = f"{_PLAIN};as=Table;v=v1;g=meta.k8s.io"
_NO_TABLE, _GONE = 406, 410


class ApiServer:
    """One API server, with one set of credentials and one budget of time."""

    def __init__(self, wire: Transport) -> None:
        self._wire = wire
        self._served: dict[tuple[str, frozenset[str]], tuple[Served, ...]] = {}

    @classmethod
    def connect(cls, kubeconfig: Path | None, context: str | None, budget: Budget) -> Self:
        """Read the credentials and send nothing yet; SettingsError where they are unusable."""
        return cls(Transport(lambda: credentials(kubeconfig, context), budget))

    @property
    def name(self) -> str:
        """The cluster's name in the kubeconfig; empty inside a cluster."""
        return self._wire.credentials.name

    @property
    def namespace(self) -> str:
        """The context's own namespace, or that of the service account."""
        return self._wire.credentials.namespace

    @property
    def server(self) -> str:
        """The API server's address."""
        return self._wire.server

    @property
    def server_time(self) -> datetime | None:
        """The API server's clock, up to a second late; None before its first answer."""
        return self._wire.server_time

    @property
    def ahead(self) -> timedelta:
        """By how much the API server's clock is ahead of this machine's; zero where next to none.

        As of the first answer, and until then zero.
        """
        return self._wire.ahead

    @property
    def traffic(self) -> tuple[int, int]:
        """Requests sent and bytes of bodies received so far."""
        return self._wire.requests, self._wire.received_bytes

    def table(
        self,
        resource: Resource,
        namespace: str,
        *,
        columns: Collection[str] = (),
        label_selector: str = "",
        page_size: int = PAGE_SIZE,
    ) -> Iterator[TablePage]:
        """Yield printer columns page by page; full objects if the server gives no such Table.

        Where a Table lacks one, the list starts again. A page need not repeat the first's columns.
        """
        selected = _selectors(label_selector, "")
        return self._tables(resource, namespace, selected, columns, page_size, named=False)

    def table_of_all(  # noqa: PLR0913 - the parts of one list
        self,
        resource: Resource,
        *,
        columns: Collection[str] = (),
        label_selector: str = "",
        field_selector: str = "",
        page_size: int = PAGE_SIZE,
        with_namespaces: bool = True,
    ) -> Iterator[TablePage]:
        """The cells of all namespaces' objects, page by page, in the order of namespace and name.

        Without `with_namespaces` a page costs a twentieth, and no row says where it belongs.
        """
        selected = _selectors(label_selector, field_selector)
        return self._tables(resource, "", selected, columns, page_size, named=with_namespaces)

    def _tables(  # noqa: PLR0913 - the parts of one list
        self,
        resource: Resource,
        namespace: str,
        selected: dict[str, str],
        columns: Collection[str],
        page_size: int,
        *,
        named: bool,
    ) -> Iterator[TablePage]:
        # A page with metadata is as large as one of objects, nearly.
        sizes = page_size, page_size if named else page_size * _MORE_ROWS
        query = {"includeObject": "Metadata" if named else "None", **selected}
        pages = self._pages(resource, namespace, query, sizes, _TABLE, named=named)
        heads: tuple[str, ...] = ()
        with _unless_no_table():
            for first, page in pages:
                if page.get("kind") != "Table":
                    yield _plain_page(page, first=first)
                    continue
                heads = _heads(page) or (() if first else heads)
                if not set(columns) <= set(heads):
                    break
                found = page.get("rows") or ()
                rows = tuple(tuple(row.get("cells") or ()) for row in found)
                names = tuple(namespace_of(row) for row in found) if named else ()
                if named and not all(names):
                    break
                yield TablePage(first, heads, rows, namespaces=names)
            else:
                return
        sizes = page_size, page_size
        for first, page in self._pages(resource, namespace, selected, sizes, _PLAIN):
            yield _plain_page(page, first=first)

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
        """All objects, or the first `limit`; of each what `keep` returns, None for nothing.

        Of objects so large that pages had to be made smaller, only those of the first pages.
        """
        found: list[Json] = []
        seen = pages = 0
        size = min(PAGE_SIZE, limit or PAGE_SIZE)
        query = _selectors(label_selector, field_selector)
        sizes = size, size
        for first, page in self._pages(resource, namespace, query, sizes, _PLAIN):
            if first:
                found, seen, pages = [], 0, 0
            items = _items(page)
            room = len(items) if limit is None else limit - seen
            seen, pages = seen + len(items), pages + 1
            found += _kept(items[:room], keep)
            metadata = page.get("metadata") or {}
            remaining, goes_on = metadata.get("remainingItemCount"), bool(metadata.get("continue"))
            if pages >= _MOST_PAGES and seen < pages * size and goes_on:
                return Listing(found, more=True, remaining=remaining)
            if limit is not None and seen >= limit:
                beyond = seen - limit
                more = goes_on or beyond > 0
                known = isinstance(remaining, int) or not goes_on
                return Listing(found, more, (remaining or 0) + beyond if more and known else None)
        return Listing(found)

    def _pages(  # noqa: PLR0913 - the parts of one list
        self,
        resource: Resource,
        namespace: str,
        query: dict[str, str],
        sizes: tuple[int, int],
        accept: str,
        *,
        named: bool = False,
    ) -> Iterator[tuple[bool, Json]]:
        """Each page, and whether it starts a list: an expired token starts one again, once.

        `sizes` are those of pages of objects and of pages of cells. `named`: of the rows only cells
        and namespaces are wanted.
        """
        first, relisted, token, size = True, False, "", sizes[1]
        while True:
            paged = {**query, "limit": str(size), **({"continue": token} if token else {})}
            # Within a namespace the answers are small, and faster as they are.
            packed = not namespace
            ask = _ask(
                "GET", "list", resource, namespace,
                query=paged, accept=accept, skim=named, packed=packed,
            )  # fmt: skip
            try:
                page = self._wire.json(ask)
            except TooLargeError:
                if size == 1:
                    raise
                # No more than this fits, whatever the pages hold.
                size = max(1, size // _SMALLER)
                sizes = min(size, sizes[0]), min(size, sizes[1])
                continue
            except ClusterError as error:
                if error.status != _GONE or relisted or not token:
                    raise
                first, relisted, token, size = True, True, "", sizes[1]
                continue
            yield first, page
            first, size = False, sizes[page.get("kind") == "Table"]
            token = str((page.get("metadata") or {}).get("continue") or "")
            if not token:
                return

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """One object."""
        return self._wire.json(_ask("GET", "get", resource, namespace, name))

    def served(self, group: str, plurals: Collection[str]) -> tuple[Served, ...]:
        """Those of the group's resources that are there, each in its preferred version.

        The answer is kept: a group that is installed meanwhile is seen by the next pass.
        """
        from watchdog.kube import discovery

        key = group, frozenset(plurals)
        if key not in self._served:
            self._served[key] = discovery.served(group, plurals, self._wire.json)
        return self._served[key]

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
        """The last `lines` of a log, at most four times `bytes_` of it; any bytes are made text.

        Without `lines` it is the beginning of the log.

        The server cuts by lines first and then keeps the *beginning* of that, so long lines would
        hide the end: more is asked for, once with fewer lines. What is too much is cut off once it
        was redacted, so that no cut runs through a secret.
        """
        slack = 4 * bytes_
        data = b""
        for wanted in (lines, max(1, lines // 10)) if lines else (None,):
            query = {
                "container": container,
                **({"tailLines": str(wanted)} if wanted else {}),
                "limitBytes": str(slack),
                **({"previous": "true"} if previous else {}),
                **({"sinceSeconds": str(since_seconds)} if since_seconds else {}),
            }
            ask = _ask("GET", "get", PODS, namespace, pod, "log", query=query, accept="*/*")
            data = self._wire.send(ask).data
            if len(data) < slack:
                break
        return data.decode("utf-8", errors="replace")

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
        """Apply a JSON patch and return the object. A failed `test` is a ConflictError."""
        ask = _ask(
            "PATCH", "patch", resource, namespace, name, subresource,
            query=_writing(dry_run), body=builtins.list(operations),
            content_type="application/json-patch+json",
        )  # fmt: skip
        try:
            return self._wire.json(ask)
        except RejectedError as error:
            # The server's words may repeat a value that was refused.
            raise RejectedError(_without_values(str(error), operations), error.status) from error

    def create(
        self, resource: Resource, namespace: str, body: Json, *, dry_run: bool = False
    ) -> Json:
        """Create an object. One of that name that is there already is a ConflictError."""
        ask = _ask("POST", "create", resource, namespace, query=_writing(dry_run), body=body)
        return self._wire.json(ask)

    def replace(self, resource: Resource, namespace: str, name: str, body: Json) -> Json:
        """Replace an object; with a resourceVersion in the body, only that version of it."""
        ask = _ask(
            "PUT", "update", resource, namespace, name, query=_writing(dry_run=False), body=body
        )
        return self._wire.json(ask)

    def evict(self, namespace: str, pod: str, uid: str, *, dry_run: bool) -> None:
        """Evict just this pod; RejectedError where a disruption budget does not allow it."""
        options: Json = {"preconditions": {"uid": uid}}
        if dry_run:
            options["dryRun"] = ["All"]
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": namespace},
            "deleteOptions": options,
        }
        query = {"dryRun": "All"} if dry_run else {}
        ask = _ask("POST", "create", PODS, namespace, pod, "eviction", query=query, body=body)
        self._wire.send(ask)

    def may(  # noqa: PLR0913, PLR0917 - the parts of one permission
        self,
        verb: str,
        group: str,
        resource: str,
        namespace: str,
        name: str = "",
        subresource: str = "",
    ) -> bool:
        """Whether these credentials may do that, as the API server says."""
        attributes = {
            "verb": verb, "group": group, "resource": resource, "namespace": namespace,
            "name": name, "subresource": subresource,
        }  # fmt: skip
        review = Resource(
            "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview"
        )
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": review.kind,
            "spec": {"resourceAttributes": attributes},
        }
        # A question, for all that it is sent by POST: it may be asked again.
        answer = self._wire.json(
            _ask("POST", "create", review, "", body=body)._replace(read_only=True)
        )
        return bool((answer.get("status") or {}).get("allowed"))


def _ask(  # noqa: PLR0913, PLR0917 - the parts of one request
    method: str,
    verb: str,
    resource: Resource,
    namespace: str,
    name: str = "",
    subresource: str = "",
    **rest: Any,
) -> Request:
    parts = [resource.base]
    if namespace:
        parts += ["namespaces", quote(namespace, safe="")]
    parts.append(resource.plural)
    parts += [quote(part, safe="") for part in (name, subresource) if part]
    thing = f"{resource}/{subresource}" if subresource else str(resource)
    what = f"{verb} {thing}{f' {name}' if name else ''}"
    where = f" in namespace {namespace}" if namespace else ""
    return Request(
        method,
        "/".join(parts),
        f"{what}{where}",
        f'verb "{verb}" on "{thing}"{where}',
        read_only=method == "GET",
        **rest,
    )


def _without_values(text: str, sent: Any) -> str:
    """The text without the literal env values of what was sent."""
    redactor = Redactor()

    def hide(part: Any) -> None:
        if isinstance(part, dict):
            name, value = part.get("name") or part.get("path"), part.get("value")
            if isinstance(name, str) and isinstance(value, str):
                redactor.hide({name.rpartition("/")[2]: value})
        for inner in part.values() if isinstance(part, dict) else part:
            if isinstance(inner, dict | builtins.list):
                hide(inner)

    hide(sent)
    return redactor.redact(text)


def _selectors(label: str, field: str) -> dict[str, str]:
    pairs = (("labelSelector", label), ("fieldSelector", field))
    return {key: value for key, value in pairs if value}


def _writing(dry_run: bool) -> dict[str, str]:
    return {"fieldManager": FIELD_MANAGER, **({"dryRun": "All"} if dry_run else {})}


@contextlib.contextmanager
def _unless_no_table() -> Iterator[None]:
    """Pass over the answer of a server that prints no Table of a kind."""
    try:
        yield
    except ClusterError as error:
        if error.status != _NO_TABLE:
            raise


def _plain_page(page: Json, *, first: bool) -> TablePage:
    return TablePage(first, items=tuple(_items(page)))


def _heads(page: Json) -> tuple[str, ...]:
    """The names of a Table's columns."""
    return tuple(str(column.get("name", "")) for column in page.get("columnDefinitions") or ())


def _kept(items: list[Json], keep: Callable[[Json], Json | None] | None) -> list[Json]:
    if keep is None:
        return items
    return [kept for item in items if (kept := keep(item)) is not None]


def _items(page: Json) -> list[Json]:
    """The objects of a list; `items: null` is an empty one, as Go writes it."""
    items = page.get("items")
    if items is not None and not isinstance(items, list):
        return []
    return [item for item in items or [] if isinstance(item, dict)]
