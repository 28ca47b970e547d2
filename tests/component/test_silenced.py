"""Anyone who may write a Lease or a memory can hold changes back, but silences no one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.support.simulated_cluster import NAMESPACE, Arena
from watchdog.demo import Request, Response
from watchdog.integrations.alertmanager import IMPAIRED
from watchdog.model.report import Report
from watchdog.settings.services import AlertmanagerSettings

NEVER = dict.fromkeys(("patch_deployment_env", "rollout_undo", "rollout_restart"), "never")
ASKS = dict.fromkeys(NEVER, "approve")


def lease(arena: Arena, **spec: Any) -> None:
    body = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "sre-watchdog"},
        "spec": {"holderIdentity": "mine", "leaseDurationSeconds": 300, **spec},
    }
    arena.wire.apply(json.dumps(body), NAMESPACE)


def at(arena: Arena, minutes: float) -> str:
    now = datetime.fromtimestamp(arena.wire.now(), UTC) - timedelta(minutes=minutes)
    return f"{now:%Y-%m-%dT%H:%M:%S.%fZ}"


def kept(arena: Arena) -> None:
    """It was taken an hour ago and is renewed all the time."""
    lease(arena, acquireTime=at(arena, 60), renewTime=at(arena, 0))


def kept_anew(arena: Arena) -> None:
    """It is taken anew all the time, while what is open was seen long ago."""
    arena.look(actions=ASKS)
    arena.wire.advance(3600)
    lease(arena, acquireTime=at(arena, 0), renewTime=at(arena, 0))


def edited(arena: Arena) -> None:
    arena.look(actions=ASKS)
    arena.edit_memory(lambda memory: memory.update(incidents=[]))


def garbage(arena: Arena) -> None:
    arena.look(actions=ASKS)
    found = arena.wire.get("ConfigMap", NAMESPACE, "sre-watchdog")
    found["metadata"].pop("managedFields", None)
    found["data"]["memory.json"] = "?"
    arena.wire.apply(json.dumps(found), NAMESPACE)


def unreadable(arena: Arena) -> None:
    arena.wire.forbid("get", "configmaps")


def frozen(arena: Arena) -> None:
    """`immutable: true` is for ever, and whatever creates the ConfigMap may set it."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sre-watchdog"}}
    arena.wire.apply(json.dumps({**body, "immutable": True}), NAMESPACE)
    refused = {"kind": "Status", "message": "data: Forbidden: field is immutable", "code": 422}
    arena.wire.reply("update", "configmaps", Response(422, refused))


def written_all_the_time(arena: Arena) -> None:
    """Another writer of the ConfigMap, of any of its keys, is always there first."""
    arena.look(actions=ASKS)
    refused = {"kind": "Status", "message": "the object has been modified", "code": 409}
    arena.wire.reply("update", "configmaps", Response(409, {**refused, "reason": "Conflict"}))


def lease_forbidden(arena: Arena) -> None:
    arena.wire.forbid("update", "leases")
    lease(arena, holderIdentity="")


def timeless(arena: Arena) -> None:
    """The API server, or what stands before it, sends no time, by which a Lease is judged."""
    answer = arena.wire.answer

    def without_time(asked: Request) -> Response:
        found = answer(asked)
        return replace(found, headers={**found.headers, "Date": ""})

    arena.wire.answer = without_time  # type: ignore[method-assign, assignment]


WAYS: dict[str, tuple[Callable[[Arena], None], str]] = {
    "a Lease that is kept": (kept, "the Lease"),
    "a Lease that is taken anew each time": (kept_anew, "the Lease"),
    "a Lease that may not be written": (lease_forbidden, "the Lease"),
    "an API server without a clock": (timeless, "the Lease"),
    "an edited memory": (edited, "the memory"),
    "a memory of other words": (garbage, "the memory"),
    "a memory that may not be read": (unreadable, "the memory"),
    "a memory that no one can write": (frozen, "the memory"),
    "a memory that others write all the time": (written_all_the_time, "the memory"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_who_keeps_the_watchdog_from_its_work_is_told_of(
    arena: Arena, httpserver: HTTPServer, way: tuple[Callable[[Arena], None], str]
) -> None:
    act, what = way
    arena.break_env()
    act(arena)

    report, alerts = told(arena, httpserver)

    (part,) = report.namespaces
    assert report.result == "degraded"
    assert [spot.what for spot in part.blind_spots if spot.what == what] == [what]
    assert [finding.kind for finding in part.findings] == ["missing_env"]
    (alert,) = (each for each in alerts if each["labels"]["alertname"] == IMPAIRED)
    assert alert["labels"]["what"] == what
    assert "1 problem found" in alert["annotations"]["summary"]


def test_another_pass_that_is_at_work_pages_no_one(arena: Arena, httpserver: HTTPServer) -> None:
    arena.break_env()
    lease(arena, acquireTime=at(arena, 1), renewTime=at(arena, 1))

    report, alerts = told(arena, httpserver)

    assert report.namespaces[0].blind_spots == ()
    assert alerts == []


def told(arena: Arena, httpserver: HTTPServer) -> tuple[Report, list[dict[str, Any]]]:
    """A pass's report, and what it sent to an Alertmanager."""
    httpserver.expect_request("/api/v2/alerts", method="POST").respond_with_data("")
    httpserver.expect_request("/api/v2/alerts", method="GET").respond_with_json([])
    address = httpserver.url_for("").rstrip("/")
    report = arena.run(alertmanager=AlertmanagerSettings(url=address), actions=NEVER)
    sent = [asked.get_json() for asked, _ in httpserver.log if asked.method == "POST"]
    return report, [alert for alerts in sent for alert in alerts]
