"""Namespaces that are watched by a rule: observed until they opt in, and nothing is noisy there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.demo_shop import BoxClock
from tests.support.simulated_cluster import MANIFEST, SET
from tests.support.wire import Wire
from watchdog.agent.context import PassContext
from watchdog.agent.progress import QuietProgress
from watchdog.agent.run import run_pass
from watchdog.clock import Budget
from watchdog.demo import Request, Response
from watchdog.kube.client import ApiServer
from watchdog.model.report import Report
from watchdog.observation.namespaces import watched
from watchdog.settings.schema import Settings

FORBIDDEN = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403}


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Two namespaces with a Deployment that lost its variable; only `bound` grants its Lease."""
    with Wire(ticking=False, behind_seconds=660) as box:
        for name in ("bound", "other"):
            box.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n", "")
            deploy(box, name, SET)
        box.advance(600)
        for name in ("bound", "other"):
            deploy(box, name, "[]")
        box.advance(60)
        for resource in ("leases", "configmaps"):
            for verb in ("get", "create", "update"):
                box.on(verb, resource, refuse_elsewhere)
        yield box


def deploy(wire: Wire, namespace: str, env: str) -> None:
    text = MANIFEST.format(name="ledger", env=env, image="busybox:1.36", script="sleep 86400")
    wire.apply(text, namespace)


def refuse_elsewhere(request: Request) -> Response | None:
    """As RBAC answers where nothing is bound; memories may be read by the ClusterRole."""
    if "/namespaces/other/" not in request.path:
        return None
    if request.method == "GET" and "configmaps" in request.path:
        return None
    return Response(403, {**FORBIDDEN, "reason": "Forbidden", "message": "cannot get"})


def run(wire: Wire, folder: Path, **given: object) -> Report:
    budget = Budget(240, BoxClock(wire))
    cluster = ApiServer.connect(wire.kubeconfig(folder / "kubeconfig"), None, budget)
    settings = Settings.model_validate({"verify": {"stable_seconds": 10}, **given})
    names = watched(settings, cluster, "default")
    wire.requests.clear()
    return run_pass(names, PassContext(settings, cluster, budget, QuietProgress()))


def test_what_is_not_bound_is_observed_and_the_report_says_what_would_be_needed(
    wire: Wire, tmp_path: Path
) -> None:
    report = run(wire, tmp_path, watch={"all_namespaces": True, "exclude": "default,shop"})

    parts = {part.namespace: part for part in report.namespaces}
    assert [finding.target.name for finding in parts["other"].findings] == ["ledger"]
    assert [action.outcome for action in parts["other"].actions] == ["refused"]
    assert "sre-watchdog grant -n other" in " ".join(parts["other"].warnings)
    assert parts["other"].blind_spots == ()
    assert report.result == "ok"


def test_only_what_is_bound_is_written_to(wire: Wire, tmp_path: Path) -> None:
    report = run(wire, tmp_path, watch={"all_namespaces": True, "exclude": "default,shop"})

    bound = next(part for part in report.namespaces if part.namespace == "bound")
    assert [action.outcome for action in bound.actions] == ["verified"]
    patched = {request.path.split("/")[5] for request in wire.requests if request.method == "PATCH"}
    assert patched == {"bound"}


def test_a_namespace_that_was_named_and_grants_nothing_is_still_a_blind_spot(
    wire: Wire, tmp_path: Path
) -> None:
    report = run(wire, tmp_path, namespaces=("other",))

    assert report.result == "degraded"
    assert [spot.what for spot in report.namespaces[0].blind_spots] == ["the Lease"]


def test_a_namespace_that_says_so_is_only_observed(wire: Wire, tmp_path: Path) -> None:
    label = "labels: {sre-watchdog/mode: observe}"
    wire.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: bound, {label}}}\n", "")

    report = run(wire, tmp_path, namespaces=("bound",))

    (part,) = report.namespaces
    assert [finding.target.name for finding in part.findings] == ["ledger"]
    assert [action.rule for action in part.actions] == ["mode_never"]
    assert not any(request.method == "PATCH" for request in wire.requests)
