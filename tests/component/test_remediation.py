"""Writes as they reach an API server: previewed, conditional, sent once, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shop import NAMESPACE, Shop, open_shop, ref
from watchdog.actions import PatchDeploymentEnv, RolloutUndo
from watchdog.nouns import Outcome


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path)
    yield opened
    opened.box.__exit__()


ENV = PatchDeploymentEnv(target=ref(), container="main", name="REGION")


def test_env_of_the_last_available_revision_is_put_back(shop: Shop) -> None:
    shop.break_ledger()

    (attempt,) = shop.remediate(ENV)

    assert attempt.result.outcome is Outcome.APPLIED, attempt.result
    assert shop.env()["REGION"] == "s3cr3t-eu-1"
    assert attempt.result.source == "revision 1"
    assert (
        attempt.result.undo
        == f"kubectl -n {NAMESPACE} rollout undo deployment/ledger --to-revision=2"
    )
    assert attempt.result.diff.splitlines() == [
        "  container main:",
        "+ - name: REGION",
        "+   value: (as in revision 1)",
    ]


def test_rollback_restores_the_earlier_template(shop: Shop) -> None:
    shop.break_ledger()

    (attempt,) = shop.remediate(RolloutUndo(target=ref(), to_revision=1))

    assert attempt.result.outcome is Outcome.APPLIED, attempt.result
    assert shop.env() == {"REGION": "s3cr3t-eu-1", "LEVEL": "info"}
