"""A fix counts once its workload was seen updated, available and stable; else it is undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.demo_shop import (
    NAMESPACE,
    WITH_REGION,
    WITHOUT_REGION,
    BoxClock,
    Shop,
    first_region,
    open_shop,
    ref,
)
from tests.support.programs import HTTPD, SERVE, serves
from watchdog.actions import DeletePod, PatchDeploymentEnv, RolloutUndo
from watchdog.clock import Budget
from watchdog.demo import Request, Response
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult
from watchdog.remediation.apply import Tried
from watchdog.remediation.permission import Proposal
from watchdog.remediation.verify import deployment, settle, verify_namespace
from watchdog.settings.schema import Settings, VerifySettings

DEAF_PROBE = "readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 5}"
ENV = PatchDeploymentEnv(target=ref(), container="main", name="REGION")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path)
    yield opened
    opened.box.__exit__()


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Shop]:
    """A shop for several passes, one after the other."""
    opened = open_shop(tmp_path, 10_000)
    yield opened
    opened.box.__exit__()


def watch(shop: Shop, attempts: tuple[Tried, ...], **changes: Any) -> tuple[ActionResult, ...]:
    permission = shop.permission(**changes)
    return settle(attempts, shop.cluster, permission, shop.budget, shop.asked.append)


def agreed(_proposal: Proposal) -> bool:
    """A person at a terminal says yes."""
    return True


def suggestion(value: str) -> PatchDeploymentEnv:
    return PatchDeploymentEnv.model_validate({**ENV.model_dump(), "value": value})


def test_a_fix_is_verified_once_it_was_stable_for_the_whole_window(shop: Shop) -> None:
    shop.break_ledger()

    (result,) = watch(shop, shop.remediate(ENV))

    assert result.outcome is Outcome.VERIFIED
    health = result.verification
    assert health is not None
    assert health.healthy
    assert health.summary.startswith("revision 3 has 2 of 2 pods ready, stable for 1")
    assert health.waited_seconds >= 15
    assert shop.asked, "progress is shown while waiting"


def test_a_fix_that_does_not_help_is_undone(shop: Shop) -> None:
    shop.deploy("ledger", WITHOUT_REGION, ('-n "$REGION"', '"$REGION" = right'))
    shop.box.advance(60)
    before = shop.live()["spec"]

    (result,) = watch(shop, shop.remediate(suggestion("wrong"), consent=agreed))

    assert result.outcome is Outcome.UNDONE, result
    assert "did not help" in result.reason
    assert "CrashLoopBackOff" in result.reason
    assert result.undo is None
    assert shop.live()["spec"] == before


def test_a_container_that_restarts_in_the_window_is_not_stable(shop: Shop) -> None:
    shop.deploy("ledger", WITHOUT_REGION, ("sleep 3600", "sleep 10; exit 1"))
    shop.box.advance(60)

    (result,) = watch(shop, shop.remediate(suggestion("eu-1"), consent=agreed))

    assert result.outcome is Outcome.UNDONE, result


def test_a_neighbour_that_stays_broken_does_not_undo_a_good_fix(shop: Shop) -> None:
    shop.break_ledger()
    shop.break_ledger("other")

    (result,) = watch(shop, shop.remediate(ENV))

    assert result.outcome is Outcome.VERIFIED


def test_rollback_of_two_workloads_is_verified_for_each(shop: Shop) -> None:
    shop.break_ledger("a")
    shop.break_ledger("b")

    results = watch(
        shop, shop.remediate(RolloutUndo(target=ref("a")), RolloutUndo(target=ref("b")))
    )

    assert [r.outcome for r in results] == [Outcome.VERIFIED, Outcome.VERIFIED]


def test_an_unknown_write_that_healed_the_workload_is_verified(shop: Shop) -> None:
    shop.break_ledger()
    late: list[Request] = []

    def lose(request: Request) -> Response | None:
        if request.method == "PATCH" and not request.dry_run:
            late.append(request)
            return Response(dropped=True)
        return None

    shop.box.faults.append(lose)
    attempts = shop.remediate(ENV)
    assert attempts[0].result.outcome is Outcome.UNKNOWN
    shop.box.answer(late[0])

    (result,) = watch(shop, attempts)

    assert result.outcome is Outcome.VERIFIED


def test_when_the_pass_runs_out_of_time_the_fix_stands_and_the_report_says_so(shop: Shop) -> None:
    shop.break_ledger()
    attempts = shop.remediate(ENV)

    (result,) = settle(
        attempts, shop.cluster, shop.permission(), Budget(20, BoxClock(shop.box)), lambda _: None
    )

    assert result.outcome is Outcome.APPLIED
    assert "ran out of time" in result.reason
    assert shop.env()["REGION"]


def test_an_evicted_pod_counts_once_its_owner_is_whole_again(shop: Shop) -> None:
    shop.deploy()
    shop.box.advance(60)
    name = shop.box.items("Pod", NAMESPACE)[0]["metadata"]["name"]

    (result,) = watch(shop, shop.remediate(DeletePod(target=ref(name, "Pod"))))

    assert result.outcome is Outcome.VERIFIED
    assert name not in {pod["metadata"]["name"] for pod in shop.box.items("Pod", NAMESPACE)}


def test_reads_that_fail_while_watching_do_not_verify_anything(shop: Shop) -> None:
    shop.break_ledger()
    attempts = shop.remediate(ENV)
    gone = Response(500, {"kind": "Status", "code": 500, "message": "boom"})
    shop.box.faults.append(lambda request: gone if request.method == "GET" else None)

    (result,) = watch(shop, attempts, settings=Settings(verify=VerifySettings(timeout_seconds=20)))

    # The next pass goes on from here.
    assert result.outcome is Outcome.APPLIED
    assert "could not be undone yet" in result.reason
    assert result.verification is not None
    assert not result.verification.healthy


def test_the_namespace_is_asked_until_nothing_is_sick(shop: Shop) -> None:
    answers = [("Deployment/x: 1 of 2 pods ready",), ()]

    found = verify_namespace(lambda: answers.pop(0), VerifySettings(), shop.budget, lambda _: None)

    assert found.healthy
    assert found.waited_seconds == 2


def test_a_namespace_that_stays_sick_says_what_is(shop: Shop) -> None:
    problem = ("Deployment/x: 1 of 2 pods ready",)

    found = verify_namespace(lambda: problem, VerifySettings(), shop.budget, lambda _: None)

    assert not found.healthy
    assert found.problems == problem
    assert found.waited_seconds >= 120


def live(generation: int = 2, **status: int) -> dict[str, Any]:
    whole = {
        "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2,
        "availableReplicas": 2, **status,
    }  # fmt: skip
    return {
        "metadata": {"generation": generation, "annotations": {}},
        "spec": {"replicas": 2},
        "status": whole,
    }


@pytest.mark.parametrize(
    ("item", "written"),
    [
        (live(generation=3), 0),
        (live(), 3),
        (live(updatedReplicas=1), 0),
        (live(replicas=3), 0),
        (live(readyReplicas=1), 0),
        (live(availableReplicas=0), 0),
        (live(unavailableReplicas=1), 0),
    ],
)
def test_a_deployment_is_healthy_only_when_its_new_revision_alone_is_available(
    item: dict[str, Any], written: int
) -> None:
    assert deployment(live(), [], 0).problems == ()

    assert deployment(item, [], written).problems


def test_pods_that_are_not_ready_for_long_enough_yet_are_said_to_be_ready() -> None:
    item = live(availableReplicas=1)
    item["spec"]["minReadySeconds"] = 130

    assert deployment(item, [], 0).problems == (
        "1 of 2 pods were ready for 130 s (minReadySeconds)",
    )


@pytest.mark.parametrize(
    ("ready_after", "probe", "min_ready"),
    [
        (60, "", 0),
        (200, "", 0),
        (200, "startupProbe: {tcpSocket: {port: 80}, periodSeconds: 5, failureThreshold: 60}", 0),
        (5, "", 130),
    ],
)
def test_slow_starter_is_watched_by_later_passes_and_never_undone(
    patient: Shop, ready_after: int, probe: str, min_ready: int
) -> None:
    shop = patient
    slow = ("sleep 3600", f"sleep {ready_after}; {SERVE}{HTTPD}")
    shop.box.programs.update(first_region(slow[1], serves(ready_after)))
    readiness = "readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 5}"
    resources = "resources: {limits: {memory: 64Mi}}"
    probed = (resources, "\n        ".join(part for part in (resources, readiness, probe) if part))
    rolling = ("maxUnavailable: 2", "maxUnavailable: 25%")
    waits = ("  replicas: 2", f"  replicas: 2\n  minReadySeconds: {min_ready}")
    shop.deploy("ledger", WITH_REGION, slow, probed, rolling, waits)
    shop.box.advance(900)
    shop.deploy("ledger", WITHOUT_REGION, slow, probed, rolling, waits)
    shop.box.advance(60)

    attempts = shop.remediate(ENV)
    outcomes = []
    for _ in range(8):
        (result,) = watch(shop, attempts)
        outcomes.append(result.outcome)
        if result.outcome is not Outcome.APPLIED:
            break
        assert "still starting, within its progress deadline of 600 s" in result.reason

    assert outcomes[-1] is Outcome.VERIFIED
    assert shop.env()["REGION"]


def test_slow_starter_that_is_over_its_deadline_is_undone(patient: Shop) -> None:
    shop = patient
    deaf = ("sleep 3600", "sleep 100000")
    probed = (
        "resources: {limits: {memory: 64Mi}}",
        f"resources: {{limits: {{memory: 64Mi}}}}\n        {DEAF_PROBE}",
    )
    short = ("  replicas: 2", "  replicas: 2\n  progressDeadlineSeconds: 200")
    shop.deploy("ledger", WITH_REGION, short)
    shop.box.advance(60)
    shop.deploy("ledger", WITHOUT_REGION, deaf, probed, short)
    shop.box.advance(60)

    attempts = shop.remediate(ENV)
    outcomes = [watch(shop, attempts)[0].outcome for _ in range(2)]

    assert outcomes == [Outcome.APPLIED, Outcome.UNDONE]
