"""Claims about the reader of logs: which record of a tail says why the run ended."""

from __future__ import annotations

import pytest

from watchdog.text.log_line import Level, read_line
from watchdog.text.root_record import find_telling

LEVELS = {
    "2026-03-02T14:15:00Z ERROR no ledger": Level.ERROR,
    "2026-03-02 14:15:00,123 [main] WARN c.e.Ledger - no ledger": Level.WARN,
    "[2026-03-02 14:15:00] [error] no ledger": Level.ERROR,
    "2026/03/02 14:15:00 [emerg] 1#1: no ledger": Level.FATAL,
    "F0302 14:15:00.123456       1 main.go:17] no ledger": Level.FATAL,
    "2026-03-02 14:15:00.123 UTC [1] FATAL:  no ledger": Level.FATAL,
    "2026-03-02T14:15:00.123Z\terror\tsetup\tno ledger": Level.ERROR,
    '{"severity":"CRITICAL","message":"no ledger"}': Level.FATAL,
    '{"level":50,"msg":"no ledger"}': Level.ERROR,
    '{"log.level":"ERROR","message":"no ledger","trace.id":"a1"}': Level.ERROR,
    "time=14:15:00 level=fatal msg=ledger": Level.FATAL,
    "fail: Shop.Ledger[0]": Level.ERROR,
    "1:M 02 Mar 2026 14:15:00.123 * ready": Level.INFO,
    "14:15:00 FEHLER kein Hauptbuch": Level.ERROR,
    "14:15:00 ERREUR pas de grand livre": Level.ERROR,
    "14:15:00 ADVERTENCIA sin libro": Level.WARN,
    "14:15:00 ERRO sem livro": Level.ERROR,
    "[エラー] 台帳がありません": Level.ERROR,
    "14:15:00 [致命] 没有账本": Level.FATAL,
    "14:15:00 ОШИБКА нет книги": Level.ERROR,
    "FATA[0003] no ledger": Level.FATAL,
    "[14:15:00 FTL] no ledger": Level.FATAL,
    "2026-03-02T14:15:00Z E! no ledger": Level.ERROR,
    "[E 260302 14:15:00 web:12] no ledger": Level.ERROR,
    "CRITICAL:shop.ledger:no ledger": Level.FATAL,
    "[2026-03-02 14:15:00,123: CRITICAL/MainProcess] no ledger": Level.FATAL,
    "F260302 14:15:00.123456 71 kv/store.go:77 \u22ee [n1] 23  no ledger": Level.FATAL,
    "E20260302 14:15:00.123456     1 init.cc:70] no ledger": Level.ERROR,
    "ledgerd: [emerg] no ledger": Level.FATAL,
    "0: : ERROR: no ledger": Level.ERROR,
    "ERROR | no ledger | books.Service | main": Level.ERROR,
    "debug 2026-03-02T14:15:00.123+0000 7f11a2 -1 no ledger": Level.ERROR,
    '{"level":400,"level_name":"ERROR","message":"no ledger"}': Level.ERROR,
    '{"@level":"error","@message":"no ledger"}': Level.ERROR,
    "a pod of ERROR pages": None,
    "the trace of order 7 has no error": None,
    "geo-info is the host": None,
    "ERROR_PAGE=/error.html": None,
}
TRACEBACK = """\
14:15:01 INFO loading ledgers
Traceback (most recent call last):
  File "/app/main.py", line 7, in <module>
    open_ledger(path)
  File "/app/ledger.py", line 31, in open_ledger
    raise LedgerError(f"ledger {path} is locked by pid 41")
app.ledger.LedgerError: ledger /var/ledger/eu.db is locked by pid 41"""
JAVA = """\
2026-03-02 14:15:01,001 ERROR [main] c.e.Shop - start failed
java.lang.IllegalStateException: Failed to load context
\tat com.example.Shop.start(Shop.java:31)
\tat com.example.Shop.main(Shop.java:9)
Caused by: com.example.LedgerException: ledger "eu" has 3 rows without an owner
\tat com.example.Ledger.check(Ledger.java:77)
\t... 2 common frames omitted
2026-03-02 14:15:02,001 INFO  [main] c.e.Shop - bye"""
NODE = """\
Error: connect ECONNREFUSED 10.0.0.7:5432
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16) {
  errno: -111,
  code: 'ECONNREFUSED',
  syscall: 'connect'
}

Node.js v20.1.0"""
SPRING = """\
***************************
APPLICATION FAILED TO START
***************************

Description:

The bean 'ledger', defined in Books, could not be registered.

Action:

Consider renaming one of the beans."""
CASCADE = """\
2026-03-02 14:15:01 0 [ERROR] InnoDB: The redo log of ledger was made by version 9.1
2026-03-02 14:15:01 0 [ERROR] Failed to initialize the storage engine
2026-03-02 14:15:02 0 [ERROR] Aborting"""
NOISE = """\
14:15:01 WARN  [export] dial tcp 10.0.0.9:4317: connection refused, will drop 12 spans
14:15:02 ERROR [main] ledger table has 3 rows without an owner
14:15:03 WARN  [export] dial tcp 10.0.0.9:4317: connection refused, will drop 3 spans
14:15:03 INFO  [main] shutdown completed"""
HELP = """\
flag provided but not defined: -ledgers
Usage of /shop:
  -ledger string
    \tpath of the ledger; an error if it cannot be opened
  -timeout duration
    \tgive up when the connection timed out (default 5s)"""
