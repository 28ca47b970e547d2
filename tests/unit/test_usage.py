"""Words that a command does not take are answered with what to type instead."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests.support.report_samples import report
from watchdog.cli import app
from watchdog.commands import passes
from watchdog.model.report import NamespaceReport


@pytest.mark.parametrize("command", ["run", "watch", "snapshot", "doctor", "history", "grant"])
def test_a_namespace_without_its_option_is_answered_with_the_option(command: str) -> None:
    done = CliRunner().invoke(app, [command, "shop"])

    assert done.exit_code == 2
    assert "unexpected argument 'shop'; namespaces are chosen with -n: -n shop" in done.output


def test_a_command_without_namespaces_names_none() -> None:
    done = CliRunner().invoke(app, ["kinds", "shop"])

    assert done.exit_code == 2
    assert "unexpected argument 'shop'\n" in done.output


def test_what_comes_before_a_drill_is_said_beside_the_manifest_not_in_it() -> None:
    done = CliRunner().invoke(app, ["drill", "missing_env"])

    assert "drill missing_env --before | kubectl apply -f -" in done.stderr
    assert done.stdout.startswith("apiVersion:")


def test_a_drill_says_which_settings_find_it() -> None:
    done = CliRunner().invoke(app, ["drill", "steady_errors"])

    assert "It is found with these settings: SRE_AGENT_OBSERVE__HEALTHY_LOGS=" in done.stderr
    assert done.stdout.startswith("apiVersion:")


@pytest.mark.parametrize(
    ("terminal", "output", "said"),
    [(True, "text", False), (False, "text", True), (True, "json", True)],
)
def test_why_nothing_could_be_looked_at_is_not_said_again_below_the_report(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: bool,
    output: str,
    said: bool,
) -> None:
    why = "namespace shop does not exist"
    failed = report(NamespaceReport(namespace="shop", error=why), result="failed")
    monkeypatch.setattr(passes, "_one_pass", lambda *_, **__: failed)
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)

    with pytest.raises(SystemExit) as ended:
        passes.run.main(["-n", "shop", "-o", output])

    assert ended.value.code == 1
    assert (why in capsys.readouterr().err) is said


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_namespace_that_was_typed_and_is_not_there_ends_the_command_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    parts = (NamespaceReport(namespace="typo", gone=True), NamespaceReport(namespace="shop"))
    monkeypatch.setattr(passes, "_one_pass", lambda *_, **__: report(*parts))

    with pytest.raises(SystemExit) as ended:
        passes.run.main(["-n", "typo", "-n", "shop", "-o", output])

    assert ended.value.code == 1
    assert "namespace typo does not exist" in capsys.readouterr().err


def test_a_namespace_of_the_settings_that_was_deleted_is_no_mistake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = (NamespaceReport(namespace="preview", gone=True), NamespaceReport(namespace="shop"))
    monkeypatch.setattr(passes, "_one_pass", lambda *_, **__: report(*parts))

    with pytest.raises(SystemExit) as ended:
        passes.run.main([])

    assert ended.value.code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete_the_command(shell: str) -> None:
    done = CliRunner().invoke(app, ["completion", shell], prog_name="sre-watchdog")

    assert done.exit_code == 0, done.output
    assert "_SRE_WATCHDOG_COMPLETE" in done.output


def test_what_a_shell_asks_for_is_completed() -> None:
    words = {"COMP_WORDS": "sre-watchdog run --fail", "COMP_CWORD": "2"}
    asked = {"_SRE_WATCHDOG_COMPLETE": "bash_complete", **words}

    done = CliRunner().invoke(app, [], prog_name="sre-watchdog", env=asked)

    assert done.output.split() == ["plain,--fail-on-findings", "plain,--fail-on-degraded"]


def test_help_lists_the_commands_as_a_newcomer_meets_them() -> None:
    done = CliRunner().invoke(app, ["-h"])

    names = [line.split()[0] for line in done.output.partition("Commands:\n")[2].splitlines()]
    assert names[:2] == ["run", "watch"]
    assert "..." not in done.output.partition("Commands:")[2]
