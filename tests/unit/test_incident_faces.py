"""One cause is one incident, whichever of its faces a pass sees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from watchdog.examples import builders as ex
from watchdog.incidents.memory import Memory, check
from watchdog.incidents.transitions import judged, merge_findings
from watchdog.model.diagnosis import Cause, Finding
from watchdog.settings.schema import IncidentSettings

UID = {ex.WEB: "uid-web"}
# A program that ends again and again, as three passes see it: Completed, 0 of 1, CrashLoopBackOff.
FACES = (("crash_app_error", "main"), ("unhealthy_workload", None), ("missing_env", "main"))


def seen(memory: Memory, minutes: int, *faces: tuple[str, str | None]) -> Memory:
    """The memory once a pass has found these kinds, each on its container."""
    findings = [
        Finding(kind=kind, target=ex.WEB, container=container, summary="down")
        for kind, container in faces
    ]
    now = ex.NOW + timedelta(minutes=minutes)
    return merge_findings(memory, findings, UID, now, IncidentSettings())


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (0, 2, 1), (1, 2, 0)])
def test_the_same_failure_in_three_faces_is_one_incident_with_one_duration(
    order: tuple[int, ...],
) -> None:
    memory = Memory(namespace=ex.NAMESPACE)
    for minutes, face in enumerate(order):
        memory = seen(memory, minutes, FACES[face])

    (incident,) = memory.incidents
    assert incident.first_seen == ex.NOW
    assert incident.kind == FACES[order[-1]][0]
    assert incident.open


@pytest.mark.parametrize(
    ("year", "first"), [(1970, ex.NOW.year), (1999, ex.NOW.year), (2000, 2000)]
)
def test_no_time_that_a_status_tells_makes_a_memory_that_the_next_pass_does_not_believe(
    year: int, first: int
) -> None:
    began = ex.NOW.replace(year=year)
    finding = Finding(kind="missing_env", target=ex.WEB, summary="down", since=began)
    empty = Memory(namespace=ex.NAMESPACE)

    memory = merge_findings(empty, [finding], UID, ex.NOW, IncidentSettings())

    check(memory, ex.NAMESPACE, ex.NOW)
    assert memory.incidents[0].first_seen.year == first


def test_another_container_is_another_incident() -> None:
    memory = seen(Memory(namespace=ex.NAMESPACE), 0, ("crash_app_error", "main"))
    memory = seen(memory, 1, ("crash_app_error", "main"), ("crash_app_error", "proxy"))

    assert [incident.container for incident in memory.incidents] == ["main", "proxy"]


def test_what_was_seen_as_a_whole_becomes_the_incident_of_one_container_only() -> None:
    memory = seen(Memory(namespace=ex.NAMESPACE), 0, ("unhealthy_workload", None))
    memory = seen(memory, 1, ("crash_app_error", "main"), ("crash_app_error", "proxy"))

    assert sorted(i.first_seen for i in memory.incidents) == [
        ex.NOW,
        ex.NOW + timedelta(minutes=1),
    ]


def test_what_only_suffers_from_another_failure_needs_no_one_of_its_own() -> None:
    leads, suffers, alone = (
        Finding(kind="unhealthy_workload", target=target, summary="down", cause=cause)
        for target, cause in (
            (ex.WEB, Cause(what="db")),
            (ex.ref("Deployment", "api"), Cause(what="db", of=ex.WEB)),
            (ex.ref("Deployment", "other"), None),
        )
    )
    settings = IncidentSettings()
    empty = Memory(namespace=ex.NAMESPACE)
    memory = merge_findings(empty, [leads, suffers, alone], {}, ex.NOW, settings)

    states = [
        item.state
        for item in judged(memory, [leads, suffers, alone], [], {}, settings, ex.NOW).incidents
    ]
    assert states == ["needs_you", "broken", "needs_you"]

    left = suffers.model_copy(update={"cause": None})
    later = judged(memory, [left, alone], [], {}, settings, ex.NOW)
    assert later.incidents[1].state == "needs_you"
