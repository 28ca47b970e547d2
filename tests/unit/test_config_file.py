"""A file of settings: what wins over what, what is refused, what `config` shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from watchdog.cli import app
from watchdog.errors import SettingsError
from watchdog.settings.environment import known_names, load
from watchdog.settings.in_force import MASKED, in_force, written

FILE = """
namespaces: [shop, web]
dry_run: true
llm: {model: small, timeout_seconds: 7}
actions: {delete_pod: never}
policies: {shop: {mode: observe}}
approved_env: {REGION: eu-1}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "watchdog.yaml"
    path.write_text(FILE)
    return path


def test_a_file_sets_what_nothing_else_sets(file: Path) -> None:
    settings = load({}, file)

    assert settings.namespaces == ("shop", "web")
    assert settings.dry_run
    assert (settings.llm.model, settings.llm.timeout_seconds) == ("small", 7)
    assert settings.mode("delete_pod") == "never"
    assert settings.policy("shop").mode == "observe"
    assert settings.approved_env["REGION"].get_secret_value() == "eu-1"


def test_a_variable_wins_over_the_file_and_a_flag_over_both(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"SRE_AGENT_LLM__MODEL": "large", "SRE_AGENT_NAMESPACES": "billing"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    settings = load(given, file)
    flagged = load(given, file, namespaces=("cart",), llm={"model": "other"})

    assert (settings.llm.model, settings.llm.timeout_seconds) == ("large", 7)
    assert settings.namespaces == ("billing",)
    assert flagged.namespaces == ("cart",)
    assert (flagged.llm.model, flagged.llm.timeout_seconds) == ("other", 7)


def test_the_variable_names_a_file_as_the_flag_does(file: Path) -> None:
    assert load({"SRE_AGENT_CONFIG": str(file)}).dry_run


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("llm: {modle: x}", "llm.modle is not a setting; the closest is llm.model"),
        ("dryrun: true", "dryrun is not a setting; the closest is dry_run"),
        ("actions: {delete_pods: never}", "the closest is actions.delete_pod"),
        ("a: [", "is not YAML, line 1"),
        ("just words", "must hold names and values"),
        ("dry_run: perhaps", "watchdog.yaml: dry_run=perhaps: must be true or false"),
        ("llm: {timeout_seconds: x}", "watchdog.yaml: llm.timeout_seconds=x: must be a number"),
        ("policies: {shop: {mode: acts}}", "watchdog.yaml: policies.shop.mode=acts: must be"),
    ],
)
def test_a_mistake_in_a_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "watchdog.yaml"
    path.write_text(text)

    with pytest.raises(SettingsError, match=re.escape(words)):
        load({}, path)


def test_a_file_that_is_not_there_or_too_large_is_named(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b"# " + b"x" * 1024 * 1024)

    for path, words in ((tmp_path / "none.yaml", "cannot be read"), (large, "larger than 1 MiB")):
        with pytest.raises(SettingsError, match=words):
            load({}, path)


def test_what_is_in_force_says_where_it_comes_from_and_hides_secrets(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRE_AGENT_SLACK__BOT_TOKEN", "xoxb-made-up")
    rows = {row.setting: row for row in in_force(load(file=file), file)}

    assert rows["SRE_AGENT_LLM__MODEL"][1:] == ("small", "file")
    assert rows["SRE_AGENT_ACTIONS__DELETE_POD"][1:] == ("never", "file")
    assert rows["SRE_AGENT_SLACK__BOT_TOKEN"][1:] == (MASKED, "environment")
    assert rows["SRE_AGENT_APPROVED_ENV"][1:] == ({"REGION": MASKED}, "file")
    assert rows["SRE_AGENT_GRACE__RESTARTS"].source == "default"
    assert rows["SRE_AGENT_ACTIONS__ROLLOUT_UNDO"][1:] == ("auto", "default")
    assert set(rows) == set(known_names())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUSHGATEWAY__URL", "http://app:c4nAry7pQx@pushgateway:9091"),
        ("LLM__BASE_URL", "https://app:c4nAry7pQx@models.example.com/v1"),
        ("ALERTMANAGER__URLS", "http://am-1:9093,http://app:c4nAry7pQx@am-2:9093"),
        ("HEARTBEAT__URL", "https://ping.example.com/c4nAry7pQx"),
        ("LLM__EXTRA_BODY", '{"user": "ops", "password": "c4nAry7pQx"}'),
        ("LLM__EXTRA_BODY", '{"vault": [{"token": "c4nAry7pQx"}]}'),
        ("LLM__EXTRA_BODY", '{"note": "Authorization: Bearer c4nAry7pQx"}'),
        ("POLICIES", '{"shop": {"configmaps": {"app": {"db.password": "c4nAry7pQx"}}}}'),
        ("DASHBOARD_URL", "https://grafana.example.com/d/x?token=c4nAry7pQx"),
    ],
)
def test_what_is_in_force_hides_a_secret_within_a_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SRE_AGENT_{name}", value)

    rows = in_force(load(), None)

    assert "c4nAry7pQx" not in str(rows)
    assert next(row for row in rows if row.setting == f"SRE_AGENT_{name}").value


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (None, ""), ([], ""), ({}, ""), (["a", "b"], "a,b"), (2, "2")],
)
def test_a_value_is_shown_as_a_variable_would_hold_it(value: object, text: str) -> None:
    assert written(value) == text


def test_a_mapping_is_shown_as_json() -> None:
    assert written({"shop": {"mode": "act"}}) == '{"shop": {"mode": "act"}}'


def test_what_was_set_is_shown_before_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRE_AGENT_VERIFY__TIMEOUT_SECONDS", "90")

    done = CliRunner().invoke(app, ["config"])

    first, second = done.stdout.splitlines()[1:3]
    assert first.split() == ["SRE_AGENT_VERIFY__TIMEOUT_SECONDS", "90.0", "environment"]
    assert second.split()[-1] == "default"


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 3000,
        "llm: &a {extra_body: *a}",
        "policies: &a {shop: *a}",
        "a: " + "[" * 50 + "]" * 50,
    ],
    ids=["no end", "a field in itself", "a policy in itself", "many levels"],
)
def test_a_file_that_is_nested_without_end_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "watchdog.yaml"
    path.write_text(text)

    with pytest.raises(SettingsError, match=r"watchdog.yaml is nested too deeply"):
        load({}, path)


def test_names_for_names_in_a_file_make_no_work(tmp_path: Path) -> None:
    path = tmp_path / "watchdog.yaml"
    lines = [f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]" for n in range(30)]
    path.write_text("\n".join(["a0: &a0 [x]", *lines]))

    with pytest.raises(SettingsError, match="is not a setting"):
        load({}, path)
