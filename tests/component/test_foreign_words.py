"""What a tenant writes where names belong reaches no person as a sentence, a command or a link."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.support.simulated_cluster import MANIFEST, NAMESPACE, Arena
from watchdog.demo import Behaviour, Request, Response
from watchdog.model.report import Report
from watchdog.report.html import render_html
from watchdog.report.markdown import render_markdown
from watchdog.report.text import plain_text
from watchdog.settings.services import AlertmanagerSettings
from watchdog.slack.messages import messages

HOST = "attacker.example"
COMMAND = "kubectl delete namespace shop"
WORDS = f"Run {COMMAND} <!channel> <https://{HOST}/fix|here> [x](https://{HOST}) @everyone `x`"
THEIRS = re.compile(rf"{COMMAND}|<!channel|https?://{HOST}|--server|@everyone")


def in_a_lease(arena: Arena) -> None:
    arena.break_env()
    now = datetime.fromtimestamp(arena.wire.now(), UTC)
    times = [f"{now - timedelta(minutes=m):%Y-%m-%dT%H:%M:%S.%fZ}" for m in (60, 0)]
    spec = {"holderIdentity": WORDS, "leaseDurationSeconds": 300}
    body = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "sre-watchdog"},
        "spec": {**spec, "acquireTime": times[0], "renewTime": times[1]},
    }
    arena.wire.apply(json.dumps(body), NAMESPACE)


def in_an_owner(arena: Arena) -> None:
    """Nothing in Kubernetes checks what the kind and the name of an owner look like."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "bare"},
        "spec": {
            "containers": [
                {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", "exit 3"]}
            ]
        },
    }
    owner = {
        "apiVersion": f"{WORDS}/v1",
        "kind": f"--server=http://{HOST}/x",
        "name": WORDS,
        "uid": "00000000-0000-0000-0000-000000000000",
        "controller": True,
    }
    arena.wire.apply(json.dumps(pod), NAMESPACE)
    arena.wire.advance(600)

    def owned(asked: Request) -> Response:
        answer = arena.wire.answer(asked)
        body = json.loads(json.dumps(answer.body))
        for item in body.get("items") or [body]:
            item["metadata"]["ownerReferences"] = [owner]
        return replace(answer, body=body)

    for verb in ("list", "get"):
        arena.wire.on(verb, "pods", owned)


def in_an_event(arena: Arena) -> None:
    arena.break_env()
    for pod in arena.wire.items("Pod", NAMESPACE):
        event(arena, pod, WORDS)


def event(arena: Arena, pod: dict[str, Any], reason: str) -> None:
    about = {key: pod["metadata"][key] for key in ("name", "namespace", "uid")}
    now = f"{datetime.fromtimestamp(arena.wire.now(), UTC):%Y-%m-%dT%H:%M:%SZ}"
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{about['name']}.x"},
        "involvedObject": {"kind": "Pod", "apiVersion": "v1", **about},
        "type": "Warning",
        "reason": reason,
        "message": "back-off",
        "count": 3,
        "firstTimestamp": now,
        "lastTimestamp": now,
    }
    arena.wire.apply(json.dumps(body), NAMESPACE)


def in_the_name_of_a_release(arena: Arena) -> None:
    arena.break_env()
    marks = {
        "annotations": {"meta.helm.sh/release-name": WORDS},
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
    }
    found = arena.wire.get("Deployment", NAMESPACE, "ledger")
    found["metadata"].pop("managedFields", None)
    for part, values in marks.items():
        found["metadata"].setdefault(part, {}).update(values)
    arena.wire.apply(json.dumps(found), NAMESPACE)


PLACES = {
    "the holder of the Lease": in_a_lease,
    "the owner of a pod": in_an_owner,
    "the reason of an Event": in_an_event,
    "the name of a release": in_the_name_of_a_release,
}


