"""The memories of namespaces that bind no rights, in the release's own namespace.

They are watched by a rule and only observed: nothing can be written there, and nothing here leads
to a write. Each lies in one of a few ConfigMaps, by a hash of its name, so that it stays where it
is whatever other namespaces come and go. They are signed as all memories are. One Lease for each
pod of the run keeps two runs from telling the same twice; pods of one run share the ConfigMaps and
write each only the keys of its own namespaces.

The chart makes ConfigMaps and Leases empty, with the same names (`helm/templates/observed.yaml`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from watchdog.errors import ClusterError, ForbiddenError, NotFoundError
from watchdog.incidents import lease, store
from watchdog.incidents.facts import facts
from watchdog.incidents.lease import Lease
from watchdog.incidents.memory import Memory
from watchdog.incidents.place import Place
from watchdog.incidents.shared_space import ASIDE, MEMORY, SIGNATURE
from watchdog.incidents.store import Kept
from watchdog.kube.ports import Json, MemoryStore
from watchdog.kube.rbac import OBSERVED_CONFIGMAPS, OBSERVED_NAME
from watchdog.kube.resources import CONFIGMAPS
from watchdog.settings.schema import Settings
from watchdog.settings.shards import stable_hash

# Of one namespace: some 200 incidents with a message each.
MOST_BYTES = 256 * 1024


def place_of(watched: str, home: str) -> Place:
    """Where the memory of that namespace lies in the release's own namespace, `home`."""
    number = stable_hash(watched) % OBSERVED_CONFIGMAPS
    return Place(
        watched,
        home,
        f"{OBSERVED_NAME}-{number}",
        MEMORY + watched,
        SIGNATURE + watched,
        ASIDE + watched,
        MOST_BYTES,
        shared=True,
    )


@dataclass
class ObservedMemories:
    """Those of one pass, in the namespace `home`.

    `number` is the pod's among the `pods` of its run, which share the namespaces by their hash.
    """

    cluster: MemoryStore
    home: str
    number: int
    pods: int
    _read: dict[str, Json | ClusterError | None] = field(default_factory=dict)
    _lease: Lease | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def seen(
        self, watched: str, cluster_name: str, now: datetime, settings: Settings
    ) -> Kept | None:
        """The memory of that namespace as it was when the pass began; None if none is kept.

        One that could not be read is not usable.
        """
        place = place_of(watched, self.home)
        found = self._found(place.name)
        if found is None:
            return None
        if isinstance(found, ClusterError):
            return store.unreadable(watched, cluster_name, found, place)
        kept = store.believed(found, watched, cluster_name, now, settings, place=place)
        return kept if place.text(found) or not kept.usable else None

    def departed(self, watched: Iterable[str]) -> tuple[str, ...]:
        """Of which namespaces of this pod something is kept though they are not among these."""
        known = set(watched)
        names = (f"{OBSERVED_NAME}-{number}" for number in range(OBSERVED_CONFIGMAPS))
        keys = [
            key.removeprefix(MEMORY)
            for found in map(self._found, names)
            if isinstance(found, dict)
            for key in found.get("data") or {}
            if key.startswith(MEMORY)
        ]
        mine = (name for name in keys if stable_hash(name) % self.pods == self.number)
        return tuple(sorted(name for name in mine if name not in known))

    def _found(self, name: str) -> Json | ClusterError | None:
        """That ConfigMap as it was when it was first asked for; None if there is none."""
        with self._lock:
            if name not in self._read:
                self._read[name] = self._get(name)
            return self._read[name]

    def _get(self, name: str) -> Json | ClusterError | None:
        try:
            return self.cluster.get(CONFIGMAPS, self.home, name)
        except (NotFoundError, ForbiddenError):
            return None  # this release keeps none
        except ClusterError as error:
            return error

    def take(self, holder: str, seconds: float) -> Lease:
        """The Lease under which this pod writes them, once a pass; raises as `lease.take`."""
        if self._lease is None:
            name = f"{OBSERVED_NAME}-{self.number}"
            self._lease = lease.take(self.cluster, self.home, holder, seconds, name)
        return self._lease

    def release(self) -> None:
        """Let the next run in. Raises nothing."""
        if self._lease is not None:
            self._lease.release()
            self._lease = None

    def current(self, watched: str, cluster_name: str, now: datetime, settings: Settings) -> Kept:
        """The memory of that namespace as it is now; raises nothing."""
        place = place_of(watched, self.home)
        return store.read(self.cluster, watched, cluster_name, now, settings, place=place)

    def forget(self, watched: str) -> None:
        """Take a memory away that the namespace itself holds now; raises ClusterError."""
        place = place_of(watched, self.home)
        found = self.cluster.get(CONFIGMAPS, place.namespace, place.name)
        body = place.body(found, "", "")
        self.cluster.replace(CONFIGMAPS, place.namespace, place.name, body)


def with_facts_of(memory: Memory, other: Kept, settings: Settings) -> Memory:
    """A memory with what is known of further incidents from where it was kept before.

    These are facts (facts.py): since when something is broken, and its message. What was tried and
    asked stays behind.
    """
    if not other.usable:
        return memory
    known = {item.fingerprint for item in memory.incidents}
    taken = facts(other.memory, memory.cluster, settings).incidents
    more = tuple(item for item in taken if item.fingerprint not in known)
    return memory.model_copy(update={"incidents": (*memory.incidents, *more)})
