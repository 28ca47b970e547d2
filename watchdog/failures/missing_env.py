"""A container exits because an environment variable that it needs is not set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.actions import PatchDeploymentEnv, RolloutUndo
from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import crashes, exit_code, make_finding, matching, with_evidence
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import event_line, quote, shorten, told_by
from watchdog.detection.owners import SETTABLE, kubectl, listed, word
from watchdog.detection.rollback import (
    changed_words,
    deployment_of,
    made_anew,
    now_and_for_good,
    permanent,
    undo,
)
from watchdog.snapshot.pod_template import EnvVar
from watchdog.text.format import verbatim
from watchdog.text.root_record import LONGEST_LINE
from watchdog.text.secret_names import is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.pod_template import ContainerSpec
    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "missing_env"
SUMMARY = "missing environment variable"
_KILLED = (137, 143)
_SOURCES = {"secret": "Secret", "configmap": "ConfigMap"}
_APPROVED = "sre-watchdog/approved-env."


def _has(container: ContainerSpec | None, name: str) -> bool:
    found = next((env for env in container.env if env.name == name), None) if container else None
    return found is not None and not found.empty and not found.optional


def _missing(snapshot: ClusterSnapshot, item: ContainerView) -> list[tuple[str, str]]:
    """Names that the log says are not set, and that really are not, each with its line."""
    # Imported here because its patterns take longer to compile than a healthy pass has time for.
    from watchdog.detection.missing_env_patterns import missing_names

    told = told_by(snapshot, item)
    names = missing_names(told.texts, told.source) if told and told.sure else []
    line = told.line if told else ""
    return [(name, line) for name in names if not _has(item.spec, name)]


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    def lacks(item: ContainerView) -> bool:
        ended = crashes(item, snapshot) and exit_code(item.state) not in _KILLED
        return ended and bool(_missing(snapshot, item))

    for owner, seen in matching(snapshot, lacks):
        missing = _missing(snapshot, seen[0])
        dep = snapshot.deployment(owner)
        last = dep.last_available if dep else None
        before = last.template.container(seen[0].state.name) if last else None
        # What the last good revision had explains most; the rest in the order of the log.
        missing.sort(key=lambda pair: not _has(before, pair[0]))
        name, line = missing[0]
        source = _optional_source(seen[0].spec, name)
        finding = make_finding(
            NAME,
            SUMMARY,
            snapshot,
            seen,
            env=name,
            all=" ".join(dict.fromkeys(name for name, _ in missing)),
            code=str(exit_code(seen[0].state)),
            line=shorten(line, LONGEST_LINE),
            had=str(last.revision) if last and _has(before, name) else None,
            source=_SOURCES.get(source.source) if source else None,
            source_name=source.object if source else None,
            source_key=source.key if source else None,
        )
        backoff = event_line(snapshot, [item.pod for item in seen], "BackOff")
        yield with_evidence(finding, quote(seen[0], line), backoff)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts, names = finding.facts, finding.facts["all"].split()
    verb = "is" if len(names) == 1 else "are"
    text = (
        f"{facts['who']} exits at start (exit code {facts['code']}) because the environment "
        f"variable{'s' if len(names) > 1 else ''} {listed(names)} {verb} not set: "
        f"{verbatim(facts['line'])}."
    )
    return text + changed_words(finding, snapshot, *(f"env {name}" for name in names), "envFrom")


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    name, ref = finding.facts["env"], finding.target
    names = finding.facts["all"].split()
    if "source" in finding.facts:
        return _into_source(finding, snapshot)
    if is_secret_name(name) and not isinstance(_fix(finding, snapshot), RolloutUndo):
        return _into_secret(name, finding, snapshot)
    if isinstance(_fix(finding, snapshot), RolloutUndo):
        lasting = permanent(ref, snapshot, listed(names))
        return Advice(f"{lasting} Do so before this revision is deployed again.")
    plain = [each for each in names if not is_secret_name(each)]
    secret = f" Take {listed(found)} from a Secret." if (found := set(names) - set(plain)) else ""
    if ref.kind in SETTABLE:
        setting = kubectl(snapshot, "set", "env", word(ref), "-c", finding.container or "")
        change = f"Set {listed(plain)} on container {finding.container}"
        values = " ".join(f"{each}=<value>" for each in plain)
        return Advice(f"{now_and_for_good(ref, snapshot, change)}{secret}", f"{setting} {values}")
    if again := made_anew(ref, snapshot):
        return Advice(f"Set {listed(names)} in the manifest of {ref}.{again}")
    return Advice(permanent(ref, snapshot, listed(names)))


def _optional_source(container: ContainerSpec | None, name: str) -> EnvVar | None:
    """The optional reference to a key that the variable is taken from, if it has one."""
    return next(
        (
            env
            for env in (container.env if container else ())
            if env.name == name and env.optional and env.object and env.key
        ),
        None,
    )


def _into_source(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    facts = finding.facts
    kind, field = facts["source"], "stringData" if facts["source"] == "Secret" else "data"
    return Advice(
        f"Add the key {facts['source_key']} to {kind} {facts['source_name']} (under {field}), "
        f"which {facts['env']} is taken from: the reference is optional, so the pod starts without "
        "it. Restart the workload then.",
        kubectl(snapshot, "edit", kind.lower(), facts["source_name"]),
    )


def _into_secret(name: str, finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    """A credential stands in a Secret only: no manifest and no shell history holds its value."""
    ref, key = finding.target, name.lower().replace("_", "-")
    secret = f"{ref.name}-credentials"
    create = kubectl(snapshot, "create", "secret", "generic", secret)
    return Advice(
        f"{name} is a credential: keep it in a Secret, and where {ref} is deployed from give "
        f"container {finding.container} an env entry {name} with valueFrom.secretKeyRef "
        f"(name: {secret}, key: {key}). The command reads the value from a file."
        f"{_besides(finding)}",
        f"{create} --from-file={key}=<file>",
    )


def _besides(finding: Finding) -> str:
    rest = [each for each in finding.facts["all"].split() if each != finding.facts["env"]]
    return f" {listed(rest)} {'are' if len(rest) > 1 else 'is'} not set either." if rest else ""


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> PatchDeploymentEnv | RolloutUndo | None:
    dep = deployment_of(finding, snapshot)
    if dep is None or finding.container is None:
        return None
    name = finding.facts["env"]
    if "had" not in finding.facts and f"{_APPROVED}{name}" not in dep.annotations:
        # No entry of what worked had the variable: a new image or command asks for it, or it came
        # from an object of which all entries were taken.
        asks = ("image", "command", "args", "envFrom")
        found = undo(finding, snapshot, *asks, container=finding.container)
        if found:
            return found
        if is_secret_name(name):
            return None
    if "source" in finding.facts:
        return None
    return PatchDeploymentEnv(target=finding.target, container=finding.container, name=name)


MISSING_ENV = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "The log names a variable that the container's env lacks. Prefer the value of the last "
        "available revision; suggest a value only where the log or other settings make it plain."
    ),
    fix=_fix,
    actions=("patch_deployment_env", "rollout_undo"),
)
