"""What breaks in the end-to-end tests: small Deployments, before and after somebody broke them."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent
from typing import Any

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
    """One namespace that somebody broke, and how it is to end.

    It is broken once a container waits for one of `reasons`, or, where there are none, once the
    kubelet has said three times that a probe failed. `fix` is the action's kind and `source` says
    where its value comes from.
    """

    name: str
    manifest: str
    fix: str
    source: str
    healthy_before: str | None = None
    reasons: tuple[str, ...] = ("CrashLoopBackOff",)
    asks_model: bool = False

    def broken(self, pods: list[dict[str, Any]], events: list[dict[str, Any]]) -> bool:
        """Whether the failure can be seen."""
        if not self.reasons:
            failed = (event for event in events if event["reason"] == "Unhealthy")
            return any((event.get("count") or 1) >= 3 for event in failed)
        waiting = [_waiting(pod) for pod in pods]
        return bool(set(waiting) & set(self.reasons))


def _waiting(pod: dict[str, Any]) -> str:
    statuses = pod["status"].get("containerStatuses", [{}])
    return str(statuses[0].get("state", {}).get("waiting", {}).get("reason", ""))


_HEALTHY = deployment(container())
_SERVING = container(
    command="[sh, -c, 'mkdir /www; echo ok > /www/index.html; exec httpd -f -p 8080 -h /www']"
)
_PROBED = f"{_SERVING}\nreadinessProbe: {{httpGet: {{path: %s, port: 8080}}, periodSeconds: 2}}"

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
                command=(
                    "[sh, -c, 'dd if=/dev/zero of=/dev/shm/fill bs=1M count=40 && sleep 86400']"
                ),
                resources="{limits: {memory: 32Mi}}",
            )
        ),
        "patch_deployment_resources",
        "rules",
        reasons=("CrashLoopBackOff", "OOMKilled"),
    ),
    Story(
        "image",
        deployment(container(image="busybox:9.99")),
        "rollout_undo",
        "revision 1",
        healthy_before=_HEALTHY,
        reasons=("ImagePullBackOff", "ErrImagePull"),
    ),
    Story(
        "command",
        deployment(container(command="[slepe, '86400']")),
        "rollout_undo",
        "revision 1",
        healthy_before=_HEALTHY,
        reasons=("CrashLoopBackOff", "RunContainerError"),
    ),
    Story(
        "probe",
        deployment(_PROBED % "/ready"),
        "rollout_undo",
        "revision 1",
        healthy_before=deployment(_PROBED % "/"),
        reasons=(),
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
