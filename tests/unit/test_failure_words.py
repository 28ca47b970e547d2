"""Claims about the words that logs use, and about the questions that all kinds ask."""

from __future__ import annotations

import time

import pytest

from watchdog.detection.containers import containers as seen
from watchdog.detection.containers import crashes, sick_pods, since
from watchdog.detection.log_lines import is_error, log_lines, shape, time_of_day
from watchdog.detection.missing_env_patterns import missing_names
from watchdog.detection.repeated_errors import repeated
from watchdog.examples.builders import (
    NOW,
    ago,
    bare_pod,
    broken,
    change,
    crashing,
    deployment,
    earlier,
    ended,
    event,
    log,
    pod,
    ref,
    running,
    snapshot_of,
    spec,
)
from watchdog.failures import KINDS
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.snapshot.workloads import JobSummary
from watchdog.text.root_record import find_telling

NOT_SET = {
    "sh: REQUIRED_CONFIG: parameter not set": "REQUIRED_CONFIG",
    "/bin/sh: line 1: DB_HOST: unbound variable": "DB_HOST",
    "sh: LEDGER_REGION: put the region here": "LEDGER_REGION",
    "ERROR: REQUIRED_CONFIG is not set": "REQUIRED_CONFIG",
    "KeyError: 'REGION'": "REGION",
    "fatal: REGION not set": "REGION",
    "REGION must not be empty": "REGION",
    'key not found: "SECRET_KEY_BASE" (KeyError)': "SECRET_KEY_BASE",
    "Error: Missing required environment variable: API_TOKEN": "API_TOKEN",
    "Environment variable DEPLOY_ENV is undefined": "DEPLOY_ENV",
    "panic: required key LEDGER_REGION missing value": "LEDGER_REGION",
    "Could not resolve placeholder 'ledger.region' in value": "LEDGER_REGION",
    'could not fetch environment variable "DATABASE_URL" because it is not set': "DATABASE_URL",
    'env-var: "PORT" is a required variable, but it was not set': "PORT",
    "ImproperlyConfigured: Set the SECRET_KEY environment variable": "SECRET_KEY",
    "You must specify POSTGRES_PASSWORD to a non-empty value": "POSTGRES_PASSWORD",
    "Environment variable 'REDIS_HOST' is not set.": "REDIS_HOST",
    'PHP Warning:  Undefined array key "APP_KEY" in /app/index.php': "APP_KEY",
    "process.env.STRIPE_KEY is undefined": "STRIPE_KEY",
    "thread 'main' panicked: DATABASE_URL must be set: NotPresent": "DATABASE_URL",
    'level=fatal msg="environment variable not found" name=FOO_BAR': "FOO_BAR",
    "1 validation error for Settings\ndb_url\n  Field required [type=missing]": "DB_URL",
    "Missing environment variables:\n    DB_HOST: where the database is": "DB_HOST",
    "configuration value BILLING_MODE is required but was not provided": "BILLING_MODE",
    "ENDPOINT environment variable missing": "ENDPOINT",
    "LEDGER_URL: environment variable not found": "LEDGER_URL",
    "no value for LEDGER_URL in the environment": "LEDGER_URL",
}
SOMETHING_ELSE = (
    "ERROR - SSL certificate expired",
    "connect ECONNREFUSED 10.0.0.1:5432",
    "ERROR: LEDGER_HOME is set to an invalid directory: /opt/x. Please set LEDGER_HOME to another.",
    "sh: FOO: not found",
    "ERROR: file not found",
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x'",
    "[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer certificate",
    "WARNING: FOO_BAR is not set, using default",
    'FATAL: database "x" does not exist',
    "GET /API_V1 not found",
    "FATAL: column USERNAME is missing",
    "FATAL: role ADMIN does not exist",
)


@pytest.mark.parametrize(("text", "name"), NOT_SET.items())
def test_a_variable_that_is_not_set_is_named_in_many_languages(text: str, name: str) -> None:
    assert set(missing_names(text.splitlines())) == {name}


