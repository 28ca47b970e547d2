"""What a release of a test is: manifests before and after it, and what happens around it.

The same values go to the embedded cluster and to a real one. They are pure: who applies them is up
to the test.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.programs import HTTPD, SERVE, serves
from watchdog.demo import Behaviour

POD = """
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}}}
spec:
  {replicas}
  {spec}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}{labels}}}, annotations: {{{annotations}}}}}
    spec:
      terminationGracePeriodSeconds: 1
      {pod}
      containers:
      - name: main
        image: {image}
        command: [sh, -c, {script!r}]
        env:
        - {{name: APP_VERSION, value: {version!r}}}
        - {{name: NS, valueFrom: {{fieldRef: {{fieldPath: metadata.namespace}}}}}}
        {env}
        {probes}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{ports: [{{port: 5432}}]}}
"""
READY = "readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 5}"
STARTUP = "startupProbe: {tcpSocket: {port: 80}, periodSeconds: 5, failureThreshold: 80}"
STRATEGIES = {
    "none_unavailable": "strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}",
    "quarter": "strategy: {rollingUpdate: {maxUnavailable: 25%, maxSurge: 25%}}",
}
ALL_UNAVAILABLE = "strategy: {rollingUpdate: {maxUnavailable: 100%}}"
RECREATE = "strategy: {type: Recreate}"
SERVING = f"{SERVE}exec {HTTPD}"
PROGRAMS: dict[str, Behaviour] = {SERVING: serves()}

Around = tuple[tuple[float, str, str], ...]


@dataclass(frozen=True)
class Release:
    """One workload's second release. `around` are (seconds after it, what happens, to what).

    What happens: `apply` a manifest, `delete` Kind/name, `restart` or `restart_one` the pods of an
    app, `label` the node with a pool, `scale` Kind/name=replicas, `registry` down or up. Nothing
    happens at `rolled_out` Deployment/name: on a cluster where its rollout takes longer, this time
    comes once it is over, and all that follows as much later.

    `told`: a finding about it is true, though nothing is to be written. `writes` is how often its
    owner changes its spec after it was made, `ends_as` its version at the end. `alone`: it needs
    the namespace, or the node, for itself. `real`: a real cluster can act it out. `lasts` is the
    time in seconds after which nothing more happens.
    """

    name: str
    sort: str
    before: str
    after: str
    good: bool = True
    kind: str = "Deployment"
    around: Around = ()
    programs: dict[str, Behaviour] = field(default_factory=dict)
    told: bool = False
    writes: int = 1
    ends_as: str = "2"
    alone: bool = False
    real: bool = True
    lasts: float = 660.0


def manifest(name: str, version: int, script: str = "sleep 86400", **parts: str | int) -> str:
    """A workload with one container. `parts` are fields of POD: YAML, each on its line."""
    given = {"kind": "Deployment", "spec": "", "pod": "", "probes": "", "env": "", "labels": ""}
    values = {**given, "annotations": "", "image": f"busybox:1.{34 + version}", **parts}
    count = "" if values["kind"] == "DaemonSet" else f"replicas: {parts.get('replicas', 2)}"
    values |= {"name": name, "script": script, "version": str(version), "replicas": count}
    return POD.format(**values)


def calls(db: str, says: str, code: int = 1, rest: str = "sleep 86400") -> str:
    """The script that ends with this line unless the Service is there when it starts."""
    found = f"nslookup -type=a {db}.$NS.svc.cluster.local >/dev/null 2>&1"
    return f"{found} || {{ echo {says!r}; exit {code}; }}; {rest}"
