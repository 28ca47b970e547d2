from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from watchdog.actions import (
    PatchDeploymentEnv,
    PatchDeploymentImage,
    PatchDeploymentResources,
    ProposedValue,
    RolloutRestart,
    RolloutUndo,
    ScaleDeployment,
)
from watchdog.errors import ForbiddenError, NotFoundError
from watchdog.kube.ports import Json, Listing
from watchdog.kube.resources import Resource
from watchdog.remediation.diff import Wording
from watchdog.remediation.git_source import address, git_source
from watchdog.remediation.helm_values import changed_values
from watchdog.remediation.json_patch import applied
from watchdog.remediation.lasting_patch import lasting_patch
from watchdog.snapshot.refs import ObjectRef

LEDGER = ObjectRef(kind="Deployment", namespace="shop", name="ledger")
HERE: dict[str, Any] = {"target": LEDGER, "container": "main"}
SECRET = "hunter2-and-more"


def deployment(**container: Any) -> dict[str, Any]:
    main = {"name": "main", "image": "ledger:1.4", **container}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "ledger", "namespace": "shop", "labels": {}, "annotations": {}},
        "spec": {
            "replicas": 2,
            "template": {"metadata": {"labels": {"app": "ledger"}}, "spec": {"containers": [main]}},
        },
    }


def wording(origin: Any = "revision", *harmless: str) -> Wording:
    return Wording(ProposedValue(None, origin, "revision 6", 6), (), harmless)


def patch(action: Any, before: Json, after: Json, said: Wording | None = None) -> Any:
    text = lasting_patch(action, before, after, said or wording())
    return yaml.safe_load(text) if text else None


def main_of(plain: Any) -> Any:
    (container,) = plain["spec"]["template"]["spec"]["containers"]
    return container


def test_a_variable_is_added_by_name_and_its_value_is_not_shown() -> None:
    action = PatchDeploymentEnv(**HERE, name="REGION")
    after = deployment(env=[{"name": "REGION", "value": SECRET}])

    found = patch(action, deployment(), after)

    assert found["kind"] == "Deployment"
    assert found["metadata"] == {"name": "ledger", "namespace": "shop"}
    assert main_of(found) == {"name": "main", "env": [{"name": "REGION", "value": "REPLACE_ME"}]}


def test_a_value_that_the_operator_lists_as_harmless_is_shown() -> None:
    action = PatchDeploymentEnv(**HERE, name="REGION")
    after = deployment(env=[{"name": "REGION", "value": "eu-1"}])

    found = patch(action, deployment(), after, wording("revision", "REGION"))

    assert main_of(found)["env"] == [{"name": "REGION", "value": "eu-1"}]


def test_a_value_that_becomes_a_reference_is_taken_away_first() -> None:
    action = PatchDeploymentEnv(**HERE, name="REGION")
    reference = {"secretKeyRef": {"name": "regions", "key": "main"}}
    before = deployment(env=[{"name": "REGION", "value": SECRET}])
    after = deployment(env=[{"name": "REGION", "valueFrom": reference}])

    entry = main_of(patch(action, before, after))["env"][0]

    assert entry == {"name": "REGION", "valueFrom": reference, "value": None}


def test_resources_say_only_what_changes() -> None:
    action = PatchDeploymentResources(**HERE, memory_limit="128Mi")
    before = deployment(resources={"limits": {"memory": "64Mi", "cpu": "1"}})
    after = deployment(resources={"limits": {"memory": "128Mi", "cpu": "1"}})

    found = main_of(patch(action, before, after, wording("suggested")))

    assert found == {"name": "main", "resources": {"limits": {"memory": "128Mi"}}}


def test_going_back_removes_what_the_new_revision_added() -> None:
    before = deployment(
        image="ledger:1.5",
        command=["ledger", "--verbose"],
        env=[{"name": "DEBUG", "value": "1"}],
    )
    before["spec"]["template"]["spec"]["containers"].append({"name": "side", "image": "side:1"})

    found = patch(RolloutUndo(target=LEDGER, to_revision=6), before, deployment())

    main, side = found["spec"]["template"]["spec"]["containers"]
    assert main == {"name": "main", "image": "ledger:1.4", "command": None, "env": None}
    assert side == {"name": "side", "$patch": "delete"}


def test_a_command_is_shown_unless_it_may_hold_a_secret() -> None:
    undo = RolloutUndo(target=LEDGER, to_revision=6)
    plain = deployment(command=["ledger", "serve"])
    secret = deployment(command=["ledger", "--password=hunter2hunter2"])

    assert main_of(patch(undo, deployment(), plain))["command"] == ["ledger", "serve"]
    assert main_of(patch(undo, deployment(), secret))["command"] == "REPLACE_ME"


