"""The remediation actions: their names, and the classes, which load where one is used first.

A pass over a namespace where nothing is broken needs the names alone, for its settings, and making
the classes would cost it more than a twentieth of its time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from watchdog.actions.rights import Grant, Mode, Object, Operations

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

    from watchdog.actions.action import Action, ProposedValue
    from watchdog.actions.custom_instruction import CustomInstruction
    from watchdog.actions.delete_pod import DeletePod
    from watchdog.actions.kinds import ACTIONS, BY_NAME
    from watchdog.actions.kinds import OneOfThem as RemediationAction
    from watchdog.actions.patch_configmap import PatchConfigMap
    from watchdog.actions.patch_deployment_command import PatchDeploymentCommand
    from watchdog.actions.patch_deployment_env import PatchDeploymentEnv
    from watchdog.actions.patch_deployment_image import PatchDeploymentImage
    from watchdog.actions.patch_deployment_probe import PatchDeploymentProbe
    from watchdog.actions.patch_deployment_resources import PatchDeploymentResources
    from watchdog.actions.rollout_restart import RolloutRestart
    from watchdog.actions.rollout_undo import RolloutUndo
    from watchdog.actions.scale_deployment import ScaleDeployment
else:

    class _OneOfTheKinds:
        """A field that holds an action of any kind; its schema is made where it validates first."""

        def __get_pydantic_core_schema__(
            self, _source: object, handler: GetCoreSchemaHandler
        ) -> CoreSchema:
            from watchdog.actions.kinds import OneOfThem

            return handler.generate_schema(OneOfThem)

    RemediationAction = Annotated[Any, _OneOfTheKinds()]

NAMES = (
    "rollout_undo",
    "rollout_restart",
    "patch_deployment_env",
    "patch_deployment_resources",
    "delete_pod",
    "patch_deployment_image",
    "patch_deployment_command",
    "patch_deployment_probe",
    "scale_deployment",
    "patch_configmap",
    "custom_instruction",
)
"""What each kind is called in settings and reports, in the order of `ACTIONS`."""

__all__ = [
    "ACTIONS",
    "BY_NAME",
    "NAMES",
    "Action",
    "CustomInstruction",
    "DeletePod",
    "Grant",
    "Mode",
    "Object",
    "Operations",
    "PatchConfigMap",
    "PatchDeploymentCommand",
    "PatchDeploymentEnv",
    "PatchDeploymentImage",
    "PatchDeploymentProbe",
    "PatchDeploymentResources",
    "ProposedValue",
    "RemediationAction",
    "RolloutRestart",
    "RolloutUndo",
    "ScaleDeployment",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from watchdog.actions import action, kinds

    return getattr(kinds if hasattr(kinds, name) else action, name)
