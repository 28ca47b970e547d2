"""The view to look at: one HTML file, with no script and nothing that is loaded from elsewhere.

Every value is escaped by the template; a policy in the file forbids scripts and all that would come
from another place, whatever a log says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined

from watchdog.model.history import Happening, PodLife, WorkloadHistory
from watchdog.model.incident import Incident
from watchdog.model.report import NamespaceReport, Report
from watchdog.report.case import Case
from watchdog.report.history import Page, lasted, tried
from watchdog.report.summary_line import closing, one_cause, undelivered
from watchdog.report.wording import chapters, ended, overview
from watchdog.text.format import clean, count, one_line

SIGNS = {
    "broken": "✗", "fixing": "…", "fixed": "✓", "needs you": "!", "would fix": "?", "resolved": "✓",
}  # fmt: skip
_LEAST_SPAN = timedelta(minutes=10)
_LANES = 60


@dataclass(frozen=True)
class Mark:
    """A point on a lane: where (percent from the left), and what happened there."""

    left: float
    what: str


@dataclass(frozen=True)
class Lane:
    """One bar of a chart, from `left` for `width` percent, with what happened on it."""

    name: str
    note: str
    left: float
    width: float
    state: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Chart:
    """Bars over time."""

    start: str
    end: str
    lanes: tuple[Lane, ...]


@dataclass(frozen=True)
class Problem:
    """One case with what is drawn of it."""

    case: Case
    moments: tuple[Happening, ...]
    history: WorkloadHistory | None
    pods: Chart | None


def render_html(report: Report) -> str:
    """The report as one HTML document."""
    found = chapters(report)
    parts = [
        (chapter, [_problem(case, item, report) for case in chapter.cases])
        for chapter, item in zip(found, report.namespaces, strict=True)
    ]
    return _environment().get_template("report.html.j2").render(
        title=_title(report),
        parts=parts,
        overview=overview(found),
        report=report,
        ended=ended(report),
        closing=closing(report),
        one_cause=one_cause(report),
        undelivered=undelivered(report),
        dry_run=report.mode == "dry_run",
    )  # fmt: skip


def render_history_html(pages: Iterable[Page], now: datetime) -> str:
    """What memory holds, over time, as one HTML document."""
    shown = [(page, _chart_of(page.memory.incidents, now)) for page in pages]
    return _environment().get_template("history.html.j2").render(
        title="Incidents over time",
        pages=[
            (
                page,
                chart,
                sorted(page.memory.incidents, key=lambda i: (not i.open, -i.last_seen.timestamp())),
            )
            for page, chart in shown
        ],
        now=now,
        lasted=partial(lasted, now=now),
        tried=tried,
    )  # fmt: skip


def _title(report: Report) -> str:
    names = ", ".join(item.namespace for item in report.namespaces[:3])
    more = len(report.namespaces) - 3
    also = f" and {count(more, 'more namespace')}" if more > 0 else ""
    return one_line(f"{names}{also}" + (f" on {report.cluster}" if report.cluster else ""))


def _problem(case: Case, item: NamespaceReport, report: Report) -> Problem:
    found = next((each for each in item.workloads if each.target == case.finding.target), None)
    moments = sorted(_moments(case, item, found, report), key=lambda moment: moment.at)
    return Problem(case, tuple(moments), found, _pods(found) if found and found.pods else None)


def _moments(
    case: Case, item: NamespaceReport, history: WorkloadHistory | None, report: Report
) -> Iterator[Happening]:
    """What happened when: revisions, crashes, events, what was tried, and how it ended."""
    for revision in history.revisions if history else ():
        if revision.created_at:
            worked = " (it worked)" if revision.worked else ""
            what = f"Revision {revision.revision}{worked}"
            yield Happening(at=revision.created_at, what=what)
    for pod in history.pods if history else ():
        if pod.ended_at:
            how = f"{pod.name}: its last run ended{f' ({pod.ended})' if pod.ended else ''}"
            yield Happening(at=pod.ended_at, what=how)
    yield from history.events if history else ()
    if case.first_seen:
        yield Happening(at=case.first_seen, what=f"It began: {case.summary}")
    incident = next((i for i in item.incidents if _is(i, case)), None)
    for attempt in incident.tries if incident else ():
        yield Happening(at=attempt.at, what=f"Changed: {one_line(attempt.action.title)}")
        if attempt.ended_at:
            yield Happening(at=attempt.ended_at, what=f"Result: {tried(attempt)}")
    yield Happening(at=ended(report), what="This pass ended")


def _is(incident: Incident, case: Case) -> bool:
    finding = case.finding
    return (incident.kind, incident.target) == (finding.kind, finding.target)


def _pods(history: WorkloadHistory) -> Chart | None:
    begun = [pod.created_at for pod in history.pods if pod.created_at]
    if not begun:
        return None
    end = history.seen_at
    start = min(*begun, end - _LEAST_SPAN)
    return Chart(_short(start), _short(end), tuple(_lane(pod, start, end) for pod in history.pods))


def _lane(pod: PodLife, start: datetime, end: datetime) -> Lane:
    left = _percent(pod.created_at or start, start, end)
    marks = (Mark(_percent(pod.ended_at, start, end), pod.ended),) if pod.ended_at else ()
    alike = f", {pod.alike} alike" if pod.alike > 1 else ""
    note = f"{pod.state}, {count(pod.restarts, 'restart')}{alike}"
    state = "good" if pod.ready else "bad"
    return Lane(one_line(pod.name), note, left, max(0.5, 100 - left), state, marks)


def _chart_of(incidents: tuple[Incident, ...], now: datetime) -> Chart | None:
    if not incidents:
        return None
    start = min(*(item.first_seen for item in incidents), now - _LEAST_SPAN)
    newest = sorted(incidents, key=lambda item: item.first_seen)[-_LANES:]
    lanes = []
    for item in newest:
        left = _percent(item.first_seen, start, now)
        right = _percent(item.resolved_at or now, start, now)
        marks = tuple(
            Mark(_percent(t.at, start, now), one_line(t.action.title)) for t in item.tries
        )
        note = one_line(item.summary or item.kind)
        state = item.state.replace("_", "-")
        lanes.append(
            Lane(one_line(item.target.name), note, left, max(0.5, right - left), state, marks)
        )
    return Chart(_short(start), _short(now), tuple(lanes))


def _percent(at: datetime, start: datetime, end: datetime) -> float:
    whole = (end - start).total_seconds() or 1.0
    return round(min(100.0, max(0.0, 100 * (at - start).total_seconds() / whole)), 2)


def _short(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M %Z}".rstrip()


def _kind_of_line(line: str) -> str:
    return {"+": "add", "-": "remove"}.get(line.lstrip()[:1], "same")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("watchdog.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters.update(short=_short, kind_of_line=_kind_of_line, clean=clean)
    environment.globals.update(signs=SIGNS)
    return environment
