"""Messengers through Apprise and signed webhooks, against stand-ins that keep published limits."""

from __future__ import annotations

import hashlib
import hmac
import json
import socketserver
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.support.report_samples import STARTED, explanation, finding, fix, namespace, ref, report
from tests.support.simulated_cluster import Arena
from tests.support.slack_scenarios import incident
from tests.support.wire_messengers import URLS, Messengers, serve
from watchdog.clock import Budget, SystemClock
from watchdog.errors import ClusterError
from watchdog.incidents.memory import Memory
from watchdog.messengers.notify import notify
from watchdog.model.diagnosis import Cause, Diagnosis
from watchdog.model.outcome import Outcome
from watchdog.model.report import Delivery, Report
from watchdog.report.outbox import Outbox
from watchdog.settings.schema import NamespacePolicy, Settings
from watchdog.settings.services import NotifySettings
from watchdog.text.format import inert

LONG = "the container exits at start because a setting is missing " * 200
HOSTILE = "@everyone <at>all</at> <users/all> [click](https://evil.example) www.evil.example `x`"
HOSTS = {
    "discord": "discord.com",
    "googlechat": "chat.googleapis.com",
    "pagerduty": "events.pagerduty.com",
    "opsgenie": "api.opsgenie.com",
    "teams": "prod-1.westus.logic.azure.com",
}
CHATS = ("discord", "googlechat", "teams")


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Messengers]:
    there, server = serve(tmp_path_factory.mktemp("messengers"))
    yield there
    there.go_on.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def there(stand_ins: Messengers, monkeypatch: pytest.MonkeyPatch) -> Messengers:
    monkeypatch.setenv("HTTPS_PROXY", stand_ins.proxy)
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(stand_ins.ca))
    for seen in (stand_ins.taken, stand_ins.refused, stand_ins.down, stand_ins.silent):
        seen.clear()
    stand_ins.counted.clear()
    stand_ins.go_on = threading.Event()
    return stand_ins


def settings(*names: str, **changes: Any) -> Settings:
    urls = {name: SecretStr(URLS[name]) for name in names}
    given = {"urls": urls, "timeout_seconds": 15, **changes}
    return Settings(notify=NotifySettings(**given))


class Life:
    """What is remembered of namespace `shop`, pass after pass."""

    def __init__(self, given: Settings, *incidents: Any) -> None:
        self.settings = given
        self.memory = Memory(namespace="shop", incidents=incidents or (incident(),))
        self.kept = 0
        self.unkept = ""

    def change(self, **changes: Any) -> None:
        incidents = tuple(i.model_copy(update=changes) for i in self.memory.incidents)
        self.memory = self.memory.model_copy(update={"incidents": incidents})

    def keep(self, _: str, memory: Memory) -> None:
        if self.unkept:
            raise ClusterError(self.unkept)
        self.kept += 1
        self.memory = memory

    def report(self, words: str = "", **changes: Any) -> Report:
        opened = [item for item in self.memory.incidents if item.open]
        findings = tuple(
            finding(target=i.target, **({"impact": words[:400]} if words else {})) for i in opened
        )
        said = tuple(
            explanation(target=i.target, why=words or "A variable is missing.", to_do="Set it.")
            for i in opened
        )
        diagnosed = Diagnosis(has_issue=bool(opened), explanations=said)
        item = namespace(findings=findings, diagnosis=diagnosed, **{"actions": (), **changes})
        return report(item, started_at=STARTED, duration_seconds=0.0)

    def pass_on(self, words: str = "", **changes: Any) -> list[Delivery]:
        told = self.report(words, **changes)
        book = Outbox(told, {"shop": self.memory}, self.keep, STARTED, self.settings)
        went = notify(book, self.settings, Budget(30, SystemClock()))
        self.memory = book.memories["shop"]
        return went


