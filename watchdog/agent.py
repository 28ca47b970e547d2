"""One pass: observe, diagnose, remediate, verify, in each watched namespace.

No adapter is made here (cli.py does that) and nothing is printed: a pass returns its Report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from watchdog.clock import Budget
from watchdog.diagnosis.diagnose import Ask, diagnose
from watchdog.diagnosis.prompt import Prompt
from watchdog.diagnosis.reply import Reply
from watchdog.diagnosis.rules import detect, summarise
from watchdog.errors import ClusterError
from watchdog.failures import KINDS
from watchdog.logs import audit, log
from watchdog.nouns import ActionResult, Finding, NamespaceReport, Outcome, Report, Verification
from watchdog.observation.collector import observe
from watchdog.observation.health import unhealthy
from watchdog.observation.reader import Reader
from watchdog.observation.snapshot import ClusterSnapshot
from watchdog.remediation.apply import Cluster as Writer
from watchdog.remediation.apply import Permission, Proposal, remediate
from watchdog.report.build import completed
from watchdog.report.events import events
from watchdog.report.progress import Progress
from watchdog.resources import NEW_EVENTS, Resource
from watchdog.settings import Settings
from watchdog.verification import settle, verify_namespace

LEGAL = {kind.name: kind.actions for kind in KINDS}


class Cluster(Reader, Writer, Protocol):
    """What a pass needs of the API server."""

    def create(
        self, resource: Resource, namespace: str, body: dict[str, Any], *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Create an object; here only Events."""
        ...


@dataclass
class Pass:
    """What one pass works with, and how much of it is used up.

    `ask` is None without a model, `consent` where no person can be asked. `instance` is the pod or
    host that runs it. `seconds` adds up what each stage took.
    """

    settings: Settings
    cluster: Cluster
    budget: Budget
    progress: Progress
    ask: Ask | None = None
    consent: Callable[[Proposal], bool] | None = None
    cluster_name: str = ""
    instance: str = "sre-watchdog"
    attempts_used: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add what this block takes to the stage's seconds."""
        started = self.budget.clock.monotonic()
        try:
            yield
        finally:
            spent = self.budget.clock.monotonic() - started
            self.seconds[stage] = round(self.seconds.get(stage, 0.0) + spent, 3)

    def asked(self) -> Ask | None:
        """`ask`, with the model's own time told apart from the rules'."""
        ask = self.ask
        if ask is None:
            return None

        def timed(prompt: Prompt) -> Reply:
            with self.timed("model"):
                return ask(prompt)

        return timed

    def may_write(self) -> None:
        """Raise ClusterError where the pass was told to stop: asked right before every write."""
        if self.budget.stopped:
            raise ClusterError("the pass was told to stop")


def run_pass(namespaces: tuple[str, ...], work: Pass) -> Report:
    """Look after every namespace and report; raises nothing of the cluster's.

    A namespace that cannot be observed makes the pass degraded; where none could be, it failed.
    """
    clock = work.budget.clock
    begun = Report(
        cluster=work.cluster_name,
        started_at=clock.now(),
        mode="dry_run" if work.settings.dry_run else "act",
    )
    reports = tuple(_reported(namespace, work) for namespace in namespaces)
    return completed(begun, reports, clock.now(), work.seconds)


def look_after(namespace: str, work: Pass) -> NamespaceReport:
    """The four verbs, on one namespace. Raises ClusterError where it could not even look."""
    with work.timed("observe"):
        snapshot = observe(
            work.cluster, namespace, work.settings, work.budget.clock, work.cluster_name
        )
        findings = detect(snapshot, KINDS)
    work.progress.stage("observe", _seen(snapshot, findings))

    with work.timed("diagnose"):
        diagnosis = diagnose(snapshot, findings, KINDS, work.settings, work.asked())
    if findings:
        work.progress.stage("diagnose", summarise(findings))

    with work.timed("remediate"):
        permission = _permission(work)
        attempts = remediate(diagnosis, findings, snapshot, work.cluster, permission)
    work.attempts_used += sum(attempt.counts for attempt in attempts)
    for attempt in attempts:
        done = attempt.result
        if attempt.applied is not None:
            # Before it is watched, so that a pass that dies meanwhile has left word of it.
            audit(f"{done.action.title}: sent", target=str(done.action.target), undo=done.undo)
        work.progress.stage("remediate", f"{done.action.title}: {done.outcome.replace('_', ' ')}")

    with work.timed("verify"):
        results = settle(attempts, work.cluster, permission, work.budget, _watching(work))
        verification = _verified(namespace, findings, results, work)

    report = NamespaceReport(
        namespace=namespace,
        objects=snapshot.objects,
        blind_spots=snapshot.blind_spots,
        cuts=tuple(str(cut) for cut in snapshot.cuts),
        findings=findings,
        diagnosis=diagnosis,
        actions=results,
        verification=verification,
    )
    _leave_traces(report, snapshot, work)
    return report


