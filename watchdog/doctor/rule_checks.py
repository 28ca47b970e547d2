"""What a pass needs to watch namespaces by a rule: reads in the whole cluster, and its memories."""

from __future__ import annotations

from collections.abc import Iterator

from watchdog.doctor.check import Check
from watchdog.doctor.namespace_checks import permissions
from watchdog.kube import rbac
from watchdog.kube.ports import AccessReviewer
from watchdog.settings.schema import Settings


def by_rule(settings: Settings, cluster: AccessReviewer, home: str) -> Iterator[Check]:
    """Nothing where namespaces are only listed; `home` is the release's own, empty for none."""
    if not settings.watch.by_rule:
        return
    yield from permissions(cluster, (*rbac.OBSERVATION, *rbac.CLUSTER_READ), "")
    if home:
        yield from permissions(cluster, rbac.home(settings), home, "memories of what is observed")