def test_five_messengers_take_what_they_are_told_within_their_limits(there: Messengers) -> None:
    life = Life(settings(*URLS), incident(state="needs_you"))

    went = life.pass_on(LONG)

    assert there.refused == []
    assert [(d.to, d.ok) for d in went] == [(f"notify:{name}", True) for name in URLS]
    for name, host in HOSTS.items():
        (body,) = there.of(host)
        said = json.dumps(body, ensure_ascii=False)
        assert "Needs you: shop/ledger" in said, name
        assert "Set it." in said, name


def test_each_change_is_one_post_and_nothing_is_told_twice(there: Messengers) -> None:
    life = Life(settings(*CHATS))

    for state in ("broken", "broken", "fixing", "fixed", "fixed"):
        life.change(state=state)
        life.pass_on()
    life.change(state="resolved", resolved_at=STARTED)
    life.pass_on()
    life.pass_on()

    for name in CHATS:
        said = [json.dumps(body, ensure_ascii=False) for body in there.of(HOSTS[name])]
        assert len(said) == 4, name
        words = ("Broken", "Fixing", "Fixed", "Resolved")
        assert [word for text, word in zip(said, words, strict=True) if word in text] == [*words]
    assert not life.memory.incidents[0].unnoticed(frozenset(CHATS))


def test_who_is_woken_hears_only_what_waits_for_a_person_and_that_it_is_over(
    there: Messengers,
) -> None:
    life = Life(settings("pagerduty"))

    for state in ("broken", "fixing", "needs_you", "broken", "needs_you", "fixed"):
        life.change(state=state)
        life.pass_on()
    life.change(state="resolved", resolved_at=STARTED)
    life.pass_on()

    sent = there.of(HOSTS["pagerduty"])
    assert [body["event_action"] for body in sent] == ["trigger", "resolve"]
    assert len({body["dedup_key"] for body in sent}) == 1
    assert not life.memory.incidents[0].unnoticed(frozenset({"pagerduty"}))


def test_one_that_fails_harms_no_other_and_hears_it_in_the_next_pass(there: Messengers) -> None:
    there.down.add("discord.com")
    life = Life(settings(*CHATS))

    first = life.pass_on()
    there.down.clear()
    second = life.pass_on()

    assert {d.to: d.ok for d in first} == {
        "notify:discord": False, "notify:googlechat": True, "notify:teams": True,
    }  # fmt: skip
    assert [(d.to, d.ok) for d in second] == [("notify:discord", True)]
    assert all(len(there.of(HOSTS[name])) == 1 for name in CHATS)


def test_one_that_hangs_takes_no_more_than_its_time_and_is_not_told_again(
    there: Messengers,
) -> None:
    life = Life(settings("discord", "teams", timeout_seconds=8))
    life.pass_on()  # Apprise is loaded at its first use, which counts for its time too
    life.change(state="fixing")
    there.silent.add("discord.com")

    began = time.monotonic()
    first = life.pass_on()
    took = time.monotonic() - began
    there.go_on.set()
    there.silent.clear()
    second = life.pass_on()

    assert took < 30
    assert {d.to: d.ok for d in first} == {"notify:discord": False, "notify:teams": True}
    assert second == []


def test_what_logs_say_calls_no_one_and_leads_nowhere(there: Messengers) -> None:
    life = Life(settings(*CHATS), incident(summary=HOSTILE))

    life.pass_on(HOSTILE)

    for got in there.taken:
        said = json.dumps(got.body, ensure_ascii=False)
        for bad in ("@everyone", "<at>", "<users", "https://evil", "www.evil", "[click"):
            assert bad not in said, got.host
    assert there.of("discord.com")[0].get("allow_mentions") is None


def test_many_problems_are_five_posts_and_one_that_counts_the_others(there: Messengers) -> None:
    life = Life(settings("googlechat"), *(incident(f"app-{i}") for i in range(9)))

    life.pass_on()

    said = [json.dumps(body) for body in there.of(HOSTS["googlechat"])]
    assert len(said) == 6
    assert "4 more problems" in said[-1]
    assert life.pass_on() == []


