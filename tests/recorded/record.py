"""Records what a real API server says of every drill: `make record`.

Each drill is caused in a namespace of its own; what the first look that finds anything has read is
kept beside this file. The tests over the recordings are in tests/unit/test_recorded.py.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from tests.cluster.handle import Cluster, poll
from tests.e2e.settling import cause, let_go
from tests.tape import Tape
from watchdog.clock import Budget, SystemClock
from watchdog.diagnosis.rules import detect
from watchdog.failures import KINDS
from watchdog.failures.kind import FailureKind
from watchdog.kube import Cluster as Reader
from watchdog.observation.collector import observe
from watchdog.settings import Settings

HERE = Path(__file__).parent
SECONDS = 250


def test_every_drill_is_recorded(cluster: Cluster) -> None:
    wanted = os.environ.get("KINDS", "").split()
    kinds = [kind for kind in KINDS if not wanted or kind.name in wanted]
    with ThreadPoolExecutor(len(kinds)) as pool:
        for recorded in [pool.submit(record, cluster, kind) for kind in kinds]:
            recorded.result()


def record(cluster: Cluster, kind: FailureKind) -> None:
    with cluster.namespace("record") as ns:
        try:
            cause(cluster, ns, kind.drill)
            tape = poll(lambda: sick(cluster, ns, kind), SECONDS, f"{kind.name} in {ns}", 3)
            assert tape
            tape.save(HERE / f"{kind.name}.json", ns)
        finally:
            let_go(cluster, ns)


def sick(cluster: Cluster, ns: str, kind: FailureKind) -> Tape | None:
    """What one look read, or None where it did not find the kind yet."""
    reader = Reader.connect(cluster.kubeconfig, None, Budget(60, SystemClock()))
    tape = Tape(datetime.now(UTC), reader=reader)
    settings = Settings.model_validate({"observe": kind.drill.observe})
    found = detect(observe(tape, ns, settings, tape), KINDS)
    return tape if kind.name in {finding.kind for finding in found} else None
