"""A custom resource says of itself that it failed, or is on its way for too long.

Its own condition is quoted, and nothing of it is ever changed. What only suffers from it (the pods
that miss the Secret of a Certificate) is held against it in diagnosis/shared_causes.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.missing_object import missed_by
from watchdog.detection.owners import Trouble, age, kubectl, listed, owner_finding
from watchdog.model.diagnosis import Impact
from watchdog.text.format import verbatim
from watchdog.text.sanitize import term

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.custom import CustomResourceSummary
    from watchdog.snapshot.refs import ObjectRef
    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "custom_resource_failing"
_MOST_NAMED = 5


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    waiting = _waiting(snapshot)
    for item in snapshot.custom_resources:
        waited_for = waiting.get(item.ref, [])
        if not waited_for and age(snapshot, _since(item)) < _grace(item, snapshot):
            continue
        condition = item.condition
        status, why = _words(condition.status), _words(condition.reason)
        says = f"{condition.type} is {status}" if status else f"it has {condition.type}"
        if item.condition.type == "observedGeneration":
            says = "its controller has not acted on its last change"
        reason = f" ({why})" if why else ""
        said = f": {verbatim(shorten(condition.message))}" if condition.message else ""
        owns = _owned(item, snapshot)
        facts = {"says": says, "resource": item.resource}
        facts |= {"reason": why} if why else {}
        facts |= {"said": condition.message} if condition.message else {}
        facts |= {"owns": listed(owns)} if owns else {}
        facts |= (
            {"makes": listed(f"{ref.kind} {ref.name}" for ref in item.makes)} if item.makes else {}
        )
        evidence = (f"{item.ref}: {says}{reason}{said}", *item.parts, *owns)
        start = condition.since
        trouble = Trouble(f"{says}{reason}", evidence, (), start, facts, origin="outside")
        finding = owner_finding(NAME, snapshot, item.ref, trouble)
        if waited_for:
            impact = Impact(words=f"{listed(waited_for)} cannot start")
            finding = finding.model_copy(update={"impact": impact})
        yield finding


def _words(text: str) -> str:
    """What a status says, as it is if it is one word; phases of some kinds are sentences."""
    return text if text == term(text) else verbatim(text)


def _since(item: CustomResourceSummary) -> datetime | None:
    """Since when; for those that do not say, since they were made."""
    return item.condition.since or item.created_at


def _grace(item: CustomResourceSummary, snapshot: ClusterSnapshot) -> float:
    held = snapshot.thresholds
    return held.unready_seconds if item.state == "failed" else held.custom_resource_seconds


def _waiting(snapshot: ClusterSnapshot) -> dict[ObjectRef, list[str]]:
    """The owners of pods that wait for what a custom resource is to make, itself or through others.

    No grace is left to those: the failure shows already.
    """
    missed = {
        (kind, name): str(pod.owner)
        for pod in snapshot.pods
        for kind, name in missed_by(pod, snapshot)
    }
    found: dict[ObjectRef, list[str]] = {}
    rest = (
        [
            (
                item,
                [
                    missed[made.kind, made.name]
                    for made in item.makes
                    if (made.kind, made.name) in missed
                ],
            )
            for item in snapshot.custom_resources
        ]
        if missed
        else []
    )
    while rest:
        item, owners = rest.pop()
        if not owners or item.ref in found:
            continue
        found[item.ref] = owners
        rest += [(other, owners) for other in snapshot.custom_resources if item.works_with(other)]
    return found


def _owned(item: CustomResourceSummary, snapshot: ClusterSnapshot) -> list[str]:
    """The workloads that it deploys, as far as they were read and lack pods."""
    kind, name = item.ref.kind.partition(".")[0], item.ref.name
    units = {f"{kind} {name}", f"{kind.lower()} {name}"}
    lacking = [
        f"deploys {workload.ref}: {workload.ready} of {workload.desired} pods ready"
        for workload in snapshot.workloads()
        if workload.ready < workload.desired
        and (deployer := workload.managed_by) is not None
        and (deployer.unit in units or deployer.name == f"{item.ref.kind}/{name}")
    ]
    return lacking[:_MOST_NAMED]


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    reason = f" ({facts['reason']})" if "reason" in facts else ""
    text = f"{finding.target} says that {facts['says']}{reason}"
    text = f"{text}: {verbatim(shorten(facts['said']))}." if "said" in facts else f"{text}."
    if "makes" in facts:
        text = f"{text} It writes {facts['makes']}."
    return f"{text} It {facts['owns']}." if "owns" in facts else text


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    return Advice(
        f"Correct what {finding.target} complains of, or read its events and its controller's log "
        "if it says too little.",
        kubectl(snapshot, "describe", finding.facts["resource"], finding.target.name),
    )


CUSTOM_RESOURCE_FAILING = FailureKind(
    name=NAME,
    summary="a custom resource reports a failure, or is not ready for too long",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "The condition is the resource's own word. Nothing in it may be changed; what it makes or "
        "deploys comes right by itself once it is."
    ),
)
