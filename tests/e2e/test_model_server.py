"""The installed command beside a model server that misbehaves: the rules speak, and it heals."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from tests.support.cluster_fixtures import PATIENT, run_watchdog
from tests.support.diagnosis_samples import BROKEN
from tests.support.simulated_cluster import NAMESPACE, VALUE, Arena
from tests.support.wire import Wire
from tests.support.wire_model import ModelServer, completion

QUICK = {
    **PATIENT,
    "SRE_AGENT_VERIFY__STABLE_SECONDS": "0.5",
    "SRE_AGENT_VERIFY__POLL_SECONDS": "0.3",
    "SRE_AGENT_LLM__MODEL": "m",
}


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Arena]:
    with Wire(speed=5, behind_seconds=660) as wire:
        arena = Arena(wire, wire.kubeconfig(tmp_path / "kubeconfig"))
        arena.break_env()
        yield arena


@pytest.fixture
def silence() -> Iterator[threading.Event]:
    """Set when the test is over, so that the server can let go of a request."""
    over = threading.Event()
    yield over
    over.set()


def healed_by_rules(arena: Arena, model: ModelServer, **env: str) -> str:
    """Runs a pass that must heal without the model, and returns what it says of the model."""
    done = run_watchdog(
        "run", "-n", NAMESPACE, "-o", "json", kubeconfig=arena.kubeconfig,
        env={**QUICK, "SRE_AGENT_LLM__BASE_URL": model.url, **env},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    (part,) = json.loads(done.stdout)["namespaces"]
    assert part["diagnosis"]["source"] == "rules"
    assert part["verification"]["healthy"]
    assert arena.env() == {"REQUIRED_CONFIG": VALUE}
    return str(part["diagnosis"]["model_error"])


@pytest.mark.parametrize("name", list(BROKEN)[::15])
def test_a_broken_answer_is_named_and_the_rules_heal(
    broken: Arena, httpserver: HTTPServer, name: str
) -> None:
    text, _ = BROKEN[name]
    model = ModelServer(httpserver).says(completion(text))

    assert healed_by_rules(broken, model)
    assert model.bodies


def test_a_model_that_never_answers_costs_no_more_than_its_time(
    broken: Arena, httpserver: HTTPServer, silence: threading.Event
) -> None:
    model = ModelServer(httpserver)
    model.answers.append(held(silence))

    said = healed_by_rules(broken, model, SRE_AGENT_LLM__TIMEOUT_SECONDS="6")

    assert "the model did not answer within" in said


def held(until: threading.Event) -> Callable[[], Response]:
    def answer() -> Response:
        until.wait(60)
        return Response("")

    return answer


def test_a_server_that_refuses_formats_is_asked_more_simply(
    broken: Arena, httpserver: HTTPServer
) -> None:
    model = ModelServer(httpserver)
    model.says({"error": {"message": "response_format is not supported"}}, 400)
    for _ in range(2):
        model.says({"error": {"message": "json_object: validation error"}}, 500)
    model.says(completion("none of your business"))

    assert healed_by_rules(broken, model)
    assert list(dict.fromkeys(model.formats)) == ["json_schema", "json_object", "none"]


def test_nobody_listening_is_said_in_words(broken: Arena, httpserver: HTTPServer) -> None:
    model = ModelServer(httpserver)
    model.url = "http://127.0.0.1:1/v1"

    assert "cannot be reached" in healed_by_rules(broken, model)
