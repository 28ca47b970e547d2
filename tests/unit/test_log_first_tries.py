"""Claims about the forms of logs in which the cause stands above, below or within its summary."""

from __future__ import annotations

import pytest

from watchdog.diagnosis.rules import detect
from watchdog.examples.builders import broken, crashing
from watchdog.failures import KINDS
from watchdog.text.root_record import find_telling

ENDED_WITH = """\
ERROR: ledgerd exited with error: shelf "eu" was made by version 3, which is too old
Failed running "start\""""
DUE_TO = """\
time="2026-11-30T08:17:00Z" level=error msg="books: option 'width' is required for shelves"
time="2026-11-30T08:17:00Z" level=fatal msg="Can't go on due to the errors in the books\""""
SUMMED_UP = """\
Parse error at /ledger/books.cnf:18 - syntax error
Error: The config file is invalid"""
IN_ITS_FILE = """\
/ledger/books.conf:17: error: unknown keyword 'witdh'
[1764497520] ledgerd[1:0] fatal error: Could not read config file: /ledger/books.conf"""
NOT_UP = """\
2026-11-30 11:03:00.103110: E books/source.cc:353] path /ledger/eu of a shelf was not found
2026-11-30 11:03:30.103110: F books/main.cc:91] Failed to start. 1 shelf did not become available"""
GAVE_UP = """\
30/Nov/2026:11:08:00 +0000: Starting ledgerd
{"details":"FATAL: role \\"reader\\" may not log in","message":"Books error. Retrying the books."}
30/Nov/2026:11:08:00 +0000: Server will exit: fatal error, not retrying"""
RUBY_HASH = """\
[2026-11-30T05:01:31,881][INFO ][books.runner] Starting {"books.version"=>"8.13.0"}
[2026-11-30T05:01:34,220][ERROR][books.agent] Failed to run {:action=>Books::Create, \
:exception=>"Books::SettingsError", :message=>"no shelf \\"eu\\" at line 14", \
:backtrace=>["/books/compiler.rb:32:in `compile_imperative'", "/books/agent.rb:7:in `call'", \
"/books/runner.rb:311:in `execute_each_of_them'"]}
[2026-11-30T05:01:34,271][INFO ][books.runner] shut down."""
CHILD = """\
2026-11-30T11:02:05,202 [INFO ] W-1-stdout BOOKS - Traceback (most recent call last):
2026-11-30T11:02:05,202 [INFO ] W-1-stdout BOOKS -   File "/ledger/handler.py", line 4, in <module>
2026-11-30T11:02:05,202 [INFO ] W-1-stdout BOOKS -     import shelves
2026-11-30T11:02:05,202 [INFO ] W-1-stdout BOOKS - ModuleNotFoundError: No module named 'shelves'
2026-11-30T11:02:05,301 [ERROR] W-1 books.Worker - Worker error
books.WorkerException: worker start time out."""
BINDS = """\
[2026-11-30 12:00:00] [ERROR] [books] - Failed to bind to [10.1.1.4:255] due to: Address in use
[2026-11-30 12:00:00] [INFO] [books] - ending
Exception in thread "main" books.RemoteException: Failed to bind to [10.1.1.4:255]"""
WARNED = """\
W1130 12:09:20.103110       1 hub.go:234] "Still connecting" address="unix:///ledger/hub.sock"
E1130 12:09:30.104110       1 main.go:160] "Error connecting to the hub" err="deadline exceeded\""""
PANIC = """\
panic(main thread): Illegal instruction at address 0x2A1FFB0
oh no: the books have crashed. This indicates a mistake in the books, not in your code."""
CANNOT_GO_ON = """\
2026-11-30T12:07:30+00:00 [error] no shelf found in /ledger/shelves after 30 s
2026-11-30T12:07:30+00:00 [panic] cannot go on"""
CODED = """\
ERR_BOOKS_NO_SHELF  Missing shelf: eu

Command "eu" not found. Did you mean "books eu"?"""
UNCAUGHT = """\
hub: Error: connect ECONNREFUSED 10.96.5.5:6379, books stay in memory
server up on 8080
/ledger/plan.js:31
  return plan.rows.sort(byShelf)
                   ^

TypeError: plan.rows.sort is not a function
    at order (/ledger/plan.js:31:20)

Node.js v20.12.2"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ENDED_WITH, "too old"),
        (DUE_TO, "option 'width' is required"),
        (SUMMED_UP, "books.cnf:18"),
        (IN_ITS_FILE, "unknown keyword 'witdh'"),
        (NOT_UP, "/ledger/eu of a shelf was not found"),
        (GAVE_UP, "may not log in"),
        (RUBY_HASH, 'Books::SettingsError: no shelf "eu" at line 14'),
        (CHILD, "No module named 'shelves'"),
        (BINDS, "Address in use"),
        (WARNED, "/ledger/hub.sock"),
        (PANIC, "Illegal instruction"),
        (CANNOT_GO_ON, "no shelf found"),
        (CODED, "Missing shelf: eu"),
        (UNCAUGHT, "plan.rows.sort is not a function"),
    ],
)
def test_the_cause_is_told_and_not_only_its_summary(text: str, said: str) -> None:
    told = find_telling(text.splitlines())

    assert told is not None
    assert said in told.line


WARNED_FIRST = """\
2026-11-30T14:00:00Z WARN audit file /ledger/audit.log: permission denied
2026-11-30T14:00:01Z ERROR shelf 7 has width 0
2026-11-30T14:00:01Z FATAL cannot go on"""
OPTIONAL = """\
Error: Cannot find module 'covers', books are shown without
    at resolve (node:internal/modules/cjs/loader:1145:15)
