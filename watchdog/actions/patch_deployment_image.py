"""Give a container another image of the same repository."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from watchdog.actions.action import ContainerAction, container_in, container_path
from watchdog.actions.rights import Mode, Object, Operations


class PatchDeploymentImage(ContainerAction):
    """Set the image of `container`; `image` is a suggestion where no revision has one."""

    kind: Literal["patch_deployment_image"] = "patch_deployment_image"
    image: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$")]

    default_mode: ClassVar[Mode] = "approve"

    @property
    def title(self) -> str:
        """`set image nginx:1.27 on container main`."""
        return f"set image {self.image} on container {self.container}"

    def restored(self, live: Object, template: Object, /) -> Any:
        """The earlier revision's image, where it was another one."""
        now = container_path(live, self.container)
        image = (container_in(template, self.container) or {}).get("image")
        return image if now and image and image != now[1].get("image") else None

    def suggested(self, _live: Object, /) -> Any:
        """The proposed image."""
        return self.image

    def change(self, path: str, container: Object, value: Any, /) -> Operations:
        """Replace the image."""
        if container.get("image") == value:
            return []
        return [{"op": "add", "path": f"{path}/image", "value": value}]


def one_typo_apart(image: str, other: str) -> bool:
    """Whether two repositories differ by one letter in the last part of their names, no more."""
    (place, _, name), (elsewhere, _, wanted) = (
        repository(each).rpartition("/") for each in (image, other)
    )
    if place != elsewhere or name == wanted:
        return False
    short, long = sorted((name, wanted), key=len)
    same = next(
        (i for i, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]),
        len(short),
    )
    if len(short) == len(long):
        rest = short[same + 1 :] == long[same + 1 :]
        swapped = short[same : same + 2] == long[same : same + 2][::-1]
        return rest or (swapped and short[same + 2 :] == long[same + 2 :])
    return short[same:] == long[same + 1 :]


def repository(image: str) -> str:
    """An image without tag and digest: `ghcr.io/shop/ledger`."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]
