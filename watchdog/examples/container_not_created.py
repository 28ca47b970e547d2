"""A drill and examples of `container_not_created`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import (
    broken,
    change,
    crashing,
    earlier,
    event,
    healthy,
    waiting,
)
from watchdog.examples.drill_manifest import deployment


def examples() -> tuple[Example, ...]:
    root = "container has runAsNonRoot and image will run as root"
    state, claims = waiting("CreateContainerConfigError", root), "Deployment/web"
    hook = waiting("PostStartHookError", "command 'warm' exited with 1")
    mount = crashing(
        128,
        last_reason="StartError",
        last_message="runc create failed: unable to start container process: error during container"
        ' init: error mounting "/var/lib/kubelet/pods/1/volume-subpaths/app/main/1" to rootfs at '
        '"/etc/app.conf": mount app: not a directory: unknown',
    )
    fails = event("FailedPostStartHook", 'PostStartHook failed: command "sh -c warm" exited with 1')
    last = earlier(change("securityContext", None, "set"))
    return (
        Example("runs as root", broken(state), claims),
        Example("new security context", broken(state, last=last), claims, "rollout_undo"),
        Example("hook", broken(hook), claims),
        Example(
            "a user by name",
            broken(
                waiting(
                    "CreateContainerConfigError",
                    "container has runAsNonRoot and image has non-numeric user (app), cannot "
                    "verify user is non-root",
                )
            ),
            claims,
        ),
        Example("a directory mounted onto a file", broken(mount), claims),
        Example("a hook that fails each time", broken(crashing(137), fails), claims),
        Example("killed, and no hook failed", broken(crashing(137)), None),
        Example("being created", broken(waiting("ContainerCreating")), None),
        Example("healthy", healthy(), None),
    )


DRILL = Drill(
    manifest=deployment("sleep 3600", container="securityContext: {runAsNonRoot: true}"),
    settle="config",
)
