"""Custom resources of each preset in states that their controllers leave them in.

Each condition is one that the project's controller writes; beside it stands whether the product has
to report the object or be silent on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

Object = dict[str, Any]
OLD, NEW = 3600.0, 20.0
"""Seconds: long beyond any grace, and within each."""


class State(NamedTuple):
    """An object with its status; `told` has words of the finding, None if there must be none.

    `timeless`: nothing in it says since when, so it counts from when it was made.
    """

    raw: Object
    told: str | None = None
    timeless: bool = False


def states(preset: str, namespace: str) -> list[State]:
    """All states of the preset's kinds, in that namespace."""
    found = list(_STATES[preset]())
    for state in found:
        state.raw["metadata"]["namespace"] = namespace
    return found


def ago(seconds: float) -> str:
    """That many seconds ago, as the API writes it."""
    moment = datetime.now(UTC) - timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def condition(
    type_: str, status: str, reason: str = "", message: str = "", seconds: float = OLD, **more: Any
) -> Object:
    """One entry of `status.conditions`."""
    return {
        "type": type_,
        "status": status,
        "reason": reason or "Because",
        "message": message,
        "lastTransitionTime": ago(seconds),
        **more,
    }


def thing(
    api: str, kind: str, name: str, spec: Object, *conditions: Object, **status: Any
) -> Object:
    """An object with these conditions, and whatever else its status has."""
    held = {**({"conditions": list(conditions)} if conditions else {}), **status}
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
        "status": held,
    }


def _cert_manager() -> Iterator[State]:
    spec = {"secretName": "tls", "issuerRef": {"name": "ca"}, "dnsNames": ["a.example.com"]}

    def certificate(name: str, *conditions: Object, **status: Any) -> Object:
        return thing("cert-manager.io/v1", "Certificate", name, spec, *conditions, **status)

    issuing = condition("Issuing", "True", "DoesNotExist", "Issuing certificate", NEW)
    yield State(certificate("well", condition("Ready", "True", "Ready", "up to date")))
    yield State(
        certificate(
            "issuing", condition("Ready", "False", "DoesNotExist", "no Secret", NEW), issuing
        )
    )
    yield State(
        certificate(
            "failed",
            condition("Ready", "False", "DoesNotExist", "Secret does not exist"),
            condition("Issuing", "False", "Failed", "The certificate request has failed"),
            failedIssuanceAttempts=3,
        ),
        "The certificate request has failed",
    )
    yield State(
        certificate("slow", condition("Ready", "False", "DoesNotExist", "no Secret yet"), issuing),
        "no Secret yet",
    )
    issuer: Object = {"selfSigned": {}}
    yield State(
        thing(
            "cert-manager.io/v1",
            "Issuer",
            "broken",
            issuer,
            condition("Ready", "False", "ErrRegisterACMEAccount", "acme: account is refused"),
        ),
        "account is refused",
    )
    yield State(thing("cert-manager.io/v1", "Issuer", "well", issuer, condition("Ready", "True")))


def _external_secrets() -> Iterator[State]:
    spec = {"secretStoreRef": {"name": "vault"}, "target": {"name": "db"}, "data": []}

    def secret(name: str, *conditions: Object) -> Object:
        return thing("external-secrets.io/v1", "ExternalSecret", name, spec, *conditions)

    def store(name: str, *conditions: Object) -> Object:
        provider: Object = {"provider": {"fake": {"data": []}}}
        return thing("external-secrets.io/v1", "SecretStore", name, provider, *conditions)

    yield State(secret("well", condition("Ready", "True", "SecretSynced", "secret synced")))
    yield State(
        secret("syncing", condition("Ready", "False", "SecretSyncedError", "could not get", NEW))
    )
    yield State(
        secret("failed", condition("Ready", "False", "SecretSyncedError", "no such key db/pass")),
        "no such key",
    )
    yield State(store("well", condition("Ready", "True", "Valid", "store validated")))
    yield State(
        store("broken", condition("Ready", "False", "InvalidProviderConfig", "no route to vault")),
        "no route to vault",
    )
    push = {"secretStoreRefs": [{"name": "vault"}], "selector": {"secret": {"name": "a"}}}
    yield State(
        thing(
            "external-secrets.io/v1alpha1",
            "PushSecret",
            "failed",
            push,
            condition("Ready", "False", "Errored", "set secret failed: denied"),
        ),
        "set secret failed",
    )


