"""One incident over many passes on a real cluster: its message, its Lease, and who may act."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.cluster.handle import Cluster
from tests.e2e.lives import LEASE_OVER, WRONG, Life, ended, life
from tests.support.wire import verb_and_resource
from tests.support.wire_model import ModelServer, completion
from watchdog.demo import Request

pytestmark = pytest.mark.cluster
PASSES = 10
EVERY = timedelta(minutes=5)
NEVER = {"ACTIONS__ROLLOUT_UNDO": "never"}
FIXED = ("rollout_undo", "verified")
RIGHT = ["sleep", "86400"]
NOTHING_TO_DO = {
    "has_issue": True,
    "summary": "the container does not start",
    "root_cause": "its image has no such command",
    "evidence": [],
    "remediation_actions": [],
    "confidence": 0.9,
}
BROKEN = ("lasting", "crowd", "dead", "stale", "paused")


@dataclass(frozen=True)
class Lives:
    """A namespace for each test, all being broken at once."""

    begun: dict[str, Future[Life]]

    def __getitem__(self, name: str) -> Life:
        return self.begun[name].result()


@pytest.fixture(scope="module")
def lives(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    folder = tmp_path_factory.mktemp("lives")

    with contextlib.ExitStack() as stack, ThreadPoolExecutor(len(BROKEN)) as crew:

        def broken(name: str) -> Life:
            ours = stack.enter_context(life(cluster, folder / name, name))
            if name == "lasting":
                ours.deploy_broken(command=WRONG)
            else:
                ours.lose_command()
            return ours

        yield Lives({name: crew.submit(broken, name) for name in BROKEN})


def test_a_failure_that_lasts_ten_passes_is_one_message_and_one_call_until_somebody_repairs_it(
    lives: Lives, httpserver: HTTPServer
) -> None:
    ours = lives["lasting"]
    model = ModelServer(httpserver).says(completion(json.dumps(NOTHING_TO_DO)))
    ours.env = {"LLM__BASE_URL": model.url, "LLM__MODEL": "scripted-1"}

    began = time.monotonic()
    for _ in range(PASSES):
        last = ours.quick()
        ours.proxy.ahead += EVERY

    assert last.report["findings"]
    assert last.report["diagnosis"]["asked_at"]
    assert len(model.bodies) == 1
    assert len(ours.slack.posts) == 1
    assert ours.writes == []
    assert ours.incident["state"] == "needs_you"

    ours.deploy_well(command=RIGHT)
    ours.quick()
    took = time.monotonic() - began

    message = ours.slack.posts[0]
    minutes = re.search(r"broken for (\d+) min", message.shown)
    assert message.shown.startswith("*✅ Resolved")
    assert minutes, message.shown
    by_the_proxy = PASSES * EVERY / timedelta(minutes=1)
    # It crashed a moment before the first pass.
    assert by_the_proxy <= int(minutes[1]) <= by_the_proxy + took / 60 + 5
    assert ours.slack.messages[-1].thread == message.ts

    ours.proxy.ahead += EVERY
    ours.deploy_broken(command=WRONG)
    ours.quick(**NEVER)

    assert len(ours.slack.posts) == 1
    assert not message.shown.startswith("*✅ Resolved")
    assert ours.incident["reopened"] == 1
    assert ours.slack.messages[-1].thread == message.ts
    assert "It is back" in ours.slack.messages[-1].shown


def test_of_ten_passes_started_at_once_one_acts_and_the_others_say_which(lives: Lives) -> None:
    ours = lives["crowd"]

    passes = ours.crowd(10, VERIFY__STABLE_SECONDS="25")

    assert {done.code for done in passes} == {0}
    acted = [done for done in passes if FIXED in done.outcomes]
    # One that looks late, on a busy machine, finds it repaired.
    others = [done for done in passes if done not in acted and done.report["findings"]]
    assert len(acted) == 1
    assert len(ours.writes) == 1
    assert others
    assert all(re.search(r"is held by \S+-[0-9a-f]{8} until", done.said) for done in others)
    assert len(ours.slack.posts) == 1
    assert ours.well()


def test_a_holder_that_died_is_replaced_by_the_very_next_pass_after_its_lease_expired(
    lives: Lives,
) -> None:
    ours = lives["dead"]
    assert ours.killed(is_record, "after")
    held = ours.holder

    meanwhile = ours.quick()
    assert held
    assert f"held by {held} until" in meanwhile.said
    assert ours.writes == []

    ours.proxy.ahead = LEASE_OVER
    assert ours.quick().outcomes == [FIXED]
    assert len(ours.writes) == 1
    assert not ours.holder


def test_a_holder_whose_lease_expired_writes_no_more(lives: Lives) -> None:
    """It recorded what it is about to do, and is held up until another one has taken over."""
    ours = lives["stale"]

    def another_takes_over() -> None:
        ours.proxy.before = lambda _: None
        ours.proxy.ahead = LEASE_OVER
        other = ours.start()
        taken.append(ended(other).outcomes)

    taken: list[Any] = []
    with ours.before("create", "configmaps", another_takes_over):
        stale = ours.run()

    assert taken == [[FIXED]]
    assert stale.code == 0
    assert FIXED not in stale.outcomes
    assert len(ours.writes) == 1
    assert ours.generation() == 3
    assert len(ours.slack.posts) == 1


def test_a_pause_that_begins_between_look_and_write_stops_the_write(lives: Lives) -> None:
    ours = lives["paused"]
    note = {"sre-watchdog/pause": "until 2099-01-01: migration"}

    def pause() -> None:
        where = f"/api/v1/namespaces/{ours.ns}"
        ours.proxy.ask("PATCH", where, {"metadata": {"annotations": note}})

    with ours.before("create", "configmaps", pause):
        done = ours.quick()

    assert done.code == 0
    assert 'paused meanwhile ("until 2099-01-01: migration")' in done.said
    assert ours.writes == []
    assert ours.generation() == 2


def is_record(request: Request) -> bool:
    """Whether a pass writes down what it is about to do."""
    return verb_and_resource(request) == ("create", "configmaps")
