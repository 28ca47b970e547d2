"""Which Services a log line names: anyone may make one, called like any word of the line."""

from __future__ import annotations

import pytest

from watchdog.detection.log_lines import unreachable_service
from watchdog.snapshot.refs import ObjectRef

WORDS = (
    *("connect", "connection", "refused", "server", "to", "not", "tcp", "dial", "timed", "error"),
    *("level", "msg", "caller", "localhost", "orders", "ledger"),
)


def named(line: str, name: str) -> bool:
    return unreachable_service(line, ObjectRef(kind="Service", namespace="shop", name=name))


@pytest.mark.parametrize(
    "line",
    [
        "FATAL could not connect to database server: connection refused",
        "dial tcp 10.0.0.1:5432: connect: connection refused",
        "could not connect to server orders.db.example.com:5432: connection timed out",
        '{"level":"error","ts":"10:02","caller":"x","msg":"connection refused"}',
        "connect ECONNREFUSED localhost:5432, connection refused",
        "lookup ledger.prod.svc.cluster.local: no such host",
    ],
)
@pytest.mark.parametrize("name", WORDS)
def test_no_word_of_a_line_is_a_service_s_name_if_it_is_no_host_here(line: str, name: str) -> None:
    assert not named(line, name)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("cannot connect to ledger:80: connection refused", "ledger"),
        ("waiting for ledger-db", "ledger-db"),
        ("redis: connection refused.", "redis"),
        ("Is redis unreachable? Waiting for redis.", "redis"),
        ("lookup ledger.shop on 10.96.0.10:53: no such host", "ledger"),
        ("lookup ledger.shop.svc.cluster.local: no such host", "ledger"),
        ("GET http://web/orders: connection refused", "web"),
        ("cannot connect to server:8080", "server"),
        ("GET http://server/orders: connection refused", "server"),
        ("dial tcp: lookup server on 10.96.0.10:53: no such host", "server"),
        ("dial tcp: lookup server.shop.svc on 10.96.0.10:53: no such host", "server"),
    ],
)
def test_a_host_of_this_namespace_is_the_service_of_its_name(line: str, name: str) -> None:
    assert named(line, name)
