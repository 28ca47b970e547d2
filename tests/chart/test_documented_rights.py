"""What a real API server grants the account is what the table in the chart's README says."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator

import pytest
import yaml

from tests.chart.rendering import CHART, Chart
from tests.cluster.handle import eventually
from tests.cluster.plane import Plane
from watchdog.commands.grant import manifest

pytestmark = [pytest.mark.chart, pytest.mark.plane]
ACCOUNT = "watchdog-sre-watchdog"
RIGHTS = {"ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
NAMED = "`rbac.namespaceRead`"
WIDE, BY_RULE = "`rbac.clusterRead`", "namespaces watched by a rule"
CUSTOM, APPROVED = "`watch.customResources`", "of names in `configmaps`"
Right = tuple[str, str, str]
"""Verb, resource without its group, and the name that it is restricted to; empty for all."""


def documented(namespace: str, applies: Callable[[str], bool]) -> set[Right]:
    """What the rows of the table grant whose condition applies."""
    readme = (CHART / "README.md").read_text()
    table = readme.split("<!-- rights: generated -->")[1].split("<!-- rights: end -->")[0]
    rows = [line.strip("| ").split(" | ") for line in table.strip().splitlines()[2:]]
    assert len(rows) > 15
    found = set()
    for when, verbs, resources in rows:
        if applies(when):
            for resource in resources.split(", "):
                for name in names(when, resource, namespace):
                    plain = "namespaces" if resource == "the namespace itself" else resource
                    found |= {(verb, bare(plain), name) for verb in verbs.split(", ")}
    return found


def names(when: str, resource: str, namespace: str) -> list[str]:
    if resource == "the namespace itself":
        return [namespace]
    if NAMED in when:
        return [namespace]
    if APPROVED in when:
        return ["app-config"]
    if "of its own name" in when:
        return ["sre-watchdog"]
    if named := re.search(r"of the names? `([^`]+)`", when):
        name = named[1]
        numbers = range(4 if resource == "configmaps" else 1)
        return [name.replace("-N", f"-{number}") for number in numbers] if "-N" in name else [name]
    return [""]


def bare(resource: str) -> str:
    plural, _, part = resource.partition("/")
    return plural.split(".")[0] + (f"/{part}" if part else "")


def granted(plane: Plane, home: str, namespace: str, account: str = ACCOUNT) -> set[Right]:
    """What `kubectl auth can-i --list` prints for the account."""
    who = f"--as=system:serviceaccount:{home}:{account}"
    head, *lines = plane.kubectl("auth", "can-i", "--list", who, "-n", namespace).splitlines()
    starts = [head.index(title) for title in ("Non-Resource", "Resource Names", "Verbs")]
    found = set()
    for line in lines:
        resource = line[: starts[0]].strip()
        limited = line[starts[1] : starts[2]].strip(" []").split() or [""]
        verbs = line[starts[2] :].strip(" []").split()
        if resource:
            found |= {(verb, bare(resource), name) for verb in verbs for name in limited}
    return found


@contextlib.contextmanager
def rights(chart: Chart, plane: Plane, home: str, *sets: str) -> Iterator[None]:
    """The release's account and what is bound to it, without the rest of the release."""
    objects = [one for one in chart.template(*sets, namespace=home) if one["kind"] in RIGHTS]
    try:
        for one in objects:
            plane.create(one)
        yield
    finally:
        for one in objects:
            about = one["metadata"]
            where = ("-n", about["namespace"]) if "namespace" in about else ()
            plane.kubectl("delete", one["kind"], about["name"], *where, check=False)


def compare(plane: Plane, home: str, namespace: str, applies: Callable[[str], bool]) -> None:
    wanted = documented(namespace, applies)
    everyone = granted(plane, home, namespace, "another")
    # Kubernetes 1.37 lets each account read the cluster's bundles of CAs.
    assert {resource for _, resource, _ in everyone} - {"clustertrustbundles"} == {
        "selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews",
    }  # fmt: skip
    # The authorizer takes a moment to hear of a binding.
    assert eventually(lambda: granted(plane, home, namespace) - everyone, wanted) == wanted


def in_list_form(when: str) -> bool:
    return not any(word in when for word in (WIDE, BY_RULE, CUSTOM))


def writes(when: str) -> bool:
    return "`actions." in when or "action kind" in when


def test_with_a_list_of_namespaces_can_i_lists_what_the_table_says(
    chart: Chart, plane: Plane
) -> None:
    with plane.namespace("rights-home") as home, plane.namespace("rights-shop") as shop:
        lists = (
            f"watch.namespaces[0].name={shop}",
            "watch.namespaces[0].mode=act",
            "watch.namespaces[0].configmaps.app-config.region=eu",
        )
        with rights(chart, plane, home, *lists):
            compare(plane, home, shop, in_list_form)
            everyone = granted(plane, home, home, "another")
            named = {("get", "namespaces", shop)}
            assert eventually(lambda: granted(plane, home, home) - everyone, named) == named
        with rights(chart, plane, home, *lists, "rbac.namespaceRead=false"):
            compare(plane, home, home, lambda _: False)


def test_with_cluster_read_can_i_lists_what_the_table_says(chart: Chart, plane: Plane) -> None:
    with (
        plane.namespace("rights-home") as home,
        plane.namespace("rights-granted") as acting,
        plane.namespace("rights-other") as other,
    ):
        lists = (
            "rbac.clusterRead=true",
            "watch.namespaceSelector=team=shop",
            f"watch.namespaces[0].name={home}",
            "watch.namespaces[0].mode=observe",
        )
        with rights(chart, plane, home, *lists):
            binding = next(yaml.safe_load_all(manifest(acting, ACCOUNT, ACCOUNT, home)))
            plane.create(binding)

            compare(plane, home, other, lambda when: WIDE in when)
            compare(
                plane,
                home,
                acting,
                lambda when: (
                    WIDE in when
                    or "of its own name" in when
                    or (writes(when) and APPROVED not in when)
                ),
            )
            compare(
                plane,
                home,
                home,
                lambda when: (
                    WIDE in when
                    or BY_RULE in when
                    or (in_list_form(when) and not writes(when) and NAMED not in when)
                ),
            )


def test_the_table_is_read_as_it_stands() -> None:
    assert ("patch", "deployments/scale", "") in documented("shop", in_list_form)
    assert ("get", "namespaces", "shop") in documented("shop", in_list_form)
    assert ("update", "leases", "sre-watchdog-observed-0") in documented("", lambda w: BY_RULE in w)
