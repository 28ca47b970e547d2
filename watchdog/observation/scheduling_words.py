"""What a pod spec asks of the scheduler, in words."""

from __future__ import annotations

from collections.abc import Iterator

from watchdog.kube.ports import Json
from watchdog.observation.kubectl_columns import mapping, objects


def affinity(spec: Json) -> Iterator[str]:
    """What the scheduler must respect, in words; preferences are left out."""
    rules = mapping(spec.get("affinity"))
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    node = mapping(mapping(rules.get("nodeAffinity")).get(required))
    for term in objects(node.get("nodeSelectorTerms")):
        parts = [
            _expression(item)
            for item in objects(term.get("matchExpressions")) + objects(term.get("matchFields"))
        ]
        yield f"node with {' and '.join(parts)}"
    for key, phrase in (("podAffinity", "with"), ("podAntiAffinity", "apart from")):
        for term in objects(mapping(rules.get(key)).get(required)):
            selector = mapping(term.get("labelSelector"))
            labels = [
                f"{name}={value}" for name, value in mapping(selector.get("matchLabels")).items()
            ]
            labels += [_expression(item) for item in objects(selector.get("matchExpressions"))]
            yield f"{phrase} pods {', '.join(labels)} by {term.get('topologyKey')}"
    for item in objects(spec.get("topologySpreadConstraints")):
        if item.get("whenUnsatisfiable") == "DoNotSchedule":
            yield f"spread over {item.get('topologyKey')} with a skew of {item.get('maxSkew')}"


def _expression(raw: Json) -> str:
    values = raw.get("values")
    listed = f" {','.join(str(value) for value in values)}" if isinstance(values, list) else ""
    return f"{raw.get('key')} {raw.get('operator')}{listed}"
