"""Claims about words of one kind in a line about another thing: they claim no kind."""

from __future__ import annotations

import pytest

from watchdog.diagnosis.rules import detect
from watchdog.examples.builders import broken, crashing
from watchdog.failures import KINDS

# A line about something else, and one of nearly the same words that does tell the kind.
PAIRS = (
    (
        'FATAL Service "hub" is invalid: nodePort: Invalid value: 31000: port is already allocated',
        "FATAL hub: port 31000 is already allocated",
        "port_conflict",
    ),
    (
        "ERROR the e-mail address already in use belongs to another reader",
        "ERROR bind: address already in use",
        "port_conflict",
    ),
    (
        "ERREUR : transaction en lecture seule",
        "ERREUR : /ledger/x : Système de fichiers accessible en lecture seulement",
        "read_only_filesystem",
    ),
    (
        "ImportError: /usr/lib/libbooks.so: cannot allocate memory in static TLS block",
        "FATAL index of books: cannot allocate memory",
        "heap_exhausted",
    ),
    (
        "FATAL update map books_lxc: no space left on device",
        "FATAL write /ledger/wal: no space left on device",
        "disk_full",
    ),
    (
        "Error: invalid value 'soon' for connection timeout",
        "Error: connection timeout after 30 s: ledger-db",
        "connection_refused",
    ),
    (
        "ERROR could not connect to display :1",
        "ERROR could not connect to the ledger server",
        "connection_refused",
    ),
    (
        "2026-11-29 10:00:01 ERROR could not connect to the plotter",
        "2026-11-29 10:00:01 ERROR could not connect to the plotter at plotter-1:9100",
        "connection_refused",
    ),
    (
        "E1129 10:00:01.100000       1 app.go:26] cannot reach the end of the page",
        "E1129 10:00:01.100000       1 app.go:26] cannot reach the page service",
        "connection_refused",
    ),
    (
        "FATAL failed to connect to database: parse 'db://ledger:x': bad port",
        "FATAL failed to connect to database: ledger-db:5432",
        "connection_refused",
    ),
    (
        "ERROR could not reach consensus on page 7",
        "ERROR could not reach ledger-mq:5672",
        "connection_refused",
    ),
    (
        "ERROR virtual host not found: /books",
        "ERROR host not found: ledger-mq",
        "dns_failure",
    ),
    (
        "Error: Can't resolve 'page-turner' in '/app/src'",
        "Error: can't resolve ledger-db.books.svc",
        "dns_failure",
    ),
    (
        "ERROR could not look up group id 900",
        "ERROR could not look up ledger-db",
        "dns_failure",
    ),
    (
        "FATAL copy of s3://books/all.tgz failed: permission denied",
        "FATAL copy of /books/all.tgz failed: permission denied",
        "permission_denied",
    ),
    (
        "FATAL renewing the certificate failed: the licence has expired",
        "FATAL the certificate has expired",
        "cert_expired",
    ),
    (
        "ERROR module shelf is missing the field 'row'",
        "ERROR module shelf is missing",
        "module_missing",
    ),
    (
        'ERROR: module "shelf" not found in books.yaml',
        'ERROR: module "shelf" not found',
        "module_missing",
    ),
    (
        "ERROR wrong password: must be longer",
        "ERROR wrong password",
        "credentials_refused",
    ),
    (
        "FATAL invalid credentials file: /keys/hub.json",
        "FATAL invalid credentials",
        "credentials_refused",
    ),
    (
        "ERROR unknown rule 'connection refused'",
        "ERROR hub answered 'connection refused'",
        "connection_refused",
    ),
    (
        "--- FAIL: TestHub: expected connection refused, got nil",
        "FATAL hub: connection refused, got nil",
        "connection_refused",
    ),
    (
        "ERROR: SHELF must be specified",
        "ERROR: environment variable SHELF must be specified",
        "missing_env",
    ),
    (
        "Error: route /login failed: body has no user",
        "Error: login failed: body has no user",
        "credentials_refused",
    ),
    (
        "TypeError: hub.connectionRefused is no function",
        "IoError: hub: ConnectionRefused is no answer",
        "connection_refused",
    ),
    (
        "FATAL 7_add_expired_certificates.sql failed near 'expired'",
        "FATAL hub: the certificates have expired",
        "cert_expired",
    ),
    (
        "ERROR Authentication failed from 10.1.9.7: bad ticket",
        "ERROR Authentication failed: bad ticket",
        "credentials_refused",
    ),
    (
        "ERROR BOOK_PRICE is not set on book 77",
        "ERROR BOOK_PRICE is not set",
        "missing_env",
    ),
    (
        "ERROR permission SHELF_ADMIN is not defined",
        "ERROR variable SHELF_ADMIN is not defined",
        "missing_env",
    ),
    (
        "ERROR SHELF_TWO is not defined as a shelf",
        "ERROR SHELF_TWO is not defined",
        "missing_env",
    ),
    (
        "ERROR schema 3 of the database is not reachable by upgrades",
        "ERROR the database is not reachable",
        "connection_refused",
    ),
    (
        "ERROR operation not permitted: book 7 is lent",
        "ERROR /ledger/7: operation not permitted",
        "permission_denied",
    ),
    (
        "jinja2.exceptions.UndefinedError: 'BOOK_PRICE' is undefined",
        "Error: 'BOOK_PRICE' is undefined",
        "missing_env",
    ),
    (
        "ERROR while closing the hub: connection refused\nUnhandled: price is NaN",
        "ERROR while asking the hub: connection refused",
        "connection_refused",
    ),
    (
        "ERROR 'BOOK_TITLE' is a required property",
        "ERROR 'BOOK_TITLE' is required",
        "missing_env",
    ),
)


