"""Claims about what another server says of itself: it names nothing of the workload that asked."""

from __future__ import annotations

import pytest

from watchdog.diagnosis.rules import detect, rules_fix
from watchdog.examples.builders import change, crashing, deployment, earlier, log, pod, snapshot_of
from watchdog.failures import KINDS
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.text.log_line import Level, read_line


def _crash(text: str, field: str = "image") -> ClusterSnapshot:
    last = earlier(change(field, "a", "b"))
    return snapshot_of(deployment(last=last), pod(crashing(1)), log(text))


def _judged(text: str, field: str = "image") -> tuple[str, str, bool]:
    """The kind, its origin, and whether the revision is taken back."""
    seen = _crash(text, field)
    (found,) = detect(seen, KINDS)
    return found.kind, found.origin, rules_fix(found, seen, KINDS) is not None


@pytest.mark.parametrize(
    "text",
    [
        (
            'Error: POST https://fees.books/v1/boot returned 500: {"error":"environment variable '
            'FEES_KEY is not set"}'
        ),
        "Error: fees responded with status code 503: FEES_KEY must be set",
        "AxiosError: Request failed with status code 500: FEES_KEY is not set",
        "Error: rpc error: code = Internal desc = environment variable FEES_KEY is not set",
        "remote: environment variable FEES_KEY is not set",
        "FATAL upstream fees answered: FEES_KEY must be set",
        "Error: GET http://fees:8080/app returned 500: permission denied: /data/fees",
        (
            'Error: POST https://fees.books/v1/boot returned 500: {"error":"ENOSPC: no space left '
            'on device"}'
        ),
        "Error: fees returned status 500: Cannot find module 'pg'",
        "Error: rpc error: code = Unknown desc = unknown flag: --fees",
    ],
)
def test_what_another_server_says_of_its_own_failure_is_no_cause_in_this_workload(
    text: str,
) -> None:
    assert _judged(text) == ("crash_app_error", "outside", False)


@pytest.mark.parametrize(
    "text",
    [
        "FATAL FEES_KEY is not set",
        "Error: loader returned 500 rows, FEES_KEY is not set",
        "Error: FEES_KEY is not set: GET https://fees.books/v1/boot returned 401",
        "Error: GET http://localhost:9000/x returned 500: FEES_KEY is not set",
    ],
)
def test_a_variable_that_the_program_itself_misses_is_still_named(text: str) -> None:
    assert _judged(text) == ("missing_env", "workload", True)


def test_an_answer_that_finds_fault_with_what_was_asked_is_the_askers_doing() -> None:
    text = 'Error: POST https://fees.books/v1/boot returned 400: {"error":"unknown field amount"}'

    assert _judged(text) == ("crash_app_error", "workload", True)


def test_a_variable_that_a_refused_request_lacks_is_none_of_the_environment() -> None:
    kind, _, _ = _judged("Error: POST https://fees.books/v1 returned 400: FEES_SUM must be set")

    assert kind == "crash_app_error"


@pytest.mark.parametrize(
    "text",
    [
        "Error: fees.books: login failed: invalid password for user books",
        "Error: GET https://fees.books/v1 failed: authentication failed",
    ],
)
def test_a_login_that_another_server_refuses_is_still_named(text: str) -> None:
    assert _judged(text)[0] == "credentials_refused"


@pytest.mark.parametrize(
    "text",
    [
        "FATAL: Storage backend has reached its minimum free drive threshold",
        "FATAL: disk usage exceeded flood-stage watermark",
        (
            "Error: OIDC discovery failed: 404 Not Found: "
            "https://id.example/.well-known/openid-configuration"
        ),
        "Error: etcdserver: mvcc: required revision has been compacted",
        "FATAL requested WAL segment 0000001 has already been removed",
        "Error: too old resource version: 5 (9)",
        "FATAL maintenance window until 04:00 UTC",
        "Error: fees is down for scheduled maintenance",
    ],
)
def test_what_a_store_or_an_identity_provider_says_of_its_own_state_lies_outside(text: str) -> None:
    assert _judged(text) == ("crash_app_error", "outside", False)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("FATAL maintenance window until 04:00 UTC", "env MAINTENANCE_UNTIL"),
        ("FATAL: Storage backend has reached its minimum free drive threshold", "volumes"),
        (
            (
                "Error: OIDC discovery failed: 404 Not Found: "
                "https://id.example/.well-known/openid-configuration"
            ),
            "env OIDC_ISSUER",
        ),
    ],
)
def test_a_state_that_the_revision_itself_set_is_its_own_doing(text: str, field: str) -> None:
    assert _judged(text, field)[1:] == ("workload", True)


@pytest.mark.parametrize(
    "text",
    [
        "Error: revision 12 of the schema is too old",
        "Error: offset 7 is out of range",
        "Error: invalid maintenance window until 04:00",
        "Error: trade volume above maximum threshold",
        # It may be the new image that asks for what is not there.
        "Error: NOT_FOUND - no queue 'orders' in vhost '/'",
    ],
)
def test_what_the_program_itself_may_have_brought_is_still_taken_back(text: str) -> None:
    assert _judged(text) == ("crash_app_error", "workload", True)


@pytest.mark.parametrize(
    "text",
    ["Error: vault: permission denied, lease expired", "Error: consul: Permission denied"],
)
def test_what_a_login_may_not_do_is_no_permission_on_a_file(text: str) -> None:
    assert _judged(text) == ("crash_app_error", "outside", False)


@pytest.mark.parametrize(
    "text",
    [
        "Error: open /var/run/secrets/tokens/vault: permission denied",
        "Error: open token: permission denied",
        "sh: vault: Permission denied",
    ],
)
def test_a_file_of_that_name_is_still_a_file(text: str) -> None:
    assert _judged(text)[0] == "permission_denied"


NEST = """\
[Nest] 1  - 03/02/2026, 9:00:01 AM   ERROR [TypeOrmModule] Unable to connect to the database. \
Retrying (1)...
Error: connect ECONNREFUSED 10.0.0.5:5432
    at TCPConnectWrap.afterConnect (node:net:1300:16)
[Nest] 1  - 03/02/2026, 9:00:04 AM     LOG [InstanceLoader] TypeOrmCoreModule dependencies \
initialized +12ms
[Nest] 1  - 03/02/2026, 9:00:05 AM     LOG [NestApplication] Nest application successfully started
[Nest] 1  - 03/02/2026, 9:00:06 AM   ERROR [Ledger] the book of march is torn
"""


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("LOG", Level.INFO),
        ("ERROR", Level.ERROR),
        ("WARN", Level.WARN),
        ("DEBUG", Level.DEBUG),
        ("VERBOSE", Level.DEBUG),
        ("FATAL", Level.FATAL),
    ],
)
@pytest.mark.parametrize("blank", [" ", "\u202f"])
def test_a_line_of_nest_is_the_head_of_a_record(name: str, level: Level, blank: str) -> None:
    line = read_line(f"[Nest] 17  - 11/27/2026, 9:00:01{blank}AM {name:>7} [Ledger] no book")

    assert (line.level, line.message, line.stamped) == (level, "[Ledger] no book", True)


def test_a_retry_that_came_about_in_nest_is_not_why_it_ends() -> None:
    seen = _crash(NEST)
    (found,) = detect(seen, KINDS)

    assert found.kind == "crash_app_error"
    assert "march is torn" in found.facts["line"]
