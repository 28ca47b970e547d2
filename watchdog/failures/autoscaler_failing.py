"""A HorizontalPodAutoscaler that cannot scale: no target, no metrics, or no requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.message_names import OBJECT, QUALIFIED
from watchdog.detection.owners import Trouble, age, kubectl, owner_finding, sentence
from watchdog.snapshot.snapshot import AutoscalerSummary
from watchdog.text.format import verbatim
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

_NO_TARGET = regex(rf'\S+ "({OBJECT})" not found')
_NO_REQUEST = regex(rf"missing request for ({QUALIFIED})(?!\S)(?: in container ({OBJECT})(?!\S))?")
_NO_API = regex(
    r"could not find the requested resource|unable to handle the request"
    r"|no endpoints available|connection refused|i/o timeout|deadline exceeded"
)
_NO_METRICS = regex(r"unable to (?:fetch|get) .{0,80}metrics|no metrics returned")
# A fresh pod has no metrics for a minute or two, and the controller looks every 15 s.
_TARGET_SECONDS = 30.0
_METRICS_SECONDS = 180.0
# Reasons that are someone's wish, or pass by themselves.
_FINE = {"ScalingDisabled", "BackoffBoth", "BackoffDownscale", "BackoffUpscale"}
# What another writer got in the way of; the controller tries again at once.
_CONFLICT, _CONFLICT_SECONDS = "FailedUpdateScale", 300.0
# As long as the alert of kubernetes-mixin waits (KubeHpaMaxedOut).
_LIMITED_SECONDS = 900.0


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for autoscaler in snapshot.autoscalers:
        trouble = _no_target(snapshot, autoscaler) or _maxed_out(snapshot, autoscaler)
        if trouble:
            yield owner_finding("autoscaler_failing", snapshot, autoscaler.ref, trouble)
            continue
        for type_, grace in (("AbleToScale", _TARGET_SECONDS), ("ScalingActive", _METRICS_SECONDS)):
            found = next((c for c in autoscaler.conditions if c.type == type_), None)
            if found is None or found.status != "False" or found.reason in _FINE:
                continue
            wait = _CONFLICT_SECONDS if found.reason == _CONFLICT else grace
            if age(snapshot, found.since) < wait:
                continue
            line = f"{type_}=False ({found.reason}): {shorten(found.message)}"
            facts = {"message": shorten(found.message), "target": str(autoscaler.target)}
            trouble = Trouble("autoscaler cannot scale", (line,), (), found.since, facts)
            yield owner_finding("autoscaler_failing", snapshot, autoscaler.ref, trouble)
            break


def _no_target(snapshot: ClusterSnapshot, autoscaler: AutoscalerSummary) -> Trouble | None:
    """What to say of an autoscaler whose target is not there, though it has not said so itself."""
    told = any(condition.type == "AbleToScale" for condition in autoscaler.conditions)
    if told or not autoscaler.target_absent:
        return None
    if age(snapshot, autoscaler.created_at) < _TARGET_SECONDS:
        return None
    message = f'{autoscaler.target.kind.lower()}s "{autoscaler.target.name}" not found'
    # Since when it is gone is not known.
    line = f"{autoscaler.ref} scales {autoscaler.target}, which does not exist"
    facts = {"message": message, "target": str(autoscaler.target)}
    return Trouble("autoscaler cannot scale", (line,), facts=facts)


def _maxed_out(snapshot: ClusterSnapshot, autoscaler: AutoscalerSummary) -> Trouble | None:
    """What to say of an autoscaler that would add pods for long, and may not."""
    limited = next(
        (
            condition
            for condition in autoscaler.conditions
            if condition.type == "ScalingLimited"
            and condition.status == "True"
            and condition.reason == "TooManyReplicas"
        ),
        None,
    )
    most = autoscaler.max_replicas
    if limited is None or autoscaler.current < most or autoscaler.min_replicas >= most:
        return None
    if age(snapshot, limited.since) < _LIMITED_SECONDS:
        return None
    line = f"ScalingLimited=True ({limited.reason}): {shorten(limited.message)}"
    facts = {"most": str(most), "target": str(autoscaler.target), "message": limited.message}
    return Trouble("autoscaler is at its maximum", (line,), (), limited.since, facts)


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    message, target = finding.facts["message"], finding.facts["target"]
    name = finding.target.name
    if most := finding.facts.get("most"):
        return (
            f"By the load that it measures, autoscaler {name} wants more pods of {target} than the "
            f"{most} that its maxReplicas allows."
        )
    if found := _NO_REQUEST.search(message):
        where = f" for container {found[2]}" if found[2] else ""
        return (
            f"Autoscaler {name} cannot tell how loaded {target} is: its pods have no {found[1]} "
            f"request{where} to compare their use with."
        )
    if _NO_API.search(message):
        return (
            f"Autoscaler {name} gets no metrics for {target}: the metrics API of the cluster does "
            "not answer."
        )
    if _NO_METRICS.search(message):
        return sentence(f"Autoscaler {name} gets no metrics for {target}: {verbatim(message)}")
    if _NO_TARGET.search(message) and "metrics" not in message:
        return f"Autoscaler {name} scales {target}, which does not exist."
    return sentence(f"Autoscaler {name} cannot scale {target}: {verbatim(message)}")


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    message, target = finding.facts["message"], finding.facts["target"]
    describe = kubectl(snapshot, "describe", "hpa", finding.target.name)
    if "most" in finding.facts:
        text = (
            f"Find out what loads {target}; raise maxReplicas of {finding.target} if the cluster "
            "has room, or its pods' requests if each should take more."
        )
        return Advice(text, describe)
    if found := _NO_REQUEST.search(message):
        return Advice(f"Give every container of {target} a {found[1]} request.", describe)
    if _NO_API.search(message) or _NO_METRICS.search(message):
        text = "Install or repair the metrics server, or the adapter that serves this metric."
        return Advice(text, "kubectl get apiservices")
    if _NO_TARGET.search(message):
        return Advice(f"Correct scaleTargetRef of {finding.target}, or create {target}.", describe)
    return Advice(f"Correct {finding.target}.", describe)


AUTOSCALER_FAILING = FailureKind(
    name="autoscaler_failing",
    summary="a HorizontalPodAutoscaler cannot scale, or has been at its maximum for long",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The pods may be fine meanwhile; the autoscaler's condition names what it lacks.",
)
