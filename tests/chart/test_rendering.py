"""What the chart renders, under both helms, and what it refuses to render."""

import json
from pathlib import Path

import pytest
import yaml

from tests.chart.rendering import CHART, CI_VALUES, Chart, environment, of_kind, pods
from watchdog.actions import BY_NAME
from watchdog.environment import load
from watchdog.settings import (
    AlertmanagerSettings,
    BlockerSettings,
    IncidentSettings,
    LimitSettings,
    LLMSettings,
    SlackSettings,
)

pytestmark = pytest.mark.chart
each_values = pytest.mark.parametrize("values", CI_VALUES, ids=lambda path: path.stem)


@each_values
def test_helm_lint_is_strictly_content(each_chart: Chart, values: Path) -> None:
    done = each_chart.run("lint", "--strict", str(CHART), values=values)

    assert done.returncode == 0, done.stdout + done.stderr


@each_values
def test_both_helms_render_the_same_objects(chart: Chart, each_chart: Chart, values: Path) -> None:
    def by_name(one: dict[str, object]) -> str:
        return json.dumps(one, sort_keys=True)

    here = sorted(each_chart.template(values=values), key=by_name)

    assert here == sorted(chart.template(values=values), key=by_name)


@each_values
def test_the_product_takes_the_settings_that_the_chart_gives_it(
    chart: Chart, values: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = yaml.safe_load(values.read_text()) or {}
    env = environment(chart.template(values=values))
    for name, value in env.items():
        monkeypatch.setenv(name, value)

    settings = load()

    assert settings.dry_run is given.get("dryRun", False)
    assert settings.namespaces
    assert set(settings.policies) == set(settings.namespaces)
    assert settings.shards == given.get("shards", 1)


def test_actions_default_to_what_the_product_does_by_itself(chart: Chart) -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert values["actions"] == {
        name: kind.default_mode for name, kind in BY_NAME.items() if name != "custom_instruction"
    }
    assert environment(chart.template())["SRE_AGENT_NAMESPACES"] == "ops"


def test_incidents_default_to_what_the_product_does_by_itself(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(chart.template()).items():
        monkeypatch.setenv(name, value)

    settings = load()

    assert settings.incidents == IncidentSettings()
    assert settings.slack == SlackSettings()
    assert settings.llm == LLMSettings()
    assert settings.alertmanager == AlertmanagerSettings()
    assert settings.limits == LimitSettings()
    assert settings.change_windows == ()
    assert settings.blocker == BlockerSettings()


def test_approvers_and_budgets_reach_the_product(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = CHART / "ci" / "all-on-values.yaml"
    for name, value in environment(chart.template(values=values)).items():
        monkeypatch.setenv(name, value)

    settings = load()

    assert settings.slack.approvers == ("U012AB3CD", "W0EXAMPLE")
    assert settings.slack.remind_seconds == 7200
    assert settings.llm.calls_per_day == 50
    assert settings.llm.tokens_per_day == 2_500_000
    assert settings.alertmanager.url == "http://alertmanager.monitoring:9093"
    assert settings.incidents == IncidentSettings(
        tries=2, cooldown_seconds=900, reopen_seconds=7200, approval_seconds=14_400
    )


def test_what_holds_changes_back_reaches_the_product(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = CHART / "ci" / "all-on-values.yaml"
    for name, value in environment(chart.template(values=values)).items():
        monkeypatch.setenv(name, value)

    settings = load()

    limits = settings.limits
    assert (limits.actions_per_hour, limits.actions_per_target_per_hour) == (5, 2)
    assert (limits.breaker_share, limits.breaker_minimum) == (0.25, 4)
    assert settings.change_windows == ("Mon-Fri 09:00-17:00 Europe/Berlin", "Sat 20:00-23:00 UTC")
    assert settings.policy("billing").windows == ("Sat 22:00-04:00 UTC",)
    assert settings.blocker == BlockerSettings(
        prometheus_url="http://prometheus.monitoring:9090",
        query='ALERTS{alertname="ChangeFreeze"} == 1',
        timeout_seconds=3,
    )


@each_values
def test_every_pod_satisfies_the_restricted_profile(chart: Chart, values: Path) -> None:
    for spec in pods(chart.template(values=values)):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["enableServiceLinks"] is False
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert "cpu" not in container["resources"]["limits"]


@each_values
def test_a_credential_is_never_outside_a_secret(chart: Chart, values: Path) -> None:
    objects = chart.template(values=values)
    secrets = of_kind(objects, "Secret")
    shown = json.dumps([one for one in objects if one["kind"] != "Secret"])

    for secret in secrets:
        for value in secret["stringData"].values():
            assert f'"{value}"' not in shown


def test_the_cronjob_never_overlaps_and_is_not_retried(chart: Chart) -> None:
    (cronjob,) = of_kind(chart.template(), "CronJob")
    spec = cronjob["spec"]

    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["startingDeadlineSeconds"] == 120
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] < 300
    assert spec["timeZone"] == "Etc/UTC"


def test_shards_make_an_indexed_job(chart: Chart) -> None:
    (cronjob,) = of_kind(chart.template("shards=3"), "CronJob")
    spec = cronjob["spec"]["jobTemplate"]["spec"]

    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 3, 3)
    # A shard that fails ends no other, and is not tried again with another share of the fixes.
    assert spec["backoffLimitPerIndex"] == 0
    assert "backoffLimit" not in spec
    (container,) = spec["template"]["spec"]["containers"]
    told = {each["name"]: each.get("valueFrom") for each in container["env"]}
    assert told["JOB_NAME"] == {"fieldRef": {"fieldPath": "metadata.labels['job-name']"}}


def test_a_pod_alone_is_told_no_job_and_is_not_tried_again(chart: Chart) -> None:
    (cronjob,) = of_kind(chart.template(), "CronJob")
    spec = cronjob["spec"]["jobTemplate"]["spec"]

    assert spec["backoffLimit"] == 0
    assert "JOB_NAME" not in str(spec)


def test_a_digest_wins_over_the_tag(chart: Chart) -> None:
    digest = "sha256:" + "0" * 64

    (spec, _) = pods(chart.template(f"image.digest={digest}", "image.tag=v1"))

    assert spec["containers"][0]["image"] == f"ghcr.io/sre-watchdog/sre-watchdog@{digest}"


def test_memory_is_made_without_the_fields_that_the_product_fills_in(chart: Chart) -> None:
    objects = chart.template("watch.namespaces={shop,billing}")
    made = [
        one
        for kind in ("ConfigMap", "Lease")
        for one in of_kind(objects, kind)
        if one["metadata"]["name"] == "sre-watchdog"
    ]

    assert {one["metadata"]["namespace"] for one in made} == {"shop", "billing"}
    assert len(made) == 4
    assert {key for one in made for key in one} == {"apiVersion", "kind", "metadata"}


def test_the_dashboard_reaches_grafana_as_it_is(chart: Chart) -> None:
    source = json.loads((CHART / "files" / "dashboard.json").read_text())
    objects = chart.template("dashboard.enabled=true", "dashboard.namespace=grafana")

    (found,) = (one for one in objects if "sre-watchdog.json" in (one.get("data") or {}))

    assert json.loads(found["data"]["sre-watchdog.json"]) == source
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_a_disabled_alert_is_left_out_and_the_rest_is_as_written(chart: Chart) -> None:
    written = yaml.safe_load((CHART / "files" / "alerts.yaml").read_text())["groups"]
    first = written[0]["rules"].pop(0)["alert"]

    objects = chart.template("prometheusRule.enabled=true", f"prometheusRule.disabled={{{first}}}")

    (found,) = of_kind(objects, "PrometheusRule")
    assert found["spec"]["groups"] == written


REFUSED = {
    "an unknown value": (["dryrun=true"], "'dryrun' not allowed"),
    "an unknown action": (["actions.delete_namespace=auto"], "'delete_namespace' not allowed"),
    "an unknown mode": (["actions.delete_pod=yes"], "'auto', 'approve', 'never'"),
    "a mistyped policy": (["watch.namespaces[0].name=a", "watch.namespaces[0].mod=act"], "'mod'"),
    "a namespace twice": (["watch.namespaces={shop,shop}"], "lists shop twice"),
    "two keys": (["llm.apiKey=a", "llm.existingSecret.name=b"], "/llm/apiKey"),
    "two tokens": (["slack.botToken=a", "slack.existingSecret.name=b"], "/slack/botToken"),
    "the tag latest": (["image.tag=latest"], "/image/tag"),
    "no cron expression": (["schedule=often"], "/schedule"),
    "a late start": (["startingDeadlineSeconds=5"], "/startingDeadlineSeconds"),
    "a budget beyond the deadline": (["runBudgetSeconds=240"], "must be less than"),
    "a setting with a value": (["settings.DRY_RUN=true"], "the chart sets SRE_AGENT_DRY_RUN"),
    "an env of ours": (["extraEnv[0].name=SRE_AGENT_DRY_RUN"], "which the chart sets itself"),
    "a secret env of ours": (["extraEnv[0].name=SRE_AGENT_LLM__API_KEY"], "sets itself"),
    "a name as approver": (["slack.approvers={@ada}"], "/slack/approvers/0"),
    "no try at all": (["incidents.tries=0"], "/incidents/tries"),
    "an Alertmanager without scheme": (["alertmanager.url=am:9093"], "/alertmanager/url"),
    "an address without scheme": (["pushgateway.url=gateway:9091"], "/pushgateway/url"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_values_are_refused_by_name(each_chart: Chart, case: str) -> None:
    sets, words = REFUSED[case]

    assert words in each_chart.refusal(*sets)


NOTES = {
    "no model": ([], "WARNING: no model is configured"),
    "no metrics": ([], "it acts, but pushes no metrics"),
    "long deadline": (["activeDeadlineSeconds=400"], "not shorter than the schedule's interval"),
    "tight deadline": (["runBudgetSeconds=230"], "less than terminationGracePeriodSeconds"),
    "dry run": (["dryRun=true"], "It writes nothing: this is a dry run"),
    "suspended": (["suspend=true"], "SUSPENDED"),
    "how to run it": ([], "create job --from=cronjob/watchdog-sre-watchdog"),
    "no rights": (["rbac.create=false"], "grant its rights yourself"),
}


@pytest.mark.parametrize("case", NOTES)
def test_the_notes_say_what_matters(chart: Chart, case: str) -> None:
    sets, words = NOTES[case]
    given = [part for each in sets for part in ("--set", each)]

    done = chart.run("install", "watchdog", str(CHART), "--dry-run=client", *given)

    assert words in done.stdout.partition("NOTES:")[2]
