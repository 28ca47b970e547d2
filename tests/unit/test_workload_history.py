"""What a report shows of how a workload came to be broken."""

from __future__ import annotations

import pytest

from watchdog.examples.builders import NOW, WEB, broken, crashing
from watchdog.observation.workload_history import histories
from watchdog.snapshot.snapshot import EventSummary


@pytest.mark.parametrize("blamed", [True, False])
def test_a_revision_that_is_to_blame_did_not_work_however_ready_it_looked(blamed: bool) -> None:
    seen = broken(crashing(1))
    deployment = seen.deployment(WEB)
    assert deployment
    ready = deployment.revisions[0].model_copy(update={"available": True})
    earlier = deployment.revisions[1:]
    seen = seen.model_copy(
        update={"deployments": (deployment.model_copy(update={"revisions": (ready, *earlier)}),)}
    )

    (life,) = histories(seen, [WEB], {WEB: ready.revision} if blamed else {})

    assert life.revisions[0].worked is not blamed


def test_the_story_of_an_earlier_fix_holds_no_half_of_a_command() -> None:
    seen = broken(crashing(1))
    ours = EventSummary(
        about=WEB,
        reason="FixVerified",
        message=f"set env: verified. Undo: kubectl -n shop patch {'x' * 300}",
        last_seen=NOW,
    )
    seen = seen.model_copy(update={"events": (ours,)})

    (life,) = histories(seen, [WEB], {})

    assert [event.what for event in life.events] == ['FixVerified: "set env: verified."']
