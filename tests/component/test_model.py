"""The call to the model, against a scripted server at the far end of the wire."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import openai  # noqa: F401, TID251 - loaded before any of the short budgets begins
import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from werkzeug import Response

from tests.support.wire_model import ModelServer, completion
from watchdog.clock import Budget, SystemClock
from watchdog.errors import ModelError, ModelFault
from watchdog.llm.model_client import Model
from watchdog.llm.prompt_parts import Prompt
from watchdog.llm.server_errors import ServerError, judged
from watchdog.settings.services import LLMSettings

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


def test_a_server_that_fails_in_the_same_words_for_another_format_is_not_asked_for_a_third(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    server.says({"error": {"message": "upstream connect error"}}, 500)

    with pytest.raises(ModelError, match="upstream connect error"):
        model().ask(PROMPT)

    assert server.formats == ["json_schema", "json_schema", "json_object"]


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


WAITS = {
    "seconds": ({"Retry-After": "1"}, 1.0),
    "a fraction": ({"Retry-After": "2.5"}, 2.5),
    "milliseconds": ({"Retry-After-Ms": "1500"}, 1.5),
    "a gateway's copy": ({"llm_provider-retry-after": "2"}, 2.0),
    "words": ({"Retry-After": "abc"}, 0.5),
    "nothing": ({"Retry-After": ""}, 0.5),
    "zero": ({"Retry-After": "0"}, 0.5),
    "less than nothing": ({"Retry-After": "-3"}, 0.5),
    "no number": ({"Retry-After": "nan"}, 0.5),
    "a date gone by": ({"Retry-After": "Sun, 29 Nov 2026 12:00:00 GMT"}, 0.5),
}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", WAITS)
def test_retry_after_is_honoured_in_all_its_forms(
    server: ModelServer, model: Callable[..., Model], naps: list[float], form: str, status: int
) -> None:
    headers, waited = WAITS[form]
    server.says({"error": {"message": "rate"}}, status, **headers).says(completion())

    assert model().ask(PROMPT).rung == "json_schema"
    assert naps == [waited]


def test_retry_after_is_honoured_as_a_date_too(
    server: ModelServer, model: Callable[..., Model], naps: list[float]
) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=8), usegmt=True)
    server.says({"error": {"message": "rate"}}, 429, retry_after=soon).says(completion())

    model().ask(PROMPT)

    assert naps == [pytest.approx(7, abs=3)]


def test_a_quota_that_refills_in_seconds_is_waited_for(
    server: ModelServer, model: Callable[..., Model], naps: list[float]
) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"}]
    refused = [{"error": {"code": 429, "message": "Quota exceeded", "details": details}}]
    server.says(refused, 429).says(completion())

    model().ask(PROMPT)

    assert naps == [3.0]


def test_a_server_that_loads_its_model_is_waited_for_and_keeps_its_format(
    server: ModelServer, model: Callable[..., Model], naps: list[float]
) -> None:
    for _ in range(6):
        server.says({"error": {"message": "Loading model", "type": "unavailable_error"}}, 503)
    server.says(completion())

    assert model(60.0).ask(PROMPT).rung == "json_schema"
    assert naps == [0.5, 1, 2, 4, 8, 8]


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504, 529])
def test_an_outage_lowers_the_format_neither_now_nor_later(
    server: ModelServer, model: Callable[..., Model], status: int
) -> None:
    server.says("upstream is away", status)
    asked = model(3.0)

    with pytest.raises(ModelError, match=str(status)):
        asked.ask(PROMPT)

    assert set(server.formats) == {"json_schema"}


def test_a_time_out_lowers_no_format(server: ModelServer, model: Callable[..., Model]) -> None:
    late = threading.Event()

    def hang() -> Response:
        late.wait(60)
        return Response("", 200)

    server.answers.append(hang)
    with pytest.raises(ModelError) as caught:
        model(1.5).ask(PROMPT)
    late.set()

    assert caught.value.fault is ModelFault.TIMEOUT
    assert server.formats == ["json_schema"]


def test_a_server_that_was_down_is_not_asked_again_in_the_pass(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    server.says("no", 503)
    asked = model(1.0)
    for fault in (ModelFault.SERVER, ModelFault.NOT_ASKED):
        requests = len(server.bodies)
        with pytest.raises(ModelError, match="busy") as caught:
            asked.ask(PROMPT)
        assert caught.value.fault is fault

    assert len(server.bodies) == requests


class Later(SystemClock):
    """A clock that a test moves on."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


