"""Whether a new pod is still starting or will not come up: by what its containers' states tell."""

from __future__ import annotations

from typing import Any

import pytest

from watchdog.remediation.rollout_progress import hopeless

ENDED = {"terminated": {"exitCode": 1, "reason": "Error"}}
BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff"}}
RUNS: dict[str, Any] = {"running": {}}


def restarted(times: int, state: dict[str, Any]) -> dict[str, Any]:
    status = {"name": "main", "restartCount": times, "state": state}
    return {"status": {"phase": "Running", "containerStatuses": [status]}}


@pytest.mark.parametrize(
    ("times", "state", "words"),
    [
        (2, BACK_OFF, "container main is in CrashLoopBackOff"),
        (1, BACK_OFF, None),
        (3, ENDED, "container main has ended again after 3 restarts"),
        (1, ENDED, None),
        (4, RUNS, None),
    ],
)
def test_a_crash_loop_is_known_by_its_restarts_where_the_kubelet_does_not_name_it(
    times: int, state: dict[str, Any], words: str | None
) -> None:
    """Since Kubernetes 1.35 it may take more than a minute to write CrashLoopBackOff."""
    assert hopeless(restarted(times, state)) == words
