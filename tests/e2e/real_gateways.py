"""`make e2e-model`: passes that ask a model through LiteLLM's proxy and through Portkey's gateway.

Both are real, of the versions below, and installed at the first run. The model behind them is a
stand-in, as only it is at the far end. The tests proper do not collect this file.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.cluster.handle import poll
from tests.e2e.servers import free_port
from tests.support.cluster_fixtures import cache, run_watchdog
from tests.support.diagnosis_samples import ADVICE, answer
from tests.support.simulated_cluster import NAMESPACE, VALUE, Arena
from tests.support.wire import Wire
from tests.support.wire_model import ModelServer, completion

LITELLM, PORTKEY = "litellm[proxy]==1.108.7", "@portkey-ai/gateway@1.15.2"
HOME = cache() / "gateways"
"""LiteLLM imports for half a minute on an idle machine."""
GOOD = json.dumps(answer({**ADVICE, "target": "D1"}))
KEY = f"sk-{secrets.token_hex(32)}"
"""Of the gateway, made up for the run; the model behind it has another one."""
OTHERS = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1_790_000_000}


@dataclass(frozen=True)
class Gateway:
    """One that listens at `url`; `env` are the settings of the watchdog that it needs besides."""

    url: str
    env: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def standin() -> Iterator[HTTPServer]:
    with HTTPServer() as server:
        yield server


def litellm(upstream: str) -> tuple[list[str], dict[str, str], str]:
    """Its command, environment and the path that says that it is up."""
    home = HOME / "litellm"
    if not (home / "bin" / "litellm").exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        install = [str(home / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, LITELLM], check=True)
    given = {"model": "openai/m", "api_base": upstream, "api_key": "made-up", "max_retries": 0}
    config = {"model_list": [{"model_name": "m", "litellm_params": given}]}
    path = HOME / "litellm.json"  # JSON is YAML
    path.write_text(json.dumps(config), encoding="utf-8")
    command = [str(home / "bin" / "litellm"), "--config", str(path), "--host", "127.0.0.1"]
    key = {"LITELLM_MASTER_KEY": KEY}  # it starts with no other than a strong one
    return [*command, "--telemetry", "False", "--port"], key, "/health/liveliness"


def portkey(_upstream: str) -> tuple[list[str], dict[str, str], str]:
    """Its command, environment and the path that says that it is up."""
    home = HOME / "portkey"
    script = home / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    if not script.exists():
        home.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", home, PORTKEY], check=True)
    return ["node", str(script), "--headless", "--port"], {"TRUSTED_CUSTOM_HOSTS": "127.0.0.1"}, "/"


STARTS: dict[str, Callable[[str], tuple[list[str], dict[str, str], str]]] = {
    "litellm": litellm,
    "portkey": portkey,
}


@pytest.fixture(scope="module", params=list(STARTS))
def gateway(request: pytest.FixtureRequest, standin: HTTPServer) -> Iterator[Gateway]:
    upstream = standin.url_for("/v1")
    HOME.mkdir(parents=True, exist_ok=True)
    command, env, ready = STARTS[request.param](upstream)
    port = free_port("127.0.0.1")
    url = f"http://127.0.0.1:{port}"
    headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": upstream}
    with (
        (HOME / f"{request.param}.log").open("w") as log,
        subprocess.Popen(
            [*command[:-1], f"{command[-1]}={port}"],
            stdout=log, stderr=log, env={**os.environ, **env},
        ) as server,
    ):  # fmt: skip
        try:
            poll(lambda: up(url + ready, server), request.param)
            extra = {"SRE_AGENT_LLM__EXTRA_HEADERS": json.dumps(headers)}
            yield Gateway(f"{url}/v1", extra if request.param == "portkey" else {})
        finally:
            server.terminate()


def up(url: str, server: subprocess.Popen[bytes]) -> bool:
    """Whether it answers at all; an AssertionError if it has ended."""
    assert server.poll() is None, f"it ended: see the logs in {HOME}"
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
        return True
    return False


@pytest.fixture
def model(standin: HTTPServer) -> ModelServer:
    standin.clear()
    return ModelServer(standin)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with Wire(speed=5, behind_seconds=660) as wire:
        arena = Arena(wire, wire.kubeconfig(tmp_path_factory.mktemp("arena") / "kubeconfig"))
        arena.break_env()
        yield arena


def diagnosed(arena: Arena, gateway: Gateway) -> dict[str, Any]:
    """What a dry run says of the broken Deployment."""
    diagnosis: dict[str, Any] = passed(arena, gateway, "--dry-run")["diagnosis"]
    shown = {name: diagnosis[name] for name in ("source", "tokens", "model_error")}
    sys.stdout.write(f"\n{json.dumps(shown)}\n")
    return diagnosis


def passed(arena: Arena, gateway: Gateway, *options: str) -> dict[str, Any]:
    """The report of one pass over the broken Deployment."""
    env = {
        "SRE_AGENT_VERIFY__STABLE_SECONDS": "2",
        "SRE_AGENT_LLM__BASE_URL": gateway.url,
        "SRE_AGENT_LLM__MODEL": "m",
        "SRE_AGENT_LLM__API_KEY": KEY,
        "SRE_AGENT_LLM__TIMEOUT_SECONDS": "60",
        "SRE_AGENT_RUN_BUDGET_SECONDS": "400",
        **gateway.env,
    }
    command = ("run", "-n", NAMESPACE, "-o", "json", *options)
    done = run_watchdog(*command, kubeconfig=arena.kubeconfig, env=env, timeout=500)
    assert done.returncode == 0, done.stderr
    part: dict[str, Any]
    (part,) = json.loads(done.stdout)["namespaces"]
    assert [finding["kind"] for finding in part["findings"]] == ["missing_env"]
    return part


def said(content: str | None = GOOD, **message: Any) -> dict[str, Any]:
    """An answer as real servers give it: LiteLLM does not take one without the usual fields."""
    whole = completion(content, role="assistant", **message)
    return {**OTHERS, **whole}


def error(message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code}}


def test_a_whole_pass_repairs_what_the_answer_proposes_for_one_request(
    gateway: Gateway, model: ModelServer, tmp_path: Path
) -> None:
    missing = {"container": "main", "name": "REQUIRED_CONFIG", "value": None}
    fix = {"kind": "patch_deployment_env", "target": "D1", **missing}
    model.says(said(json.dumps(answer(fix))))
    with Wire(speed=5, behind_seconds=660) as wire:
        arena = Arena(wire, wire.kubeconfig(tmp_path / "kubeconfig"))
        arena.break_env()
        began = time.monotonic()
        part = passed(arena, gateway)
        seconds = time.monotonic() - began
        env = arena.env()

    found = part["diagnosis"]
    figures = f"{found['tokens']['total']} tokens, {len(model.bodies)} request, {seconds:.1f} s"
    sys.stdout.write(f"\n{gateway.url}: {figures}\n")
    assert found["source"] == "llm", found["model_error"]
    assert [action["outcome"] for action in part["actions"]] == ["verified"]
    assert env == {"REQUIRED_CONFIG": VALUE}
    assert len(model.bodies) == 1


def test_a_good_answer_is_used_and_its_tokens_count(
    broken: Arena, gateway: Gateway, model: ModelServer
) -> None:
    model.says(said())

    found = diagnosed(broken, gateway)

    assert found["source"] == "llm", found["model_error"]
    assert found["tokens"]["total"] == 812
    assert model.formats == ["json_schema"]


def test_a_model_that_refuses_the_schema_is_asked_without_it(
    broken: Arena, gateway: Gateway, model: ModelServer
) -> None:
    model.says(error("response_format of type json_schema is not supported"), 400).says(said())

    found = diagnosed(broken, gateway)

    assert found["source"] == "llm", found["model_error"]
    assert model.formats == ["json_schema", "json_object"]


def test_thoughts_before_the_answer_do_no_harm(
    broken: Arena, gateway: Gateway, model: ModelServer
) -> None:
    model.says(said(f"<think>REQUIRED_CONFIG {{maybe}}</think>\n\n{GOOD}"))

    assert diagnosed(broken, gateway)["source"] == "llm"


def test_an_answer_beside_the_content_is_found(
    broken: Arena, gateway: Gateway, model: ModelServer
) -> None:
    model.says(said(None, reasoning_content=GOOD))

    assert diagnosed(broken, gateway)["source"] == "llm"


def test_a_context_that_is_too_small_names_the_setting(
    broken: Arena, gateway: Gateway, model: ModelServer
) -> None:
    words = "This model's maximum context length is 1024 tokens. However, you requested 1755 tokens"
    model.says(error(words, "context_length_exceeded"), 400)

    found = diagnosed(broken, gateway)

    assert "SRE_AGENT_LLM__MAX_PROMPT_CHARS" in found["model_error"]
    assert len(model.bodies) == 1, "a prompt that is too long is too long for every format"


def test_a_key_that_is_refused_behind_the_gateway_is_told_in_its_words(
    broken: Arena, gateway: Gateway, model: ModelServer
) -> None:
    model.says(error("Incorrect API key provided: made-up"), 401)

    assert "Incorrect API key provided" in diagnosed(broken, gateway)["model_error"]


def test_a_model_that_fails_is_not_asked_without_end(
    broken: Arena, gateway: Gateway, model: ModelServer
) -> None:
    model.says(error("upstream connect error"), 500)

    found = diagnosed(broken, gateway)

    assert found["source"] == "rules"
    assert found["root_cause"]
    assert len(model.bodies) <= 9, "LiteLLM asks three times for each request"


def test_a_model_that_asks_to_wait_is_waited_for(
    broken: Arena, gateway: Gateway, model: ModelServer
) -> None:
    model.says(error("Rate limit reached"), 429, Retry_After="2").says(said())

    found = diagnosed(broken, gateway)

    assert found["source"] == "llm", found["model_error"]
