"""A container is ready and goes on, but was restarted several times just before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures.example import (
    ago,
    healthy,
    log,
    pod,
    running,
    snapshot_of,
)
from watchdog.failures.example import (
    deployment as web,
)
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import event_line, log_lines, quotes, shorten, telling
from watchdog.failures.look import (
    Seen,
    exit_code,
    make_finding,
    matching,
    restarts_often,
    with_evidence,
)
from watchdog.failures.manifest import deployment
from watchdog.failures.owners import kubectl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

NAME = "restarting"
SUMMARY = "restarts again and again"


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    def often(item: Seen) -> bool:
        return item.state.state == "running" and restarts_often(item, snapshot.taken_at)

    for _owner, seen in matching(snapshot, often):
        first = seen[0]
        told = next(iter(telling(log_lines(snapshot, first), 1)), None)
        finding = make_finding(
            NAME,
            SUMMARY,
            snapshot,
            seen,
            restarts=str(first.state.restarts),
            code=str(exit_code(first.state)),
            line=told,
        )
        pods = [item.pod for item in seen]
        backoff = event_line(snapshot, pods, "BackOff", "Killing")
        yield with_evidence(finding, *quotes(snapshot, first, 1), backoff)


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    line = f': "{shorten(facts["line"])}"' if "line" in facts else ""
    return (
        f"{facts['who']} runs now, but was restarted {facts['restarts']} times; its last run ended "
        f"with exit code {facts['code']}{line}."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    logs = ("logs", finding.pods[0], "-c", finding.container or "", "--previous", "--tail=50")
    return Advice(
        "Find out in the log of the previous run why it ends, before it ends for good.",
        kubectl(snapshot, *logs),
    )


def _examples() -> tuple[Example, ...]:
    def runs(since: float, before: float, restarts: int = 4) -> ClusterSnapshot:
        state = running(
            restarts=restarts,
            for_seconds=since,
            last_reason="Error",
            last_exit_code=1,
            last_started_at=ago(since + before),
            last_finished_at=ago(since),
        )
        return snapshot_of(web(ready=1), pod(state, sick=True), log("worker lost"))

    return (
        Example("ready for a while", runs(120, 3), "Deployment/web"),
        Example("one restart", runs(120, 400, restarts=1), None),
        Example("recovered", runs(900, 3), None),
        Example("long ago", runs(90000, 400), None),
        Example("healthy", healthy(), None),
    )


RESTARTING = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The container is ready now but keeps ending. Say why its last run ended.",
    drill=Drill(
        manifest=deployment(
            "echo x >> /runs/log; [ $(wc -l < /runs/log) -gt 2 ] && sleep 3600; "
            "echo worker lost; exit 1",
            container="volumeMounts: [{name: runs, mountPath: /runs}]",
            pod="volumes: [{name: runs, emptyDir: {}}]",
        ),
        settle="calmed",
    ),
    examples=_examples,
)
