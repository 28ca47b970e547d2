"""What the chart renders is taken by a real API server, and by the schemas of others."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes_validate.utils import validate

from docs import generate_chart
from tests.chart.rendering import CI_VALUES, TOP, Chart, Object
from tests.cluster.plane import Plane

pytestmark = pytest.mark.chart
OLDEST, NEWEST = "1.29", "1.37"
OPERATORS = {"PrometheusRule", "ServiceMonitor"}  # kinds of an operator that the API server has not


@pytest.fixture(scope="module")
def ns(plane: Plane) -> Iterator[str]:
    with plane.namespace("chart") as name:
        yield name


def moved(objects: list[Object], namespace: str) -> list[Object]:
    """The same objects in one namespace, which exists."""
    for one in objects:
        if "namespace" in one["metadata"]:
            one["metadata"]["namespace"] = namespace
    return objects


@pytest.mark.plane
@pytest.mark.parametrize("values", CI_VALUES, ids=lambda path: path.stem)
def test_the_api_server_takes_every_object_with_strict_validation(
    chart: Chart, plane: Plane, ns: str, values: Path
) -> None:
    objects = moved(chart.template(values=values), ns)
    known = {"apiVersion": "v1", "kind": "List", "metadata": {}}
    items = [one for one in objects if one["kind"] not in OPERATORS]

    printed = plane.kubectl(
        "apply", "--dry-run=server", "--validate=strict", "-f", "-",
        input=json.dumps({**known, "items": items}),
    )  # fmt: skip

    assert printed.count("(server dry run)") == len(items)


@pytest.mark.plane
def test_a_prometheus_rule_fails_loudly_without_its_operator(
    chart: Chart, plane: Plane, ns: str
) -> None:
    objects = moved(chart.template("prometheusRule.enabled=true"), ns)
    rule = next(one for one in objects if one["kind"] == "PrometheusRule")

    said = plane.kubectl("apply", "-f", "-", input=json.dumps(rule), check=False)

    assert 'no matches for kind "PrometheusRule"' in said


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("values", CI_VALUES, ids=lambda path: path.stem)
def test_the_schemas_of_the_oldest_and_newest_kubernetes_take_every_object(
    chart: Chart, values: Path, version: str
) -> None:
    for one in chart.template(values=values, kube_version=f"{version}.0"):
        if one["kind"] not in OPERATORS:
            validate(one, version, strict=True)


def test_before_1_30_there_is_no_admission_policy(chart: Chart) -> None:
    kinds = {
        one["kind"] for one in chart.template("admissionPolicy.enabled=true", kube_version="1.29.0")
    }

    assert "ValidatingAdmissionPolicy" not in kinds


def test_what_is_made_from_the_chart_is_current(each_chart: Chart) -> None:
    stale = [
        str(path.relative_to(TOP))
        for path, text in generate_chart.wanted(each_chart.helm).items()
        if path.read_text(encoding="utf-8") != text
    ]

    assert not stale, f"run make manifests: {stale}"


@pytest.mark.plane
def test_the_plain_manifests_are_taken_as_kustomize_builds_them(plane: Plane) -> None:
    built = plane.kubectl("kustomize", str(TOP / "deploy"))
    # A dry run makes no namespace for the objects that it would hold.
    elsewhere = built.replace("namespace: sre-watchdog", "namespace: default")

    printed = plane.kubectl(
        "apply", "--dry-run=server", "--validate=strict", "-f", "-", input=elsewhere
    )

    assert printed.count("(server dry run)") == built.count("\nkind: ") + built.startswith("kind:")
