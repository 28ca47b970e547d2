"""Label selectors of objects, as the query of a list spells them."""

from __future__ import annotations

from watchdog.observation.kubectl_columns import mapping, objects


def label_selector(raw: object) -> str:
    """A selector of the API as the query parameter spells it."""
    selector = mapping(raw)
    if selector and all(isinstance(value, str) for value in selector.values()):
        # As a ReplicationController has it, whose labels may be called `matchLabels`.
        return ",".join(f"{key}={value}" for key, value in selector.items())
    parts = [f"{key}={value}" for key, value in mapping(selector.get("matchLabels")).items()]
    for item in objects(selector.get("matchExpressions")):
        key, values = item.get("key"), ",".join(map(str, item.get("values") or ()))
        match item.get("operator"):
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(f"{key}")
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(parts)
