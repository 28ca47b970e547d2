"""The report is on standard output before anything is delivered, and no delivery stops another."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from tests.support.incident_samples import incident, memory
from tests.support.report_samples import report
from watchdog.agent.deliver import deliver
from watchdog.agent.printer import Printer
from watchdog.incidents.memory import Memory
from watchdog.model.report import Delivery
from watchdog.report.build import with_deliveries
from watchdog.settings.schema import Settings
from watchdog.settings.services import PushgatewaySettings, SlackSettings

FAILED = Delivery(to="slack", ok=False, error="no answer in time")


@pytest.mark.parametrize("output", ["json", "text", "markdown"])
def test_a_report_is_printed_before_its_deliveries(
    output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printer = Printer(output)

    printer.report(report())
    before = capsys.readouterr().out
    printer.deliveries(with_deliveries(report(), [FAILED]))
    after = capsys.readouterr().out

    assert "ledger" in before
    assert "no answer in time" not in before
    assert "no answer in time" in after
    if output == "json":
        whole = json.loads(before + after)
        assert whole == with_deliveries(report(), [FAILED]).to_json()
        # What stores a Job's log takes each line for a record.
        assert (before + after).count("\n") == 1


class Full:
    """A disk without room."""

    encoding = "utf-8"

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


def test_a_report_that_cannot_be_written_fails_after_the_deliveries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdout", Full())
    printer = Printer("json")

    printer.report(report())

    with pytest.raises(OSError, match="No space"):
        printer.deliveries(report())


class Broken:
    """A memory whose keeping fails in a way that no adapter thought of."""

    keeps = True
    now = datetime(2026, 9, 21, 12, tzinfo=UTC)
    memory = memory(incident(state="needs_you"))

    def keep(self, memory: Memory) -> None:
        raise LookupError(memory.namespace)

    def close(self, memory: Memory) -> None:
        raise LookupError(memory.namespace)


def test_a_delivery_that_fails_unforeseen_is_told_and_the_next_one_is_made(
    httpserver: HTTPServer,
) -> None:
    httpserver.expect_request("/hook").respond_with_data("ok")
    httpserver.expect_request(
        "/metrics/job/sre-watchdog/cluster@base64/=", method="PUT"
    ).respond_with_data("")
    settings = Settings(
        slack=SlackSettings(webhook_url=SecretStr(httpserver.url_for("/hook"))),
        pushgateway=PushgatewaySettings(url=httpserver.url_for("")),
    )

    told = deliver(report(), settings, {"shop": Broken()})

    assert [d.error for d in told.deliveries if d.to == "slack"] == [
        "a defect of the watchdog: LookupError; the log has the trace"
    ]
    assert any(d.ok for d in told.deliveries if d.to == "pushgateway")
