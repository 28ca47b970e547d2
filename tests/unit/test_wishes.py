"""What a namespace asks for narrows what the operator set, or chooses within it."""

from __future__ import annotations

import pytest

from watchdog.settings.schema import NamespaceMode, NamespacePolicy, Settings
from watchdog.settings.wishes import wishes, with_wishes

ALLOWED = {
    "channel": ["#team-*"],
    "severity": ["info", "warning"],
    "owner": ["*"],
    "runbook": ["https://runbooks.example.com/*"],
}


def asked(set_: NamespaceMode = "act", /, **given: str) -> NamespacePolicy:
    settings = Settings.model_validate(
        {"policies": {"shop": {"mode": set_}}, "watch": {"choices": ALLOWED}}
    )
    labels = {"sre-watchdog/mode": given.pop("mode_label")} if "mode_label" in given else {}
    annotations = {f"sre-watchdog/{name}": value for name, value in given.items()}
    return with_wishes(settings, "shop", wishes(labels, annotations)).policy("shop")


@pytest.mark.parametrize(
    ("set_", "label", "mode"),
    [
        ("act", "observe", "observe"),
        ("act", "approve", "approve"),
        ("act", "act", "act"),
        ("approve", "act", "approve"),
        ("observe", "act", "observe"),
        ("observe", "approve", "observe"),
        ("act", "obsreve", "observe"),
        ("act", "", "observe"),
    ],
)
def test_the_mode_only_ever_narrows(set_: NamespaceMode, label: str, mode: str) -> None:
    assert asked(set_, mode_label=label).mode == mode


def test_what_the_operator_lists_may_be_chosen() -> None:
    policy = asked(
        channel="#team-shop",
        severity="warning",
        owner="Team Shop",
        runbook="https://runbooks.example.com/shop",
    )

    assert (policy.channel, policy.severity, policy.owner) == ("#team-shop", "warning", "Team Shop")
    assert policy.runbook_url == "https://runbooks.example.com/shop"
    assert policy.mode == "act"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channel", "#ops"),
        ("severity", "critical"),
        ("owner", "two\nlines"),
        ("owner", "\u202etfel"),
        ("runbook", "https://evil.example.com/?https://runbooks.example.com/"),
        ("runbook", "javascript:alert(1)"),
    ],
)
def test_nothing_beyond_that_is_taken(name: str, value: str) -> None:
    assert asked(**{name: value}) == asked()


@pytest.mark.parametrize(
    ("pattern", "value", "taken"),
    [
        ("https://*.example.com/*", "https://runbooks.example.com/shop", True),
        ("https://*.example.com/*", "https://a.b.example.com/shop?x=1#y", True),
        ("https://web-?.example.com/shop", "https://web-1.example.com/shop", True),
        ("https://runbooks.example.com*", "https://runbooks.example.com/shop", True),
        ("*://runbooks.example.com/*", "http://runbooks.example.com/", True),
        ("https://*.example.com/*", "https://attacker.test/x.example.com/y", False),
        ("https://*.example.com/*", "https://attacker.test?x.example.com/y", False),
        ("https://*.example.com/*", "https://attacker.test#x.example.com/y", False),
        ("https://*.example.com/*", "https://attacker.test\\x.example.com/y", False),
        ("https://*.example.com/*", "https://a.example.com@attacker.test/x.example.com/", False),
        ("https://runbooks.example.com/*", "https://runbooks.example.com@attacker.test/", False),
        ("https://*.example.com/*", "http://runbooks.example.com/shop", False),
        ("https://*.example.com/*", "javascript://x.example.com/%0aalert(1)", False),
        ("https://runbooks.example.com/shop", "https://runbooks.example.com/other", False),
        ("https://runbooks.example.com", "https://runbooks.example.com/other", False),
    ],
)
def test_a_pattern_of_addresses_allows_no_other_host(
    pattern: str, value: str, *, taken: bool
) -> None:
    settings = Settings.model_validate({"watch": {"choices": {"runbook": [pattern]}}})
    given = wishes({}, {"sre-watchdog/runbook": value})

    asked_for = with_wishes(settings, "shop", given).policy("shop").runbook_url

    assert asked_for == (value if taken else None)


def test_without_a_list_nothing_may_be_chosen() -> None:
    settings = Settings()
    given = wishes({}, {"sre-watchdog/channel": "#ops", "sre-watchdog/owner": "me"})

    assert with_wishes(settings, "shop", given) is settings