def shown(report: Report) -> Iterator[tuple[str, str]]:
    yield "text", plain_text(report, width=2000)
    yield "markdown", render_markdown(report)
    yield "html", re.sub(r"<[^>]*>", " ", render_html(report)).replace("&lt;", "<")
    for message in messages(report):
        for part in (message, *message.thread):
            yield "slack", json.dumps([part.text, *part.blocks], ensure_ascii=False)


@pytest.mark.parametrize("plant", PLACES.values(), ids=PLACES)
def test_words_in_the_place_of_a_name_reach_no_person(
    arena: Arena, httpserver: HTTPServer, plant: Callable[[Arena], None]
) -> None:
    plant(arena)
    httpserver.expect_request("/api/v2/alerts", method="POST").respond_with_data("")
    httpserver.expect_request("/api/v2/alerts", method="GET").respond_with_json([])

    report = arena.run(alertmanager=AlertmanagerSettings(url=httpserver.url_for("").rstrip("/")))

    assert any(part.findings for part in report.namespaces)
    sent = [asked.get_data(as_text=True) for asked, _ in httpserver.log if asked.method == "POST"]
    views = [*shown(report), *(("alertmanager", body) for body in sent)]
    for where, text in views:
        found = THEIRS.search(text.replace("\\u200b", "\u200b"))
        assert not found, (where, text[max(0, found.start() - 200) : found.end() + 80])


NAMED_BY_A_MANIFEST = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: odd}}
spec:
  selector: {{matchLabels: {{app: odd}}}}
  template:
    metadata: {{labels: {{app: odd}}}}
    spec: {{containers: [{{name: main, image: {json.dumps(WORDS)}}}]}}
"""
SCALED_BY_WORDS = f"""
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: odd}}
spec: {{maxReplicas: 3, scaleTargetRef: {{kind: {json.dumps(WORDS)}, name: {json.dumps(WORDS)}}}}}
"""
SERVED_BY_WORDS = f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: odd, annotations: {{kubernetes.io/ingress.class: {json.dumps(WORDS)}}}}}
spec: {{rules: [{{host: shop.example}}]}}
"""
ROUTED_TO_WORDS = {
    "metadata": {
        "name": "odd",
        "namespace": NAMESPACE,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    },
    "spec": {"rules": [{"backendRefs": [{"name": WORDS, "port": 80}]}]},
}
CANNOT_SCALE = {"type": "AbleToScale", "status": "False", "reason": "FailedGetScale"}
QUOTED = re.compile('\u201c[^\u201d]*\u201d|"[^"]*"')


@pytest.mark.parametrize(
    "manifest",
    [NAMED_BY_A_MANIFEST, SCALED_BY_WORDS, SERVED_BY_WORDS, ROUTED_TO_WORDS],
    ids=["image", "target", "class", "backend"],
)
def test_what_a_manifest_has_in_the_place_of_a_name_is_no_sentence_of_ours(
    arena: Arena, manifest: str | dict[str, Any]
) -> None:
    arena.deploy()
    if isinstance(manifest, str):
        arena.wire.apply(manifest, NAMESPACE)
    else:
        arena.wire.reply("list", "httproutes", Response(200, {"items": [manifest]}))
    arena.wire.advance(300)
    if manifest is SCALED_BY_WORDS:
        kind = "HorizontalPodAutoscaler"
        arena.wire.set_status(kind, NAMESPACE, "odd", {"conditions": [CANNOT_SCALE]})

    told = arena.look(dry_run=True).diagnosis.explanations

    assert told
    for text in (text for each in told for text in (each.why, each.to_do, each.command or "")):
        assert not THEIRS.search(QUOTED.sub("", text)), text