def test_a_command_that_was_only_suggested_is_not_to_be_put_into_git_unread() -> None:
    undo = RolloutUndo(target=LEDGER, to_revision=6)

    found = patch(undo, deployment(), deployment(command=["sh", "-c", "x"]), wording("suggested"))

    assert main_of(found)["command"] == "REPLACE_ME"


def test_a_restart_and_an_eviction_are_nothing_for_git() -> None:
    assert patch(RolloutRestart(target=LEDGER), deployment(), deployment()) is None
    assert patch(RolloutUndo(target=LEDGER), deployment(), deployment()) is None


def test_replicas_stand_in_the_spec() -> None:
    after = deployment()
    after["spec"]["replicas"] = 3

    assert patch(ScaleDeployment(target=LEDGER, replicas=3), deployment(), after)["spec"] == {
        "replicas": 3
    }


@given(st.text(min_size=12), st.sampled_from(["env", "annotation", "volume", "unknown"]))
def test_no_value_that_may_be_secret_stands_in_a_patch(secret: str, where: str) -> None:
    after = deployment()
    spec = after["spec"]["template"]["spec"]
    secret = f"~{secret}~"
    match where:
        case "env":
            spec["containers"][0]["env"] = [{"name": "A", "value": secret}]
        case "annotation":
            after["spec"]["template"]["metadata"]["annotations"] = {"a": secret}
        case "volume":
            csi = {"driver": "d", "volumeAttributes": {"password": secret}}
            spec["volumes"] = [{"name": "v", "csi": csi}]
        case _:
            spec["containers"][0]["lifecycle"] = {"preStop": {"exec": {"command": [secret]}}}

    found = patch(RolloutUndo(target=LEDGER), deployment(), after)

    assert secret not in str(found)
    assert "REPLACE_ME" in str(found)


# Helm: a path is known only if one place alone in the values has what the object has.


def test_the_path_of_resources_is_where_the_values_hold_what_the_container_has() -> None:
    held = {"limits": {"memory": "64Mi"}}
    action = PatchDeploymentResources(**HERE, memory_limit="128Mi")
    after = deployment(resources={"limits": {"memory": "128Mi"}})
    values = {"ledger": {"resources": held}, "web": {"resources": {"limits": {"memory": "1Gi"}}}}

    found = changed_values(action, deployment(resources=held), after, values)

    assert yaml.safe_load(found or "") == {"ledger": {"resources": {"limits": {"memory": "128Mi"}}}}


def test_two_places_that_could_be_meant_are_no_path() -> None:
    held = {"limits": {"memory": "64Mi"}}
    action = PatchDeploymentResources(**HERE, memory_limit="128Mi")
    after = deployment(resources={"limits": {"memory": "128Mi"}})
    values = {"ledger": {"resources": held}, "web": {"resources": held}}

    assert changed_values(action, deployment(resources=held), after, values) is None


def test_the_tag_of_an_image_is_a_value_of_its_own() -> None:
    action = PatchDeploymentImage(**HERE, image="registry.example/ledger:1.4")
    before = deployment(image="registry.example/ledger:1.5")
    after = deployment(image="registry.example/ledger:1.4")
    values = {"image": {"repository": "registry.example/ledger", "tag": "1.5"}}

    assert yaml.safe_load(changed_values(action, before, after, values) or "") == {
        "image": {"tag": "1.4"}
    }


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"env": {"MODE": "x"}}, {"env": {"REGION": "REPLACE_ME"}}),
        (
            {"extraEnv": [{"name": "MODE", "value": "x"}]},
            {
                "extraEnv": [
                    {"name": "MODE", "value": "REPLACE_ME"},
                    {"name": "REGION", "value": "REPLACE_ME"},
                ]
            },
        ),
        ({"env": {"OTHER": "x"}}, None),
        ({}, None),
    ],
)
def test_a_variable_belongs_where_the_containers_others_come_from(
    values: Json, wanted: Json | None
) -> None:
    action = PatchDeploymentEnv(**HERE, name="REGION")
    mode = {"name": "MODE", "value": "x"}
    after = deployment(env=[mode, {"name": "REGION", "value": SECRET}])

    found = changed_values(action, deployment(env=[mode]), after, values)

    assert (yaml.safe_load(found) if found else None) == wanted


# Where it comes from: what a label names counts only if it lists the object itself.


