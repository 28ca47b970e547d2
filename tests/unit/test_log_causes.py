"""Claims about what a crash's log is taken for: a kind is claimed only where the line says it."""

from __future__ import annotations

import pytest

from watchdog.diagnosis.rules import detect
from watchdog.examples.builders import broken, crashing
from watchdog.failures import KINDS

TEXTS = (
    (1, "./run.sh: line 2: /ledger/values.env: No such file or directory", "crash_app_error"),
    (127, "./run.sh: line 2: /ledger/start: No such file or directory", "wrong_command"),
    (1, "./run.sh: line 9: /ledger/marker: Permission denied", "permission_denied"),
    (126, "./run.sh: line 9: /ledger/start: Permission denied", "wrong_command"),
    (1, "ERROR cannot write: mkdir /ledger/.sys: file access denied", "permission_denied"),
    (1, "Error: The module shop_books was not found.", "module_missing"),
    (1, "no main manifest attribute, in /app/books.jar", "wrong_command"),
    (134, "Unhandled exception. System.Exception: chain has errors: NotTimeValid", "cert_expired"),
    (
        1,
        "ERROR connection to ledger-0.ledger:9092 could not be established",
        "connection_refused",
    ),
    (134, "Unhandled exception. System.IO.FileNotFoundException: no '/x.csv'", "crash_app_error"),
    (1, "ERROR Dependency resolution failed for books", "crash_app_error"),
    (1, "ERROR the symbol ledger.Book could not be resolved", "crash_app_error"),
    (1, "FATAL the address of ledger-mq could not be resolved", "dns_failure"),
    (1, "FATAL AccessDeniedException: User: arn:aws:iam::1:role/x may not", "crash_app_error"),
    (
        1,
        (
            "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the "
            "GetObject operation: Access Denied"
        ),
        "crash_app_error",
    ),
    (1, "s3: AccessDenied: Access Denied", "crash_app_error"),
    (
        1,
        "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied",
        "crash_app_error",
    ),
    (1, "ERROR books.tgz: copy: AccessDenied: Access Denied", "crash_app_error"),
    (
        1,
        "ERROR The Access Key Id you provided does not exist in our records.",
        "credentials_refused",
    ),
    (
        1,
        "ERROR The request signature we calculated does not match the signature you provided.",
        "credentials_refused",
    ),
    (1, "Error: failed to connect to database: database is locked (5)", "crash_app_error"),
    (
        1,
        "Error: cannot connect to database: unable to open database file: no such file",
        "crash_app_error",
    ),
    (1, "SyntaxError: invalid token '}' at line 3", "crash_app_error"),
    (1, "FATAL hub answered: the API token has expired", "credentials_refused"),
    (1, "FATAL report: the support hook is already taken", "crash_app_error"),
    (1, 'ERROR: extension "books" is not available', "crash_app_error"),
    (1, "./entrypoint.sh: ERROR: ledger not found after 30 s", "crash_app_error"),
    (1, 'Error: unknown command "serv" for "ledgerd"', "wrong_command"),
    (1, "ERROR quorum of 3 was not reached", "crash_app_error"),
    (
        1,
        "ERROR cannot create certificate: dial tcp ca.ledger.svc:15012: i/o timeout",
        "connection_refused",
    ),
    (1, "FATAL lookup hub.ledger on 10.96.0.10:53: read udp: i/o timeout", "dns_failure"),
    (1, "ERROR cannot load driver class: com.example.ledger.Driver", "module_missing"),
    (1, "FATAL timed out waiting for connection in state CONNECTING", "connection_refused"),
    (1, "FATAL the password of /tls/web.pfx is not correct: login failed", "crash_app_error"),
    (1, "FATAL no servers available for connection (ledger:4222)", "connection_refused"),
    (1, "FATAL connect: ledger: Authorization Violation", "credentials_refused"),
    (1, "exec user process caused: no such file or directory", "wrong_command"),
    (1, "ERROR: LEDGER_HOME is set to an invalid directory: /opt/x", "crash_app_error"),
    (1, "ValueError: LEDGER_PORT: invalid integer 'tcp://10.96.3.9:6432'", "service_link"),
    (1, "ValueError: LEDGER_SIZE: invalid integer 'tcp://10.96.3.9:6432'", "crash_app_error"),
    (1, "Error: invalid value for -heap: heap limit must be a number", "crash_app_error"),
    (1, "OutOfMemoryError: unable to create native thread", "crash_app_error"),
    (1, "ERROR: out of memory while allocating books on device cuda:0", "crash_app_error"),
    (1, "cat: can't open '/ledger/books.conf': No such file or directory", "crash_app_error"),
    (2, "sh: can't open '/ledger/run.sh': No such file or directory", "wrong_command"),
    (1, "ERROR: operation not permitted in standby mode: close the books", "crash_app_error"),
    (1, "ERROR: could not connect signal handler: invalid argument", "crash_app_error"),
    (1, "FATAL storage driver shelf is not available on this node", "crash_app_error"),
    (1, "modprobe: FATAL: Module shelf not found in directory /lib/modules/9", "crash_app_error"),
    (1, "NameError: name 'LEDGER_LIMIT' is not defined", "crash_app_error"),
    (1, "ReferenceError: LEDGER_LIMIT is not defined", "crash_app_error"),
    (1, "Fatal: wrong password or no key found", "crash_app_error"),
    (1, "ERROR Unable to use the drive /ledger: drive access denied", "permission_denied"),
    (128, "fatal: could not read Username for 'https://git.example'", "credentials_refused"),
    (1, "FATAL bind: Address in use", "port_conflict"),
    (3, "Terminating due to java.lang.OutOfMemoryError: Java heap space", "heap_exhausted"),
    (1, 'AssertionError: expected "permission denied" to equal "found"', "crash_app_error"),
    (1, "OutOfMemoryError: command not allowed when used memory > 'maxmemory'", "crash_app_error"),
    (1, "ERROR line 3: TITLE must not be empty", "crash_app_error"),
    (1, "pipeline error: step STEP_2 is not defined", "crash_app_error"),
)


