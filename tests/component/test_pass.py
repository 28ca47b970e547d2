"""Whole passes: what was found, what was written, what reached the wire, what was said."""

from __future__ import annotations

import json

import pytest
from pytest_httpserver import HTTPServer

from tests.support.diagnosis_samples import BROKEN
from tests.support.simulated_cluster import NAMESPACE, SET, VALUE, Arena, outcomes
from tests.support.wire import hands_back
from tests.support.wire_model import ModelServer, completion
from watchdog.demo import Behaviour, Response
from watchdog.settings.schema import NamespacePolicy, ObserveSettings
from watchdog.settings.services import LLMSettings

READS_OF_A_HEALTHY_NAMESPACE = 14


def answer(**changes: object) -> str:
    return json.dumps(
        {
            "has_issue": True,
            "summary": "ledger misses a variable",
            "root_cause": "REQUIRED_CONFIG is not set",
            "evidence": ["sh: REQUIRED_CONFIG: must be set"],
            "remediation_actions": [
                {
                    "kind": "patch_deployment_env",
                    "target": "D1",
                    "container": "main",
                    "name": "REQUIRED_CONFIG",
                    "value": "suggested",
                }
            ],
            "confidence": 0.9,
            **changes,
        }
    )


LISTED = {"shop": NamespacePolicy(suggested_env={"ledger": {"REQUIRED_CONFIG": ("suggested",)}})}


def model(server: HTTPServer, reply: str) -> LLMSettings:
    return LLMSettings(base_url=ModelServer(server).says(completion(reply)).url, model="m")


def test_a_missing_variable_is_put_back_from_the_revision_that_had_it(arena: Arena) -> None:
    arena.break_env()

    part = arena.look()

    assert [finding.kind for finding in part.findings] == ["missing_env"]
    assert outcomes(part) == [("patch_deployment_env", "verified")]
    assert part.actions[0].source == "revision 1"
    assert part.verification is not None
    assert part.verification.healthy
    assert arena.env() == {"REQUIRED_CONFIG": VALUE}


@pytest.mark.parametrize("approved", [{}, {"REQUIRED_CONFIG": "x"}])
def test_what_is_verified_or_undone_is_handed_back_and_keeps_its_mark(
    arena: Arena, approved: dict[str, str]
) -> None:
    if approved:
        arena.deploy(env="[]", script="sleep 1; echo fatal; exit 1")
        arena.wire.advance(120)
    else:
        arena.break_env()

    part = arena.look(approved_env=approved)

    assert outcomes(part) == [("patch_deployment_env", "undone" if approved else "verified")]
    metadata = arena.metadata()
    assert "sre-watchdog" not in {entry["manager"] for entry in metadata["managedFields"]}
    assert "sre-watchdog/attempts" in metadata["annotations"]
    *_, last = [each for each in arena.wire.writes if each.method == "PATCH"]
    assert hands_back(last)


def test_a_bad_image_that_comes_again_after_its_undo_is_undone_again(arena: Arena) -> None:
    arena.deploy()
    arena.wire.advance(600)
    arena.deploy(image="busybox:no-such-tag")
    arena.wire.advance(90)
    assert outcomes(arena.look()) == [("rollout_undo", "verified")]
    arena.wire.advance(7200)
    arena.deploy(image="busybox:no-such-tag")
    arena.wire.advance(90)

    part = arena.look()

    assert outcomes(part) == [("rollout_undo", "verified")]
    explanation = part.diagnosis.explanations[0]
    assert explanation.changed is not None
    assert explanation.changed.startswith("Revision 4 (90 s ago)")


def test_an_approved_value_is_used_where_no_revision_had_one(arena: Arena) -> None:
    arena.deploy(env="[]")
    arena.wire.advance(120)

    part = arena.look(approved_env={"REQUIRED_CONFIG": "approved-1"})

    assert outcomes(part) == [("patch_deployment_env", "verified")]
    assert arena.env() == {"REQUIRED_CONFIG": "approved-1"}


def test_without_any_source_of_a_value_nothing_is_invented(arena: Arena) -> None:
    arena.deploy(env="[]")
    arena.wire.advance(120)

    part = arena.look()

    assert outcomes(part) == [("patch_deployment_env", "refused")]
    assert arena.wire.real_writes == []
    assert part.diagnosis.explanations[0].to_do


def test_a_models_plan_is_carried_out(arena: Arena, httpserver: HTTPServer) -> None:
    arena.deploy(env="[]")
    arena.wire.advance(120)

    part = arena.look(llm=model(httpserver, answer()), policies=LISTED)

    assert part.diagnosis.source == "llm"
    assert part.diagnosis.tokens is not None
    assert outcomes(part) == [("patch_deployment_env", "verified")]
    assert arena.env() == {"REQUIRED_CONFIG": "suggested"}


def test_a_model_that_sees_nothing_wrong_hides_no_finding(
    arena: Arena, httpserver: HTTPServer
) -> None:
    arena.break_env()
    says = answer(has_issue=False, remediation_actions=[])

    part = arena.look(llm=model(httpserver, says))

    assert part.diagnosis.has_issue
    assert part.diagnosis.disagreements
    assert arena.wire.real_writes == []


