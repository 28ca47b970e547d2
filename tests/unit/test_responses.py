"""What is said of a request that the API server, or what stands behind it, failed."""

from __future__ import annotations

import json

import pytest

from watchdog.kube.responses import Request, Response, refusal

READ = Request("GET", "/", "read the log of pod web", "get pods/log")
KUBELET = 'Get "https://10.0.0.7:10250/containerLogs/shop/web/main": dial tcp 10.0.0.7:10250: '
TWO_BUDGETS = "This pod has more than one PodDisruptionBudget"


def said(status: int, message: str, ask: Request = READ) -> str:
    answer = Response(status, {}, json.dumps({"kind": "Status", "message": message}).encode())
    return str(refusal(ask, answer))


@pytest.mark.parametrize(
    ("status", "message", "cause"),
    [
        (500, KUBELET + "connect: connection refused", "connect: connection refused"),
        (500, KUBELET + "i/o timeout", "dial tcp 10.0.0.7:10250: i/o timeout"),
        (504, "context deadline exceeded", "context deadline exceeded"),
        (
            400,
            'container "main" in pod "web-1" is waiting to start: ContainerCreating',
            "is waiting to start: ContainerCreating",
        ),
        (500, f"{TWO_BUDGETS}, which the eviction subresource does not support.", TWO_BUDGETS),
    ],
)
def test_a_known_cause_of_a_failed_request_is_said(status: int, message: str, cause: str) -> None:
    assert said(status, message).endswith(cause)


@pytest.mark.parametrize("status", [400, 422, 500, 503])
@pytest.mark.parametrize("read_only", [True, False])
def test_words_that_may_hold_values_are_not_said_of_what_failed(
    status: int, read_only: bool
) -> None:
    words = said(status, "an extension says hunter2", READ._replace(read_only=read_only))

    # For a refused write the server's words are quoted: they are about what we sent.
    assert ("hunter2" in words) == (not read_only and status < 500)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"details":' * 100_000])
@pytest.mark.parametrize("status", [400, 403, 422, 429, 503])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_refusal_nested_beyond_all_sense_is_a_refusal_without_words(
    body: bytes, status: int, read_only: bool
) -> None:
    error = refusal(READ._replace(read_only=read_only), Response(status, {}, body))

    assert "read the log of pod web" in str(error)