ZOD = """\
Invalid environment variables:
{
  LEDGER_ISSUER: [ 'Required' ],
  LEDGER_AUDIENCE: [ 'Required' ]
}
Error: Invalid environment variables"""
PYDANTIC = """\
Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    Settings()
pydantic_core.ValidationError: 2 validation errors for Settings
LEDGER_ISSUER
  Field required [type=missing, input_value={}, input_type=dict]
    For further information visit https://errors.example/missing
LEDGER_AUDIENCE
  Field required [type=missing, input_value={}, input_type=dict]
    For further information visit https://errors.example/missing"""


# Something else failed before, while closing, or while the program went on.
SERVED = """\
Error: connect ETIMEDOUT 10.96.8.1:443 (reading a cover, skipped)
GET /books 200 12ms
TypeError: price.toFixed is not a function
    at format (/app/price.js:12:20)"""
CLOSING = """\
ERROR unknown shelf EU5
ERROR could not deregister from the hub: dial tcp 10.96.1.9:8500: connect: connection refused"""
IGNORED = """\
books.ParseError: mapping values are not allowed here
Exception ignored in: <function Pool.__del__ at 0x7f>
Traceback (most recent call last):
  File "/app/pool.py", line 9, in __del__
    self.close()
ConnectionRefusedError: [Errno 111] Connection refused"""
REFUSED_USERS = """\
[ERROR] 14:15:01 login failed for user guest from 10.0.0.3
[ERROR] 14:15:05 login failed for user admin from 10.0.0.3
[INFO] 14:15:09 POST /books 201
Unhandled exception: ZeroDivisionError: division by zero in total()"""
FAILED_AGAIN = """\
ERROR 14:15:01 cannot load covers: open /covers/all.db: permission denied
INFO 14:15:01 covers are not shown
ERROR 14:15:02 migration 0014 has another checksum than the one applied"""
FATAL_LATER = """\
14:15:01 ERROR ping replica-2: dial tcp 10.1.1.1:5432: connect: connection refused
14:15:01 INFO using replica-1
14:15:02 FATAL price list E42 has no currency"""
NUMBERED = """\
Error: failed to connect to mq://ledger-mq:4222

Caused by:
    0: IO error
    1: failed to lookup address information: Name or service not known"""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (SERVED, "crash_app_error"),
        (CLOSING, "crash_app_error"),
        (IGNORED, "crash_app_error"),
        (REFUSED_USERS, "crash_app_error"),
        (FAILED_AGAIN, "crash_app_error"),
        (FATAL_LATER, "crash_app_error"),
        (NUMBERED, "dns_failure"),
    ],
)
def test_what_did_not_end_the_run_is_no_cause(text: str, kind: str) -> None:
    found = detect(broken(crashing(1), text=text), KINDS)

    assert [finding.kind for finding in found] == [kind]


