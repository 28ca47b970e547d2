"""The closed set of remediation actions: one module for each kind, all listed here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from watchdog.actions.action import Action, Grant, Mode, Object, Operations, ProposedValue
from watchdog.actions.custom_instruction import CustomInstruction
from watchdog.actions.delete_pod import DeletePod
from watchdog.actions.patch_configmap import PatchConfigMap
from watchdog.actions.patch_deployment_command import PatchDeploymentCommand
from watchdog.actions.patch_deployment_env import PatchDeploymentEnv
from watchdog.actions.patch_deployment_image import PatchDeploymentImage
from watchdog.actions.patch_deployment_probe import PatchDeploymentProbe
from watchdog.actions.patch_deployment_resources import PatchDeploymentResources
from watchdog.actions.rollout_restart import RolloutRestart
from watchdog.actions.rollout_undo import RolloutUndo
from watchdog.actions.scale_deployment import ScaleDeployment

ACTIONS: tuple[type[Action], ...] = (
    RolloutUndo,
    RolloutRestart,
    PatchDeploymentEnv,
    PatchDeploymentResources,
    DeletePod,
    PatchDeploymentImage,
    PatchDeploymentCommand,
    PatchDeploymentProbe,
    ScaleDeployment,
    PatchConfigMap,
    CustomInstruction,
)
BY_NAME: dict[str, type[Action]] = {a.model_fields["kind"].default: a for a in ACTIONS}

RemediationAction = Annotated[
    RolloutUndo
    | RolloutRestart
    | PatchDeploymentEnv
    | PatchDeploymentResources
    | DeletePod
    | PatchDeploymentImage
    | PatchDeploymentCommand
    | PatchDeploymentProbe
    | ScaleDeployment
    | PatchConfigMap
    | CustomInstruction,
    Field(discriminator="kind"),
]

__all__ = [
    "ACTIONS",
    "BY_NAME",
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