GO = """\
panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.total(...)
\t/src/main.go:12
main.main()
\t/src/main.go:40 +0x1d
exit status 2"""
RUST = """\
thread 'main' panicked at src/main.rs:8:5:
ledger eu has no owner
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"""
NPM = """\
> shop@1.0.0 start
Error: ledger eu has no owner
    at main (/app/main.js:3:9)
npm ERR! code ELIFECYCLE
npm ERR! errno 1
npm ERR! shop@1.0.0 start: `node main.js`
npm ERR! Exit status 1"""
RETRIES = """\
14:15:01 ERROR cannot reach the ledger at books:5432, retrying in 2 s
14:15:03 INFO trying again
14:15:05 ERROR cannot reach the ledger at books:5432, retrying in 4 s
14:15:09 FATAL no ledger after 2 tries: books:5432 refuses"""
SETTINGS = """\
LEDGER_ERRORS=fatal
PATH=/usr/bin:/bin
ON_FAILURE=crash
/entry.sh: line 4: /etc/ledger/eu.conf: No such file or directory"""
NESTED = """\
{"level":"info","msg":"starting"}
{"level":"fatal","msg":"start failed","error":{"type":"Sealed","message":"ledger eu is sealed"}}
{"level":"info","msg":"bye"}"""
POSTGRES = """\
2026-03-02 14:15:01.000 UTC [1] FATAL:  data directory "/ledger" has wrong ownership
2026-03-02 14:15:01.000 UTC [1] HINT:  The server must be started by the user that owns it.
2026-03-02 14:15:01.001 UTC [1] LOG:  database system is shut down"""
RUSSIAN = """\
ИНФО старт
ОШИБКА книга не найдена
ИНФО выход"""
WRAPPED = """\
{"level":"info","msg":"2026-03-02 14:15:01.000 UTC [7] FATAL:  ledger was made by version 9"}
{"level":"info","msg":"2026-03-02 14:15:01.000 UTC [7] DETAIL:  This is version 10."}
{"level":"info","msg":"server exited"}"""
TELLS = {
    "what a wrapper quotes": (WRAPPED, "ledger was made by version 9"),
    "a fatal line, not the last words": ("FATAL ledger is corrupt\nbye", "ledger is corrupt"),
    "an exception, not its frames": (TRACEBACK, "ledger /var/ledger/eu.db is locked by pid 41"),
    "the deepest cause": (JAVA, 'ledger "eu" has 3 rows without an owner'),
    "the error, not its properties": (NODE, "connect ECONNREFUSED 10.0.0.7:5432"),
    "the description, not the banner": (SPRING, "The bean 'ledger', defined in Books"),
    "the first of a cascade": (CASCADE, "made by version 9.1"),
    "an error between warnings": (NOISE, "3 rows without an owner"),
    "the refused flag, not the help": (HELP, "not defined: -ledgers"),
    "the panic, not the goroutine": (GO, "index out of range [5]"),
    "the message below a Rust panic": (RUST, "ledger eu has no owner"),
    "the error above npm's own words": (NPM, "ledger eu has no owner"),
    "what is fatal after retries": (RETRIES, "no ledger after 2 tries"),
    "an error below a dump of variables": (SETTINGS, "/etc/ledger/eu.conf: No such file"),
    "the error's message in a field": (NESTED, "ledger eu is sealed"),
    "the error above its hint": (POSTGRES, "wrong ownership"),
    "German": ("Start\n14:15 FEHLER: Datei /etc/buch fehlt\nbeendet", "Datei /etc/buch fehlt"),
    "French": ("ERREUR : le livre est introuvable\nArrêt du service", "le livre est introuvable"),
    "Japanese": ("[情報] 起動\n[エラー] 台帳が見つかりません\n[情報] 終了", "台帳が見つかりません"),
    "Russian": (RUSSIAN, "книга не найдена"),
}
HARMLESS = (
    "listening on 8080\nready, 0 errors",
    "14:15:01 INFO loaded 3 plugins, 0 failed\n14:15:02 INFO error page: /error.html",
    "14:15:01 WARN no metrics: connection refused, metrics are disabled\n14:15:02 INFO ready",
    '{"level":"error","msg":"GET /orders/7 404 not found"}\n{"level":"info","msg":"GET / 200"}',
    "cannot raise the file limit: operation not permitted (ignored)\nready",
    "retry 1 failed: no such host; retry 2 succeeded\nready",
)


