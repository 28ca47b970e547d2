"""The Role is what a pass needs and nothing else, whatever the values."""

import itertools
import json
from pathlib import Path

import pytest
import yaml

from tests.chart.rendering import CHART, CI_VALUES, Chart, Object, of_kind
from watchdog import rights
from watchdog.actions import BY_NAME
from watchdog.actions.action import Grant
from watchdog.settings import NamespacePolicy, Settings

pytestmark = pytest.mark.chart
KINDS = [name for name in BY_NAME if name != "custom_instruction"]
MODES = ("observe", "approve", "act")
APPROVED = {"app-config": {"region": "eu-1"}, "other": {}}
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
    (parent / "charts" / "sre-watchdog").symlink_to(CHART)
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
    only = ["--show-only", "charts/*/templates/rbac.yaml"]
    done = chart.run("template", "all", str(parent), *only)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[Object]] = {}
    for one in yaml.load_all(done.stdout, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if one and one["kind"] == "Role":
            found.setdefault(one["metadata"]["name"], []).append(one)
    return found


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
            needed = rights.needed(settings, role["metadata"]["namespace"])
            assert sorted(granted(role)) == sorted(needed), (enabled, role["metadata"])

    assert len(roles) == 2 ** len(KINDS)


def test_a_dry_run_may_write_nothing_at_all(chart: Chart) -> None:
    (role,) = of_kind(chart.template("dryRun=true"), "Role")

    assert {grant.verb for grant in granted(role)} == {"get", "list"}
    assert sorted(granted(role)) == sorted(rights.needed(Settings(dry_run=True), "ops"))


def test_observing_may_write_nothing_but_its_own_memory(chart: Chart) -> None:
    sets = ("watch.namespaces[0].name=shop", "watch.namespaces[0].mode=observe")
    (role,) = of_kind(chart.template(*sets), "Role")

    writes = {grant for grant in granted(role) if grant.verb not in rights.READ}
    assert {grant.name for grant in writes} == {"sre-watchdog"}


@pytest.mark.parametrize("values", CI_VALUES, ids=lambda path: path.stem)
def test_no_values_give_rights_that_nobody_should_hold(chart: Chart, values: Path) -> None:
    objects = chart.template(values=values)
    own = {"configmaps", "leases"}

    for role in [*of_kind(objects, "Role"), *of_kind(objects, "ClusterRole")]:
        for grant in granted(role):
            assert "*" not in grant
            assert grant.resource not in FORBIDDEN
            assert grant.resource not in own or grant.name == "sre-watchdog"
            assert grant.verb in {"get", "list", "patch", "update", "create"}
    for role in of_kind(objects, "ClusterRole"):
        assert {grant.verb for grant in granted(role)} == {"get", "list"}
