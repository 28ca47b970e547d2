"""Whether the custom resources that the settings name are there to be looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from watchdog.doctor.check import Check
from watchdog.errors import ClusterError
from watchdog.kube.ports import AccessReviewer
from watchdog.settings.custom_presets import resources
from watchdog.settings.schema import Settings

_LEFT_OUT = (
    "leave them out of SRE_AGENT_WATCH__CUSTOM_RESOURCES (chart: watch.customResources), or "
    "install what defines them"
)
_CLUSTER_READ = "helm: rbac.clusterRead=true, as no Role can grant what belongs to no namespace"


def custom_resources(settings: Settings, cluster: AccessReviewer) -> Iterator[Check]:
    """One row for all that are looked at, and one for those that cannot be; none if none is named.

    What is not installed is left alone by a pass, so none of it is necessary.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for group, plural in resources(settings.watch.custom_resources):
        groups[group].append(plural)
    looked_at: list[str] = []
    absent: list[str] = []
    cluster_wide: list[str] = []
    for group, plurals in groups.items():
        try:
            found = {one.resource.plural: one for one in cluster.served(group, tuple(plurals))}
        except ClusterError as error:
            yield Check(subject=f"resources of {group}", ok=False, detail=str(error))
            continue
        for plural in plurals:
            one = found.get(plural)
            if one is None:
                absent.append(f"{plural}.{group}")
            elif one.namespaced or cluster.may("list", group, plural, ""):
                looked_at.append(f"{plural}.{group}")
            else:
                cluster_wide.append(f"{plural}.{group}")
    if looked_at:
        detail = f"looked at: {', '.join(looked_at)}"
        yield Check(subject="custom resources", ok=True, detail=detail, necessary=False)
    for names, why, remedy in (
        (absent, "not installed", _LEFT_OUT),
        (cluster_wide, "in no namespace and not readable", _CLUSTER_READ),
    ):
        if names:
            yield Check(
                subject="custom resources",
                ok=False,
                detail=f"{why}, so not looked at: {', '.join(names)}",
                remedy=remedy,
                necessary=False,
            )
