"""The form that the model fills in: which actions, on which ids, as a JSON schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from watchdog.actions import ACTIONS, BY_NAME, Action, CustomInstruction, RolloutUndo
from watchdog.detection.kind import FailureKind
from watchdog.model.diagnosis import Finding
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "diagnosis"
ADVICE = "custom_instruction"
Json = dict[str, Any]
Offers = dict[str, tuple[str, ...]]
# Never a parameter of the model's: commands for people are made by code.
_OURS: dict[type[Action], set[str]] = {CustomInstruction: {"command"}}


def offers(
    findings: Sequence[Finding],
    snapshot: ClusterSnapshot,
    kinds: Sequence[FailureKind],
    ids: Mapping[str, ObjectRef],
) -> Offers:
    """For each action kind that is legal here, the ids that it may aim at.

    Legal is what the kinds of these findings list, on the finding's own target, its pods or the
    ConfigMaps that its pods use; besides these, advice on each target.
    """
    listed = {kind.name: kind.actions for kind in kinds}
    found: dict[str, dict[str, None]] = {}
    for finding in findings:
        for name in listed.get(finding.kind, ()):
            wanted = _reach(BY_NAME[name], finding, snapshot)
            legal = dict.fromkeys(id_ for id_, ref in ids.items() if ref in wanted)
            if legal:
                found.setdefault(name, {}).update(legal)
        about = {id_: None for id_, ref in ids.items() if ref == finding.target}
        found.setdefault(ADVICE, {}).update(about)
    order = [action.model_fields["kind"].default for action in ACTIONS]
    return {name: tuple(found[name]) for name in order if name in found}


def _reach(action: type[Action], finding: Finding, snapshot: ClusterSnapshot) -> set[ObjectRef]:
    """The objects that this action may aim at because of this finding, and can be done on."""
    target = finding.target
    if action is RolloutUndo:
        deployment = snapshot.deployment(target)
        return {target} if deployment is not None and deployment.last_available else set()
    if action.target_kind == "Pod":
        # What no controller owns would not come back.
        mine = (pod for pod in snapshot.pods if pod.sick and target in {pod.owner, pod.ref})
        return {pod.ref for pod in mine if pod.owner != pod.ref}
    if action.target_kind == "ConfigMap":
        workload = snapshot.workload(target)
        template = workload.template if workload else None
        names = (
            {r.name for r in template.references if r.kind == "ConfigMap"} if template else set()
        )
        for spec in template.containers if template else ():
            names |= {e.object for e in spec.env if e.source == "configmap" and e.object}
        if not finding.facts.get("key"):
            # It is the ConfigMap that is missing, and not a key of it.
            names.discard(finding.facts.get("name", ""))
        return {
            ObjectRef(kind="ConfigMap", namespace=target.namespace, name=name) for name in names
        }
    return {target} if target.kind == action.target_kind else set()


def reply_schema(offered: Offers) -> Json:
    """The JSON schema of the answer.

    As strict servers want it: every property required, nothing else allowed, null in place of
    absence, no bounds (they differ between servers; the reply is validated here in any case).
    """
    text = {"type": "string"}
    return _object(
        {
            "has_issue": {"type": "boolean"},
            "summary": text,
            "agrees_with_rules": {"type": ["boolean", "null"]},
            "root_cause": text,
            "evidence": {"type": "array", "items": text},
            "remediation_actions": {
                "type": "array",
                "items": {"anyOf": [_action(name, ids) for name, ids in offered.items()]},
            },
            "confidence": {"type": "number"},
        }
    )


@cache
def parameters(name: str) -> dict[str, Json]:
    """The parameters that a model may set of an action kind, each with its schema."""
    action = BY_NAME[name]
    ours = {"kind", "target"} | _OURS.get(action, set())
    properties: dict[str, Json] = action.model_json_schema()["properties"]
    return {field: _plain(raw) for field, raw in properties.items() if field not in ours}


def _action(name: str, ids: tuple[str, ...]) -> Json:
    kind = {"type": "string", "enum": [name]}
    target = {"type": "string", "enum": list(ids)}
    return _object({"kind": kind, "target": target, **parameters(name)})


def _plain(raw: Json) -> Json:
    """One property without bounds, titles and defaults."""
    if "anyOf" in raw:
        types = [option.get("type", "string") for option in raw["anyOf"]]
        items = {"items": {"type": "string"}} if "array" in types else {}
        return {"type": types, **items}
    if "enum" in raw:
        return {"type": "string", "enum": raw["enum"]}
    return {"type": raw.get("type", "string")}


def _object(properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
