"""The API server of the component tests: the embedded cluster, with faults by script.

`wire.forbid("list", "events")`, `wire.fail("patch", "deployments", 500)`, `wire.lose("patch",
"deployments")` (it happens, and no answer comes), `wire.hang("list", "pods")`. The model is
tests/support/wire_model.py, Slack tests/support/wire_slack.py.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from tests.support.programs import PROGRAMS
from watchdog.demo import Request, Response, Sandbox

Fault = Callable[[Request], Response | None]
_PATH = re.compile(
    r"^/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[^/]+))?$"
)
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def hands_back(request: Request) -> bool:
    """Whether it is a patch that only changes who manages the fields of an object."""
    operations = request.body if isinstance(request.body, list) else []
    changed = [each["path"] for each in operations if each["op"] != "test"]
    return bool(changed) and all(p.startswith("/metadata/managedFields/") for p in changed)


def verb_and_resource(request: Request) -> tuple[str, str]:
    """What RBAC would call it: `("list", "pods")`, `("get", "pods/log")`."""
    found = _PATH.match(request.path)
    if found is None:
        return request.method.lower(), request.path
    resource = "/".join(part for part in (found["plural"], found["sub"]) if part)
    read = "get" if found["name"] else "list"
    return _VERBS.get(request.method, read), resource


class Wire(Sandbox):
    """An embedded cluster that misbehaves on request."""

    def __init__(self, **options: Any) -> None:
        super().__init__(programs=PROGRAMS, **options)
        self._faults: list[tuple[str, str, Fault, list[int]]] = []
        self._released = threading.Event()

    def forbid(self, verb: str, resource: str) -> None:
        """Take one right away, as RBAC would."""

        def refuse(request: Request) -> Response:
            group = request.path.split("/")[2] if request.path.startswith("/apis") else ""
            message = (
                f'{resource} is forbidden: User "system:serviceaccount:ops:watchdog" cannot '
                f'{verb} resource "{resource}" in API group "{group}" in the namespace "shop"'
            )
            return _status(403, "Forbidden", message)

        self.on(verb, resource, refuse)

    def fail(self, verb: str, resource: str, code: int, times: int | None = None) -> None:
        """Answer with that status, for ever or so many times."""
        self.on(verb, resource, lambda _: _status(code, "InternalError", "fault"), times)

    def reply(self, verb: str, resource: str, response: Response, times: int | None = None) -> None:
        """Answer with exactly this."""
        self.on(verb, resource, lambda _: response, times)

    def lose(self, verb: str, resource: str, times: int | None = None) -> None:
        """Do what is asked, and close the connection instead of answering."""

        def act_and_drop(request: Request) -> Response:
            self.answer(request)
            return Response(dropped=True)

        self.on(verb, resource, act_and_drop, times)

    def hang(self, verb: str, resource: str) -> None:
        """Accept the request and answer only when the test is over."""

        def wait(_: Request) -> Response:
            self._released.wait(60)
            return Response(dropped=True)

        self.on(verb, resource, wait)

    def intercept(self, request: Request) -> Response | None:
        """Let the first fault that fits answer; writes that are dry runs count as themselves."""
        asked = verb_and_resource(request)
        for verb, resource, fault, left in self._faults:
            if (verb, resource) == asked and left[0] != 0:
                left[0] -= 1
                return fault(request)
        return None

    def hang_up(self) -> None:
        """Let hanging requests go, then stop listening."""
        self._released.set()
        super().hang_up()

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Verb and resource of every request so far."""
        return [verb_and_resource(request) for request in self.requests]

    @property
    def real_writes(self) -> list[tuple[str, str]]:
        """Verb and resource of the writes on workloads and pods that were not dry runs.

        Handing an object back is none: it changes who manages its fields, and nothing else.
        """
        return [
            asked
            for request in self.writes
            if not request.dry_run
            and not hands_back(request)
            and (asked := verb_and_resource(request))[1].split("/")[0] not in {"events", "leases"}
            and not request.path.endswith(("/configmaps", "/configmaps/sre-watchdog"))
        ]

    def on(self, verb: str, resource: str, fault: Fault, times: int | None = None) -> None:
        """Let `fault` answer such requests, for ever or so many times."""
        self._faults.append((verb, resource, fault, [-1 if times is None else times]))


def _status(code: int, reason: str, message: str) -> Response:
    body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason}
    return Response(code, {**body, "apiVersion": "v1", "message": message})
