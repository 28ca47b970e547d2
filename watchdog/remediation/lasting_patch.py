"""A change as a strategic merge patch for Git: what is in a kustomize patch. Pure.

Kubernetes' merge keys are those of its API reference (patchMergeKey). Shown are names, images,
resources, references, and what a person has to see; any other value stands as REPLACE_ME, as in
every report (diff.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from watchdog.actions import Object, PatchConfigMap, RemediationAction
from watchdog.actions.rollout_restart import ANNOTATION as RESTARTED_AT
from watchdog.actions.rollout_undo import HASH_LABEL
from watchdog.remediation.diff import Wording
from watchdog.text.redact import Redactor

REPLACE_ME = "REPLACE_ME"
_LONGEST = 8000  # characters; a longer patch is no help in a report
_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "imagePullSecrets": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "hostAliases": "ip",
}
_SHOWN_OF_POD = frozenset(
    {
        "affinity", "dnsPolicy", "hostNetwork", "imagePullSecrets", "nodeSelector",
        "priorityClassName", "restartPolicy", "runtimeClassName", "serviceAccountName",
        "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints",
    }
)  # fmt: skip
_SHOWN_OF_CONTAINER = frozenset(
    {
        "envFrom", "image", "imagePullPolicy", "ports", "resources", "securityContext",
        "volumeMounts", "workingDir",
    }
)  # fmt: skip
# Shown if redaction finds nothing in them, as the snapshot shows them too.
_READ = frozenset({"args", "command", "livenessProbe", "readinessProbe", "startupProbe"})


def lasting_patch(
    action: RemediationAction, before: Object, after: Object, wording: Wording
) -> str | None:
    """The patch that makes `before` into `after`; None if there is nothing that Git could hold."""
    changed: Object
    if action.target_kind == "Pod" or action.kind == "rollout_restart":
        return None
    if isinstance(action, PatchConfigMap):
        changed = {"data": {action.key: REPLACE_ME}}
    elif action.subresource == "scale":
        changed = {"spec": {"replicas": after.get("spec", {}).get("replicas")}}
    else:
        template = _merge(_part(before), _part(after), _Shown(wording))
        if not template:
            return None
        changed = {"spec": {"template": template}}
    target = action.target
    head = {
        "apiVersion": "v1" if target.kind == "ConfigMap" else "apps/v1",
        "kind": target.kind,
        "metadata": {"name": target.name, "namespace": target.namespace},
    }
    text = written({**head, **changed})
    return text if len(text) <= _LONGEST else None


def written(plain: Object) -> str:
    """YAML as people write it."""
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=1000))


class _Shown:
    """Which values may stand in a patch; a path is the keys that lead to the value."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._redactor = Redactor()

    def value(self, path: tuple[str, ...], value: Any) -> Any:
        """The value, or what stands for it."""
        if _is_shown(path) or (_is_read(path) and self._is_harmless(value)):
            return value
        return self.entry(value) if path[-1:] == ("env[]",) else REPLACE_ME

    def entry(self, entry: Object) -> Object:
        """One env entry: a reference whole, a value only where the operator lists its name."""
        if "valueFrom" in entry or "value" not in entry:
            return entry
        plain = entry["name"] in self._wording.harmless
        return {**entry, "value": entry["value"] if plain else REPLACE_ME}

    def _is_harmless(self, value: Any) -> bool:
        if self._wording.material.origin == "suggested":
            return False  # a suggestion is not to be put into Git unread
        text = json.dumps(value, ensure_ascii=False)
        return bool(self._redactor.redact(text) == text)


def _is_shown(path: tuple[str, ...]) -> bool:
    if path[:2] == ("metadata", "labels") or path == ("metadata", "annotations", RESTARTED_AT):
        return True
    if path[:1] != ("spec",) or len(path) < 2:  # noqa: PLR2004 -- what stands below the spec
        return False
    if path[1] in {"containers[]", "initContainers[]"}:
        return len(path) > 2 and path[2].removesuffix("[]") in _SHOWN_OF_CONTAINER  # noqa: PLR2004
    return path[1].removesuffix("[]") in _SHOWN_OF_POD


def _is_read(path: tuple[str, ...]) -> bool:
    return len(path) > 2 and path[1].endswith("ontainers[]") and path[2] in _READ  # noqa: PLR2004


def _part(item: Object) -> Object:
    """The pod template without what no manifest has."""
    template = item["spec"]["template"]
    metadata = template.get("metadata") or {}
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k != HASH_LABEL}
    annotations = metadata.get("annotations") or {}
    return {"metadata": {"labels": labels, "annotations": annotations}, "spec": template["spec"]}


def _merge(was: Object, now: Object, shown: _Shown, path: tuple[str, ...] = ()) -> Object:
    """What a strategic merge patch says to make `was` into `now`; empty for nothing."""
    found: Object = {}
    for key in [*now, *(key for key in was if key not in now)]:
        here = (*path, key)
        if key not in now:
            found[key] = None
        elif key not in was:
            found[key] = _whole(now[key], shown, here)
        elif was[key] != now[key]:
            found[key] = _change(was[key], now[key], shown, here)
    return found


def _change(was: Any, now: Any, shown: _Shown, path: tuple[str, ...]) -> Any:
    by = _MERGE_KEYS.get(path[-1])
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        return _merge(dict(was), dict(now), shown, path)
    if by and isinstance(was, list) and isinstance(now, list):
        return _merged_list(was, now, shown, (*path[:-1], f"{path[-1]}[]"), by)
    return shown.value(path, now)


def _merged_list(
    was: list[Object], now: list[Object], shown: _Shown, path: tuple[str, ...], by: str
) -> list[Object]:
    # Of two entries with one name the last one counts.
    held, holds = ({item[by]: item for item in items} for items in (was, now))
    found: list[Object] = []
    for key, item in holds.items():
        if key not in held:
            found.append(_whole(item, shown, path))
        elif item != held[key]:
            if path[-1] == "env[]":
                found.append(_env(held[key], item, shown))
            else:
                found.append({by: key, **_merge(held[key], item, shown, path)})
    return [*found, *({by: key, "$patch": "delete"} for key in held if key not in holds)]


def _env(was: Object, now: Object, shown: _Shown) -> Object:
    """An entry has either a value or a reference: the one that goes has to be taken away."""
    gone: Object = {key: None for key in ("value", "valueFrom") if key in was and key not in now}
    return {**shown.entry(now), **gone}


def _whole(value: Any, shown: _Shown, path: tuple[str, ...]) -> Any:
    """A value that was not there before, with what may not be shown left out of it."""
    if path[-1] == "env[]":
        return shown.entry(value)
    if isinstance(value, Mapping) and not _is_shown(path) and not _is_read(path):
        return {k: _named(k, v, shown, path) for k, v in value.items()}
    by = _MERGE_KEYS.get(path[-1])
    if by and isinstance(value, list):
        return [_whole(item, shown, (*path[:-1], f"{path[-1]}[]")) for item in value]
    return shown.value(path, value)


def _named(key: str, value: Any, shown: _Shown, path: tuple[str, ...]) -> Any:
    """Names are shown: every report prints them."""
    return value if key == "name" else _whole(value, shown, (*path, key))
