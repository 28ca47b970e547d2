"""A pod refers to a ConfigMap, a Secret or a key that does not exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.actions import PatchConfigMap, RolloutUndo
from watchdog.failures.example import (
    ago,
    broken,
    change,
    earlier,
    event,
    healthy,
    pod,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.failures.example import (
    deployment as web,
)
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import event_line, shorten
from watchdog.failures.look import Seen, by_owner, containers, make_finding, with_evidence
from watchdog.failures.manifest import deployment
from watchdog.failures.owners import kubectl
from watchdog.failures.repair import changed_words, deployment_of, undo
from watchdog.observation.base import ObjectRef
from watchdog.observation.pod_template import EnvVar, PodTemplate, Reference
from watchdog.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

NAME = "config_missing"
SUMMARY = "missing ConfigMap or Secret"
_WAITS = {"CreateContainerConfigError", "CreateContainerError"}
_MOUNTS = {"FailedMount"}
_KINDS = {"configmap": "ConfigMap", "secret": "Secret", "config": "ConfigMap"}
_KEY = regex(
    r"couldn't find key (?P<key>\S+) in (?P<kind>ConfigMap|Secret) (?:[^/\s]+/)?(?P<name>[\w.-]+)"
)
_OBJECT = regex(
    r"\b(?P<kind>configmaps?|secrets?) \\?\"(?P<name>[\w.-]+)\\?\" not found", re.IGNORECASE
)
_VOLUME_KEY = regex(
    r"for volume \\?\"(?P<volume>[^\"\\]+)\\?\".*references non-existent "
    r"(?P<kind>config|secret) key: (?P<key>\S+)"
)
_FIRST_TRIES_SECONDS = 10


def _missing(text: str) -> dict[str, str] | None:
    """What is missing: `object` (its kind), `name` or `volume`, and the `key` if only that is."""
    for pattern in (_KEY, _VOLUME_KEY, _OBJECT):
        found = pattern.search(text)
        if found:
            groups = found.groupdict()
            kind = _KINDS[groups.pop("kind").lower().rstrip("s")]
            return {**groups, "object": kind}
    return None


def _said(snapshot: ClusterSnapshot, item: Seen) -> str | None:
    """The kubelet's words on what this container waits for, once it is more than a first try."""
    state = item.state
    if state.state != "waiting":
        return None
    if state.reason in _WAITS:
        return state.message
    if state.reason not in {"ContainerCreating", "PodInitializing", ""}:
        return None
    created = item.pod.created_at
    tried = (snapshot.taken_at - created).total_seconds() if created else _FIRST_TRIES_SECONDS
    for seen in reversed(snapshot.events_about(item.pod.ref)):
        if seen.reason in _MOUNTS and _missing(seen.message):
            return seen.message if tried >= _FIRST_TRIES_SECONDS else None
    return None


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    waits = (i for i in containers(snapshot) if _missing(_said(snapshot, i) or ""))
    for seen in by_owner(waits).values():
        first = seen[0]
        said = _said(snapshot, first) or ""
        facts = _missing(said) or {}
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
        mount = event_line(snapshot, pods, *_MOUNTS)
        yield with_evidence(finding, f'{first.state.reason}: "{shorten(said)}"', mount)


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


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    places, _keys = _uses(finding, snapshot)
    used = f" (used by {', '.join(places[:3])})" if places else ""
    what = f"the key {facts['key']} is missing in {_object(finding)}" if facts.get("key") else ""
    what = what or f"the {_object(finding)} does not exist"
    return (
        f"{facts['who']} cannot be created because {what}{used}."
        f"{changed_words(finding, snapshot, 'env', 'volumes', 'volumeMounts')}"
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    facts, (_places, keys) = finding.facts, _uses(finding, snapshot)
    kind, name = facts["object"].lower(), facts.get("name") or "<name>"
    if isinstance(_fix(finding, snapshot), RolloutUndo):
        return Advice(
            f"Create {_object(finding)} before the revision that uses it is deployed again."
        )
    if facts.get("key"):
        field = "stringData" if kind == "secret" else "data"
        change_ = f'{{"{field}":{{"{facts["key"]}":"<value>"}}}}'
        return Advice(
            f"Add the key {facts['key']} to {_object(finding)}, or correct the key that the "
            "pod asks for. The pods start by themselves then.",
            f"kubectl -n {snapshot.namespace} patch {kind} {name} --type merge -p '{change_}'",
        )
    words = ["create", kind, *(["generic"] if kind == "secret" else []), name]
    values = " ".join(f"--from-literal={key}=<value>" for key in keys or ["<key>"])
    return Advice(
        f"Create {_object(finding)} with the values that belong there, or correct the name that "
        "the pod asks for. The pods start by themselves then.",
        f"{kubectl(snapshot, *words)} {values}",
    )


def _refers(template: PodTemplate, facts: dict[str, str]) -> bool:
    envs = [env for container in template.containers for env in container.env]
    by_env = any(
        env.object == facts.get("name") and facts.get("key") in {None, env.key} for env in envs
    )
    return by_env or any(r.name == facts.get("name") for r in template.references)


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


def _examples() -> tuple[Example, ...]:
    wait, claims = "CreateContainerConfigError", "Deployment/web"
    state = waiting(wait, 'configmap "app-config" not found')
    key = waiting(wait, "couldn't find key api-key in Secret shop/app-secret")
    plain = waiting(wait, "couldn't find key region in ConfigMap shop/app-config")
    env = EnvVar(name="API_KEY", source="secret", object="app-secret", key="api-key")
    new = earlier(
        change("envFrom", None, "ConfigMap app-config"), template=PodTemplate(containers=(spec(),))
    )
    same = PodTemplate(references=(Reference(kind="ConfigMap", name="app-config", via="envFrom"),))
    old = earlier(change("image", "a:1", "a:2"), template=same)
    mount = event(
        "FailedMount", 'MountVolume.SetUp failed for volume "c" : configmap "settings" not found'
    )
    creating = pod(waiting("ContainerCreating"), phase="Pending")
    fresh = pod(waiting("ContainerCreating"), phase="Pending", created_at=ago(2))
    return (
        Example("missing ConfigMap", broken(state), claims),
        Example("missing key of a Secret", broken(key, container=spec(env=(env,))), claims),
        Example("missing key of a ConfigMap", broken(plain), claims, "patch_configmap"),
        Example("reference of the last revision", broken(state, last=new), claims, "rollout_undo"),
        Example("deleted under an old reference", broken(state, last=old), claims),
        Example("volume of a missing ConfigMap", snapshot_of(web(), creating, mount), claims),
        Example("first try of a mount", snapshot_of(web(), fresh, mount), None),
        Example(
            "another reason",
            broken(waiting(wait, "container has runAsNonRoot and image will run as root")),
            None,
        ),
        Example("healthy", healthy(), None),
    )


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
    drill=Drill(
        before=deployment("sleep 3600"),
        manifest=deployment(
            "sleep 3600", container="envFrom: [{configMapRef: {name: ledger-settings}}]"
        ),
        ends="healed",
        settle="config",
    ),
    examples=_examples,
    fix=_fix,
    actions=("rollout_undo", "patch_configmap"),
)