def test_what_has_one_cause_is_one_post(there: Messengers) -> None:
    life = Life(settings("googlechat"), incident("web"), incident("api"))
    cause = Cause(what="ConfigMap app is missing")
    findings = tuple(finding(target=ref(name), cause=cause) for name in ("web", "api"))

    told = report(namespace(findings=findings, actions=()))
    book = Outbox(told, {"shop": life.memory}, life.keep, STARTED, life.settings)
    notify(book, life.settings, Budget(30, SystemClock()))

    assert len(there.of(HOSTS["googlechat"])) == 1
    assert all(item.notice("googlechat") for item in book.memories["shop"].incidents)


def test_nothing_is_sent_that_could_not_be_noted_first(there: Messengers) -> None:
    life = Life(settings(*CHATS))
    life.unkept = "the memory cannot be written"

    went = life.pass_on()

    assert there.taken == []
    assert [d.ok for d in went] == [False]


def test_a_dry_run_tells_no_one(there: Messengers) -> None:
    life = Life(settings(*CHATS))
    told = life.report().model_copy(update={"mode": "dry_run"})
    book = Outbox(told, {"shop": life.memory}, life.keep, STARTED, life.settings)

    assert notify(book, life.settings, Budget(30, SystemClock())) == []
    assert there.taken == []


def test_a_namespace_chooses_who_hears_of_it(there: Messengers) -> None:
    given = settings("discord", "teams").model_copy(
        update={"policies": {"shop": NamespacePolicy(notify=("teams",))}}
    )
    life = Life(given)

    life.pass_on()

    assert [got.host for got in there.taken] == [HOSTS["teams"]]


def test_a_policy_that_names_no_messenger_of_the_settings_is_refused() -> None:
    with pytest.raises(ValidationError, match="which notify lacks"):
        Settings(policies={"shop": NamespacePolicy(notify=("team",))})


def test_an_address_that_apprise_does_not_know_is_said() -> None:
    life = Life(Settings(notify=NotifySettings(urls={"team": SecretStr("nonsense://x")})))

    (went,) = life.pass_on()

    assert not went.ok
    assert "Apprise" in str(went.error)