def diagnose_saved(snapshot: ClusterSnapshot, settings: Settings, ask: Ask | None) -> Report:
    """The report on a saved snapshot: what is broken and what would be done, nothing else."""
    findings = detect(snapshot, KINDS)
    found = NamespaceReport(
        namespace=snapshot.namespace,
        objects=snapshot.objects,
        blind_spots=snapshot.blind_spots,
        cuts=tuple(str(cut) for cut in snapshot.cuts),
        findings=findings,
        diagnosis=diagnose(snapshot, findings, KINDS, settings, ask),
    )
    begun = Report(cluster=snapshot.cluster, started_at=snapshot.taken_at, mode="dry_run")
    return completed(begun, (found,), snapshot.taken_at, {})


def _reported(namespace: str, work: Pass) -> NamespaceReport:
    try:
        return look_after(namespace, work)
    except ClusterError as error:
        return NamespaceReport(namespace=namespace, error=str(error))


def _permission(work: Pass) -> Permission:
    return Permission(
        settings=work.settings,
        attempts_left=max(0, work.settings.max_remediation_attempts - work.attempts_used),
        dry_run=work.settings.dry_run,
        legal=LEGAL,
        consent=work.consent,
        asks_first=work.consent is not None,
        still_ours=work.may_write,
        now=work.budget.clock.now,
    )


def _verified(
    namespace: str, findings: tuple[Finding, ...], results: tuple[ActionResult, ...], work: Pass
) -> Verification | None:
    """The namespace as a whole, once something was written; what nobody fixed is not waited for."""
    written = {Outcome.VERIFIED, Outcome.APPLIED, Outcome.UNDONE, Outcome.UNKNOWN}
    if not any(result.outcome in written for result in results):
        return None
    fixed = sum(result.outcome is Outcome.VERIFIED for result in results)
    verify = work.settings.verify
    if fixed < len(findings):
        verify = verify.model_copy(update={"timeout_seconds": verify.poll_seconds})

    def sick() -> tuple[str, ...]:
        return unhealthy(work.cluster, namespace, work.settings, work.budget.clock)

    return verify_namespace(sick, verify, work.budget, _watching(work))


def _watching(work: Pass) -> Callable[[str], None]:
    return lambda detail: work.progress.stage("verify", detail)


def _seen(snapshot: ClusterSnapshot, findings: tuple[Finding, ...]) -> str:
    pods, deployments = (snapshot.objects.get(name, 0) for name in ("pods", "deployments"))
    looked = f"{snapshot.namespace}: {pods} pods, {deployments} deployments"
    return f"{looked}, {len(findings)} broken" if findings else f"{looked}, nothing broken"


def _leave_traces(report: NamespaceReport, snapshot: ClusterSnapshot, work: Pass) -> None:
    """One audit line for each action, done or not, and an Event on the object of each write."""
    for result in report.actions:
        audit(
            f"{result.action.title}: {result.outcome}",
            namespace=report.namespace,
            action=result.action.kind,
            target=str(result.action.target),
            outcome=result.outcome,
            rule=result.rule,
            source=result.source,
            reason=result.reason,
        )
    uids = {seen.ref: seen.uid for seen in snapshot.workloads()}
    uids |= {pod.ref: pod.uid for pod in snapshot.pods}
    for body in events(report, work.budget.clock.now(), work.instance, uids):
        try:
            work.cluster.create(NEW_EVENTS, report.namespace, body)
        except ClusterError as error:
            # Events are kept for an hour anyway; the log line above is the record.
            log.debug("no Event was left: %s", error)
