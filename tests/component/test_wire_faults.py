"""Whatever a service does to the connection, a call ends in time and says so. Generated cases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import openai  # noqa: F401, TID251 - loaded before any of the short budgets begins
import pytest
from pydantic import SecretStr

from tests.support.incident_samples import incident, memory
from tests.support.report_samples import report
from tests.support.wire_faults import (
    BOMB,
    Fault,
    FaultServer,
    answers,
    cases,
    head,
    redirects,
    whole,
)
from watchdog.clock import Budget, SystemClock
from watchdog.errors import DeliveryError, ModelError, TooLargeError
from watchdog.integrations import alertmanager, alertmanager_api, pushgateway
from watchdog.integrations.answers import CallError
from watchdog.integrations.answers import Fault as CallFault
from watchdog.integrations.change_freeze import blocker
from watchdog.integrations.http import Call, send
from watchdog.kube.credentials import Configuration, Credentials
from watchdog.kube.responses import Request
from watchdog.kube.transport import Transport
from watchdog.llm.model_client import Model
from watchdog.llm.prompt_parts import Prompt
from watchdog.settings.schema import Settings
from watchdog.settings.services import (
    AlertmanagerSettings,
    BlockerSettings,
    HeartbeatSettings,
    LLMSettings,
    PushgatewaySettings,
    SlackSettings,
)
from watchdog.slack.web_client import call, hook

SECONDS = 0.15  # for an answer that never comes; what comes whole gets more
PATIENCE = 30.0  # what a call may take on a machine that does other things too
MODEL_SECONDS = 0.6  # its client takes its time to be made
SECRET = "made-up-5ecr3t"
FAULTS = dict(cases())
# Where any whole answer with 2xx that is no page is a success.
ANY_BODY = {"push", "heartbeat", "ready", "hand_off"}
OTHER_SHAPES = {name for name in FAULTS if name.startswith("answers with ")} - {
    "answers with a page"
} | {"lies about its length"}
Way = Callable[[str, Budget], bool]


def _push(url: str, budget: Budget) -> bool:
    own = PushgatewaySettings(url=url, timeout_seconds=PATIENCE, token=SecretStr(SECRET))
    return _all(pushgateway.push(report(), Settings(pushgateway=own), budget, {}))


def _beat(url: str, budget: Budget) -> bool:
    given = Settings(heartbeat=HeartbeatSettings(url=f"{url}/{SECRET}"))
    return _all(pushgateway.heartbeat(report(), given, budget, {}))


def _ready(url: str, budget: Budget) -> bool:
    own = PushgatewaySettings(url=url, timeout_seconds=PATIENCE, token=SecretStr(SECRET))
    return _all([pushgateway.ready(Settings(pushgateway=own), budget)])


def _pager(url: str) -> Settings:
    own = AlertmanagerSettings(url=url, user="ops", password=SecretStr(SECRET))
    return Settings(alertmanager=own)


def _hand_off(url: str, budget: Budget) -> bool:
    held = {"shop": memory(incident(state="needs_you"))}
    return _all(alertmanager.hand_off(report(), held, _pager(url), budget))


def _muted(url: str, budget: Budget) -> bool:
    held = {"shop": memory(incident(state="needs_you"))}
    return bool(alertmanager.muted(held, _pager(url), budget))


def _reachable(url: str, budget: Budget) -> bool:
    return _all([alertmanager_api.reachable(_pager(url), budget)])


def _blocker(url: str, budget: Budget) -> bool:
    own = BlockerSettings(
        prometheus_url=url, query="up", timeout_seconds=PATIENCE, token=SecretStr(SECRET)
    )
    ask = blocker(own, budget)
    assert ask is not None
    return ask() is None


def _slack(url: str, budget: Budget) -> bool:
    own = SlackSettings(bot_token=SecretStr(SECRET), base_url=url)
    return call(own, budget, "chat.postMessage", {"channel": "#ops"}).ok


def _slack_reads(url: str, budget: Budget) -> bool:
    own = SlackSettings(bot_token=SecretStr(SECRET), base_url=url)
    return call(own, budget, "reactions.get", {"full": True}).ok


def _hook(url: str, budget: Budget) -> bool:
    own = SlackSettings(webhook_url=SecretStr(f"{url}/{SECRET}"))
    return hook(own, budget, {"text": "hello"}).ok


SERVICES: dict[str, Way] = {
    "push": _push,
    "heartbeat": _beat,
    "ready": _ready,
    "hand_off": _hand_off,
    "muted": _muted,
    "reachable": _reachable,
    "blocker": _blocker,
    "slack": _slack,
    "slack reads": _slack_reads,
    "webhook": _hook,
}


def _all(deliveries: list[Any]) -> bool:
    assert all(each.ok or each.error for each in deliveries)
    assert SECRET not in str(deliveries)
    return bool(deliveries) and all(each.ok for each in deliveries)


def asked(
    service: str, fault: Fault, scheme: str = "http", seconds: float = SECONDS
) -> tuple[bool, float, FaultServer]:
    budget = Budget(seconds, SystemClock())
    with FaultServer(fault) as server:
        started = time.monotonic()
        took = SERVICES[service](server.url(scheme=scheme), budget)
        return took, time.monotonic() - started, server


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("service", SERVICES)
def test_a_call_to_a_service_that_breaks_http_ends_in_time_and_failed(
    service: str, fault: str
) -> None:
    whole = fault in OTHER_SHAPES
    took, seconds, _ = asked(service, FAULTS[fault], seconds=PATIENCE if whole else SECONDS)

    assert seconds < PATIENCE
    assert took is (service in ANY_BODY and whole)


@pytest.mark.parametrize("service", SERVICES)
def test_plain_http_where_tls_is_due_is_a_failure_in_time(service: str) -> None:
    took, seconds, _ = asked(service, answers(whole(b'{"ok": true}')), "https")

    assert not took
    assert seconds < PATIENCE


@pytest.fixture
def elsewhere() -> Iterator[FaultServer]:
    with FaultServer(answers(whole(b'{"ok": true}'))) as server:
        yield server


@pytest.mark.parametrize("service", SERVICES)
def test_no_redirect_is_followed_with_content_or_credentials(
    service: str, elsewhere: FaultServer
) -> None:
    for _, fault in redirects(elsewhere.url("/api")):
        assert not asked(service, fault)[0]

    assert elsewhere.exchanges == []


def failed(fault: Fault, scheme: str = "http", **given: Any) -> CallError:
    with FaultServer(fault) as server, pytest.raises(DeliveryError) as caught:
        send(
            Call(server.url(scheme=scheme), seconds=PATIENCE, **given),
            Budget(PATIENCE, SystemClock()),
        )
    assert isinstance(caught.value, CallError)
    return caught.value


def test_a_bomb_is_unpacked_no_further_than_the_bound() -> None:
    import tracemalloc

    assert len(BOMB) < 250_000
    tracemalloc.start()
    error = failed(FAULTS["sends a bomb"], most_bytes=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert error.fault is CallFault.TOO_LARGE
    assert peak < 10_000_000


def test_an_endless_body_is_read_no_further_than_the_bound() -> None:
    with FaultServer(FAULTS["pours a body"]) as server, pytest.raises(DeliveryError):
        send(Call(server.url(), most_bytes=100_000), Budget(PATIENCE, SystemClock()))

    assert server.exchanges[0].sent_bytes < 10_000_000  # what the sockets' buffers take


@pytest.mark.parametrize(
    ("scheme", "fault", "kind", "says"),
    [
        ("https", answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"), CallFault.TLS, "is it http://?"),
        ("ftp", answers(b""), CallFault.ADDRESS, "neither http nor https"),
    ],
)
def test_what_is_wrong_with_the_way_there_is_called_by_its_name(
    scheme: str, fault: Fault, kind: CallFault, says: str
) -> None:
    error = failed(fault, scheme)

    assert error.fault is kind
    assert not error.sent
    assert says in str(error)
    assert "127.0.0.1" not in str(error)


def asked_model(fault: Fault, scheme: str = "http", seconds: float = PATIENCE) -> tuple[str, float]:
    """What is wrong with the answer, and how long it took to know."""
    with FaultServer(fault) as server:
        own = LLMSettings(
            base_url=server.url("/v1", scheme),
            model="m",
            api_key=SecretStr(SECRET),
            timeout_seconds=seconds,
        )
        prompt = Prompt("You diagnose.", "FINDINGS", {"type": "object"}, {}, {}, "FINDINGS")
        started = time.monotonic()
        try:
            reply = Model(own, Budget(PATIENCE, SystemClock()), lambda _: None).ask(prompt)
        except ModelError as error:
            said = str(error)
        else:
            said = reply.problem or ""
        return said, time.monotonic() - started


@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_that_breaks_http_is_a_stated_problem_in_time(fault: str) -> None:
    said, seconds = asked_model(FAULTS[fault], seconds=MODEL_SECONDS)

    assert said
    assert SECRET not in said
    assert "127.0.0.1" not in said
    assert seconds < PATIENCE


def test_a_model_that_speaks_plain_http_where_tls_is_due_is_said_to() -> None:
    said, _ = asked_model(answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "https")

    assert "is it http://?" in said


def test_the_prompt_follows_no_redirect(elsewhere: FaultServer) -> None:
    for _, fault in redirects(elsewhere.url("/v1/chat/completions")):
        assert "redirects" in asked_model(fault)[0]

    assert elsewhere.exchanges == []


def api_server(server: FaultServer) -> Transport:
    account = Credentials(Configuration(host=server.url()), "", "")
    return Transport(lambda: account, Budget(PATIENCE, SystemClock()))


READ = Request("GET", "/", "list pods", "list pods")


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 2027 00:00:00 +99999999999999999",
        "Fri, 31 Dec 99999999999999999999 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 GMT",
    ],
)
def test_a_date_that_no_clock_shows_is_no_time_of_the_api_server(date: str) -> None:
    given = head("200 OK", f"Date: {date}", "Content-Length: 2") + b"{}"

    with FaultServer(answers(given)) as server:
        transport = api_server(server)
        assert transport.json(READ) == {}

    assert transport.server_time is None
    assert not transport.ahead


def test_an_answer_of_the_api_server_with_more_values_than_make_sense_is_too_large() -> None:
    with FaultServer(FAULTS["answers with values without end"]) as server:
        transport = api_server(server)
        with pytest.raises(TooLargeError, match="cannot list pods"):
            transport.json(READ)
