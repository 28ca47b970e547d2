"""A Deployment's ReplicaSets, as they are in the cluster now."""

from __future__ import annotations

from watchdog.actions import Object
from watchdog.kube.ports import Writer
from watchdog.kube.resources import REPLICASETS
from watchdog.text.sanitize import whole_number

_REVISION = "deployment.kubernetes.io/revision"


def owned_by(cluster: Writer, deployment: Object) -> list[Object]:
    """Those that this very Deployment made, newest revision first."""
    metadata = deployment["metadata"]
    found = cluster.list(
        REPLICASETS,
        metadata["namespace"],
        label_selector=selector_text(deployment["spec"].get("selector") or {}),
    ).items
    owned = [item for item in found if controller_uid(item) == metadata["uid"]]
    return sorted(owned, key=revision, reverse=True)


def revision(item: Object) -> int:
    """The revision that a Deployment or ReplicaSet is annotated with, 0 without one."""
    return whole_number((item["metadata"].get("annotations") or {}).get(_REVISION)) or 0


def controller_uid(item: Object) -> str | None:
    """The uid of the controller that owns an object."""
    owners = item["metadata"].get("ownerReferences") or []
    return next((ref.get("uid") for ref in owners if ref.get("controller")), None)


def selector_text(selector: Object) -> str:
    """A label selector as query text: `app=ledger,tier in (a,b),!legacy`."""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for rule in selector.get("matchExpressions") or []:
        key, values = rule["key"], ",".join(rule.get("values") or [])
        parts.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }[rule["operator"]]
        )
    return ",".join(parts)
