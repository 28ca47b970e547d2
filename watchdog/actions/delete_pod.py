"""Evict one pod that its controller will replace."""

from typing import ClassVar, Literal

from watchdog.actions.action import Action
from watchdog.actions.rights import Grant, Mode


class DeletePod(Action):
    """Evict the target pod, respecting PodDisruptionBudgets; a controller must own it."""

    kind: Literal["delete_pod"] = "delete_pod"

    default_mode: ClassVar[Mode] = "auto"
    grants: ClassVar[tuple[Grant, ...]] = (
        Grant("", "pods", "get"),
        Grant("", "pods/eviction", "create"),
        Grant("apps", "deployments", "get"),
        Grant("apps", "replicasets", "list"),
        Grant("apps", "daemonsets", "get"),
        Grant("apps", "statefulsets", "get"),
    )
    target_kind: ClassVar[str] = "Pod"

    @property
    def title(self) -> str:
        """`delete the pod, its controller replaces it`."""
        return "delete the pod, its controller replaces it"