@pytest.mark.parametrize(("line", "level"), LEVELS.items())
def test_a_level_is_read_where_the_format_puts_it(line: str, level: Level | None) -> None:
    assert read_line(line).level is level


@pytest.mark.parametrize(("text", "said"), TELLS.values(), ids=TELLS)
def test_the_record_that_ended_the_run_is_told(text: str, said: str) -> None:
    told = find_telling(text.splitlines())

    assert told
    assert said in told.line
    assert told.sure


@pytest.mark.parametrize("text", HARMLESS)
def test_a_log_without_an_error_has_only_last_words(text: str) -> None:
    told = find_telling(text.splitlines())

    assert told
    assert not told.sure


def test_a_name_in_a_few_bare_lines_is_no_error() -> None:
    told = find_telling(["worker 3 started", "panic button plugin loaded", "queue length 3"])

    assert told is not None
    assert not told.sure


def test_what_is_in_use_by_number_is_no_error() -> None:
    told = find_telling(IN_USE.splitlines())

    assert told is not None
    assert "dirty ledger version 14" in told.line


def test_a_failure_that_the_program_went_on_without_is_no_reason() -> None:
    told = find_telling(ASIDE.splitlines())

    assert told is not None
    assert "traces are off" not in "".join((told.line, *told.texts))


def test_the_worst_level_of_java_is_read_in_other_languages() -> None:
    text = "2026-11-27 09:20:02 GRAVE libros\n2026-11-27 09:20:02 INFO apagando"
    told = find_telling(text.splitlines())

    assert told is not None
    assert (told.line, told.sure) == ("2026-11-27 09:20:02 GRAVE libros", True)


def test_the_exception_of_a_retry_is_no_reason_if_something_ended_the_run_later() -> None:
    text = """2026-11-27 08:51:24 WARN hub.Client - cannot ask hub-0, reconnecting
java.net.ConnectException: Connection refused
	at hub.Client.ask(Client.java:7)
Exception in thread "main" hub.LostException: no session with hub-1:7171
"""
    told = find_telling(text.splitlines())

    assert told is not None
    assert "no session with hub-1:7171" in told.line


def test_a_hint_that_asks_tells_what_the_failure_is_about() -> None:
    told = find_telling(ASKED.splitlines())

    assert told is not None
    assert any("port 7432" in text for text in told.texts)


@pytest.mark.parametrize(
    "error",
    ["three orders have no tenant", "order 7 lacks a tenant", "three rows without a tenant"],
)
def test_an_error_that_says_what_is_missing_is_not_explained_by_a_warning(error: str) -> None:
    warned = "WARN connect to ledger:80: connection refused"
    told = find_telling([warned, f"ERROR {error}", warned])

    assert told is not None
    assert told.texts == (error, f"ERROR {error}")


def test_what_is_dropped_does_not_end_the_run() -> None:
    told = find_telling(["spans are dropped: connection refused", "cannot read the tenants"])

    assert told is not None
    assert told.line == "cannot read the tenants"


def test_a_goodbye_is_no_part_of_what_was_announced() -> None:
    told = find_telling(["starting", "FATAL the ledger is corrupt, see the trace below", "bye"])

    assert told is not None
    assert told.line == "FATAL the ledger is corrupt, see the trace below"


