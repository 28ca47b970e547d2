"""What is ours goes to the manager that applies the object, or to none: as a patch, pure."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.owner_marks import manager
from watchdog.remediation.hand_back import handed_back
from watchdog.remediation.json_patch import applied

Object = dict[str, Any]
MAIN = 'k:{"name":"main"}'
REGION = 'k:{"name":"LEDGER_REGION"}'
MARK: Object = {"f:annotations": {".": {}, "f:sre-watchdog/attempts": {}}}


def in_template(container: Object, **more: Object) -> Object:
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": {MAIN: container}}, **more}}}


ENTRY: Object = {".": {}, "f:name": {}, "f:value": {}}
OURS = {"f:metadata": MARK, **in_template({"f:env": {REGION: ENTRY}})}
THEIRS = in_template({".": {}, "f:image": {}, "f:name": {}})


def entries(*held: Object) -> list[Object]:
    item = {"metadata": {"uid": "u1", "managedFields": list(held)}}
    after = applied(item, handed_back(item))
    left: list[Object] = after["metadata"]["managedFields"]
    return left


@pytest.mark.parametrize("name", ["helm", "kubectl", "kustomize-controller", "argocd-controller"])
def test_our_fields_become_the_appliers(name: str) -> None:
    status = {**manager("kube-controller-manager", "Update"), "subresource": "status"}

    left = entries(manager(name, "Apply", THEIRS), status, manager("sre-watchdog", "Update", OURS))

    both = in_template({".": {}, "f:image": {}, "f:name": {}, "f:env": {REGION: ENTRY}})
    assert left == [manager(name, "Apply", both), status]


@pytest.mark.parametrize(
    "others",
    [
        [manager("kubectl-client-side-apply", "Update")],
        [manager("helm", "Update")],
        [manager("annotator", "Apply", {"f:metadata": MARK})],
        [{**manager("autoscaler"), "subresource": "scale"}],
        [{**manager("helm"), "apiVersion": "apps/v1beta1"}],
    ],
)
def test_without_an_applier_our_fields_are_dropped(others: list[Object]) -> None:
    assert entries(*others, manager("sre-watchdog", "Update", OURS)) == others


@pytest.mark.parametrize(
    "fields",
    [
        {"f:metadata": MARK},
        {"f:spec": {"f:replicas": {}}},
        {
            "f:spec": {
                "f:template": {
                    "f:metadata": {
                        "f:annotations": {".": {}, "f:kubectl.kubernetes.io/restartedAt": {}}
                    }
                }
            }
        },
    ],
)
def test_what_the_owners_apply_would_take_away_with_harm_is_not_moved(fields: Object) -> None:
    helm = manager("helm", "Apply", THEIRS)

    assert entries(helm, manager("sre-watchdog", "Update", fields)) == [helm]


def test_all_our_entries_go_and_the_one_that_applies_most_takes_them() -> None:
    scale = {**manager("sre-watchdog", "Update", {"f:spec": {"f:replicas": {}}})}
    scale["subresource"] = "scale"
    small = manager("patcher", "Apply", in_template({"f:image": {}}))
    helm = manager("helm", "Apply", THEIRS)

    left = entries(small, manager("sre-watchdog", "Update", OURS), helm, scale)

    assert [entry["manager"] for entry in left] == ["patcher", "helm"]
    assert left[0] == small


def test_the_patch_fails_if_another_writer_came_in_between() -> None:
    ours, helm = manager("sre-watchdog", "Update", OURS), manager("helm", "Apply", THEIRS)
    item = {"metadata": {"uid": "u1", "managedFields": [helm, ours]}}

    tested = {o["path"]: o["value"] for o in handed_back(item) if o["op"] == "test"}

    assert tested == {
        "/metadata/uid": "u1",
        "/metadata/managedFields/0": helm,
        "/metadata/managedFields/1": ours,
    }


def test_where_nothing_is_ours_nothing_is_sent() -> None:
    item = {"metadata": {"uid": "u1", "managedFields": [manager("helm")]}}

    assert handed_back(item) == []