def test_all_questions_of_a_pass_share_a_part_of_its_time(server: ModelServer) -> None:
    clock = Later()

    def slow() -> Response:
        # Less than one question may take, or that one is out of time while its answer is under way.
        clock.ahead += 20
        return Response(json.dumps(completion()))

    server.answers.append(slow)
    settings = LLMSettings(base_url=server.url, model="m")
    asked = Model(settings, Budget(400, clock), share=0.25)

    def until_refused() -> None:
        for _ in range(100):
            asked.ask(PROMPT)

    with pytest.raises(ModelError):
        until_refused()
    assert 1 < len(server.bodies) <= 5


SAID = {
    "an object": ({"error": {"message": "no such model qwen"}}, "no such model qwen"),
    "a text": ({"error": "no such model qwen"}, "no such model qwen"),
    "a detail": ({"detail": "no such model qwen"}, "no such model qwen"),
    "details": ({"detail": [{"msg": "no such model qwen"}]}, "no such model qwen"),
    "a list": ([{"error": {"message": "no such model qwen"}}], "no such model qwen"),
    "a message": ({"status": "failure", "message": "no such model qwen"}, "no such model qwen"),
    "plain": ("no such model qwen", "no such model qwen"),
}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
@pytest.mark.parametrize("form", SAID)
def test_the_servers_own_words_are_told_wherever_it_keeps_them(
    server: ModelServer, model: Callable[..., Model], form: str, status: int
) -> None:
    body, said = SAID[form]
    server.says(body, status)

    with pytest.raises(ModelError) as caught:
        model(2.0).ask(PROMPT)

    assert said in str(caught.value)
    assert "Error code" not in str(caught.value)


def test_an_address_without_v1_is_suspected() -> None:
    gone = ServerError(404, {}, "404 page not found")
    for url, suspected in (("http://model:8080", True), ("http://model:8080/v1/", False)):
        verdict = judged(gone, secret="", url=url, prompt_chars=1)
        assert ("lack /v1" in verdict.why) is suspected


def test_a_missing_key_is_asked_for(server: ModelServer, model: Callable[..., Model]) -> None:
    server.says({"error": {"message": "who are you"}}, 401)
    with pytest.raises(ModelError, match="set SRE_AGENT_LLM__API_KEY: who are you"):
        model(api_key=None).ask(PROMPT)


