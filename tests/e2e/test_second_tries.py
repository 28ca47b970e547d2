"""Fixes that make things worse, on a real cluster: taken back, tried another way, handed over."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.cluster.handle import Cluster
from tests.e2e.crashes import EATS_MEMORY
from tests.e2e.lives import NEEDS, SET, Life, life

pytestmark = pytest.mark.cluster
SMALL = {"requests": {"memory": "32Mi"}, "limits": {"memory": "32Mi"}}
CRASHES = "exit 3"
MODE = {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "mode"}}}
# What does not help is given up soon, but not before the controllers have said why.
SOON = {"VERIFY__TIMEOUT_SECONDS": "30"}
# As it crashes, a fix is given up once it is hopeless: neither for a moment at which it seems to
# run, nor for one at which a busy machine has not started it yet.
TWICE = {
    "VERIFY__TIMEOUT_SECONDS": "350",
    "VERIFY__STABLE_SECONDS": "10",
    "RUN_BUDGET_SECONDS": "840",
    "INCIDENTS__TRIES": "2",
}


def beyond_quota(ours: Life) -> None:
    """Its limit is too low, and the namespace has no room for a higher one."""
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "memory"},
        "spec": {"hard": {"limits.memory": "40Mi"}},
    }
    ours.proxy.ask("POST", ours.at("resourcequotas"), quota)
    ours.wait(
        lambda: "hard" in ours.get("resourcequotas/memory").get("status", {}), "the quota to count"
    )
    ours.deploy_broken(script=EATS_MEMORY, resources=SMALL, memory=True)


def no_way_back(ours: Life) -> None:
    """The variable alone does not help, and the revision before needs a ConfigMap that is gone."""
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
    ours.proxy.ask("POST", ours.at("configmaps"), held | {"data": {"mode": "fast"}})
    ours.deploy_well(env=[*SET, MODE])
    ours.deploy_broken(env=[], script=NEEDS.replace("exec sleep 86400", CRASHES))
    ours.drop("configmaps/settings")


def neighbour(ours: Life) -> None:
    """One lost a variable; beside it is one that crashes whatever is done."""
    ours.deploy_broken("neighbour", script=CRASHES, restarts=2)
    ours.lose_env()


STORIES: dict[str, Callable[[Life], None]] = {
    "quota": beyond_quota,
    "back": no_way_back,
    "beside": neighbour,
}


@pytest.fixture(scope="module")
def lives(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Life]]]:
    """A namespace for each story, all being broken at once."""
    folder = tmp_path_factory.mktemp("lives")
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(len(STORIES)) as crew:

        def broken(name: str) -> Life:
            ours = stack.enter_context(life(cluster, folder / name, name))
            STORIES[name](ours)
            return ours

        yield {name: crew.submit(broken, name) for name in STORIES}


def test_a_memory_limit_that_a_quota_would_refuse_is_not_written_and_the_quota_is_named(
    lives: dict[str, Future[Life]],
) -> None:
    ours = lives["quota"].result()
    before = ours.template()

    done = ours.quick(**SOON)

    assert ours.template() == before
    assert done.outcomes == []
    assert ours.writes == []
    (told,) = ours.slack.posts
    assert "out of memory" in told.shown
    assert "Quota memory has no room for pods with a memory limit of" in told.shown


def test_a_second_try_differs_then_a_person_is_asked_and_the_object_is_as_it_was(
    lives: dict[str, Future[Life]],
) -> None:
    ours = lives["back"].result()
    before = ours.template()

    done = ours.quick(**TWICE, MAX_REMEDIATION_ATTEMPTS="3")

    assert done.outcomes[:2] == [("patch_deployment_env", "undone"), ("rollout_undo", "undone")]
    assert "verified" not in {outcome for _, outcome in done.outcomes}
    assert ours.template() == before
    assert len(ours.writes) == 4
    assert ours.incident["escalated"]
    assert ours.slack.posts[0].shown.startswith("*✋ Needs you")
    told = "\n".join(message.shown for message in ours.slack.messages).lower()
    assert "set env required_config" in told
    assert "roll back to revision 1" in told

    later = ours.quick(**TWICE)

    assert len(ours.writes) == 4
    assert {action["rule"] for action in later.report["actions"]} <= {"escalated", None}


def test_a_neighbour_that_stays_broken_does_not_undo_a_good_fix(
    lives: dict[str, Future[Life]],
) -> None:
    ours = lives["beside"].result()

    done = ours.quick()

    assert ("patch_deployment_env", "verified") in done.outcomes
    assert not done.report["verification"]["healthy"]
    assert ours.well("app")
    assert ours.generation("app") == 3
