"""The installed command as people and scripts meet it: exit codes, streams, questions, speed.

Against the embedded cluster over HTTP, in a process of its own.
"""

from __future__ import annotations

import json
import os
import pty
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cluster_fixtures import COMMAND, run_watchdog
from tests.support.simulated_cluster import NAMESPACE, VALUE, Arena
from tests.support.wire import Wire

QUICK = {
    "SRE_AGENT_VERIFY__STABLE_SECONDS": "1",
    "SRE_AGENT_VERIFY__POLL_SECONDS": "0.3",
    "SRE_AGENT_CLUSTER_NAME": "prod-eu",
}
# As Kubernetes injects them for a Service called sre-agent.
INJECTED = {
    "SRE_AGENT_SERVICE_HOST": "10.0.0.7",
    "SRE_AGENT_SERVICE_PORT": "8080",
    "SRE_AGENT_SERVICE_PORT_HTTP": "8080",
    "SRE_AGENT_PORT": "tcp://10.0.0.7:8080",
    "SRE_AGENT_PORT_8080_TCP": "tcp://10.0.0.7:8080",
    "SRE_AGENT_PORT_8080_TCP_PROTO": "tcp",
    "SRE_AGENT_PORT_8080_TCP_PORT": "8080",
    "SRE_AGENT_PORT_8080_TCP_ADDR": "10.0.0.7",
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Arena]:
    """An embedded cluster that moves on by itself, five times as fast as life."""
    with Wire(speed=5, behind_seconds=660) as wire:
        yield Arena(wire, wire.kubeconfig(tmp_path / "kubeconfig"))


@pytest.fixture
def healthy(shop: Arena) -> Arena:
    shop.deploy()
    shop.wire.advance(660)
    return shop


@pytest.fixture
def broken(shop: Arena) -> Arena:
    shop.break_env()
    return shop


def kubeconfig_for(port: int, folder: Path) -> Path:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "gone", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "gone", "user": {}}],
        "contexts": [{"name": "gone", "context": {"cluster": "gone", "user": "gone"}}],
        "current-context": "gone",
    }
    path = folder / "gone.kubeconfig"
    path.write_text(json.dumps(config))
    return path