def test_what_refuses_at_the_pod_itself_is_sought_there() -> None:
    crash = broken(crashing(1), text="dial tcp 127.0.0.1:6379: connect: connection refused")
    (finding,) = detect(crash, KINDS)
    kind = next(kind for kind in KINDS if kind.name == finding.kind)

    assert "the pod itself" in kind.advise(finding, crash).text


REFUSED = "port 5432 failed: Connection refused"


@pytest.mark.parametrize(
    ("text", "server"),
    [
        (f"connection to server at db.prod, {REFUSED}", "db.prod:5432"),
        (f"FATAL lost it: connection to server at db.prod (10.0.0.9), {REFUSED}", "db.prod:5432"),
        (f'connection to server at "db" (10.0.0.9), {REFUSED}', "db:5432"),
        (f"connection to server at 10.0.0.9, {REFUSED}", "10.0.0.9:5432"),
        ("failed to connect to `host=db.prod user=app`: connection refused", "db.prod"),
        ("no server at port 5432: connection refused", None),
    ],
)
def test_the_server_that_refuses_is_named_in_quotation_marks_or_not(
    text: str, server: str | None
) -> None:
    (finding,) = detect(broken(crashing(1), text=text), KINDS)

    assert finding.kind == "connection_refused"
    assert finding.facts.get("subject") == server


def test_a_port_without_a_host_is_named() -> None:
    text = "panic: listen tcp :9090: bind: address already in use"
    (finding,) = detect(broken(crashing(1), text=text), KINDS)

    assert finding.facts["subject"] == "9090"


def test_variables_that_are_named_together_are_all_named() -> None:
    text = "panic: LEDGER_HOST, LEDGER_PORT and LEDGER_USER must be defined"
    (finding,) = detect(broken(crashing(1), text=text), KINDS)

    assert finding.facts["all"] == "LEDGER_HOST LEDGER_PORT LEDGER_USER"


@pytest.mark.parametrize("text", [ZOD, PYDANTIC])
def test_each_variable_of_a_list_is_named(text: str) -> None:
    found = detect(broken(crashing(1), text=text), KINDS)

    assert [finding.facts.get("all") for finding in found] == ["LEDGER_ISSUER LEDGER_AUDIENCE"]


def test_a_field_that_names_what_an_error_is_about_is_quoted() -> None:
    line = '{"level":"fatal","msg":"dial","error":"connection refused","target":"ledger:9090"}'
    (finding,) = detect(broken(crashing(1), text=line), KINDS)

    assert "ledger:9090" in finding.facts["line"]


@pytest.mark.parametrize(("code", "text", "kind"), TEXTS, ids=[text for _, text, _ in TEXTS])
def test_a_crash_is_of_the_kind_that_its_line_says(code: int, text: str, kind: str) -> None:
    found = detect(broken(crashing(code), text=text), KINDS)

    assert [finding.kind for finding in found] == [kind]
