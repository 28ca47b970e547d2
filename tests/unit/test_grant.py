"""What `sre-watchdog grant` prints."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from watchdog.cli import app
from watchdog.commands.grant import manifest


def grant(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["grant", *words])
    return done.exit_code, done.output


def test_each_namespace_gets_a_binding_and_a_place_for_its_memory() -> None:
    code, text = grant("-n", "shop", "-n", "web", "--release", "wd", "--release-namespace", "ops")

    found = [one for one in yaml.safe_load_all(text) if one]
    assert code == 0
    assert [(one["kind"], one["metadata"]["namespace"]) for one in found] == [
        (kind, name) for name in ("shop", "web") for kind in ("RoleBinding", "ConfigMap", "Lease")
    ]
    assert found[0]["roleRef"]["name"] == "ops-wd-sre-watchdog-act"
    assert found[0]["subjects"][0] == {
        "kind": "ServiceAccount",
        "name": "wd-sre-watchdog",
        "namespace": "ops",
    }


@pytest.mark.parametrize("words", [(), ("-n", "kube-system"), ("-n", "a: b")])
def test_nothing_is_granted_where_it_cannot_or_must_not_be(words: tuple[str, ...]) -> None:
    code, text = grant(*words)

    assert code == 2
    assert "RoleBinding" not in text


def test_the_objects_for_git_in_the_docs_are_those_that_it_prints() -> None:
    page = (Path(__file__).parents[2] / "docs" / "namespaces.md").read_text()

    assert manifest("checkout", "watchdog-sre-watchdog", "watchdog-sre-watchdog", "ops") in page
