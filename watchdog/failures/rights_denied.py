"""A pod is ready, but its log says again and again that the API server denies it a right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.owners import Trouble, alive, kubectl, owner_finding
from watchdog.failures.rights_missing import ACCOUNT, DENIED, GRANT
from watchdog.text.format import verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

_OFTEN = 3
# What was denied before this many other lines is over.
_LAST_LINES = 12


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
            line = f"log {tail.pod}/{tail.container}: {verbatim(shorten(said[-1]))}"
            account = ACCOUNT.search(said[-1])
            facts = {"said": shorten(said[-1]), "times": str(len(said))}
            facts |= {"account": account[1]} if account else {}
            trouble = Trouble("ready, but denied a right", (line,), [pod], None, facts)
            finding = owner_finding("rights_denied", snapshot, pod.owner, trouble)
            yield finding.model_copy(update={"container": tail.container})
            break


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    account = f" {facts['account']}" if "account" in facts else ""
    return (
        f"Container {finding.container} is ready, but the API server denies its service account"
        f"{account} a right that it keeps asking for (RBAC), {facts['times']} times in what was "
        f"read of its log: {verbatim(facts['said'])}."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    pod, name = finding.pods[0], finding.container or ""
    return Advice(GRANT, kubectl(snapshot, "logs", pod, "-c", name, "--tail=50"))


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
)