@pytest.mark.parametrize("name", BROKEN)
def test_of_a_broken_answer_only_the_reason_is_kept_and_the_rules_speak(
    arena: Arena, httpserver: HTTPServer, name: str
) -> None:
    arena.break_env()
    text, _ = BROKEN[name]

    part = arena.look(llm=model(httpserver, text))

    assert part.diagnosis.model_error
    assert part.diagnosis.source == "rules"
    assert part.actions[0].source == "revision 1"
    assert arena.env() == {"REQUIRED_CONFIG": VALUE}


@pytest.mark.parametrize(
    ("status", "body"), [(500, "{}"), (401, "{}"), (200, "<html></html>"), (429, "{}")]
)
def test_a_model_that_does_not_answer_leaves_the_rules(
    arena: Arena, httpserver: HTTPServer, status: int, body: str
) -> None:
    arena.break_env()
    server = ModelServer(httpserver).says(body, status)

    part = arena.look(llm=LLMSettings(base_url=server.url, model="m", timeout_seconds=2))

    assert part.diagnosis.model_error
    assert outcomes(part) == [("patch_deployment_env", "verified")]


def test_a_healthy_namespace_costs_one_list_of_each_kind_and_no_model(
    arena: Arena, httpserver: HTTPServer
) -> None:
    arena.deploy()
    arena.wire.advance(600)
    server = ModelServer(httpserver).says(completion(answer()))

    report = arena.run(llm=LLMSettings(base_url=server.url, model="m"))

    assert report.result == "ok"
    assert not report.namespaces[0].findings
    assert server.bodies == []
    lists = [resource for verb, resource in arena.wire.asked if verb == "list"]
    assert len(lists) == len(set(lists))
    assert len(arena.wire.asked) - len(lists) <= 4
    assert not any("log" in resource or resource == "events" for _, resource in arena.wire.asked)


def test_silent_failures_can_be_left_out_to_save_their_reads(arena: Arena) -> None:
    arena.deploy()
    arena.wire.advance(600)

    arena.run(observe=ObserveSettings(silent_failures=False))

    assert not {"services", "endpointslices"} & {resource for _, resource in arena.wire.asked}


def test_a_dry_run_changes_nothing_and_shows_the_change(arena: Arena) -> None:
    arena.break_env()
    before = arena.wire.get("Deployment", NAMESPACE, "ledger")

    part = arena.look(dry_run=True)

    assert outcomes(part) == [("patch_deployment_env", "dry_run")]
    assert "REQUIRED_CONFIG" in part.actions[0].diff
    assert part.verification is None
    assert arena.wire.writes
    assert all(request.dry_run for request in arena.wire.writes)
    after = arena.wire.get("Deployment", NAMESPACE, "ledger")
    assert after["spec"] == before["spec"]
    assert after["metadata"] == before["metadata"]


def test_two_of_three_broken_deployments_are_fixed_and_the_third_says_why_not(
    arena: Arena,
) -> None:
    for name in ("one", "two", "three"):
        arena.deploy(name)
    arena.wire.advance(600)
    for name in ("one", "two", "three"):
        arena.deploy(name, env="[]")
    arena.wire.advance(60)

    part = arena.look()

    assert sorted(str(result.outcome) for result in part.actions) == [
        "refused",
        "verified",
        "verified",
    ]
    refused = next(r for r in part.actions if r.outcome == "refused")
    assert "max_remediation_attempts" in refused.reason
    assert part.verification is not None
    assert not part.verification.healthy


def test_a_fix_that_does_not_help_is_undone(arena: Arena) -> None:
    arena.deploy(env="[]", script="sleep 1; echo fatal; exit 1")
    arena.wire.advance(120)
    before = arena.spec()["template"]

    part = arena.look(approved_env={"REQUIRED_CONFIG": "x"})

    assert outcomes(part) == [("patch_deployment_env", "undone")]
    assert arena.spec()["template"] == before


def test_what_was_just_tried_in_vain_is_not_advised(arena: Arena) -> None:
    """Also where the attempts of the run are used up, so that nothing is looked at again."""
    script = "fill"
    arena.wire.programs[f': "${{REQUIRED_CONFIG:?must be set}}"; {script}'] = Behaviour(
        memory="1Gi"
    )
    limited = "{limits: {memory: 64Mi}, requests: {memory: 32Mi}}"
    arena.deploy(script=script, image="busybox:1.36\n        resources: " + limited)
    arena.wire.advance(120)

    report = arena.run(max_remediation_attempts=1)

    (part,) = report.namespaces
    assert outcomes(part) == [("patch_deployment_resources", "undone")]
    (said,) = part.diagnosis.explanations
    assert "A memory limit of 128Mi was tried and did not help" in said.to_do
    assert "128Mi" not in (said.command or "")

    # The undo made a revision too, and no one deployed it.
    arena.wire.advance(1200)
    (told,) = arena.look().diagnosis.explanations
    assert told.changed is None
    assert told.go_back == ""


