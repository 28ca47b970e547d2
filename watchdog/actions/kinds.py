"""The closed set of remediation actions: one module for each kind, all listed here.

Import them from `watchdog.actions`, which loads this only where one of them is used.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from watchdog.actions.action import Action
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

OneOfThem = Annotated[
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
