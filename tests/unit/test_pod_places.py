"""Where rows of a list of all pods are likely to be from."""

from __future__ import annotations

import json

import pytest

from watchdog.kube.table_pages import namespace_of, page
from watchdog.observation.pod_places import PodPlaces, in_key_order, stem_of


def placed(places: PodPlaces, *names: str) -> list[str]:
    return [places.place(name) for name in names]


def test_namespaces_are_ordered_as_the_keys_of_the_api_server() -> None:
    assert in_key_order({"a", "b", "a-b"}) == ["a-b", "a", "b"]


def test_pods_are_placed_by_the_workload_whose_name_they_bear() -> None:
    places = PodPlaces({"shop", "web"})
    places.has("shop", stem_of("Deployment", "cart"), 1)
    places.has("web", stem_of("StatefulSet", "db"), 2)

    names = ("cart-7d9f8c6b5-x2k4p", "db-0", "db-1")
    assert placed(places, *names) == ["shop", "web", "web"]


def test_workloads_of_one_name_are_told_apart_by_how_many_pods_each_has() -> None:
    places = PodPlaces({"one", "two"})
    for name in ("one", "two"):
        places.has(name, stem_of("Deployment", "web"), 2)

    # Nothing else says where the first namespace ends: the names ascend all the way.
    names = [f"web-7d9f8c6b5-{ending}" for ending in ("bbbbb", "ccccc", "ddddd", "fffff")]
    assert placed(places, *names) == ["one", "one", "two", "two"]


def test_a_name_that_is_less_than_the_one_before_is_of_a_later_namespace() -> None:
    places = PodPlaces({"one", "two"})
    for name in ("one", "two"):
        places.has(name, stem_of("Deployment", "web"), 2)

    assert placed(places, "web-7d9f8c6b5-zzzzz", "web-7d9f8c6b5-bbbbb") == ["one", "two"]


def test_of_rows_only_cells_and_namespace_are_kept() -> None:
    metadata = {"name": "x", "namespace": "shop", "managedFields": [{"fieldsV1": {"f:a": {}}}]}
    row = {"cells": ["x", 1], "object": {"metadata": metadata}}
    body = {"kind": "Table", "metadata": {"continue": "t"}, "rows": [row, {"cells": ["y"]}]}

    found = page(json.dumps(body).encode())

    assert [one["cells"] for one in found["rows"]] == [["x", 1], ["y"]]
    assert [namespace_of(one) for one in found["rows"]] == ["shop", ""]
    assert found["metadata"]["continue"] == "t"
    assert "managedFields" not in str(found)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"rows": 3}', b'{"kind": "Table"'])
def test_what_is_no_page_is_refused_without_its_text(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^not a page of a Table$"):
        page(body)
