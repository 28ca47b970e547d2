"""Which namespace each row of a list of all pods is likely to be from.

A Table without metadata costs a twentieth of one with it, and its rows do not name their namespace.
They come in the order of namespace and name, and most pods are named after a workload whose
namespace is known. This is a hint: shared_pods.py lists the pods of a namespace before anything is
judged by them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator


def in_key_order(namespaces: Iterable[str]) -> list[str]:
    """Namespaces in the order of the API server's keys: `a-b/` comes before `a/`."""
    return sorted(namespaces, key=lambda name: f"{name}/")


class PodPlaces:
    """Places rows, one after another, as they come."""

    def __init__(self, namespaces: Iterable[str]) -> None:
        self._names = in_key_order(namespaces)
        self._index = {name: at for at, name in enumerate(self._names)}
        # By the name that pods of a workload begin with: where it is, and how many pods it has.
        self._homes: dict[str, dict[int, int]] = defaultdict(dict)
        self._sorted: dict[str, list[int]] = {}
        self._taken: dict[str, int] = defaultdict(int)
        self.restart()

    def restart(self) -> None:
        """Begin with the first row of a list."""
        self._at, self._last = 0, ""
        self._taken.clear()

    def has(self, namespace: str, stem: str, pods: int) -> None:
        """A workload there has so many pods, whose names are `stem` and a random ending."""
        at = self._index.get(namespace)
        if at is not None:
            homes = self._homes[stem]
            homes[at] = homes.get(at, 0) + pods

    def place(self, name: str) -> str:
        """The namespace of the next row."""
        stem = next((stem for stem in _stems(name) if stem in self._homes), "")
        homes = self._homes.get(stem, {})
        # Within a namespace names ascend.
        moved = name < self._last
        full = self._taken[stem] >= homes.get(self._at, 0) if homes else False
        if moved or full:
            where = self._sorted.setdefault(stem, sorted(homes))
            later = bisect_right(where, self._at)
            if later < len(where):
                self._at = where[later]
                self._taken.clear()
        self._last = name
        self._taken[stem] += 1
        return self._names[self._at] if self._names else ""


def _stems(name: str) -> Iterator[str]:
    """`web-7d9f8c6b5-x2k4p` is of `web-7d9f8c6b5` or, with a hash in between, of `web`."""
    stem = name.rpartition("-")[0]
    yield f"{stem}-"
    yield f"{stem.rpartition('-')[0]}-*"


def stem_of(kind: str, name: str) -> str:
    """How the names of a workload's pods begin, as `PodPlaces` takes it."""
    return f"{name}-*" if kind == "Deployment" else f"{name}-"
