"""What differs between two raw pod templates, in words and without env values."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from watchdog.kube.ports import Json
from watchdog.observation.kubectl_columns import mapping, objects
from watchdog.observation.scheduling_words import affinity
from watchdog.observation.template_summary import (
    all_containers,
    env_var,
    probe,
    shortened,
    texts,
    variable,
    words,
)
from watchdog.snapshot.workloads import Change
from watchdog.text.redact import Redactor

HASH = "pod-template-hash"

# What the words of a container, and of a pod, leave out is shown as it stands; of a command or a
# probe that may be a secret, so there the words have to do.
_SHOWN = ("envFrom", "ports", "volumeMounts", "resources")
_SHOWN_OF_POD = ("volumes", "nodeSelector", "tolerations", "affinity", "imagePullSecrets")
_HIDDEN = ("command", "args", "livenessProbe", "readinessProbe", "startupProbe")

# Fields of a pod that _pod_fields puts into words; any other is compared as it stands.
_IN_WORDS = frozenset(
    {"containers", "initContainers", "volumes", "nodeSelector", "tolerations", "affinity"}
    | {"serviceAccountName", "serviceAccount", "imagePullSecrets", "hostNetwork", "restartPolicy"}
    | {"priorityClassName", "runtimeClassName"}
)


def changes(old: Any, new: Any, redactor: Redactor) -> Iterator[Change]:
    """What leads from one raw pod template to another, in words and without env values."""
    before, after = mapping(mapping(old).get("spec")), mapping(mapping(new).get("spec"))
    was = {str(item.get("name")): item for _, item in all_containers(before)}
    now = {str(item.get("name")): item for _, item in all_containers(after)}
    for name in dict.fromkeys([*was, *now]):
        if name not in now:
            yield Change(field="container", container=name, was=str(was[name].get("image", "")))
        elif name not in was:
            yield Change(field="container", container=name, now=str(now[name].get("image", "")))
        else:
            yield from _container_changes(name, was[name], now[name], redactor)
    told = list(_compared(_pod_fields(before, old), _pod_fields(after, new), None))
    yield from told
    yield from _unworded(before, after, [item.field for item in told], redactor)
    for key in dict.fromkeys([*before, *after]):
        if key not in _IN_WORDS and before.get(key) != after.get(key):
            yield Change(
                field=key,
                was=_brief(before[key], redactor) if key in before else None,
                now=_brief(after[key], redactor) if key in after else None,
            )


def _container_changes(name: str, old: Json, new: Json, redactor: Redactor) -> Iterator[Change]:
    words_of = _fields(new, redactor)
    told = list(_compared(_fields(old, redactor), words_of, name))
    yield from told
    fields = [item.field for item in told]
    fields += ["resources"] * any(field.startswith(("requests.", "limits.")) for field in fields)
    for change in _unworded(old, new, fields, redactor):
        yield change.model_copy(update={"container": name})
    for key in _HIDDEN:
        if key not in fields and old.get(key) != new.get(key):
            text = words_of.get(key, "")
            yield Change(field=key, container=name, was=text, now=text)
    was = {str(item.get("name")): item for item in objects(old.get("env"))}
    now = {str(item.get("name")): item for item in objects(new.get("env"))}
    for key in dict.fromkeys([*was, *now]):
        if was.get(key) != now.get(key):
            yield Change(
                field=f"env {variable(key)}",
                container=name,
                was=_env_words(was[key]) if key in was else None,
                now=_env_words(now[key]) if key in now else None,
            )
    seen = {"name", "env", "image", "command", "args", "envFrom", "resources", "ports"}
    seen |= {"livenessProbe", "readinessProbe", "startupProbe", "volumeMounts"}
    for key in dict.fromkeys([*old, *new]):
        if key not in seen and old.get(key) != new.get(key):
            yield Change(
                field=key,
                container=name,
                was=_brief(old[key], redactor) if key in old else None,
                now=_brief(new[key], redactor) if key in new else None,
            )


def _unworded(old: Json, new: Json, told: Collection[str], redactor: Redactor) -> Iterator[Change]:
    """What differs although its words are the same: an item of a volume, a host port."""
    for key in (*_SHOWN, *_SHOWN_OF_POD):
        was, now = old.get(key) or None, new.get(key) or None
        if key not in told and was != now:
            parts = [
                None if part in (None, [], {}) else _brief(part, redactor)
                for part in _innermost(was, now)
            ]
            if any(parts):
                yield Change(field=key, was=parts[0], now=parts[1])


def _innermost(was: Any, now: Any) -> tuple[Any, Any]:
    """What differs between two values, as far in as it is one thing."""
    if isinstance(was, list) and isinstance(now, list):
        olds, news = [x for x in was if x not in now], [x for x in now if x not in was]
        return _innermost(olds[0], news[0]) if len(olds) == len(news) == 1 else (olds, news)
    if isinstance(was, dict) and isinstance(now, dict):
        keys = [key for key in {**was, **now} if was.get(key) != now.get(key)]
        both = len(keys) == 1 and keys[0] in was and keys[0] in now
        return _innermost(was[keys[0]], now[keys[0]]) if both else (was, now)
    return was, now


def _env_words(raw: Json) -> str:
    found = env_var(raw)
    if found.source in {"secret", "configmap"}:
        return f"key {found.key} of {found.source} {found.object}"
    return {"value": "no value" if found.empty else "a value", "field": f"field {found.key}"}.get(
        found.source, "a reference"
    )


def _fields(raw: Json, redactor: Redactor) -> dict[str, str]:
    """The comparable parts of a container, as text; what is not set is left out."""
    resources = mapping(raw.get("resources"))
    found = {
        "image": redactor.redact(str(raw.get("image") or "")),
        "command": " ".join(words(raw.get("command"), redactor)),
        "args": " ".join(words(raw.get("args"), redactor)),
        "envFrom": ", ".join(_env_from(item) for item in objects(raw.get("envFrom"))),
        "ports": ", ".join(
            f"{item.get('containerPort')}/{item.get('protocol', 'TCP')}"
            + (f" ({item['name']})" if item.get("name") else "")
            for item in objects(raw.get("ports"))
        ),
        "volumeMounts": ", ".join(
            f"{item.get('name')} at {item.get('mountPath')}"
            for item in objects(raw.get("volumeMounts"))
        ),
    }
    for group in ("requests", "limits"):
        for name, amount in texts(resources.get(group)).items():
            found[f"{group}.{name}"] = amount
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        asked = probe(raw.get(name), redactor)
        if asked is not None:
            found[name] = (
                f"{asked.asks} after {asked.initial_delay_seconds} s, every "
                f"{asked.period_seconds} s, timeout {asked.timeout_seconds} s, "
                f"{asked.failure_threshold} failures"
            )
    return {key: value for key, value in found.items() if value}


def _env_from(raw: Json) -> str:
    for key, kind in (("configMapRef", "configmap"), ("secretRef", "secret")):
        if raw.get(key):
            return f"{kind} {mapping(raw[key]).get('name')}"
    return "a reference"


def _pod_fields(spec: Json, holder: Any) -> dict[str, str]:
    labels = texts(mapping(mapping(holder).get("metadata")).get("labels"))
    tolerations = objects(spec.get("tolerations"))
    found = {
        "serviceAccountName": str(spec.get("serviceAccountName") or ""),
        "volumes": ", ".join(_volume(item) for item in objects(spec.get("volumes"))),
        "nodeSelector": _pairs(texts(spec.get("nodeSelector"))),
        "tolerations": ", ".join(_pairs(texts(item)) for item in tolerations),
        "affinity": "; ".join(affinity(spec)),
        "labels": _pairs({key: value for key, value in labels.items() if key != HASH}),
        "imagePullSecrets": ", ".join(
            str(item.get("name")) for item in objects(spec.get("imagePullSecrets"))
        ),
    }
    for key in ("hostNetwork", "restartPolicy", "priorityClassName", "runtimeClassName"):
        found[key] = str(spec.get(key) or "")
    return {key: value for key, value in found.items() if value}


def _volume(raw: Json) -> str:
    """The volume's name and what it takes its content from."""
    for key, inner in (("configMap", "name"), ("secret", "secretName")):
        if raw.get(key):
            return f"{raw.get('name')} from {key.lower()} {mapping(raw[key]).get(inner)}"
    claim = mapping(raw.get("persistentVolumeClaim")).get("claimName")
    if claim:
        return f"{raw.get('name')} from claim {claim}"
    other = next((key for key in raw if key != "name"), "nothing")
    return f"{raw.get('name')} ({other})"


def _pairs(found: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(found.items()))


def _compared(old: dict[str, str], new: dict[str, str], name: str | None) -> Iterator[Change]:
    for field in dict.fromkeys([*old, *new]):
        was, now = old.get(field), new.get(field)
        if was != now:
            yield Change(field=field, container=name, was=was, now=now)


def _brief(value: Any, redactor: Redactor) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return shortened(redactor.redact(text), 200)
