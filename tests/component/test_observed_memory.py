"""What is remembered of namespaces that bind no rights: it lies in the release's own namespace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.support.cluster_fixtures import run_watchdog
from tests.support.demo_shop import BoxClock
from tests.support.memory_samples import asked, one_try
from tests.support.simulated_cluster import MANIFEST, SET
from tests.support.wire import Wire
from tests.support.wire_slack import TOKEN, Slack
from watchdog.agent.context import PassContext
from watchdog.agent.deliver import deliver
from watchdog.agent.progress import QuietProgress
from watchdog.agent.run import run_pass
from watchdog.clock import Budget
from watchdog.demo import Request, Response
from watchdog.errors import ClusterError
from watchdog.incidents import store
from watchdog.incidents.observed import ObservedMemories, place_of
from watchdog.kube.client import ApiServer
from watchdog.kube.rbac import OBSERVED_CONFIGMAPS
from watchdog.kube.resources import CONFIGMAPS
from watchdog.model.report import Report
from watchdog.settings.schema import Settings

HOME, OBSERVED = "watchdog", "other"
RULE = {"all_namespaces": True, "exclude": f"default,shop,{HOME}"}
FORBIDDEN = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403}
NEVER = dict.fromkeys(("patch_deployment_env", "rollout_undo", "rollout_restart"), "never")


class Release:
    """A release in the namespace `watchdog`: one pass after another, as its pods make them."""

    def __init__(self, wire: Wire, folder: Path) -> None:
        self.wire, self.folder, self.bound = wire, folder, False
        for resource in ("leases", "configmaps"):
            for verb in ("get", "create", "update"):
                wire.on(verb, resource, self._refused)

    def _refused(self, request: Request) -> Response | None:
        """As RBAC answers: no rights in `other`, where the ClusterRole alone reads memories."""
        reads_memory = request.method == "GET" and "configmaps" in request.path
        if self.bound or f"/namespaces/{OBSERVED}/" not in request.path or reads_memory:
            return None
        return Response(403, {**FORBIDDEN, "reason": "Forbidden", "message": "cannot get"})

    def cluster(self) -> ApiServer:
        budget = Budget(240, BoxClock(self.wire))
        return ApiServer.connect(self.wire.kubeconfig(self.folder / "kubeconfig"), None, budget)

    def run(
        self, *, number: int = 0, names: tuple[str, ...] = (OBSERVED,), **given: object
    ) -> Report:
        settings = Settings.model_validate(
            {"verify": {"stable_seconds": 10}, "watch": RULE, "memory": {"key": "k" * 32}, **given}
        )
        budget = Budget(240, BoxClock(self.wire))
        cluster = self.cluster()
        observed = ObservedMemories(cluster, HOME, number, 1)
        self.wire.requests.clear()
        work = PassContext(settings, cluster, budget, QuietProgress(), observed=observed)
        return run_pass(names, work, lambda report, sessions: deliver(report, settings, sessions))

    def data(self) -> dict[str, str]:
        place = place_of(OBSERVED, HOME)
        found = self.cluster().get(CONFIGMAPS, HOME, place.name)
        data: dict[str, str] = found.get("data") or {}
        return data

    def kept(self) -> dict[str, object]:
        """The one incident that is remembered."""
        (found,) = json.loads(self.data()[f"memory.{OBSERVED}"])["incidents"]
        return dict(found)

    def deploy(self, env: str) -> None:
        text = MANIFEST.format(name="ledger", env=env, image="busybox:1.36", script="sleep 86400")
        self.wire.apply(text, OBSERVED)


@pytest.fixture
def release(tmp_path: Path) -> Iterator[Release]:
    with Wire(ticking=False, behind_seconds=7200) as wire:
        for name in (HOME, OBSERVED):
            wire.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n", "")
        for number in range(OBSERVED_CONFIGMAPS):
            about = f"metadata: {{name: sre-watchdog-observed-{number}}}"
            wire.apply(f"apiVersion: v1\nkind: ConfigMap\n{about}\n", HOME)
        found = Release(wire, tmp_path)
        found.deploy(SET)
        wire.advance(600)
        found.deploy("[]")
        wire.advance(60)
        yield found


def written(wire: Wire) -> set[str]:
    """The namespaces that were written to."""
    return {
        request.path.split("/namespaces/")[1].split("/")[0]
        for request in wire.requests
        if request.method in {"POST", "PUT", "PATCH", "DELETE"} and "/namespaces/" in request.path
    }


def test_an_incident_goes_on_over_passes_and_ends_with_the_failure(release: Release) -> None:
    first = release.run()
    assert written(release.wire) == {HOME}
    began = first.namespaces[0].incidents[0].first_seen
    release.wire.advance(300)

    second = release.run()

    assert second.result == "ok"
    assert second.namespaces[0].blind_spots == ()
    assert second.namespaces[0].incidents[0].first_seen == began
    assert release.kept()["first_seen"] != release.kept()["last_seen"]
    assert "sre-watchdog grant -n other" in " ".join(second.namespaces[0].warnings)

    release.deploy(SET)
    release.wire.advance(300)
    release.run()
    assert release.kept()["state"] == "resolved"


def test_slack_gets_one_message_that_follows_the_incident(
    release: Release, httpserver: HTTPServer
) -> None:
    slack = Slack(httpserver)
    given = {"bot_token": TOKEN, "channel": "#ops", "base_url": slack.base_url}

    for _ in range(3):
        release.run(slack=given)
        release.wire.advance(300)
    (post,) = slack.posts
    assert post.shown.startswith("*✋ Needs you: other/ledger")

    release.deploy(SET)
    release.wire.advance(300)
    release.run(slack=given)
    assert len(slack.posts) == 1
    assert "Resolved: other/ledger" in slack.posts[0].body["text"]


@pytest.mark.parametrize("others", [(), (HOME,)], ids=["none is left", "others are left"])
def test_the_message_of_a_namespace_that_is_gone_ends_and_its_memory_goes(
    release: Release, httpserver: HTTPServer, others: tuple[str, ...]
) -> None:
    slack = Slack(httpserver)
    given = {"bot_token": TOKEN, "channel": "#ops", "base_url": slack.base_url}
    release.run(slack=given)
    release.wire.advance(300)

    report = release.run(slack=given, names=others)

    assert (report.result, report.namespaces[-1].gone) == ("ok", True)
    (post,) = slack.posts
    assert "Resolved: other/ledger" in post.body["text"]
    assert "namespace is gone or no longer watched" in slack.replies(post.ts)[-1].shown
    assert f"memory.{OBSERVED}" not in release.data()
    again = release.run(slack=given, names=others)
    assert [part.namespace for part in again.namespaces] == list(others)


def test_what_slack_could_not_be_told_of_a_namespace_that_is_gone_is_told_by_the_next_pass(
    release: Release, httpserver: HTTPServer
) -> None:
    slack = Slack(httpserver)
    given = {"bot_token": TOKEN, "channel": "#ops", "base_url": slack.base_url}
    release.run(slack=given)
    slack.fail("internal_error", "internal_error")
    release.run(slack=given, names=(HOME,))
    assert f"memory.{OBSERVED}" in release.data()

    release.run(slack=given, names=(HOME,))

    assert "Resolved: other/ledger" in slack.posts[0].body["text"]
    assert f"memory.{OBSERVED}" not in release.data()


def test_each_pod_of_a_run_ends_what_is_gone_of_its_own_share(release: Release) -> None:
    release.run()
    pods = [ObservedMemories(release.cluster(), HOME, number, 3) for number in range(3)]

    assert sorted(name for pod in pods for name in pod.departed(())) == [OBSERVED]
    assert all(pod.departed((OBSERVED,)) == () for pod in pods)


def test_history_shows_what_the_release_remembers_of_a_namespace(release: Release) -> None:
    release.run()
    kubeconfig = release.folder / "kubeconfig"
    env = {"SRE_AGENT_MEMORY__KEY": "k" * 32}

    plain = run_watchdog("history", "-n", OBSERVED, kubeconfig=kubeconfig, env=env)
    shown = run_watchdog(
        *("history", "-n", OBSERVED, "--release-namespace", HOME), kubeconfig=kubeconfig, env=env
    )

    assert "ledger" not in plain.stdout
    assert shown.returncode == 0, shown.stderr
    assert "Deployment/ledger" in shown.stdout


def test_a_grant_takes_the_incident_along_and_lets_the_next_pass_act(
    release: Release, httpserver: HTTPServer
) -> None:
    slack = Slack(httpserver)
    given = {"bot_token": TOKEN, "channel": "#ops", "base_url": slack.base_url}
    began = release.run(slack=given).namespaces[0].incidents[0].first_seen
    release.wire.advance(300)

    release.bound = True
    report = release.run(slack=given)

    (part,) = report.namespaces
    assert [action.outcome for action in part.actions] == ["verified"]
    assert part.incidents[0].first_seen == began
    assert len(slack.posts) == 1
    assert f"memory.{OBSERVED}" not in release.data()


def test_a_grant_that_is_taken_back_leaves_the_incident_open_and_nothing_is_written(
    release: Release,
) -> None:
    release.bound = True
    began = release.run(actions=NEVER).namespaces[0].incidents[0].first_seen
    release.wire.advance(300)

    release.bound = False
    report = release.run()

    assert report.namespaces[0].incidents[0].first_seen == began
    assert not any(r.method == "PATCH" for r in release.wire.requests)


def test_nothing_in_that_memory_makes_anything_be_written_in_the_namespace(
    release: Release,
) -> None:
    """Not even what is signed: a try that is not settled, and a request."""
    release.run()
    place, settings = (
        place_of(OBSERVED, HOME),
        Settings.model_validate({"memory": {"key": "k" * 32}}),
    )
    cluster = release.cluster()
    cluster.get(CONFIGMAPS, HOME, place.name)
    now = cluster.server_time
    assert now is not None
    kept = store.read(cluster, OBSERVED, "", now, settings, place=place)
    (item,) = kept.memory.incidents
    planted = item.model_copy(
        update={
            "tries": (one_try().model_copy(update={"outcome": None, "at": now}),),
            "request": asked().model_copy(
                update={"asked_at": now, "expires_at": now + timedelta(hours=1)}
            ),
        }
    )
    store.write(cluster, kept, kept.memory.model_copy(update={"incidents": (planted,)}), settings)

    release.run()

    assert not any(r.method == "PATCH" for r in release.wire.requests)


def test_a_memory_that_was_edited_is_not_believed_and_the_report_says_so(release: Release) -> None:
    release.run()
    place, cluster = place_of(OBSERVED, HOME), release.cluster()
    found = cluster.get(CONFIGMAPS, HOME, place.name)
    found["data"][place.key] = found["data"][place.key].replace("broken", "resolved")
    found["data"][place.key] += " "
    cluster.replace(CONFIGMAPS, HOME, place.name, found)

    report = release.run()

    said = " ".join(report.namespaces[0].warnings)
    assert "does not carry the signature" in said
    # The likelier reason is named first, so that a second installation alarms no one.
    assert said.index("one that was uninstalled") < said.index("edited")
    assert f"set-aside.{OBSERVED}" in release.data()


def test_pods_of_one_run_write_the_same_configmap_without_losing_anything(
    release: Release,
) -> None:
    settings = Settings.model_validate({"memory": {"key": "k" * 32}})
    one, two = neighbours()
    cluster = release.cluster()
    cluster.get(CONFIGMAPS, HOME, "sre-watchdog-observed-0")
    now = cluster.server_time
    assert now is not None
    both = [
        store.read(cluster, name, "", now, settings, place=place_of(name, HOME))
        for name in (one, two)
    ]

    for kept in both:
        store.write(cluster, kept, kept.memory, settings)
    again = store.read(cluster, one, "", now, settings, place=place_of(one, HOME))
    stale = both[0]
    store.write(
        cluster, again, again.memory.model_copy(update={"stopped_by": "U1/C1/1.1"}), settings
    )

    assert set(cluster.get(CONFIGMAPS, HOME, place_of(one, HOME).name)["data"]) >= {
        f"memory.{one}", f"memory.{two}",
    }  # fmt: skip
    with pytest.raises(ClusterError):
        store.write(cluster, stale, stale.memory, settings)


def neighbours() -> tuple[str, str]:
    """Two namespaces whose memories lie in one ConfigMap."""
    names = [f"team-{number}" for number in range(OBSERVED_CONFIGMAPS + 1)]
    for first in names:
        for second in names:
            if first < second and place_of(first, HOME).name == place_of(second, HOME).name:
                return first, second
    raise AssertionError("more names than ConfigMaps, and no two in one")