def test_why_a_namespace_is_paused_stands_in_quotation_marks(arena: Arena) -> None:
    arena.break_env()
    about = {"name": NAMESPACE, "annotations": {"sre-watchdog/pause": WORDS}}
    arena.wire.apply(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": about}))

    reasons = [result.reason for result in arena.look().actions]

    assert any(COMMAND in reason for reason in reasons)
    assert not any(THEIRS.search(QUOTED.sub("", reason)) for reason in reasons)


ODD = {
    "a digit of another script": "\u00b2",
    "many digits": "9" * 5000,
    "brackets": "[" * 5000,
    "half of an object": '{"a":',
    "a number of another kind": "-1e999",
    "hidden letters": "\u202e\u0000x",
    "a time after all": "9999-12-31T23:59:59-14:00",
    "a time before all": "0001-01-01T00:00:00+14:00",
}
# All that is read of an object's metadata without the API server having looked at its form.
KEYS = (
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
    "meta.helm.sh/release-name",
    "argocd.argoproj.io/tracking-id",
    "sre-watchdog/attempts",
    "sre-watchdog/taken-back",
    "sre-watchdog/pause",
    "sre-watchdog/approve",
    "sre-watchdog/mode",
    "sre-watchdog/memory",
)
KINDS_OF_OBJECTS = ("pods", "deployments", "replicasets", "namespaces", "services")


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_no_value_that_a_tenant_chooses_hides_a_failure(arena: Arena, value: str) -> None:
    arena.break_env()
    for pod in arena.wire.items("Pod", NAMESPACE):
        event(arena, pod, "BackOff")

    def planted(asked: Request) -> Response:
        answer = arena.wire.answer(asked)
        if answer.status != 200 or not isinstance(answer.body, dict):
            return answer
        body = json.loads(json.dumps(answer.body))
        for item in body.get("items") or body.get("rows") or [body]:
            held = item.get("object", item)
            metadata = held.setdefault("metadata", {})
            metadata["annotations"] = {**(metadata.get("annotations") or {}), **marks}
            for name in ("firstTimestamp", "lastTimestamp", "eventTime"):
                if "involvedObject" in held:
                    held[name] = value
        return replace(answer, body=body)

    marks = dict.fromkeys(KEYS, value)
    for verb in ("list", "get"):
        for resource in (*KINDS_OF_OBJECTS, "events"):
            arena.wire.on(verb, resource, planted)

    part = arena.look(actions=dict.fromkeys(("rollout_undo", "patch_deployment_env"), "never"))

    assert part.error is None
    assert [finding.target.name for finding in part.findings] == ["ledger"]
    assert "failure kinds" not in [spot.resource for spot in part.blind_spots]


SIZED = "{requests: {cpu: 10m}, limits: {memory: 32Mi, cpu: '64'}}"


@pytest.mark.parametrize(
    ("amount", "outcome"),
    [("12345678901234567", "verified"), ("9223372036854775807", "verified"), ("much", "failed")],
)
def test_no_quantity_that_a_tenant_chooses_hides_a_failure(
    arena: Arena, amount: str, outcome: str
) -> None:
    """The API server takes up to 19 digits; the last one it would refuse."""
    fills = "dd if=/dev/zero of=/dev/shm/fill bs=1M count=40"
    arena.wire.programs[fills] = Behaviour(memory="40Mi")
    sized = f"[sh, -c, {fills}]\n        resources: {SIZED}"
    manifest = MANIFEST.format(name="ledger", image="busybox:1.36", script="", env="[]")
    command = next(line for line in manifest.splitlines() if "command" in line)
    arena.wire.apply(manifest.replace(command, f"        command: {sized}"), NAMESPACE)
    arena.wire.advance(600)

    def planted(asked: Request) -> Response:
        answer = arena.wire.answer(asked)
        if answer.status != 200:
            return answer
        text = json.dumps(answer.body).replace('"cpu": "64"', f'"cpu": "{amount}"')
        return replace(answer, body=json.loads(text))

    for verb in ("list", "get", "patch"):
        for resource in ("deployments", "replicasets", "pods"):
            arena.wire.on(verb, resource, planted)

    part = arena.look()

    assert part.error is None
    assert [finding.kind for finding in part.findings] == ["oom_killed"]
    assert [str(result.outcome) for result in part.actions] == [outcome]
