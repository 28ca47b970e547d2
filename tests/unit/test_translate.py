from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.builders import (
    NAMESPACE,
    container,
    deployment,
    ended,
    event,
    meta,
    owned,
    pod,
    status,
    template,
    waiting,
)
from watchdog.observation import related, translate
from watchdog.observation.template_summary import literal_env
from watchdog.observation.template_summary import template as pod_template
from watchdog.snapshot.refs import ObjectRef
from watchdog.text.redact import Redactor

WEB = ObjectRef(kind="Deployment", namespace=NAMESPACE, name="web")


def test_literal_env_values_never_enter_and_sources_do() -> None:
    env = [
        {"name": "REGION", "value": "europe-west4"},
        {"name": "EMPTY", "value": ""},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}},
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "ODD", "valueFrom": {"newKindOfRef": {}}},
    ]

    found = pod_template(template(None, container(env=env)), Redactor())

    variables = {item.name: item for item in found.containers[0].env}
    assert "europe-west4" not in found.model_dump_json()
    assert (variables["REGION"].source, variables["REGION"].empty) == ("value", False)
    assert variables["EMPTY"].empty
    assert (variables["TOKEN"].object, variables["TOKEN"].key) == ("api", "token")
    assert variables["NODE"].source == "field"
    assert variables["ODD"].source == "other"


def test_literal_env_values_are_found_for_masking() -> None:
    holder = template(None, container(env=[{"name": "REGION", "value": "europe-west4"}]))

    assert literal_env(holder) == {"REGION": "europe-west4"}


def test_native_sidecar_is_told_from_an_init_container() -> None:
    spec = {"initContainers": [container("setup"), container("proxy", restartPolicy="Always")]}

    found = pod_template({"spec": spec}, Redactor())

    assert [(item.init, item.sidecar) for item in found.containers] == [(True, False), (True, True)]


def test_command_is_redacted_before_it_is_cut() -> None:
    secret = "AKIAIOSFODNN7EXAMPLE"
    padded = "x" * 385 + " " + secret

    found = pod_template(template(None, container(command=["sh", padded])), Redactor())

    assert len(found.containers[0].command[1]) <= 400
    assert "AKIA" not in found.containers[0].command[1]


