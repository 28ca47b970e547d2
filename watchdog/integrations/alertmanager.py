"""Hands what needs you to an Alertmanager, which knows who is on call, and when not to.

An alert is sent again by each pass and ends by itself an hour after the last one, so a watchdog
that was stopped or removed leaves none behind.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from watchdog.clock import Budget
from watchdog.errors import DeliveryError
from watchdog.incidents.memory import Memory
from watchdog.incidents.session import IMPAIRMENTS
from watchdog.integrations.alertmanager_api import (
    APPROVAL_WAITS,
    NAMES,
    NEEDS_YOU,
    Alert,
    Labels,
    active_alerts,
    send,
    silenced_alerts,
)
from watchdog.model.incident import Incident
from watchdog.model.report import Delivery, NamespaceReport, Report
from watchdog.report.case import place_and_name
from watchdog.report.history import tried
from watchdog.report.next_steps import APPROVE_THERE
from watchdog.report.wording import ended
from watchdog.settings.schema import NamespacePolicy, Settings
from watchdog.snapshot.snapshot import BlindSpot
from watchdog.text.format import count, inert, one_line, shorten

IMPAIRED = "SREWatchdogImpaired"
LASTS = timedelta(hours=1)
# An end that lies ahead of Alertmanager's own clock would end nothing, and any that is past does.
_SKEW = timedelta(days=1)
_MARK = 16  # digits of a fingerprint in the label
_TRIES = 3
_DESCRIPTION = 1800


def hand_off(
    report: Report,
    memories: Mapping[str, Memory],
    settings: Settings,
    budget: Budget,
    now: datetime | None = None,
) -> list[Delivery]:
    """Send what needs a person or waits for an approval, and end what no longer does.

    `now` is the API server's clock, by which all times in memory go; that of the host may be wrong.
    Nothing in a dry run, without an address, or if nothing was broken lately. Never raises for
    what Alertmanager does; a failure is a Delivery with few words.
    """
    now = now or budget.clock.now()
    recent = {name: held for name, held in memories.items() if any(_recent(held, now))}
    if not settings.alertmanager.addresses or report.mode == "dry_run" or not recent:
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
        send(settings, budget, [*over, *firing])
    except DeliveryError as error:
        return [Delivery(to="alertmanager", ok=False, error=str(error))]
    # What is left over ends by itself within the hour, so no one has to hear that this failed.
    with contextlib.suppress(DeliveryError):
        if orphans := list(_orphans(firing, recent, settings, budget, now)):
            send(settings, budget, orphans)
    return [Delivery(to="alertmanager", ok=True)]


def renewed(report: Report, settings: Settings, budget: Budget) -> list[Delivery]:
    """Send again what Alertmanager holds of namespaces that this pass could not look at.

    Otherwise it would end an hour into an outage of the API server, and people would read that it
    is resolved. Where the pass knows no namespace at all, everything of this cluster is sent again.
    """
    unseen = {item.namespace for item in report.namespaces if item.error}
    if not settings.alertmanager.addresses or report.mode == "dry_run":
        return []
    if report.namespaces and not unseen:
        return []
    now = ended(report)
    try:
        held = [
            _again(alert, now)
            for alert in active_alerts(report.cluster, settings, budget)
            if alert["labels"].get("cluster", "") == report.cluster
            and (not report.namespaces or alert["labels"].get("namespace") in unseen)
        ]
        if held:
            send(settings, budget, held)
    except DeliveryError as error:
        return [Delivery(to="alertmanager", ok=False, error=str(error))]
    return [Delivery(to="alertmanager", ok=True)] if held else []


def _again(alert: Alert, now: datetime) -> Alert:
    same = {name: alert[name] for name in ("labels", "annotations", "startsAt", "generatorURL")}
    return {**same, "endsAt": (now + LASTS).isoformat()}


def impaired(report: Report, settings: Settings, budget: Budget) -> list[Delivery]:
    """Send that the watchdog is kept from its work, for each namespace and what keeps it.

    Every such pass sends it, with or without the Lease. It ends within the hour after the last one.
    """
    now = ended(report)
    alerts = [
        _impaired(spot, item, report, settings.policy(item.namespace), now)
        for item in report.namespaces
        for spot in item.blind_spots
        if spot.what in IMPAIRMENTS
    ]
    if not settings.alertmanager.addresses or report.mode == "dry_run" or not alerts:
        return []
    try:
        send(settings, budget, alerts)
    except DeliveryError as error:
        return [Delivery(to="alertmanager", ok=False, error=str(error))]
    return [Delivery(to="alertmanager", ok=True)]


def _impaired(
    spot: BlindSpot, item: NamespaceReport, report: Report, policy: NamespacePolicy, now: datetime
) -> Alert:
    labels = {
        "alertname": IMPAIRED,
        "cluster": report.cluster,
        "namespace": item.namespace,
        "severity": policy.severity or "warning",
        "owner": policy.owner or "",
        "what": spot.what,
    }
    found = count(len(item.findings), "problem")
    where = f"{item.namespace} on {report.cluster}" if report.cluster else item.namespace
    return {
        "labels": {key: one_line(value, 200) for key, value in labels.items() if value},
        "annotations": {
            "summary": inert(f"{where}: the watchdog cannot work; {found} found"),
            "description": inert(
                f"{spot.what} in namespace {item.namespace}: {spot.why}. " + " ".join(item.warnings)
            ),
        },
        "startsAt": now.isoformat(),
        "endsAt": (now + LASTS).isoformat(),
        "generatorURL": "",
    }


def muted(memories: Mapping[str, Memory], settings: Settings, budget: Budget) -> frozenset[str]:
    """Fingerprints of the incidents whose alert is silenced now; none if that is unknown."""
    marks = {
        (held.cluster, held.namespace, item.fingerprint[:_MARK]): item.fingerprint
        for held in memories.values()
        for item in held.incidents
        if item.open
    }
    if not settings.alertmanager.addresses or settings.dry_run or not marks:
        return frozenset()
    try:
        alerts = [
            found
            for cluster in {held.cluster for held in memories.values()}
            for found in silenced_alerts(cluster, settings, budget)
        ]
    except DeliveryError:
        return frozenset()
    silenced = (labels for labels, is_silenced in alerts if is_silenced)
    found = {marks.get(_key(labels)) for labels in silenced}
    return frozenset(mark for mark in found if mark)


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
    what = inert(f"{place_and_name(item.target)}: {item.summary or item.kind}")
    annotations = {
        "summary": f"{what}; {waits}",
        "description": _described(name, item, memory),
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


def _described(name: str, item: Incident, memory: Memory) -> str:
    """The story, and where the change is approved: an alert has no room for all of it."""
    said = shorten(inert(" ".join(_story(name, item, memory))), _DESCRIPTION)
    return f"{said} {APPROVE_THERE}." if name == APPROVAL_WAITS and item.request else said


def _story(name: str, item: Incident, memory: Memory) -> Iterator[str]:
    where = f"{item.target} in namespace {memory.namespace}"
    place = f"{where} on {memory.cluster}" if memory.cluster else where
    yield f"{place}: {item.summary or item.kind}, first seen {item.first_seen:%Y-%m-%d %H:%M %Z}."
    for attempt in item.tries[-_TRIES:]:
        yield f"Tried: {tried(attempt)}."
    if item.escalated:
        yield "Nothing more is tried."
    if name == APPROVAL_WAITS and item.request:
        until = f"{item.request.expires_at:%Y-%m-%d %H:%M %Z}"
        yield f"It would {item.request.action.title}, if approved before {until}."


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
        for labels, _ in silenced_alerts(cluster, settings, budget):
            place = (labels.get("cluster", ""), labels.get("namespace", ""))
            if place in places and labels not in wanted:
                yield _ended(labels, now)


def _key(labels: Labels) -> tuple[str, str, str]:
    return labels.get("cluster", ""), labels.get("namespace", ""), labels.get("incident", "")
