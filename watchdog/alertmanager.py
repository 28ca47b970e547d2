"""Hands what waits for a person to an Alertmanager, which knows whom to page, and when not to.

An alert is sent again by each pass and ends by itself an hour after the last one, so a watchdog
that was stopped or removed leaves none behind.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from watchdog.clock import Budget
from watchdog.errors import DeliveryError
from watchdog.incidents.incident import Incident
from watchdog.incidents.memory import Memory
from watchdog.nouns import Delivery, Report
from watchdog.report.calls import call
from watchdog.report.history import tried
from watchdog.report.phrases import one_line
from watchdog.report.todo import approve_command
from watchdog.settings import NamespacePolicy, Settings

NEEDS_YOU = "SREWatchdogNeedsYou"
APPROVAL_WAITS = "SREWatchdogApprovalWaits"
NAMES = (NEEDS_YOU, APPROVAL_WAITS)
LASTS = timedelta(hours=1)
# An end that lies ahead of Alertmanager's own clock would end nothing.
_SKEW = timedelta(seconds=30)
_MARK = 16  # digits of a fingerprint in the label
_TRIES = 3

Alert = dict[str, Any]
Labels = dict[str, str]


def hand_off(
    report: Report,
    memories: Mapping[str, Memory],
    settings: Settings,
    budget: Budget,
    now: datetime | None = None,
) -> list[Delivery]:
    """Send what needs a person or waits for an approval, and end what no longer does.

    `now` is the API server's clock, by which all times in memory go; that of the host may be wrong.
    Nothing in a dry run, without an address, or where nothing was broken of late. Never raises for
    what Alertmanager does; a failure is a Delivery with few words.
    """
    now = now or budget.clock.now()
    recent = {name: held for name, held in memories.items() if any(_recent(held, now))}
    if not settings.alertmanager.url or report.mode == "dry_run" or not recent:
        return []
    firing, over = [], []
    for held in recent.values():
        policy = settings.policy(held.namespace)
        for item in _recent(held, now):
            wanted = _name(item, now)
            if wanted:
                firing.append(_alert(wanted, item, held, policy, now))
            over += [
                _ended(_labels(name, item, held, policy), now) for name in NAMES if name != wanted
            ]
    try:
        _ask(settings, budget, "alerts", [*over, *firing])
    except DeliveryError as error:
        return [Delivery(to="alertmanager", ok=False, error=str(error))]
    # What is left over ends by itself within the hour, so nobody has to hear that this failed.
    with contextlib.suppress(DeliveryError):
        if orphans := list(_orphans(firing, recent, settings, budget, now)):
            _ask(settings, budget, "alerts", orphans)
    return [Delivery(to="alertmanager", ok=True)]


def muted(memories: Mapping[str, Memory], settings: Settings, budget: Budget) -> frozenset[str]:
    """Fingerprints of the incidents whose alert is silenced now; none where it cannot be told."""
    marks = {
        (held.cluster, held.namespace, item.fingerprint[:_MARK]): item.fingerprint
        for held in memories.values()
        for item in held.incidents
        if item.open
    }
    if not settings.alertmanager.url or settings.dry_run or not marks:
        return frozenset()
    try:
        alerts = [
            found
            for cluster in {held.cluster for held in memories.values()}
            for found in _alerts(cluster, settings, budget)
        ]
    except DeliveryError:
        return frozenset()
    silenced = (labels for labels, is_silenced in alerts if is_silenced)
    found = {marks.get(_key(labels)) for labels in silenced}
    return frozenset(mark for mark in found if mark)


def reachable(settings: Settings, budget: Budget) -> Delivery:
    """Whether that address is an Alertmanager that answers; never an exception."""
    try:
        status = _json(_ask(settings, budget, "status"))
        if not isinstance(status, dict) or "versionInfo" not in status:
            raise DeliveryError("what answers there is no Alertmanager")  # noqa: TRY301 - one way out
    except DeliveryError as error:
        return Delivery(to="alertmanager", ok=False, error=str(error))
    return Delivery(to="alertmanager", ok=True)


def _recent(memory: Memory, now: datetime) -> Iterator[Incident]:
    """What is open, and what may still have an alert: later than that it has ended by itself."""
    for item in memory.incidents:
        if item.open or (item.resolved_at and now - item.resolved_at <= LASTS):
            yield item


def _name(item: Incident, now: datetime) -> str:
    """The alert that an incident calls for, or nothing."""
    if not item.open:
        return ""
    if item.request and item.request.expires_at > now:
        return APPROVAL_WAITS
    return NEEDS_YOU if item.state == "needs_you" else ""


def _labels(name: str, item: Incident, memory: Memory, policy: NamespacePolicy) -> Labels:
    """What routes the alert and tells it from others; Alertmanager knows no empty label."""
    labels = {
        "alertname": name,
        "cluster": memory.cluster,
        "namespace": memory.namespace,
        "severity": policy.severity or "warning",
        "owner": policy.owner or "",
        "kind": item.kind,
        "workload": str(item.target),
        "container": item.container or "",
        "incident": item.fingerprint[:_MARK],
    }
    return {key: one_line(value, 200) for key, value in labels.items() if value}


def _alert(
    name: str, item: Incident, memory: Memory, policy: NamespacePolicy, now: datetime
) -> Alert:
    waits = "a fix waits for approval" if name == APPROVAL_WAITS else "a person is needed"
    what = one_line(f"{memory.namespace}/{item.target.name}: {item.summary or item.kind}")
    annotations = {
        "summary": f"{what}; {waits}",
        "description": one_line(" ".join(_described(name, item, memory)), 2000),
    }
    if (policy.runbook_url or "").startswith(("http://", "https://")):
        annotations["runbook_url"] = one_line(str(policy.runbook_url), 500)
    return {
        "labels": _labels(name, item, memory, policy),
        "annotations": annotations,
        "startsAt": min(item.first_seen, now).isoformat(),
        "endsAt": (now + LASTS).isoformat(),
        "generatorURL": "",
    }


def _described(name: str, item: Incident, memory: Memory) -> Iterator[str]:
    where = f"{item.target} in namespace {memory.namespace}"
    place = f"{where} on {memory.cluster}" if memory.cluster else where
    yield f"{place}: {item.summary or item.kind}, first seen {item.first_seen:%Y-%m-%d %H:%M %Z}."
    for attempt in item.tries[-_TRIES:]:
        yield f"Tried: {tried(attempt)}."
    if item.escalated:
        yield "Nothing more is tried."
    if name == APPROVAL_WAITS and item.request:
        until = f"{item.request.expires_at:%Y-%m-%d %H:%M %Z}"
        yield f"It would {item.request.action.title}, if approved before {until}:"
        yield approve_command(item.request.action.target, item.request.id)


def _ended(labels: Labels, now: datetime) -> Alert:
    end = (now - _SKEW).isoformat()
    return {"labels": labels, "startsAt": end, "endsAt": end}


def _orphans(
    firing: list[Alert],
    memories: Mapping[str, Memory],
    settings: Settings,
    budget: Budget,
    now: datetime,
) -> Iterator[Alert]:
    """Ends of our alerts in these namespaces that memory cannot name any more.

    An incident that shows another face, and a policy that changed, make other labels.
    """
    wanted = [alert["labels"] for alert in firing]
    places = {(held.cluster, held.namespace) for held in memories.values()}
    for cluster in sorted({held.cluster for held in memories.values()}):
        for labels, _ in _alerts(cluster, settings, budget):
            place = (labels.get("cluster", ""), labels.get("namespace", ""))
            if place in places and labels not in wanted:
                yield _ended(labels, now)


def _key(labels: Labels) -> tuple[str, str, str]:
    return labels.get("cluster", ""), labels.get("namespace", ""), labels.get("incident", "")


def _alerts(cluster: str, settings: Settings, budget: Budget) -> list[tuple[Labels, bool]]:
    """The labels of each of our alerts that is active, and whether a silence holds it.

    Raises DeliveryError where Alertmanager cannot be asked or its answer makes no sense.
    """
    named = f'alertname=~"{"|".join(NAMES)}"'
    ours = [f"cluster={json.dumps(cluster, ensure_ascii=False)}"] if cluster else []
    found = _json(
        _ask(settings, budget, "alerts?" + urlencode([("filter", f) for f in (named, *ours)]))
    )
    try:
        return [
            (
                {str(k): str(v) for k, v in each["labels"].items()},
                bool(each["status"]["silencedBy"]),
            )
            for each in found
            if each["labels"]["alertname"] in NAMES
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise DeliveryError("its answer makes no sense") from error


def _ask(settings: Settings, budget: Budget, path: str, body: Any = None) -> bytes:
    own = settings.alertmanager
    return call(f"{(own.url or '').rstrip('/')}/api/v2/{path}", budget, own.timeout_seconds, body)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DeliveryError("its answer makes no sense") from error
