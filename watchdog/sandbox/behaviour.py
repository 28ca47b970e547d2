"""What a container does, worked out from its pod's spec by a small set of rules.

In this order, the first that applies:

1. image: tags or repositories that match `MISSING_IMAGES` (or busybox tags that do not exist)
   cannot be pulled; names with capitals are invalid;
2. references: a ConfigMap, Secret or key that is not there stops the container from being created;
3. program: what the busybox image could not execute fails to start (images other than busybox are
   taken to hold any program under an absolute path outside of its folders named in the command);
4. script: `sh -c` scripts are played by `shell`; a program alone is played as a script of one line;
   an image without a command runs for ever;
5. memory: what the script takes, or the annotation `sandbox/needs-memory`, against limits.memory.

Annotations of the pod: `sandbox/needs-memory: 200Mi`, `sandbox/serves: /,/healthz` (the paths that
answer 200 on every port).
"""

import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch

from watchdog.regex import regex
from watchdog.sandbox.quantities import amount
from watchdog.sandbox.resources import Object
from watchdog.sandbox.shell import Shell
from watchdog.sandbox.shell_commands import known
from watchdog.sandbox.shell_outcome import Run, World
from watchdog.sandbox.store import Store

MISSING_IMAGES = ("*missing*", "*does-not-exist*", "*invalid*", "*nope*", "*nonexistent*")
NEEDS_MEMORY = "sandbox/needs-memory"
SERVES = "sandbox/serves"

_BUSYBOX = regex(r"^(docker\.io/)?(library/)?busybox$")
_BUSYBOX_TAG = regex(r"^(latest|stable|(1\.\d{2}(\.\d)?)?(-?(musl|glibc|uclibc))?)$")
_UNKNOWN_PROGRAMS = frozenset(
    ["python", "python3", "node", "java", "ruby", "go", "bash", "curl", "npm", "gunicorn"]
)
_OOM_EXIT_CODE = 137
_TASK_FAILED = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: error during container init: "
)


class Trouble(Exception):  # noqa: N818  an outcome of the rules, not an error
    """Why a container cannot start: the waiting reason and the kubelet's message."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True)
class Start:
    """A container that starts: what came of its script and why it may be killed."""

    run: Run = field(default_factory=Run)
    reason: str = ""
    serves_paths: frozenset[str] | None = None
    start_error: str = ""
    around: World = field(default_factory=World)

    @property
    def settled_after(self) -> float:
        """Seconds after the start when nothing changes any more on its own."""
        moments = [moment for moment, _, _ in self.run.files]
        return max([0.0, *moments, *(opened for opened, _ in self.run.ports.values())])

    def files_at(self, seconds: float) -> dict[str, str]:
        """The files of the container so long after its start."""
        files = dict(self.around.files)
        for moment, path, there in self.run.files:
            if moment <= seconds and there:
                files[path] = "..."
            elif moment <= seconds:
                files.pop(path, None)
        return files


def image_trouble(image: str, missing: tuple[str, ...]) -> Trouble | None:
    """Say why an image cannot be pulled, as the kubelet words it; None when it can."""
    repository, tag = image, "latest"
    if ":" in image.rsplit("/", 1)[-1]:
        repository, _, tag = image.rpartition(":")
    if re.search(r"[A-Z]", repository) or not tag:
        return Trouble(
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
    return Trouble(
        "ErrImagePull",
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{full}": failed to '
        f'resolve reference "{full}": {full}: not found',
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
            raise Trouble("CreateContainerConfigError", words)
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
    raise Trouble("CreateContainerConfigError", message)


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


def _mounted_files(store: Store, pod: Object, container: Object) -> dict[str, str]:
    files: dict[str, str] = {}
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or []}
    for mount in container.get("volumeMounts") or []:
        path = mount["mountPath"].rstrip("/")
        files[path] = "\0folder"
        source = volumes[mount["name"]].get("configMap")
        held = source and store.find("ConfigMap", pod["metadata"]["namespace"], source["name"])
        for name, text in ((held or {}).get("data") or {}).items():
            if mount.get("subPath") == name:
                files[path] = text
            else:
                files[f"{path}/{name}"] = text
    return files


def hosts(store: Store, namespace: str) -> frozenset[str]:
    """Name the services that a pod of this namespace can find."""
    found: set[str] = set()
    for service in store.all("Service"):
        name, where = service["metadata"]["name"], service["metadata"]["namespace"]
        found |= {f"{name}.{where}{end}" for end in ("", ".svc", ".svc.cluster.local")}
        if where == namespace:
            found.add(name)
    return frozenset(found)


def world(store: Store, pod: Object, container: Object) -> World:
    """Collect what a script of this container finds; raises Trouble."""
    return World(
        environment=environment(store, pod, container),
        files=_mounted_files(store, pod, container),
        hosts=hosts(store, pod["metadata"]["namespace"]),
        hostname=pod["metadata"]["name"],
    )


def start(store: Store, pod: Object, container: Object) -> Start:
    """Work out what a container does once its image is there; raises Trouble."""
    around = world(store, pod, container)
    words = [*(container.get("command") or []), *(container.get("args") or [])]
    words = [re.sub(r"\$\((\w+)\)", lambda m: around.environment.get(m[1], m[0]), w) for w in words]
    served = (pod["metadata"].get("annotations") or {}).get(SERVES)
    paths = frozenset(served.split(",")) if served else None
    if not words:
        plain = _BUSYBOX.match(container["image"].rpartition(":")[0] or container["image"])
        run = Run(exit_code=0) if plain else Run(known=False)
        return _limited(pod, container, Start(run, serves_paths=paths, around=around))
    if container.get("command") and (error := _start_error(words[0], container["image"])):
        return Start(start_error=error)
    return _limited(pod, container, Start(played(around, words), serves_paths=paths, around=around))


def _start_error(program: str, image: str) -> str:
    busybox = "busybox" in image
    if program.startswith(("/", "./")):
        if known(program) or (not busybox and program.startswith("/")):
            return ""
        return (
            f'{_TASK_FAILED}exec: "{program}": stat {program}: no such file or directory: unknown'
        )
    if known(program) or (not busybox and program not in _UNKNOWN_PROGRAMS):
        return ""
    return f'{_TASK_FAILED}exec: "{program}": executable file not found in $PATH: unknown'


def played(around: World, words: list[str]) -> Run:
    """Play a command line: a `sh -c` script, or a program as a script of one line."""
    program = words[0].rpartition("/")[2]
    if program in ("sh", "ash"):
        for index, word in enumerate(words[1:-1], 1):
            if word.startswith("-") and "c" in word:
                return Shell(around, words[0], word).play(words[index + 1])
        return Run(exit_code=0)
    if not known(words[0]):
        return Run(known=False)
    quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
    return Shell(around, "sh").play(f"exec {quoted}")


def _limited(pod: Object, container: Object, begun: Start) -> Start:
    limit = (container.get("resources", {}).get("limits") or {}).get("memory")
    annotated = (pod["metadata"].get("annotations") or {}).get(NEEDS_MEMORY)
    needed = max(begun.run.memory_bytes, int(amount(annotated)) if annotated else 0)
    if limit is None or needed <= amount(limit):
        return begun
    lines = [line for line in begun.run.lines if line[0] <= 1]
    killed = Run(lines=lines, exit_code=_OOM_EXIT_CODE, seconds=0.5, ports=begun.run.ports)
    return replace(begun, run=killed, reason="OOMKilled")
