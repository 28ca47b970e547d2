"""The specs of pods. Literal env values never enter, only the names that carry them."""

from typing import Literal

from watchdog.snapshot.refs import Noun


class EnvVar(Noun):
    """One env entry of a container: its name and where the value comes from, never the value.

    `source` is `value` for a literal; for a reference `object` and `key` name what it points at.
    """

    name: str
    source: Literal["value", "secret", "configmap", "field", "other"] = "value"
    object: str | None = None
    key: str | None = None
    optional: bool = False
    empty: bool = False


class Reference(Noun):
    """A ConfigMap, Secret, claim or service account that a pod needs, and by what (`via`).

    `keys` are those that a volume takes of it one by one; none where it takes what there is.
    """

    kind: Literal["ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount"]
    name: str
    via: str
    optional: bool = False
    keys: tuple[str, ...] = ()


class Probe(Noun):
    """A probe: what it asks, in words (`GET /ready on port 80`), and its timing in seconds."""

    type: Literal["httpGet", "tcpSocket", "grpc", "exec"]
    asks: str
    path: str | None = None
    port: str | None = None
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    timeout_seconds: int = 1
    failure_threshold: int = 3


class ContainerPort(Noun):
    """A declared port of a container."""

    number: int
    name: str | None = None
    protocol: str = "TCP"
    host_port: int | None = None


class ContainerSpec(Noun):
    """A container's spec. `sidecar` is an init container with restartPolicy Always.

    `restart_policy` is its own, `restarts_all` says that a rule of it restarts the whole pod, and
    `resize_restarts` that a change of its resources in place restarts it. `mounts` are in words
    (`config at /etc/app (only app.yaml, read-only)`).
    """

    name: str
    image: str = ""
    init: bool = False
    sidecar: bool = False
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    ports: tuple[ContainerPort, ...] = ()
    liveness: Probe | None = None
    readiness: Probe | None = None
    startup: Probe | None = None
    restart_policy: str | None = None
    restarts_all: bool = False
    resize_restarts: bool = False
    mounts: tuple[str, ...] = ()


class PodTemplate(Noun):
    """What the pods of a workload should be.

    `resource_claims` are in words (`ResourceClaim gpu`), `memory_limit` is that of the whole pod,
    `image_volumes` are the images of volumes by the volume's name.
    """

    containers: tuple[ContainerSpec, ...] = ()
    references: tuple[Reference, ...] = ()
    labels: dict[str, str] = {}
    service_account: str = "default"
    node_selector: dict[str, str] = {}
    tolerations: tuple[str, ...] = ()
    affinity: tuple[str, ...] = ()
    host_network: bool = False
    restart_policy: str = "Always"
    resource_claims: tuple[str, ...] = ()
    scheduling_group: str | None = None
    memory_limit: str | None = None
    image_volumes: dict[str, str] = {}
    priority_class: str | None = None

    def container(self, name: str | None) -> ContainerSpec | None:
        """The container (init ones too) of that name, if there is one."""
        return next((spec for spec in self.containers if spec.name == name), None)
