"""What breaks in the end-to-end tests: small Deployments, before and after someone broke them."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent
from typing import Any, Literal

from tests.e2e.crashes import (
    AT_ANY_MOMENT,
    EATS_MEMORY,
    out_of_memory,
    statuses,
    staying,
    waits_for,
    waits_to_restart,
)

IMAGE = "busybox:1.36"
ALL_AT_ONCE = "{rollingUpdate: {maxUnavailable: 100%}}"
NOTES_COMMAND = '[sh, -c, ": ${REQUIRED_CONFIG:?must be set}; exec sleep 86400"]'
SLEEPS = "[sleep, '86400']"


def deployment(
    container: str, name: str = "app", strategy: str = "{}", annotations: str = "{}"
) -> str:
    """A Deployment of one replica; `container` is YAML for its only container, without the name."""
    return f"""---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, annotations: {annotations}}}
spec:
  replicas: 1
  strategy: {strategy}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
{indent(container, "        ")}
"""


def container(image: str = IMAGE, command: str = SLEEPS, **rest: str) -> str:
    """YAML of one container; `rest` are further fields."""
    fields = {"image": image, "command": command, **rest}
    return "\n".join(f"{name}: {value}" for name, value in fields.items())


def needing_config(value: str | None = None) -> str:
    """The note's container: it exits at once unless REQUIRED_CONFIG is set."""
    env = f"[{{name: REQUIRED_CONFIG, value: {value}}}]" if value else "[]"
    return container(command=NOTES_COMMAND, env=env)


@dataclass(frozen=True)
class Story:
    """One namespace that someone broke, and how it is to end.

    `fails` says how that shows: a container of each Deployment crashes, one is killed for its
    memory, one cannot pull its image, or the kubelet has said four times that a probe failed. `fix`
    is the action's kind and `source` says where its value comes from.
    """

    name: str
    manifest: str
    fix: str
    source: str
    healthy_before: str | None = None
    fails: Literal["crash", "memory", "pull", "probe"] = "crash"
    asks_model: bool = False

    def broken(self, pods: list[dict[str, Any]], events: list[dict[str, Any]]) -> bool:
        """Whether the failure can be seen."""
        match self.fails:
            case "crash":
                crashed = [each for each in statuses(pods) if waits_to_restart(each, AT_ANY_MOMENT)]
                return len(crashed) >= self.manifest.count("kind: Deployment")
            case "memory":
                found = list(statuses(pods))
                crashed = [each for each in found if waits_to_restart(each, AT_ANY_MOMENT)]
                return any(out_of_memory(each) for each in crashed)
            case "pull":
                reasons = ("ImagePullBackOff", "ErrImagePull")
                return any(waits_for(each, *reasons) for each in statuses(pods))
            case "probe":
                # A pod that is replaced failed its probe too while it started.
                there = {pod["metadata"]["name"] for pod in staying(pods)}
                return any(
                    event["reason"] == "Unhealthy"
                    and event["involvedObject"]["name"] in there
                    and (event.get("count") or 1) >= 4
                    for event in events
                )


_HEALTHY = deployment(container())
_SERVING = container(
    command="[sh, -c, 'mkdir /www; echo ok > /www/index.html; exec httpd -f -p 8080 -h /www']"
)
# A busy machine may need more than the usual second for an answer.
_PROBED = f"""{_SERVING}
readinessProbe: {{httpGet: {{path: %s, port: 8080}}, periodSeconds: 2, timeoutSeconds: 30}}"""

HEALED = (
    Story(
        "env-model",
        deployment(needing_config()),
        "patch_deployment_env",
        "suggested by the model",
        asks_model=True,
    ),
    Story(
        "env-revision",
        deployment(needing_config(), strategy=ALL_AT_ONCE),
        "patch_deployment_env",
        "revision 1",
        healthy_before=deployment(needing_config("canary-5f1c9e"), strategy=ALL_AT_ONCE),
    ),
    Story(
        "env-approved",
        deployment(
            needing_config(), annotations="{sre-watchdog/approved-env.REQUIRED_CONFIG: approved-1}"
        ),
        "patch_deployment_env",
        "approved by annotation",
    ),
    Story(
        "oom",
        deployment(
            container(
                command=f"[sh, -c, '{EATS_MEMORY}']",
                resources="{limits: {memory: 32Mi}}",
            )
        ),
        "patch_deployment_resources",
        "rules",
        fails="memory",
    ),
    Story(
        "image",
        deployment(container(image="busybox:9.99")),
        "rollout_undo",
        "revision 1",
        healthy_before=_HEALTHY,
        fails="pull",
    ),
    Story(
        "command",
        deployment(container(command="[slepe, '86400']")),
        "rollout_undo",
        "revision 1",
        healthy_before=_HEALTHY,
    ),
    Story(
        "probe",
        deployment(_PROBED % "/ready", strategy=ALL_AT_ONCE),
        "rollout_undo",
        "revision 1",
        healthy_before=deployment(_PROBED % "/", strategy=ALL_AT_ONCE),
        fails="probe",
    ),
)
THREE = Story(
    "three",
    "".join(
        deployment(
            needing_config(),
            name=name,
            annotations="{sre-watchdog/approved-env.REQUIRED_CONFIG: approved-1}",
        )
        for name in ("one", "two", "three")
    ),
    "patch_deployment_env",
    "approved by annotation",
)
FORBIDDEN = Story(
    "forbidden", deployment(needing_config()), "patch_deployment_env", "approved by annotation"
)
