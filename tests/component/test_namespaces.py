"""Which namespaces a pass looks after, asked of an API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.demo_shop import BoxClock
from tests.support.wire import Wire
from watchdog.clock import Budget
from watchdog.errors import ClusterError
from watchdog.kube.client import ApiServer
from watchdog.observation.namespaces import watched
from watchdog.settings.schema import Settings

LABELLED = {"shop": "a", "web": "a", "preview-7": "b", "kube-public": "a", "billing": "b"}


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(ticking=False) as box:
        for name, team in LABELLED.items():
            box.apply(
                "apiVersion: v1\nkind: Namespace\n"
                f"metadata: {{name: {name}, labels: {{team: {team}}}}}\n",
                "",
            )
        yield box


@pytest.fixture
def cluster(wire: Wire, tmp_path: Path) -> ApiServer:
    budget = Budget(60, BoxClock(wire))
    return ApiServer.connect(wire.kubeconfig(tmp_path / "kubeconfig"), None, budget)


def chosen(cluster: ApiServer, namespaces: tuple[str, ...] = (), **watch: Any) -> set[str]:
    settings = Settings.model_validate({"namespaces": namespaces, "watch": watch})
    return set(watched(settings, cluster, "own"))


def test_a_list_is_taken_as_it_is_and_nothing_listed_is_the_own_namespace(
    cluster: ApiServer,
) -> None:
    assert chosen(cluster) == {"own"}
    assert chosen(cluster, ("shop", "nosuch")) == {"shop", "nosuch"}


def test_all_leaves_out_those_of_kubernetes_and_the_excluded(cluster: ApiServer) -> None:
    everything = chosen(cluster, all_namespaces=True)

    assert {"shop", "web", "preview-7", "billing"} <= everything
    assert not {name for name in everything if name.startswith("kube-")}
    fewer = chosen(cluster, all_namespaces=True, exclude="preview-*,billing")
    assert everything - fewer == {"preview-7", "billing"}


def test_a_selector_takes_those_with_the_label_beside_the_listed(cluster: ApiServer) -> None:
    assert chosen(cluster, namespace_selector="team=a") == {"shop", "web"}
    assert chosen(cluster, ("billing",), namespace_selector="team=a") == {"shop", "web", "billing"}


def test_namespaces_that_come_and_go_are_seen_by_the_next_pass(
    wire: Wire, cluster: ApiServer
) -> None:
    wire.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: new, labels: {team: a}}\n", "")

    assert "new" in chosen(cluster, namespace_selector="team=a")


def test_without_the_right_to_list_namespaces_the_remedy_is_named(
    wire: Wire, cluster: ApiServer
) -> None:
    wire.forbid("list", "namespaces")

    with pytest.raises(ClusterError, match=r"rbac\.clusterRead=true"):
        chosen(cluster, all_namespaces=True)