def test_everything_a_pod_needs_is_listed_with_where() -> None:
    raw = template(
        None,
        container(envFrom=[{"configMapRef": {"name": "app", "optional": True}}]),
        volumes=[
            {"name": "tls", "secret": {"secretName": "web-tls"}},
            {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
        ],
        serviceAccountName="robot",
    )

    found = [(r.kind, r.name, r.via, r.optional) for r in pod_template(raw, Redactor()).references]

    assert found == [
        ("ConfigMap", "app", "envFrom of container main", True),
        ("Secret", "web-tls", "volume tls", False),
        ("PersistentVolumeClaim", "data", "volume data", False),
        ("ServiceAccount", "robot", "serviceAccountName", False),
    ]


def test_crash_looping_container_tells_how_its_previous_run_ended() -> None:
    crashed = status(
        restarts=4,
        state=waiting("CrashLoopBackOff", "back-off 40s"),
        lastState=ended(137, "OOMKilled"),
    )

    found = translate.pod(pod(statuses=[crashed]), WEB, Redactor()).containers[0]

    assert (found.state, found.reason, found.restarts) == ("waiting", "CrashLoopBackOff", 4)
    assert (found.last_reason, found.last_exit_code) == ("OOMKilled", 137)
    assert not found.ready


def test_pod_names_its_replica_set_and_when_it_was_deleted() -> None:
    raw = pod(
        ownerReferences=owned("ReplicaSet", "web-7d9f8c6b5d"),
        deletionTimestamp="2026-03-01T10:05:00Z",
        finalizers=["example.com/hold"],
    )

    found = translate.pod(raw, WEB, Redactor(), alike=3)

    assert (found.replica_set, found.alike, found.status) == ("web-7d9f8c6b5d", 3, "Terminating")
    assert found.deleted_at == datetime(2026, 3, 1, 10, 5, tzinfo=UTC)
    assert found.finalizers == ("example.com/hold",)


def test_only_our_annotations_are_kept_and_approved_values_are_not() -> None:
    given = {
        "sre-watchdog/ignore": "true",
        "sre-watchdog/approved-env.REGION": "europe-west4",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }

    found = translate.deployment(deployment(metadata={"annotations": given}), Redactor())

    assert found.annotations == {
        "sre-watchdog/ignore": "true",
        "sre-watchdog/approved-env.REGION": "(set)",
    }


def test_event_of_either_api_gives_the_same() -> None:
    old = event("web-1", "BackOff", "again", count=7, lastTimestamp="2026-03-01T10:09:00Z")
    new = {
        "metadata": old["metadata"],
        "regarding": {"kind": "Pod", "namespace": NAMESPACE, "name": "web-1"},
        "type": "Warning",
        "reason": "BackOff",
        "note": "again",
        "eventTime": "2026-03-01T10:00:00.000000Z",
        "series": {"count": 7, "lastObservedTime": "2026-03-01T10:09:00.000000Z"},
    }

    assert translate.event(old, Redactor()) == translate.event(new, Redactor())


def test_service_counts_addresses_once_and_knows_its_ports() -> None:
    raw = {
        "metadata": meta("web"),
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]},
    }
    slices: list[dict[str, Any]] = [
        {
            "metadata": meta("web-1", labels={"kubernetes.io/service-name": "web"}),
            "ports": [{"port": 8080}],
            "endpoints": [
                {"addresses": ["10.0.0.1"], "conditions": {"ready": True}},
                {"addresses": ["10.0.0.2"], "conditions": {"ready": False}},
                {"addresses": ["10.0.0.3"]},
            ],
        },
        {"metadata": meta("other-1", labels={"kubernetes.io/service-name": "other"})},
    ]

    found = related.service(raw, slices)

    assert (found.ready_endpoints, found.unready_endpoints) == (2, 1)
    assert (found.ports[0].target, found.endpoint_ports) == ("http", (8080,))


NONSENSE: list[Any] = [
    {},
    {"metadata": None, "spec": None, "status": None},
    {"metadata": {"name": 3}, "spec": {"containers": None, "template": []}, "status": "x"},
    {"spec": {"template": {"spec": {"containers": [None, {"env": None, "ports": "x"}]}}}},
    {"status": {"conditions": None, "containerStatuses": [None, {"restartCount": -4}]}},
    {"status": {"conditions": [{"lastTransitionTime": "yesterday"}], "newField": {"a": 1}}},
]


@pytest.mark.parametrize("raw", NONSENSE)
def test_nothing_that_an_api_server_may_answer_breaks_translation(raw: Any) -> None:
    redactor = Redactor()

    translate.pod(raw, WEB, redactor)
    translate.deployment(raw, redactor)
    translate.stateful_set(raw, redactor)
    translate.daemon_set(raw, redactor)
    translate.job(raw, redactor)
    translate.cron_job(raw, redactor)
    translate.event(raw, redactor)
    related.claim(raw, redactor)
    related.quota(raw)
    related.limit_range(raw)
    related.service(raw, [raw])
    related.autoscaler(raw, redactor)
    related.disruption_budget(raw, redactor)


def test_mounts_are_named_with_path_part_and_whether_they_are_read_only() -> None:
    account = "/var/run/secrets/kubernetes.io/serviceaccount"
    mounts = [
        {"name": "data", "mountPath": "/data"},
        {"name": "config", "mountPath": "/etc/a.yaml", "subPath": "a.yaml", "readOnly": True},
        {"name": "kube-api-access-x2k4p", "mountPath": account, "readOnly": True},
    ]

    found = pod_template(template(None, container(volumeMounts=mounts)), Redactor())

    assert found.containers[0].mounts == (
        "data at /data",
        "config at /etc/a.yaml (only a.yaml, read-only)",
    )
