"""On a real cluster: each story is seen, shown in a dry run, healed, and kubectl agrees.

All stories are played at once, each in a namespace of its own; a test waits for its own.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from tests.cluster.handle import Cluster, NotYetError, poll
from tests.e2e.crashes import staying
from tests.e2e.settling import not_yet_rolled_out, works
from tests.e2e.stories import FORBIDDEN, HEALED, THREE, Story
from tests.support.cluster_fixtures import PATIENT, run_watchdog
from tests.support.proxy import Proxy
from tests.support.wire_model import ModelServer, completion

pytestmark = pytest.mark.cluster

SUGGESTED = "from-the-model"
NAMES = [story.name for story in HEALED]
WATCHED = "deployments,replicasets,statefulsets,pods"
Report = dict[str, Any]


@dataclass(frozen=True)
class Played:
    """A story that has ended: what both passes printed, sent and left behind."""

    namespace: str
    dry_run: CompletedProcess[str]
    dry_run_proxy: Proxy
    before: dict[str, Any]
    after_dry_run: dict[str, Any]
    acted: CompletedProcess[str]
    asked: tuple[int, int]
    """How often the dry run and the pass asked the model."""

    @property
    def dry_report(self) -> Report:
        return only_namespace(self.dry_run)

    @property
    def report(self) -> Report:
        return only_namespace(self.acted)


@dataclass(frozen=True)
class Stage:
    """What every story is played with."""

    cluster: Cluster
    folder: Path
    namespaces: contextlib.ExitStack
    model: ModelServer

    def broken(self, story: Story) -> str:
        """Breaks a namespace as the story tells and returns its name once that can be seen."""
        ns = self.namespaces.enter_context(self.cluster.namespace(f"e2e-{story.name}"))
        if story.healthy_before:
            self.cluster.apply(story.healthy_before, ns)
            poll(lambda: works(self.cluster, ns), f"{ns} to be healthy")
        self.cluster.apply(story.manifest, ns)

        def visible() -> bool:
            pods = self.cluster.json("pods", ns)["items"]
            # Two looks are compared later: no pod may go between them.
            gone = staying(pods) == pods
            return gone and story.broken(pods, self.cluster.json("events", ns)["items"])

        poll(visible, f"{ns} to fail")
        return ns

    def play(self, story: Story) -> Played:
        """Breaks, looks, looks again without writing, and acts."""
        ns = self.broken(story)
        folder = self.folder / story.name
        folder.mkdir()
        env = {}
        if story.asks_model:
            listed = {"app": {"REQUIRED_CONFIG": [SUGGESTED]}}
            env = {
                "SRE_AGENT_LLM__BASE_URL": self.model.url,
                "SRE_AGENT_LLM__MODEL": "scripted-1",
                "SRE_AGENT_POLICIES": json.dumps({ns: {"suggested_env": listed}}),
            }
        proxy = Proxy(self.cluster, folder)
        before = written(self.cluster, ns)

        def looked() -> tuple[CompletedProcess[str], int]:
            """A dry run that would act: a failure may need a moment to be one, and to be this one.

            What is refused, or is another fix, counts: it is what the tests are to see.
            """
            done, asked = self.asking(story, ns, "--dry-run", kubeconfig=proxy.kubeconfig, env=env)
            if not done.returncode and {kind for kind, _ in outcomes(only_namespace(done))} <= {
                "custom_instruction"
            }:
                raise NotYetError(done.stdout)
            return judged(done), asked

        def passed() -> tuple[CompletedProcess[str], int]:
            done, asked = self.asking(story, ns, kubeconfig=self.cluster.kubeconfig, env=env)
            return judged(done), asked

        with proxy.serving():
            dry_run, asked_by_dry_run = poll(looked, f"a fix in {ns}")
        after = written(self.cluster, ns)
        acted, asked_by_pass = poll(passed, f"a pass that can judge {ns}")
        asked = (asked_by_dry_run, asked_by_pass)
        return Played(ns, dry_run, proxy, before, after, acted, asked)

    def asking(self, story: Story, *args: Any, **given: Any) -> tuple[CompletedProcess[str], int]:
        """The same as `run`, and how often it asked the model, which only one story does."""
        before = len(self.model.bodies)
        done = self.run(*args, **given)
        return done, len(self.model.bodies) - before if story.asks_model else 0

    @staticmethod
    def run(
        ns: str, *flags: str, kubeconfig: Path, env: dict[str, str] | None = None
    ) -> CompletedProcess[str]:
        given = {**PATIENT, **(env or {})}
        return run_watchdog("run", "-n", ns, "-o", "json", *flags, kubeconfig=kubeconfig, env=given)


@pytest.fixture(scope="module")
def stage(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with HTTPServer() as server, contextlib.ExitStack() as namespaces:
        model = ModelServer(server)
        model.answers.append(lambda: planned(model.bodies[-1]))
        yield Stage(cluster, tmp_path_factory.mktemp("stories"), namespaces, model)


@pytest.fixture(scope="module")
def crew(stage: Stage) -> Iterator[ThreadPoolExecutor]:
    """Inside the stage, so that no story is still running when its namespace goes."""
    del stage
    with ThreadPoolExecutor(len(HEALED) + 2) as crew:
        yield crew


@pytest.fixture(scope="module")
def stories(stage: Stage, crew: ThreadPoolExecutor) -> dict[str, Future[Played]]:
    """Every story, already begun."""
    return {story.name: crew.submit(stage.play, story) for story in (*HEALED, THREE)}


@pytest.fixture(scope="module")
def limited(stage: Stage, crew: ThreadPoolExecutor, stories: object) -> Future[Report]:
    """A pass by a service account that may read everything but events, and write nothing."""
    del stories  # only begun first
    return crew.submit(as_somebody_without_events, stage)


@pytest.fixture
def played(
    request: pytest.FixtureRequest,
    stories: dict[str, Future[Played]],
    limited: object,
) -> Played:
    del limited  # only begun too
    return stories[request.param].result()


each_story = pytest.mark.parametrize("played", NAMES, indirect=True)


@each_story
def test_a_dry_run_shows_the_diff_of_the_fix(played: Played) -> None:
    story = by_name(played)
    assert played.dry_run.returncode == 0, played.dry_run.stderr
    assert json.loads(played.dry_run.stdout)["mode"] == "dry_run"
    assert outcomes(played.dry_report) == [(story.fix, "dry_run")]
    diff = played.dry_report["actions"][0]["diff"].splitlines()
    assert {line[0] for line in diff} & {"+", "-"}
    assert played.dry_report["verification"] is None


@each_story
def test_a_dry_run_changes_no_spec_generation_or_managed_field(played: Played) -> None:
    assert played.before
    assert played.after_dry_run == played.before


@each_story
def test_every_workload_write_of_a_dry_run_says_so_to_the_server(played: Played) -> None:
    writes = played.dry_run_proxy.workload_writes

    assert writes
    assert all(request.dry_run for request in writes)


@each_story
def test_a_pass_heals_it(played: Played) -> None:
    story = by_name(played)
    assert played.acted.returncode == 0, played.acted.stderr
    assert outcomes(played.report) == [(story.fix, "verified")]
    assert story.source in played.report["actions"][0]["source"]
    assert played.report["verification"] == {
        **played.report["verification"],
        "healthy": True,
        "problems": [],
    }


@each_story
def test_kubectl_agrees_that_it_is_healed(cluster: Cluster, played: Played) -> None:
    poll(lambda: not_yet_rolled_out(cluster, played.namespace) == [], "the counts of its status")
    poll(lambda: not_ready(cluster, played.namespace) == [], "the pods that were replaced to go")


@pytest.mark.parametrize("played", ["env-model"], indirect=True)
def test_the_model_is_asked_once_in_a_pass_and_its_plan_is_followed(
    played: Played, stage: Stage
) -> None:
    assert played.report["diagnosis"]["source"] == "llm"
    assert played.report["diagnosis"]["tokens"]["total"] == 812
    assert played.report["diagnosis"]["model_error"] is None
    assert played.dry_report["diagnosis"]["source"] == "llm"
    assert played.asked == (1, 1), "one call in the dry run and one in the pass"
    assert set(stage.model.formats) == {"json_schema"}


@pytest.mark.parametrize("played", ["env-revision"], indirect=True)
def test_a_value_taken_from_a_revision_is_not_printed(played: Played) -> None:
    assert "canary-5f1c9e" not in played.acted.stdout + played.acted.stderr


@pytest.mark.parametrize("played", ["three"], indirect=True)
def test_of_three_broken_deployments_two_are_fixed_and_the_third_is_refused(
    cluster: Cluster, played: Played
) -> None:
    results = sorted(str(action["outcome"]) for action in played.report["actions"])
    refused = [a for a in played.report["actions"] if a["outcome"] == "refused"]

    assert results == ["refused", "verified", "verified"]
    assert "max_remediation_attempts" in refused[0]["reason"]
    # Not by what is available: a container that crashes is for a moment too.
    deployments = cluster.json("deployments", played.namespace)["items"]
    untouched = [each for each in deployments if each["metadata"]["generation"] == 1]
    assert [each["metadata"]["name"] for each in untouched] == [refused[0]["target"]["name"]]


def test_a_missing_permission_degrades_the_pass_and_is_named(limited: Future[Report]) -> None:
    report = limited.result()

    assert report["result"] == "degraded"
    spots = report["namespaces"][0]["blind_spots"]
    assert [spot for spot in spots if "list" in spot["why"] and "events" in spot["why"]]
    assert report["namespaces"][0]["findings"]


def judged(done: CompletedProcess[str]) -> CompletedProcess[str]:
    """The pass, unless a crashing container ran in that moment: then it rightly did nothing."""
    told = [] if done.returncode else only_namespace(done)["diagnosis"].get("explanations", [])
    if any((each["blame"] or {}).get("reason") == "runs_again" for each in told):
        raise NotYetError(done.stdout)
    return done


def planned(asked: dict[str, Any]) -> Response:
    """The answer of a model that reads the findings and names the Deployment by its id."""
    prompt = "".join(str(message["content"]) for message in asked["messages"])
    found = re.search(r"^- (\w+) Deployment/app, container main", prompt, re.MULTILINE)
    assert found is not None, prompt
    action = {
        "kind": "patch_deployment_env",
        "target": found[1],
        "container": "main",
        "name": "REQUIRED_CONFIG",
        "value": SUGGESTED,
    }
    answer = {
        "has_issue": True,
        "summary": "app exits because a variable is missing.",
        "root_cause": "REQUIRED_CONFIG is not set, and the shell refuses to go on without it.",
        "evidence": [],
        "remediation_actions": [action],
        "confidence": 0.93,
    }
    return Response(json.dumps(completion(json.dumps(answer))), mimetype="application/json")


def as_somebody_without_events(stage: Stage) -> Report:
    ns = stage.broken(FORBIDDEN)
    stage.cluster.apply(READS_ALL_BUT_EVENTS.replace("NAMESPACE", ns), ns)
    stage.cluster.allowed(f"{ns}:limited", [("list", "pods")], ns)
    token = stage.cluster.kubectl("create", "token", "limited", "-n", ns).strip()
    config = json.loads(
        stage.cluster.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
    )
    config["users"][0]["user"] = {"token": token}
    kubeconfig = stage.folder / "limited.kubeconfig"
    kubeconfig.write_text(json.dumps(config))
    done = stage.run(ns, kubeconfig=kubeconfig)
    assert done.returncode == 0, done.stderr
    report: Report = json.loads(done.stdout)
    return report


READS_ALL_BUT_EVENTS = """---
apiVersion: v1
kind: ServiceAccount
metadata: {name: limited}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: limited}
rules:
- apiGroups: [""]
  resources: [pods, pods/log, persistentvolumeclaims, resourcequotas, limitranges, services]
  verbs: [get, list]
