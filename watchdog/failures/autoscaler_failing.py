"""A HorizontalPodAutoscaler that cannot scale: no target, no metrics, or no requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import shorten
from watchdog.failures.owners import Trouble, age, kubectl, owner_finding, sentence, word
from watchdog.observation.base import Condition
from watchdog.observation.snapshot import AutoscalerSummary
from watchdog.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

_NO_TARGET = regex(r'\S+ "([^"]+)" not found')
_NO_REQUEST = regex(r"missing request for (\S+)(?: in container (\S+))?")
_NO_API = regex(r"could not find the requested resource|unable to fetch metrics")
# A fresh pod has no metrics for a minute or two, and the controller looks every 15 s.
_TARGET_SECONDS = 30.0
_METRICS_SECONDS = 180.0
# Reasons that are somebody's wish, or pass by themselves.
_FINE = {
    "ScalingDisabled",
    "BackoffBoth",
    "BackoffDownscale",
    "BackoffUpscale",
    "FailedUpdateScale",
}


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for autoscaler in snapshot.autoscalers:
        for type_, grace in (("AbleToScale", _TARGET_SECONDS), ("ScalingActive", _METRICS_SECONDS)):
            found = next((c for c in autoscaler.conditions if c.type == type_), None)
            if found is None or found.status != "False" or found.reason in _FINE:
                continue
            if age(snapshot, found.since) < grace:
                continue
            line = f"{type_}=False ({found.reason}): {shorten(found.message)}"
            facts = {"message": shorten(found.message), "target": word(autoscaler.target)}
            trouble = Trouble("autoscaler cannot scale", (line,), (), found.since, facts)
            yield owner_finding("autoscaler_failing", snapshot, autoscaler.ref, trouble)
            break


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    message, target = finding.facts["message"], finding.facts["target"]
    name = finding.target.name
    if found := _NO_REQUEST.search(message):
        where = f" of container {found[2]}" if found[2] else ""
        return (
            f"Autoscaler {name} cannot compute a load for {target}: its pods have no {found[1]} "
            f"request{where} to compare the use with."
        )
    if _NO_API.search(message):
        return (
            f"Autoscaler {name} gets no metrics for {target}: the metrics API of the cluster does "
            "not answer."
        )
    if _NO_TARGET.search(message) and "metrics" not in message:
        return f"Autoscaler {name} scales {target}, which does not exist."
    return sentence(f"Autoscaler {name} cannot scale {target}: {message}")


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    message, target = finding.facts["message"], finding.facts["target"]
    describe = kubectl(snapshot, "describe", "hpa", finding.target.name)
    if found := _NO_REQUEST.search(message):
        return Advice(f"Give every container of {target} a {found[1]} request.", describe)
    if _NO_API.search(message):
        text = "Install or repair the metrics server, or the adapter that serves this metric."
        return Advice(text, "kubectl get apiservices")
    if _NO_TARGET.search(message):
        return Advice(f"Correct scaleTargetRef of {finding.target}, or create {target}.", describe)
    return Advice(f"Correct {finding.target}.", describe)


def _scaler(type_: str, reason: str, message: str, **more: object) -> AutoscalerSummary:
    failing = Condition(
        type=type_, status="False", reason=reason, message=message, since=ex.ago(600)
    )
    values = {
        "ref": ex.ref("HorizontalPodAutoscaler", "web"),
        "target": ex.WEB,
        "conditions": (failing,),
    }
    return AutoscalerSummary.model_validate({**values, **more})


def _examples() -> tuple[Example, ...]:
    metrics = "unable to get metrics for resource cpu: unable to fetch metrics"
    absent = _scaler("AbleToScale", "FailedGetScale", 'deployments.apps "web" not found')
    request = "missing request for cpu in container main of Pod web-7d9f-x2k4p"
    blind = _scaler("ScalingActive", "FailedGetResourceMetric", metrics)
    young = blind.conditions[0].model_copy(update={"since": ex.ago(60)})
    off = _scaler("ScalingActive", "ScalingDisabled", "the replica count of the target is zero")
    name = "HorizontalPodAutoscaler/web"
    return (
        Example("its target does not exist", ex.snapshot_of(absent), name),
        Example("no metrics", ex.snapshot_of(blind), name),
        Example(
            "no requests",
            ex.snapshot_of(_scaler("ScalingActive", "FailedGetResourceMetric", request)),
            name,
        ),
        Example(
            "no metrics yet",
            ex.snapshot_of(blind.model_copy(update={"conditions": (young,)})),
            None,
        ),
        Example("scaled to zero on purpose", ex.snapshot_of(off), None),
    )


AUTOSCALER_FAILING = FailureKind(
    name="autoscaler_failing",
    summary="a HorizontalPodAutoscaler cannot scale: target, metrics or requests are missing",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The pods may be fine meanwhile; the autoscaler's condition names what it lacks.",
    drill=Drill(
        manifest="""\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shelf}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shelf}
  maxReplicas: 3
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
""",
        settle="condition",
    ),
    examples=_examples,
)
