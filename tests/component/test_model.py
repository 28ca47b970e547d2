"""The call to the model, against a scripted server at the far end of the wire."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from werkzeug import Response

from tests.wire_model import ModelServer, completion
from watchdog.clock import Budget, SystemClock
from watchdog.diagnosis.llm import Model
from watchdog.diagnosis.prompt import Prompt
from watchdog.errors import ModelError
from watchdog.settings import LLMSettings

KEY = "sk-canary-0123456789"
PROMPT = Prompt(
    system="You diagnose.",
    user="FINDINGS",
    schema={"type": "object"},
    ids={},
    offered={},
    shown="FINDINGS",
)


@pytest.fixture
def server(httpserver: HTTPServer) -> ModelServer:
    return ModelServer(httpserver)


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def model(server: ModelServer, naps: list[float]) -> Callable[..., Model]:
    def make(seconds: float = 20.0, **changes: Any) -> Model:
        values = {
            "base_url": server.url,
            "model": "test-model",
            "api_key": SecretStr(KEY),
            "timeout_seconds": seconds,
        }
        settings = LLMSettings(**{**values, **changes})
        return Model(settings, Budget(60, SystemClock()), naps.append)

    return make


def test_an_answer_comes_with_its_tokens_and_its_model(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    server.says(completion('{"has_issue": true}'))

    reply = model().ask(PROMPT)

    assert reply.text == '{"has_issue": true}'
    assert reply.model == "test-model-1"
    assert reply.tokens is not None
    assert reply.tokens.total == 812
    assert reply.problem is None


def test_the_first_rung_sends_the_strict_schema_beside_the_prompt(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    server.says(completion())

    model().ask(PROMPT)

    sent = server.bodies[0]["response_format"]["json_schema"]
    assert sent["strict"] is True
    assert sent["schema"] == PROMPT.schema
    assert "temperature" not in server.bodies[0]
    assert "max_tokens" not in server.bodies[0]


REFUSALS = {
    "400 that names the format": (400, {"error": {"message": "response_format unsupported"}}),
    "400 that says nothing": (400, {"error": {"message": "bad request"}}),
    "422 of a validator": (422, {"detail": [{"loc": ["body", "response_format"]}]}),
    "500 with a validation message": (500, {"error": {"message": "Input should be 'text'"}}),
    "501": (501, "not implemented"),
    "200 with an error": (200, {"error": {"message": "json_schema is not supported"}}),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_server_that_refuses_a_format_is_asked_with_a_lower_one(
    server: ModelServer, model: Callable[..., Model], refusal: str
) -> None:
    status, body = REFUSALS[refusal]
    asked = model()

    def answer() -> Response:
        refused = server.formats[-1] == "json_schema"
        return Response(json.dumps(body if refused else completion()), status if refused else 200)

    server.answers.append(answer)
    reply = asked.ask(PROMPT)

    assert reply.rung == "json_object"
    assert "JSON schema" in server.bodies[-1]["messages"][1]["content"]
    asked.ask(PROMPT)
    assert server.formats[-1] == "json_object"  # remembered: not climbed again in this pass
    assert server.formats.count("json_schema") <= 2


def test_the_last_rung_asks_for_no_format_at_all(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    server.says({"error": {"message": "no response_format"}}, 400)
    server.says({"error": {"message": "no response_format"}}, 400)
    server.says(completion())

    assert model().ask(PROMPT).rung == "none"
    assert server.formats == ["json_schema", "json_object", "none"]


def test_a_pinned_rung_is_not_left(server: ModelServer, model: Callable[..., Model]) -> None:
    server.says({"error": {"message": "no response_format"}}, 400)

    with pytest.raises(ModelError, match="refused"):
        model(response_format="json_object").ask(PROMPT)

    assert server.formats == ["json_object"]


FINAL = {
    401: "refused the API key",
    402: "payment",
    403: "forbids",
    404: "404",
    413: "too large",
}


@pytest.mark.parametrize("status", FINAL)
def test_what_another_format_cannot_heal_is_asked_once(
    server: ModelServer, model: Callable[..., Model], status: int
) -> None:
    server.says({"error": {"message": f"Incorrect API key provided: {KEY} (format)"}}, status)

    with pytest.raises(ModelError, match=FINAL[status]) as caught:
        model().ask(PROMPT)

    assert len(server.bodies) == 1
    assert KEY not in str(caught.value)


def test_a_used_up_quota_is_not_asked_again(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    server.says({"error": {"code": "insufficient_quota", "message": "You exceeded"}}, 429)

    with pytest.raises(ModelError, match="quota"):
        model().ask(PROMPT)

    assert len(server.bodies) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_a_passing_failure_is_asked_again(
    server: ModelServer, model: Callable[..., Model], naps: list[float], status: int
) -> None:
    server.says({"error": {"message": "slow down"}}, status).says(completion())

    assert model().ask(PROMPT).rung == "json_schema"
    assert naps == [0.5]


@pytest.mark.parametrize(
    ("header", "waited"), [("1", [1.0]), ("abc", [0.5]), ("", [0.5]), ("-3", [0.5])]
)
def test_retry_after_is_honoured_where_it_is_a_number(
    server: ModelServer,
    model: Callable[..., Model],
    naps: list[float],
    header: str,
    waited: list[float],
) -> None:
    server.says({"error": {"message": "rate"}}, 429, retry_after=header).says(completion())

    model().ask(PROMPT)

    assert naps == waited


def test_a_retry_after_beyond_the_budget_is_not_waited_for(
    server: ModelServer, model: Callable[..., Model], naps: list[float]
) -> None:
    server.says({"error": {"message": "rate"}}, 429, retry_after="3600")

    with pytest.raises(ModelError, match="busy"):
        model().ask(PROMPT)

    assert naps == []


def test_a_server_that_always_fails_is_given_up_after_a_few_requests(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    server.says("oops", 500)

    with pytest.raises(ModelError, match="failed \\(500\\)"):
        model().ask(PROMPT)

    assert len(server.bodies) <= 7


@pytest.mark.parametrize("option", ["max_tokens", "temperature"])
def test_an_option_that_the_server_names_is_changed_once(
    server: ModelServer, model: Callable[..., Model], option: str
) -> None:
    server.says({"error": {"message": f"Unsupported parameter: '{option}'"}}, 400)
    server.says(completion())

    model(temperature=0.0, max_output_tokens=500).ask(PROMPT)

    first, second = server.bodies
    assert option in first
    assert option not in second
    assert second.get("max_completion_tokens") == (500 if option == "max_tokens" else None)
    assert server.formats == ["json_schema", "json_schema"]


ODD_BODIES = {
    "html": ("<html>Bad gateway</html>", "HTML"),
    "nothing": ("", "nothing"),
    "a list": ("[]", "another shape"),
    "no choices": ({"choices": []}, "no choices"),
    "null choices": ({"choices": None}, "no choices"),
    "null message": ({"choices": [{"message": None}]}, "no choices"),
    "empty content": (completion(""), "empty"),
    "null content": (completion(None), "empty"),
    "content in parts": ({"choices": [{"message": {"content": [{"text": "{}"}]}}]}, "empty"),
    "a refusal": (completion(None, refusal="I cannot help with that"), "refused"),
    "far too long": (json.dumps(completion("x" * 5_000_000)), "MB"),
}


@pytest.mark.parametrize("body", ODD_BODIES)
def test_an_odd_body_is_a_stated_problem(
    server: ModelServer, model: Callable[..., Model], body: str
) -> None:
    sent, why = ODD_BODIES[body]
    server.says(sent)

    reply = model().ask(PROMPT)

    assert why in (reply.problem or "")
    assert reply.text == ""


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_an_answer_that_was_stopped_is_a_problem_and_keeps_its_tokens(
    server: ModelServer, model: Callable[..., Model], reason: str
) -> None:
    body = completion('{"has_issue": false')
    body["choices"][0]["finish_reason"] = reason
    server.says(body)

    reply = model().ask(PROMPT)

    assert reason in (reply.problem or "")
    assert reply.tokens is not None
    assert reply.tokens.total == 812


@pytest.mark.parametrize(
    "usage",
    [None, "many", {}, {"total_tokens": -5}, {"total_tokens": 10**12}, {"total_tokens": True}],
)
def test_absurd_token_counts_are_not_believed(
    server: ModelServer, model: Callable[..., Model], usage: Any
) -> None:
    server.says({**completion(), "usage": usage})

    reply = model().ask(PROMPT)

    assert reply.tokens is None or reply.tokens.total is None


def test_a_server_that_drips_is_left_at_the_deadline(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    enough = threading.Event()

    def drip() -> Iterator[bytes]:
        while not enough.wait(0.1):
            yield b" "

    server.answers.append(lambda: Response(drip(), 200))
    started = time.monotonic()

    with pytest.raises(ModelError, match="did not answer within"):
        model(1.0).ask(PROMPT)

    enough.set()
    assert time.monotonic() - started < 3


def test_a_server_that_never_answers_is_left_at_the_deadline(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    enough = threading.Event()

    def hang() -> Response:
        enough.wait(10)
        return Response("", 200)

    server.answers.append(hang)
    started = time.monotonic()

    with pytest.raises(ModelError, match="did not answer"):
        model(1.0).ask(PROMPT)

    enough.set()
    assert time.monotonic() - started < 3


def test_a_server_that_is_down_is_named_as_such(
    model: Callable[..., Model], naps: list[float]
) -> None:
    with pytest.raises(ModelError, match="cannot be reached"):
        model(base_url="http://127.0.0.1:1/v1").ask(PROMPT)

    assert len(naps) == 2


def test_no_time_left_means_no_request(server: ModelServer) -> None:
    settings = LLMSettings(base_url=server.url, model="m")

    with pytest.raises(ModelError, match="no time"):
        Model(settings, Budget(0, SystemClock())).ask(PROMPT)

    assert server.bodies == []


def test_a_server_without_keys_is_sent_a_placeholder(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    server.says(completion())

    model(api_key=None).ask(PROMPT)

    assert server.headers[0]["Authorization"] == "Bearer none"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1",
        "http://8.8.8.8/v1",
        "http://169.254.169.254/v1",
        "http://evil.svc.example.com/v1",
        "ftp://model/v1",
        "model:8080",
        "http://[::1/v1",
        "http://host:99999999/v1",
    ],
)
def test_an_address_that_would_leak_the_prompt_is_refused(
    model: Callable[..., Model], url: str
) -> None:
    with pytest.raises(ModelError, match="SRE_AGENT_LLM__"):
        model(base_url=url).ask(PROMPT)


def test_a_key_that_fits_no_header_is_an_error_without_the_key(
    model: Callable[..., Model],
) -> None:
    with pytest.raises(ModelError) as caught:
        model(api_key=SecretStr("schlüssel\nX-Evil: 1")).ask(PROMPT)

    assert "schl" not in str(caught.value)


def test_the_modules_load_without_the_client() -> None:
    code = (
        "import sys; import watchdog.diagnosis.llm, watchdog.diagnosis.diagnose; "
        "sys.exit('openai' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