def test_no_env_value_is_in_the_report(arena: Arena) -> None:
    arena.break_env()

    report = arena.run()

    assert VALUE not in json.dumps(report.to_json())


def test_a_person_at_a_terminal_is_asked_before_the_first_write(arena: Arena) -> None:
    arena.break_env()

    part = arena.look(consent=False)

    assert [proposal.action.kind for proposal in arena.asked] == ["patch_deployment_env"]
    assert "REQUIRED_CONFIG" in arena.asked[0].diff
    assert arena.wire.real_writes == []
    assert outcomes(part) == [("patch_deployment_env", "refused")]


def test_a_forbidden_read_degrades_the_pass_and_names_what_is_missing(arena: Arena) -> None:
    arena.break_env()
    arena.wire.forbid("list", "events")

    report = arena.run()

    assert report.result == "degraded"
    why = " ".join(spot.why for spot in report.namespaces[0].blind_spots)
    assert "list" in why
    assert "events" in why


def test_a_forbidden_patch_is_a_failed_action_that_names_the_right(arena: Arena) -> None:
    arena.break_env()
    arena.wire.forbid("patch", "deployments")

    part = arena.look()

    assert outcomes(part) == [("patch_deployment_env", "failed")]
    assert "patch" in part.actions[0].reason
    assert "deployments" in part.actions[0].reason


def test_pods_that_cannot_be_listed_are_not_healthy(arena: Arena) -> None:
    arena.deploy()
    arena.wire.advance(600)
    arena.wire.forbid("list", "pods")

    report = arena.run()

    assert report.result == "degraded"
    assert report.namespaces[0].blind_spots


def test_a_write_whose_answer_is_lost_is_read_back_and_not_repeated(arena: Arena) -> None:
    arena.break_env()
    real = {"n": 0}

    def drop_the_real_one(request: object) -> Response | None:
        from watchdog.demo import Request

        assert isinstance(request, Request)
        if request.dry_run or hands_back(request):
            return arena.wire.answer(request)
        real["n"] += 1
        arena.wire.answer(request)
        return Response(dropped=True)

    arena.wire.on("patch", "deployments", drop_the_real_one)

    part = arena.look()

    assert real["n"] == 1
    assert outcomes(part) == [("patch_deployment_env", "verified")]


def test_a_namespace_that_does_not_exist_fails_the_pass_in_words(arena: Arena) -> None:
    report = arena.run()

    assert report.result == "failed"
    assert NAMESPACE in (report.namespaces[0].error or "")


def test_what_is_being_rolled_out_without_a_failure_is_left_alone(arena: Arena) -> None:
    arena.deploy()
    arena.wire.advance(600)
    arena.deploy(env=SET.replace(VALUE, "new"))

    part = arena.look()

    assert part.findings == ()
    assert arena.wire.real_writes == []


def test_each_write_leaves_an_event_on_its_object(arena: Arena) -> None:
    arena.break_env()

    arena.look()

    uid = arena.wire.get("Deployment", NAMESPACE, "ledger")["metadata"]["uid"]
    traces = [
        event
        for event in arena.wire.items("Event", NAMESPACE)
        if event.get("reportingController") == "sre-watchdog"
        or event.get("reportingComponent") == "sre-watchdog"
    ]
    assert [event["reason"] for event in traces] == ["FixVerified"]
    about = traces[0].get("regarding") or traces[0]["involvedObject"]
    assert about["uid"] == uid
    assert VALUE not in json.dumps(traces)


def test_without_the_right_to_leave_events_the_fix_still_counts(arena: Arena) -> None:
    arena.break_env()
    arena.wire.forbid("create", "events")

    assert outcomes(arena.look()) == [("patch_deployment_env", "verified")]


def test_what_is_reported_is_what_was_written_not_what_was_asked_for(
    arena: Arena, httpserver: HTTPServer
) -> None:
    arena.deploy()
    arena.wire.advance(600)
    arena.deploy(image="busybox:does-not-exist")
    arena.wire.advance(120)
    asks = {
        "kind": "patch_deployment_image",
        "target": "D1",
        "container": "main",
        "image": "busybox:9-miner",
    }

    report = arena.run(
        llm=model(httpserver, answer(remediation_actions=[asks], evidence=[])), dry_run=True
    )

    written = report.namespaces[0].actions[0]
    assert written.source == "revision 1"
    assert "busybox:1.36" in written.action.title
    assert "9-miner" not in json.dumps(report.to_json()["namespaces"][0]["actions"])


def test_an_account_without_any_right_has_not_observed(arena: Arena) -> None:
    arena.deploy()
    for resource in [
        "pods",
        "deployments",
        "statefulsets",
        "daemonsets",
        "jobs",
        "cronjobs",
        "persistentvolumeclaims",
        "services",
        "endpointslices",
        "poddisruptionbudgets",
        "horizontalpodautoscalers",
        "replicasets",
    ]:
        arena.wire.forbid("list", resource)

    assert arena.run().result == "failed"
