"""What programs say when something outside of them fails, and what they say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.outage_releases import SAYS
from watchdog.detection.outside import origin_of_line
from watchdog.diagnosis.rules import detect, rules_fix
from watchdog.examples.builders import (
    WEB,
    change,
    crashing,
    deployment,
    earlier,
    log,
    pod,
    snapshot_of,
)
from watchdog.failures import KINDS
from watchdog.snapshot.snapshot import ClusterSnapshot

OUTSIDE = (
    # Cloud services, name servers, brokers and databases, in words met later.
    'Get "https://sso.example.com/realms/x/.well-known/openid-configuration": EOF',
    'Post "https://collector:4318/v1/traces": unexpected EOF',
    "Failed to fetch JWKS: The operation was aborted due to timeout",
    "amqp.exceptions.ConnectionForced: (0, 0): (320) CONNECTION_FORCED - broker forced closure",
    "421 4.3.2 Service not available, closing transmission channel",
    "smtplib.SMTPServerDisconnected: Connection unexpectedly closed",
    "etcdserver: mvcc: database space exceeded",
    "AADSTS90033: A transient error has occurred. Please try again.",
    "XMinioServerNotInitialized: Server not initialized yet, please try again.",
    "ClientError: An error occurred (SlowDown): Please reduce your request rate.",
    "openai.RateLimitError: You exceeded your current quota",
    "ERROR: cannot execute INSERT in a read-only transaction",
    "kafka: client has run out of available brokers to talk to",
    "Host '10.1.2.3' is blocked because of many connection errors",
    "FATAL:  terminating connection due to administrator command",
    'FATAL:  no pg_hba.conf entry for host "10.1.2.3", user "pay"',
    "Failed to renew lease shop/pay",
    "lost leadership, exiting",
    "connection to server at db, port 5432 failed: Connection refused",
    "redis.exceptions.ConnectionError: Error 111 connecting to redis:6379.",
    "FATAL:  the database system is starting up",
    "FATAL:  the database system is shutting down",
    "FATAL:  the database system is in recovery mode",
    "FATAL:  sorry, too many clients already",
    ("FATAL:  remaining connection slots are reserved for non-replication superuser connections"),
    "kafka.errors.NoBrokersAvailable: NoBrokersAvailable",
    "could not translate host name db: Temporary failure in name resolution",
    "java.net.UnknownHostException: kafka",
    "Can't connect to MySQL server on db (111)",
    "ERROR 1040 (HY000): Too many connections",
    "Communications link failure: the last packet sent successfully was 0 ms ago",
    "MongoServerSelectionError: connect ECONNREFUSED 10.96.0.7:27017",
    "pymongo.errors.ServerSelectionTimeoutError: mongo:27017: [Errno 111] Connection refused",
    "POST https://auth/v1/token returned 503 Service Unavailable",
    "GET https://flags/v1/flags: 429 Too Many Requests",
    "Error making API request: Code: 503. Errors: * Vault is sealed",
    "etcdserver: no leader",
    "etcdserver: request timed out",
    "ORA-12541: TNS:no listener",
    ("ORA-12514: TNS:listener does not currently know of service requested in connect descriptor"),
    "ORA-01033: ORACLE initialization or shutdown in progress",
    "x509: certificate has expired or is not yet valid: now is after 2026-11-01",
    "ssl.SSLCertVerificationError: certificate verify failed: certificate has expired",
    (
        "javax.net.ssl.SSLHandshakeException: PKIX path validation failed: "
        "java.security.cert.CertPathValidatorException: validity check failed"
    ),
    "NotAfter: Sat Nov 28 2026: certificate expired",
    "FATAL:  password authentication failed for user shop",
    "ExpiredToken: The security token included in the request is expired",
    "InvalidClientTokenId: The security token included in the request is invalid",
    "SignatureDoesNotMatch: the request signature we calculated does not match",
    "license server lic did not answer within 10s",
    "OSError: [Errno 28] No space left on device: '/shared/cache'",
    "LOADING Redis is loading the dataset in memory",
    (
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to "
        "persist to disk"
    ),
    "READONLY You can't write against a read only replica.",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "CLUSTERDOWN The cluster is down",
    ("upstream connect error or disconnect/reset before headers. reset reason: connection failure"),
    "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    "dial tcp: lookup db on 10.96.0.10:53: server misbehaving",
    "dial tcp 10.0.0.3:5432: connect: no route to host",
    "getaddrinfo ENOTFOUND db",
    "getaddrinfo EAI_AGAIN db",
    "socket hang up",
    "read ECONNRESET",
    "consul: No cluster leader",
    "No known Consul servers",
    (
        'rpc error: code = Unavailable desc = connection error: desc = "transport: Error '
        'while dialing"'
    ),
    "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
    "AMQPConnectionError: connection to rabbit:5672 closed unexpectedly",
    "com.rabbitmq.client.PossibleAuthenticationFailureException",
    "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN",
    (
        "org.apache.zookeeper.KeeperException$ConnectionLossException: KeeperErrorCode = "
        "ConnectionLoss"
    ),
    "Broker not available",
    "1 alive brokers is less than replication factor 3",
    (
        "elasticsearch.ConnectionError: ConnectionError(<urllib3.connection>: Failed to "
        "establish a new connection)"
    ),
    "master_not_discovered_exception",
    (
        "cluster_block_exception: index blocked by: [FORBIDDEN/12/index read-only / "
        "allow delete (api)]"
    ),
    "SequelizeConnectionError: Connection terminated unexpectedly",
    "server closed the connection unexpectedly",
    "SSL connection has been closed unexpectedly",
    "MySQL server has gone away",
    "Lost connection to MySQL server during query",
    "Access denied for user 'shop'@'10.0.0.1' (using password: YES)",
    "Login failed for user 'sa'.",
    "401 Unauthorized: token is expired",
    "token is expired by 3m2s",
    "oauth2: cannot fetch token: 503",
    "AADSTS7000222: The provided client secret keys for app are expired",
    "AccessDeniedException: User is not authorized to perform: secretsmanager:GetSecretValue",
    "NoCredentialProviders: no valid providers in chain",
    "Unable to locate credentials",
    "ThrottlingException: Rate exceeded",
    "Quota exceeded for quota metric 'Read requests'",
    "botocore.exceptions.EndpointConnectionError: Could not connect to the endpoint URL",
    "The remote server returned an error: (502) Bad Gateway",
    "HTTP Error 504: Gateway Time-out",
    "Host is down",
    "Network is unreachable",
    "Connection timed out after 10001 milliseconds",
    "timed out waiting for lock held by another process on the database",
    "migration lock is held by another process",
    "waiting for table users to be created",
    "Transport endpoint is not connected",
    "Stale file handle",
    "Input/output error",
    "Disk quota exceeded",
    (
        "RequestTimeTooSkewed: The difference between the request time and the current "
        "time is too large"
    ),
    "clock skew detected",
    "Failed to fetch remote config: 500 Internal Server Error",
    "License has expired",
    "SMTPServerDisconnected: Connection unexpectedly closed",
    "ldap: Can't contact LDAP server",
    "Ldap.TimeoutException: LDAP server unavailable",
    "Unable to acquire JDBC Connection",
    "HikariPool-1 - Connection is not available, request timed out after 30000ms",
    "hazelcast: Unable to connect to any address in the cluster",
    "nats: no servers available for connection",
    "nats: no responders available for request",
    "failed to connect to `host=db user=shop`: hostname resolving error",
    "Cassandra: NoHostAvailableException: All host(s) tried for query failed",
    "the server is currently unable to handle the request",
    'Post "https://10.96.0.1:443/api": dial tcp 10.96.0.1:443: i/o timeout',
    "leader election lost",
)
OWN = (
    "flag provided but not defined: -rate-limit",
    "NoSuchBeanDefinitionException: No qualifying bean of type 'com.shop.RateLimiter'",
    'Get "https://api/v1": tls: failed to verify certificate: x509: unknown authority',
    'Get "htps://api/v1": unsupported protocol scheme "htps"',
    "Error: node module is not available for this platform",
    "KeyError: 'unavailable'",
    "psycopg2.errors.UndefinedTable: relation orders_v2 does not exist",
    "unknown directive proxy_timout in /etc/nginx/nginx.conf:12",
    "ValueError: ledger is corrupt",
    "panic: runtime error: invalid memory address or nil pointer dereference",
    "panic: nil map",
    "SyntaxError: invalid syntax (settings.py, line 12)",
    "sh: /opt/no-such-program: not found",
    "error: unknown flag: --workers",
    "listen tcp :80: bind: address already in use",
    "KeyError: 'REGION'",
    "ModuleNotFoundError: No module named 'requests'",
    "java.lang.ClassNotFoundException: com.example.Main",
    "Error: Cannot find module '/app/server.js'",
    "yaml: line 12: mapping values are not allowed in this context",
    "invalid configuration: server.port must be between 1 and 65535",
    "unsupported format version 3",
    "schema 12 is needed",
    "Segmentation fault (core dumped)",
    "java.lang.OutOfMemoryError: Java heap space",
    "open /etc/app/config.yaml: no such file or directory",
    "AttributeError: 'NoneType' object has no attribute 'split'",
    "TypeError: connect() missing 1 required positional argument: 'timeout'",
    "assertion failed: timeout > 0",
    "RuntimeError: pool size 500 is larger than the limit",
    "error: server name is not set",
    "Undefined variable: $timeout_ms",
    'relation "orders" does not exist',
    "ParseError: unexpected token in template 'service.tmpl'",
    "fatal: bad revision of license header",
    "index out of range [5] with length 3",
    "TimeoutError is not defined",
    "ReferenceError: Unavailable is not defined",
    "NullPointerException at com.shop.ConnectionPool.<init>",
    "permission denied: /data",
    'invalid value "abc" for flag -timeout: parse error',
    "unknown option quota",
    "NameError: name 'token' is not defined",
)


SUPPORT = Path(__file__).parents[1] / "support"
"""More words of either sort are in two files there, a line each."""


def more(name: str) -> list[str]:
    return (SUPPORT / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "line",
    [*OUTSIDE, *(says.format(db="db") for says in SAYS.values()), *more("outage_lines.txt")],
)
def test_line_about_something_outside_is_not_the_releases_doing(line: str) -> None:
    last = earlier(change("image", "web:1", "web:2"))
    seen = snapshot_of(deployment(last=last))

    assert origin_of_line(seen, WEB, "main", line) == "outside"


@pytest.mark.parametrize("line", [*OWN, *more("own_error_lines.txt")])
def test_line_about_the_program_itself_is_its_own_doing(line: str) -> None:
    last = earlier(change("image", "web:1", "web:2"))
    seen = snapshot_of(deployment(last=last))

    assert origin_of_line(seen, WEB, "main", line) == "workload"


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ("shelf 7 at 10.1.9.7 has no books", "outside"),
        ("cannot use the books at tcp://hub:7171", "outside"),
        ("hub.books:7171 is not as it was", "outside"),
        ("the hub's proxy denied the books", "outside"),
        ("reader's session was dropped", "outside"),
        ("maximum depth of shelves in the server exceeded", "workload"),
        ("the server refused to start without books", "workload"),
        ("cannot use version 10.1.9.7 of the books", "workload"),
        ("cannot bind hub.books:7171", "workload"),
        ("no books at 0.0.0.0:7171", "workload"),
        ("no books in shelf.py:71", "workload"),
        ("invalid place of books: tcp://hub:7171", "workload"),
        ("books are not sorted, see https://docs.example/books", "workload"),
        ("10.1.9.7 - - GET /books not found", "workload"),
        ("wrong books from 10.1.9.7, no such row", "workload"),
    ],
)
def test_what_is_amiss_with_an_address_elsewhere_is_outside(line: str, origin: str) -> None:
    seen = snapshot_of(deployment(last=earlier(change("image", "a", "b"))))

    assert origin_of_line(seen, WEB, "main", line) == origin


@pytest.mark.parametrize(("field", "origin"), [("env COLOR", "outside"), ("image", "workload")])
def test_an_unknown_issuer_is_the_doing_of_who_changed_what_is_trusted(
    field: str, origin: str
) -> None:
    seen = snapshot_of(deployment(last=earlier(change(field, "a", "b"))))
    line = "x509: certificate signed by unknown authority"

    assert origin_of_line(seen, WEB, "main", line) == origin


@pytest.mark.parametrize("field", ["env DB_HOST", "env DATABASE_URL", "envFrom"])
def test_outage_of_what_the_release_itself_set_is_its_own_doing(field: str) -> None:
    seen = snapshot_of(deployment(last=earlier(change(field, "a", "b"))))

    assert origin_of_line(seen, WEB, "main", "connect ECONNREFUSED 10.0.0.7:5432") == "workload"


def crash(text: str) -> ClusterSnapshot:
    last = earlier(change("image", "web:1", "web:2"))
    return snapshot_of(deployment(last=last), pod(crashing(1)), log(text))


@pytest.mark.parametrize(
    "text",
    [
        "starting\nsmtplib.SMTPServerDisconnected: Connection unexpectedly closed",
        "starting\nSMTP relay: host is down\nbye",
        "connecting to kafka:9092 ...\nattempt 1 failed: EOF\nattempt 2 failed: EOF\ngiving up",
        '{"level":"info","msg":"a"}\n{"severity":"CRITICAL","message":"orders down","status":503}',
        "panicked at src/main.rs:12:10:\nIo(Os { code: 110, kind: TimedOut })\nnote: a hint",
        "org.acme.StartError: cannot start\nCaused by: java.net.ConnectException: no route to host",
    ],
)
def test_last_lines_and_causes_of_a_log_are_asked_for_something_outside_too(text: str) -> None:
    seen = crash(text)
    (found,) = detect(seen, KINDS)

    assert found.origin == "outside"
    assert rules_fix(found, seen, KINDS) is None


@pytest.mark.parametrize(
    "text",
    [
        "ValueError: ledger is corrupt",
        "WARN cache: connection refused, going on without it\nValueError: ledger is corrupt",
        "cache: host is down\na\nb\nc\nd\ne\nf\ng\ndone",
    ],
)
def test_outage_that_a_program_got_over_is_not_taken_for_the_cause(text: str) -> None:
    seen = crash(text)
    (found,) = detect(seen, KINDS)

    assert found.origin == "workload"
    assert rules_fix(found, seen, KINDS) is not None
