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
from tests.support.recorded_api import Tape
from watchdog.clock import Budget, SystemClock
from watchdog.detection.kind import FailureKind
from watchdog.diagnosis.rules import detect
from watchdog.examples import drill_of
from watchdog.failures import KINDS
from watchdog.kube.client import ApiServer as Reader
from watchdog.observation.collector import observe
from watchdog.settings.schema import Settings

HERE = Path(__file__).parent


def test_every_drill_is_recorded(cluster: Cluster) -> None:
    wanted = os.environ.get("KINDS", "").split()
    kinds = [kind for kind in KINDS if not wanted or kind.name in wanted]
    with ThreadPoolExecutor(len(kinds)) as pool:
        for recorded in [pool.submit(record, cluster, kind) for kind in kinds]:
            recorded.result()


def record(cluster: Cluster, kind: FailureKind) -> None:
    with cluster.namespace("record") as ns:
        try:
            cause(cluster, ns, drill_of(kind.name))
            tape = poll(lambda: sick(cluster, ns, kind), f"{kind.name} in {ns}", 3)
            assert tape
            tape.save(HERE / f"{kind.name}.json", ns)
        finally:
            let_go(cluster, ns)


def sick(cluster: Cluster, ns: str, kind: FailureKind) -> Tape | None:
    """What one look read, or None where it did not find the kind yet."""
    reader = Reader.connect(cluster.kubeconfig, None, Budget(60, SystemClock()))
    tape = Tape(datetime.now(UTC), reader=reader)
    settings = Settings.model_validate(drill_of(kind.name).settings)
    found = detect(observe(tape, ns, settings, tape), KINDS)
    return tape if kind.name in {finding.kind for finding in found} else None
