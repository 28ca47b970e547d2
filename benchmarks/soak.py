"""Many passes in one process, while the cluster keeps changing, to see what grows."""

from __future__ import annotations

import contextlib
import gc
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from benchmarks.estate import Estate, log_of
from benchmarks.measure import BenchError
from benchmarks.node import node
from benchmarks.slack import CHANNEL, SHORT, StandIn, Told, stand_in
from tests.cluster.plane import Api, ApiRefusalError, Plane
from tests.support.wire_slack import TOKEN
from watchdog.agent import wiring
from watchdog.agent.deliver import deliver
from watchdog.agent.run import run_pass
from watchdog.incidents.memory import decode
from watchdog.incidents.place import KEY
from watchdog.kube.rbac import OWN_NAME
from watchdog.model.incident import Incident
from watchdog.settings.schema import IncidentSettings, NamespacePolicy, Settings
from watchdog.settings.services import SlackSettings

# Its own: the memory that its passes leave would change what a pass of another bench costs.
PREFIX = "bench-soak"
# How many are broken in one pass and the next: things break, spread and heal.
_BROKEN = (0, 1, 6, 3, 20, 12, 0, 2)
_MEMORY = f"/api/v1/namespaces/{{}}/configmaps/{OWN_NAME}"
_LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{{}}/leases/{OWN_NAME}"


class Sample(NamedTuple):
    """What the process held after a pass, what is in memory, and what Slack heard so far."""

    number: int
    rss_mb: float
    descriptors: int
    connections: int
    threads: int
    objects: int
    kept_bytes: int
    findings: int
    begun: int
    messages: int
    replies: int
    edits: int


@dataclass
class Tally:
    """Counts the incidents that begin, by what is remembered after one pass and the next.

    `expected` has as many messages for a fingerprint, in short, as there were incidents of it.
    """

    begun: int = 0
    expected: Counter[str] = field(default_factory=Counter)
    before: tuple[Incident, ...] = ()

    def note(self, incidents: Iterable[Incident]) -> None:
        """What is remembered after one more pass."""
        now = tuple(incidents)
        old = {item.fingerprint: item for item in self.before}
        here = {item.fingerprint for item in now}
        gone = {_place(item): item for item in self.before if item.fingerprint not in here}
        for item in now:
            known, mark = old.get(item.fingerprint), item.fingerprint[:SHORT]
            if known is None and (face := gone.get(_place(item))) is not None and face.open:
                # The same incident that shows another face, whichever Slack heard of.
                self.expected[mark] += self.expected[face.fingerprint[:SHORT]]
            elif known is None or (not known.open and item.open and not item.reopened):
                self.begun += 1
                self.expected[mark] += 1
        self.before = now

    def check(self, told: Told) -> None:
        """Raise BenchError where a message was posted twice, or Slack heard of nothing."""
        twice = [mark for mark, count in told.about.items() if count > self.expected[mark]]
        if twice:
            raise BenchError(f"more than one message for one incident: {', '.join(twice)}")
        if self.begun and not told.messages:
            raise BenchError("incidents began, and Slack heard of none")


def soak(
    plane: Plane, estate: Estate, passes: int, say: Callable[[str], None]
) -> tuple[Sample, ...]:
    """Run the passes; a sample after each."""
    estate.stand(plane)
    estate.breaking(plane, 0)
    _forget(plane, estate)
    samples: list[Sample] = []
    tally = Tally()
    with stand_in() as slack, node(plane, estate.prefix, log_of):
        for number in range(1, passes + 1):
            estate.breaking(plane, _BROKEN[number % len(_BROKEN)])
            samples.append(_one(plane, estate, number, slack, tally))
            if number % 20 == 0:
                say(f"{number} passes: {samples[-1].rss_mb:.0f} MB")
    return tuple(samples)


def remembered(api: Api, namespace: str) -> tuple[int, tuple[Incident, ...]]:
    """The bytes of a namespace's memory and the incidents in it; none where there is none yet."""
    try:
        found = api.request("GET", _MEMORY.format(namespace))
    except ApiRefusalError:
        return 0, ()
    text = (found.get("data") or {}).get(KEY, "")
    return len(text.encode()), decode(text).incidents if text else ()


def _one(plane: Plane, estate: Estate, number: int, slack: StandIn, tally: Tally) -> Sample:
    settings = _settings(estate, slack.base_url)
    cluster, budget = wiring.connect(settings, plane.kubeconfig, None)
    work = wiring.new_pass(settings, cluster, budget, "json", asks=False)
    report = run_pass(settings.namespaces, work, lambda r, books: deliver(r, settings, books))
    if report.result == "failed":
        raise BenchError(f"pass {number} failed: {[part.error for part in report.namespaces]}")
    findings = sum(len(part.findings) for part in report.namespaces)
    del cluster, budget, work, report
    told = slack.told()
    kept, incidents = remembered(plane.api, estate.names[0])
    tally.note(incidents)
    tally.check(told)
    del incidents
    # The bench's own connections to the API server are no part of the pass.
    plane.api.close()
    gc.collect()
    links = [_target(link) for link in Path("/proc/self/fd").iterdir()]
    return Sample(
        number,
        _resident_mb(),
        len(links),
        sum(link.startswith("socket:") for link in links),
        len(list(Path("/proc/self/task").iterdir())),
        len(gc.get_objects()),
        kept,
        findings,
        tally.begun,
        told.messages,
        told.replies,
        told.edits,
    )


def _settings(estate: Estate, slack_url: str) -> Settings:
    """A pass that remembers and tells; what is broken stays so until the bench heals it."""
    return Settings(
        namespaces=estate.names,
        policies={name: NamespacePolicy(mode="observe") for name in estate.names},
        slack=SlackSettings(bot_token=SecretStr(TOKEN), channel=CHANNEL, base_url=slack_url),
        # In so short a time all that returns would be the same incident as before.
        incidents=IncidentSettings(reopen_seconds=0),
    )


def table(samples: Sequence[Sample]) -> tuple[list[str], list[list[str]]]:
    """A few of the samples, as heads and lines."""
    heads = [
        "after pass", "memory MB", "open files", "of them sockets", "threads", "Python objects",
        "kept in the cluster, B", "findings so far", "incidents begun", "Slack messages",
        "replies", "edits",
    ]  # fmt: skip
    return heads, [
        [
            str(each.number), f"{each.rss_mb:.1f}", str(each.descriptors), str(each.connections),
            str(each.threads), f"{each.objects:,}", f"{each.kept_bytes:,}",
            f"{sum(one.findings for one in samples[: each.number]):,}", f"{each.begun:,}",
            f"{each.messages:,}", f"{each.replies:,}", f"{each.edits:,}",
        ]
        for each in samples
        if each.number in shown(len(samples))
    ]  # fmt: skip


def shown(passes: int) -> tuple[int, ...]:
    """The passes that a table shows: the first, an early one, and each fifth of them all."""
    return tuple(sorted({1, max(1, passes // 20)} | {passes * n // 10 for n in (2, 4, 6, 8, 10)}))


def _forget(plane: Plane, estate: Estate) -> None:
    """Take away what an earlier soak remembered."""
    for path in (_MEMORY, _LEASE):
        with contextlib.suppress(ApiRefusalError):
            plane.api.request("DELETE", path.format(estate.names[0]))


def _place(item: Incident) -> tuple[object, ...]:
    return item.target, item.uid, item.container


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""