listening on 3000
/ledger/a.js:3
  return shelf.a.b;
               ^

TypeError: Cannot read properties of undefined (reading 'b')
    at main (/ledger/a.js:3:16)"""
CHILD_RECOVERED = """\
2026-11-30T14:00:00Z INFO w1 | Traceback (most recent call last):
2026-11-30T14:00:00Z INFO w1 |   File "/ledger/fast.py", line 3, in <module>
2026-11-30T14:00:00Z INFO w1 | ModuleNotFoundError: No module named 'fast'
2026-11-30T14:00:00Z INFO using the slow one
2026-11-30T14:00:02Z INFO order 1 done
2026-11-30T14:00:04Z ERROR total of order 3 is negative: -4"""


@pytest.mark.parametrize("text", [WARNED_FIRST, OPTIONAL, CHILD_RECOVERED])
def test_what_was_survived_before_is_no_kind(text: str) -> None:
    found = detect(broken(crashing(1), text=text), KINDS)

    assert [finding.kind for finding in found] == ["crash_app_error"]


LISTED = """\
RuntimeError: versions differ. The books were started with the following:
    Books: 2.9.3
    Shelf: 3.9.18
This shelf was started with:
    Books: 2.11.0"""


def test_a_list_of_short_lines_is_quoted_as_a_whole() -> None:
    told = find_telling(LISTED.splitlines())

    assert told is not None
    assert "2.11.0" in told.line


ADVISED = """\
Error: the books are older than this ledger.

To make them new, run 'ledger upgrade'.
"""
TO_LEARN = """\
thread 'main' panicked at src/main.rs:8:5:
the ledger has no owner
note: run with `BOOKS_TRACE=1` environment variable to display a backtrace"""


def test_advice_is_quoted_if_it_names_what_the_error_does_not() -> None:
    told = find_telling(ADVISED.splitlines())

    assert told is not None
    assert told.line.endswith("run 'ledger upgrade'.")


def test_how_to_learn_more_is_no_advice() -> None:
    told = find_telling(TO_LEARN.splitlines())

    assert told is not None
    assert "BOOKS_TRACE" not in told.line


VARIABLES = (
    (
        "2026-11-30T10:11:00Z [critical] configuration incomplete missing=['LEDGER_SHELF']",
        "missing_env",
    ),
    ('{"level":"fatal","msg":"bad environment","missing":["LEDGER_SHELF"]}', "missing_env"),
    ("FATAL pages are gone missing=['PAGE_ONE', 'PAGE_TWO']", "crash_app_error"),
    ("CRITICAL Environment variable Ledger__Shelf is not set", "missing_env"),
    (
        "thread 'main' panicked at src/a.rs:1:1: `Err` value: MissingValue(\"LEDGER_SHELF\")",
        "missing_env",
    ),
    (
        'Ledger.swift:3: Fatal error: Unexpectedly found nil: Int(Environment.get("LEDGER_SHELF"))',
        "crash_app_error",
    ),
)


@pytest.mark.parametrize(("text", "kind"), VARIABLES)
def test_a_variable_is_missing_only_if_the_words_say_so(text: str, kind: str) -> None:
    found = detect(broken(crashing(1), text=text), KINDS)

    assert [finding.kind for finding in found] == [kind]