def _argo_rollouts() -> Iterator[State]:
    spec: Object = {
        "selector": {"matchLabels": {"app": "a"}},
        "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": []}},
        "strategy": {"canary": {}},
    }

    def rollout(name: str, phase: str, *conditions: Object, **more: Any) -> Object:
        status = {"phase": phase, "message": more.pop("message", ""), **more}
        return thing("argoproj.io/v1alpha1", "Rollout", name, spec, *conditions, **status)

    times: Object = {"lastUpdateTime": ago(OLD)}
    young: Object = {"lastUpdateTime": ago(NEW)}
    yield State(rollout("well", "Healthy", condition("Healthy", "True", "RolloutHealthy", **times)))
    yield State(
        rollout(
            "moving",
            "Progressing",
            condition("Progressing", "True", "ReplicaSetUpdated", "", NEW, **young),
            condition("Healthy", "False", "RolloutHealthy", "", NEW, **young),
        )
    )
    yield State(
        rollout(
            "step",
            "Paused",
            condition("Paused", "True", "RolloutPaused", **times),
            condition("Healthy", "False", "RolloutHealthy", **times),
            message="CanaryPauseStep",
        )
    )
    yield State(
        rollout(
            "aborted",
            "Degraded",
            condition("Progressing", "False", "RolloutAborted", "metric success failed", **times),
            message="RolloutAborted: metric success failed",
        ),
        "metric success failed",
    )
    yield State(
        rollout(
            "invalid",
            "Degraded",
            condition("InvalidSpec", "True", "InvalidSpec", "no such Service", **times),
            message="InvalidSpec: no such Service",
        ),
        "no such Service",
    )


def _argo_cd() -> Iterator[State]:
    spec = {
        "project": "default",
        "destination": {},
        "source": {"repoURL": "https://git.example.com"},
    }

    def application(name: str, health: str, sync: str = "Synced", **status: Any) -> Object:
        held = {"status": health, "lastTransitionTime": ago(status.pop("seconds", OLD))}
        compared = {"comparedTo": {"destination": {}, "source": spec["source"]}, "status": sync}
        return thing(
            "argoproj.io/v1alpha1", "Application", name, spec, health=held, sync=compared, **status
        )

    yield State(application("well", "Healthy"))
    yield State(application("drifted", "Healthy", "OutOfSync"))
    yield State(application("moving", "Progressing", seconds=NEW))
    yield State(application("held", "Suspended"))
    yield State(application("manual", "Missing", "OutOfSync"))
    degraded = {
        "kind": "Deployment",
        "namespace": "shop",
        "name": "web",
        "health": {"status": "Degraded"},
    }
    yield State(application("degraded", "Degraded", resources=[degraded]), "Deployment shop/web")
    yield State(application("stuck", "Progressing"), "health is Progressing")
    comparison = {
        "type": "ComparisonError",
        "message": "repository not found",
        "lastTransitionTime": ago(OLD),
    }
    yield State(
        application("lost", "Healthy", "Unknown", conditions=[comparison]), "repository not found"
    )
    operation = {
        "phase": "Failed",
        "message": "one or more objects failed to apply",
        "startedAt": ago(OLD),
        "finishedAt": ago(OLD),
        "operation": {},
    }
    yield State(
        application("refused", "Healthy", "OutOfSync", operationState=operation), "failed to apply"
    )


def _flux() -> Iterator[State]:
    source = {"kind": "GitRepository", "name": "repo"}
    spec = {"interval": "5m", "prune": True, "sourceRef": source}

    def applied(name: str, *conditions: Object, **more: Any) -> Object:
        return thing(
            "kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, {**spec, **more}, *conditions
        )

    def release(name: str, *conditions: Object, **more: Any) -> Object:
        return thing("helm.toolkit.fluxcd.io/v2", "HelmRelease", name, {**more}, *conditions)

    failed = condition("Ready", "False", "BuildFailed", "kustomize build failed: no such file")
    yield State(applied("well", condition("Ready", "True", "ReconciliationSucceeded")))
    yield State(
        applied(
            "moving",
            condition("Reconciling", "True", "Progressing", "", NEW),
            condition("Ready", "Unknown", "Progressing", "", NEW),
        )
    )
    yield State(applied("held", failed, suspend=True))
    yield State(applied("failed", failed), "kustomize build failed")
    yield State(release("well", condition("Ready", "True", "UpgradeSucceeded")))
    yield State(
        release(
            "retrying",
            condition("Reconciling", "True", "ProgressingWithRetry"),
            condition("Ready", "False", "RollbackSucceeded", "rolled back"),
            condition("Released", "False", "UpgradeFailed", "upgrade failed: denied"),
        ),
        "rolled back",
    )
    yield State(
        release(
            "stalled",
            condition("Stalled", "True", "RetriesExceeded", "3 attempts failed"),
            condition("Ready", "False", "UpgradeFailed", "upgrade failed: timed out"),
        ),
        "attempts failed",
    )
    yield State(
        thing(
            "source.toolkit.fluxcd.io/v1",
            "GitRepository",
            "gone",
            {},
            condition("Ready", "False", "GitOperationFailed", "authentication required"),
        ),
        "authentication required",
    )


