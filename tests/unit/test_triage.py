from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.builders import container, ended, pod, status, waiting
from watchdog.kube.ports import TablePage
from watchdog.kube.resources import (
    CLAIMS,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    STATEFULSETS,
)
from watchdog.observation.kubectl_columns import cells, seconds
from watchdog.observation.row_health import longest_gap_seconds, suspicion
from watchdog.observation.triage import COLUMNS, Listed, family, rows_by_name

NOW = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
HOUR = 3600.0
INIT = {"initContainers": [container("one"), container("two")]}
SIDECAR = {"initContainers": [container("proxy", restartPolicy="Always")]}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}


def pod_row(**cells: str) -> dict[str, str]:
    return {"Name": "web", "Ready": "1/1", "Status": "Running", "Restarts": "0", **cells}


@pytest.mark.parametrize(
    "row",
    [
        pod_row(),
        pod_row(Ready="2/2", Restarts="7 (3d4h ago)"),
        pod_row(Ready="0/1", Status="Completed"),
    ],
)
def test_pod_that_looks_well_is_left_alone(row: dict[str, str]) -> None:
    assert suspicion(PODS, row, HOUR) is None
    assert listed(row).suspects == []


@pytest.mark.parametrize(
    "row",
    [
        pod_row(Ready="1/2"),
        pod_row(Status="CrashLoopBackOff", Ready="0/1"),
        pod_row(Status="Completed", Ready="0/1", Restarts="2 (12s ago)"),
        pod_row(Status="Completed", Ready="0/2"),
        pod_row(Restarts="3 (5m12s ago)"),
        pod_row(Restarts="3"),
        pod_row(Restarts="some"),
        pod_row(Status="Terminating"),
        pod_row(Status="NeverHeardOf"),
        pod_row(Ready="1"),
    ],
)
def test_pod_that_does_not_look_well_or_is_not_understood_is_read(row: dict[str, str]) -> None:
    assert suspicion(PODS, row, HOUR) == row["Status"]
    assert [each.status for each in listed(row).suspects] == [row["Status"]]


def listed(*rows: dict[str, str]) -> Listed:
    """What a page of a Table with these rows says."""
    columns, seen = COLUMNS[PODS], Listed()
    printed = tuple(tuple(row.get(column, "<none>") for column in columns) for row in rows)
    for name, row in rows_by_name(PODS, TablePage(first=True, columns=columns, rows=printed), NOW):
        seen.add(PODS, name, row, HOUR)
    return seen


def test_a_pod_of_a_page_is_judged_by_each_cell_that_tells() -> None:
    rows = [
        pod_row(Name="a"),
        pod_row(Name="b", **{"Readiness Gates": "0/1"}),
        pod_row(Name="c", Restarts="4 (2m ago)"),
        pod_row(Name="d", Status="Terminating"),
        pod_row(Name="e", Ready="0/1"),
    ]

    assert [each.name for each in listed(*rows, *rows).suspects] == ["b", "c", "d", "e"] * 2
    assert listed(*rows).count == 5
    assert listed(*rows).well == {"a": "a"}


@pytest.mark.parametrize(
    ("resource", "row", "suspect"),
    [
        (DEPLOYMENTS, {"Ready": "3/3", "Up-to-date": 3, "Available": 3}, False),
        (DEPLOYMENTS, {"Ready": "0/0", "Up-to-date": 0, "Available": 0}, False),
        (DEPLOYMENTS, {"Ready": "3/3", "Up-to-date": 1, "Available": 3}, True),
        (DEPLOYMENTS, {"Ready": "3/3", "Up-to-date": 3, "Available": 2}, True),
        (DEPLOYMENTS, {"Ready": "lots", "Up-to-date": 3, "Available": 3}, True),
        (STATEFULSETS, {"Ready": "1/2"}, True),
        (STATEFULSETS, {"Ready": "2/2"}, False),
        (
            DAEMONSETS,
            {"Desired": 2, "Current": 2, "Ready": 1, "Up-to-date": 2, "Available": 1},
            True,
        ),
        (
            DAEMONSETS,
            {"Desired": 0, "Current": 0, "Ready": 0, "Up-to-date": 0, "Available": 0},
            False,
        ),
        (JOBS, {"Status": "Complete", "Completions": "1/1"}, False),
        (JOBS, {"Status": "Suspended", "Completions": "0/1"}, False),
        (JOBS, {"Status": "Terminating", "Completions": "0/1"}, False),
        (JOBS, {"Status": "Failed", "Completions": "0/1"}, True),
        (JOBS, {"Completions": "1/1"}, False),
        (JOBS, {"Completions": "0/1 of 3"}, True),
        (CLAIMS, {"Status": "Bound"}, False),
        (CLAIMS, {"Status": "Lost"}, True),
        (CRONJOBS, {"Schedule": "*/5 * * * *", "Suspend": "False", "Last Schedule": "4m"}, False),
        (CRONJOBS, {"Schedule": "*/5 * * * *", "Suspend": "False", "Last Schedule": "4h"}, True),
        (CRONJOBS, {"Schedule": "*/5 * * * *", "Suspend": "True", "Last Schedule": "4h"}, False),
        (CRONJOBS, {"Schedule": "0 3 * * *", "Suspend": "False", "Last Schedule": "20h"}, False),
        (CRONJOBS, {"Schedule": "0 3 * * 1", "Suspend": "False", "Last Schedule": "6d"}, False),
    ],
)
def test_workloads_are_judged_by_their_columns(
    resource: Any, row: dict[str, Any], suspect: bool
) -> None:
    assert (suspicion(resource, row, HOUR) is not None) is suspect