@pytest.mark.parametrize("text", SOMETHING_ELSE)
def test_other_capitals_are_no_variables(text: str) -> None:
    assert missing_names([text]) == []


@pytest.mark.parametrize(
    "text", ["A" * 16_000, "a.b-" * 4_000, "/x" * 8_000, "E: " * 5_000, "is not set " * 1_500]
)
def test_no_line_of_a_log_makes_a_kind_slow(text: str) -> None:
    snapshot = broken(crashing(1), text="\n".join([text] * 3))
    started = time.process_time()

    for kind in KINDS:
        list(kind.detect(snapshot))

    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "unit",
    ["a.", "a$", "Error.", "java.lang.", "x" * 9, ".", " ", "a: ", "code= ", "GET 4", "grpc.code "],
)
def test_a_log_of_long_words_is_read_in_a_moment(unit: str) -> None:
    lines = [(unit * 1000)[:1000]] * 60
    started = time.process_time()

    find_telling(lines)
    any(is_error(line) for line in lines)
    repeated(lines, NOW)

    assert time.process_time() - started < 1


def test_the_exception_is_more_telling_than_the_frames_around_it() -> None:
    lines = ["Traceback (most recent call last):", '  File "a.py", line 1', "ValueError: bad day"]

    told = find_telling(lines)

    assert told
    assert told.line == "ValueError: bad day"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("2026-03-02T14:15:00Z ERROR no ledger", True),
        ("2026/03/02 14:15:00 [error] 31#31: no ledger", True),
        ("14:15:00.123 [http-8080-1] ERROR c.e.Ledger - no ledger", True),
        ("E0302 14:15:00.123456       1 queue.go:17] no ledger", True),
        ("W0302 14:15:00.123456       1 queue.go:17] ERROR from the ledger", False),
        ('{"msg":"no ledger","level":"error"}', True),
        ('{"msg":"ERROR from the ledger","level":"warn"}', False),
        ('{"level":50,"msg":"no ledger"}', True),
        ('{"level":30,"msg":"FATAL"}', False),
        ('time=14:15:00 level=fatal msg="no ledger"', True),
        ("error: no ledger", True),
        ("java.net.UnknownHostException: ledger-db", True),
        ("INFO the page is called ERROR", False),
        ("[DEBUG] Error: handled", False),
        ("ERROR=12 WARN=3", False),
        ("no errors", False),
        ("it failed", False),
    ],
)
def test_a_line_is_an_error_by_its_level(line: str, error: bool) -> None:
    assert is_error(line) is error


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12:00:01 ERROR order 17 of 10.0.0.7:5432", "12:00:59 ERROR order 4 of 10.1.22.9:80"),
        ("took 1.5s in web-7d9f-x2k4p", "took 850ms in web-5c8b-q7z1m"),
        (
            "id=0b2c9a1e-77aa-4bcd-9f00-aabbccddeeff failed",
            "id=deadbeef-abcd-4eef-8aaa-000011112222 failed",
        ),
        ("at 0x7ffd12ab", "at 0xdeadbe01"),
    ],
)
def test_numbers_times_and_ids_make_no_other_line(one: str, other: str) -> None:
    assert shape(one) == shape(other)
    assert shape(one) != shape(f"{one} again")


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("2026-03-02T00:01:02.5+01:00 ERROR", 62),
        ("E0302 01:00:00.1 1 a.go:1]", 3600),
        ('{"level":50,"time":1772409600123}', 0),
        ('{"ts":1772409661.5}', 61),
        ("ERROR 25:00:00", None),
    ],
)
def test_lines_carry_times_in_many_forms(line: str, at: int | None) -> None:
    assert time_of_day(line) == at


def test_a_log_that_the_runtime_dropped_is_no_evidence() -> None:
    dropped = "unable to retrieve container logs for containerd://03fe9fac68f9"
    last = log("ValueError: bad day", previous=False)
    snapshot = broken(crashing(1), last, text=dropped)

    assert [log_lines(snapshot, item) for item in seen(snapshot)] == [["ValueError: bad day"]]


