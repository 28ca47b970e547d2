"""Where a change belongs in the values of a Helm chart, by the values in use. Pure.

No chart says which of its values becomes which field. So a path counts as known only if one place
alone in the values in use has the form of the field and holds what the object holds now.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from watchdog.actions import (
    Object,
    PatchDeploymentEnv,
    PatchDeploymentImage,
    PatchDeploymentResources,
    RemediationAction,
    ScaleDeployment,
)
from watchdog.actions.action import container_in
from watchdog.remediation.lasting_patch import REPLACE_ME, written

Path = tuple[str, ...]
_DEEPEST, _MOST = 8, 20_000
_ENV = ("env", "extraEnv", "extraEnvVars", "envVars", "environment")


def changed_values(
    action: RemediationAction, before: Object, after: Object, values: Object
) -> str | None:
    """The values to set, as YAML; None where no path, or more than one, could be meant."""
    container = getattr(action, "container", "")
    was = container_in(before["spec"]["template"], container) if container else None
    now = container_in(after["spec"]["template"], container) if container else None
    found: list[tuple[Path, Any]] = []
    if isinstance(action, ScaleDeployment):
        found = list(_replicas(before, after, values))
    elif was is None or now is None:
        return None
    elif isinstance(action, PatchDeploymentResources):
        found = list(_resources(was, now, values))
    elif isinstance(action, PatchDeploymentImage):
        found = list(_image(was, now, values))
    elif isinstance(action, PatchDeploymentEnv):
        found = list(_env(action.name, was, now, values))
    if len(found) != 1:
        return None
    path, value = found[0]
    for key in reversed(path):
        value = {key: value}
    return written(value)


def _places(values: Any) -> list[tuple[Path, Any]]:
    """Each path with its value; none if there are more than any chart has.

    Aliases of YAML make a billion places out of a few lines.
    """
    found = list(islice(_nodes(values), _MOST + 1))
    return found if len(found) <= _MOST else []


def _nodes(values: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(values, dict) and len(path) < _DEEPEST:
        for key, value in values.items():
            yield (*path, str(key)), value
            yield from _nodes(value, (*path, str(key)))


def _replicas(before: Object, after: Object, values: Object) -> Iterator[tuple[Path, Any]]:
    was, now = (item.get("spec", {}).get("replicas") for item in (before, after))
    for path, value in _places(values):
        if path[-1] in {"replicaCount", "replicas"} and value == was:
            yield path, now


def _resources(was: Object, now: Object, values: Object) -> Iterator[tuple[Path, Any]]:
    for path, value in _places(values):
        if path[-1] == "resources" and value and value == (was.get("resources") or {}):
            yield path, now.get("resources")


def _image(was: Object, now: Object, values: Object) -> Iterator[tuple[Path, Any]]:
    held, wanted = str(was.get("image", "")), str(now.get("image", ""))
    for path, value in _places(values):
        if path[-1] != "image":
            continue
        if value == held:
            yield path, wanted
        elif isinstance(value, dict) and (tag := str(value.get("tag", ""))):
            repository = str(value.get("repository", ""))
            same = wanted.rpartition(":")[0] == held.rpartition(":")[0]
            if same and repository and held.endswith(f"{repository}:{tag}"):
                yield (*path, "tag"), wanted.rpartition(":")[2]


def _env(name: str, was: Object, now: Object, values: Object) -> Iterator[tuple[Path, Any]]:
    """A list or a mapping of variables that the container has."""
    entries = {entry["name"]: entry for entry in now.get("env") or []}
    has = {entry["name"] for entry in was.get("env") or []}
    entry = entries.get(name, {"name": name})
    shown = entry if "valueFrom" in entry else {"name": name, "value": REPLACE_ME}
    for path, value in _places(values):
        if path[-1] not in _ENV or not value:
            continue
        if isinstance(value, dict) and set(value) <= has and "value" in shown:
            yield (*path, name), REPLACE_ME
        elif isinstance(value, list) and all(
            isinstance(item, dict) and item.get("name") in has for item in value
        ):
            # A list is replaced as a whole: all that was in it stays.
            rest = [item for item in value if item["name"] != name]
            yield path, [*({"name": item["name"], "value": REPLACE_ME}
                           if "value" in item else item for item in rest), shown]  # fmt: skip