@pytest.mark.parametrize("answers", ["nothing listens", "accepts and stays silent"])
@pytest.mark.parametrize("output", ["text", "json"])
def test_an_unreachable_api_server_is_one_line_and_exit_1_soon(
    tmp_path: Path, answers: str, output: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        if answers == "nothing listens":
            listening.close()
        began = time.monotonic()
        where = kubeconfig_for(port, tmp_path)
        done = run_watchdog("run", "-n", "shop", "-o", output, kubeconfig=where)
        took = time.monotonic() - began

    assert done.returncode == 1
    # An idle machine takes 10 s for it, and a pass could take 180.
    assert took < 90
    (line,) = done.stderr.splitlines()
    assert f"127.0.0.1:{port}" in line
    assert "Traceback" not in line
    assert "Nothing broken" not in done.stdout, "could not look is not healthy"
    if output == "json":
        assert json.loads(done.stdout)["result"] == "failed"


def test_a_mistyped_setting_is_exit_2_and_names_the_closest(healthy: Arena) -> None:
    done = run_watchdog(
        "run", "-n", NAMESPACE, kubeconfig=healthy.kubeconfig, env={"SRE_AGENT_DRYRUN": "true"}
    )

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "SRE_AGENT_DRYRUN" in line
    assert "SRE_AGENT_DRY_RUN" in line


def test_what_kubernetes_injects_for_a_service_is_no_setting(healthy: Arena) -> None:
    done = run_watchdog("run", "-n", NAMESPACE, kubeconfig=healthy.kubeconfig, env=INJECTED)

    assert done.returncode == 0, done.stderr


def test_an_unknown_output_is_exit_2_and_lists_the_known(tmp_path: Path) -> None:
    done = run_watchdog("run", "-o", "xml", kubeconfig=tmp_path / "unread")

    assert done.returncode == 2
    assert "text, json, yaml, markdown" in done.stderr


@pytest.mark.parametrize(("flags", "code"), [((), 0), (("--fail-on-findings",), 3)])
def test_findings_fail_a_pass_only_where_asked(
    broken: Arena, flags: tuple[str, ...], code: int
) -> None:
    done = run_watchdog(
        "run", "-n", NAMESPACE, "--dry-run", *flags, kubeconfig=broken.kubeconfig, env=QUICK
    )

    assert done.returncode == code, done.stderr


def test_a_healthy_namespace_does_not_fail_on_findings(healthy: Arena) -> None:
    done = run_watchdog(
        "run", "-n", NAMESPACE, "--fail-on-findings", kubeconfig=healthy.kubeconfig, env=QUICK
    )

    assert done.returncode == 0, done.stderr


def test_every_kind_has_a_drill_and_a_drill_is_yaml() -> None:
    listed = run_watchdog("kinds", kubeconfig=None)
    names = [line.split()[0] for line in listed.stdout.splitlines()[1:]]

    assert {"missing_env", "oom_killed", "image_pull", "unhealthy_workload"} <= set(names)
    for name in names[:: len(names) // 4]:
        printed = run_watchdog("drill", name, kubeconfig=None)
        assert printed.returncode == 0, printed.stderr
        assert all(each["kind"] for each in yaml.safe_load_all(printed.stdout) if each)


def test_a_mistyped_drill_names_the_closest_kind() -> None:
    done = run_watchdog("drill", "oom_kiled", kubeconfig=None)

    assert done.returncode == 2
    assert "oom_killed" in done.stderr


def test_a_saved_snapshot_is_diagnosed_offline_as_the_cluster_was(
    arena: Arena, tmp_path: Path
) -> None:
    arena.break_env()
    live = run_watchdog(
        "run", "-n", NAMESPACE, "--dry-run", "-o", "json", kubeconfig=arena.kubeconfig
    )
    saved = run_watchdog("snapshot", "-n", NAMESPACE, "-o", "json", kubeconfig=arena.kubeconfig)
    file = tmp_path / "snapshot.json"
    file.write_text(saved.stdout)
    arena.wire.hang_up()

    offline = run_watchdog(
        "diagnose", "--snapshot", str(file), "-o", "json", kubeconfig=None,
        env={"HOME": str(tmp_path)},
    )  # fmt: skip

    assert offline.returncode == 0, offline.stderr
    assert findings(offline) == findings(live)
    assert [finding["kind"] for finding in findings(offline)] == ["missing_env"]


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    """An embedded cluster in which time stands still."""
    with Wire(ticking=False, behind_seconds=660) as wire:
        yield Arena(wire, wire.kubeconfig(tmp_path / "kubeconfig"))


@pytest.mark.parametrize("command", ["run", "snapshot"])
def test_nothing_that_is_piped_has_colour_codes(broken: Arena, command: str) -> None:
    flags = ["--dry-run"] if command == "run" else []
    done = run_watchdog(
        command, "-n", NAMESPACE, *flags,
        kubeconfig=broken.kubeconfig, env={**QUICK, "TERM": "xterm-256color"},
    )  # fmt: skip

    assert "ledger" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_a_pass_on_a_healthy_namespace_loads_no_client_that_it_does_not_use(healthy: Arena) -> None:
    loaded = imported(
        "run", "-n", NAMESPACE, kubeconfig=healthy.kubeconfig, OPENAI_API_KEY="unused",
        SRE_AGENT_SLACK__BOT_TOKEN="xoxb-unused", SRE_AGENT_SLACK__CHANNEL="#ops",
    )  # fmt: skip

    assert "watchdog" in loaded
    assert not {"openai", "httpx2"} & loaded


def test_a_healthy_pass_in_a_cronjob_loads_no_display_no_retries_and_no_patches(
    healthy: Arena,
) -> None:
    loaded = imported("run", "-n", NAMESPACE, "-o", "json", kubeconfig=healthy.kubeconfig)

    assert "watchdog" in loaded
    assert not loaded & {
        "jinja2", "jsonpatch", "openai", "prometheus_client", "rich", "slack_sdk", "tenacity",
    }  # fmt: skip


def test_a_healthy_pass_loads_nothing_that_diagnoses_changes_or_tells(healthy: Arena) -> None:
    loaded = imported("run", "-n", NAMESPACE, "-o", "json", kubeconfig=healthy.kubeconfig)

    ours = {name.split(".")[1] for name in loaded if name.startswith("watchdog.")}
    assert {"agent", "observation"} <= ours
    assert not ours & {
        "demo", "detection", "diagnosis", "failures", "integrations", "llm", "remediation", "slack",
    }  # fmt: skip
    unused = {
        "agent.stages", "agent.audit", "incidents.session", "report.text", "text.model_text",
        "text.secret_finder",
    }  # fmt: skip
    assert not {f"watchdog.{name}" for name in unused} & loaded


def test_help_loads_nothing_heavy_and_answers_at_once() -> None:
    assert not {"kubernetes", "openai", "pydantic", "slack_sdk"} & imported("--help")
    help_, client = [str(COMMAND), "--help"], [sys.executable, "-c", "import openai"]
    ours, theirs = (min(cpu_seconds(each) for _ in range(3)) for each in (help_, client))
    assert ours < theirs / 2


def test_the_demo_reaches_healthy_and_needs_no_network(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(LOOPBACK_ONLY)
    done = run_watchdog(
        "demo", "-o", "json", kubeconfig=None,
        env={"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["namespaces"][0]["verification"]["healthy"]
    # An idle machine takes 10 s for it.
    assert report["duration_seconds"] < 180


def test_the_demo_shows_stages_diff_slack_message_and_the_end(tmp_path: Path) -> None:
    done = run_watchdog("demo", kubeconfig=None, env={"HOME": str(tmp_path)})

    assert done.returncode == 0, done.stderr
    for word in ("CrashLoopBackOff", "+ - name: LEDGER_REGION", "Slack", "healthy", "Running"):
        assert word in done.stdout


LOOPBACK_ONLY = """
import sys

def refuse(event, args):
    if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] != "127.0.0.1":
        raise SystemExit(f"went out to {args[1]}")
    if event == "socket.getaddrinfo" and args[0] not in ("127.0.0.1", "localhost"):
        raise SystemExit(f"asked for {args[0]}")

sys.addaudithook(refuse)
"""


@pytest.mark.parametrize(("answer", "heals"), [("n", False), ("y", True)])
def test_at_a_terminal_the_change_is_shown_and_only_a_yes_writes_it(
    broken: Arena, answer: str, heals: bool
) -> None:
    broken.wire.requests.clear()
    done = at_a_terminal(answer, broken)

    assert done.returncode == 0, done.stderr
    for word in ("prod-eu", NAMESPACE, "Deployment/ledger", "REQUIRED_CONFIG", "Apply this change"):
        assert word in done.stderr
    assert "Apply this change" not in done.stdout
    report = json.loads(done.stdout)["namespaces"][0]
    if heals:
        assert report["verification"]["healthy"]
        assert broken.env() == {"REQUIRED_CONFIG": VALUE}
    else:
        assert broken.wire.real_writes == []
        assert broken.env() == {}
        assert [action["outcome"] for action in report["actions"]] == ["refused"]


def test_yes_is_not_asked_at_a_terminal(broken: Arena) -> None:
    done = at_a_terminal("", broken, "--yes")

    assert "Apply this change" not in done.stderr
    assert broken.env() == {"REQUIRED_CONFIG": VALUE}


def at_a_terminal(typed: str, arena: Arena, *flags: str) -> subprocess.CompletedProcess[str]:
    """Runs a pass whose standard input is a terminal at which someone types one line."""
    keyboard, stdin = pty.openpty()
    try:
        os.write(keyboard, f"{typed}\n".encode())
        return subprocess.run(
            [COMMAND, "run", "-n", NAMESPACE, "-o", "json", *flags],
            stdin=stdin,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "KUBECONFIG": str(arena.kubeconfig), **QUICK},
            timeout=1200,
            check=False,
        )
    finally:
        os.close(keyboard)
        os.close(stdin)


def findings(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return list(json.loads(done.stdout)["namespaces"][0]["findings"])


def imported(*args: str, kubeconfig: Path | None = None, **env: str) -> set[str]:
    """The modules that a command loads, and the packages that they are in."""
    where = {"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "watchdog", *args],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], **where, **env},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
    lines = (line for line in done.stderr.splitlines() if line.startswith("import time:"))
    names = {line.rpartition("|")[2].strip() for line in lines}
    return names | {name.partition(".")[0] for name in names}


def cpu_seconds(command: list[str]) -> float:
    """Processor time of one run of a command."""

    def used() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    before = used()
    subprocess.run(command, capture_output=True, check=True, timeout=300)
    return used() - before
