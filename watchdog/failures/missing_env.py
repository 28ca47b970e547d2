"""A container exits because an environment variable that it needs is not set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.actions import PatchDeploymentEnv, RolloutUndo
from watchdog.failures.example import broken, change, crashing, earlier, healthy, running, spec
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import event_line, log_lines, quote
from watchdog.failures.look import Seen, crashes, exit_code, make_finding, matching, with_evidence
from watchdog.failures.manifest import AT_ONCE, deployment
from watchdog.failures.owners import kubectl, listed, word
from watchdog.failures.repair import changed_words, deployment_of, permanent, undo
from watchdog.observation.pod_template import EnvVar, PodTemplate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.pod_template import ContainerSpec
    from watchdog.observation.snapshot import ClusterSnapshot

NAME = "missing_env"
SUMMARY = "missing environment variable"
_KILLED = (137, 143)
_APPROVED = "sre-watchdog/approved-env."


def _has(container: ContainerSpec | None, name: str) -> bool:
    found = next((env for env in container.env if env.name == name), None) if container else None
    return found is not None and not found.empty and not found.optional


def _missing(snapshot: ClusterSnapshot, item: Seen) -> list[tuple[str, str]]:
    """Names that the log says are not set, and that really are not, each with its line."""
    # Imported here because its patterns take longer to compile than a healthy pass has time for.
    from watchdog.failures.env_words import missing_names

    found = missing_names(log_lines(snapshot, item))
    return [(name, line) for name, line in found if not _has(item.spec, name)]


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    def lacks(item: Seen) -> bool:
        ended = crashes(item, snapshot.taken_at) and exit_code(item.state) not in _KILLED
        return ended and bool(_missing(snapshot, item))

    for owner, seen in matching(snapshot, lacks):
        missing = _missing(snapshot, seen[0])
        dep = snapshot.deployment(owner)
        last = dep.last_available if dep else None
        before = last.template.container(seen[0].state.name) if last else None
        # What the last good revision had explains most; the rest in the order of the log.
        missing.sort(key=lambda pair: not _has(before, pair[0]))
        name, line = missing[0]
        finding = make_finding(
            NAME,
            SUMMARY,
            snapshot,
            seen,
            env=name,
            all=" ".join(dict.fromkeys(name for name, _ in missing)),
            code=str(exit_code(seen[0].state)),
            had=str(last.revision) if last and _has(before, name) else None,
        )
        backoff = event_line(snapshot, [item.pod for item in seen], "BackOff")
        yield with_evidence(finding, quote(seen[0], line), backoff)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts, names = finding.facts, finding.facts["all"].split()
    verb = "is" if len(names) == 1 else "are"
    text = (
        f"{facts['who']} exits at start (exit code {facts['code']}) because the environment "
        f"variable{'s' if len(names) > 1 else ''} {listed(names)} {verb} not set."
    )
    return text + changed_words(finding, snapshot, *(f"env {name}" for name in names), "envFrom")


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    name, ref = finding.facts["env"], finding.target
    workload = snapshot.workload(ref)
    if isinstance(_fix(finding, snapshot), RolloutUndo):
        return Advice(
            f"Give {name} a value before this revision comes again. {permanent(workload, name)}"
        )
    if ref.kind in {"Deployment", "StatefulSet", "DaemonSet"}:
        setting = ("set", "env", word(ref), "-c", finding.container or "", f"{name}=<value>")
        command = kubectl(snapshot, *setting).replace(f"'{name}=<value>'", f"{name}=<value>")
        return Advice(permanent(workload, name), command)
    return Advice(
        f"Set {name} in the manifest of {ref} and create it again; a pod's environment cannot be "
        "changed in place."
    )


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> PatchDeploymentEnv | RolloutUndo | None:
    dep = deployment_of(finding, snapshot)
    if dep is None or finding.container is None:
        return None
    name = finding.facts["env"]
    if "had" not in finding.facts and f"{_APPROVED}{name}" not in dep.annotations:
        # Nothing that worked had the variable: a new image or command asks for it.
        found = undo(finding, snapshot, "image", "command", "args", container=finding.container)
        if found:
            return found
    return PatchDeploymentEnv(target=finding.target, container=finding.container, name=name)


def _examples() -> tuple[Example, ...]:
    had = PodTemplate(containers=(spec(env=(EnvVar(name="LEDGER_REGION"),)),))
    removed = earlier(change("env LEDGER_REGION", "set", None), template=had)
    text = "fatal: setting LEDGER_REGION must not be empty"
    set_ = spec(env=(EnvVar(name="LEDGER_REGION"),))
    empty = spec(env=(EnvVar(name="LEDGER_REGION", empty=True),))
    image = earlier(change("image", "app:1", "app:2"), template=PodTemplate(containers=(spec(),)))
    patch, claims = "patch_deployment_env", "Deployment/web"
    return (
        Example(
            "removed by the last revision",
            broken(crashing(), last=removed, text=text),
            claims,
            patch,
        ),
        Example("never set", broken(crashing(), text=text), claims, patch),
        Example("set to nothing", broken(crashing(), container=empty, text=text), claims, patch),
        Example(
            "asked for by a new image",
            broken(crashing(), last=image, text=text),
            claims,
            "rollout_undo",
        ),
        Example(
            "exits with 0",
            broken(crashing(0), text="Environment variable REGION is undefined"),
            claims,
            patch,
        ),
        Example("it is set after all", broken(crashing(), container=set_, text=text), None),
        Example(
            "only a warning of a pod that runs", healthy("WARN LEDGER_REGION is not set"), None
        ),
        Example("first restart", broken(running(restarts=1), text=text), None),
    )


_SHELL = ': "${LEDGER_REGION:?setting LEDGER_REGION must not be empty}"; sleep 3600'
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
    drill=Drill(
        before=deployment(
            _SHELL, strategy=AT_ONCE, container='env: [{name: LEDGER_REGION, value: "eu-1"}]'
        ),
        manifest=deployment(_SHELL, strategy=AT_ONCE),
        ends="healed",
    ),
    examples=_examples,
    fix=_fix,
    actions=("patch_deployment_env", "rollout_undo"),
)
