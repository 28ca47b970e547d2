"""Whatever a tenant writes and whatever a service answers, a pass stays small and reports.

Each pass is a process of its own, whose peak the kernel keeps (VmHWM); `ru_maxrss` would be that of
the process that forked it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.simulated_cluster import NAMESPACE, Arena, outcomes
from tests.support.wire_faults import SHAPES, FaultServer, cases
from watchdog.demo import Request, Response
from watchdog.demo.api_resources import named

ROOT = Path(__file__).parents[2]
MOST_MB = 200
PASS = """
import re, sys
from pathlib import Path
import watchdog.__main__
try:
    watchdog.cli.main()
finally:
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
    print("PEAK", peak[1], file=sys.stderr)
"""
ENV = [
    {"name": f"SETTING_NUMBER_{number}", "value": f"the value of setting {number}"}
    for number in range(20_000)
]
LONG = "x" * 1_000_000
SERVICES = (
    "PUSHGATEWAY__URL",
    "HEARTBEAT__URL",
    "ALERTMANAGER__URL",
    "BLOCKER__PROMETHEUS_URL",
    "SLACK__BASE_URL",
    "LLM__BASE_URL",
)


TIMED = tuple(name for name in SERVICES if not name.startswith("HEARTBEAT"))


class Passed(NamedTuple):
    """The one namespace's part of a report, and the most memory that the process took."""

    report: dict[str, Any]
    part: dict[str, Any]
    megabytes: float