- apiGroups: [apps, batch, autoscaling, policy, discovery.k8s.io]
  resources: ["*"]
  verbs: [get, list]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: limited}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: limited}
subjects: [{kind: ServiceAccount, name: limited, namespace: NAMESPACE}]
"""


def by_name(played: Played) -> Story:
    return next(story for story in HEALED if f"e2e-{story.name}-" in played.namespace)


def only_namespace(done: CompletedProcess[str]) -> Report:
    (report,) = json.loads(done.stdout)["namespaces"]
    return dict(report)


def outcomes(report: Report) -> list[tuple[str, str]]:
    return [(action["kind"], action["outcome"]) for action in report["actions"]]


def written(cluster: Cluster, ns: str) -> dict[str, Any]:
    """Whatever someone may write of each workload and pod: not what controllers report of it."""
    listed = json.loads(
        cluster.kubectl("get", WATCHED, "-n", ns, "-o", "json", "--show-managed-fields")
    )
    return {
        f"{each['kind']}/{each['metadata']['name']}": {
            "spec": each["spec"],
            "generation": each["metadata"].get("generation"),
            "managers": [
                entry
                for entry in each["metadata"]["managedFields"]
                if entry.get("subresource") != "status"
            ],
            "reporters": {
                entry["manager"]
                for entry in each["metadata"]["managedFields"]
                if entry.get("subresource") == "status"
            },
        }
        for each in listed["items"]
    }


def not_ready(cluster: Cluster, ns: str) -> list[str]:
    """Names of pods that are not Running and Ready."""

    def ready(pod: dict[str, Any]) -> bool:
        conditions = {c["type"]: c["status"] for c in pod["status"].get("conditions", [])}
        return bool(pod["status"]["phase"] == "Running" and conditions.get("Ready") == "True")

    items = cluster.json("pods", ns)["items"]
    return [each["metadata"]["name"] for each in items if not ready(each)]
