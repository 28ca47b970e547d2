"""Which resources of an API group are served, and in which version."""

from __future__ import annotations

from collections.abc import Callable, Collection
from urllib.parse import quote

from watchdog.errors import NotFoundError
from watchdog.kube.ports import Json, Served
from watchdog.kube.resources import Resource
from watchdog.kube.responses import Request

Ask = Callable[[Request], Json]


def served(group: str, plurals: Collection[str], ask: Ask) -> tuple[Served, ...]:
    """Those of these resources that the group has; none if there is no such group.

    A group may serve some of its resources only in a version that it does not prefer, so versions
    are asked for in the server's order until all are found.
    """
    try:
        found = ask(_request(group))
    except NotFoundError:
        return ()
    preferred = str((found.get("preferredVersion") or {}).get("version") or "")
    listed = [str(each.get("version")) for each in found.get("versions") or ()]
    known: dict[str, Served] = {}
    for version in dict.fromkeys(filter(None, (preferred, *listed))):
        for plural, one in _of_version(group, version, ask).items():
            if plural in plurals:
                known.setdefault(plural, one)
        if set(plurals) <= known.keys():
            break
    return tuple(known.values())


def _of_version(group: str, version: str, ask: Ask) -> dict[str, Served]:
    try:
        found = ask(_request(group, version))
    except NotFoundError:
        return {}  # removed since the group was asked
    return {
        name: Served(
            Resource(group, version, name, str(each.get("kind"))), bool(each.get("namespaced"))
        )
        for each in found.get("resources") or ()
        if "/" not in (name := str(each.get("name")))
    }


def _request(group: str, version: str = "") -> Request:
    path = "/".join(
        ["/apis", quote(group, safe=""), *([quote(version, safe="")] if version else [])]
    )
    what = f"{group}/{version}" if version else group
    return Request(
        "GET", path, f"list the resources of {what}", f'verb "get" on {path}', read_only=True
    )
