import json
import re
from pathlib import Path

import pytest

from watchdog.errors import SettingsError
from watchdog.settings.environment import known_names, load


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


def test_the_line_end_of_a_file_is_no_part_of_the_name_of_the_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SRE_AGENT_CLUSTER_NAME", "prod-eu\n")

    assert load().cluster_name == "prod-eu"


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


def test_a_name_that_is_like_no_setting_suggests_none() -> None:
    with pytest.raises(SettingsError, match=r"SRE_AGENT_FOO is not a setting \(docs"):
        load({"SRE_AGENT_FOO": "x"})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SHARDS", "two", "SRE_AGENT_SHARDS=two: must be a whole number"),
        ("RUN_BUDGET_SECONDS", "abc", "SRE_AGENT_RUN_BUDGET_SECONDS=abc: must be a number"),
        ("CLUSTER_NAME", "prod\teu", "SRE_AGENT_CLUSTER_NAME=prod\teu: must be a name of one line"),
        ("OBSERVE__LOG_LINES", "-1", "must be greater than or equal to 1"),
        ("ACTIONS__DELETE_POD", "no", "must be 'auto', 'approve' or 'never'"),
        (
            "POLICIES",
            '{"shop": {"mod": "act"}}',
            "SRE_AGENT_POLICIES.shop.mod: there is no such setting; the closest is mode",
        ),
        (
            "POLICIES",
            '{"shop": {"mode": "acts"}}',
            "SRE_AGENT_POLICIES.shop.mode=acts: must be 'observe', 'approve' or 'act'",
        ),
    ],
)
def test_a_bad_value_says_in_plain_words_what_it_has_to_be(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"SRE_AGENT_{name}", value)

    with pytest.raises(SettingsError, match=re.escape(words)) as caught:
        load()

    assert "Input should" not in str(caught.value)