@pytest.mark.parametrize(
    ("noise", "cause"),
    [
        (
            "ERROR otel.exporter failed to export spans: dial tcp 10.0.0.9:4317: refused",
            "ERROR startup the setting currency has the unsupported value EURO",
        ),
        (
            'level=error msg="failed to upload traces: lookup traces.example.com: no such host"',
            'level=error msg="open /etc/ledger/rules.yml: no such file or directory"',
        ),
        (
            '{"level":"error","msg":"statsd: write udp 10.0.0.1:8125: connection refused"}',
            '{"level":"fatal","msg":"the licence is for another host"}',
        ),
    ],
)
def test_what_is_measured_beside_the_work_is_not_why_it_ends(noise: str, cause: str) -> None:
    for lines in ([noise, cause], [noise, cause, noise]):
        told = find_telling(lines)

        assert told is not None
        assert told.line == cause
        assert not any("refused" in text or "no such host" in text for text in told.texts)


JAVA_AGENT = """
[otel.javaagent 2026-03-02 14:15:00:000 +0000] [OkHttp http://localhost:4318/...] ERROR \
io.opentelemetry.exporter.internal.http.HttpExporter - Failed to export spans. Full error message: \
Failed to connect to localhost/127.0.0.1:4318
java.net.ConnectException: Failed to connect to localhost/127.0.0.1:4318
	at okhttp3.internal.connection.RealConnection.connectSocket(RealConnection.kt:297)
Caused by: java.net.ConnectException: Connection refused
	at java.base/sun.nio.ch.Net.pollConnect(Native Method)
2026-03-02 14:15:02.000 ERROR 1 --- [main] c.e.Ledger : currency has the unsupported value EURO
"""
PYTHON_SDK = """
ERROR:opentelemetry.sdk.trace.export:Exception while exporting Span batch.
Traceback (most recent call last):
  File "/usr/lib/python3/opentelemetry/sdk/trace/export/__init__.py", line 360, in _export_batch
    self.span_exporter.export(self.spans_list[:idx])
requests.exceptions.ConnectionError: HTTPConnectionPool(host='collector', port=4318): Max retries
ERROR:ledger:currency has the unsupported value EURO
"""


@pytest.mark.parametrize("text", [JAVA_AGENT, PYTHON_SDK])
def test_a_trace_of_what_is_measured_is_not_why_it_ends(text: str) -> None:
    told = find_telling(text.splitlines())

    assert told is not None
    assert "currency has the unsupported value EURO" in told.line


@pytest.mark.parametrize(
    "noise",
    [
        "ERROR the cache refused the connection; running without it",
        "ERROR the cache at 10.0.0.5:6379 refused the connection, starting without a cache",
        "ERROR Chat notification failed: connect ECONNREFUSED 10.0.0.5:443",
        "ERROR failed to send the alert: dial tcp 10.0.0.25:25: connect: connection refused",
        "ERROR could not check for updates: lookup updates.example.com: no such host",
    ],
)
def test_what_the_program_does_without_is_not_why_it_ends(noise: str) -> None:
    cause = "ERROR the ledger is corrupt"
    for lines in ([noise, cause], [cause, noise]):
        told = find_telling(lines)

        assert told is not None
        assert told.line == cause


@pytest.mark.parametrize("line", ["ERROR not starting without a region", "ERROR cannot run"])
def test_what_it_does_not_do_without_is_why_it_ends(line: str) -> None:
    told = find_telling(["WARN the cache refused the connection", line])

    assert told is not None
    assert line in told.line


def test_a_notice_of_npm_is_no_part_of_an_error() -> None:
    told = find_telling(
        ["Error: Cannot find module 'ledger'", "npm notice New major version of npm available!"]
    )

    assert told is not None
    assert told.line == "Error: Cannot find module 'ledger'"


def test_what_is_measured_is_told_if_nothing_else_failed() -> None:
    told = find_telling(["ready", "ERROR otel.exporter failed to export spans: no such host"])

    assert told is not None
    assert told.sure


LEASE_LOST = """
E0302 14:15:00.000000       1 leaderelection.go:448] error retrieving resource lock shop/ledger: \
leases.coordination.k8s.io "ledger" is forbidden: User "system:serviceaccount:shop:ledger" cannot \
get resource "leases" in API group "coordination.k8s.io" in the namespace "shop"
F0302 14:15:05.000000       1 main.go:99] leaderelection lost
"""


def test_a_lost_lease_only_follows_from_what_took_it() -> None:
    told = find_telling(LEASE_LOST.splitlines())

    assert told is not None
    assert '"ledger" is forbidden' in told.line


def test_an_empty_log_tells_nothing() -> None:
    assert find_telling(["", "  "]) is None


