"""The chart under Helm 3 and Helm 4."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chart.rendering import Chart


@pytest.fixture(scope="session", params=["helm4", "helm3"])
def each_chart(request: pytest.FixtureRequest, tool: Callable[[str], Path]) -> Chart:
    return Chart(tool(request.param))


@pytest.fixture(scope="session")
def chart(tool: Callable[[str], Path]) -> Chart:
    return Chart(tool("helm4"))