def test_pods_of_a_revision_that_is_being_replaced_are_not_judged() -> None:
    old = pod(crashing(1), replica_set="web-5c8b")

    assert list(sick_pods(snapshot_of(deployment(), old))) == []


def test_a_failed_run_of_a_job_is_forgiven_while_a_retry_is_due() -> None:
    failed = bare_pod(
        ended(1), name="import-x", owner=ref("Job", "import"), phase="Failed", template=spec_never()
    )
    retrying = JobSummary(ref=ref("Job", "import"), failed=1, active=1)
    over = JobSummary(
        ref=ref("Job", "import"), failed=2, conditions=(Condition(type="Failed", status="True"),)
    )

    assert list(sick_pods(snapshot_of(retrying, failed))) == []
    assert list(sick_pods(snapshot_of(over, failed))) == [failed]


def spec_never() -> object:
    return pod(ended(1)).template.model_copy(update={"restart_policy": "Never"})


def crashing_now(snapshot: ClusterSnapshot) -> list[bool]:
    return [crashes(item, snapshot) for item in seen(snapshot)]


def test_a_container_that_ran_a_little_between_two_crashes_still_crashes() -> None:
    state = running(
        restarts=3, for_seconds=10, last_started_at=ago(40), last_finished_at=ago(25), ready=True
    )

    assert crashing_now(snapshot_of(deployment(), pod(state, sick=True))) == [True]


def test_a_container_that_got_over_its_crashes_does_not_crash() -> None:
    state = running(restarts=3, for_seconds=90, last_started_at=ago(95), last_finished_at=ago(93))

    assert crashing_now(snapshot_of(deployment(ready=1), pod(state, sick=True))) == [False]


def test_trouble_is_as_old_as_its_first_warning() -> None:
    broken_pod = pod(crashing(1))
    snapshot = snapshot_of(
        deployment(ready=1), broken_pod, event("BackOff", "back-off", first_seen=ago(300))
    )

    assert since(snapshot, broken_pod.owner, [broken_pod]) == ago(300)


def test_going_back_is_not_proposed_for_labels_that_changed() -> None:
    last = earlier(change("labels", "a=1", "a=2", None))
    snapshot = broken(crashing(1), last=last, text="ValueError: bad day")

    fixes = [kind.fix(finding, snapshot) for kind in KINDS for finding in kind.detect(snapshot)]

    assert set(fixes) <= {None}


def test_specs_are_found_for_each_container() -> None:
    snapshot = broken(crashing(1), container=spec(image="shop/web:1"))

    assert [item.spec.image for item in seen(snapshot)] == ["shop/web:1"]


def told(name: str, snapshot: ClusterSnapshot) -> tuple[str, str, str]:
    kind = next(kind for kind in KINDS if kind.name == name)
    finding = next(iter(kind.detect(snapshot)))
    advice = kind.advise(finding, snapshot)
    return kind.explain(finding, snapshot), advice.text, advice.command or ""


def test_a_taken_port_of_a_pod_in_the_nodes_network_is_the_nodes() -> None:
    crash = broken(crashing(1), text="httpd: bind: Address already in use")
    pods = tuple(
        pod.model_copy(update={"template": pod.template.model_copy(update={"host_network": True})})
        for pod in crash.pods
    )

    why, to_do, _ = told("port_conflict", crash.model_copy(update={"pods": pods}))

    assert "on the node" in why
    assert "containers of one pod" not in to_do


@pytest.mark.parametrize(("code", "signal"), [(137, "SIGKILL"), (143, "SIGTERM")])
def test_a_run_that_a_signal_ended_is_not_blamed_on_its_last_words(code: int, signal: str) -> None:
    crash = broken(crashing(code), text="14:15:01 ERROR pool: no task, it is closed\nKilled")

    why, to_do, _ = told("crash_app_error", crash)

    assert f"from outside again and again (exit code {code}, {signal})" in why
    assert signal in to_do
    assert not [f for kind in KINDS if kind.name == "oom_killed" for f in kind.detect(crash)]
