"""A pod is ready, but its log repeats one and the same error, so part of its work fails.

What was read of the log has to show that for two minutes, by the times in its lines: a burst looks
the same otherwise. So a log without times is never spoken of, nor one of which the lines that are
read (`observe.log_lines`) are those of less than two minutes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import make_finding, with_evidence
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import log_lines, quote, shorten
from watchdog.detection.owners import age, alive, kubectl
from watchdog.detection.repeated_errors import Repeated, repeated
from watchdog.failures.cert_expired import CAUSE as CERT_EXPIRED
from watchdog.failures.connection_refused import CAUSE as CONNECTION_REFUSED
from watchdog.failures.credentials_refused import CAUSE as CREDENTIALS_REFUSED
from watchdog.failures.disk_full import CAUSE as DISK_FULL
from watchdog.failures.dns_failure import CAUSE as DNS_FAILURE
from watchdog.failures.permission_denied import CAUSE as PERMISSION_DENIED
from watchdog.failures.read_only_filesystem import CAUSE as READ_ONLY_FILESYSTEM
from watchdog.snapshot.pod_template import ContainerSpec
from watchdog.text.format import verbatim
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.detection.log_cause import LogCause
    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "steady_errors"
_CAUSES = (
    CERT_EXPIRED,
    READ_ONLY_FILESYSTEM,
    DISK_FULL,
    CREDENTIALS_REFUSED,
    PERMISSION_DENIED,
    DNS_FAILURE,
    CONNECTION_REFUSED,
)
# What fails while it starts may be over in a moment.
_RUNS_SECONDS = 120
_LATELY_SECONDS = 3600
_RUN_ONCE = {"Job", "CronJob", "Pod"}
_CLIENT = regex(r"\bclient: [\w.:]+")
_FIND_OUT = (
    "Find and correct what makes the log line appear. The pod is ready, so Kubernetes neither "
    "restarts it nor stops sending it requests."
)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    told = set()
    for item in _running_well(snapshot):
        found = repeated(log_lines(snapshot, item, running=True), snapshot.taken_at)
        if found and item.pod.owner not in told:
            told.add(item.pod.owner)
            yield _finding(snapshot, item, max(found, key=_says_most))


def _running_well(snapshot: ClusterSnapshot) -> Iterator[ContainerView]:
    for pod in alive(snapshot):
        if pod.ready and not pod.sick and pod.owner.kind not in _RUN_ONCE:
            for state in pod.containers:
                runs = state.state == "running" and not state.init
                if runs and age(snapshot, state.started_at) >= _RUNS_SECONDS:
                    spec = pod.template.container(state.name) or ContainerSpec(name=state.name)
                    yield ContainerView(pod, state, spec)


def _says_most(found: Repeated) -> tuple[bool, int]:
    return _cause(found.line) is not None, found.times


def _finding(snapshot: ClusterSnapshot, item: ContainerView, found: Repeated) -> Finding:
    cause = _cause(found.line)
    finding = make_finding(
        NAME,
        f"ready, but its log repeats: {cause.summary}" if cause else "ready, but repeats an error",
        snapshot,
        [item],
        said=shorten(found.line).replace('"', "'"),
        times=str(found.times),
        minutes=str(found.seconds // 60),
        like=cause.name if cause else None,
        subject=cause.about(_CLIENT.sub("", found.line)) if cause else None,
    )
    # The log shows that it has been so for that long, not since when.
    start = snapshot.taken_at - timedelta(seconds=found.seconds)
    finding = finding.model_copy(update={"since": start})
    return with_evidence(finding, quote(item, found.line))


def _cause(line: str) -> LogCause | None:
    return next((cause for cause in _CAUSES if cause.find([line])), None)


# --- what is said of it ----------------------------------------------------------------------


def _known(finding: Finding) -> LogCause | None:
    return next((cause for cause in _CAUSES if cause.name == finding.facts.get("like")), None)


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts, cause = finding.facts, _known(finding)
    why = f" Part of its work fails because {cause.because(facts.get('subject'))}" if cause else ""
    return (
        f"{facts['who']} is ready, but its log says the same error again and again, "
        f"{facts['times']} times within {facts['minutes']} minutes: {verbatim(facts['said'])}.{why}"
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    cause = _known(finding)
    to_do = cause.to_do if cause else _FIND_OUT
    pod = next((pod for pod in snapshot.pods if pod.ref.name == finding.pods[0]), None)
    if pod and age(snapshot, pod.created_at) <= _LATELY_SECONDS:
        to_do += (
            " Its pod is new: if the error came with a new revision, go back to the one before."
        )
    return Advice(
        to_do,
        kubectl(snapshot, "logs", finding.pods[0], "-c", finding.container or "", "--since=10m"),
    )


# --- examples --------------------------------------------------------------------------------


STEADY_ERRORS = FailureKind(
    name=NAME,
    summary="a ready pod's log repeats the same error (with `observe.healthy_logs`)",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "The pod is ready, but part of its work fails in the same way again and again: say what, "
        "and look for what it depends on in the same snapshot. A restart is no cure."
    ),
)