def _keda() -> Iterator[State]:
    spec = {"scaleTargetRef": {"name": "web"}, "triggers": [{"type": "cpu", "metadata": {}}]}

    def scaled(name: str, ready: tuple[str, str, str], *more: Object, **metadata: Any) -> Object:
        conditions = [
            {"type": "Ready", "status": ready[0], "reason": ready[1], "message": ready[2]},
            *more,
        ]
        found = thing("keda.sh/v1alpha1", "ScaledObject", name, spec, *conditions)
        found["metadata"].update(metadata)
        return found

    idle = {"type": "Active", "status": "False", "reason": "ScalerNotActive"}
    well = ("True", "ScaledObjectReady", "")
    yield State(scaled("idle", well, idle, {"type": "Fallback", "status": "False"}))
    yield State(
        scaled(
            "held",
            ("Unknown", "ScaledObjectPaused", ""),
            idle,
            {"type": "Paused", "status": "True"},
            annotations={"autoscaling.keda.sh/paused": "true"},
        )
    )
    yield State(
        scaled(
            "fallback",
            well,
            {
                "type": "Fallback",
                "status": "True",
                "reason": "FallbackExists",
                "message": "at least one trigger falls back",
            },
        ),
        "at least one trigger falls back",
        timeless=True,
    )
    yield State(
        scaled("failed", ("False", "ScaledObjectCheckFailed", "no target deployment")),
        "no target deployment",
        timeless=True,
    )


def _gateway_api() -> Iterator[State]:
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    spec = {"gatewayClassName": "c", "listeners": [listener]}

    def gateway(name: str, *conditions: Object, listeners: tuple[Object, ...] = ()) -> Object:
        held = [
            {
                "name": "http",
                "attachedRoutes": 0,
                "supportedKinds": [],
                "conditions": list(listeners),
            }
        ]
        return thing(
            "gateway.networking.k8s.io/v1", "Gateway", name, spec, *conditions, listeners=held
        )

    def route(name: str, *conditions: Object) -> Object:
        parent = {
            "parentRef": {"name": "gw"},
            "controllerName": "example.com/c",
            "conditions": list(conditions),
        }
        return thing("gateway.networking.k8s.io/v1", "HTTPRoute", name, {}, parents=[parent])

    good = condition("Accepted", "True", "Accepted"), condition("Programmed", "True", "Programmed")
    yield State(gateway("well", *good, listeners=good))
    yield State(
        gateway(
            "moving", good[0], condition("Programmed", "False", "Pending", "", NEW), listeners=good
        )
    )
    yield State(
        gateway(
            "refused",
            condition("Accepted", "False", "InvalidParameters", "no such class parameters"),
        ),
        "no such class parameters",
    )
    refs = condition("ResolvedRefs", "False", "InvalidCertificateRef", "Secret web-tls not found")
    yield State(gateway("listener", *good, listeners=(good[0], refs)), "Secret web-tls not found")
    yield State(
        gateway("conflict", *good, listeners=(condition("Conflicted", "False", "NoConflicts"),))
    )
    yield State(route("well", condition("Accepted", "True"), condition("ResolvedRefs", "True")))
    yield State(
        route(
            "broken",
            condition("Accepted", "True"),
            condition("ResolvedRefs", "False", "BackendNotFound", "service web not found"),
        ),
        "service web not found",
    )


def _knative() -> Iterator[State]:
    def service(name: str, *conditions: Object) -> Object:
        return thing("serving.knative.dev/v1", "Service", name, {"template": {}}, *conditions)

    yield State(
        service(
            "well",
            condition("Ready", "True"),
            condition("RoutesReady", "True"),
            condition("ConfigurationsReady", "True"),
        )
    )
    yield State(
        service(
            "moving",
            condition("Ready", "Unknown", "RevisionMissing", "", NEW),
            condition("RoutesReady", "Unknown", "", "", NEW),
        )
    )
    yield State(
        service(
            "failed",
            condition("Ready", "False", "RevisionFailed", "container is crashing"),
            condition("ConfigurationsReady", "False", "RevisionFailed", "container is crashing"),
        ),
        "container is crashing",
    )


