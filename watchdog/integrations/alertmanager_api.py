"""The calls to Alertmanagers (API v2): each one of a cluster is asked, and sent, the same."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
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
    """Whether each address is an Alertmanager that answers; never an exception."""
    answers = _asked(settings, budget, "status")
    for number, answer in enumerate(answers, 1):
        try:
            status = parsed(_given(answer))
            version = status.get("versionInfo") if isinstance(status, dict) else None
            if not isinstance(version, dict):
                raise DeliveryError("what answers there is no Alertmanager")  # noqa: TRY301 - one way out
        except DeliveryError as error:
            which = f"address {number} of {len(answers)}: " if len(answers) > 1 else ""
            return Delivery(to="alertmanager", ok=False, error=f"{which}{error}")
    return Delivery(to="alertmanager", ok=True)


def silenced_alerts(cluster: str, settings: Settings, budget: Budget) -> list[tuple[Labels, bool]]:
    """The labels of each of our alerts that is active, and whether a silence holds it.

    Raises DeliveryError where Alertmanager cannot be asked or its answer makes no sense.
    """
    found = active_alerts(cluster, settings, budget)
    return [(alert["labels"], bool(alert["silencedBy"])) for alert in found]


def active_alerts(cluster: str, settings: Settings, budget: Budget) -> list[Alert]:
    """Our active alerts of that cluster, as sent, and `silencedBy`. Raises as `silenced_alerts`.

    Of several Alertmanagers whatever any of them holds: one that was restarted holds no alert until
    it is sent again.
    """
    named = f'alertname=~"{"|".join(NAMES)}"'
    ours = [f"cluster={json.dumps(cluster, ensure_ascii=False)}"] if cluster else []
    path = "alerts?" + urlencode([("filter", f) for f in (named, *ours)])
    held: dict[frozenset[tuple[str, str]], Alert] = {}
    errors = []
    answers = _asked(settings, budget, path)
    for answer in answers:
        try:
            alerts = _alerts(parsed(_given(answer)))
        except DeliveryError as error:
            errors.append(error)
            continue
        for alert in alerts:
            known = held.setdefault(frozenset(alert["labels"].items()), alert)
            known["silencedBy"] = known["silencedBy"] or alert["silencedBy"]
    if len(errors) == len(answers):
        raise errors[-1]
    return list(held.values())


def _alerts(found: Any) -> list[Alert]:
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


def send(settings: Settings, budget: Budget, alerts: list[Alert]) -> None:
    """Give these alerts to each Alertmanager, as those of one cluster do not hand alerts on.

    Raises DeliveryError only if none took them.
    """
    answers = _asked(settings, budget, "alerts", alerts)
    if not any(isinstance(answer, bytes) for answer in answers):
        _given(answers[-1])


def _given(answer: bytes | DeliveryError) -> bytes:
    if isinstance(answer, DeliveryError):
        raise answer
    return answer


def _asked(
    settings: Settings, budget: Budget, path: str, body: Any = None
) -> list[bytes | DeliveryError]:
    """The answer of each Alertmanager, or why there is none, in the order of the settings.

    All are asked at once: one that is slow must not make the others hear of an end later, nor cost
    more time than one alone.
    """
    own = settings.alertmanager

    def ask_one(url: str) -> bytes | DeliveryError:
        call = Call(
            f"{url.rstrip('/')}/api/v2/{path}",
            "GET" if body is None else "POST",
            None if body is None else json.dumps(body).encode(),
            seconds=own.timeout_seconds,
            access=access_of(own),
        )
        try:
            return ask(call, budget)
        except DeliveryError as error:
            return error

    if len(own.addresses) == 1:
        return [ask_one(own.addresses[0])]
    with ThreadPoolExecutor(max(1, len(own.addresses))) as pool:
        return list(pool.map(ask_one, own.addresses))
