"""Services as their Tables print them, held against what stands behind them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from watchdog.kube.ports import Json
from watchdog.observation.kubectl_columns import NONE
from watchdog.observation.triage import family

_NOTHING = {None, "", NONE, "<unset>"}


def ports_that_differ(
    services: Iterable[Json], slices: Iterable[Json]
) -> tuple[list[str], dict[str, str]]:
    """Services that lack endpoints, and those whose endpoints have other ports: name and how."""
    behind: dict[str, tuple[str, ...]] = {}
    for row in slices:
        if row["Endpoints"] not in _NOTHING:
            name, given = family(str(row["Name"])), _ports(str(row["Ports"]))
            behind[name] = max(behind.get(name, ()), given, key=len)
    broken: list[str] = []
    differ: dict[str, str] = {}
    for row in services:
        name, own = str(row["Name"]), _ports(str(row["Port(s)"]))
        if row["Selector"] in _NOTHING or (name not in behind and row["Cluster-IP"] == "None"):
            continue
        given = behind.get(name, ())
        if len(given) < len(own):
            broken.append(name)
        elif given != own and set(given) != set(own):
            differ[name] = f"{sorted(own)} {sorted(given)}"
    return broken, differ


@lru_cache(maxsize=256)  # many Services of a namespace have the same
def _ports(printed: str) -> tuple[str, ...]:
    """`80/TCP,443:30443/TCP` are 80 and 443; `1,2,3 + 2 more...` are five, as far as is known."""
    shown, _, more = printed.partition(" + ")
    ports = [] if shown in _NOTHING else [_number(part) for part in shown.split(",")]
    hidden = more.partition(" ")[0]
    return tuple(ports + ["?"] * (int(hidden) if hidden.isdigit() else 0))


def _number(part: str) -> str:
    return part.partition("/")[0].partition(":")[0]