def _strimzi() -> Iterator[State]:
    def of(kind: str, name: str, *conditions: Object, **metadata: Any) -> Object:
        found = thing("kafka.strimzi.io/v1beta2", kind, name, {}, *conditions)
        found["metadata"].update(metadata)
        return found

    yield State(
        of("Kafka", "well", condition("Ready", "True"), condition("Warning", "True", "Old"))
    )
    yield State(of("Kafka", "creating", condition("NotReady", "True", "Creating", "", NEW)))
    yield State(of("Kafka", "held", condition("ReconciliationPaused", "True")))
    yield State(
        of(
            "Kafka", "failed", condition("NotReady", "True", "UnforceableProblem", "broker is gone")
        ),
        "broker is gone",
    )
    yield State(
        of(
            "KafkaTopic",
            "failed",
            condition("Ready", "False", "KafkaError", "retention is no number"),
        ),
        "retention is no number",
    )


def _cloudnative_pg() -> Iterator[State]:
    def cluster(name: str, phase: str, *conditions: Object, **more: Any) -> Object:
        return thing(
            "postgresql.cnpg.io/v1",
            "Cluster",
            name,
            {"instances": 1},
            *conditions,
            phase=phase,
            **more,
        )

    ready = condition("Ready", "True", "ClusterIsReady", "Cluster is Ready")
    yield State(cluster("well", "Cluster in healthy state", ready))
    yield State(
        cluster(
            "starting",
            "Setting up primary",
            condition("Ready", "False", "ClusterIsNotReady", "", NEW),
        )
    )
    hibernated = condition(
        "cnpg.io/hibernation", "True", "Hibernated", "Cluster has been hibernated"
    )
    yield State(cluster("asleep", "Cluster in healthy state", hibernated))
    archiving = condition(
        "ContinuousArchiving", "False", "ContinuousArchivingFailing", "no such bucket"
    )
    yield State(
        cluster("no-archive", "Cluster in healthy state", ready, archiving), "no such bucket"
    )
    yield State(
        cluster(
            "broken",
            "Not enough disk space",
            condition("Ready", "False", "ClusterIsNotReady", "Cluster Is Not Ready"),
            phaseReason="one PVC is full",
        ),
        "one PVC is full",
    )
    yield State(
        thing(
            "postgresql.cnpg.io/v1",
            "Database",
            "refused",
            {},
            applied=False,
            message="role app is not there",
        ),
        "role app is not there",
        timeless=True,
    )
    yield State(thing("postgresql.cnpg.io/v1", "Database", "well", {}, applied=True))


def _tekton() -> Iterator[State]:
    def run(name: str, status: str, reason: str, message: str = "", **more: Any) -> Object:
        found = thing(
            "tekton.dev/v1",
            more.pop("kind", "PipelineRun"),
            name,
            {},
            condition("Succeeded", status, reason, message),
            startTime=ago(OLD),
        )
        found["metadata"].update(more)
        return found

    yield State(run("well-2", "True", "Succeeded"))
    yield State(run("long", "Unknown", "Running"))
    yield State(run("stopped", "False", "Cancelled", "cancelled by alice"))
    yield State(run("failed", "False", "Failed", "task build failed"), "task build failed")
    owner = {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "name": "failed",
        "uid": "1",
        "controller": True,
    }
    yield State(
        run("failed-build", "False", "Failed", "exit 1", kind="TaskRun", ownerReferences=[owner])
    )


def _crossplane() -> Iterator[State]:
    def provider(name: str, *conditions: Object) -> Object:
        return thing("pkg.crossplane.io/v1", "Provider", name, {}, *conditions)

    yield State(provider("well", condition("Installed", "True"), condition("Healthy", "True")))
    yield State(
        provider(
            "failed",
            condition("Installed", "True"),
            condition("Healthy", "False", "UnhealthyPackageRevision", "cannot pull package"),
        ),
        "cannot pull package",
    )


_STATES = {
    "argo-cd": _argo_cd,
    "argo-rollouts": _argo_rollouts,
    "cert-manager": _cert_manager,
    "cloudnative-pg": _cloudnative_pg,
    "crossplane": _crossplane,
    "external-secrets": _external_secrets,
    "flux": _flux,
    "gateway-api": _gateway_api,
    "keda": _keda,
    "knative": _knative,
    "strimzi": _strimzi,
    "tekton": _tekton,
}