def test_the_panic_of_a_cut_log_is_not_guessed_from_its_frames() -> None:
    frames = [f"\tat com.example.Ledger.check(Ledger.java:{number})" for number in range(60)]

    assert find_telling([*frames, "\t... 12 common frames omitted"]) is None


BARE_SUMMARY = """\
14:15:01 [WARNING] net.go 103: cannot find an address for interface eth9
14:15:02 [INFO] net.go 120: clearing the old one
Ledger node failed to start"""
WAITED = """\
E0302 14:15:01.123456       1 watch.go:14] cannot list books: "books.shop.example" is forbidden
panic: timed out waiting for caches to sync"""
NAMED_ABOVE = """\
[2026-03-02 14:15:01,000: ERROR/MainProcess] consumer: Cannot connect to amqp://ledger-mq:5672//
Trying again in 2.00 seconds... (1/1)

[2026-03-02 14:15:03,000: CRITICAL/MainProcess] Unrecoverable error: cannot connect"""
CONFIG_FILE = """\
*** FATAL CONFIG FILE ERROR (Ledger 1.2) ***
Reading the configuration file, at line 41
>>> 'bookz 16'
Bad directive or wrong number of arguments"""
GROUPED = """\
[E 2026-03-02 14:15:00.113 Books app:3297]
    Traceback (most recent call last):
      File "/app/app.py", line 3294, in launch
        await self.initialize(argv)
    books.TraitError: 'spawner' could not be imported"""
CHAINED = """\
Traceback (most recent call last):
  File "/app/net.py", line 10, in connect
    yield
socket.gaierror: [Errno -2] Name or service not known

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    main()
RuntimeError: Failed to reach the books at http://ledger-api:4200/api/"""
PROSE = """\
curl: (60) SSL certificate problem: unable to get local issuer certificate
curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it."""
GAVE_UP = """\
starting
Ledger connection failed, retrying (password authentication failed for user "books")"""


SCRIPT = """\
+ render
./run.sh: line 3: /ledger/books.tmpl: No such file or directory"""
REJECTION = """\
[UnhandledPromiseRejection: This error originated by rejecting a promise with the reason "x".] {
  code: 'ERR_UNHANDLED_REJECTION'
}

Node.js v20.1.0"""
NAME_ALONE = """\
14:15:01 ERROR ledger: book 7 is owned by node b, epoch 12 > 11
Error: BookFenced"""

PREFIXED = """\
ERROR 03-02 14:15:01 [books.py:38] Ledger hit an exception: Traceback (most recent call last):
ERROR 03-02 14:15:01 [books.py:38]   File "/app/books.py", line 37, in run
ERROR 03-02 14:15:01 [books.py:38]     shelf = Shelf(book)
ERROR 03-02 14:15:01 [books.py:38] ValueError: The book (32768) is larger than the shelf (11840)
CRITICAL 03-02 14:15:02 [main.py:59] Got a fatal signal. See stack trace above for root cause.
Killed"""
GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/app/books.py", line 12, in <module>
  |     main()
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/books.py", line 7, in load
    |     raise ValueError("bad row 7 in /ledger/books.csv")
    | ValueError: bad row 7 in /ledger/books.csv
    +------------------------------------"""
BOXED = """\
Usage: books sync [OPTIONS]
Try 'books sync --help' for help.
╭─ Error ─────────────────────────────────────────────────────────────╮
│ Invalid value for '--since': 'yesterday' is no date of that format. │
╰─────────────────────────────────────────────────────────────────────╯"""
ASIDE = """\
14:15:01 INFO tracing: dial tcp 10.96.9.9:4317: connection refused, traces are off
Exception in thread "main" com.example.LedgerException: shelf refused the connection: 12514"""
NOTED = """\
Traceback (most recent call last):
  File "/app/books.py", line 37, in run
    load(book)
ValueError: bad magic number in header
while reading /ledger/books.bin"""
CODED = """\
Error: B3009

