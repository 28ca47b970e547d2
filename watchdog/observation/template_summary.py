"""Pod templates as summaries: the containers' specs, without any literal env value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from watchdog.kube.ports import Json
from watchdog.observation.kubectl_columns import is_sidecar, mapping, number, objects
from watchdog.observation.scheduling_words import affinity
from watchdog.snapshot.pod_template import (
    ContainerPort,
    ContainerSpec,
    EnvVar,
    PodTemplate,
    Probe,
    Reference,
)
from watchdog.text.redact import Redactor
from watchdog.text.regex import regex
from watchdog.text.sanitize import term

LONGEST_ARGUMENT = 400
# Fields of a pod spec that hold the name of something, and never a value.
_NAMING = ("name", "secretName", "claimName", "serviceAccountName", "key", "containerName")
# Every pod gets its account's token there; it says nothing about this workload.
_ACCOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_VARIABLE = regex(r"[A-Za-z_.-][A-Za-z0-9_.-]{0,252}")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def template(holder: Any, redactor: Redactor) -> PodTemplate:
    """Of a pod template, or of a pod: both have `metadata` and `spec`."""
    metadata, spec = mapping(mapping(holder).get("metadata")), mapping(mapping(holder).get("spec"))
    return PodTemplate(
        containers=tuple(
            container(item, redactor, init=init) for init, item in all_containers(spec)
        ),
        references=tuple(_references(spec)),
        labels=texts(metadata.get("labels")),
        service_account=str(spec.get("serviceAccountName") or "default"),
        node_selector=texts(spec.get("nodeSelector")),
        tolerations=tuple(_toleration(item) for item in objects(spec.get("tolerations"))),
        affinity=tuple(affinity(spec)),
        host_network=bool(spec.get("hostNetwork")),
        restart_policy=str(spec.get("restartPolicy") or "Always"),
        priority_class=_text(spec.get("priorityClassName")),
        resource_claims=tuple(_resource_claims(spec)),
        scheduling_group=_text(mapping(spec.get("schedulingGroup")).get("podGroupName")),
        memory_limit=texts(mapping(spec.get("resources")).get("limits")).get("memory"),
        image_volumes={
            str(volume.get("name")): redactor.redact(str(mapping(volume["image"]).get("reference")))
            for volume in objects(spec.get("volumes"))
            if mapping(volume.get("image")).get("reference")
        },
    )


def all_containers(spec: Json) -> Iterator[tuple[bool, Json]]:
    """Init containers first, each with whether it is one."""
    yield from ((True, item) for item in objects(spec.get("initContainers")))
    yield from ((False, item) for item in objects(spec.get("containers")))


def literal_env(holder: Any) -> dict[str, str]:
    """The literal env values of a template or pod, by name: what the redactor has to hide."""
    return {
        str(item.get("name")): item["value"]
        for _, one in all_containers(mapping(mapping(holder).get("spec")))
        for item in objects(one.get("env"))
        if isinstance(item.get("value"), str) and item["value"]
    }


def object_names(holder: Any) -> Iterator[str]:
    """Names that a template or pod uses of objects, containers, volumes, keys and images.

    They stand in Kubernetes' own messages, and a value of a variable that repeats one is no secret.
    """
    spec = mapping(mapping(holder).get("spec"))
    parts: list[Any] = [spec]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            found = [part.get(key) for key in _NAMING if isinstance(part.get(key), str)]
            yield from (name for name in found if name)
            parts += part.values()
    for _, one in all_containers(spec):
        repository = str(one.get("image") or "").partition("@")[0]
        yield from {repository, repository.rpartition(":")[0], *repository.split("/")} - {""}


def command_lines(holder: Any) -> Iterator[tuple[str, ...]]:
    """The command and args of each container of a template or pod, and of its exec probes."""
    for _, one in all_containers(mapping(mapping(holder).get("spec"))):
        probes = (mapping(mapping(one.get(name)).get("exec")) for name in _PROBES)
        for source in (one, *probes):
            parts = [item for key in ("command", "args") for item in source.get(key) or ()]
            yield tuple(str(item) for item in parts)


def container(raw: Json, redactor: Redactor, *, init: bool) -> ContainerSpec:
    """One container of a pod spec."""
    resources = mapping(raw.get("resources"))
    liveness, readiness, startup = (probe(raw.get(name), redactor) for name in _PROBES)
    return ContainerSpec(
        name=str(raw.get("name", "")),
        image=redactor.redact(str(raw.get("image") or "")),
        init=init,
        sidecar=init and is_sidecar(raw),
        command=words(raw.get("command"), redactor),
        args=words(raw.get("args"), redactor),
        env=tuple(env_var(item) for item in objects(raw.get("env"))),
        requests=texts(resources.get("requests")),
        limits=texts(resources.get("limits")),
        ports=tuple(
            ContainerPort(
                number=number(item.get("containerPort")),
                name=_text(item.get("name")),
                protocol=str(item.get("protocol") or "TCP"),
                host_port=number(item.get("hostPort")) or None,
            )
            for item in objects(raw.get("ports"))
        ),
        liveness=liveness,
        readiness=readiness,
        startup=startup,
        restart_policy=_text(raw.get("restartPolicy")),
        restarts_all=any(
            rule.get("action") == "RestartAllContainers"
            for rule in objects(raw.get("restartPolicyRules"))
        ),
        resize_restarts=any(
            item.get("restartPolicy") == "RestartContainer"
            for item in objects(raw.get("resizePolicy"))
        ),
        mounts=tuple(
            _mount(item)
            for item in objects(raw.get("volumeMounts"))
            if item.get("mountPath") != _ACCOUNT_PATH
        ),
    )


def _mount(raw: Json) -> str:
    """`config at /etc/app (only app.yaml, read-only)`."""
    how = [f"only {part}" for part in (raw.get("subPath") or raw.get("subPathExpr"),) if part]
    how += ["read-only"] if raw.get("readOnly") else []
    where = f"{raw.get('name')} at {raw.get('mountPath')}"
    return f"{where} ({', '.join(how)})" if how else where


def _resource_claims(spec: Json) -> Iterator[str]:
    """The claims of devices that the pod waits for."""
    for item in objects(spec.get("resourceClaims")):
        if item.get("resourceClaimName"):
            yield f"ResourceClaim {item['resourceClaimName']}"
        elif item.get("resourceClaimTemplateName"):
            yield f"a ResourceClaim from template {item['resourceClaimTemplateName']}"


def variable(name: Any) -> str:
    """The name of an env entry, to be shown and compared.

    Kubernetes takes any printable characters there: a name that has others than variables have is
    told apart from all that are usual, and reads as one word.
    """
    text = str(name or "")
    return text if _VARIABLE.fullmatch(text) else f"{term(text)} (an unusual name)"


def env_var(raw: Json) -> EnvVar:
    """One env entry, without its value."""
    name, origin = variable(raw.get("name")), mapping(raw.get("valueFrom"))
    sources: tuple[tuple[str, Literal["secret", "configmap"]], ...] = (
        ("secretKeyRef", "secret"),
        ("configMapKeyRef", "configmap"),
    )
    for key, source in sources:
        reference = mapping(origin.get(key))
        if reference:
            return EnvVar(
                name=name,
                source=source,
                object=_text(reference.get("name")),
                key=_text(reference.get("key")),
                optional=bool(reference.get("optional")),
            )
    for key in ("fieldRef", "resourceFieldRef"):
        if origin.get(key):
            field = mapping(origin[key])
            return EnvVar(
                name=name,
                source="field",
                key=_text(field.get("fieldPath") or field.get("resource")),
            )
    if origin:
        return EnvVar(name=name, source="other")
    return EnvVar(name=name, empty=not raw.get("value"))


def probe(raw: Any, redactor: Redactor) -> Probe | None:
    """A probe, in words."""
    raw = mapping(raw)
    get, tcp, grpc = (mapping(raw.get(key)) for key in ("httpGet", "tcpSocket", "grpc"))
    timing = {
        "initial_delay_seconds": number(raw.get("initialDelaySeconds")),
        "period_seconds": number(raw.get("periodSeconds"), 10),
        "timeout_seconds": number(raw.get("timeoutSeconds"), 1),
        "failure_threshold": number(raw.get("failureThreshold"), 3),
    }
    if "httpGet" in raw:
        path = redactor.redact(str(get.get("path") or "/"))
        port = _text(get.get("port"))
        scheme = "" if get.get("scheme") in {None, "HTTP"} else f" over {get['scheme']}"
        asks = f"GET {path} on port {port}{scheme}"
        return Probe(type="httpGet", asks=asks, path=path, port=port, **timing)
    if "tcpSocket" in raw:
        port = _text(tcp.get("port"))
        return Probe(type="tcpSocket", asks=f"TCP connection to port {port}", port=port, **timing)
    if "grpc" in raw:
        port = _text(grpc.get("port"))
        return Probe(type="grpc", asks=f"gRPC health on port {port}", port=port, **timing)
    if "exec" in raw:
        command = " ".join(words(mapping(raw["exec"]).get("command"), redactor))
        return Probe(type="exec", asks=f"command {command}"[:LONGEST_ARGUMENT], **timing)
    return None


def words(raw: Any, redactor: Redactor) -> tuple[str, ...]:
    """A command line, redacted and then cut."""
    parts = [str(item) for item in raw] if isinstance(raw, list) else []
    return tuple(shortened(word, LONGEST_ARGUMENT) for word in redactor.words(parts))


def shortened(text: str, longest: int) -> str:
    """The text, its end replaced by an ellipsis where it is too long."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def texts(raw: Any) -> dict[str, str]:
    """A mapping of names to texts, as labels and quantities are."""
    return {str(key): str(value) for key, value in mapping(raw).items() if value is not None}


