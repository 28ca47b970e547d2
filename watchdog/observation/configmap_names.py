"""Which ConfigMaps a namespace has, by name alone, if a pod misses one: it may be a typo."""

from __future__ import annotations

import re
from collections.abc import Iterator

from watchdog.errors import ClusterError
from watchdog.kube.ports import Reader
from watchdog.kube.rbac import OWN_NAME
from watchdog.kube.resources import CONFIGMAPS
from watchdog.observation.gathered import Gathered
from watchdog.observation.kubectl_columns import mapping, objects
from watchdog.text.redact import Redactor
from watchdog.text.regex import regex

_MISSING = regex(r"\bconfigmaps? \\?\"[^\"]+\" not found", re.IGNORECASE)
_MOST = 100
# Every namespace has the first; what the second holds is the product's own.
_NO_ANSWER = {"kube-root-ca.crt", OWN_NAME}


def configmap_names(
    reader: Reader, namespace: str, found: Gathered, redactor: Redactor
) -> tuple[str, ...]:
    """The first 100 names, in one request that asks for no content; none if no pod misses one.

    The account may have no right to list ConfigMaps, as the right to list them is one to read them.
    That is no blind spot: the finding stands without.
    """
    if not any(map(_MISSING.search, _said(found))):
        return ()
    try:
        pages = reader.table(CONFIGMAPS, namespace, columns=("Name",), page_size=_MOST)
        page = next(iter(pages), None)
    except ClusterError:
        return ()
    if page is None or "Name" not in page.columns:
        return ()
    column = page.columns.index("Name")
    names = [str(row[column]) for row in page.rows]
    redactor.show(names)
    return tuple(name for name in names if name not in _NO_ANSWER)


def _said(found: Gathered) -> Iterator[str]:
    """What the kubelet says of containers that wait, and of volumes that it cannot mount."""
    for pod in found.pods:
        status = mapping(pod.raw.get("status"))
        for field in ("initContainerStatuses", "containerStatuses"):
            for each in objects(status.get(field)):
                yield str(mapping(mapping(each.get("state")).get("waiting")).get("message"))
    for event in found.events:
        if event.get("reason") == "FailedMount":
            yield str(event.get("message"))
