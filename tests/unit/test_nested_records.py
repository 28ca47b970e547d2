"""Claims about causes that stand inside other records, or beside the line that sums them up."""

from __future__ import annotations

import pytest

from watchdog.text.root_record import find_telling

WRAPPED = """\
{"level":"info","msg":"record","record":{"error_severity":"LOG","message":"starting"}}
{"level":"info","msg":"record","record":{"error_severity":"FATAL","message":"page 7 is torn"}}
{"level":"error","msg":"the server ended","error":"exit status 1"}"""
BRACKETED = """\
[2026/11/28 07:07:21.100 +00:00] [WARN] [ledger/config.go:40] ["cache is small"] [size=1MiB]
[2026/11/28 07:07:22.100 +00:00] [ERROR] [hub.go:24] ["no id"] [url=http://hub:1] [error="refused"]
[2026/11/28 07:07:22.101 +00:00] [FATAL] [main.go:30] ["end"] [error="context deadline exceeded"]"""
ANSWERED = """\
[E 2026-11-28 09:05:02.320 Hub reflector:23] list of books failed
    HTTP response body: {"message":"books cannot be listed by reader","reason":"Forbidden"}
[C 2026-11-28 09:05:02.330 Hub app:24] Reflector for books failed to start, halting"""
USED_UP = """\
2026-11-28 09:31:36,101 ERROR: list of shelves from http://hub:2: Max retries exceeded: refused
hub.HubException: Could not get the list of shelves"""
FIELD = """\
2026-11-28 11:26:01 ERROR books: 1 error in the settings
shelf -> top -> width
  field required"""
RETRIED = """\
[hub] Unhandled error event: Error: getaddrinfo ENOTFOUND ledger-hub
    at Shelf.onlookup [as oncomplete] (node:dns:107:26)
MaxRetriesError: Reached the max retries per page limit (which is 20). See the manual.
    at Socket.<anonymous> (/app/node_modules/hub/handler.js:182:37)"""
ITALIAN = """\
2026-11-29 09:52:01 INFO avvio
2026-11-29 09:52:01 ERRORE impossibile aprire /ledger/pagina.csv
2026-11-29 09:52:01 INFO ciao"""
HINTED = """\
repository cannot be locked: page 41 has it
the `unlock` command can be used to remove stale locks"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WRAPPED, "page 7 is torn"),
        (BRACKETED, '["no id"] [url=http://hub:1]'),
        (ANSWERED, "books cannot be listed by reader"),
        (USED_UP, "Max retries exceeded: refused"),
        (FIELD, "shelf -> top -> width … field required"),
        (RETRIED, "ENOTFOUND ledger-hub"),
        (ITALIAN, "impossibile aprire /ledger/pagina.csv"),
        (HINTED, "repository cannot be locked: page 41 has it"),
    ],
)
def test_the_cause_is_found_in_records_within_records(text: str, said: str) -> None:
    told = find_telling(text.splitlines())

    assert told is not None
    assert said in told.line


UNKNOWN_FORMAT = """\
- 1131566480 2005.11.09 shelf page 7 is torn: connection refused
- 1131566481 2005.11.09 shelf served page 8
- 1131566492 2005.11.09 shelf served page 9
- 1131566493 2005.11.09 hub served page 10
- 1131566504 2005.11.09 hub served page 11
- 1131566515 2005.11.09 shelf served page 12
- 1131566516 2005.11.09 shelf served page 13"""


def test_work_that_went_on_counts_in_a_format_that_is_not_known() -> None:
    told = find_telling(UNKNOWN_FORMAT.splitlines())

    assert told is not None
    assert not told.sure


def test_a_mail_that_is_deferred_is_no_cause() -> None:
    lines = ["queue started", "to=reader, stat=Deferred: Connection refused by [127.0.0.1]"]
    told = find_telling([f"Nov  9 12:01:31 hub mail[4306]: {line}" for line in lines])

    assert told is not None
    assert not told.sure


SURVIVED = """\
2026-11-29 10:00:49,343 WARN  [main] c.a.books.App - no write to /ledger/x: permission denied, off
2026-11-29 10:00:50,350 INFO  [main] c.a.books.App - 14 pages served
2026-11-29 10:00:51,357 ERROR [main] c.a.books.App - reader 7 has no 'card'
2026-11-29 10:00:52,364 INFO  [main] c.a.books.App - bye"""
IGNORED = """\
error: hub: no space left on device (ignored)
listening on :8080
served page 8
cannot allocate memory for page 9
bye"""
WAITED = """\
[10:00:29] [error] hub: no space left on device (ignored)
[10:00:32] [info] served page 8
[10:00:33] [error] timeout of 30 s waiting for lock 'books'"""


@pytest.mark.parametrize(
    ("text", "said", "other"),
    [
        (SURVIVED, "reader 7 has no 'card'", "permission denied"),
        (IGNORED, "cannot allocate memory", "no space left"),
        (WAITED, "waiting for lock 'books'", "no space left"),
    ],
)
def test_what_was_survived_is_no_reason_for_what_came_later(
    text: str, said: str, other: str
) -> None:
    told = find_telling(text.splitlines())

    assert told is not None
    assert said in told.line
    assert not any(other in each for each in (told.line, *told.texts))
