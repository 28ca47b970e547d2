"""No secret leaves: every shape in every channel, and every byte that left the process searched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as Call
from werkzeug import Response as Answer

from tests.support.cluster_fixtures import run_watchdog
from tests.support.demo_shop import BoxClock
from tests.support.secret_forms import forms
from tests.support.secret_samples import CANARIES, chunks, halves, parts
from tests.support.simulated_cluster import NAMESPACE, VALUE, Arena
from tests.support.wire import Wire
from tests.support.wire_model import ModelServer, completion
from tests.support.wire_slack import TOKEN, Slack
from watchdog.clock import Budget
from watchdog.demo import Request, Response
from watchdog.kube.client import ApiServer
from watchdog.observation.collector import observe
from watchdog.observation.snapshot_text import to_text
from watchdog.settings.schema import ObserveSettings, Settings

OWN = {
    "SRE_AGENT_LLM__API_KEY": "sk-0wn1k3y2of3the4watchdog5",
    "SRE_AGENT_APPROVED_ENV": '{"SPARE": "4pproved-0wn-value"}',
}
OWN_CANARIES = ("0wn1k3y2of3the4watchdog5", "4pproved-0wn-value", TOKEN)
# Texts of a label's form may hold tokens, and nothing else that has a shape.
LABELLED = [name for name, (text, _) in CANARIES.items() if text.replace("-", "").isalnum()]
NOTHING_TO_DO = {
    "has_issue": True,
    "summary": "see the log",
    "root_cause": "REQUIRED_CONFIG is not set",
    "evidence": [],
    "remediation_actions": [],
    "confidence": 0.9,
}
CHUNK = 15
BOUNDS = ObserveSettings(log_bytes=1024)


@dataclass
class Planted:
    """A cluster that has these texts in each of its channels."""

    wire: Wire
    texts: list[str] = field(default_factory=list)
    log: str = ""
    told: str = ""

    def __post_init__(self) -> None:
        for verb in ("list", "get"):
            for resource in ("pods", "deployments", "replicasets", "events", "namespaces"):
                self.wire.on(verb, resource, self._planted)
        self.wire.on("get", "pods/log", self._log)
        self.wire.on("list", "services", self._failed)
        self.wire.on("patch", "deployments", self._denied)

    def _planted(self, request: Request) -> Response:
        answer = self.wire.answer(request)
        if answer.status == 200 and isinstance(answer.body, dict):
            body = json.loads(json.dumps(answer.body))
            for item in body.get("items") or [body]:
                if isinstance(item, dict) and "metadata" in item:
                    self._plant(item)
            answer = replace(answer, body=body)
        return answer

    def _plant(self, item: dict[str, Any]) -> None:
        text = " ; ".join(self.texts)
        annotations = item["metadata"].setdefault("annotations", {}) or {}
        annotations |= {"example.com/note": text, "sre-watchdog/note": text}
        if "involvedObject" in item:
            item["message"] = f"Failed: {text}"
        if "template" in item.get("spec", {}):
            self._in_template(item["spec"]["template"])
        for status in item.get("status", {}).get("containerStatuses", []):
            for state in (status.get("state", {}), status.get("lastState", {})):
                for told in state.values():
                    told["message"] = self.told or f"told: {text}"
        for condition in item.get("status", {}).get("conditions", []):
            condition["message"] = f"{condition.get('message', '')} {text}"

    def _in_template(self, template: dict[str, Any]) -> None:
        main = template["spec"]["containers"][0]
        main["args"] = [f"--setting-{n}={text}" for n, text in enumerate(self.texts)]
        labels = [CANARIES[name][0] for name in LABELLED]
        template["metadata"]["labels"] |= {f"l{n}": text for n, text in enumerate(labels)}
        template["spec"]["nodeSelector"] = {f"n{n}": text for n, text in enumerate(labels)}

    def _log(self, request: Request) -> Response:
        return Response(200, self.log or self._said(request), content_type="text/plain")

    def _said(self, request: Request) -> str:
        answer = self.wire.answer(request)
        body = answer.body if isinstance(answer.body, str) else bytes(answer.body).decode()
        trace = "".join(f"ValueError: {text}\n" for text in self.texts)
        return f"{body}\nTraceback (most recent call last):\n{trace}{body}\n"

    def _failed(self, _: Request) -> Response:
        return Response(400, self._status(400, "BadRequest"))

    def _denied(self, request: Request) -> Response:
        refused = Response(422, self._status(422, "Invalid"))
        return self.wire.answer(request) if request.dry_run else refused

    def _status(self, code: int, reason: str) -> dict[str, Any]:
        said = f"a webhook says {'; '.join(self.texts)} of {VALUE}"
        return {
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
            "reason": reason, "message": said,
        }  # fmt: skip


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(ticking=False, behind_seconds=7200) as wire:
        yield wire


def secrets(texts: list[tuple[str, str]]) -> list[str]:
    """What to search for; as JSON would have it too."""
    return [form for _, secret in texts for form in {secret, json.dumps(secret)[1:-1]}]


def left(wire: Wire) -> Iterator[tuple[str, str]]:
    """What reached the API server, but the values that were put back where they came from."""
    for request in wire.requests:
        back = request.method == "PATCH" and request.path.endswith("/deployments/ledger")
        body = [] if back else request.body
        yield (
            f"{request.method} {request.path}",
            json.dumps([request.path, request.query, body], ensure_ascii=False),
        )


@pytest.mark.parametrize("number", range(len(chunks(CHUNK))))
def test_no_secret_of_any_channel_is_in_a_byte_that_left(
    wire: Wire, httpserver: HTTPServer, tmp_path: Path, number: int
) -> None:
    texts = chunks(CHUNK)[number]
    literals = ", ".join(
        f"{{name: SETTING_{n}, value: {json.dumps(secret)}}}" for n, (_, secret) in enumerate(texts)
    )
    arena = Arena(wire, wire.kubeconfig(tmp_path / "kubeconfig"))
    arena.deploy(env=f"[{{name: REQUIRED_CONFIG, value: {VALUE}}}, {literals}]")
    wire.advance(7000)
    arena.deploy(env=f"[{literals}]")
    wire.advance(200)
    for kind, version in (("ConfigMap", "v1"), ("Lease", "coordination.k8s.io/v1")):
        wire.apply(
            f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: sre-watchdog}}", NAMESPACE
        )
    planted = Planted(wire, [text for text, _ in texts] + [f"plainly {s}" for _, s in texts])
    calls: list[str] = []

    def push(request: Call) -> Answer:
        calls.append(request.get_data(as_text=True) + request.url)
        return Answer("")

    slack = Slack(httpserver)
    model = ModelServer(httpserver).says(completion(json.dumps(NOTHING_TO_DO)))
    httpserver.expect_request(re.compile("^/metrics/.*")).respond_with_handler(push)
    env = {
        **OWN,
        "SRE_AGENT_CLUSTER_NAME": "test",
        "SRE_AGENT_LOG_LEVEL": "debug",
        "SRE_AGENT_SLACK__BOT_TOKEN": TOKEN,
        "SRE_AGENT_SLACK__CHANNEL": "#ops",
        "SRE_AGENT_SLACK__BASE_URL": slack.base_url,
        "SRE_AGENT_PUSHGATEWAY__URL": httpserver.url_for("").rstrip("/"),
        "SRE_AGENT_VERIFY__STABLE_SECONDS": "0",
        "SRE_AGENT_VERIFY__TIMEOUT_SECONDS": "1",
    }
    asks_model = {"SRE_AGENT_LLM__BASE_URL": model.url, "SRE_AGENT_LLM__MODEL": "m"}
    wire.requests.clear()
    output = ("json", "text", "markdown")[number % 3]
    commands = (
        (("run", "-n", NAMESPACE, "-o", output), env | asks_model),
        (("run", "-n", NAMESPACE, "-o", "json"), env),
        (("snapshot", "-n", NAMESPACE, "-o", "json"), env),
    )

    streams = []
    for words, given in commands[:: 1 if number == 0 else 2]:
        done = run_watchdog(*words, kubeconfig=arena.kubeconfig, env=given)
        assert done.returncode == 0, done.stdout + done.stderr
        streams += [(f"{words} stdout", done.stdout), (f"{words} stderr", done.stderr)]

    out = [
        *streams,
        *left(wire),
        *(("the model", json.dumps(body, ensure_ascii=False)) for body in model.bodies),
        *(("Slack", json.dumps(body, ensure_ascii=False)) for body in slack.calls),
        *(("the Pushgateway", body) for body in calls),
    ]
    where = {place for place, _ in out}
    assert {"the model", "Slack", "the Pushgateway"} <= where
    assert any("ledger" in text for _, text in streams)
    found = [
        (secret, place)
        for secret in [*secrets(texts), VALUE, *OWN_CANARIES]
        for place, text in out
        if secret in text
    ]
    assert found == []
    assert planted.texts


def reading(wire: Wire, folder: Path, bounds: ObserveSettings = BOUNDS) -> Iterator[str]:
    """What a snapshot of the namespace now has and shows."""
    clock = BoxClock(wire)
    settings = Settings(observe=bounds)
    cluster = ApiServer.connect(wire.kubeconfig(folder / "config"), None, Budget(60, clock))
    seen = observe(cluster, NAMESPACE, settings, clock)
    assert seen.logs
    yield seen.model_dump_json()
    yield to_text(seen, max_chars=40_000).text


def test_no_generated_form_of_a_secret_leaves_a_log_for_the_snapshot_or_the_prompt(
    wire: Wire, tmp_path: Path
) -> None:
    Arena(wire, tmp_path).deploy(env="[]")
    wire.advance(200)
    planted = Planted(wire)
    tried = forms(every=37)[::3]
    found = []
    for at in range(0, len(tried), 100):
        batch = tried[at : at + 100]
        planted.log = "\nall is well\n".join(form.text for form in batch) + "\nfatal: it ended"
        shown = "".join(reading(wire, tmp_path, ObserveSettings(log_bytes=60_000)))
        assert shown.count("all is well") > len(batch) / 2
        found += [form for form in batch if form.secret in shown]

    assert len(tried) >= 500
    assert found == []


def test_no_half_of_a_secret_leaves_where_lines_or_bounds_cut_it(
    wire: Wire, tmp_path: Path
) -> None:
    Arena(wire, tmp_path).deploy(env="[]")
    wire.advance(200)
    planted = Planted(wire)
    bound = 4 * BOUNDS.log_bytes
    found = []
    for name, (text, secret) in CANARIES.items():
        first, second = halves(text, secret)
        filler = "all is well\n" * (bound // 12 + 1)
        logs = {
            "wrapped": f"starting\n{first}\n{second}\nfatal: it ended",
            "cut by the server": filler[-(bound - len(first)) :] + first,
            "cut in one long line": "x y " * (bound // 4 - 300) + text + " z" * 4_000,
            "at our own bound": f"{text} " + "a b " * (bound // 16 - len(second) // 4) + "\nend",
        }
        for how, log in logs.items():
            planted.log = log
            shown = "".join(reading(wire, tmp_path))
            found += [(name, how) for half in parts(secret) if half in shown]

    assert found == []


def test_no_half_of_a_secret_leaves_in_a_message_that_was_cut(wire: Wire, tmp_path: Path) -> None:
    Arena(wire, tmp_path).deploy(env="[]")
    wire.advance(200)
    planted = Planted(wire, log="fatal: it ended")
    found = []
    for name, (text, secret) in CANARIES.items():
        first, second = halves(text, secret)
        planted.told = f"{second}\n" + "all is well " * 180
        shown = "".join(reading(wire, tmp_path))
        planted.told, planted.texts = "", ["all is well " * 85 + first]
        shown += "".join(reading(wire, tmp_path))
        planted.texts = []
        found += [name for half in parts(secret) if half in shown]

    assert found == []
