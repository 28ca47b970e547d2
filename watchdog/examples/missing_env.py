"""A drill and examples of `missing_env`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import broken, change, crashing, earlier, healthy, running, spec
from watchdog.examples.drill_manifest import AT_ONCE, deployment
from watchdog.snapshot.pod_template import EnvVar, PodTemplate


def examples() -> tuple[Example, ...]:
    had = PodTemplate(containers=(spec(env=(EnvVar(name="LEDGER_REGION"),)),))
    removed = earlier(change("env LEDGER_REGION", "set", None), template=had)
    text = "fatal: setting LEDGER_REGION must not be empty"
    set_ = spec(env=(EnvVar(name="LEDGER_REGION"),))
    empty = spec(env=(EnvVar(name="LEDGER_REGION", empty=True),))
    image = earlier(change("image", "app:1", "app:2"), template=PodTemplate(containers=(spec(),)))
    patch, claims = "patch_deployment_env", "Deployment/web"
    return (
        Example(
            "removed by the last revision",
            broken(crashing(), last=removed, text=text),
            claims,
            patch,
        ),
        Example("never set", broken(crashing(), text=text), claims, patch),
        Example("set to nothing", broken(crashing(), container=empty, text=text), claims, patch),
        Example(
            "asked for by a new image",
            broken(crashing(), last=image, text=text),
            claims,
            "rollout_undo",
        ),
        Example(
            "exits with 0",
            broken(crashing(0), text="Environment variable REGION is undefined"),
            claims,
            patch,
        ),
        Example("it is set after all", broken(crashing(), container=set_, text=text), None),
        Example(
            "only a warning of a pod that runs", healthy("WARN LEDGER_REGION is not set"), None
        ),
        Example("first restart", broken(running(restarts=1), text=text), None),
    )


_SHELL = ': "${LEDGER_REGION:?setting LEDGER_REGION must not be empty}"; sleep 3600'


DRILL = Drill(
    before=deployment(
        _SHELL, strategy=AT_ONCE, container='env: [{name: LEDGER_REGION, value: "eu-1"}]'
    ),
    manifest=deployment(_SHELL, strategy=AT_ONCE),
    ends="healed",
)
