"""A drill and examples of `image_pull`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import (
    broken,
    change,
    earlier,
    healthy,
    pod,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.examples.builders import deployment as web
from watchdog.examples.drill_manifest import deployment


def examples() -> tuple[Example, ...]:
    def case(name: str, said: str, image: str = "shop/web:2", *, new: bool = False) -> Example:
        state = waiting("ImagePullBackOff", f'Back-off pulling image "{image}": {said}')
        last = earlier(change("image", "shop/web:1", image)) if new else None
        undone = "rollout_undo" if new and "toomany" not in said else None
        snapshot = broken(state, container=spec(image=image), last=last)
        return Example(name, snapshot, "Deployment/web", undone)

    model = waiting("ImagePullBackOff", 'Back-off pulling image "models/rank:v9": not found')
    mounted = pod(model, specs=(spec(image="shop/web:1"),))
    template = mounted.template.model_copy(update={"image_volumes": {"rank": "models/rank:v9"}})
    mounted = mounted.model_copy(update={"template": template})
    volume = earlier(change("volumes", None, "rank", container=None))
    return (
        Example(
            "the image of a volume",
            snapshot_of(web(last=volume), mounted),
            "Deployment/web",
            "rollout_undo",
        ),
        case("new tag not found", "docker.io/shop/web:2: not found", new=True),
        case("typo", "docker.io/library/busyboxx:latest: not found", "busyboxx:latest"),
        case("unauthorised", "failed to authorize: 401 Unauthorized", "reg.example/web:2"),
        case("unreachable", "dial tcp: lookup reg.invalid: no such host", "reg.invalid/web:2"),
        case("rate limited", "toomanyrequests: You have reached your pull rate limit", new=True),
        Example(
            "invalid name",
            broken(
                waiting("InvalidImageName", "invalid reference format"),
                container=spec(image="Web:::"),
            ),
            "Deployment/web",
        ),
        Example(
            "never pulled",
            broken(waiting("ErrImageNeverPull"), container=spec(image="web:1")),
            "Deployment/web",
        ),
        Example("still pulling", broken(waiting("ContainerCreating")), None),
        Example("healthy", healthy(), None),
    )


DRILL = Drill(
    before=deployment("sleep 3600"),
    manifest=deployment("sleep 3600", image="busybox:1.36-no-such-tag"),
    ends="healed",
    settle="pull",
)
