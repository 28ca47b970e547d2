"""Servers that an end-to-end test starts for itself, a Pushgateway and a Prometheus."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.handle import poll

Series = dict[str, Any]
_PORTS = range(20_000, 30_000)


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus that scrapes one Pushgateway each second."""

    url: str

    def value(self, query: str) -> float | None:
        """The first value that the query has now; None where it has none."""
        found = self._ask("query", query=query)
        return float(found[0]["value"][1]) if found else None

    def series(self, query: str) -> list[Series]:
        """All that the query has now, each with `metric` and `value`."""
        return self._ask("query", query=query)

    def history(self, query: str, start: float, end: float, step: float = 1.0) -> list[Series]:
        """All that the query had between two Unix times, each with `metric` and `values`."""
        return self._ask("query_range", query=query, start=start, end=end, step=step)

    def _ask(self, what: str, **given: object) -> list[Series]:
        asked = urllib.parse.urlencode(given)
        text = fetched(f"{self.url}/api/v1/{what}?{asked}")
        assert text, f"{what} refused: {asked}"
        return list(json.loads(text)["data"]["result"])


@contextlib.contextmanager
def pushgateway(command: Path, host: str) -> Iterator[str]:
    """A Pushgateway that listens there, as its URL."""
    address = f"{host}:{free_port(host)}"
    with running(command, f"--web.listen-address={address}"):
        poll(lambda: fetched(f"http://{address}/-/ready"), "the Pushgateway")
        yield f"http://{address}"


@contextlib.contextmanager
def prometheus_of(command: Path, gateway: str, home: Path) -> Iterator[Prometheus]:
    """A Prometheus that scrapes that Pushgateway, as the documentation says to."""
    target = {"targets": [gateway.removeprefix("http://")]}
    job = {"job_name": "gateway", "honor_labels": True, "scrape_interval": "1s"}
    job |= {"static_configs": [target]}
    (home / "config.yaml").write_text(json.dumps({"scrape_configs": [job]}))
    address = f"127.0.0.1:{free_port('127.0.0.1')}"
    options = [f"--config.file={home}/config.yaml", f"--storage.tsdb.path={home}/data"]
    with running(command, *options, f"--web.listen-address={address}"):
        poll(lambda: fetched(f"http://{address}/-/ready"), "Prometheus")
        yield Prometheus(f"http://{address}")


def free_port(host: str) -> int:
    """A port on which no one listens.

    Below those that the kernel gives to outgoing connections and to who asks for any: one of these
    may be another's before the server is there.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return port
    raise AssertionError("no free port")


def fetched(url: str) -> str:
    """The answer's text; empty where there is none yet."""
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return str(reply.read().decode())
    except OSError:
        return ""


@contextlib.contextmanager
def running(*command: object) -> Iterator[None]:
    """A server for as long as the block lasts."""
    with subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()
