"""Which namespaces a pass looks after: a list, all of them, or those with a label."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from watchdog.errors import ClusterError, ForbiddenError
from watchdog.kube.resources import NAMESPACES

if TYPE_CHECKING:
    from watchdog.kube.ports import Reader
    from watchdog.settings.schema import Settings

ALWAYS_EXCLUDED = "kube-*"
"""Kubernetes' own namespaces: never looked after unless they are listed by name."""


def watched(settings: Settings, cluster: Reader, own: str) -> tuple[str, ...]:
    """The names of the namespaces to look after, in order; `own` is the context's own.

    A selector is resolved anew in each pass, so namespaces that appear are seen and those that are
    gone make no noise. Raises ClusterError if the namespaces may not be listed.
    """
    watch = settings.watch
    if not watch.by_rule:
        return settings.namespaces or (own,)
    try:
        found = cluster.list(NAMESPACES, "", label_selector=watch.namespace_selector)
    except ForbiddenError as error:
        raise ClusterError(
            f"{error}. Watching by selector needs one cluster-wide read (chart: "
            "rbac.clusterRead=true); or name the namespaces with -n"
        ) from error
    excluded = (ALWAYS_EXCLUDED, *watch.exclude)
    names = {
        str(item["metadata"]["name"])
        for item in found.items
        if not item["metadata"].get("deletionTimestamp")
    }
    selected = {name for name in names if not any(fnmatchcase(name, each) for each in excluded)}
    return tuple(sorted(selected | set(settings.namespaces)))
