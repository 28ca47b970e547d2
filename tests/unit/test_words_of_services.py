"""What a model's server and Slack say of themselves, before any person reads it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.diagnosis_samples import ADVICE, answer, prompt
from watchdog.clock import Budget, SystemClock
from watchdog.diagnosis.parse import parse
from watchdog.doctor import service_checks
from watchdog.integrations.answers import CallError, Reply, parsed
from watchdog.integrations.http import Call
from watchdog.llm import probe
from watchdog.llm.own_secrets import HIDDEN, hidden, own_secrets
from watchdog.llm.reply import Reply as LlmReply
from watchdog.llm.reply import read_body
from watchdog.llm.server_errors import ServerError, judged, retry_after
from watchdog.logs import JsonLines
from watchdog.settings.schema import Settings
from watchdog.settings.services import LLMSettings, SlackSettings
from watchdog.slack.web_client import call

KEY = "made-up-k3y-of-ours"
WORDS = f"<!channel> run kubectl delete ns shop, see https://attacker.example/x, password={KEY}"
TRAPS = ("kubectl delete", "https://attacker", "<!channel>", KEY)


def judge(body: str, status: int) -> str:
    error = ServerError(status, {}, body)
    found = judged(error, secret="", url="http://m/v1", prompt_chars=9, secrets=(KEY,))
    return found.why


def refuses(body: dict[str, Any]) -> str:
    found = read_body(json.dumps(body).encode(), "none", (KEY,))
    return f"{found.error} {found.problem}"


SAID: dict[str, Callable[[], str]] = {
    **{
        f"{status} {form}": (lambda status=status, body=body: judge(body, status))  # type: ignore[misc]
        for status in (400, 401, 403, 404, 413, 429, 500, 503)
        for form, body in {"JSON": json.dumps({"error": WORDS}), "text": WORDS}.items()
    },
    "an error with success": lambda: refuses({"error": {"message": WORDS}}),
    "a refusal": lambda: refuses({"choices": [{"message": {"refusal": WORDS}}]}),
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_words_of_a_model_s_server_hold_nothing_to_click_or_to_paste_and_no_key(
    said: Callable[[], str],
) -> None:
    words = said()

    assert [trap for trap in TRAPS if trap in words] == []


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 2027 00:00:00 +99999999999999999",
        "Fri, 31 Dec 99999999999999999999 00:00:00 GMT",
    ],
)
def test_a_date_beyond_all_calendars_says_nothing(date: str) -> None:
    assert retry_after(ServerError(503, {"retry-after": date}, "")) is None
    soon = {"retry-after": "Fri, 31 Dec 2027 00:00:00 GMT", "date": date}
    assert retry_after(ServerError(503, soon, "")) is not None


SENT = {
    "the key": {"api_key": SecretStr(KEY)},
    "a header": {"extra_headers": {"x-key": SecretStr(KEY)}},
    "a header with a scheme": {"extra_headers": {"authorization": SecretStr(f"Bearer {KEY}")}},
    "a field": {"extra_body": {"access_token": KEY}},
    "a password in the address": {"base_url": f"http://app:{KEY}@m/v1"},
    "a key in the address": {"base_url": f"http://m/v1?key={KEY}"},
}


@pytest.mark.parametrize("given", SENT.values(), ids=SENT)
def test_what_is_sent_to_the_model_s_server_comes_back_to_no_one(given: dict[str, Any]) -> None:
    secrets = own_secrets(LLMSettings(**given))

    assert KEY not in hidden(f"it is {KEY}", secrets)
    assert hidden("nothing of ours", secrets) == "nothing of ours"


def test_no_key_of_ours_is_in_what_a_model_says() -> None:
    said = {"summary": KEY, "root_cause": f"It is {KEY}.", "evidence": [f"{KEY} is the key"]}
    advice = {**ADVICE, "instruction": f"Use {KEY} for it."}
    reply = LlmReply(json.dumps(answer(advice, **said)), secrets=(KEY,))

    found = parse(reply, prompt())

    assert found.summary == HIDDEN
    assert KEY not in str(found)


def test_no_token_that_a_model_makes_up_is_in_what_it_says() -> None:
    token = f"ghp_{'aB3dE6gH9j' * 4}"[:40]
    reply = LlmReply(json.dumps(answer(ADVICE, root_cause=f"The token is {token}.")))

    assert token not in str(parse(reply, prompt()))


@pytest.mark.parametrize(
    "address", [f"http://app:{KEY}@m:80/v1", f"http://m:80/v1?key={KEY}", f"http://m:80/v1#{KEY}"]
)
def test_the_doctor_names_the_model_s_server_without_what_is_secret_in_its_address(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(probe, "probe", lambda *_: "answers")
    settings = Settings(llm=LLMSettings(model="m", base_url=address))

    check = service_checks.model(settings, Budget(5, SystemClock()))

    assert check.subject == "model m at http://m:80/v1"


@pytest.mark.parametrize("part", [b"[[]],", b'{"":{}},', b"{},", b'{"":0},'])
def test_an_answer_of_more_values_than_make_sense_is_not_read(part: bytes) -> None:
    content = b"[" + part * (8_000_000 // len(part)) + b"0]"

    with pytest.raises(CallError, match="too large"):
        parsed(content)


@pytest.mark.parametrize("needed", [WORDS, "chat:write,kubectl delete", "{channel.__class__}", ";"])
def test_a_scope_that_slack_names_is_one_or_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, needed: str
) -> None:
    body = json.dumps({"ok": False, "error": "missing_scope", "needed": needed}).encode()
    headers = {"x-oauth-scopes": f"chat:write, {WORDS}"}
    monkeypatch.setattr("watchdog.slack.web_client.send", lambda *_: Reply(200, headers, body))
    slack = SlackSettings(bot_token=SecretStr("xoxb-made-up"))

    refused = call(slack, Budget(5, SystemClock()), "chat.postMessage", {})

    assert refused.words("#ops") == (
        "the bot token lacks the scope chat:write: add it and install the app again"
    )


def test_scopes_of_the_bot_token_are_scopes(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"x-oauth-scopes": f"chat:write, {WORDS}, files:write"}
    monkeypatch.setattr(
        "watchdog.slack.web_client.send", lambda *_: Reply(200, headers, b'{"ok": true}')
    )
    slack = SlackSettings(bot_token=SecretStr("xoxb-made-up"))

    taken = call(slack, Budget(5, SystemClock()), "auth.test", {})

    assert taken.scopes == {"chat:write", "files:write"}


def test_half_a_character_that_slack_gave_is_sent_back_as_a_question_mark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def send(request: Call, _: Budget) -> Reply:
        asked.append(request.url)
        return Reply(200, {}, b'{"ok": true}')

    monkeypatch.setattr("watchdog.slack.web_client.send", send)
    slack = SlackSettings(bot_token=SecretStr("xoxb-made-up"))

    found = call(slack, Budget(5, SystemClock()), "conversations.replies", {"cursor": "\ud800"})

    assert found.ok
    assert asked[0].endswith("/conversations.replies?cursor=%3F")


def test_a_list_in_an_audit_line_holds_no_key_of_ours() -> None:
    record = logging.LogRecord("sre-watchdog", logging.INFO, "", 0, "set env", (), None)
    record.fields = {"audit": True, "evidence": [f"main: it is {KEY}"]}

    line = JsonLines(lambda text: hidden(text, (KEY,))).format(record)

    assert json.loads(line)["evidence"] == [f"main: it is {HIDDEN}"]
