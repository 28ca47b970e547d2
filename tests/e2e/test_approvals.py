"""Approvals on a real cluster: they count for one exact change of one object, and for a time."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.cluster.handle import Cluster
from tests.e2e.lives import MEMORY, WRONG, Done, Json, Life, life

pytestmark = pytest.mark.cluster
APPROVE = "sre-watchdog/approve"
ASKS = {
    "ACTIONS__ROLLOUT_UNDO": "approve",
    "INCIDENTS__APPROVAL_SECONDS": "600",
    "SLACK__APPROVERS": "U1",
}
NAMES = ("exact", "other", "moved", "late", "edited", "slack")


@pytest.fixture(scope="module")
def lives(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Life]]]:
    """A namespace for each test, where a rollback is to be approved; all being broken at once."""
    folder = tmp_path_factory.mktemp("lives")
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(len(NAMES)) as crew:

        def broken(name: str) -> Life:
            ours = stack.enter_context(life(cluster, folder / name, name, **ASKS))
            if name == "other":
                ours.deploy_broken("neighbour", script="exit 3")
            ours.lose_command()
            return ours

        yield {name: crew.submit(broken, name) for name in NAMES}


def test_an_approval_by_annotation_lets_the_next_pass_do_exactly_that(
    lives: dict[str, Future[Life]],
) -> None:
    ours = lives["exact"].result()
    first = ours.template()
    asked = ours.quick()
    (request,) = requests(asked)
    assert asked.outcomes == [("rollout_undo", "awaiting_approval")]
    assert f"{APPROVE}={request}" in "\n".join(message.shown for message in ours.slack.messages)
    assert ours.template() == first

    annotate(ours, request)
    done = ours.quick()

    assert done.outcomes == [("rollout_undo", "verified")]
    assert done.report["actions"][0]["source"] == "revision 1, approved by annotation"
    assert len(ours.writes) == 1
    assert ours.template()["spec"]["containers"][0]["command"][0] == "sh"


def test_an_approval_on_another_object_does_nothing_and_it_is_said(
    lives: dict[str, Future[Life]],
) -> None:
    ours = lives["other"].result()
    (request,) = requests(ours.quick())

    annotate(ours, request, "neighbour")
    done = ours.quick()

    assert requests(done) == [request]
    assert f"The approval {request} on Deployment/neighbour does not count" in done.said
    assert ours.writes == []


def test_an_approval_for_a_situation_that_changed_does_nothing_and_it_is_said(
    lives: dict[str, Future[Life]],
) -> None:
    ours = lives["moved"].result()
    (request,) = requests(ours.quick())

    annotate(ours, request)
    ours.deploy_broken(command=[*WRONG, "2"])
    done = ours.quick()

    assert done.outcomes == [("rollout_undo", "awaiting_approval")]
    assert requests(done) != [request]
    assert f"the request {request[:12]} no longer holds" in done.said
    assert "the approval on it is not for this change" in done.said
    assert ours.writes == []


def test_an_approval_that_expired_does_nothing_and_it_is_said(
    lives: dict[str, Future[Life]],
) -> None:
    ours = lives["late"].result()
    (request,) = requests(ours.quick())

    annotate(ours, request)
    ours.proxy.ahead += timedelta(seconds=601)
    done = ours.quick()

    assert done.outcomes == [("rollout_undo", "awaiting_approval")]
    assert requests(done) != [request]
    assert f"the request {request[:12]} has expired" in done.said
    assert ours.writes == []


def test_an_edited_memory_approves_nothing_and_it_is_said(lives: dict[str, Future[Life]]) -> None:
    ours = lives["edited"].result()
    ours.quick()
    made_up = "abcdef012345"

    edit(ours, {"id": made_up})
    annotate(ours, made_up)
    done = ours.quick()

    assert ours.writes == []
    assert "does not carry the signature" in done.said
    assert "verified" not in {outcome for _, outcome in done.outcomes}


def test_the_reaction_of_a_listed_approver_counts_and_a_strangers_does_not(
    lives: dict[str, Future[Life]],
) -> None:
    ours = lives["slack"].result()
    (request,) = requests(ours.quick())
    ts = str(ours.incident["request"]["ts"])
    assert request in ours.slack.message(ts).shown

    ours.slack.react(ts, "white_check_mark", "U666")
    refused = ours.quick()
    assert refused.outcomes == [("rollout_undo", "awaiting_approval")]
    assert "U666" in refused.said
    assert ours.writes == []

    ours.slack.react(ts, "white_check_mark", "U1")
    done = ours.quick()
    assert done.outcomes == [("rollout_undo", "verified")]
    assert done.report["actions"][0]["source"] == "revision 1, approved by U1 in Slack"
    assert len(ours.writes) == 1
    assert ours.slack.message(ts).edits == 1, "a used request says that it is used"


def requests(done: Done) -> list[str]:
    return [action["request"] for action in done.report["actions"] if action["request"]]


def annotate(ours: Life, request: str, name: str = "app") -> None:
    """A person approves, with kubectl annotate."""
    what = f"deployments/{name}"
    changed = ours.change(what, {"metadata": {"annotations": {APPROVE: request}}})
    generation = changed["metadata"]["generation"]
    # That it was annotated moves a Deployment's generation; the next pass is minutes away in life.
    ours.wait(
        lambda: ours.get(what)["status"].get("observedGeneration", 0) >= generation,
        "the controller to take note",
    )


def edit(ours: Life, changes: Json) -> None:
    """Someone who may edit ConfigMaps changes the request that is remembered."""
    memory = ours.memory
    memory["incidents"][0]["request"] |= changes
    ours.change(MEMORY, {"data": {"memory.json": json.dumps(memory)}})
