"""A pod is ready, but its log says again and again that the API server denies it a right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures import manifest
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import shorten
from watchdog.failures.owners import Trouble, alive, owner_finding
from watchdog.failures.rights_missing import DENIED, GRANT, WHOM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

_OFTEN = 3
# What was denied before this many other lines is over.
_LAST_LINES = 12
_SAID = (
    'E1123 watch.go:12] configmaps is forbidden: User "system:serviceaccount:shop:web" cannot list '
    'resource "configmaps" in API group "" in the namespace "shop"'
)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    told = set()
    for pod in alive(snapshot):
        if pod.sick or not pod.ready or pod.owner in told:
            continue
        for tail in snapshot.logs:
            if tail.pod != pod.ref.name or tail.previous:
                continue
            said = [line for line in tail.lines if DENIED.search(line)]
            if len(said) < _OFTEN or said[-1] not in tail.lines[-_LAST_LINES:]:
                continue
            told.add(pod.owner)
            line = f'log {tail.pod}/{tail.container}: "{shorten(said[-1])}"'
            whom = WHOM.search(said[-1])
            facts = {"said": shorten(said[-1]), "times": str(len(said))}
            facts |= {"whom": whom[1]} if whom else {}
            trouble = Trouble("ready, but denied a right", (line,), [pod], None, facts)
            finding = owner_finding("rights_denied", snapshot, pod.owner, trouble)
            yield finding.model_copy(update={"container": tail.container})
            break


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    whom = f" {facts['whom']}" if "whom" in facts else ""
    return (
        f"Container {finding.container} is ready, but the API server denies its service account"
        f"{whom} a right that it keeps asking for, {facts['times']} times in the last minutes "
        f'(RBAC): "{facts["said"]}".'
    )


def _advise(_finding: Finding, _snapshot: ClusterSnapshot) -> Advice:
    return Advice(GRANT)


def _examples() -> tuple[Example, ...]:
    claims = "Deployment/web"
    calm = "\n".join(f"GET /orders/{number} 200" for number in range(30))
    again = "\n".join([_SAID] * 4)
    return (
        Example("denied again and again", ex.healthy(again), claims),
        Example("denied once", ex.healthy(_SAID), None),
        Example("granted since", ex.healthy(f"{again}\n{calm}"), None),
        Example("other words", ex.healthy("\n".join(["GET /admin forbidden 403"] * 9)), None),
        Example("nothing of its log is known", ex.healthy(), None),
    )


RIGHTS_DENIED = FailureKind(
    name="rights_denied",
    summary="a ready pod's log repeats that RBAC denies it a right (with `observe.healthy_logs`)",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "The pod is ready, but part of its work fails: name the verb and the resource that RBAC "
        "denies. Rights are granted by a person."
    ),
    drill=Drill(
        manifest=manifest.deployment(f"while true; do echo '{_SAID}'; sleep 3; done"),
        settle="ready",
        observe={"healthy_logs": 5},
    ),
    examples=_examples,
)
