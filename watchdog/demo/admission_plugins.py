"""What the API server checks before it stores: validation, service accounts, quotas, limit ranges.

Messages are the real server's, for they end up in events and conditions.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from watchdog.demo import status_errors
from watchdog.demo.api_resources import ApiResource, Object, named
from watchdog.demo.object_store import CONTROLLER_STATUS, Store
from watchdog.demo.quantities import amount, asked, shown
from watchdog.demo.selectors import labels_match
from watchdog.text.regex import regex

Cause = tuple[str, str]

_NAME = regex(r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")
_BAD_NAME = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character"
)
_TEMPLATED = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"})


def check_types(item: Object) -> None:
    """Refuse what the server could not decode; raises ApiFailure 400."""
    for _, container in _containers(item):
        for entry in container.get("env") or []:
            if not isinstance(entry.get("value", ""), str | None):
                kind = "bool" if isinstance(entry["value"], bool) else "number"
                raise status_errors.bad_request(
                    f'{item["kind"]} in version "v1" cannot be handled as a {item["kind"]}: json: '
                    f"cannot unmarshal {kind} into Go struct field EnvVar.value of type string"
                )


def validate(resource: ApiResource, item: Object, old: Object | None = None) -> None:
    """Refuse what is well-formed but wrong; raises ApiFailure 422 naming every fault."""
    causes: list[Cause] = []
    meta = item["metadata"]
    name = meta.get("name") or meta.get("generateName", "")
    if not _NAME.match(name.rstrip("-") if meta.get("generateName") else name):
        causes.append(("metadata.name", f'Invalid value: "{name}": {_BAD_NAME}'))
    spec = item.get("spec") or {}
    replicas = spec.get("replicas", 0)
    if isinstance(replicas, int) and replicas < 0:
        words = f"Invalid value: {replicas}: must be greater than or equal to 0"
        causes.append(("spec.replicas", words))
    if item["kind"] in _TEMPLATED or item["kind"] == "Pod":
        causes += _pod_causes(item)
    if item["kind"] in _TEMPLATED - {"Job"}:
        causes += _selector_causes(spec, old)
    if item["kind"] == "Pod" and old is not None and _frozen(spec) != _frozen(old["spec"]):
        words = "Forbidden: pod updates may not change fields other than "
        causes.append(("spec", words + "`spec.containers[*].image`"))
    if causes:
        raise status_errors.invalid(resource, name, causes)


def _frozen(spec: Object) -> Object:
    containers = [{**c, "image": ""} for c in spec.get("containers") or []]
    return {**spec, "containers": containers, "activeDeadlineSeconds": 0, "tolerations": []}


def _selector_causes(spec: Object, old: Object | None) -> Iterator[Cause]:
    labels = (spec.get("template", {}).get("metadata") or {}).get("labels") or {}
    if not spec.get("selector"):
        yield "spec.selector", "Required value"
    elif not labels_match(spec["selector"], labels):
        yield (
            "spec.template.metadata.labels",
            f"Invalid value: {labels}: `selector` does not match template `labels`",
        )
    if old is not None and spec.get("selector") != old["spec"].get("selector"):
        yield "spec.selector", f"Invalid value: {spec.get('selector')}: field is immutable"


def _pod_spec(item: Object) -> tuple[str, Object]:
    if item["kind"] == "Pod":
        return "spec", item.get("spec") or {}
    spec = item.get("spec") or {}
    return "spec.template.spec", (spec.get("template") or {}).get("spec") or {}


def _containers(item: Object) -> Iterator[tuple[str, Object]]:
    path, spec = _pod_spec(item)
    for group in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(group) or []):
            yield f"{path}.{group}[{index}]", container


def _pod_causes(item: Object) -> Iterator[Cause]:
    path, spec = _pod_spec(item)
    if not spec.get("containers"):
        yield f"{path}.containers", "Required value"
    volumes = {volume.get("name") for volume in spec.get("volumes") or []}
    names: set[str] = set()
    for where, container in _containers(item):
        name = container.get("name")
        if not name:
            yield f"{where}.name", "Required value"
        elif name in names:
            yield f"{where}.name", f'Duplicate value: "{name}"'
        names.add(str(name))
        if not container.get("image"):
            yield f"{where}.image", "Required value"
        for index, entry in enumerate(container.get("env") or []):
            if not entry.get("name"):
                yield f"{where}.env[{index}].name", "Required value"
        for index, mount in enumerate(container.get("volumeMounts") or []):
            if mount.get("name") not in volumes:
                field = f"{where}.volumeMounts[{index}].name"
                yield field, f'Not found: "{mount.get("name")}"'
        yield from _resource_causes(where, container.get("resources") or {})


def _resource_causes(where: str, resources: Object) -> Iterator[Cause]:
    limits = resources.get("limits") or {}
    for what in ("limits", "requests"):
        for resource, text in (resources.get(what) or {}).items():
            field = f"{where}.resources.{what}[{resource}]"
            try:
                value = amount(text)
            except ValueError as error:
                yield field, f'Invalid value: "{text}": {error}'
                return
            if value < 0:
                yield field, f'Invalid value: "{text}": must be greater than or equal to 0'
            if what == "requests" and resource in limits and value > amount(limits[resource]):
                yield (
                    f"{where}.resources.requests",
                    (
                        f'Invalid value: "{text}": must be less than or equal to {resource} limit '
                        f"of {limits[resource]}"
                    ),
                )


def admit_pod(store: Store, pod: Object) -> None:
    """Do what admission does to a new pod: account, limit ranges, quotas; raises ApiFailure 403."""
    namespace = pod["metadata"]["namespace"]
    name = pod["metadata"].get("name") or pod["metadata"].get("generateName", "")
    account = pod["spec"].get("serviceAccountName", "default")
    if store.find("ServiceAccount", namespace, account) is None:
        why = (
            f"error looking up service account {namespace}/{account}: "
            f'serviceaccount "{account}" not found'
        )
        raise status_errors.forbidden(named("Pod"), name, why)
    for limits in store.all("LimitRange", namespace):
        _apply_limit_range(limits, pod, name)
    for quota in store.all("ResourceQuota", namespace):
        _check_quota(store, quota, pod, name)


def _apply_limit_range(limits: Object, pod: Object, name: str) -> None:
    faults: list[str] = []
    ranges = [r for r in limits["spec"].get("limits") or [] if r.get("type") == "Container"]
    for entry in ranges:
        for container in pod["spec"]["containers"]:
            held = container.setdefault("resources", {})
            defaults = entry.get("default") or {}
            requests = {**defaults, **(entry.get("defaultRequest") or {})}
            held["limits"] = {**defaults, **(held.get("limits") or {})}
            held["requests"] = {**requests, **(held.get("requests") or {})}
            for resource, most in (entry.get("max") or {}).items():
                limit = held["limits"].get(resource)
                if limit is None:
                    faults.append(
                        f"maximum {resource} usage per Container is {most}.  No limit is specified"
                    )
                elif amount(limit) > amount(most):
                    faults.append(
                        f"maximum {resource} usage per Container is {most}, but limit is {limit}"
                    )
    if faults:
        why = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
        raise status_errors.forbidden(named("Pod"), name, why)


def _usage(pod: Object, resource: str) -> Decimal:
    if resource in ("pods", "count/pods"):
        return Decimal(1)
    what, _, kind = resource.rpartition(".")
    return asked(pod["spec"], what or "requests", kind)


def _used(store: Store, namespace: str, resource: str) -> Decimal:
    pods = store.all("Pod", namespace)
    living = [p for p in pods if p.get("status", {}).get("phase") not in ("Succeeded", "Failed")]
    return sum((_usage(p, resource) for p in living), Decimal(0))


def _counts(resource: str) -> bool:
    kinds = ("cpu", "memory", "ephemeral-storage")
    return resource in ("pods", "count/pods") or resource.rpartition(".")[2] in kinds


def _check_quota(store: Store, quota: Object, pod: Object, name: str) -> None:
    quota_name = quota["metadata"]["name"]
    hard = {r: v for r, v in (quota["spec"].get("hard") or {}).items() if _counts(r)}
    missing: dict[str, list[str]] = {}
    for resource in hard:
        what, _, kind = resource.rpartition(".")
        if resource in ("pods", "count/pods"):
            continue
        for container in pod["spec"]["containers"]:
            if kind not in (container.get("resources", {}).get(what or "requests") or {}):
                missing.setdefault(resource, []).append(container["name"])
    if missing:
        said = "; ".join(f"{r} for: {','.join(names)}" for r, names in sorted(missing.items()))
        raise status_errors.forbidden(
            named("Pod"), name, f"failed quota: {quota_name}: must specify {said}"
        )
    over = []
    for resource, most in sorted(hard.items()):
        wanted = _usage(pod, resource)
        used = _used(store, pod["metadata"]["namespace"], resource)
        if wanted and used + wanted > amount(most):
            over.append((resource, wanted, used, amount(most)))
    if over:
        columns = [",".join(f"{row[0]}={shown(row[i], row[0])}" for row in over) for i in (1, 2, 3)]
        why = f"exceeded quota: {quota_name}, requested: {columns[0]}, used: {columns[1]}, "
        raise status_errors.forbidden(named("Pod"), name, f"{why}limited: {columns[2]}")


def refresh_quotas(store: Store) -> None:
    """Bring the status of every ResourceQuota up to date."""
    for quota in store.all("ResourceQuota"):
        namespace = quota["metadata"]["namespace"]
        hard = quota["spec"].get("hard") or {}
        used: dict[str, Any] = {
            r: shown(_used(store, namespace, r), r) if _counts(r) else "0" for r in hard
        }

        def report(item: Object, hard: Object = hard, used: Object = used) -> None:
            item["status"] = {"hard": hard, "used": used}

        store.change(named("ResourceQuota"), quota, report, CONTROLLER_STATUS)
