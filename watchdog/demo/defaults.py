"""What the API server fills in when a manifest leaves it out.

Equal templates must be equal after defaulting, as rollbacks depend on it.
"""

from collections.abc import Callable
from typing import Any

from watchdog.demo.api_resources import Object

_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_SOURCES = ("configMap", "secret", "downwardAPI", "projected")


def fill_in(item: Object) -> None:
    """Add the defaults of an object's kind, in place."""
    if default := _DEFAULTS.get(item["kind"]):
        default(item)


def _set(target: Object, **values: Any) -> None:
    for key, value in values.items():
        if target.get(key) is None:
            target[key] = value


def _pod_spec(spec: Object) -> None:
    _set(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    if spec.get("serviceAccountName"):
        _set(spec, serviceAccount=spec["serviceAccountName"])
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        _container(container)
    for volume in spec.get("volumes") or []:
        if not any(key != "name" for key in volume):
            volume["emptyDir"] = {}
        for source in _SOURCES:
            if isinstance(volume.get(source), dict):
                _set(volume[source], defaultMode=420)


def _container(container: Object) -> None:
    image = str(container.get("image", ""))
    tag = image.rsplit("/", 1)[-1].partition(":")[2]
    pull = "Always" if tag in ("", "latest") and "@" not in image else "IfNotPresent"
    _set(
        container,
        imagePullPolicy=pull,
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        resources={},
    )
    for port in container.get("ports") or []:
        _set(port, protocol="TCP")
    limits = container["resources"].get("limits") or {}
    if limits:
        container["resources"]["requests"] = {
            **limits,
            **(container["resources"].get("requests") or {}),
        }
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if probe:
            _set(probe, **_PROBE)
            if "httpGet" in probe:
                _set(probe["httpGet"], path="/", scheme="HTTP")
    for entry in container.get("env") or []:
        field = (entry.get("valueFrom") or {}).get("fieldRef")
        if field:
            _set(field, apiVersion="v1")


def _template(item: Object) -> Object:
    spec: Object = item.setdefault("spec", {})
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {}).setdefault("creationTimestamp", None)
    _pod_spec(template.setdefault("spec", {}))
    return spec


def _deployment(item: Object) -> None:
    spec = _template(item)
    _set(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = spec.setdefault("strategy", {})
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(strategy, rollingUpdate={})
        _set(strategy["rollingUpdate"], maxUnavailable="25%", maxSurge="25%")


def _replica_set(item: Object) -> None:
    _set(_template(item), replicas=1)


def _stateful_set(item: Object) -> None:
    spec = _template(item)
    _set(spec, replicas=1, podManagementPolicy="OrderedReady", revisionHistoryLimit=10)
    _set(spec, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
    _set(spec["updateStrategy"], type="RollingUpdate")
    for claim in spec.get("volumeClaimTemplates") or []:
        _claim(claim)


def _daemon_set(item: Object) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
    spec = _template(item)
    _set(spec, updateStrategy=rolling, revisionHistoryLimit=10)
    _set(spec["updateStrategy"], type="RollingUpdate")


def _job(item: Object) -> None:
    spec = _template(item)
    if spec.get("completions") is None and spec.get("parallelism") is None:
        _set(spec, completions=1)
    _set(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)
    _set(spec, podReplacementPolicy="TerminatingOrFailed", manualSelector=False)


def _cron_job(item: Object) -> None:
    spec = item.setdefault("spec", {})
    _set(spec, concurrencyPolicy="Allow", suspend=False)
    _set(spec, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    _pod_spec(
        spec.setdefault("jobTemplate", {})
        .setdefault("spec", {})
        .setdefault("template", {})
        .setdefault("spec", {})
    )


def _claim(item: Object) -> None:
    _set(item.setdefault("spec", {}), storageClassName="standard", volumeMode="Filesystem")


def _service(item: Object) -> None:
    spec = item.setdefault("spec", {})
    _set(spec, type="ClusterIP", sessionAffinity="None", clusterIP="10.96.0.10")
    for port in spec.get("ports") or []:
        _set(port, protocol="TCP", targetPort=port.get("port"))


def _pod(item: Object) -> None:
    spec = item.setdefault("spec", {})
    _pod_spec(spec)
    _set(spec, serviceAccountName="default", serviceAccount="default", enableServiceLinks=True)


def _secret(item: Object) -> None:
    _set(item, type="Opaque")


_DEFAULTS: dict[str, Callable[[Object], None]] = {
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
    "PersistentVolumeClaim": _claim,
    "Service": _service,
    "Pod": _pod,
    "Secret": _secret,
}
