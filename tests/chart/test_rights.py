"""The Role is what a pass needs and nothing else, whatever the values."""

import itertools
import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.chart.rendering import CHART, CI_VALUES, Chart, Object, of_kind
from watchdog.actions import BY_NAME, Grant
from watchdog.commands.grant import manifest
from watchdog.kube import rbac
from watchdog.settings.custom_presets import PRESETS
from watchdog.settings.schema import NamespacePolicy, Settings

pytestmark = pytest.mark.chart
KINDS = [name for name in BY_NAME if name != "custom_instruction"]
MODES = ("observe", "approve", "act")
APPROVED = {"app-config": {"region": "eu-1"}, "other": {}}
OWN_NAMES = {"sre-watchdog", *(f"sre-watchdog-observed-{number}" for number in range(4))}
FORBIDDEN = {
    *("secrets", "roles", "rolebindings", "serviceaccounts", "serviceaccounts/token"),
    *("pods/exec", "pods/attach", "pods/portforward", "pods/ephemeralcontainers"),
}


def granted(role: Object) -> list[Grant]:
    return [
        Grant(group, resource, verb, name)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", [""])
    ]


@pytest.fixture(scope="module")
def roles(chart: Chart, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Object]]:
    """The Roles of a release for every subset of the kinds, rendered in one go as subcharts."""
    parent = tmp_path_factory.mktemp("parent")
    (parent / "templates").mkdir()
    (parent / "charts").mkdir()
    only_rights(parent / "charts" / "sre-watchdog")
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]
    values, dependencies = {}, []
    for number, enabled in enumerate(subsets()):
        alias = f"n{number}"
        dependencies.append({"name": "sre-watchdog", "version": version, "alias": alias})
        values[alias] = {
            "fullnameOverride": alias,
            "actions": {kind: "auto" if kind in enabled else "never" for kind in KINDS},
            "watch": {
                "namespaces": [
                    {"name": mode, "mode": mode, "configmaps": APPROVED} for mode in MODES
                ]
            },
        }
    about = {"apiVersion": "v2", "name": "parent", "version": "1.0.0"}
    (parent / "Chart.yaml").write_text(json.dumps({**about, "dependencies": dependencies}))
    (parent / "values.yaml").write_text(json.dumps(values))
    done = chart.run("template", "all", str(parent))
    assert done.returncode == 0, done.stderr
    found: dict[str, list[Object]] = {}
    for one in yaml.load_all(done.stdout, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if one and one["kind"] == "Role":
            found.setdefault(one["metadata"]["name"], []).append(one)
    return found


def only_rights(copy: Path) -> None:
    """The chart without what the Role does not depend on: a thousand of them are rendered."""
    (copy / "templates").mkdir(parents=True)
    kept = ["Chart.yaml", "values.yaml", "templates/rbac.yaml"]
    for name in [*kept, *(f"templates/{p.name}" for p in CHART.glob("templates/_*.tpl"))]:
        shutil.copy(CHART / name, copy / name)


def subsets() -> list[frozenset[str]]:
    return [
        frozenset(each)
        for size in range(len(KINDS) + 1)
        for each in itertools.combinations(KINDS, size)
    ]


def test_the_role_is_what_a_pass_needs_for_every_combination_of_actions(
    roles: dict[str, list[Object]],
) -> None:
    policies = {
        mode: NamespacePolicy.model_validate({"mode": mode, "configmaps": APPROVED})
        for mode in MODES
    }
    for number, enabled in enumerate(subsets()):
        actions = {kind: "auto" if kind in enabled else "never" for kind in KINDS}
        settings = Settings.model_validate({"actions": actions, "policies": policies})

        for role in roles[f"n{number}"]:
            needed = rbac.needed(settings, role["metadata"]["namespace"])
            assert sorted(granted(role)) == sorted(needed), (enabled, role["metadata"])

    assert len(roles) == 2 ** len(KINDS)


def test_a_dry_run_may_write_nothing_at_all(chart: Chart) -> None:
    (role,) = of_kind(chart.template("dryRun=true"), "Role")

    assert {grant.verb for grant in granted(role)} == {"get", "list"}
    assert sorted(granted(role)) == sorted(rbac.needed(Settings(dry_run=True), "ops"))


@pytest.mark.parametrize(
    "named",
    [
        ["cert-manager"],
        ["flux", "widgets.example.com", "gitrepositories.source.toolkit.fluxcd.io"],
        sorted(PRESETS),
    ],
    ids=["one", "mixed", "all"],
)
def test_exactly_the_named_custom_resources_may_be_read_in_either_form(
    chart: Chart, named: list[str]
) -> None:
    listed = f"watch.customResources={{{','.join(named)}}}"
    objects = chart.template(listed, "rbac.clusterRead=true", "dryRun=true")
    settings = Settings.model_validate({"watch": {"custom_resources": named}, "dry_run": True})
    (role,) = of_kind(objects, "Role")
    (wide,) = (
        one for one in of_kind(objects, "ClusterRole") if "-act" not in one["metadata"]["name"]
    )

    # A preset may name what is read in any case.
    assert set(granted(role)) == set(rbac.needed(settings, "ops"))
    beyond = {*rbac.OBSERVATION, *rbac.CLUSTER_READ}
    assert set(granted(wide)) - beyond == set(rbac.custom_read(settings)) - beyond


def test_a_preset_that_is_none_is_refused_by_name(chart: Chart) -> None:
    done = chart.run(
        "template", "watchdog", str(CHART), "--set", "watch.customResources={cert-mangler}"
    )

    assert done.returncode != 0
    assert "cert-mangler is no preset; there are argo-cd, " in done.stderr


def test_observing_may_write_nothing_but_its_own_memory(chart: Chart) -> None:
    sets = ("watch.namespaces[0].name=shop", "watch.namespaces[0].mode=observe")
    (role,) = of_kind(chart.template(*sets), "Role")

    writes = {grant for grant in granted(role) if grant.verb not in rbac.READ}
    assert {grant.name for grant in writes} == {"sre-watchdog"}


@pytest.mark.parametrize("values", CI_VALUES, ids=lambda path: path.stem)
def test_no_values_give_rights_that_nobody_should_hold(chart: Chart, values: Path) -> None:
    objects = chart.template(values=values)
    own = {"configmaps", "leases"}

    for role in [*of_kind(objects, "Role"), *of_kind(objects, "ClusterRole")]:
        for grant in granted(role):
            assert "*" not in grant
            assert grant.resource not in FORBIDDEN
            assert grant.resource not in own or grant.name in OWN_NAMES
            assert grant.verb in {"get", "list", "patch", "update", "create"}
    bound = {one["roleRef"]["name"] for one in of_kind(objects, "ClusterRoleBinding")}
    for role in of_kind(objects, "ClusterRole"):
        reads = {grant.verb for grant in granted(role)} <= {"get", "list"}
        assert reads or role["metadata"]["name"] not in bound


def test_the_cluster_roles_are_what_all_namespaces_and_one_more_need(chart: Chart) -> None:
    on = ("rbac.clusterRead=true", "actions.scale_deployment=never")
    roles = {
        one["metadata"]["name"]: granted(one) for one in of_kind(chart.template(*on), "ClusterRole")
    }
    settings = Settings.model_validate({"actions": {"scale_deployment": "never"}})
    needed = set(rbac.needed(settings, "shop"))

    assert set(roles["ops-watchdog-sre-watchdog"]) == {*rbac.OBSERVATION, *rbac.CLUSTER_READ}
    beyond = needed - {*rbac.OBSERVATION, Grant("", "namespaces", "get", "shop")}
    assert set(roles["ops-watchdog-sre-watchdog-act"]) == beyond


@pytest.mark.parametrize("more", [(), ("dryRun=true",), ("shards=3",)])
def test_a_rule_adds_the_memories_of_what_is_observed_and_nothing_else(
    chart: Chart, more: tuple[str, ...]
) -> None:
    on = ("rbac.clusterRead=true", *more)
    before = {granted_where(one) for one in chart.template(*on) if one["kind"] == "Role"}
    objects = chart.template(*on, "watch.namespaceSelector=team=shop")
    after = {granted_where(one) for one in objects if one["kind"] == "Role"}

    ((name, namespace, grants),) = after - before
    settings = Settings(dry_run="dryRun=true" in more, shards=3 if "shards=3" in more else 1)
    assert (name, namespace) == ("watchdog-sre-watchdog-observed", "ops")
    assert set(grants) == set(rbac.home(settings))
    made = {
        (one["kind"], one["metadata"]["name"], one["metadata"]["namespace"])
        for one in objects
        if one["metadata"]["name"].startswith("sre-watchdog-observed")
    }
    kinds = {"configmaps": "ConfigMap", "leases": "Lease"}
    assert made == {(kinds[each.resource], each.name, "ops") for each in rbac.home(settings)}
    (binding,) = (
        one
        for one in of_kind(objects, "RoleBinding")
        if one["roleRef"]["name"] == name and one["metadata"]["namespace"] == "ops"
    )
    assert binding["subjects"][0]["name"] == "watchdog-sre-watchdog"


def granted_where(role: Object) -> tuple[str, str, tuple[Grant, ...]]:
    meta = role["metadata"]
    return meta["name"], meta["namespace"], tuple(sorted(granted(role)))


def test_the_listed_namespaces_themselves_are_read_beside_the_admission_policy_alone(
    chart: Chart,
) -> None:
    lists = ("watch.namespaces={shop,ops}", "watch.mode=act")
    (role,) = of_kind(chart.template(*lists), "ClusterRole")
    assert granted(role) == [Grant("", "namespaces", "get", "shop")]
    for off in ("admissionPolicy.enabled=false", "rbac.namespaceRead=false", "rbac.create=false"):
        assert not of_kind(chart.template(*lists, off), "ClusterRole")
    assert not of_kind(chart.template("watch.mode=act"), "ClusterRole")
    forced = chart.template("watch.namespaces={shop}", "dryRun=true", "rbac.namespaceRead=true")
    assert [granted(one) for one in of_kind(forced, "ClusterRole")] == [granted(role)]


def test_what_grant_prints_binds_the_role_that_the_chart_makes(chart: Chart) -> None:
    objects = chart.template("rbac.clusterRead=true")
    (account,) = of_kind(objects, "ServiceAccount")
    acting = next(
        one["metadata"]["name"]
        for one in of_kind(objects, "ClusterRole")
        if one["metadata"]["name"].endswith("-act")
    )

    text = manifest("shop", account["metadata"]["name"], account["metadata"]["name"], "ops")
    binding = next(yaml.safe_load_all(text))

    assert binding["roleRef"]["name"] == acting
    assert binding["subjects"][0]["name"] == account["metadata"]["name"]


@pytest.mark.parametrize("rule", ["watch.namespaceSelector=team=shop", "watch.allNamespaces=true"])
def test_watching_by_a_rule_needs_the_right_to_read_the_cluster(chart: Chart, rule: str) -> None:
    assert "need rbac.clusterRead=true" in chart.refusal(rule)

    env = chart.template(rule, "rbac.clusterRead=true", "watch.exclude={preview-*,sandbox}")
    text = yaml.safe_dump_all(env)
    assert "SRE_AGENT_WATCH__EXCLUDE" in text
    assert "preview-*,sandbox" in text
    assert of_kind(env, "ValidatingAdmissionPolicy")
