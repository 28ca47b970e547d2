"""Claims about lines of a log that are of others, or of what has passed: none is why it ended."""

from __future__ import annotations

import pytest

from watchdog.diagnosis.rules import detect
from watchdog.examples.builders import broken, crashing
from watchdog.failures import KINDS
from watchdog.text.root_record import find_telling

POSTGRES = """\
2026-03-02 14:15:00.100 UTC [1] LOG:  database system is ready to accept connections
2026-03-02 14:15:01.100 UTC [88] {who}FATAL:  {said}
2026-03-02 14:15:05.100 UTC [28] LOG:  checkpoint starting: time"""
POSTGRES_JSON = (
    '{"logger":"postgres","record":{"error_severity":"FATAL","message":"password authentication '
    'failed for user \\"guest\\"","backend_type":"client backend"}}'
)
RABBIT = """\
2026-03-02 14:15:01.100 [error] <0.900.0> Error on AMQP connection <0.900.0> \
(10.0.0.9:41000 -> 10.0.0.3:5672, state: starting):
2026-03-02 14:15:01.100 [error] <0.900.0> PLAIN login refused: user 'guest' - invalid credentials
2026-03-02 14:15:05.100 [info] <0.901.0> closed the book of march"""
SQL_SERVER = """\
2026-03-02 14:15:02.10 Logon       Login failed for user 'guest'. Reason: Password did not match \
that for the login provided. [CLIENT: 10.0.0.9]
2026-03-02 14:15:05.10 spid51      Starting up database 'books'."""
CLICKHOUSE = """\
2026.03.02 14:15:02.100 [ 66 ] {} <Error> Access(users): from: 10.0.0.9, user: guest: \
Authentication failed: Code: 193. DB::Exception: Invalid credentials.
2026.03.02 14:15:05.100 [ 70 ] {} <Information> MergeTreeData: merged 4 parts"""
NATS = """\
[1] 2026/03/02 14:15:02.100 [ERR] 10.0.0.9:41222 - cid:5 - authentication error
[1] 2026/03/02 14:15:05.100 [INF] reloaded"""
GO_TLS = """\
2026/03/02 14:15:02 http: TLS handshake error from 10.0.0.9:41000: remote error: expired certificate
2026/03/02 14:15:05 read 3 routes"""
SPRING = """\
2026-03-02T14:15:04.200Z ERROR 1 --- [exec-3] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : \
Servlet.service() for servlet [dispatcherServlet] in context with path [] threw exception

java.net.ConnectException: Connection refused
	at java.base/sun.nio.ch.Net.pollConnect(Native Method)
2026-03-02T14:15:09.200Z  INFO 1 --- [exec-4] c.e.Ledger    : book 4 is closed"""
DJANGO = """\
Internal Server Error: /books/pay/
Traceback (most recent call last):
  File "/app/pay.py", line 20, in charge
    send(url)
ConnectionRefusedError: [Errno 111] Connection refused
[02/Mar/2026 14:15:05] "POST /books/pay/ HTTP/1.1" 500 145"""
MEMORY = """\
2026-03-02T14:15:04.200Z ERROR 1 --- [exec-3] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : \
Servlet.service() for servlet [dispatcherServlet] in context with path [] threw exception

java.lang.OutOfMemoryError: Java heap space
	at com.example.Ledger.read(Ledger.java:9)"""
PASSED = """\
✔ retries when the hub says ECONNREFUSED
✔ reports no space left on device
✘ the licence file is for another host"""
REACHED = """\
14:15:01 ERROR cannot connect to amqp://ledger-mq:5672: connection refused
14:15:03 INFO connected to amqp://ledger-mq:5672
14:15:04 INFO reading books"""
ANOTHER = """\
14:15:01 ERROR cannot connect to ledger-db:5432: connection refused
14:15:03 INFO connected to users-db:5432
14:15:04 INFO stopping"""
AGAIN = """\
14:15:01 INFO connected to ledger-mq:5672
14:15:03 ERROR cannot connect to ledger-mq:5672: connection refused
14:15:04 INFO stopping"""


@pytest.mark.parametrize(
    "text",
    [
        POSTGRES.format(who="", said='password authentication failed for user "guest"'),
        POSTGRES.format(who="guest@books ", said='role "guest" does not exist'),
        POSTGRES.format(who="", said='no pg_hba.conf entry for host "10.0.0.9", user "guest"'),
        POSTGRES.format(who="", said="the database system is starting up"),
        POSTGRES_JSON,
        RABBIT,
        SQL_SERVER,
        CLICKHOUSE,
        NATS,
        GO_TLS,
    ],
)
def test_what_a_server_says_of_a_client_is_not_why_it_ends(text: str) -> None:
    told = find_telling(text.splitlines())

    assert told is not None
    assert not told.sure


def test_what_a_server_cannot_do_itself_is_why_it_ends() -> None:
    said = "could not connect to the primary server: password authentication failed"
    told = find_telling(POSTGRES.format(who="", said=said).splitlines())

    assert told is not None
    assert told.sure


@pytest.mark.parametrize("text", [SPRING, DJANGO])
def test_what_one_request_met_is_not_why_the_server_ends(text: str) -> None:
    (finding,) = detect(broken(crashing(1), text=text), KINDS)

    assert finding.kind == "crash_app_error"


def test_a_request_that_used_up_the_memory_is_why_the_server_ends() -> None:
    (finding,) = detect(broken(crashing(1), text=MEMORY), KINDS)

    assert finding.kind == "heap_exhausted"


def test_a_check_that_passed_is_not_why_it_ends() -> None:
    told = find_telling(PASSED.splitlines())

    assert told is not None
    assert not any("no space" in text or "ECONNREFUSED" in text for text in told.texts)


@pytest.mark.parametrize(
    ("text", "kind"),
    [(REACHED, "crash_app_error"), (ANOTHER, "connection_refused"), (AGAIN, "connection_refused")],
)
def test_what_was_reached_later_is_not_why_it_ends(text: str, kind: str) -> None:
    (finding,) = detect(broken(crashing(1), text=text), KINDS)

    assert finding.kind == kind
