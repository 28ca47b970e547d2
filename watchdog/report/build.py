"""One pass becomes a Report; its JSON is `Report.to_json`.

Everything that went wrong on the way is in the namespaces already; here only the pass as a whole is
judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from watchdog.model.report import Delivery, NamespaceReport, Report

Result = Literal["ok", "degraded", "failed"]


def completed(
    begun: Report,
    namespaces: Iterable[NamespaceReport],
    ended_at: datetime,
    stages: Mapping[str, float],
) -> Report:
    """The Report of a pass that began as `Report(cluster=, started_at=, mode=)`.

    `stages` maps the name of each stage to its seconds.
    """
    seen = tuple(namespaces)
    return begun.model_copy(
        update={
            "duration_seconds": round((ended_at - begun.started_at).total_seconds(), 3),
            "result": judge(seen),
            "namespaces": seen,
            "stages": dict(stages),
        }
    )


def looked_for(namespaces: tuple[NamespaceReport, ...]) -> tuple[NamespaceReport, ...]:
    """The reports on the namespaces of a pass. If not one exists, the list of them is wrong."""
    if not all(item.gone for item in namespaces):
        return namespaces
    return tuple(
        item.model_copy(
            update={"gone": False, "error": f"namespace {item.namespace} does not exist"}
        )
        for item in namespaces
    )


def judge(namespaces: Iterable[NamespaceReport]) -> Result:
    """`failed` when nothing could be looked at, `degraded` when something could not."""
    seen = tuple(item for item in namespaces if not item.gone)
    if seen and all(item.unseen for item in seen):
        return "failed"
    return "degraded" if any(item.error or item.blind_spots for item in seen) else "ok"


def with_deliveries(report: Report, deliveries: Iterable[Delivery]) -> Report:
    """The report after its messages left; a failed delivery changes nothing but that list."""
    return report.model_copy(update={"deliveries": (*report.deliveries, *deliveries)})
