"""A container is ready and goes on, but was restarted several times just before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import (
    exit_code,
    make_finding,
    matching,
    restarts_often,
    times,
    with_evidence,
)
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import (
    event_line,
    quotes,
    shorten,
    told_by,
)
from watchdog.detection.owners import kubectl
from watchdog.detection.restarts import restarted_by_rule
from watchdog.text.format import verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "restarting"
SUMMARY = "restarts again and again"


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    def often(item: ContainerView) -> bool:
        running = item.state.state == "running" or restarted_by_rule(item.state)
        return running and restarts_often(item, snapshot)

    for _owner, seen in matching(snapshot, often):
        first = seen[0]
        told = told_by(snapshot, first)
        finding = make_finding(
            NAME,
            SUMMARY,
            snapshot,
            seen,
            restarts=str(first.state.restarts),
            code=str(exit_code(first.state)),
            line=told.line if told else None,
        )
        pods = [item.pod for item in seen]
        if restarted_by_rule(first.state):
            yield with_evidence(_by_rule(finding, first))
            continue
        backoff = event_line(snapshot, pods, "BackOff", "Killing")
        yield with_evidence(finding, *quotes(snapshot, first), backoff)


def _by_rule(finding: Finding, item: ContainerView) -> Finding:
    """The finding, with the container whose rule restarts all of the pod, and how often."""
    specs = item.pod.template.containers
    rule = next((spec.name for spec in specs if spec.restarts_all), item.state.name)
    facts = {**finding.facts, "rule": rule}
    lines = [f"container {rule}: restartPolicyRules has the action RestartAllContainers"]
    if item.pod.created_at and item.state.started_at and item.state.restarts:
        lived = (item.state.started_at - item.pod.created_at).total_seconds()
        lines.append(f"one restart every {max(1, round(lived / item.state.restarts))} s")
    return with_evidence(finding.model_copy(update={"facts": facts}), *lines)


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    often = times(int(facts["restarts"]))
    if "rule" in facts:
        return (
            f"{facts['who']} was restarted {often} with all other containers of "
            f"its pod, by the rule RestartAllContainers of container {facts['rule']}: that "
            "container ends again and again. Kubernetes waits for nothing between such restarts, "
            "and keeps neither its exit code nor the log of the run before."
        )
    line = f": {verbatim(shorten(facts['line']))}" if "line" in facts else ""
    return (
        f"{facts['who']} runs now, but was restarted {often}; its last run ended with exit code "
        f"{facts['code']}{line}."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    if rule := finding.facts.get("rule"):
        return Advice(
            f"Read the log of container {rule} while it runs, and correct what ends it or its "
            "restartPolicyRules.",
            kubectl(snapshot, "logs", finding.pods[0], "-c", rule, "--follow"),
        )
    logs = ("logs", finding.pods[0], "-c", finding.container or "", "--previous", "--tail=50")
    return Advice(
        "Find out in the log of the previous run why it ends, before it ends for good.",
        kubectl(snapshot, *logs),
    )


RESTARTING = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The container is ready now but keeps ending. Say why its last run ended.",
)
