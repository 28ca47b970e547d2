"""The embedded cluster: an API server with one node, in this process, for `demo` and for tests."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from watchdog.demo import container_behaviour, control_loops, scheduler
from watchdog.demo.api import Api
from watchdog.demo.api_resources import Object, named, of_object
from watchdog.demo.behaviour import Programs
from watchdog.demo.deployment_controller import Deployments
from watchdog.demo.http_messages import Request, Response
from watchdog.demo.kubelet import Kubelet
from watchdog.demo.object_store import CONTROLLER_STATUS, Store, StoredWrite, plain_copy
from watchdog.demo.other_controllers import Workloads
from watchdog.demo.patches import strategic_merge_patch
from watchdog.demo.replica_sets import ReplicaSets
from watchdog.demo.server import ApiServer
from watchdog.demo.simulated_clock import Agenda, SimulatedClock
from watchdog.demo.status_errors import not_found

_TICK_SECONDS = 0.05
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KUBECTL = StoredWrite("kubectl-client-side-apply")
_SETTLE_STEPS = 2000
_ROUNDS = 12


class Sandbox(ApiServer):
    """A cluster to break and to heal; use it as a context manager.

    `speed` shortens back-off, probes and deadlines. `tables=False` is a server that ignores the
    request for Tables. With `ticking=False` time stands still, and only `tick`, `advance` and
    `settle` move it, which makes tests deterministic. `behind_seconds` starts the clock in the
    past: apply what was there before, `advance` to the present, and it has a history. `programs`
    says what each command does; more may be added to the attribute of that name. While
    `registry_down` is set, no new container gets its image.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        tables: bool = True,
        ticking: bool = True,
        behind_seconds: float = 0.0,
        programs: Programs | None = None,
    ) -> None:
        super().__init__()
        self.clock = SimulatedClock(speed=speed, running=ticking, behind_seconds=behind_seconds)
        self.missing_images: set[str] = set(container_behaviour.MISSING_IMAGES)
        self.store = Store(self.clock)
        self._ticking = ticking
        self._agenda = Agenda()
        self.programs = dict(programs or {})
        self.registry_down = False
        self._kubelet = Kubelet(self.store, self._agenda, self._pull_trouble, self.programs)
        self._controllers = (
            Deployments(self.store, self._agenda),
            ReplicaSets(self.store, self._agenda),
            Workloads(self.store, self._agenda),
            self._kubelet,
        )
        self._api = Api(self.store, self._kubelet, self.allows, as_tables=tables)
        self._stopped = threading.Event()
        with self.store.lock:
            self.store.create(named("Node"), scheduler.node(self.now()))
            for name in ("default", "kube-system"):
                self.add_namespace(name)

    def _pull_trouble(self, image: str) -> container_behaviour.StartTrouble | None:
        if self.registry_down:
            return container_behaviour.unreachable(image)
        return container_behaviour.image_trouble(image, tuple(self.missing_images))

    def __enter__(self) -> Self:
        self.listen()
        if self._ticking:
            threading.Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.hang_up()

    def now(self) -> float:
        """The cluster's time, in seconds since the epoch."""
        return self.clock.now()

    def answer(self, request: Request) -> Response:
        """Answer a request as the API server, without recording or intercepting it."""
        return self._api.answer(request)

    def allows(self, attributes: Object) -> bool:
        """Decide an access review; override it to take rights away."""
        del attributes
        return True

    # --- time ---------------------------------------------------------------------------------

    def _run(self) -> None:
        seen = -1
        while not self._stopped.wait(_TICK_SECONDS):
            if self.store.changes != seen or self.now() >= self._agenda.any:
                self.tick()
                seen = self.store.changes

    def tick(self) -> None:
        """Do all that is due now, until nothing changes any more."""
        with self.store.lock:
            for _ in range(_ROUNDS):
                changes = self.store.changes
                self._agenda.clear()
                for controller in self._controllers:
                    controller.tick()
                control_loops.tick(self.store)
                if self.store.changes == changes:
                    return
            self._agenda.wake(self.now() + _TICK_SECONDS)

    def advance(self, seconds: float) -> None:
        """Let so much of the cluster's time pass, stopping wherever something happens."""
        with self.store.lock:
            end = self.now() + seconds
            self.tick()
            while (now := self.now()) < end:
                self.clock.advance(min(max(self._agenda.any, now + 0.01), end) - now)
                self.tick()

    def settle(self, at_most_seconds: float = 3600.0) -> None:
        """Advance until all that is left to wait for is a back-off, a deadline or a bad probe."""
        with self.store.lock:
            end = self.now() + at_most_seconds
            self.tick()
            for _ in range(_SETTLE_STEPS):
                now = self.now()
                if self._agenda.busy > end:
                    return
                self.clock.advance(max(self._agenda.busy - now, 0.01))
                self.tick()

    def wait(self, condition: Callable[[], bool], timeout: float = 30.0) -> None:
        """Wait until the condition holds; raises TimeoutError after so many seconds.

        Real seconds where the cluster ticks by itself, else the cluster's own, which this moves.
        """
        deadline = time.monotonic() + timeout
        end = self.now() + timeout
        while not condition():
            if self._ticking:
                late = time.monotonic() > deadline
                time.sleep(_TICK_SECONDS / 5)
            else:
                late = self.now() > end
                self.advance(0.5)
            if late:
                raise TimeoutError(f"not within {timeout:g} s: {condition}")

    # --- objects ------------------------------------------------------------------------------

    def add_namespace(self, name: str) -> None:
        """Create a namespace with its default service account, unless it is there."""
        with self.store.lock:
            if self.store.find("Namespace", "", name) is None:
                meta = {"name": name, "labels": {"kubernetes.io/metadata.name": name}}
                self._api.admit(
                    {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}, _KUBECTL
                )

    def apply(self, manifest: str, namespace: str = "default") -> list[Object]:
        """Create or change what a YAML text declares, as `kubectl apply` does; returns the objects.

        Namespaces that do not exist are created. Raises ApiFailure when the API server refuses.
        """
        import yaml

        with self.store.lock:
            documents = [d for d in yaml.safe_load_all(manifest) if d]
            return [self._apply(document, namespace) for document in documents]

    def _apply(self, item: Object, namespace: str) -> Object:
        resource = of_object(item)
        meta = item.setdefault("metadata", {})
        if resource.kind == "Namespace" and self.store.find("Namespace", "", meta["name"]) is None:
            self.add_namespace(meta["name"])
        if resource.namespaced:
            self.add_namespace(meta.setdefault("namespace", namespace))
        declared = json.dumps(item)
        meta.setdefault("annotations", {})[_LAST_APPLIED] = declared
        held = self.store.find(resource.kind, meta.get("namespace", ""), meta["name"])
        if held is None:
            return self._api.admit(item, _KUBECTL)
        before = (held["metadata"].get("annotations") or {}).get(_LAST_APPLIED, "{}")
        gone = _removals(json.loads(before), item)
        merged = strategic_merge_patch(strategic_merge_patch(held, gone), item)
        return self._api.store_changed(resource, merged, _KUBECTL)

    def get(self, kind: str, namespace: str, name: str) -> Object:
        """A copy of an object; `kind` may be a short name. Raises LookupError."""
        with self.store.lock:
            found = self.store.find(kind, namespace, name)
            if found is None:
                raise LookupError(not_found(named(kind), name).message)
            return plain_copy(found)

    def items(self, kind: str, namespace: str = "") -> list[Object]:
        """Copies of all objects of a kind, in one namespace or in all."""
        with self.store.lock:
            return plain_copy(self.store.all(kind, namespace))

    def delete(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object, whatever its grace period; raises ApiFailure 404."""
        with self.store.lock:
            self.store.delete(named(kind), self.store.get(named(kind), namespace, name))

    def scale(self, kind: str, namespace: str, name: str, replicas: int) -> None:
        """Change how many pods a workload is to have, as an autoscaler does."""

        def edit(item: Object) -> None:
            item["spec"]["replicas"] = replicas

        with self.store.lock:
            held = self.store.get(named(kind), namespace, name)
            self.store.change(named(kind), held, edit, StoredWrite("autoscaler"))

    def set_status(self, kind: str, namespace: str, name: str, status: Object) -> None:
        """Write an object's status, for what the sandbox does not act out."""
        with self.store.lock:
            item = plain_copy(self.store.get(named(kind), namespace, name))
            item["status"] = status
            self.store.update(named(kind), item, CONTROLLER_STATUS)

    def expire_continue_tokens(self) -> None:
        """Make every continue token handed out so far answer 410."""
        with self.store.lock:
            self.store.expire_continue_tokens()

    def kubeconfig(self, path: Path) -> Path:
        """Write a kubeconfig for this cluster, with the context `sandbox`, and return its path."""
        entry = {"cluster": "sandbox", "user": "sandbox", "namespace": "default"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "sandbox",
            "clusters": [{"name": "sandbox", "cluster": {"server": self.url}}],
            "users": [{"name": "sandbox", "user": {}}],
            "contexts": [{"name": "sandbox", "context": entry}],
        }
        path.write_text(json.dumps(config, indent=1))
        return path


def _removals(before: Any, after: Any) -> Any:
    """The strategic merge patch that takes away what was applied before and is not any more."""
    patch: Object = {}
    for key, old in before.items():
        new = after.get(key)
        if new is None:
            patch[key] = None
        elif isinstance(old, dict) and isinstance(new, dict):
            if inner := _removals(old, new):
                patch[key] = inner
        elif isinstance(old, list) and isinstance(new, list) and (d := _list_removals(old, new)):
            patch[key] = d
    return patch


def _list_removals(before: list[Any], after: list[Any]) -> list[Any]:
    if not all(isinstance(e, dict) and "name" in e for e in [*before, *after]):
        return []
    present = {entry["name"]: entry for entry in after}
    listed: list[Any] = []
    for entry in before:
        name = entry["name"]
        if name not in present:
            listed.append({"name": name, "$patch": "delete"})
        elif inner := _removals(entry, present[name]):
            listed.append({"name": name, **inner})
    return listed