def test_pods_of_one_owner_are_of_one_family() -> None:
    assert family("web-7d9f8c6b5d-x2k4p") == family("web-7d9f8c6b5d-bcdfg") == "web-7d9f8c6b5d"
    assert family("db-0") == family("db-12") == "db"
    assert family("lonely") == "lonely"


def test_ages_are_read_as_kubectl_prints_them() -> None:
    assert seconds("2d3h") == 2 * 86400 + 3 * 3600
    assert seconds("<invalid>") is None
    assert seconds(None) is None


def test_a_schedule_that_is_none_is_not_understood() -> None:
    assert longest_gap_seconds("whenever") is None
    assert longest_gap_seconds("@hourly") == HOUR


@pytest.mark.parametrize(
    ("raw", "printed", "ready"),
    [
        (pod(), "Running", "1/1"),
        (pod(statuses=[status(state=waiting("CrashLoopBackOff"))]), "CrashLoopBackOff", "0/1"),
        (pod(statuses=[status(state=ended(1))]), "Error", "0/1"),
        (pod(statuses=[status(state=ended(3, reason=""))]), "ExitCode:3", "0/1"),
        (
            pod(phase="Succeeded", statuses=[status(state=ended(0, "Completed"))]),
            "Completed",
            "0/1",
        ),
        (pod(phase="Failed", statuses=[], status_more={"reason": "Evicted"}), "Evicted", "0/1"),
        (pod(phase="Pending", statuses=[]), "Pending", "0/1"),
        (pod(deletionTimestamp="2026-03-01T10:01:00Z"), "Terminating", "1/1"),
        (
            pod(
                phase="Pending",
                statuses=[status(state=waiting("PodInitializing"))],
                spec=INIT,
                status_more={"initContainerStatuses": [status("one"), status("two")]},
            ),
            "Init:0/2",
            "0/1",
        ),
        (
            pod(
                phase="Pending",
                statuses=[status(state=waiting("PodInitializing"))],
                spec=INIT,
                status_more={
                    "initContainerStatuses": [status("one", state=waiting("ErrImagePull"))]
                },
            ),
            "Init:ErrImagePull",
            "0/1",
        ),
        (
            pod(
                phase="Pending",
                spec=INIT,
                status_more={"initContainerStatuses": [status("one", state=ended(3, reason=""))]},
            ),
            "Init:ExitCode:3",
            "0/1",
        ),
        (
            pod(
                spec=INIT,
                status_more={
                    "initContainerStatuses": [status("one", state=waiting("CrashLoopBackOff"))],
                    "conditions": [{"type": "Initialized", "status": "True"}],
                },
            ),
            "Init:CrashLoopBackOff",
            "1/1",
        ),
        (
            pod(deletionTimestamp="2026-03-01T10:01:00Z", status_more={"reason": "NodeLost"}),
            "Unknown",
            "1/1",
        ),
        (
            pod(spec=SIDECAR, status_more={"initContainerStatuses": [status("proxy")], **READY}),
            "Running",
            "2/2",
        ),
        (
            pod(
                spec={"containers": [container(), container("side")]},
                statuses=[status(state=ended(0, "Completed")), status("side")],
            ),
            "NotReady",
            "1/2",
        ),
    ],
)
def test_pod_is_printed_as_the_api_server_prints_it(raw: Any, printed: str, ready: str) -> None:
    row = cells("pods", raw, NOW)

    assert (row["Status"], row["Ready"]) == (printed, ready)


@pytest.mark.parametrize("raw", [{}, {"status": None, "spec": None}, {"status": {"phase": 3}}])
def test_pod_without_anything_is_still_a_row(raw: Any) -> None:
    assert suspicion(PODS, cells("pods", raw, NOW), HOUR) is not None
