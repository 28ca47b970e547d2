"""What one run of a command costs: timed straight at the API server, counted through a proxy."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer

from benchmarks.estate import Estate
from tests.cluster.plane import ApiRefusalError, Plane
from tests.support.proxy import Proxy
from tests.support.wire_model import ModelServer, completion
from watchdog.demo import Request

COMMAND = (str(Path(sys.prefix) / "bin" / "sre-watchdog"), "run", "--dry-run", "-o", "json")
CHARS_A_TOKEN = 3.5
_LAUNCH = str(Path(__file__).parent / "launch.py")
_LISTED = (
    "/api/v1/{}/pods",
    "/apis/apps/v1/{}/deployments",
    "/api/v1/{}/services",
    "/apis/discovery.k8s.io/v1/{}/endpointslices",
)
_KEPT = frozenset({"PATH", "HOME", "LANG"})
_NOTHING_WRONG = {
    "has_issue": False,
    "summary": "",
    "root_cause": "",
    "evidence": [],
    "remediation_actions": [],
    "confidence": 0.0,
}


class BenchError(Exception):
    """What was to be measured did not work."""


@dataclass(frozen=True)
class Timed:
    """One run: seconds on the clock, seconds of processor, peak memory in MB, and its output."""

    seconds: float
    cpu_seconds: float
    rss_mb: float
    output: str

    @property
    def report(self) -> dict[str, Any]:
        """The output of a pass."""
        found: dict[str, Any] = json.loads(self.output)
        return found

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What a pass found, in all namespaces."""
        return [one for part in self.report["namespaces"] for one in part["findings"]]


@dataclass(frozen=True)
class Counted:
    """One run through a proxy: `wire_bytes` are the bodies of the answers, as they were sent."""

    requests: int
    wire_bytes: int
    prompt_tokens: int


def environment(plane: Plane, estate: Estate, **more: str) -> dict[str, str]:
    """The environment of a pass over an estate."""
    return {
        "KUBECONFIG": str(plane.kubeconfig),
        "SRE_AGENT_NAMESPACES": ",".join(estate.names),
        **more,
    }


def timed(command: Sequence[str], env: Mapping[str, str], codes: Sequence[int] = (0,)) -> Timed:
    """Run a command once; BenchError where it ends with another exit code."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        done = subprocess.run(
            [sys.executable, "-I", "-S", _LAUNCH, str(output), *command],
            capture_output=True,
            text=True,
            env={**{name: os.environ[name] for name in _KEPT & set(os.environ)}, **env},
            check=False,
        )
        if done.returncode != 0:
            raise BenchError(f"{' '.join(command)}: {done.stderr.strip()}")
        seconds, cpu, rss, code = done.stdout.split()
        if int(code) not in codes:
            raise BenchError(f"{' '.join(command)} ended with {code}: {done.stderr.strip()}")
        text = output.read_text(errors="replace")
        return Timed(float(seconds), float(cpu), float(rss) / 1024, text)


def middle(runs: Sequence[Timed]) -> Timed:
    """The median of several runs, figure by figure, with the output of the last."""
    return Timed(
        statistics.median(run.seconds for run in runs),
        statistics.median(run.cpu_seconds for run in runs),
        statistics.median(run.rss_mb for run in runs),
        runs[-1].output,
    )


def counted(plane: Plane, command: Sequence[str], env: Mapping[str, str]) -> Counted:
    """Run a command once through a counting proxy, with a model that finds nothing wrong."""
    with tempfile.TemporaryDirectory() as folder, _model() as model:
        with _Counting(plane, Path(folder)).serving() as proxy:
            timed(
                command,
                {
                    **env,
                    "KUBECONFIG": str(proxy.kubeconfig),
                    "SRE_AGENT_LLM__BASE_URL": model.url,
                    "SRE_AGENT_LLM__MODEL": "bench",
                },
                codes=(0, 1),
            )
        assert isinstance(proxy, _Counting)
        prompts = {json.dumps(body["messages"][:2]) for body in model.bodies}
        chars = sum(len(message["content"]) for each in prompts for message in json.loads(each))
        return Counted(len(proxy.requests), proxy.received, round(chars / CHARS_A_TOKEN))


def full_list_bytes(plane: Plane, estate: Estate) -> int:
    """The size of the same objects as JSON: pods, Deployments, Services and EndpointSlices."""
    return sum(_list_bytes(plane, base, ns) for ns in estate.names for base in _LISTED)


def _list_bytes(plane: Plane, base: str, namespace: str) -> int:
    found = plane.api.request("GET", base.format(f"namespaces/{namespace}"))
    return len(json.dumps(found, separators=(",", ":")))


def kept_bytes(plane: Plane, estate: Estate) -> int:
    """The size of the memory that passes left in the cluster."""
    total = 0
    for ns in estate.names:
        with contextlib.suppress(ApiRefusalError):
            found = plane.api.request("GET", f"/api/v1/namespaces/{ns}/configmaps/sre-watchdog")
            total += len(json.dumps(found.get("data") or {}))
    return total


@contextlib.contextmanager
def _model() -> Iterator[ModelServer]:
    with HTTPServer() as server:
        yield ModelServer(server).says(completion(json.dumps(_NOTHING_WRONG)))


class _Counting(Proxy):
    received = 0

    def forward(
        self, request: Request, target: str, data: bytes | None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        status, headers, body = super().forward(request, target, data)
        self.received += len(body)
        return status, headers, body