class Api:
    """Objects by kind, namespace and name; `forbidden` are kinds that may not be read."""

    def __init__(self, *forbidden: str, **objects: Json) -> None:
        self.objects = objects
        self.forbidden = forbidden
        self.asked: list[tuple[str, str, str]] = []

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        self.asked.append((resource.kind, namespace, name))
        if resource.kind in self.forbidden:
            raise ForbiddenError(f"get {resource}")
        item = self.objects.get(resource.kind)
        if item is None or item["metadata"] != {"namespace": namespace, "name": name}:
            raise NotFoundError(f"{resource} {name} not found")
        return item

    def list(self, resource: Resource, namespace: str, *, label_selector: str = "") -> Listing:
        raise NotImplementedError

    def patch(self, *_: Any, **__: Any) -> Json:
        raise NotImplementedError

    def evict(self, namespace: str, pod: str, uid: str, *, dry_run: bool) -> None:
        raise NotImplementedError


def application(kind: str = "Deployment", name: str = "ledger", **source: Any) -> Json:
    return {
        "metadata": {"namespace": "argocd", "name": "shop"},
        "spec": {
            "source": {
                "repoURL": "https://robot:token@git.example/team/shop.git",
                "path": "apps/shop",
                "targetRevision": "main",
                **source,
            }
        },
        "status": {"resources": [{"kind": kind, "namespace": "shop", "name": name}]},
    }


def by_argo() -> Json:
    item = deployment()
    item["metadata"]["annotations"] = {
        "argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/ledger"
    }
    return item


def test_an_application_says_repository_path_and_revision_without_its_credentials() -> None:
    found = git_source(by_argo(), Api(Application=application()), "argocd")

    assert found is not None
    assert str(found.git) == (
        "https://git.example/team/shop.git, apps/shop at main (Application argocd/shop)"
    )


def test_an_application_that_does_not_list_the_object_says_nothing_of_it() -> None:
    for other in (application(name="other"), application(kind="StatefulSet")):
        assert git_source(by_argo(), Api(Application=other), "argocd") is None


def test_the_values_of_an_application_lead_to_the_path_in_its_chart() -> None:
    chart = application(helm={"values": "resources:\n  limits: {memory: 64Mi}\n"})

    found = git_source(by_argo(), Api(Application=chart), "argocd")

    assert found is not None
    assert found.values == {"resources": {"limits": {"memory": "64Mi"}}}


def test_a_kustomization_lists_the_object_and_its_repository_has_the_address() -> None:
    item = deployment()
    item["metadata"]["labels"] = {
        "kustomize.toolkit.fluxcd.io/name": "apps",
        "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
    }
    kustomization = {
        "metadata": {"namespace": "flux-system", "name": "apps"},
        "spec": {"path": "./apps", "sourceRef": {"kind": "GitRepository", "name": "fleet"}},
        "status": {"inventory": {"entries": [{"id": "shop_ledger_apps_Deployment", "v": "v1"}]}},
    }
    repository = {
        "metadata": {"namespace": "flux-system", "name": "fleet"},
        "spec": {"url": "ssh://git@git.example/fleet", "ref": {"branch": "main"}},
    }
    api = Api(Kustomization=kustomization, GitRepository=repository)

    found = git_source(item, api, "argocd")
    stranger = copy.deepcopy(item)
    stranger["metadata"]["name"] = "stranger"

    assert found is not None
    assert str(found.git) == (
        "ssh://git@git.example/fleet, apps at main (Kustomization flux-system/apps)"
    )
    assert git_source(stranger, api, "argocd") is None


def test_what_may_not_be_read_is_not_known_and_no_failure() -> None:
    assert git_source(by_argo(), Api("Application"), "argocd") is None
    assert git_source(deployment(), Api(), "argocd") is None


@pytest.mark.parametrize("odd", ["../../secrets", "a b", "", "x" * 300, "UPPER"])
def test_a_label_that_can_be_no_name_is_not_asked_for(odd: str) -> None:
    item = deployment()
    item["metadata"]["labels"] = {
        "app.kubernetes.io/instance": odd,
        "kustomize.toolkit.fluxcd.io/name": odd,
        "kustomize.toolkit.fluxcd.io/namespace": odd,
    }
    api = Api()

    assert git_source(item, api, "argocd") is None
    assert api.asked == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@git.example/a.git?token=x", "https://git.example/a.git"),
        ("git@git.example:team/a.git", "git@git.example:team/a.git"),
        ("ssh://git:p@git.example/a.git", "ssh://git@git.example/a.git"),
        ("https://ghp_token@git.example/a.git", "https://git.example/a.git"),
        (None, ""),
        ("http://[", ""),
    ],
)
def test_an_address_is_shown_without_what_opens_it(url: str | None, shown: str) -> None:
    assert address(url) == shown


def test_the_patch_of_a_write_gives_what_the_write_gives() -> None:
    before = deployment(env=[{"name": "MODE", "value": "x"}])
    action = PatchDeploymentEnv(**HERE, name="REGION")
    operations = action.operations(before, {"name": "REGION", "value": SECRET})

    found = patch(action, before, applied(before, operations))

    assert [entry["name"] for entry in main_of(found)["env"]] == ["REGION"]
