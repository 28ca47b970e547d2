"""Manifests for drills: one small workload that runs a line of shell in busybox."""

from __future__ import annotations

import json

IMAGE = "busybox:1.36"
AT_ONCE = "strategy: {rollingUpdate: {maxUnavailable: 1}}"


def pod_spec(
    shell: str | list[str], *, image: str = IMAGE, container: str = "", pod: str = ""
) -> str:
    """A pod's spec with one container `main`; `container` and `pod` are further lines of YAML."""
    command = ["sh", "-c", shell] if isinstance(shell, str) else shell
    main = ["- name: main", f"  image: {image}", f"  command: {json.dumps(command)}"]
    lines = [
        "terminationGracePeriodSeconds: 1",
        *pod.strip("\n").splitlines(),
        "containers:",
        *main,
    ]
    lines += [f"  {line}" for line in container.strip("\n").splitlines()]
    return "\n".join(f"      {line}" for line in lines if line.strip())


def deployment(
    shell: str | list[str], *, name: str = "drill", strategy: str = "", **more: str
) -> str:
    """A Deployment with one pod; `more` goes to `pod_spec`.

    `strategy` is a line of YAML: `AT_ONCE` gives up the old pod before the new one is ready, so
    that a broken revision takes the workload down.
    """
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  {strategy or "replicas: 1"}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
{pod_spec(shell, **more)}
"""
