from __future__ import annotations

import pytest

from tests.support.report_samples import STARTED, UNDO, fix, namespace, ref
from watchdog.model.outcome import Outcome
from watchdog.report.events import events


def test_a_write_leaves_an_event_on_its_target() -> None:
    (event,) = events(namespace(), STARTED, "watchdog-abc", {ref(): "uid-1"})

    assert event["regarding"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "ledger",
        "uid": "uid-1",
    }
    # The API server refuses a name that ends its prefix with a dot.
    assert event["metadata"] == {"generateName": "ledger-", "namespace": "shop"}
    assert event["eventTime"] == "2026-11-22T14:15:00.000000Z"
    assert (event["reason"], event["type"]) == ("FixVerified", "Normal")
    assert event["action"] == "patch_deployment_env"
    assert event["note"].startswith("set env LEDGER_REGION on container main (from revision 6)")
    assert event["note"].endswith(f"Undo: {UNDO}")


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.DRY_RUN, Outcome.AWAITING_APPROVAL])
def test_what_was_not_written_leaves_no_event(outcome: Outcome) -> None:
    assert events(namespace(actions=(fix(outcome),)), STARTED, "x") == []


def test_a_fix_that_failed_is_a_warning() -> None:
    (event,) = events(namespace(actions=(fix(Outcome.UNDONE),)), STARTED, "x")

    assert (event["reason"], event["type"]) == ("FixUndone", "Warning")


def test_a_note_stays_within_a_kilobyte() -> None:
    long = fix(Outcome.FAILED, reason="😀ä" * 2000)

    (event,) = events(namespace(actions=(long,)), STARTED, "i" * 500)

    assert len(event["note"].encode()) <= 1024
    assert len(event["reportingInstance"]) <= 128
