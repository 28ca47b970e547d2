"""A drill and examples of `crash_app_error`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import (
    ago,
    broken,
    change,
    crashing,
    earlier,
    ended,
    healthy,
    pod,
    running,
    snapshot_of,
)
from watchdog.examples.builders import (
    deployment as web,
)
from watchdog.examples.drill_manifest import deployment


def examples() -> tuple[Example, ...]:
    text = "starting\nTraceback (most recent call last):\nValueError: ledger is corrupt"
    new, claims = earlier(change("image", "shop/web:1", "shop/web:2")), "Deployment/web"
    # A revision that ran for days before it broke is not to blame.
    late = crashing(1)
    old = web(last=new, conditions=())
    long_ago = pod(late, created_at=ago(720))
    worked = old.model_copy(
        update={"revisions": (old.revisions[0].model_copy(update={"created_at": ago(777600)}), new)}
    )
    return (
        Example("own error", broken(crashing(1), text=text), claims),
        Example("no log", broken(crashing(139)), claims),
        Example("ends with 0", broken(crashing(0), text="done"), claims),
        Example("new revision", broken(crashing(1), last=new, text=text), claims, "rollout_undo"),
        Example("broke long after the rollout", snapshot_of(worked, long_ago), claims),
        Example("second crash", broken(ended(1, restarts=1)), claims),
        Example("first crash", broken(ended(1)), None),
        Example("one restart", broken(running(restarts=1, last_exit_code=1)), None),
        Example("healthy", healthy(text), None),
    )


DRILL = Drill(
    before=deployment("echo ledger ready; sleep 3600"),
    manifest=deployment("echo 'ValueError: ledger is corrupt' >&2; exit 3"),
    ends="healed",
)
