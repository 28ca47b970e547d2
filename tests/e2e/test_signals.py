"""A pass that is asked to stop, by Kubernetes or at the keyboard: the installed command, signalled.

Against the embedded cluster over HTTP, in a process of its own; the far end gives the signal, so
that it comes at a known moment of the pass.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as Pushed
from werkzeug import Response as Answer

from tests.support.cluster_fixtures import COMMAND
from tests.support.simulated_cluster import NAMESPACE, Arena
from tests.support.wire import Wire, verb_and_resource
from watchdog.demo import Request, Response

# What the chart gives a pod between SIGTERM and SIGKILL.
GRACE_SECONDS = 45
NAMES = ("ledger", "billing")
PUSH = re.compile(r"^/metrics/job/")


@dataclass
class Signalled:
    """A pass over two broken Deployments, and when it is asked to stop."""

    arena: Arena
    gateway: HTTPServer
    seconds: list[float] = field(default_factory=list)
    ended_unanswered: threading.Event = field(default_factory=threading.Event)
    process: subprocess.Popen[str] | None = None

    def at(self, moment: Callable[[Request], bool], *numbers: int, silent: float = 0) -> None:
        """Send the signals once, at the first request that fits; then be silent, and answer it.

        After more than one signal it is answered once the process is over.
        """

        def give(request: Request) -> Response | None:
            if not self.seconds and moment(request):
                assert self.process
                self.seconds.append(time.monotonic())
                for number in numbers:
                    self.process.send_signal(number)
                    # Two at once would be taken for one.
                    time.sleep(0.3 if len(numbers) > 1 else silent)
                if len(numbers) > 1 and self._ended(numbers[-1]):
                    self.ended_unanswered.set()
            return None

        for verb, resource in (("list", "pods"), ("list", "events"), ("patch", "deployments")):
            self.arena.wire.on(verb, resource, give)

    def _ended(self, number: int) -> bool:
        """Whether it ends; the signal is given again, as one that comes too soon is lost."""
        assert self.process
        for _ in range(60):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
                return True
            self.process.send_signal(number)
        return False

    def run(self) -> tuple[int, str, str]:
        """Exit code, standard output and standard error; `seconds` ends with how long it took."""
        env = {
            "KUBECONFIG": str(self.arena.kubeconfig),
            "SRE_AGENT_CLUSTER_NAME": "test",
            "SRE_AGENT_PUSHGATEWAY__URL": self.gateway.url_for(""),
        }
        with subprocess.Popen(
            [COMMAND, "run", "-n", NAMESPACE, "-o", "json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env,
        ) as self.process:
            try:
                out, err = self.process.communicate(timeout=1200)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        self.seconds.append(time.monotonic() - self.seconds[0])
        return self.process.returncode, out, err


@pytest.fixture
def signalled(tmp_path: Path, httpserver: HTTPServer) -> Iterator[Signalled]:
    with Wire(speed=5, behind_seconds=1400) as wire:
        arena = Arena(wire, wire.kubeconfig(tmp_path / "kubeconfig"))
        for name in NAMES:
            arena.break_env(name)
        httpserver.expect_request(PUSH).respond_with_data("")
        yield Signalled(arena, httpserver)


def looking(request: Request) -> bool:
    return verb_and_resource(request) == ("list", "pods")


def listing_events(request: Request) -> bool:
    return verb_and_resource(request) == ("list", "events")


def checking(request: Request) -> bool:
    return request.method == "PATCH" and request.dry_run


def writing(request: Request) -> bool:
    return request.method == "PATCH" and not request.dry_run


def watching(wrote: Callable[[], int]) -> Callable[[Request], bool]:
    return lambda request: looking(request) and wrote() > 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("moment", "writes"), [("looking", 0), ("checking", 0), ("writing", 1), ("watching", 2)]
)
def test_a_pass_that_is_told_to_stop_writes_nothing_more_and_reports(
    signalled: Signalled, moment: str, writes: int, number: signal.Signals
) -> None:
    wire = signalled.arena.wire
    moments = {
        "looking": looking,
        "checking": checking,
        "writing": writing,
        "watching": watching(lambda: len(wire.real_writes)),
    }
    signalled.at(moments[moment], number)

    code, out, err = signalled.run()

    assert signalled.seconds[-1] < GRACE_SECONDS
    assert len(wire.real_writes) == writes
    assert code == 0, err
    assert err.count("stopping: nothing more is changed; the report follows") == 1
    part = only(out)
    assert {f["target"]["name"] for f in part["findings"]} == set(NAMES)
    assert [a["outcome"] for a in part["actions"]].count("applied") == writes
    assert [d["ok"] for d in json.loads(out)["deliveries"] if d["to"] == "pushgateway"] == [
        True
    ] * 2
    assert "sre_watchdog_run_duration_seconds" in picture(signalled.gateway)


def test_what_was_not_done_says_that_the_pass_was_stopped(signalled: Signalled) -> None:
    signalled.at(writing, signal.SIGTERM)

    _, out, _ = signalled.run()

    written, left = only(out)["actions"]
    assert (written["outcome"], left["outcome"]) == ("applied", "failed")
    assert "ran out of time while watching" in written["reason"]
    assert left["reason"] == "nothing was changed: the pass was asked to stop"


def test_silent_servers_do_not_hold_a_stopped_pass_beyond_its_grace(signalled: Signalled) -> None:
    gateway = signalled.gateway
    gateway.clear()
    gateway.expect_request(PUSH).respond_with_handler(silent)
    signalled.at(listing_events, signal.SIGTERM, silent=60)

    code, out, _ = signalled.run()

    assert 5 < signalled.seconds[-1] < GRACE_SECONDS
    assert signalled.arena.wire.real_writes == []
    assert code == 0
    (delivery,) = json.loads(out)["deliveries"]
    assert (delivery["to"], delivery["ok"]) == ("pushgateway", False)


def test_a_second_ctrl_c_ends_it_at_once(signalled: Signalled) -> None:
    signalled.at(looking, signal.SIGINT, signal.SIGINT)

    code, out, err = signalled.run()

    assert code == 130
    assert "Traceback" not in err
    assert out == ""
    assert signalled.arena.wire.real_writes == []
    assert signalled.ended_unanswered.wait(60)


def test_sigterm_ends_a_pass_that_has_not_begun(tmp_path: Path) -> None:
    """As a container's first process it would otherwise be ignored until SIGKILL."""
    os.mkfifo(tmp_path / "kubeconfig")
    command = [str(COMMAND), "run", "-n", NAMESPACE, "-o", "json"]
    pipe = subprocess.PIPE
    env = {"KUBECONFIG": str(tmp_path / "kubeconfig")}
    # The file opens once the command reads it.
    with (
        subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=env) as process,
        (tmp_path / "kubeconfig").open("w"),
    ):
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=1200)

    assert process.returncode == 143
    assert (out, err) == ("", "")


def only(out: str) -> dict[str, Any]:
    (part,) = json.loads(out)["namespaces"]
    return dict(part)


def picture(gateway: HTTPServer) -> str:
    (pushed,) = (request for request, _ in gateway.log if request.method == "PUT")
    return pushed.get_data(as_text=True)


def silent(_request: Pushed) -> Answer:
    time.sleep(8)
    return Answer("")
