"""Writes as they reach an API server: previewed, conditional, sent once, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.demo_shop import (
    NAMESPACE,
    WITH_REGION,
    WITHOUT_REGION,
    Shop,
    observe,
    open_shop,
    ref,
)
from watchdog.actions import (
    CustomInstruction,
    DeletePod,
    PatchDeploymentCommand,
    PatchDeploymentEnv,
    PatchDeploymentImage,
    PatchDeploymentResources,
    RolloutRestart,
    RolloutUndo,
    ScaleDeployment,
)
from watchdog.demo import Request, Response
from watchdog.incidents.approvals import Answer, Intent
from watchdog.model.outcome import Outcome
from watchdog.model.report import NamespaceReport, Report
from watchdog.remediation.apply import Proposal, Tried
from watchdog.remediation.undo import undo
from watchdog.settings.schema import Settings

SECRET = "s3cr3t-eu-1"
ENV = PatchDeploymentEnv(target=ref(), container="main", name="REGION")
UNDO = RolloutUndo(target=ref(), to_revision=1)
SCALE = ScaleDeployment(target=ref(), replicas=3)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path)
    yield opened
    opened.box.__exit__()


@pytest.fixture
def broken(shop: Shop) -> Shop:
    shop.break_ledger()
    return shop


def yes(_proposal: Proposal) -> bool:
    return True


def status(code: int, reason: str, message: str) -> Response:
    body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason}
    return Response(code, {**body, "message": message})


RBAC = status(
    403,
    "Forbidden",
    'deployments.apps "ledger" is forbidden: User "watchdog" cannot patch resource "deployments" '
    'in API group "apps" in the namespace "shop"',
)


def on_real_patch(respond: Callable[[Request], Response | None]) -> Any:
    """A fault on PATCHes that are no dry run."""

    def fault(request: Request) -> Response | None:
        return respond(request) if request.method == "PATCH" and not request.dry_run else None

    return fault


def only(attempts: tuple[Tried, ...]) -> Tried:
    (attempt,) = attempts
    return attempt


def test_env_of_the_last_available_revision_is_put_back(broken: Shop) -> None:
    result = only(broken.remediate(ENV)).result

    assert result.outcome is Outcome.APPLIED
    assert broken.env()["REGION"] == SECRET
    assert result.source == "revision 1"
    assert result.undo is not None
    assert result.undo.startswith(f"kubectl -n {NAMESPACE} patch deployment ledger --type json")
    assert SECRET not in result.undo
    assert result.diff.splitlines() == [
        "  container main:",
        "+ - name: REGION",
        "+   value: (as in revision 1)",
    ]


def test_rollback_restores_the_earlier_template(broken: Shop) -> None:
    result = only(broken.remediate(UNDO)).result

    assert result.outcome is Outcome.APPLIED
    assert broken.env() == {"REGION": SECRET, "LEVEL": "info"}


def test_a_write_is_previewed_first_and_tied_to_what_was_observed(broken: Shop) -> None:
    before = broken.live()["metadata"]

    broken.remediate(ENV)

    preview, write = broken.writes()
    assert preview.query["dryRun"] == "All"
    assert "dryRun" not in write.query
    assert write.query["fieldManager"] == "sre-watchdog"
    assert preview.body == write.body
    assert write.body[:2] == [
        {"op": "test", "path": "/metadata/uid", "value": before["uid"]},
        {"op": "test", "path": "/metadata/generation", "value": before["generation"]},
    ]


def test_dry_run_changes_nothing_and_shows_the_diff(broken: Shop) -> None:
    before = broken.live()

    results = [a.result for a in broken.remediate(ENV, RolloutUndo(target=ref("x")), dry_run=True)]

    assert [r.outcome for r in results] == [Outcome.DRY_RUN, Outcome.REFUSED]
    assert "+ - name: REGION" in results[0].diff
    assert broken.live() == before
    assert broken.writes(real=True) == []
    assert len(broken.writes(real=False)) == 1


def test_dry_run_without_the_right_to_patch_makes_the_diff_itself_and_advises_no_grant(
    broken: Shop,
) -> None:
    def forbid(request: Request) -> Response | None:
        return RBAC if request.method == "PATCH" else None

    broken.box.faults.append(forbid)

    result = only(broken.remediate(ENV, dry_run=True)).result

    assert result.outcome is Outcome.DRY_RUN
    assert "+ - name: REGION" in result.diff
    assert result.reason == "not checked by the API server: this account may not write it"


def test_nothing_is_written_before_a_person_agrees(broken: Shop) -> None:
    seen: list[Proposal] = []

    def no(proposal: Proposal) -> bool:
        seen.append(proposal)
        assert broken.writes(real=True) == []
        return False

    result = only(broken.remediate(ENV, consent=no, asks_first=True)).result

    assert (result.outcome, result.rule) == (Outcome.REFUSED, "declined")
    assert seen[0].diff == result.diff
    assert broken.writes(real=True) == []


def test_what_is_automatic_is_not_asked_for_unless_wanted(broken: Shop) -> None:
    def never(proposal: Proposal) -> bool:
        raise AssertionError(proposal)

    assert only(broken.remediate(ENV, consent=never)).result.outcome is Outcome.APPLIED


def test_what_needs_an_approval_waits_where_nobody_can_be_asked(broken: Shop) -> None:
    attempt = only(broken.remediate(SCALE))

    assert attempt.result.outcome is Outcome.AWAITING_APPROVAL
    assert attempt.result.rule == "mode_approve"
    assert attempt.result.diff == "- replicas: 2\n+ replicas: 3"
    assert not attempt.counts
    assert broken.writes(real=True) == []


def test_an_approved_scale_happens_and_can_be_taken_back(broken: Shop) -> None:
    attempt = only(broken.remediate(SCALE, consent=yes))
    assert broken.live()["spec"]["replicas"] == 3
    assert attempt.result.undo == f"kubectl -n {NAMESPACE} scale deployment/ledger --replicas=2"

    undone = undo(attempt, broken.cluster, broken.permission())

    assert undone.outcome is Outcome.UNDONE, undone.reason
    assert broken.live()["spec"]["replicas"] == 2


def test_an_unanswered_write_that_landed_counts_as_applied_and_is_not_repeated(
    broken: Shop,
) -> None:
    def apply_and_hang_up(request: Request) -> Response:
        broken.box.answer(request)
        return Response(dropped=True)

    broken.box.faults.append(on_real_patch(apply_and_hang_up))

    attempt = only(broken.remediate(ENV))

    assert attempt.result.outcome is Outcome.APPLIED
    assert broken.env()["REGION"] == SECRET
    assert len(broken.writes(real=True)) == 1
    assert attempt.applied is not None
    assert attempt.applied.generation == broken.live()["metadata"]["generation"]


@pytest.mark.parametrize(
    "body", ["<html>", {}, {"kind": "Status"}, {"spec": []}, {"spec": "template"}]
)
def test_a_write_whose_answer_makes_no_sense_is_read_back(broken: Shop, body: Any) -> None:
    def apply_and_babble(request: Request) -> Response:
        broken.box.answer(request)
        return Response(200, body)

    broken.box.faults.append(on_real_patch(apply_and_babble))

    attempt = only(broken.remediate(ENV))

    assert attempt.result.outcome is Outcome.APPLIED
    assert len(broken.writes(real=True)) == 1
    assert undo(attempt, broken.cluster, broken.permission()).outcome is not Outcome.APPLIED


def test_without_a_preview_nothing_is_written(broken: Shop) -> None:
    def fail(request: Request) -> Response | None:
        return status(500, "InternalError", "boom") if request.method == "PATCH" else None

    broken.box.faults.append(fail)

    attempt = only(broken.remediate(ENV))

    assert attempt.result.outcome is Outcome.FAILED
    assert "nothing was changed" in attempt.result.reason
    assert not attempt.counts
    assert broken.writes(real=True) == []


def test_an_unanswered_write_that_is_not_there_stays_unknown(broken: Shop) -> None:
    broken.box.faults.append(on_real_patch(lambda _: Response(dropped=True)))

    attempt = only(broken.remediate(ENV))

    assert attempt.result.outcome is Outcome.UNKNOWN
    assert attempt.counts
    assert len(broken.writes(real=True)) == 1


def test_an_unanswered_write_that_can_never_land_has_failed(broken: Shop) -> None:
    def somebody_else(_: Request) -> Response:
        broken.deploy("ledger", WITHOUT_REGION, ("replicas: 2", "replicas: 4"))
        return Response(dropped=True)

    broken.box.faults.append(on_real_patch(somebody_else))

    result = only(broken.remediate(ENV)).result

    assert result.outcome is Outcome.FAILED
    assert "someone else changed" in result.reason


def test_after_one_conflict_it_reads_judges_and_writes_again(broken: Shop) -> None:
    conflicts = [status(409, "Conflict", "the object has been modified")]
    broken.box.faults.append(on_real_patch(lambda _: conflicts.pop() if conflicts else None))

    result = only(broken.remediate(ENV)).result

    assert result.outcome is Outcome.APPLIED
    assert len(broken.writes(real=True)) == 2


def test_after_two_conflicts_it_leaves_the_object_alone(broken: Shop) -> None:
    conflict = status(409, "Conflict", "the object has been modified")
    broken.box.faults.append(on_real_patch(lambda _: conflict))

    result = only(broken.remediate(ENV)).result

    assert (result.outcome, result.rule) == (Outcome.REFUSED, "changed_meanwhile")
    assert len(broken.writes(real=True)) == 2


def test_a_change_by_somebody_else_since_the_look_is_not_overwritten(broken: Shop) -> None:
    seen = observe(broken.box)
    broken.deploy("ledger", "[{name: REGION, value: theirs}]")

    result = only(broken.remediate(ENV, snapshot=seen)).result

    assert (result.outcome, result.rule) == (Outcome.REFUSED, "changed_since")
    assert broken.writes() == []


def test_the_third_fix_is_refused_in_words_for_a_person(shop: Shop) -> None:
    for name in ("a", "b", "c"):
        shop.break_ledger(name)

    attempts = shop.remediate(*(RolloutUndo(target=ref(name)) for name in ("a", "b", "c")))

    assert [a.result.outcome for a in attempts] == [
        Outcome.APPLIED,
        Outcome.APPLIED,
        Outcome.REFUSED,
    ]
    assert attempts[2].result.rule == "attempts"
    assert attempts[2].result.reason == (
        "2 fixes per run are allowed (max_remediation_attempts), and both are used"
    )
    assert len(shop.writes(real=True)) == 2
    assert not any("/c" in request.path for request in shop.box.requests), "two have to be watched"


def test_a_shard_without_a_fix_left_says_with_whom_it_shares_them(shop: Shop) -> None:
    shop.break_ledger("a")

    attempts = shop.remediate(
        RolloutUndo(target=ref("a")), settings=Settings(shards=4), attempts_left=0
    )

    assert only(attempts).result.reason == (
        "2 fixes per run are allowed (max_remediation_attempts), and of 4 pods that share them "
        "this one has none left in this run"
    )


def test_what_waits_for_an_approval_waits_with_or_without_a_fix_left(shop: Shop) -> None:
    shop.break_ledger("a")
    asks = Settings(actions={"rollout_undo": "approve"})
    undo = RolloutUndo(target=ref("a"))

    results = [
        only(shop.remediate(undo, settings=asks, attempts_left=left)).result for left in (0, 1)
    ]

    assert results[0] == results[1]
    assert results[0].outcome is Outcome.AWAITING_APPROVAL
    assert shop.writes(real=True) == []


def test_what_waits_for_an_approval_waits_beside_fixes_that_are_made(shop: Shop) -> None:
    for name in ("a", "b"):
        shop.break_ledger(name)
    asks = Settings(actions={"patch_deployment_env": "approve"}, max_remediation_attempts=1)
    undo = RolloutUndo(target=ref("a"))
    env = PatchDeploymentEnv(target=ref("b"), container="main", name="REGION")

    attempts = shop.remediate(undo, env, settings=asks, attempts_left=1)

    assert [a.result.outcome for a in attempts] == [Outcome.APPLIED, Outcome.AWAITING_APPROVAL]


def test_an_approved_change_waits_for_a_run_that_has_a_fix_left(shop: Shop) -> None:
    shop.break_ledger("a")
    asks = Settings(actions={"rollout_undo": "approve"})

    result = only(
        shop.remediate(
            RolloutUndo(target=ref("a")),
            settings=asks,
            attempts_left=0,
            request=lambda *_: Answer("1234abcd", "approved by U1 in Slack"),
        )
    ).result

    assert (result.outcome, result.rule) == (Outcome.REFUSED, "attempts")
    assert result.diff
    assert shop.writes(real=True) == []


def test_an_approval_is_not_lost_to_another_change_of_the_workload_meanwhile(shop: Shop) -> None:
    shop.break_ledger("a")
    asks = Settings(actions={"rollout_undo": "approve", "patch_deployment_env": "approve"})
    asked: list[str] = []

    def approved(intent: Intent, _: object) -> Answer:
        asked.append(intent.action.kind)
        return Answer("1234abcd", "approved by U1 in Slack")

    undo = RolloutUndo(target=ref("a"))
    env = PatchDeploymentEnv(target=ref("a"), container="main", name="REGION")
    attempts = shop.remediate(undo, env, settings=asks, attempts_left=0, request=approved)

    assert [a.result.rule for a in attempts] == ["attempts", "one_at_a_time"]
    assert asked == ["rollout_undo"]


def test_nobody_is_asked_for_a_second_change_where_the_first_only_waits_its_turn(
    shop: Shop,
) -> None:
    shop.break_ledger("a")
    asks = Settings(actions={"patch_deployment_env": "approve"})
    asked: list[Intent] = []

    def request(intent: Intent, _: object) -> Answer:
        asked.append(intent)
        return Answer("1234abcd")

    undo = RolloutUndo(target=ref("a"))
    env = PatchDeploymentEnv(target=ref("a"), container="main", name="REGION")
    attempts = shop.remediate(undo, env, settings=asks, attempts_left=0, request=request)

    assert [a.result.rule for a in attempts] == ["attempts", "one_at_a_time"]
    assert asked == []


def test_where_no_fixes_are_allowed_a_person_is_needed_and_nothing_is_read(shop: Shop) -> None:
    shop.break_ledger("a")

    result = only(
        shop.remediate(
            RolloutUndo(target=ref("a")),
            settings=Settings(max_remediation_attempts=0),
            attempts_left=0,
        )
    ).result

    assert (result.rule, result.reason) == (
        "no_fixes", "no fixes are allowed (max_remediation_attempts is 0)"
    )  # fmt: skip
    assert shop.box.requests == []


def test_a_dry_run_reads_nothing_for_what_it_has_no_fix_left(shop: Shop) -> None:
    shop.break_ledger("a")

    result = only(shop.remediate(RolloutUndo(target=ref("a")), dry_run=True, attempts_left=0))

    assert result.result.rule == "attempts"
    assert shop.box.requests == []


def test_what_is_never_done_is_refused_for_that_with_or_without_a_fix_left(shop: Shop) -> None:
    shop.break_ledger("a")
    never = Settings(actions={"rollout_undo": "never"})
    undo = RolloutUndo(target=ref("a"))

    rules = {
        only(shop.remediate(undo, settings=never, attempts_left=left)).result.rule
        for left in (0, 1)
    }

    assert rules == {"mode_never"}


def test_one_workload_is_changed_once_in_a_pass(broken: Shop) -> None:
    first, second = broken.remediate(ENV, UNDO)

    assert first.result.outcome is Outcome.APPLIED
    assert second.result.rule == "one_at_a_time"


def test_a_fix_that_is_in_place_is_not_applied_again(shop: Shop) -> None:
    shop.deploy()
    shop.box.advance(30)
    shop.deploy("ledger", WITHOUT_REGION.replace("info", "debug"))
    shop.deploy()
    shop.box.advance(30)

    result = only(shop.remediate(ENV, consent=yes)).result

    assert (result.outcome, result.rule) == (Outcome.REFUSED, "already_in_place")
    assert shop.writes() == []


def test_a_target_that_is_gone_is_refused(broken: Shop) -> None:
    seen = observe(broken.box)
    broken.box.delete("Deployment", NAMESPACE, "ledger")

    result = only(broken.remediate(ENV, snapshot=seen)).result

    assert (result.outcome, result.rule) == (Outcome.REFUSED, "gone")


def test_a_missing_right_is_a_failure_that_names_it(broken: Shop) -> None:
    def forbid(request: Request) -> Response | None:
        return RBAC if request.method == "PATCH" else None

    broken.box.faults.append(forbid)

    result = only(broken.remediate(ENV)).result

    assert result.outcome is Outcome.FAILED
    assert "patch" in result.reason
    assert "deployments" in result.reason


def test_what_the_server_refuses_is_refused_with_its_words(broken: Shop) -> None:
    denial = status(422, "Invalid", 'Deployment.apps "ledger" is invalid: too wild')

    def refuse(request: Request) -> Response | None:
        return denial if request.method == "PATCH" else None

    broken.box.faults.append(refuse)

    result = only(broken.remediate(ENV)).result

    assert (result.outcome, result.rule) == (Outcome.REFUSED, "rejected")
    assert "too wild" in result.reason
    assert broken.writes(real=True) == []


def test_nothing_of_an_env_value_is_in_the_report(broken: Shop) -> None:
    suggestion = ENV.model_copy(update={"name": "REGION"})
    results = tuple(a.result for a in broken.remediate(suggestion))
    space = NamespaceReport(namespace=NAMESPACE, actions=results)
    report = Report(started_at=broken.permission().now(), namespaces=(space,))

    assert SECRET not in report.model_dump_json()
    assert SECRET not in str(report.to_json())
    assert SECRET not in repr(results)


def test_the_lease_is_looked_at_before_every_real_write(broken: Shop) -> None:
    looks: list[int] = []
    attempt = only(
        broken.remediate(ENV, may_write=lambda: looks.append(len(broken.writes(real=True))))
    )
    undo(attempt, broken.cluster, broken.permission(may_write=lambda: looks.append(-1)))

    assert looks == [0, -1]


def test_undo_restores_what_was_there_before(broken: Shop) -> None:
    before = broken.live()["spec"]
    attempt = only(broken.remediate(ENV))

    undone = undo(attempt, broken.cluster, broken.permission())

    assert undone.outcome is Outcome.UNDONE
    assert broken.live()["spec"] == before


def test_undo_leaves_what_somebody_changed_since(broken: Shop) -> None:
    attempt = only(broken.remediate(ENV))
    broken.deploy("ledger", WITHOUT_REGION, ("image: busybox:1.36", "image: busybox:1.37"))

    undone = undo(attempt, broken.cluster, broken.permission())

    assert undone.outcome is Outcome.FAILED
    assert "someone changed it since" in undone.reason
    container = broken.live()["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "busybox:1.37"


def test_undo_is_not_put_off_by_an_autoscaler(broken: Shop) -> None:
    attempt = only(broken.remediate(ENV))
    broken.deploy("ledger", WITHOUT_REGION, ("replicas: 2", "replicas: 4"))

    undone = undo(attempt, broken.cluster, broken.permission())

    assert undone.outcome is Outcome.UNDONE
    assert broken.live()["spec"]["replicas"] == 4


def test_an_annotation_that_opts_out_counts_even_if_set_since_the_look(broken: Shop) -> None:
    seen = observe(broken.box)
    broken.deploy(
        "ledger",
        WITHOUT_REGION,
        (
            "labels: {app: ledger}}\nspec:\n  rep",
            "annotations: {sre-watchdog/ignore: 'x'}}\nspec:\n  rep",
        ),
    )

    result = only(broken.remediate(ENV, snapshot=seen)).result

    assert (result.outcome, result.rule) == (Outcome.REFUSED, "changed_since")
    assert broken.writes() == []


def noted(shop: Shop, note: str) -> None:
    """Deploy the same again, with that annotation."""
    held, spec = "labels: {app: ledger}", "\nspec:\n  rep"
    change = f"{held}}}{spec}", f"{held}, annotations: {{{note}}}}}{spec}"
    shop.deploy("ledger", WITHOUT_REGION, change)


def test_a_controller_that_notes_times_on_it_does_not_keep_a_fix_away(broken: Shop) -> None:
    noted(broken, "example.com/seen-at: '12:00'")
    broken.box.advance(30)
    seen = observe(broken.box)
    before = broken.live()["metadata"]["generation"]
    noted(broken, "example.com/seen-at: '12:01'")
    assert broken.live()["metadata"]["generation"] > before
    broken.box.advance(5)

    result = only(broken.remediate(ENV, snapshot=seen)).result

    assert result.outcome is Outcome.APPLIED, result.reason


@pytest.mark.parametrize(
    "mark", ["argocd.argoproj.io/tracking-id: 'a:apps/Deployment:shop/ledger'", "team.io/new: 'x'"]
)
def test_a_new_mark_since_the_look_keeps_a_fix_away(broken: Shop, mark: str) -> None:
    seen = observe(broken.box)
    noted(broken, mark)
    broken.box.advance(5)

    result = only(broken.remediate(ENV, snapshot=seen)).result

    assert (result.outcome, result.rule) == (Outcome.REFUSED, "changed_since")
    assert broken.writes() == []


def test_an_approved_value_is_used_where_no_revision_has_one(shop: Shop) -> None:
    shop.deploy("ledger", WITHOUT_REGION)
    shop.box.advance(30)
    settings = Settings.model_validate({"approved_env": {"REGION": "eu-9"}})

    result = only(shop.remediate(ENV, settings=settings)).result

    assert result.outcome is Outcome.APPLIED
    assert result.source == "approved in settings"
    assert shop.env()["REGION"] == "eu-9"
    assert "+   value: (approved in settings)" in result.diff


def test_a_suggested_value_is_used_where_nothing_else_is_known(shop: Shop) -> None:
    shop.deploy("ledger", WITHOUT_REGION)
    shop.box.advance(30)
    action = PatchDeploymentEnv.model_validate({**ENV.model_dump(), "value": "eu-west-1"})
    listed = {"policies": {"shop": {"suggested_env": {"ledger": {"REGION": ["eu-west-1"]}}}}}

    unasked = only(shop.remediate(action)).result
    result = only(shop.remediate(action, settings=Settings.model_validate(listed))).result

    assert (unasked.outcome, unasked.rule) == (Outcome.AWAITING_APPROVAL, "env_suggested")
    assert "+   value: eu-west-1" in unasked.diff
    assert result.outcome is Outcome.APPLIED
    assert result.source == "suggested by the model"
    assert shop.env()["REGION"] == "eu-west-1"


def test_memory_is_raised_within_the_bounds(broken: Shop) -> None:
    action = PatchDeploymentResources(target=ref(), container="main", memory_limit="4Gi")

    result = only(broken.remediate(action)).result

    assert result.outcome is Outcome.APPLIED
    container = broken.live()["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["limits"]["memory"] == "256Mi"
    assert "+ limits.memory: 256Mi" in result.diff


def test_the_image_of_the_last_available_revision_is_restored(shop: Shop) -> None:
    shop.deploy()
    shop.box.advance(30)
    shop.deploy("ledger", WITHOUT_REGION, ("busybox:1.36", "busybox:nope"))
    shop.box.advance(30)
    action = PatchDeploymentImage(target=ref(), container="main", image="evil.example/x:1")

    result = only(shop.remediate(action, consent=yes)).result

    assert result.outcome is Outcome.APPLIED
    assert result.diff.splitlines()[1:] == ["- image: busybox:nope", "+ image: busybox:1.36"]


def test_the_command_of_the_last_available_revision_is_restored_unshown(shop: Shop) -> None:
    shop.deploy()
    shop.box.advance(30)
    shop.deploy("ledger", WITHOUT_REGION, ("sleep 3600", "exit 3"))
    shop.box.advance(30)
    action = PatchDeploymentCommand(target=ref(), container="main")

    result = only(shop.remediate(action, consent=yes)).result

    assert result.outcome is Outcome.APPLIED
    command = shop.live()["spec"]["template"]["spec"]["containers"][0]["command"]
    assert "sleep 3600" in command[2]
    assert result.diff.splitlines()[1:] == [
        "- command: (as it is now)",
        "+ command: (as in revision 1)",
    ]


def test_a_restart_is_an_annotation_on_the_template(broken: Shop) -> None:
    result = only(broken.remediate(RolloutRestart(target=ref()))).result

    assert result.outcome is Outcome.APPLIED
    annotations = broken.live()["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in annotations


def test_a_pod_is_evicted_by_its_uid(broken: Shop) -> None:
    name = broken.box.items("Pod", NAMESPACE)[0]["metadata"]["name"]

    result = only(broken.remediate(DeletePod(target=ref(name, "Pod")))).result

    assert result.outcome is Outcome.APPLIED
    assert result.undo is None
    preview, write = broken.writes()
    assert preview.dry_run
    assert write.path.endswith(f"/pods/{name}/eviction")
    assert write.body["deleteOptions"]["preconditions"]["uid"]


def test_a_disruption_budget_refuses_an_eviction(broken: Shop) -> None:
    name = broken.box.items("Pod", NAMESPACE)[0]["metadata"]["name"]
    denial = status(429, "TooManyRequests", "Cannot evict pod: it would violate the budget")
    broken.box.faults.append(lambda r: denial if r.path.endswith("/eviction") else None)

    result = only(broken.remediate(DeletePod(target=ref(name, "Pod")))).result

    assert result.outcome is Outcome.REFUSED
    assert "budget" in result.reason


def test_words_for_a_person_are_never_executed(broken: Shop) -> None:
    words = CustomInstruction(target=ref(), instruction="rm -rf /", command="rm -rf /")

    assert broken.remediate(words) == ()
    assert broken.box.requests == []


def test_a_suggested_command_is_shown_whole_and_written_only_once_approved(shop: Shop) -> None:
    shop.deploy("ledger", WITHOUT_REGION)
    shop.box.advance(60)
    words = ("sh", "-c", "sleep 3600")
    action = PatchDeploymentCommand(target=ref(), container="main", command=words)
    auto = Settings.model_validate({"actions": {"patch_deployment_command": "auto"}})
    seen: list[Proposal] = []

    def agree(proposal: Proposal) -> bool:
        seen.append(proposal)
        return True

    unasked = only(shop.remediate(action, settings=auto)).result
    asked = only(shop.remediate(action, settings=auto, consent=agree)).result

    assert (unasked.outcome, unasked.rule) == (Outcome.AWAITING_APPROVAL, "command_suggested")
    assert '+ command: ["sh", "-c", "sleep 3600"]' in seen[0].diff
    assert asked.outcome is Outcome.APPLIED
    container = shop.live()["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == list(words)


def test_dry_run_says_that_acting_would_ask(shop: Shop) -> None:
    at_once = ("{rollingUpdate: {maxUnavailable: 2}}", "{type: Recreate}")
    shop.deploy("ledger", WITH_REGION, at_once)
    shop.box.advance(60)
    shop.deploy("ledger", WITHOUT_REGION, at_once)
    shop.box.advance(30)

    (dry,) = shop.remediate(RolloutUndo(target=ref()), dry_run=True)
    (acting,) = shop.remediate(RolloutUndo(target=ref()))

    assert dry.result.outcome is acting.result.outcome is Outcome.AWAITING_APPROVAL
    assert "would need an approval" in dry.result.reason
    assert not dry.counts