def _text(raw: Any) -> str | None:
    return None if raw is None or raw == "" else str(raw)


def _references(spec: Json) -> Iterator[Reference]:
    for _, one in all_containers(spec):
        via = f"envFrom of container {one.get('name')}"
        for item in objects(one.get("envFrom")):
            yield from _sources(item, via, ("configMapRef", "secretRef"))
    for volume in objects(spec.get("volumes")):
        via = f"volume {volume.get('name')}"
        yield from _sources(volume, via, ("configMap", "secret"))
        for item in objects(mapping(volume.get("projected")).get("sources")):
            yield from _sources(item, via, ("configMap", "secret"))
        claim = mapping(volume.get("persistentVolumeClaim")).get("claimName")
        if claim:
            yield Reference(kind="PersistentVolumeClaim", name=str(claim), via=via)
    for item in objects(spec.get("imagePullSecrets")):
        yield Reference(
            kind="Secret", name=str(item.get("name")), via="imagePullSecrets", optional=True
        )
    if spec.get("serviceAccountName") not in {None, "", "default"}:
        yield Reference(
            kind="ServiceAccount", name=str(spec["serviceAccountName"]), via="serviceAccountName"
        )


def _sources(raw: Json, via: str, keys: tuple[str, str]) -> Iterator[Reference]:
    kinds: tuple[Literal["ConfigMap"], Literal["Secret"]] = ("ConfigMap", "Secret")
    for key, kind in zip(keys, kinds, strict=True):
        found = mapping(raw.get(key))
        name = found.get("name") or found.get("secretName")
        # Every pod gets the cluster's CA bundle; it says nothing about this workload.
        if name and name != "kube-root-ca.crt":
            yield Reference(
                kind=kind,
                name=str(name),
                via=via,
                optional=bool(found.get("optional")),
                keys=tuple(str(item.get("key")) for item in objects(found.get("items"))),
            )


def _toleration(raw: Json) -> str:
    key = raw.get("key") or "everything"
    value = f"={raw['value']}" if raw.get("value") else ""
    effect = f":{raw['effect']}" if raw.get("effect") else ""
    return f"{key}{value}{effect}"
