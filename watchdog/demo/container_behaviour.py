"""Whether and how a container starts, worked out from its pod's spec by a small set of rules.

In this order, the first that applies:

1. image: tags or repositories that match `MISSING_IMAGES` (or busybox tags that do not exist)
   cannot be pulled; names with capitals are invalid;
2. references: a ConfigMap, Secret or key that is not there stops the container from being created;
3. program: what the busybox image does not have fails to start (images other than busybox are taken
   to hold any program under an absolute path, and any name but those of interpreters);
4. behaviour: what is declared for the command (`behaviour`); an image other than busybox without a
   command, or with one of its own programs, runs for ever and answers every probe;
5. memory: what the behaviour takes, against limits.memory.
"""

import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch

from watchdog.demo.api_resources import Object
from watchdog.demo.behaviour import Behaviour, Programs, declared
from watchdog.demo.object_store import Store
from watchdog.demo.quantities import amount
from watchdog.text.regex import regex

MISSING_IMAGES = ("*missing*", "*does-not-exist*", "*invalid*", "*nope*", "*nonexistent*")

_BUSYBOX = regex(r"^(docker\.io/)?(library/)?busybox$")
_BUSYBOX_TAG = regex(r"^(latest|stable|(1\.\d{2}(\.\d)?)?(-?(musl|glibc|uclibc))?)$")
_BUSYBOX_PROGRAMS = frozenset(["sh", "sleep", "httpd", "nc", "cat", "test", "true", "false"])
_UNKNOWN_PROGRAMS = frozenset(
    ["python", "python3", "node", "java", "ruby", "go", "bash", "curl", "npm", "gunicorn"]
)
_OOM_EXIT_CODE = 137
_TASK_FAILED = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: error during container init: "
)


class StartTrouble(Exception):  # noqa: N818  an outcome of the rules, not an error
    """Why a container cannot start: the waiting reason and the kubelet's message."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True)
class Start:
    """A container that starts: what it does, and why it is killed or does not even begin."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    reason: str = ""
    start_error: str = ""


def image_trouble(image: str, missing: tuple[str, ...]) -> StartTrouble | None:
    """Say why an image cannot be pulled, as the kubelet words it; None when it can."""
    repository, tag = image, "latest"
    if ":" in image.rsplit("/", 1)[-1]:
        repository, _, tag = image.rpartition(":")
    if re.search(r"[A-Z]", repository) or not tag:
        return StartTrouble(
            "InvalidImageName",
            f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": '
            "invalid reference format: repository name must be lowercase",
        )
    absent = any(fnmatch(tag, p) or fnmatch(repository, p) for p in missing)
    absent = absent or bool(_BUSYBOX.match(repository) and not _BUSYBOX_TAG.match(tag))
    if not absent and repository not in ("busyboxx", "bussybox", "busybx"):
        return None
    full = f"{repository}:{tag}"
    if "." not in full.split("/", 1)[0] or "/" not in full:
        full = f"docker.io/{full}" if "/" in full else f"docker.io/library/{full}"
    return StartTrouble(
        "ErrImagePull",
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{full}": failed to '
        f'resolve reference "{full}": {full}: not found',
    )


def unreachable(image: str) -> StartTrouble:
    """What the kubelet says while the registry of the image cannot be reached."""
    registry = "https://registry-1.docker.io/v2/"
    return StartTrouble(
        "ErrImagePull",
        f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": failed '
        f'to do request: Head "{registry}": dial tcp 10.0.0.9:443: connect: connection refused',
    )


def environment(store: Store, pod: Object, container: Object) -> dict[str, str]:
    """Resolve a container's environment; raises Trouble CreateContainerConfigError."""
    namespace = pod["metadata"]["namespace"]
    values = {"HOSTNAME": pod["metadata"]["name"], "HOME": "/root", "PATH": "/usr/bin:/bin"}
    values["KUBERNETES_SERVICE_HOST"] = "10.96.0.1"
    for source in container.get("envFrom") or []:
        for kind, reference in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            if wanted := source.get(reference):
                data = _data(store, kind, namespace, wanted)
                values |= {source.get("prefix", "") + name: text for name, text in data.items()}
    for entry in container.get("env") or []:
        text = _value(store, pod, entry, values)
        if text is not None:
            values[entry["name"]] = text
    return values


