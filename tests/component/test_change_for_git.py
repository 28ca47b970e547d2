"""What Git owns is left to Git, and the report holds the change as a patch to be made there."""

from __future__ import annotations

import yaml
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from tests.support.simulated_cluster import NAMESPACE, VALUE, Arena, outcomes
from tests.support.wire_slack import TOKEN, Slack
from watchdog.clock import Budget, SystemClock
from watchdog.kube.client import ApiServer
from watchdog.kube.resources import DEPLOYMENTS
from watchdog.report.markdown import render_markdown
from watchdog.report.text import plain_text
from watchdog.settings.schema import NamespacePolicy
from watchdog.settings.services import SlackSettings

TRACKED = ("argocd.argoproj.io/tracking-id", f"shop:apps/Deployment:{NAMESPACE}/ledger")


def annotate(arena: Arena, key: str, value: str) -> None:
    cluster = ApiServer.connect(arena.kubeconfig, None, Budget(60, SystemClock()))
    path = f"/metadata/annotations/{key.replace('/', '~1')}"
    change = [{"op": "add", "path": path, "value": value}]
    cluster.patch(DEPLOYMENTS, NAMESPACE, "ledger", change, dry_run=False)
    arena.wire.advance(30)


def env_of(patch: str) -> list[str]:
    (container,) = yaml.safe_load(patch)["spec"]["template"]["spec"]["containers"]
    return [entry["name"] for entry in container["env"]]


def test_what_git_owns_is_not_changed_and_its_change_is_in_every_view(
    arena: Arena, httpserver: HTTPServer
) -> None:
    arena.break_env()
    annotate(arena, *TRACKED)
    slack = Slack(httpserver)

    ours = SlackSettings(bot_token=SecretStr(TOKEN), channel="#ops", base_url=slack.base_url)
    report = arena.run(slack=ours)

    (part,) = report.namespaces
    assert outcomes(part) == [("patch_deployment_env", "refused")]
    change = part.actions[0].lasting
    assert change is not None
    assert env_of(change.patch) == ["REQUIRED_CONFIG"]
    thread = "\n".join(reply.shown for reply in slack.replies(slack.posts[0].ts))
    for view in (plain_text(report), render_markdown(report), thread):
        assert "- name: REQUIRED_CONFIG" in view
        assert "kind: Deployment" in view
    assert report.to_json()["namespaces"][0]["actions"][0]["lasting"]["patch"] == change.patch


def test_a_namespace_that_is_only_observed_is_shown_the_exact_change(arena: Arena) -> None:
    arena.break_env()

    part = arena.look(policies={NAMESPACE: NamespacePolicy(mode="observe")})

    (action,) = part.actions
    assert action.rule == "mode_never"
    assert action.lasting is not None
    assert action.source == "revision 1"
    assert "+ - name: REQUIRED_CONFIG" in action.diff
    assert VALUE not in action.diff
    (said,) = part.diagnosis.explanations
    assert said.go_back == "Read REQUIRED_CONFIG in revision 1, which was available."
    reads = f"kubectl -n {NAMESPACE} rollout history deployment/ledger --revision=1"
    assert said.go_back_command == reads
    assert arena.wire.real_writes == []


def test_what_was_done_comes_with_the_change_that_makes_it_last(arena: Arena) -> None:
    arena.break_env()

    part = arena.look()

    assert outcomes(part) == [("patch_deployment_env", "verified")]
    assert part.actions[0].lasting is not None
    assert env_of(part.actions[0].lasting.patch) == ["REQUIRED_CONFIG"]


def test_without_the_right_to_read_it_the_refusal_stands_alone(arena: Arena) -> None:
    arena.break_env()
    annotate(arena, *TRACKED)
    arena.wire.forbid("get", "deployments")

    part = arena.look()

    assert {a.outcome.value for a in part.actions} <= {"refused"}
    assert all(a.lasting is None for a in part.actions)