def test_a_key_of_a_letter_masks_no_letter_of_the_servers_words(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    """A placeholder, as for servers that ask for no key."""
    server.says({"error": {"message": "either x-config or x-provider is required"}}, 403)

    with pytest.raises(ModelError, match="either x-config or x-provider is required"):
        model(api_key=SecretStr("x")).ask(PROMPT)


def test_a_time_out_says_what_failed_before_it(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    """A gateway's own retries may take all of the time after its first refusal."""
    over = threading.Event()

    def hang() -> Response:
        over.wait(60)
        return Response("", 200)

    server.says({"error": {"message": "rate limit of team-a"}}, 429)
    server.answers.append(hang)

    with pytest.raises(ModelError, match=r"did not answer within .* rate limit of team-a"):
        model(1.5).ask(PROMPT)
    over.set()


TOO_SMALL = (
    {"error": {"type": "exceed_context_size_error", "message": "request exceeds", "n_ctx": 1024}},
    {"error": {"message": "This model's maximum context length is 1024 tokens."}},
    {"error": {"message": "litellm.ContextWindowExceededError: max_tokens is too large"}},
    {"error": {"code": "context_length_exceeded", "message": "no"}},
    {"error": {"message": "prompt is too long: 9000 tokens > 1024 maximum"}},
)


@pytest.mark.parametrize("number", range(len(TOO_SMALL)))
def test_a_context_that_is_too_small_is_said_once_with_its_setting(
    server: ModelServer, model: Callable[..., Model], number: int
) -> None:
    server.says(TOO_SMALL[number], 400)

    with pytest.raises(ModelError, match="SRE_AGENT_LLM__MAX_PROMPT_CHARS") as caught:
        model(max_output_tokens=500).ask(PROMPT)

    assert caught.value.fault is ModelFault.CONTEXT
    assert len(server.bodies) == 1
    assert number > 1 or "1024" in str(caught.value)


def test_the_same_refusal_of_two_formats_is_taken_for_an_answer(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    server.says({"error": {"message": "No connected db."}}, 400)

    with pytest.raises(ModelError, match="No connected db"):
        model().ask(PROMPT)

    assert len(server.bodies) == 2


def test_a_gateway_gets_its_headers_and_its_fields(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    server.says(completion())
    given = {"x-provider": SecretStr("made-up")}

    model(extra_headers=given, extra_body={"reasoning_effort": "low"}).ask(PROMPT)

    assert {k.lower(): v for k, v in server.headers[0].items()}["x-provider"] == "made-up"
    assert server.bodies[0]["reasoning_effort"] == "low"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed_with_the_prompt(
    server: ModelServer, model: Callable[..., Model], status: int
) -> None:
    server.says("", status, Location="http://elsewhere.example.com/v1/chat/completions")

    with pytest.raises(ModelError, match="redirects") as caught:
        model().ask(PROMPT)

    assert caught.value.fault is ModelFault.ADDRESS
    assert len(server.bodies) == 1


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
    "content in parts of thought": (
        {"choices": [{"message": {"content": [{"type": "thinking", "text": "{}"}]}}]},
        "empty",
    ),
    "thoughts alone": (completion(None, reasoning_content="well {}"), "`reasoning_content`"),
    "thoughts cut off": (completion("", reasoning='{"has_'), "`reasoning`"),
    "a refusal": (completion(None, refusal="I cannot help with that"), "refused"),
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


PARTS = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": '{"a": 1}'}]
ELSEWHERE = {
    "parts": {"choices": [{"message": {"content": PARTS}}]},
    "a tool's call": completion(None, tool_calls=[{"function": {"arguments": '{"a": 1}'}}]),
    "a tool's call with an object": completion(
        None, tool_calls=[{"function": {"arguments": {"a": 1}}}]
    ),
    "a function's call": completion("", function_call={"name": "f", "arguments": '{"a": 1}'}),
    "reasoning_content": completion("", reasoning_content='{"a": 1}'),
    "reasoning": completion(None, reasoning='{"a": 1}'),
    "behind a byte order mark": "\ufeff" + json.dumps(completion('{"a": 1}')),
}


@pytest.mark.parametrize("place", ELSEWHERE)
def test_an_answer_is_found_wherever_the_server_put_it(
    server: ModelServer, model: Callable[..., Model], place: str
) -> None:
    server.says(ELSEWHERE[place])

    reply = model().ask(PROMPT)

    assert reply.problem is None
    assert json.loads(reply.text) == {"a": 1}


def test_an_answer_that_is_far_too_long_is_not_read_to_its_end(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    server.says(json.dumps(completion("x" * 5_000_000)))

    with pytest.raises(ModelError, match="2 MB"):
        model().ask(PROMPT)


@pytest.mark.parametrize(
    "usage",
    [None, "many", {}, {"total_tokens": -5}, {"total_tokens": 10**12}, {"total_tokens": True}],
)
def test_absurd_token_counts_are_guessed_from_the_length_instead(
    server: ModelServer, model: Callable[..., Model], usage: Any
) -> None:
    server.says({**completion("x" * 3500), "usage": usage, "model": None})

    reply = model().ask(PROMPT)

    assert reply.model == "test-model"
    assert reply.tokens is not None
    assert reply.tokens.estimated
    assert 1000 <= (reply.tokens.total or 0) < 1100


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 7, "completion_tokens": 3},
        {"input_tokens": 7, "output_tokens": 3},
        {"total_tokens": 10.0},
    ],
)
def test_tokens_are_counted_by_whatever_name_they_come(
    server: ModelServer, model: Callable[..., Model], usage: Any
) -> None:
    server.says({**completion(), "usage": usage})

    tokens = model().ask(PROMPT).tokens

    assert tokens is not None
    assert (tokens.total, tokens.estimated) == (10, False)


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
    assert time.monotonic() - started < 30


def test_a_server_that_never_answers_is_left_at_the_deadline(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    enough = threading.Event()

    def hang() -> Response:
        enough.wait(60)
        return Response("", 200)

    server.answers.append(hang)
    started = time.monotonic()

    with pytest.raises(ModelError, match="did not answer"):
        model(1.0).ask(PROMPT)

    enough.set()
    assert time.monotonic() - started < 30


def test_a_server_that_is_down_is_named_as_such(
    model: Callable[..., Model], naps: list[float]
) -> None:
    with pytest.raises(ModelError, match="cannot be reached") as caught:
        model(base_url="http://127.0.0.1:1/v1").ask(PROMPT)

    assert len(naps) == 2
    assert not caught.value.sent


def test_an_address_that_is_refused_is_sent_nothing(model: Callable[..., Model]) -> None:
    with pytest.raises(ModelError, match="in the clear") as caught:
        model(base_url="http://far.example/v1").ask(PROMPT)

    assert not caught.value.sent


def test_what_fails_on_its_way_back_counts_as_sent(
    server: ModelServer, model: Callable[..., Model]
) -> None:
    server.says("oops", 400)

    with pytest.raises(ModelError) as caught:
        model().ask(PROMPT)

    assert caught.value.sent


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
    ],
)
def test_an_address_that_would_leak_the_prompt_is_refused(
    model: Callable[..., Model], url: str
) -> None:
    with pytest.raises(ModelError, match="SRE_AGENT_LLM__"):
        model(base_url=url).ask(PROMPT)


def test_the_modules_load_without_the_client() -> None:
    code = (
        "import sys; import watchdog.llm.model_client, watchdog.diagnosis.diagnose; "
        "sys.exit('openai' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