@pytest.mark.parametrize(("text", "near", "kind"), PAIRS, ids=[text for text, _, _ in PAIRS])
def test_the_words_of_a_kind_claim_it_only_of_what_it_is_about(
    text: str, near: str, kind: str
) -> None:
    (other,) = detect(broken(crashing(1), text=text), KINDS)
    (meant,) = detect(broken(crashing(1), text=near), KINDS)

    assert (other.kind, meant.kind) == ("crash_app_error", kind)


@pytest.mark.parametrize(
    "text",
    [
        "FEHLER Verbindung zu ledger-db:5432 verweigert",
        "ERREUR connexion à ledger-db:5432 refusée",
        "ERROR conexión con ledger-db:5432 rechazada",
        "ERRO conexão com ledger-db:5432 recusada",
        "ОШИБКА соединение ledger-db:5432 отклонено",
        "错误 连接 ledger-db:5432 被拒绝",
    ],
)
def test_a_refused_connection_is_read_with_its_host_between_the_words(text: str) -> None:
    (found,) = detect(broken(crashing(1), text=text), KINDS)

    assert (found.kind, found.facts["subject"]) == ("connection_refused", "ledger-db:5432")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("FATAL a process is already using port 7171", "port_conflict"),
        ("Error: NoSuchElement: could not expand value HUB_URL in property hub", "missing_env"),
        ("Something is already running on port 7171", "port_conflict"),
        ("hub.errors.TimeoutError: Timeout connecting to hub", "connection_refused"),
        ("dial tcp: lookup hub on 10.96.0.10:53: server misbehaving", "dns_failure"),
        ("java.lang.NoClassDefFoundError: org/slf4j/Marker", "module_missing"),
        ('PHP Fatal error: Uncaught Error: Class "Hub\\Page" not found', "module_missing"),
        ("terminate called after throwing an instance of 'std::bad_alloc'", "heap_exhausted"),
        ("Fatal error: exception Out_of_memory", "heap_exhausted"),
        ("Could not open input file: hub.php", "wrong_command"),
        ("OSError: cannot find any free port between 7171 and 7180", "port_conflict"),
        ("ERROR unable to authenticate user [reader]", "credentials_refused"),
        ("books.RPCError: error (2 attempts) when connecting to 'http://hub:8082'",
         "connection_refused"),
        ("Error: pass options.shelf or set SHELF_URL in the environment", "missing_env"),
        ('LoadError: KeyError: key "SHELF_URL" not found', "missing_env"),
        ("books: SHELF_URL: getEnv: does not exist (no environment variable)", "missing_env"),
        ("Connection refused - not authorised (rc=5)", "credentials_refused"),
        ("FATAL hub: unauthorized due to authentication failure", "credentials_refused"),
        ("[ERROR] Connection in use: ('0.0.0.0', 7171)", "port_conflict"),
        ("error: EnvironmentVariableNotFound: SHELF_URL", "missing_env"),
        ("FATAL Authentication with hub-mq failed. Check your settings", "credentials_refused"),
        ("FATAL hub: 연결이 거부됨", "connection_refused"),
        ("FATAL hub: po\u0142\u0105czenie odrzucone", "connection_refused"),
        ("FATAL hub: incorrect user name or password", "credentials_refused"),
        ("ERRORE autenticazione fallita per l'utente reader", "credentials_refused"),
        ("ERROR hub: 'failed to lookup address information: try again'", "dns_failure"),
        ("FATAL gethostbyname failed for hub", "dns_failure"),
        ("FATAL the hub actively refused it", "connection_refused"),
        ("FATAL folder /shelf/books is not accessible for user 7171", "permission_denied"),
        ("FATAL hub: authentication error (13): permission denied", "credentials_refused"),
    ],
)  # fmt: skip
def test_more_ways_to_say_it_are_known(text: str, kind: str) -> None:
    (found,) = detect(broken(crashing(1), text=text), KINDS)

    assert found.kind == kind


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (
            "FATAL read tcp 10.1.1.4:41120->10.96.3.2:5432: read: connection reset by peer",
            "10.96.3.2:5432",
        ),
        (
            "ERROR laddr=('10.1.1.4', 40022): 10.96.3.2: connection refused",
            "10.96.3.2",
        ),
        ("** error: no match of {error,eacces} (/shelf/src/hub.erl, line 31)", None),
    ],
)
def test_neither_its_own_address_nor_its_source_is_what_a_failure_is_about(
    text: str, subject: str | None
) -> None:
    (found,) = detect(broken(crashing(1), text=text), KINDS)

    assert found.facts.get("subject") == subject


def test_the_variables_of_a_list_are_named_though_one_of_them_tells_most() -> None:
    text = "Missing environment variables:\n    SHELF_HOST: Required\n    SHELF_PORT: Required"
    (found,) = detect(broken(crashing(1), text=text), KINDS)

    assert found.facts["all"] == "SHELF_HOST SHELF_PORT"
