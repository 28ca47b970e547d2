from pathlib import Path

import pytest

from watchdog.environment import known_names, load
from watchdog.errors import SettingsError


def test_flags_win_over_the_environment_and_that_over_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SRE_AGENT_NAMESPACES", "shop, web")
    monkeypatch.setenv("SRE_AGENT_LABEL_SELECTOR", "app=x")

    settings = load(namespaces=("other",))

    assert settings.namespaces == ("other",)
    assert settings.label_selector == "app=x"
    assert settings.max_remediation_attempts == 2


def test_namespaces_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRE_AGENT_NAMESPACES", "shop, web,")

    assert load().namespaces == ("shop", "web")


@pytest.mark.parametrize(
    ("mistyped", "right"),
    [
        ("SRE_AGENT_NAMESPACE", "SRE_AGENT_NAMESPACES"),
        ("SRE_AGENT_DRYRUN", "SRE_AGENT_DRY_RUN"),
        ("SRE_AGENT_LLM__MODLE", "SRE_AGENT_LLM__MODEL"),
        ("SRE_AGENT_ACTIONS__DELETE_PODS", "SRE_AGENT_ACTIONS__DELETE_POD"),
    ],
)
def test_a_mistyped_setting_is_an_error_that_names_the_closest(mistyped: str, right: str) -> None:
    with pytest.raises(
        SettingsError, match=rf"{mistyped} is not a setting; the closest is {right}"
    ):
        load({mistyped: "x"})


@pytest.mark.parametrize(
    "name",
    [
        "SRE_AGENT_SERVICE_HOST",
        "SRE_AGENT_SERVICE_PORT",
        "SRE_AGENT_SERVICE_PORT_HTTP",
        "SRE_AGENT_PORT",
        "SRE_AGENT_PORT_80_TCP",
        "SRE_AGENT_PORT_80_TCP_ADDR",
        "SRE_AGENT_PORT_80_TCP_PROTO",
        "SRE_AGENT_METRICS_SERVICE_HOST",
    ],
)
def test_what_kubernetes_injects_for_a_service_called_sre_agent_is_no_error(name: str) -> None:
    load({name: "10.0.0.1"})


def test_a_bad_value_names_the_setting_and_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRE_AGENT_DRY_RUN", "maybe")

    with pytest.raises(SettingsError, match=r"SRE_AGENT_DRY_RUN=maybe: .*boolean"):
        load()


def test_a_bad_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRE_AGENT_APPROVED_ENV", '{"REGION": ["hunter2"]}')

    with pytest.raises(SettingsError) as caught:
        load()

    assert "hunter2" not in str(caught.value)


def test_the_openai_clients_own_names_work_and_ours_win(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://a/v1"})
    assert settings.llm.configured
    assert settings.llm.base_url == "http://a/v1"

    monkeypatch.setenv("SRE_AGENT_LLM__BASE_URL", "http://b/v1")
    assert load({"OPENAI_BASE_URL": "http://a/v1"}).llm.base_url == "http://b/v1"


def test_a_namespaces_mode_narrows_the_action_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRE_AGENT_POLICIES", '{"a": {"mode": "observe"}, "b": {"mode": "approve"}}')
    monkeypatch.setenv("SRE_AGENT_ACTIONS__ROLLOUT_RESTART", "never")

    settings = load()

    assert settings.mode("rollout_undo", "a") == "never"
    assert settings.mode("rollout_undo", "b") == "approve"
    assert settings.mode("rollout_undo", "c") == "auto"
    assert settings.mode("rollout_restart", "b") == "never"


def test_every_setting_is_documented() -> None:
    page = Path("docs/settings.md").read_text(encoding="utf-8")

    assert [name for name in known_names() if f"`{name}`" not in page] == []


@pytest.mark.parametrize("name", ["", "a,b", "Shop", "../shop"])
def test_what_cannot_be_a_namespace_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be the name of a namespace"):
        load(namespaces=(name,))


def test_a_bound_that_is_no_quantity_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRE_AGENT_LIMITS__MEMORY_CAP", "abc")

    with pytest.raises(SettingsError, match="SRE_AGENT_LIMITS__MEMORY_CAP=abc"):
        load()