found failed migrations in the ledger, new ones will not be applied
"""
ASKED = """\
2026-03-02 14:15:01 UTC [1] LOG:  could not bind IPv4 address "0.0.0.0": Address already in use
2026-03-02 14:15:01 UTC [1] HINT:  Is another ledger running on port 7432? If not, retry.
2026-03-02 14:15:01 UTC [1] WARNING:  could not create listen socket for "*"
2026-03-02 14:15:01 UTC [1] FATAL:  could not create any TCP/IP sockets"""
EXCERPT = """\
12 | if (!ledger) {
13 |   throw new Error("the ledger is missing");
            ^
error: the ledger is missing at /ledger/eu.db"""
INSIDE = """\
14:15:01.994 [error] Ledger.Protocol failed to connect: ** (Ledger.Error) FATAL wrong password
14:15:02.994 [error] Could not create the table of migrations.
** (Books.ConnectionError) connection not available and request was dropped after 2990ms."""
IN_USE = """\
2026/03/02 14:15:01 migrate: dirty ledger version 14, fix and force version
2026/03/02 14:15:02 pool closed, 0 in use
2026/03/02 14:15:02 stopping"""
TAGGED = """\
14:15:01 [ERROR] [MY-1] [Books] Failed to find valid ledger directory.
14:15:02 [ERROR] [MY-2] [Books] Dictionary initialization failed.
14:15:03 [ERROR] [MY-3] [Books] Aborting"""
LABELLED = """\
Exception in thread "main" java.lang.RuntimeException: starting ledger failed with [1]
output:

error:
Invalid initial shelf size: -Xms8 gb
Error: Could not create the ledger."""
NAME_ABOVE = """\
   Books\\MissingKeyException

  No key for the ledger has been specified.

  at vendor/books/src/Provider.php:79"""
FEW_BARE = """\
Running with Ledger 11 from /opt/ledger, which is older than the minimum required version (17).
Supported versions are: [17, 21]"""
ANNOUNCED = """\
14:15:01,123 |-ERROR in books.Appender - open call failed: /ledger/app.log (Permission denied)
Exception in thread "main" java.lang.IllegalStateException: Books configuration error detected:"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TAGGED, ("Failed to find valid ledger directory",)),
        (LABELLED, ("Invalid initial shelf size",)),
        (NAME_ABOVE, ("MissingKeyException", "No key for the ledger")),
        (FEW_BARE, ("older than the minimum",)),
        (PREFIXED, ("larger than the shelf",)),
        (GROUP, ("bad row 7 in /ledger/books.csv",)),
        (BOXED, ("Invalid value for '--since'",)),
        (NOTED, ("bad magic number", "/ledger/books.bin")),
        (CODED, ("B3009", "found failed migrations")),
        (ASKED, ("Address already in use", "could not create any")),
        (EXCERPT, ("error: the ledger is missing at",)),
        (INSIDE, ("wrong password",)),
        (ANNOUNCED, ("/ledger/app.log (Permission denied)",)),
        (SCRIPT, ("/ledger/books.tmpl",)),
        (REJECTION, ("rejecting a promise",)),
        (NAME_ALONE, ("owned by node b",)),
        (BARE_SUMMARY, ("cannot find an address", "failed to start")),
        (WAITED, ("is forbidden",)),
        (NAMED_ABOVE, ("ledger-mq:5672", "Unrecoverable")),
        (CONFIG_FILE, ("at line 41", "bookz 16", "Bad directive")),
        (GROUPED, ("'spawner' could not be imported",)),
        (CHAINED, ("Name or service not known", "ledger-api:4200")),
        (PROSE, ("unable to get local issuer certificate",)),
        (GAVE_UP, ("password authentication failed",)),
    ],
)
def test_a_summary_is_quoted_with_its_reason_and_with_what_it_is_about(
    text: str, said: tuple[str, ...]
) -> None:
    told = find_telling(text.splitlines())

    assert told is not None
    assert told.sure
    assert all(words in told.line for words in said), told.line


RUBY = {
    "/app/ledger.rb:3:in `open': no ledger (Shop::LedgerError)": "no ledger",
    "/app/ledger.rb:3:in 'Shop::Ledger.open': no ledger (Shop::LedgerError)": "no ledger",
    "/app/ledger.rb:3:in 'Shop::Ledger#open': (Shop::LedgerError)\nno ledger": "no ledger",
}


@pytest.mark.parametrize("raised", RUBY)
def test_what_ruby_raised_is_the_cause_however_it_names_the_method(raised: str) -> None:
    """Since 3.4 it names the class too; a message may begin in the next line."""
    lines = [
        "=> Booting",
        *raised.splitlines(),
        "",
        "You have 1 ledger:",
        "",
        "db/ledger.rb",
        "\tfrom /app/run.rb:2:in '<main>'",
    ]
    told = find_telling(lines)
    assert told is not None
    assert told.sure
    assert RUBY[raised] in told.line
    assert "Shop::LedgerError" in told.line