ADDRESSES = {
    "LLM__BASE_URL": {}, "ALERTMANAGER__URL": {}, "ALERTMANAGER__URLS": {}, "PUSHGATEWAY__URL": {},
    "SLACK__BASE_URL": {}, "BLOCKER__PROMETHEUS_URL": {"BLOCKER__QUERY": "up"}, "DASHBOARD_URL": {},
}  # fmt: skip
SECRET_ADDRESSES = ("HEARTBEAT__URL", "SLACK__WEBHOOK_URL")
REMEDY = ": must be the address of a service: http:// or https://, a host and maybe a port, such as"
NO_ADDRESSES = (
    "prometheus:9090", "prometheus.example.com", "http//prometheus", "http:/prometheus", "http://",
    "https://:9090", "//prometheus", "ftp://prometheus", "file:///etc/passwd",
    "http://prometheus:port", "http://prometheus 9090", "javascript:alert(1)", "http://[::1",
)  # fmt: skip


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("value", NO_ADDRESSES)
def test_what_is_no_address_of_a_service_names_setting_value_and_remedy(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for also, given in {name: value, **ADDRESSES[name]}.items():
        monkeypatch.setenv(f"SRE_AGENT_{also}", given)

    with pytest.raises(SettingsError) as caught:
        load()

    assert f"SRE_AGENT_{name}" in str(caught.value)
    assert f"={value}{REMEDY}" in str(caught.value)


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(
    "value", ["http://web", "https://web.example.com:8443/path?x=1", "http://[::1]:9090", ""]
)
def test_an_address_of_a_service_is_taken_as_it_is(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for also, given in {name: value, **(ADDRESSES[name] if value else {})}.items():
        monkeypatch.setenv(f"SRE_AGENT_{also}", given)

    assert value in str(load())


@pytest.mark.parametrize("name", SECRET_ADDRESSES)
def test_a_bad_address_that_is_a_secret_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"SRE_AGENT_{name}", "ping.example.com/c4nAry7p")

    with pytest.raises(SettingsError, match=rf"SRE_AGENT_{name}{REMEDY}") as caught:
        load()

    assert "c4nAry7p" not in str(caught.value)


def test_of_a_bad_address_neither_user_nor_password_is_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SRE_AGENT_PUSHGATEWAY__URL", "app:c4nAry7p@pushgateway:9091")

    with pytest.raises(SettingsError, match=rf"SRE_AGENT_PUSHGATEWAY__URL{REMEDY}") as caught:
        load()

    assert "c4nAry7p" not in str(caught.value)


LEFT = "c4nAry7p"
WITH_A_SECRET = {
    "a list for names and values": ("NOTIFY__URLS", [f"pagerduty://{LEFT}"]),
    "a text for names and values": ("NOTIFY__URLS", f"pagerduty://{LEFT}"),
    "a list within": ("NOTIFY__URLS", {"oncall": [f"pagerduty://{LEFT}"]}),
    "name and address turned around": ("NOTIFY__URLS", {f"pagerduty://{LEFT}": "oncall"}),
    "both turned around": ("NOTIFY__WEBHOOKS", {f"https://example.com/{LEFT}": "audit"}),
    "a list for a group": ("NOTIFY", [f"pagerduty://{LEFT}"]),
    "a text for a group": ("SLACK", f"xoxb-{LEFT}"),
    "a number for a group": ("LLM", 48151623),
    "a text for a policy": ("POLICIES", {"shop": LEFT}),
    "a list for a value": ("POLICIES", {"shop": {"configmaps": {"app": {"key": [LEFT]}}}}),
    "a list for an address": ("LLM", {"base_url": [f"http://app:{LEFT}@web/v1"]}),
    "a password in one of several addresses": ("ALERTMANAGER__URLS", f"htp://app:{LEFT}@web"),
    "a password beside a port": ("ALERTMANAGER__URLS", f"http://app:{LEFT}@web:99999"),
    "a key in a query": ("LLM__BASE_URL", f"web/v1?api-key={LEFT}"),
    "a key behind a query's sign": ("DASHBOARD_URL", f"htp://web/d#{LEFT}"),
    "a token in the wrong place": ("DRY_RUN", f"ghp_{LEFT * 5}"[:40]),
}


@pytest.mark.parametrize("wrong", WITH_A_SECRET.values(), ids=WITH_A_SECRET)
def test_what_may_hold_a_secret_is_not_repeated_whatever_is_wrong_with_it(
    monkeypatch: pytest.MonkeyPatch, wrong: tuple[str, object]
) -> None:
    name, value = wrong
    plain = isinstance(value, str) and name not in {"NOTIFY__URLS", "SLACK"}
    monkeypatch.setenv(f"SRE_AGENT_{name}", str(value) if plain else json.dumps(value))

    with pytest.raises(SettingsError, match=f"SRE_AGENT_{name}") as caught:
        load()

    assert LEFT not in str(caught.value)
    assert "48151623" not in str(caught.value)
    assert "instance of" not in str(caught.value)


CREDENTIALS = {
    "LLM__API_KEY": "{}", "SLACK__BOT_TOKEN": "{}", "PUSHGATEWAY__TOKEN": "{}",
    "ALERTMANAGER__TOKEN": "{}", "BLOCKER__TOKEN": "{}",
    "LLM__EXTRA_HEADERS": '{{"x-key": "{}"}}', "PUSHGATEWAY__HEADERS": '{{"X-Scope-OrgID": "{}"}}',
}  # fmt: skip


@pytest.mark.parametrize("name", CREDENTIALS)
def test_the_line_end_of_a_file_is_no_part_of_a_credential(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    value = CREDENTIALS[name].format(LEFT)
    space = "\\n" if value.startswith("{") else "\n"
    monkeypatch.setenv(f"SRE_AGENT_{name}", value.replace(LEFT, f" {LEFT}{space}"))

    group, field = name.lower().split("__")
    held = getattr(getattr(load(), group), field)

    (secret,) = held.values() if isinstance(held, dict) else (held,)
    assert secret.get_secret_value() == LEFT


@pytest.mark.parametrize("name", CREDENTIALS)
@pytest.mark.parametrize("inside", ["\n", "\r\nX-Other: 1", "\u00e9", "\x00"])
def test_a_credential_that_no_header_can_carry_is_an_error_that_does_not_repeat_it(
    name: str, inside: str
) -> None:
    value = CREDENTIALS[name].format(f"{LEFT}{inside}{LEFT}")
    if value.startswith("{"):
        value = CREDENTIALS[name].format(LEFT + json.dumps(inside)[1:-1] + LEFT)

    with pytest.raises(SettingsError, match=f"SRE_AGENT_{name}.*no header can carry it") as caught:
        load({f"SRE_AGENT_{name}": value})

    assert LEFT not in str(caught.value)


def test_the_openai_clients_own_key_is_checked_where_a_model_is_named() -> None:
    held = load({"OPENAI_API_KEY": f"{LEFT}\n"}, llm={"model": "m"}).llm.api_key

    assert held is not None
    assert held.get_secret_value() == LEFT
    with pytest.raises(SettingsError, match="OPENAI_API_KEY: no header can carry it"):
        load({"OPENAI_API_KEY": f"{LEFT}\n{LEFT}"}, llm={"model": "m"})


@pytest.mark.parametrize("header", ["x y", "x\\ny", "", "x:"])
def test_what_no_header_can_be_called_is_an_error(header: str) -> None:
    with pytest.raises(SettingsError, match="LLM__EXTRA_HEADERS: one of its names is none of a"):
        load({"SRE_AGENT_LLM__EXTRA_HEADERS": f'{{"{header}": "1"}}'})


def test_of_the_openai_clients_own_address_no_query_is_repeated() -> None:
    with pytest.raises(SettingsError, match=rf"OPENAI_BASE_URL=ollama/v1{REMEDY}"):
        load({"OPENAI_BASE_URL": f"ollama/v1?key={LEFT}"}, llm={"model": "m"})


@pytest.mark.parametrize("value", ["[" * 100_000, "9" * 5_000])
def test_json_that_python_cannot_read_is_said_of_the_very_variable(value: str) -> None:
    with pytest.raises(SettingsError, match="SRE_AGENT_POLICIES cannot be used"):
        load({"SRE_AGENT_POLICIES": value})


def test_the_openai_clients_own_address_has_to_be_one_where_a_model_is_named() -> None:
    assert load({"OPENAI_BASE_URL": "ollama:11434"}).llm.base_url == "ollama:11434"

    with pytest.raises(SettingsError, match=rf"OPENAI_BASE_URL=ollama:11434{REMEDY}"):
        load({"OPENAI_BASE_URL": "ollama:11434"}, llm={"model": "m"})


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

    with pytest.raises(SettingsError, match=r"SRE_AGENT_DRY_RUN=maybe: must be true or false"):
        load()


def test_a_bad_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRE_AGENT_APPROVED_ENV", '{"REGION": ["hunter2"]}')

    with pytest.raises(SettingsError) as caught:
        load()

    assert "hunter2" not in str(caught.value)


def test_the_openai_clients_own_names_work_and_ours_win() -> None:
    settings = load({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://a/v1"})
    assert settings.llm.api_key
    assert settings.llm.base_url == "http://a/v1"

    ours = {"SRE_AGENT_LLM__BASE_URL": "http://b/v1"}
    assert load({"OPENAI_BASE_URL": "http://a/v1", **ours}).llm.base_url == "http://b/v1"


def test_a_model_is_used_only_where_one_is_named() -> None:
    with_key = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://a/v1"}
    assert not load(with_key).llm.configured

    assert load({**with_key, "SRE_AGENT_LLM__MODEL": "m"}).llm.configured


def test_a_group_may_be_json_and_each_of_its_parts_wins_over_it() -> None:
    group = {"SRE_AGENT_LLM": '{"model": "a", "base_url": "http://a/v1"}'}
    one = {"sre_agent_llm__model": "b"}

    assert load(group).llm.model == "a"
    for both in ({**group, **one}, {**one, **group}):
        assert load(both).llm.model == "b"
        assert load(both).llm.base_url == "http://a/v1"


def test_an_approved_variable_keeps_the_case_of_its_name() -> None:
    approved = load({"SRE_AGENT_APPROVED_ENV__Region__X": "eu-1"}).approved_env

    assert {name: value.get_secret_value() for name, value in approved.items()} == {
        "Region__X": "eu-1"
    }


def test_a_gateways_headers_and_fields_are_read_as_json() -> None:
    headers = {"SRE_AGENT_LLM__EXTRA_HEADERS": '{"x-provider": "made-up"}'}
    body = {"SRE_AGENT_LLM__EXTRA_BODY": '{"reasoning_effort": "low"}'}

    llm = load({**headers, **body}).llm
    assert llm.extra_headers["x-provider"].get_secret_value() == "made-up"
    assert llm.extra_body == {"reasoning_effort": "low"}


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


def test_json_that_does_not_parse_is_said_of_the_very_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SRE_AGENT_NOTIFY__URLS", '{"team"')

    with pytest.raises(SettingsError, match=r"SRE_AGENT_NOTIFY__URLS is not JSON: .* at character"):
        load()


def test_two_namespaces_in_one_option_are_told_to_be_two_options() -> None:
    with pytest.raises(SettingsError, match=r"'shop,web' cannot .*; repeat -n for each namespace"):
        load(namespaces=("shop,web",))
