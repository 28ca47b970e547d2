"""What the chart renders, under both helms, and what it refuses to render."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import CHART, CI_VALUES, Chart, Object, environment, of_kind, pods
from watchdog.actions import BY_NAME
from watchdog.settings.environment import load
from watchdog.settings.schema import IncidentSettings, LimitSettings
from watchdog.settings.services import (
    AlertmanagerSettings,
    BlockerSettings,
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

    def rendered(one: Chart) -> list[dict[str, object]]:
        objects = one.template(values=values)
        for secret in of_kind(objects, "Secret"):
            secret["stringData"].pop("key", None)  # the memory's, made anew each time
        return sorted(objects, key=by_name)

    assert rendered(each_chart) == rendered(chart)


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


def test_a_disabled_alert_is_left_out(chart: Chart) -> None:
    (whole,) = of_kind(chart.template("prometheusRule.enabled=true"), "PrometheusRule")
    rules = whole["spec"]["groups"][0]["rules"]
    first = next(rule["alert"] for rule in rules if "alert" in rule)

    objects = chart.template("prometheusRule.enabled=true", f"prometheusRule.disabled={{{first}}}")

    (found,) = of_kind(objects, "PrometheusRule")
    (group,) = found["spec"]["groups"]
    assert group["rules"] == [rule for rule in rules if rule.get("alert") != first]


INTERVALS = {
    "*/5 * * * *": 300,
    "*/7 * * * *": 420,
    "2,32 * * * *": 1800,
    "0-20/10 * * * *": 2400,
    "0 * * * *": 3600,
    "@hourly": 3600,
    "30 */6 * * *": 6 * 3600,
    "0 08-17 * * *": 15 * 3600,
    "0 3 * * *": 24 * 3600,
    "@daily": 24 * 3600,
    "*/10 9-16 * * MON-FRI": 64 * 3600 + 600,
    "0 0 * * 0": 7 * 24 * 3600,
    "@weekly": 7 * 24 * 3600,
    "0 0 1,15 * *": 17 * 24 * 3600,
    "0 0 1,15 * 1": 7 * 24 * 3600,
}


@pytest.mark.parametrize("schedule", INTERVALS)
def test_alerts_go_by_the_longest_interval_of_the_schedule(chart: Chart, schedule: str) -> None:
    escaped = schedule.replace(",", "\\,")
    sets = ("prometheusRule.enabled=true", f"schedule={escaped}")
    (found,) = chart.template(*sets, only="templates/prometheusrule.yaml")

    rules = {r.get("alert"): r for r in found["spec"]["groups"][0]["rules"]}

    # The interval, the deadline of 240 seconds, and a minute.
    assert f"> {INTERVALS[schedule] + 300}\n" in rules["SreWatchdogNotRunning"]["expr"]


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("", None),
        ("https://grafana.example/d/wd", "https://grafana.example/d/wd?viewPanel=4"),
        (
            "https://grafana.example/d/wd?var-cluster={cluster}&var-namespace={namespace}",
            (
                "https://grafana.example/d/wd?var-cluster={{ $labels.cluster }}"
                "&var-namespace={{ $labels.namespace }}&viewPanel=4"
            ),
        ),
    ],
)
def test_an_alert_links_to_its_panel_if_the_dashboard_has_an_address(
    chart: Chart, address: str, link: str | None
) -> None:
    values = {"prometheusRule": {"enabled": True}, "dashboardUrl": address}
    (found,) = chart.template(json=values, only="templates/prometheusrule.yaml")

    rules = {r.get("alert"): r for r in found["spec"]["groups"][0]["rules"]}

    assert rules["SreWatchdogNeedsHuman"]["annotations"].get("dashboard_url") == link


def test_a_night_is_an_hour_longer_where_clocks_are_put_back(chart: Chart) -> None:
    sets = ("prometheusRule.enabled=true", "schedule=0 3 * * *", "timeZone=Europe/Berlin")
    (found,) = chart.template(*sets, only="templates/prometheusrule.yaml")

    assert f"> {25 * 3600 + 300}\n" in str(found["spec"]["groups"][0]["rules"][2]["expr"])


def test_one_registry_and_its_login_serve_all_images(chart: Chart) -> None:
    sets = (
        "global.imageRegistry=mirror.example.com", "global.imagePullSecrets={login}",
        "pushgateway.enabled=true",
    )  # fmt: skip

    specs = pods(chart.template(*sets))

    images = {container["image"] for spec in specs for container in spec["containers"]}
    assert images == {
        "mirror.example.com/sre-watchdog/sre-watchdog:0.1.0",
        "mirror.example.com/prom/pushgateway:v1.11.1",
    }
    assert all(spec["imagePullSecrets"] == [{"name": "login"}] for spec in specs)


def test_the_releases_own_objects_can_be_in_another_namespace(chart: Chart) -> None:
    sets = ("namespaceOverride=tools", "watch.namespaces={shop}", "pushgateway.enabled=true")

    objects = chart.template(*sets, "networkPolicy.enabled=true", "dashboard.enabled=true")

    namespaces = {one["metadata"].get("namespace") for one in objects}
    assert namespaces == {"tools", "shop", None}
    (binding,) = of_kind(objects, "RoleBinding")
    assert binding["subjects"][0]["namespace"] == "tools"
    policies = json.dumps(of_kind(objects, "ValidatingAdmissionPolicy"))
    assert "system:serviceaccount:tools:watchdog-sre-watchdog" in policies
    assert "serviceaccount:ops:" not in policies


def test_credentials_of_services_come_from_a_secret(chart: Chart) -> None:
    objects = chart.template(values=CHART / "ci" / "existing-secret-values.yaml")
    (cronjob,) = of_kind(objects, "CronJob")
    spec = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    read = {
        each["name"]: each["valueFrom"]["secretKeyRef"]["key"]
        for each in spec["containers"][0]["env"]
        if each.get("valueFrom", {}).get("secretKeyRef", {}).get("name") == "monitoring"
    }

    keys = {"USER": "user", "PASSWORD": "password", "TOKEN": "token"}
    services = ("ALERTMANAGER", "BLOCKER", "PUSHGATEWAY")
    assert read == {
        f"SRE_AGENT_{service}__{what}": key for service in services for what, key in keys.items()
    } | {"SRE_AGENT_ALERTMANAGER__TOKEN": "alertmanager-token"}


def test_the_pod_takes_a_runtime_class(chart: Chart) -> None:
    (spec, _) = pods(chart.template("runtimeClassName=gvisor"))

    assert spec["runtimeClassName"] == "gvisor"


def test_sidecars_end_with_the_pass_and_the_ca_bundle_is_trusted(chart: Chart) -> None:
    objects = chart.template(values=CHART / "ci" / "all-on-values.yaml")
    (cronjob,) = of_kind(objects, "CronJob")
    job = cronjob["spec"]["jobTemplate"]
    spec = job["spec"]["template"]["spec"]

    starts = [(one["name"], one.get("restartPolicy")) for one in spec["initContainers"]]
    assert starts == [("wait", None), ("proxy", "Always")]
    (container,) = spec["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert environment(objects)["SSL_CERT_FILE"] == f"{mounts['ca-bundle']}/bundle.pem"
    assert container["args"][:3] == ["run", "-o", "text"]
    assert job["metadata"]["annotations"] == {"sidecar.istio.io/inject": "false"}
    assert cronjob["metadata"]["annotations"] == {"example.com/owner": "sre"}


def test_the_bundled_gateway_is_scraped_with_honor_labels_and_keeps_its_metrics(
    chart: Chart,
) -> None:
    objects = chart.template(values=CHART / "ci" / "all-on-values.yaml")
    (monitor,) = of_kind(objects, "ServiceMonitor")
    (service,) = of_kind(objects, "Service")
    (gateway,) = of_kind(objects, "Deployment")
    (claim,) = of_kind(objects, "PersistentVolumeClaim")

    assert monitor["spec"]["endpoints"][0]["honorLabels"] is True
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    assert wanted <= service["metadata"]["labels"].items()
    pod = gateway["spec"]["template"]["spec"]
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"]}
    assert pod["containers"][0]["args"] == ["--persistence.file=/data/metrics"]
    assert pod["nodeSelector"] == {"pool": "ops"}


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
    "a mistyped setting of the file": (["config.verify.timeuot_seconds=90"], "'timeuot_seconds'"),
    "a mode for words alone": (["config.actions.custom_instruction=never"], "'custom_instruction'"),
    "a mode for words alone as a setting": (
        ["settings.ACTIONS__CUSTOM_INSTRUCTION=never"],
        "'ACTIONS__CUSTOM_INSTRUCTION'",
    ),
    "a selector that does not parse": (
        ["watch.labelSelector=app in (x"],
        'watch.labelSelector: "app in (x" does not parse as a label selector, such as app=web',
    ),
    "no selector of namespaces": (
        ["watch.namespaceSelector=team=a=b", "rbac.clusterRead=true"],
        'watch.namespaceSelector: "team=a=b" does not parse',
    ),
    "a cluster's name of two lines": (["clusterName=prod\neu"], "/clusterName"),
    "a mistyped setting": (["settings.VERFIY__TIMEOUT_SECONDS=90"], "'VERFIY__TIMEOUT_SECONDS'"),
    "a setting that is no number": (
        ["settings.VERIFY__TIMEOUT_SECONDS=90s"],
        "/settings/VERIFY__TIMEOUT_SECONDS",
    ),
    "a setting below its bound": (["settings.LIMITS__MAX_REPLICAS=0"], "/LIMITS__MAX_REPLICAS"),
    "a setting that is no choice": (["settings.LOG_LEVEL=loud"], "/settings/LOG_LEVEL"),
    "a file's setting that is neither true nor false": (
        ["config.observe.silent_failures=maybe"],
        "/config/observe/silent_failures",
    ),
    "a namespace of Kubernetes": (
        ["watch.namespaces={kube-system}"],
        "kube-system cannot be watched",
    ),
    "two CA bundles": (["caBundle.configMap=a", "caBundle.secret=b"], "keep one"),
    "a runbook without scheme": (["runbookBaseUrl=docs/runbook.md"], "/runbookBaseUrl"),
    "an env of ours": (["extraEnv[0].name=SRE_AGENT_DRY_RUN"], "which the chart sets itself"),
    "a secret env of ours": (["extraEnv[0].name=SRE_AGENT_LLM__API_KEY"], "sets itself"),
    "a name as approver": (["slack.approvers={@ada}"], "/slack/approvers/0"),
    "no try at all": (["incidents.tries=0"], "/incidents/tries"),
    "an Alertmanager without scheme": (["alertmanager.url=am:9093"], "/alertmanager/url"),
    "an address without scheme": (["pushgateway.url=gateway:9091"], "/pushgateway/url"),
}
LONGEST_LINE = 300


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_values_are_refused_by_name(each_chart: Chart, case: str) -> None:
    sets, words = REFUSED[case]

    said = each_chart.refusal(*sets)

    assert words in said
    # Helm prints a pattern of the schema that does not match: a long one buries all else.
    assert max(map(len, said.splitlines())) < LONGEST_LINE, said


_RULE = ("rbac.clusterRead=true", "watch.namespaceSelector=team=shop")
NOTES = {
    "how to see what a check finds": ([], "test watchdog --logs"),
    "by label": (_RULE, "every namespace with the labels team=shop, looked up anew in each pass"),
    "by label, what would let it act": (
        _RULE,
        "grant -n NAME --release watchdog --release-namespace default | kubectl apply -f -",
    ),
    "by label, nothing bound": (
        (*_RULE, "watch.mode=observe"),
        "of the list is in mode observe, and the others wait",
    ),
    "by label, another account": (
        (*_RULE, "serviceAccount.name=robot"),
        "--release-namespace default --service-account robot | kubectl",
    ),
    "all namespaces": (
        ("rbac.clusterRead=true", "watch.allNamespaces=true", "watch.exclude={preview-*}"),
        "every namespace, looked up anew in each pass, but kube-*, preview-*",
    ),
    "no model": ([], "NOTE: no model is configured"),
    "no metrics": ([], "it acts, but pushes no metrics"),
    "long deadline": (["activeDeadlineSeconds=400"], "not shorter than the schedule's interval"),
    "tight deadline": (["runBudgetSeconds=230"], "less than terminationGracePeriodSeconds"),
    "dry run": (["dryRun=true"], "It writes nothing: this is a dry run"),
    "a dry run is silent": (["dryRun=true"], "It posts nothing either"),
    "observing": (["watch.mode=observe"], "It changes nothing: every namespace is in mode observe"),
    "nothing by itself": (["watch.mode=approve"], "by itself:                  nothing"),
    "suspended": (["suspend=true"], "SUSPENDED"),
    "how to run it": ([], "create job --from=cronjob/watchdog-sre-watchdog"),
    "no rights": (["rbac.create=false"], "grant its rights yourself"),
}


def test_whether_it_is_suspended_is_left_to_kubectl_unless_a_value_says_so(chart: Chart) -> None:
    (by_default,) = of_kind(chart.template(), "CronJob")
    (suspended,) = of_kind(chart.template("suspend=true"), "CronJob")

    assert "suspend" not in by_default["spec"]
    assert suspended["spec"]["suspend"] is True


@pytest.mark.parametrize("case", NOTES)
def test_the_notes_say_what_matters(chart: Chart, case: str) -> None:
    sets, words = NOTES[case]
    given = [part for each in sets for part in ("--set", each)]

    done = chart.run("install", "watchdog", str(CHART), "--dry-run=client", *given)

    assert words in done.stdout.partition("NOTES:")[2]


def test_the_memory_s_key_is_made_and_only_mounted_into_its_own_pod(chart: Chart) -> None:
    objects = chart.template()
    (secret,) = of_kind(objects, "Secret")
    rules = [rule for role in of_kind(objects, "Role") for rule in role["rules"]]

    assert len(secret["stringData"]["key"]) >= 32
    assert _key_of(objects) == {"name": "watchdog-sre-watchdog-memory", "key": "key"}
    assert not any("secrets" in rule["resources"] for rule in rules)


def test_the_memory_s_key_may_be_a_secret_that_is_there(chart: Chart) -> None:
    objects = chart.template("memory.existingSecret.name=mine", "memory.existingSecret.key=old")

    assert of_kind(objects, "Secret") == []
    assert _key_of(objects) == {"name": "mine", "key": "old"}


def _key_of(objects: list[Object]) -> Object:
    (cronjob,) = of_kind(objects, "CronJob")
    (container,) = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    env = {each["name"]: each for each in container["env"]}
    found: Object = env["SRE_AGENT_MEMORY__KEY"]["valueFrom"]["secretKeyRef"]
    return found


def test_a_file_of_settings_is_mounted_and_named(chart: Chart) -> None:
    objects = chart.template(json={"config": {"verify": {"timeout_seconds": 90}}})

    (pod, *_) = pods(objects)
    (container,) = pod["containers"]
    (held,) = (
        each
        for each in of_kind(objects, "ConfigMap")
        if each["metadata"]["name"].endswith("config")
    )
    assert yaml.safe_load(held["data"]["config.yaml"]) == {"verify": {"timeout_seconds": 90}}
    (mount,) = (each for each in container["volumeMounts"] if each["name"] == "config")
    assert environment(objects)["SRE_AGENT_CONFIG"] == f"{mount['mountPath']}/config.yaml"


def test_messengers_come_from_a_secret_and_a_namespace_names_its_own(chart: Chart) -> None:
    objects = chart.template(
        "notify.existingSecret.name=messengers",
        json={"watch.namespaces": [{"name": "shop", "notify": ["team"]}]},
    )

    policies = json.loads(environment(objects)["SRE_AGENT_POLICIES"])
    assert policies["shop"]["notify"] == ["team"]
    assert _secret_keys(objects, "SRE_AGENT_NOTIFY__") == {
        "URLS": "urls", "WEBHOOKS": "webhooks", "WEBHOOK_KEY": "webhook-key",
    }  # fmt: skip


def test_several_alertmanagers_are_named(chart: Chart) -> None:
    given = {"alertmanager": {"url": "http://a:9093", "urls": ["http://b:9093", "http://c:9093"]}}

    env = environment(chart.template(json=given))

    assert env["SRE_AGENT_ALERTMANAGER__URLS"] == "http://b:9093,http://c:9093"


def test_where_git_tools_keep_their_resources_one_role_reads_just_those(chart: Chart) -> None:
    objects = chart.template(json={"rbac.gitSources": ["argocd"]})

    (role,) = (r for r in of_kind(objects, "Role") if r["metadata"]["namespace"] == "argocd")
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get"}
    assert {resource for rule in role["rules"] for resource in rule["resources"]} == {
        "applications", "kustomizations", "helmreleases", "gitrepositories",
    }  # fmt: skip
    assert not [
        r for r in of_kind(chart.template(), "Role") if r["metadata"]["name"].endswith("-git")
    ]


def test_configmaps_may_be_listed_only_if_their_names_are_asked_for(chart: Chart) -> None:
    def verbs(given: dict[str, bool]) -> set[str]:
        (role,) = of_kind(chart.template(json=given), "Role")
        named = [rule for rule in role["rules"] if "configmaps" in rule["resources"]]
        return {verb for rule in named if "resourceNames" not in rule for verb in rule["verbs"]}

    assert verbs({}) == set()
    assert verbs({"rbac.configMapNames": True}) == {"list"}


def _secret_keys(objects: list[Object], prefix: str) -> dict[str, str]:
    (cronjob,) = of_kind(objects, "CronJob")
    (container,) = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return {
        each["name"].removeprefix(prefix): each["valueFrom"]["secretKeyRef"]["key"]
        for each in container["env"]
        if each["name"].startswith(prefix)
    }


def test_metrics_are_deleted_on_uninstall_only_from_a_gateway_of_ones_own_and_if_asked(
    chart: Chart,
) -> None:
    asked = {"pushgateway": {"url": "http://gateway:9091", "deleteOnUninstall": True}}
    bundled = {"pushgateway": {"enabled": True, "deleteOnUninstall": True}}
    url_only = {"pushgateway": {"url": "http://gateway:9091"}}

    def hooks(given: Mapping[str, Any]) -> list[Object]:
        jobs = of_kind(chart.template(json=given), "Job")
        return [job for job in jobs if "helm.sh/hook" in job["metadata"].get("annotations", {})]

    (job,) = hooks(asked)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-delete"
    assert container["args"] == ["delete-metrics", "--best-effort"]
    assert not hooks(bundled)
    assert not hooks(url_only)
