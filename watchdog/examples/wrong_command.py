"""A drill and examples of `wrong_command`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import broken, change, crashing, earlier, healthy, spec, waiting
from watchdog.examples.drill_manifest import deployment


def examples() -> tuple[Example, ...]:
    start = crashing(
        128,
        last_reason="StartError",
        last_message="failed to create containerd task: runc create failed: unable to start "
        'container process: exec: "serve": executable file not found in $PATH: unknown',
    )
    first = waiting(
        "RunContainerError", start.last_message, last_reason="StartError", last_exit_code=128
    )
    oom = waiting(
        "RunContainerError",
        "unable to start: container init was OOM-killed: no such file or directory",
    )
    new = earlier(change("command", "httpd", "serve"))
    shell, claims = spec(command=("/bin/sh", "-c"), args=("python3 app.py",)), "Deployment/web"
    return (
        Example("not in the image", broken(start), claims),
        Example("first try", broken(first), claims),
        Example("new command", broken(start, last=new), claims, "rollout_undo"),
        Example(
            "127 of a shell",
            broken(crashing(127), container=shell, text="/bin/sh: python3: not found"),
            claims,
        ),
        Example(
            "syntax",
            broken(crashing(2), text="sh: syntax error: unterminated quoted string"),
            claims,
        ),
        Example(
            "other architecture", broken(crashing(1), text="exec /app: exec format error"), claims
        ),
        Example("killed for memory at start", broken(oom), None),
        Example("its own error", broken(crashing(1), text="ERROR user not found"), None),
        Example("healthy", healthy("sh: python3: not found"), None),
    )


DRILL = Drill(
    before=deployment("sleep 3600"),
    manifest=deployment(["serve-ledger", "--port=8080"]),
    ends="healed",
)
