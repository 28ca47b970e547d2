"""The calls to Alertmanagers (API v2): what is asked of one, and what is sent to each."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from watchdog.clock import Budget
from watchdog.errors import DeliveryError
from watchdog.integrations.answers import parsed
from watchdog.integrations.http import Call, access_of, ask
from watchdog.model.report import Delivery
from watchdog.settings.schema import Settings

NEEDS_YOU = "SREWatchdogNeedsYou"
APPROVAL_WAITS = "SREWatchdogApprovalWaits"
NAMES = (NEEDS_YOU, APPROVAL_WAITS)

Alert = dict[str, Any]
Labels = dict[str, str]


def reachable(settings: Settings, budget: Budget) -> Delivery:
    """Whether that address is an Alertmanager that answers; never an exception."""
    try:
        status = parsed(send(settings, budget, "status"))
        version = status.get("versionInfo") if isinstance(status, dict) else None
        if not isinstance(version, dict):
            raise DeliveryError("what answers there is no Alertmanager")  # noqa: TRY301 - one way out
    except DeliveryError as error:
        return Delivery(to="alertmanager", ok=False, error=str(error))
    return Delivery(to="alertmanager", ok=True)


def silenced_alerts(cluster: str, settings: Settings, budget: Budget) -> list[tuple[Labels, bool]]:
    """The labels of each of our alerts that is active, and whether a silence holds it.

    Raises DeliveryError where Alertmanager cannot be asked or its answer makes no sense.
    """
    found = active_alerts(cluster, settings, budget)
    return [(alert["labels"], bool(alert["silencedBy"])) for alert in found]


def active_alerts(cluster: str, settings: Settings, budget: Budget) -> list[Alert]:
    """Our active alerts of that cluster, as sent, and `silencedBy`. Raises as `silenced_alerts`."""
    named = f'alertname=~"{"|".join(NAMES)}"'
    ours = [f"cluster={json.dumps(cluster, ensure_ascii=False)}"] if cluster else []
    found = parsed(
        send(settings, budget, "alerts?" + urlencode([("filter", f) for f in (named, *ours)]))
    )
    try:
        return [
            {
                "labels": _texts(each["labels"]),
                "annotations": _texts(each.get("annotations") or {}),
                "startsAt": str(each.get("startsAt") or ""),
                "generatorURL": str(each.get("generatorURL") or ""),
                "silencedBy": list(each["status"]["silencedBy"]),
            }
            for each in found
            if each["labels"]["alertname"] in NAMES
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise DeliveryError("its answer makes no sense") from error


def _texts(values: Any) -> Labels:
    return {str(name): str(value) for name, value in values.items()}


def send(settings: Settings, budget: Budget, path: str, body: Any = None) -> bytes:
    """The answer of the first Alertmanager that gives one.

    What is sent goes to each, as Alertmanagers of one cluster do not hand alerts on; raises
    DeliveryError only if none took it.
    """
    own = settings.alertmanager
    answers, error = [], DeliveryError("no address is set")
    for url in filter(None, (own.url, *own.urls)):
        call = Call(
            f"{url.rstrip('/')}/api/v2/{path}",
            "GET" if body is None else "POST",
            None if body is None else json.dumps(body).encode(),
            seconds=own.timeout_seconds,
            access=access_of(own),
        )
        try:
            answers.append(ask(call, budget))
        except DeliveryError as failed:
            error = failed
            continue
        if body is None:
            break
    if not answers:
        raise error
    return answers[0]
