"""The wall that does not depend on our code: what no enabled action writes is refused.

The service account has its own token and, here, every right that RBAC can give: the policies alone
hold it back. Each request is a server-side dry run against a real API server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.chart.rendering import Chart
from tests.cluster.plane import Plane
from tests.support.admission_cases import BY_ACTION, ILLEGAL
from tests.support.admission_wall import ACCOUNT, SETTINGS, Setting, Wall, behind_the_wall

pytestmark = [pytest.mark.chart, pytest.mark.plane]


@pytest.fixture(
    scope="module", params=["default", "everything", "no rollback", "env alone", "restart alone"]
)
def setting(request: pytest.FixtureRequest) -> Setting:
    return SETTINGS[request.param]


@pytest.fixture(scope="module")
def wall(chart: Chart, plane: Plane, setting: Setting) -> Iterator[Wall]:
    with behind_the_wall(chart, plane, setting) as held:
        yield held


def test_the_api_server_refuses_what_no_action_would_write(wall: Wall, setting: Setting) -> None:
    let_through = {
        name: said for name, r in setting.refused.items() if "may not" not in (said := wall.says(r))
    }

    assert len(setting.refused) >= 200
    assert let_through == {}


def test_what_actions_write_passes_the_wall(wall: Wall, setting: Setting) -> None:
    refused = {name: said for name, r in setting.let_through.items() if (said := wall.says(r))}

    assert refused == {}


def test_a_namespace_in_mode_observe_is_not_written_to(chart: Chart, plane: Plane) -> None:
    setting = SETTINGS["observe"]
    with behind_the_wall(chart, plane, setting) as held:
        writes = {n for requests in BY_ACTION.values() for n in requests}

        let_through = [name for name, r in setting.refused.items() if not held.refuses(r)]
        refused = {name: said for name, r in setting.let_through.items() if (said := held.says(r))}

        assert writes <= setting.refused.keys()
        assert let_through == []
        assert refused == {}


def test_only_the_memories_of_observed_namespaces_are_written_in_the_releases_own(
    chart: Chart, plane: Plane
) -> None:
    setting = SETTINGS["by rule"]
    with behind_the_wall(chart, plane, setting) as held:
        let_through = [name for name, r in setting.refused.items() if not held.refuses(r)]
        refused = {name: said for name, r in setting.let_through.items() if (said := held.says(r))}

        assert let_through == []
        assert refused == {}


def test_others_are_not_bound_by_it(plane: Plane, wall: Wall) -> None:
    by_admin = plane.kubectl(
        "patch", "deployment", "web", "-n", wall.ns, "--type=json", "--dry-run=server",
        "-p", json.dumps(ILLEGAL["pod field hostNetwork"].body),
    )  # fmt: skip

    assert "patched" in by_admin


def test_the_account_cannot_take_the_wall_down(chart: Chart, plane: Plane) -> None:
    """Policies do not bind requests about policies; there RBAC has to, and does."""
    with plane.namespace("chart-wall") as ns:
        for one in chart.template(f"watch.namespaces={{{ns}}}", namespace=ns):
            if one["kind"] in {"Role", "RoleBinding", "ServiceAccount"}:
                plane.create(one)
        with pytest.raises(AssertionError, match="forbidden"):
            plane.kubectl(
                "delete", "validatingadmissionpolicies", "--all",
                f"--as=system:serviceaccount:{ns}:{ACCOUNT}",
            )  # fmt: skip