def _value(store: Store, pod: Object, entry: Object, values: dict[str, str]) -> str | None:
    source = entry.get("valueFrom") or {}
    for kind, reference in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
        wanted = source.get(reference)
        if wanted:
            namespace = pod["metadata"]["namespace"]
            data = _data(store, kind, namespace, wanted)
            if wanted["key"] in data:
                return data[wanted["key"]]
            if wanted.get("optional"):
                return None
            key, name = wanted["key"], wanted["name"]
            words = f"couldn't find key {key} in {kind} {namespace}/{name}"
            raise StartTrouble("CreateContainerConfigError", words)
    if "fieldRef" in source:
        path = source["fieldRef"]["fieldPath"]
        names = {"metadata.name": "name", "metadata.namespace": "namespace", "metadata.uid": "uid"}
        return str(pod["metadata"].get(names.get(path, ""), "10.244.0.5"))
    if source:
        return "1"
    return re.sub(r"\$\((\w+)\)", lambda m: values.get(m[1], m[0]), entry.get("value") or "")


def _data(store: Store, kind: str, namespace: str, wanted: Object) -> dict[str, str]:
    held = store.find(kind, namespace, wanted["name"])
    if held is not None:
        return {**(held.get("stringData") or {}), **(held.get("data") or {})}
    if wanted.get("optional"):
        return {}
    message = f'{kind.lower()} "{wanted["name"]}" not found'
    raise StartTrouble("CreateContainerConfigError", message)


def mount_trouble(store: Store, pod: Object) -> str:
    """Say which volume cannot be mounted, as FailedMount events do; empty when all can."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or []:
        for kind, field_name, name_field in (
            ("ConfigMap", "configMap", "name"),
            ("Secret", "secret", "secretName"),
        ):
            source = volume.get(field_name)
            if not source or source.get("optional"):
                continue
            name = source[name_field]
            if store.find(kind, namespace, name) is None:
                return (
                    f'MountVolume.SetUp failed for volume "{volume["name"]}" : '
                    f'{kind.lower()} "{name}" not found'
                )
    return ""


def hosts(store: Store, namespace: str) -> frozenset[str]:
    """Name the services that a pod of this namespace can find."""
    found: set[str] = set()
    for service in store.all("Service"):
        name, where = service["metadata"]["name"], service["metadata"]["namespace"]
        found |= {f"{name}.{where}{end}" for end in ("", ".svc", ".svc.cluster.local")}
        if where == namespace:
            found.add(name)
    return frozenset(found)


def start(store: Store, pod: Object, container: Object, programs: Programs) -> Start:
    """Work out what a container does once its image is there.

    Raises StartTrouble, and UndeclaredError if nothing says what its command does.
    """
    variables = environment(store, pod, container)
    words = [*(container.get("command") or []), *(container.get("args") or [])]
    words = [re.sub(r"\$\((\w+)\)", lambda m: variables.get(m[1], m[0]), w) for w in words]
    image = container["image"]
    is_busybox = "busybox" in image
    if container.get("command") and (error := _start_error(words[0], is_busybox=is_busybox)):
        return Start(start_error=error)
    if not words and _BUSYBOX.match(image.rpartition(":")[0] or image):
        return Start(Behaviour(exits=0))
    if not words or not (is_busybox or words[0] == "sh"):
        return Start(Behaviour(answers_all=True))
    does = declared(words, programs).found_in(variables, hosts(store, pod["metadata"]["namespace"]))
    return _limited(container, does)


def _start_error(program: str, *, is_busybox: bool) -> str:
    if program.startswith(("/", "./")):
        name = program.rpartition("/")[2]
        there = name in _BUSYBOX_PROGRAMS and program.startswith(("/bin/", "/usr/bin/"))
        if there or (not is_busybox and program.startswith("/")):
            return ""
        return (
            f'{_TASK_FAILED}exec: "{program}": stat {program}: no such file or directory: unknown'
        )
    if program in _BUSYBOX_PROGRAMS or (not is_busybox and program not in _UNKNOWN_PROGRAMS):
        return ""
    return f'{_TASK_FAILED}exec: "{program}": executable file not found in $PATH: unknown'


def _limited(container: Object, does: Behaviour) -> Start:
    limit = (container.get("resources", {}).get("limits") or {}).get("memory")
    if limit is None or amount(does.memory) <= amount(limit):
        return Start(does)
    lines = tuple(line for line in does.log if line[0] <= 1)
    killed = replace(does, log=lines, exits=_OOM_EXIT_CODE, after=0.5)
    return Start(killed, reason="OOMKilled")
