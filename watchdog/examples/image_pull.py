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

    def mounted(name: str, reason: str, said: str, image: str) -> Example:
        whole = pod(waiting(reason, said), specs=(spec(image="shop/web:1"),))
        template = whole.template.model_copy(update={"image_volumes": {"rank": image}})
        whole = whole.model_copy(update={"template": template})
        volume = earlier(change("volumes", None, "rank", container=None))
        return Example(name, snapshot_of(web(last=volume), whole), "Deployment/web", "rollout_undo")

    back_off = 'Back-off pulling image "models/rank:v9": not found'
    failed = 'failed to resolve reference "docker.io/library/rank:latest": not found'
    digest = f"sha256:{'a' * 64}"
    by_digest = f'failed to resolve reference "docker.io/models/rank@{digest}": not found'
    like_its_own = 'Back-off pulling image "shop/web:1-assets": not found'
    return (
        mounted("the image of a volume", "ImagePullBackOff", back_off, "models/rank:v9"),
        mounted("a volume's, as the runtime spells it", "ErrImagePull", failed, "rank"),
        mounted("a volume's digest", "ErrImagePull", by_digest, f"models/rank:v9@{digest}"),
        mounted(
            "a volume's, named like its own", "ErrImagePull", like_its_own, "shop/web:1-assets"
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