def passed(arena: Arena, *arguments: str, **settings: str) -> Passed:
    """One whole pass of the command, in a process of its own."""
    command = [sys.executable, "-c", PASS, "run", "-n", NAMESPACE, "-o", "json", *arguments]
    done = subprocess.run(
        [*command, "--kubeconfig", str(arena.kubeconfig)],
        env={"PATH": os.environ["PATH"], "HOME": str(arena.kubeconfig.parent), **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    peak = next(line.split()[1] for line in done.stderr.splitlines() if line.startswith("PEAK"))
    return Passed(report, report["namespaces"][0], int(peak) / 1024)


@pytest.fixture
def broken(arena: Arena) -> Arena:
    """A namespace with one workload that crashes because it lacks a variable."""
    arena.break_env()
    return arena


def blown_up(
    arena: Arena, kinds: tuple[str, ...], change: Callable[[dict[str, Any]], None]
) -> None:
    """Let every object of these resources be answered changed, as if a tenant had written it so."""

    def answer(request: Request) -> Response:
        found = arena.wire.answer(request)
        body = deepcopy(found.body)
        for item in body.get("items", [body]) if isinstance(body, dict) else ():
            change(item)
        return Response(found.status, body, found.headers, found.content_type)

    for kind in kinds:
        for verb in ("get", "list"):
            arena.wire.on(verb, kind, answer)


def with_env(item: dict[str, Any]) -> None:
    spec = item.get("spec", {})
    for container in spec.get("template", item).get("spec", {}).get("containers", ()):
        container["env"] = [*container.get("env", ()), *ENV]


def with_annotation(item: dict[str, Any]) -> None:
    item.get("metadata", {}).setdefault("annotations", {})["note"] = LONG


def four_with_thousands_of_variables(arena: Arena) -> None:
    for number in range(3):
        arena.break_env(f"app{number}")
    blown_up(arena, ("deployments", "replicasets", "pods"), with_env)


def annotations_of_a_megabyte(arena: Arena) -> None:
    for number in range(12):
        arena.deploy(f"app{number}", env="[]")
    arena.wire.advance(120)
    every = ("deployments", "replicasets", "pods", "events", "namespaces", "services")
    blown_up(arena, every, with_annotation)


def thousands_of_events(arena: Arena) -> None:
    pod = arena.wire.store.all("Pod", NAMESPACE)[0]["metadata"]
    about = {"kind": "Pod", **{key: pod[key] for key in ("name", "namespace", "uid")}}
    said = {"type": "Warning", "reason": "BackOff", "message": "x" * 1000, "count": 1}
    for number in range(30_000):
        metadata = {"name": f"event-{number}", "namespace": NAMESPACE}
        event = {"apiVersion": "v1", "kind": "Event", "metadata": metadata, **said}
        arena.wire.store.create(named("Event"), {**event, "involvedObject": about})


def thousands_of_replica_sets(arena: Arena) -> None:
    first = arena.wire.store.all("ReplicaSet", NAMESPACE)[0]
    for number in range(5_000):
        copied = deepcopy(first)
        annotations = {"deployment.kubernetes.io/revision": str(number + 10)}
        kept = {key: copied["metadata"][key] for key in ("labels", "ownerReferences")}
        metadata = {"name": f"ledger-{number}", "namespace": NAMESPACE, "annotations": annotations}
        copied |= {"metadata": {**metadata, **kept}, "status": {"replicas": 0}}
        copied["spec"]["replicas"] = 0
        arena.wire.store.create(named("ReplicaSet"), copied)


TENANTS: dict[str, Callable[[Arena], None]] = {
    "20,000 env entries in four Deployments": four_with_thousands_of_variables,
    "annotations of 1 MB": annotations_of_a_megabyte,
    "30,000 Events": thousands_of_events,
    "5,000 ReplicaSets": thousands_of_replica_sets,
}


@pytest.mark.parametrize("write", TENANTS.values(), ids=TENANTS)
def test_no_tenant_s_objects_make_a_pass_large_or_hide_a_failure(
    broken: Arena, write: Callable[[Arena], None]
) -> None:
    write(broken)

    done = passed(broken, "--dry-run")

    assert done.megabytes < MOST_MB
    assert "Deployment/ledger" in {
        f"{found['target']['kind']}/{found['target']['name']}" for found in done.part["findings"]
    }


def test_what_is_too_large_to_be_read_whole_is_said_and_left_alone(broken: Arena) -> None:
    blown_up(broken, ("deployments", "replicasets", "pods"), with_env)

    part = broken.look()

    assert [spot.what for spot in part.blind_spots] == ["parts of Deployment/ledger"]
    assert [result.rule for result in part.actions] == ["blind_spot"]
    assert broken.wire.real_writes == []
    assert not any(asked == ("get", "pods/log") for asked in broken.wire.asked)
    assert "the value of setting" not in part.model_dump_json()


def test_a_workload_with_a_long_annotation_is_healed_all_the_same(broken: Arena) -> None:
    blown_up(broken, ("replicasets", "pods", "events"), with_annotation)

    assert outcomes(broken.look()) == [("patch_deployment_env", "verified")]


@pytest.fixture
def hostile(request: pytest.FixtureRequest) -> Iterator[FaultServer]:
    with FaultServer(dict(cases())[request.param]) as server:
        yield server


@pytest.mark.parametrize(
    "hostile", ["pours a body", "sends a bomb", "pours headers", "drips its body"], indirect=True
)
def test_no_service_s_answer_makes_a_pass_large_or_keeps_it_from_its_report(
    broken: Arena, hostile: FaultServer
) -> None:
    done = told_to_all(broken, hostile)

    assert done.megabytes < MOST_MB
    assert [found["kind"] for found in done.part["findings"]] == ["missing_env"]
    assert done.part["diagnosis"]["model_error"]
    assert {each["to"]: each["ok"] for each in done.report["deliveries"]} == dict.fromkeys(
        ("slack", "pushgateway", "alertmanager", "heartbeat"), False
    )


@pytest.mark.parametrize("hostile", ["answers with values without end"], indirect=True)
def test_an_answer_of_many_small_values_makes_no_pass_large(
    broken: Arena, hostile: FaultServer
) -> None:
    done = told_to_all(broken, hostile)

    assert done.megabytes < MOST_MB
    assert [found["kind"] for found in done.part["findings"]] == ["missing_env"]


def told_to_all(arena: Arena, hostile: FaultServer) -> Passed:
    """A pass that asks this server in place of every service."""
    given = {f"SRE_AGENT_{name}": hostile.url() for name in SERVICES}
    more = {
        "SRE_AGENT_BLOCKER__QUERY": "ALERTS",
        "SRE_AGENT_SLACK__BOT_TOKEN": "xoxb-made-up",
        "SRE_AGENT_SLACK__CHANNEL": "C000",
        "SRE_AGENT_LLM__MODEL": "m",
        "SRE_AGENT_MEMORY__KEY": "signs memories of this test",
        **{f"SRE_AGENT_{name.split('__')[0]}__TIMEOUT_SECONDS": "1" for name in TIMED},
    }

    return passed(arena, "--yes", **given, **more)


@pytest.mark.parametrize("resource", ["pods", "deployments", "events"])
@pytest.mark.parametrize(
    "body",
    [b" " * 300_000_000, b"[" * 10_000_000, b'{"items":' + SHAPES["values without end"] + b"}"],
    ids=["blank", "nested", "many"],
)
def test_no_answer_of_the_api_server_makes_a_pass_large(
    broken: Arena, resource: str, body: bytes
) -> None:
    for verb in ("get", "list"):
        broken.wire.reply(verb, resource, Response(200, body))

    done = passed(broken, "--dry-run")

    assert done.megabytes < MOST_MB
    assert done.report["result"] == "degraded"
