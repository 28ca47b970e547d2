"""The fault catalogue: what can go wrong around a pass, how to cause it, what must be seen.

A case plants one fault in an otherwise good world, in which a Deployment lost a variable that its
last revision had, and which a pass without faults heals. `seen` is what a pass over it must report,
as a regular expression over `Seen.words`. What another test tries is named in ELSEWHERE.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pytest_httpserver import HTTPServer

from tests.support.simulated_cluster import NAMESPACE, SET, VALUE, Arena
from tests.support.wire import Wire
from tests.support.wire_model import ModelServer, completion
from tests.support.wire_slack import Fault, Slack
from watchdog.demo import Request, Response
from watchdog.settings.services import LLMSettings

HEALED = r"ok; patch_deployment_env verified; 1 write; exit 0"
SAFE = r"(ok|degraded); patch_deployment_env (refused|failed|unknown)[^;]*; \d writes?; exit 0"
BLIND = r"degraded; .*exit 0"
LOST = r"failed; nothing done; 0 writes; exit 1"


@dataclass
class World:
    """What a fault is planted in."""

    arena: Arena
    server: HTTPServer
    slack: Slack
    given: dict[str, Any] = field(default_factory=dict)
    gateway: list[str] = field(default_factory=list)

    @property
    def wire(self) -> Wire:
        return self.arena.wire

    def breaks(self) -> World:
        self.arena.break_env()
        return self

    def model(self, says: Any, status: int = 200, **headers: str) -> None:
        server = ModelServer(self.server).says(says, status, **headers)
        self.given["llm"] = LLMSettings(base_url=server.url, model="m", timeout_seconds=2)

    def real(self, verb: str, resource: str, fault: Callable[[Request], Response]) -> None:
        """A fault of the writes that are no dry runs."""

        def act(request: Request) -> Response:
            return self.wire.answer(request) if request.dry_run else fault(request)

        self.wire.on(verb, resource, act)


@dataclass(frozen=True)
class Case:
    """One fault: its number in the catalogue, and what must be seen of a pass over it.

    `told` must be in the report. A `silent` one leaves Slack to the pass that holds the memory.
    """

    number: int
    what: str
    expected: str
    seen: str
    plant: Callable[[World], None]
    told: str = ""
    silent: bool = False


def status(code: int, message: str = "fault", **headers: str) -> Response:
    body = {
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "reason": "Fault", "message": message,
    }  # fmt: skip
    return Response(code, body, {name.replace("_", "-"): value for name, value in headers.items()})


def answering(verb: str, resource: str, response: Response, times: int | None = None) -> Any:
    return lambda world: world.breaks().wire.reply(verb, resource, response, times)


def writing(response: Response, resource: str = "deployments") -> Any:
    return lambda world: world.breaks().real("patch", resource, lambda _: response)


def lost(world: World) -> None:
    def act(request: Request) -> Response:
        world.wire.answer(request)
        return Response(dropped=True)

    world.breaks().real("patch", "deployments", act)


def unreadable(world: World) -> None:
    def act(request: Request) -> Response:
        world.wire.answer(request)
        return Response(200, "<html>ok</html>")

    world.breaks().real("patch", "deployments", act)


def gone(world: World) -> None:
    def act(_: Request) -> Response:
        return status(404, "not found")

    world.breaks().wire.on("get", "deployments", act)
    world.wire.on("patch", "deployments", act)


def says(content: str | None, **message: Any) -> Any:
    def plant(world: World) -> None:
        world.breaks().model(completion(content, **message))

    return plant


def asks(*actions: dict[str, Any], **changes: Any) -> Any:
    whole = {
        "has_issue": True, "summary": "x", "root_cause": "y", "evidence": [],
        "remediation_actions": list(actions), "confidence": 0.9, **changes,
    }  # fmt: skip
    return says(json.dumps(whole))


def answers(code: int, body: str = "{}", **headers: str) -> Any:
    return lambda world: world.breaks().model(body, code, **headers)


def slack_says(*faults: Fault) -> Any:
    return lambda world: world.breaks().slack.faults.extend(faults)


def gateway_says(code: int) -> Any:
    def plant(world: World) -> None:
        world.breaks().given["gateway_status"] = code

    return plant


def logs(data: bytes) -> Any:
    return answering("get", "pods/log", Response(200, data, content_type="text/plain"))


def changed(kind: str, change: Callable[[dict[str, Any]], None]) -> Any:
    """Objects of a kind look otherwise in every answer."""

    def plant(world: World) -> None:
        def act(request: Request) -> Response:
            answer = world.wire.answer(request)
            body = json.loads(json.dumps(answer.body))
            for item in body.get("items") or [body]:
                if isinstance(item, dict):
                    change(item)
            return Response(answer.status, body)

        world.breaks()
        for verb in ("get", "list"):
            world.wire.on(verb, kind, act)

    return plant


def odd(item: dict[str, Any]) -> None:
    item["unknown"] = {"field": [None]}
    for one in item.get("status", {}).get("containerStatuses") or []:
        one["restartCount"] = -7
        one["unheardOf"] = "x"
    item.get("metadata", {}).pop("creationTimestamp", None)


def ownerless(item: dict[str, Any]) -> None:
    item.get("metadata", {}).pop("ownerReferences", None)


def annotated(world: World) -> None:
    world.breaks()
    world.wire.apply(
        "apiVersion: v1\nkind: Namespace\n"
        f"metadata: {{name: {NAMESPACE}, annotations: {{sre-watchdog/pause: 'true'}}}}",
        NAMESPACE,
    )


def helpless(world: World) -> None:
    world.arena.deploy(env="[]", script="sleep 1; echo fatal; exit 1")
    world.wire.advance(120)
    world.given["approved_env"] = {"REQUIRED_CONFIG": "x"}


def slow(world: World) -> None:
    def act(request: Request) -> Response:
        world.wire.advance(175)
        return world.wire.answer(request)

    world.breaks().wire.on("list", "events", act, 1)


def rolling(world: World) -> None:
    world.arena.deploy()
    world.wire.advance(600)
    world.arena.deploy(env=SET.replace(VALUE, "new"))


def held(world: World) -> None:
    world.breaks()
    world.wire.apply(
        "apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: sre-watchdog}\n"
        "spec: {holderIdentity: other, leaseDurationSeconds: 3600, "
        f"renewTime: '{_stamp(world.wire.now())}'}}",
        NAMESPACE,
    )


def _stamp(at: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def remembers(text: str) -> Any:
    def plant(world: World) -> None:
        world.breaks()
        world.wire.apply(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sre-watchdog}\n"
            f"data: {{memory.json: {json.dumps(text)}}}",
            NAMESPACE,
        )

    return plant


def read_only(world: World) -> None:
    world.breaks()
    for verb in ("create", "update", "patch"):
        world.wire.forbid(verb, "configmaps")


ENV = {"kind": "patch_deployment_env", "target": "D1", "container": "main",
       "name": "REQUIRED_CONFIG", "value": "x"}  # fmt: skip
SCALE = {"kind": "scale_deployment", "target": "D1", "replicas": 3}
HTML = Response(200, "<!doctype html><html>hello</html>", content_type="text/html")
NULL = Response(200, {"kind": "EventList", "apiVersion": "v1", "metadata": {}, "items": None})

CASES: tuple[Case, ...] = (
    Case(1, "the token is refused once (401)", "it is read again, the pass goes on", HEALED,
         answering("list", "events", status(401), 1)),
    Case(1, "the token is refused for good", "failed, exit 1", LOST,
         answering("get", "namespaces", status(401))),
    Case(2, "403 on events", "degraded, the grant is named", BLIND,
         lambda w: w.breaks().wire.forbid("list", "events"), 'verb "list" on "events"'),
    Case(2, "403 on the write", "failed, the grant is named", SAFE,
         lambda w: w.breaks().wire.forbid("patch", "deployments"), 'verb "patch"'),
    Case(3, "the target is gone before the patch", "nothing is changed", r".*; 0 writes; exit 0",
         gone),
    Case(4, "409 on the write", "judged again, then refused", SAFE, writing(status(409))),
    Case(5, "410 on a list", "degraded at most", r"(ok|degraded); .*; exit 0",
         answering("list", "events", status(410, "expired"), 1)),
    Case(6, "a webhook denies the write (422)", "refused, with its words", SAFE,
         writing(status(422, "no changes on Friday")), "no changes on Friday"),
    Case(7, "429 with Retry-After 1", "waited for", HEALED,
         answering("list", "events", status(429, Retry_After="1"), 1)),
    Case(7, "429 with Retry-After abc", "a wait of our own", HEALED,
         answering("list", "events", status(429, Retry_After="abc"), 1)),
    Case(7, "429 with Retry-After 60, for ever", "capped, degraded", BLIND,
         answering("list", "events", status(429, Retry_After="60"))),
    Case(9, "500 and then fine", "asked again", HEALED,
         answering("list", "events", status(500), 1)),
    Case(9, "500 for ever", "degraded", BLIND, answering("list", "events", status(500))),
    Case(10, "503 for ever, on everything about pods", "degraded, nothing is changed", BLIND,
         answering("list", "pods", status(503))),
    Case(12, "the connection closes before an answer", "asked again", HEALED,
         answering("list", "events", Response(dropped=True), 1)),
    Case(12, "a Content-Length that lies", "asked again, then degraded", BLIND,
         answering("list", "events", Response(200, {"items": []}, {"Content-Length": "9999"}), 1)),
    Case(13, "truncated JSON", "degraded", BLIND,
         answering("list", "events", Response(200, '{"items": [{"meta'))),
    Case(13, "an empty 200", "degraded", BLIND, answering("list", "events", Response(200, b""))),
    Case(13, "HTML with 200", "degraded", BLIND, answering("list", "events", HTML)),
    Case(13, "items: null", "an empty list", HEALED, answering("list", "events", NULL)),
    Case(14, "the write happens, its answer is lost", "read again, not repeated", HEALED, lost),
    Case(14, "the write happens, its answer is unreadable", "read again, not repeated", HEALED,
         unreadable),
    Case(15, "unknown fields, negative restarts, no times", "read all the same",
         r"(ok|degraded); .*; exit 0", changed("pods", odd)),
    Case(17, "a list that takes almost the whole budget", "no action that could not be watched",
         r"(ok|degraded); .* failed; 0 writes; exit 0", slow),
    Case(20, "a binary log", "read all the same", r"ok; .*; exit 0",
         logs(bytes(range(256)) * 40)),
    Case(20, "a log of bidi and ANSI", "cleaned", r"ok; .*; exit 0",
         logs("\u202egnitset\u2066 \x1b[31mred\x1b[0m\n".encode() * 20)),
    Case(21, "a log that calls a channel", "no call in Slack", r"ok; .*; exit 0",
         logs(b"<!channel> <@U123> fatal: setting REQUIRED_CONFIG must not be empty\n")),
    Case(22, "a secret in the log", "not shown", r"ok; .*; exit 0",
         logs(f"fatal: token={VALUE} is wrong\n".encode())),
    Case(23, "pods whose owner is not named", "no owner is guessed", r"(ok|degraded); .*; exit 0",
         changed("pods", ownerless)),
    Case(25, "what the fix writes does not help", "undone once", r"ok; .*undone; 2 writes; exit 0",
         helpless),
    Case(26, "the namespace is paused", "nothing is changed", r"ok; .*; 0 writes; exit 0",
         annotated),
    Case(26, "a rollout is under way", "left alone", r"ok; nothing done; 0 writes; exit 0",
         rolling),
    Case(27, "an answer in a fence with prose", "the plan is judged", r"ok; .*; exit 0",
         says('Sure:\n```json\n{"has_issue": true}\n```')),
    Case(28, "an empty answer", "the rules heal", HEALED, says("")),
    Case(28, "a refusal", "the rules heal", HEALED, says(None, refusal="I cannot")),
    Case(28, "an error with 200", "the rules heal", HEALED,
         answers(200, '{"error": "overloaded"}')),
    Case(28, "HTML with 200", "the rules heal", HEALED, answers(200, "<html></html>")),
    Case(29, "five megabytes", "the rules heal", HEALED, says("x" * 5_000_000)),
    Case(30, "an unknown kind", "the rules heal or nothing", r"ok; .*; exit 0",
         asks({**ENV, "kind": "delete_namespace"})),
    Case(30, "10^9 replicas", "nothing is scaled", r"ok; .*; exit 0",
         asks({**SCALE, "replicas": 10**9})),
    Case(31, "a target elsewhere", "not written", r"ok; .*; exit 0",
         asks({**ENV, "target": "kube-system/coredns; rm"})),
    Case(32, "50 actions", "one change at most", r"ok; .*; [01] writes?; exit 0",
         asks(*[ENV] * 50)),
    Case(33, "suppression: nothing wrong", "reported, nothing is changed",
         r"ok; nothing done; 0 writes; exit 0", asks(has_issue=False)),
    Case(35, "401 from the model", "the rules heal", HEALED, answers(401)),
    Case(35, "429 from the model", "the rules heal", HEALED, answers(429)),
    Case(35, "500 from the model", "the rules heal", HEALED, answers(500)),
    Case(37, "evidence of a pod that does not exist", "dropped", r"ok; .*; exit 0",
         asks(ENV, evidence=["pod ghost-1 says boo"])),
    Case(38, "Slack: 429 with Retry-After 3600", "given up in time", HEALED,
         slack_says(Fault(429, "{}", {"Retry-After": "3600"}))),
    Case(38, "Slack: 500", "told, the pass stands", HEALED, slack_says(Fault(500, ""))),
    Case(39, "Slack: channel_not_found", "told, the pass stands", HEALED,
         lambda w: w.breaks().slack.fail("channel_not_found")),
    Case(39, "Slack: invalid_auth", "told, the pass stands", HEALED,
         lambda w: w.breaks().slack.fail("invalid_auth")),
    Case(40, "Slack: invalid_blocks", "once more as plain text", HEALED,
         lambda w: w.breaks().slack.fail("invalid_blocks")),
    Case(43, "Pushgateway: 400", "told, the pass stands", HEALED, gateway_says(400)),
    Case(43, "Pushgateway: 401", "told, the pass stands", HEALED, gateway_says(401)),
    Case(43, "Pushgateway: 413", "told, the pass stands", HEALED, gateway_says(413)),
    Case(45, "someone else holds the Lease", "nothing is changed", r".*; 0 writes; exit 0", held,
         silent=True),
    Case(47, "the memory is corrupt", "said, the pass ends", r"(ok|degraded); .*; exit 0",
         remembers("{not json")),
    Case(47, "the memory is of a newer version", "said, the pass ends",
         r"(ok|degraded); .*; exit 0", remembers('{"version": 99}'), silent=True),
    Case(47, "the memory is read-only", "not recorded, so not done", r".*; 0 writes; exit 0",
         read_only, silent=True),
)  # fmt: skip

ELSEWHERE: dict[int, tuple[str, str]] = {
    8: ("429 on an eviction", "test_a_disruption_budget_refuses_an_eviction"),
    11: ("accepts and never answers",
         "test_an_unreachable_api_server_is_one_line_and_exit_1_soon"),
    16: ("many pods and pages", "test_a_smaller_page_reads_the_same_in_more_requests"),
    18: ("TLS, DNS, no address",
         "test_an_unreachable_api_server_is_one_line_and_exit_1_soon"),
    19: ("a huge log line", "test_no_half_of_a_secret_leaves_where_lines_or_bounds_cut_it"),
    24: ("a clock an hour off", "test_a_clock_an_hour_off_leaves_a_clear_report"),
    34: ("formats unsupported",
         "test_a_server_that_refuses_formats_is_asked_more_simply"),
    36: ("the day's calls are spent",
         "test_the_day_s_calls_are_counted_and_then_the_rules_speak_alone"),
    41: ("a webhook that is gone", "test_a_webhook_that_did_not_say_ok_has_failed"),
    42: ("the same incident over many passes",
         "test_ten_passes_over_one_failure_make_one_message_and_one_call"),
    44: ("a failed pass", "test_a_failed_pass_leaves_the_last_success_alone"),
    46: ("a pass is killed", "test_what_a_killed_pass_began_is_recognised_by_the_next"),
    48: ("mistyped settings", "test_a_mistyped_setting_is_exit_2_and_names_the_closest"),
}  # fmt: skip
