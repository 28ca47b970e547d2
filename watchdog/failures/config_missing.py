"""A pod refers to a ConfigMap, a Secret or a key that does not exist."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from watchdog.actions import PatchConfigMap, RolloutUndo
from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import (
    by_owner,
    containers,
    has_sandbox,
    make_finding,
    with_evidence,
)
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import event_line, shorten
from watchdog.detection.missing_object import MOUNTS, missing
from watchdog.detection.owners import kubectl
from watchdog.detection.rollback import changed_words, deployment_of, undo
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.refs import ObjectRef
from watchdog.text.format import verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "config_missing"
SUMMARY = "missing ConfigMap or Secret"
_WAITS = {"CreateContainerConfigError", "CreateContainerError"}
_FIRST_TRIES_SECONDS = 10


def _said(snapshot: ClusterSnapshot, item: ContainerView) -> str | None:
    """The kubelet's words on what this container waits for, once it is more than a first try."""
    state = item.state
    if state.state != "waiting":
        return None
    if state.reason in _WAITS:
        return state.message
    if state.reason not in {"ContainerCreating", "PodInitializing", ""} or has_sandbox(item.pod):
        return None
    created = item.pod.created_at
    tried = (snapshot.taken_at - created).total_seconds() if created else _FIRST_TRIES_SECONDS
    for seen in reversed(snapshot.events_about(item.pod.ref)):
        if seen.reason in MOUNTS and missing(seen.message):
            return seen.message if tried >= _FIRST_TRIES_SECONDS else None
    return None


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    waits = (i for i in containers(snapshot) if missing(_said(snapshot, i) or ""))
    for seen in by_owner(waits).values():
        first = seen[0]
        said = _said(snapshot, first) or ""
        facts = missing(said) or {}
        if "volume" in facts:
            via = f"volume {facts['volume']}"
            found = (r for r in first.pod.template.references if r.via == via)
            facts["name"] = next((r.name for r in found), "")
        if facts.get("name"):
            absent = f"{facts['object']} {facts['name']}"
            key = f"key {facts['key']} of " if facts.get("key") else ""
            facts["cause"] = f"{key}{absent} is missing"
        what = f"missing {facts['object']}" + (" key" if facts.get("key") else "")
        finding = make_finding(NAME, what, snapshot, seen, **facts)
        pods = [item.pod for item in seen]
        mount = event_line(snapshot, pods, *MOUNTS)
        yield with_evidence(finding, f"{first.state.reason}: {verbatim(shorten(said))}", mount)


def _object(finding: Finding) -> str:
    facts = finding.facts
    return f"{facts['object']} {facts['name']}" if facts.get("name") else f"its {facts['object']}"


def _uses(finding: Finding, snapshot: ClusterSnapshot) -> tuple[list[str], list[str]]:
    """Where the pod refers to it, in words, and the keys that it asks for."""
    kind, name = finding.facts["object"], finding.facts.get("name")
    template = next(
        (p.template for p in snapshot.pods if p.ref.name in finding.pods), PodTemplate()
    )
    source = kind.lower()
    envs = [
        env
        for container in template.containers
        for env in container.env
        if env.source == source and env.object == name
    ]
    places = [f"env {env.name}" for env in envs]
    places += [r.via for r in template.references if r.kind == kind and r.name == name]
    keys = (
        [finding.facts["key"]] if "key" in finding.facts else [env.key for env in envs if env.key]
    )
    return list(dict.fromkeys(places)), list(dict.fromkeys(keys))


def _meant(finding: Finding, snapshot: ClusterSnapshot) -> str | None:
    """The ConfigMap that is there and whose name is all but the same, if the names were read."""
    name = finding.facts.get("name") or ""
    there = snapshot.configmaps if finding.facts["object"] == "ConfigMap" else ()
    return next(iter(difflib.get_close_matches(name, there, n=1, cutoff=0.85)), None)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    places, _keys = _uses(finding, snapshot)
    used = f" (used by {', '.join(places[:3])})" if places else ""
    what = f"the key {facts['key']} is missing in {_object(finding)}" if facts.get("key") else ""
    what = what or f"the {_object(finding)} does not exist"
    meant = _meant(finding, snapshot)
    typo = f" Probably a typo for {meant}." if meant else ""
    return (
        f"{facts['who']} cannot be created because {what}{used}.{typo}"
        f"{changed_words(finding, snapshot, 'env', 'volumes', 'volumeMounts')}"
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    facts, (_places, keys) = finding.facts, _uses(finding, snapshot)
    kind, name = facts["object"].lower(), facts.get("name") or "<name>"
    if isinstance(_fix(finding, snapshot), RolloutUndo):
        what = f"Add the key {facts['key']} to" if facts.get("key") else "Create"
        return Advice(
            f"{what} {_object(finding)} before the revision that uses it is deployed again."
        )
    # What a command line holds stays in the shell's history.
    if facts.get("key"):
        field = "stringData" if kind == "secret" else "data"
        return Advice(
            f"Add the key {facts['key']} to {_object(finding)} (under {field}), or correct the "
            "key that the pod asks for. The pods then start by themselves.",
            kubectl(snapshot, "edit", kind, name),
        )
    words = ["create", kind, *(["generic"] if kind == "secret" else []), name]
    value = "--from-file={}=<file>" if kind == "secret" else "--from-literal={}=<value>"
    values = " ".join(value.format(key) for key in keys or ["<key>"])
    return Advice(
        f"Create {_object(finding)} with the values that belong there, or correct the name that "
        "the pod asks for. The pods then start by themselves.",
        f"{kubectl(snapshot, *words)} {values}",
    )


def _refers(template: PodTemplate, facts: dict[str, str]) -> bool:
    """Whether the template needs the missing object, or of it the missing key."""
    key = facts.get("key")
    envs = [env for container in template.containers for env in container.env]
    by_env = any(env.object == facts.get("name") and key in {None, env.key} for env in envs)
    return by_env or any(
        r.name == facts.get("name") and (key is None or key in r.keys) for r in template.references
    )


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | PatchConfigMap | None:
    dep, facts = deployment_of(finding, snapshot), finding.facts
    last = dep.last_available if dep else None
    if last is not None and not _refers(last.template, facts):
        back = undo(finding, snapshot, "env", "volume", "configMap", "secret")
        if back:
            return back
    if facts["object"] != "ConfigMap" or not (facts.get("key") and facts.get("name")):
        return None
    target = ObjectRef(kind="ConfigMap", namespace=snapshot.namespace, name=facts["name"])
    return PatchConfigMap(target=target, key=facts["key"])


CONFIG_MISSING = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "The kubelet names the ConfigMap, Secret or key that is missing. Its content is not in the "
        "cluster: never invent it. Going back helps where the last revision added the reference."
    ),
    fix=_fix,
    actions=("rollout_undo", "patch_configmap"),
)
