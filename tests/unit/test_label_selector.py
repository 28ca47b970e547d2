from __future__ import annotations

import pytest

from watchdog.errors import SettingsError
from watchdog.kube.label_selector import check

GOOD = (
    "", "app", "!app", "app=web", "app==web", "app!=web", "app=", "app = web , tier != db",
    "app in (web)", "app in (web, api)", "app notin (web,api)", "app.kubernetes.io/name=x_1.2",
    "app in ( )", "app in (web,)", "replicas>3", "replicas < 10", " app ", "! app,tier",
)  # fmt: skip
BAD = (
    "app in (x", "app in x", "app=web,", ",app", "app=web tier=db", "app=a b", "=web", "app=(x)",
    "app in", "a/b/c=x", "app=-x", "-app", "app>x", "app=" + "x" * 64, "App_!=x!", "app\n;rm",
)  # fmt: skip


@pytest.mark.parametrize("selector", GOOD)
def test_what_the_api_server_takes_parses(selector: str) -> None:
    check(selector, "--selector")


@pytest.mark.parametrize("selector", BAD)
def test_what_the_api_server_refuses_is_said_of_the_option(selector: str) -> None:
    with pytest.raises(SettingsError, match=r"--selector .* does not parse"):
        check(selector, "--selector")