def test_mail_is_sent_as_text_and_html_and_shows_markup_as_it_is() -> None:
    received: list[str] = []

    class Smtp(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 stand-in\r\n")
            data = False
            for line in self.rfile:
                text = line.decode().rstrip("\r\n")
                if data:
                    received.append(text)
                    data = text != "."
                    if not data:
                        self.wfile.write(b"250 taken\r\n")
                elif text.upper().startswith("DATA"):
                    data = True
                    self.wfile.write(b"354 go on\r\n")
                elif text.upper().startswith("QUIT"):
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 stand-in\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        url = (
            f"mailto://127.0.0.1:{port}?from=watchdog@example.com&to=ops@example.com&mode=insecure"
        )
        life = Life(Settings(notify=NotifySettings(urls={"mail": SecretStr(url)})))
        (went,) = life.pass_on("<b>bold</b>")
        server.shutdown()

    assert went.ok, went.error
    whole = "\n".join(received)
    assert "ops@example.com" in whole
    assert "<b>bold" not in whole


def test_mattermost_takes_it_at_an_address_of_ones_own(httpserver: HTTPServer) -> None:
    got: list[dict[str, Any]] = []

    def take(request: Request) -> Response:
        body = request.get_json(silent=True) or json.loads(request.form["payload"])
        got.append(body)
        return Response("ok" if len(body["text"]) <= 16383 else "too long", status=200)

    httpserver.expect_request("/hooks/abcdefghijklmnopqrstuvwxyz").respond_with_handler(take)
    url = f"mmost://{httpserver.host}:{httpserver.port}/abcdefghijklmnopqrstuvwxyz"
    life = Life(Settings(notify=NotifySettings(urls={"ops": SecretStr(url)})))

    (went,) = life.pass_on(LONG)

    assert went.ok
    assert "Broken: shop/ledger" in got[0]["text"]


# Signed webhooks


KEY = "a key of the tests"


def hooked(httpserver: HTTPServer, **changes: Any) -> Settings:
    hooks = {"audit": SecretStr(httpserver.url_for("/hook"))}
    given = {"webhooks": hooks, "webhook_key": SecretStr(KEY), **changes}
    return Settings(notify=NotifySettings(**given))


def test_an_answer_without_end_is_not_read_to_its_end(httpserver: HTTPServer) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 200_000_000:
            sent += 65_536
            yield b"x" * 65_536

    httpserver.expect_request("/hooks/tok123456789").respond_with_handler(
        lambda _: Response(endless())
    )
    url = f"mmost://127.0.0.1:{httpserver.port}/tok123456789"
    life = Life(Settings(notify=NotifySettings(urls={"chat": SecretStr(url)}, timeout_seconds=15)))

    (delivery,) = life.pass_on()

    assert not delivery.ok
    assert 1_000_000 < sent < 20_000_000  # with what sockets hold of it


def test_a_webhook_gets_json_that_its_key_signs(httpserver: HTTPServer) -> None:
    got: list[Request] = []

    def take(request: Request) -> Response:
        request.get_data()
        got.append(request)
        return Response(status=204)

    httpserver.expect_request("/hook", method="POST").respond_with_handler(take)
    life = Life(hooked(httpserver), incident(state="needs_you"))

    (went,) = life.pass_on(HOSTILE, actions=(fix(Outcome.REFUSED, reason="Flux owns it"),))

    assert went.ok
    (request,) = got
    raw, stamp = request.get_data(), request.headers["X-Sre-Watchdog-Timestamp"]
    wanted = hmac.new(KEY.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    assert request.headers["X-Sre-Watchdog-Signature"] == f"v1={wanted}"
    assert abs(int(stamp) - STARTED.timestamp()) < 1
    said = json.loads(raw)
    assert (said["namespace"], said["state"], said["why"]) == ("shop", "needs_you", HOSTILE)
    assert said["to_do"]


def test_a_webhook_that_may_have_arrived_is_not_sent_again(httpserver: HTTPServer) -> None:
    told_off = threading.Event()
    hits: list[Request] = []

    def late(request: Request) -> Response:
        hits.append(request)
        told_off.wait(60)
        return Response(status=204)

    httpserver.expect_request("/hook").respond_with_handler(late)
    life = Life(hooked(httpserver, timeout_seconds=0.7))

    (first,) = life.pass_on()
    told_off.set()

    assert not first.ok
    assert life.pass_on() == []
    assert len(hits) == 1


def test_an_unsigned_webhook_is_refused_by_the_settings() -> None:
    with pytest.raises(ValidationError, match="webhook_key"):
        NotifySettings(webhooks={"audit": SecretStr("https://x.example")})


def test_a_pass_tells_messengers_and_remembers_it(arena: Arena, there: Messengers) -> None:
    arena.break_env()

    first = arena.run(notify=settings("googlechat").notify)
    arena.wire.advance(300)
    second = arena.run(notify=settings("googlechat").notify)
    arena.wire.advance(300)
    third = arena.run(notify=settings("googlechat").notify)

    assert [d.ok for d in first.deliveries if d.to == "notify:googlechat"] == [True]
    said = [json.dumps(body, ensure_ascii=False) for body in there.of(HOSTS["googlechat"])]
    assert ["Fixed" in said[0], "Resolved" in said[1]] == [True, True]
    assert "To do: Put REQUIRED_CONFIG into" in said[1]
    assert second.deliveries
    assert third.deliveries == ()
    assert len(said) == 2


def test_what_is_taken_out_of_markup_reads_the_same() -> None:
    assert inert(HOSTILE).replace("\u200b", "") == HOSTILE
