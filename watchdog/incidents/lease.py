"""One pass at a time in a namespace, by a Lease that is judged by the API server's own clock."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from watchdog.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnansweredError,
)
from watchdog.kube.ports import Json, MemoryStore
from watchdog.kube.rbac import OWN_NAME
from watchdog.kube.resources import LEASES
from watchdog.text.sanitize import term

LONGEST = timedelta(minutes=15)
"""No Lease counts for longer after its last renewal, whatever it says."""
SEAL = f"{OWN_NAME}/memory"
_TRIES = 3
_MOST_TRANSITIONS = 2**31 - 2


class HeldError(ClusterError):
    """Another pass is at work in the namespace: `holder`, at most `until` (server's clock).

    `holder` is "another pass" if several began together and none of them has it yet. `since` is
    when it says that it took the Lease, None where it does not say.
    """

    def __init__(
        self,
        where: str,
        holder: str,
        until: datetime,
        since: datetime | None = None,
    ) -> None:
        self.holder = term(holder) or "another pass"
        self.until = until
        self.since = since
        super().__init__(f"{where} is held by {self.holder} until {until:%Y-%m-%d %H:%M:%S} UTC")


@dataclass
class Lease:
    """The right to write in a namespace, held by `holder` until it is released or expires.

    `before` is when the one before last renewed or released it, None where no one did; `seal` is
    what it left here about the memory, see store.py.
    """

    holder: str
    before: datetime | None
    cluster: MemoryStore
    namespace: str
    until: datetime
    seal: str = ""
    name: str = OWN_NAME

    def check(self) -> None:
        """Raise ClusterError unless it is still ours and the API server's clock within it."""
        spec = _spec(self.cluster.get(LEASES, self.namespace, self.name))
        now = _now(self.cluster)
        where = _where(self.namespace, self.name)
        if spec.get("holderIdentity") != self.holder:
            holder = term(spec.get("holderIdentity")) or "no one"
            raise ClusterError(f"{where} is no longer ours: it is held by {holder}")
        if now >= min(self.until, _until(spec, now)):
            raise ClusterError(f"{where} has expired, so another pass may be at work")

    def release(self, seal: str = "") -> None:
        """Let the next one in, if it is still ours, and leave `seal` for it.

        Raises nothing: it expires anyway.
        """
        with contextlib.suppress(ClusterError):
            found = self.cluster.get(LEASES, self.namespace, self.name)
            spec = _spec(found)
            if spec.pop("holderIdentity", None) == self.holder:
                spec["renewTime"] = _written(_now(self.cluster))
                body = _with_spec(found, spec)
                if seal:
                    notes = {**(body["metadata"].get("annotations") or {}), SEAL: seal}
                    body["metadata"]["annotations"] = notes
                self.cluster.replace(LEASES, self.namespace, self.name, body)


def take(
    cluster: MemoryStore, namespace: str, holder: str, seconds: float, name: str = OWN_NAME
) -> Lease:
    """Take the Lease of that name in a namespace for so many seconds, at most 15 minutes.

    `holder` is unique.
    Raises HeldError where another one has it, and ClusterError where it cannot be had.
    """
    duration = timedelta(seconds=min(max(1, math.ceil(seconds)), LONGEST.total_seconds()))
    for _ in range(_TRIES):
        found = _read(cluster, namespace, name)
        spec = _spec(found)
        now = _now(cluster)
        other, until = spec.get("holderIdentity"), _until(spec, now)
        if other and other != holder and until > now:
            raise HeldError(
                _where(namespace, name), str(other), until, _time(spec.get("acquireTime"))
            )
        wanted = {
            **spec,
            "holderIdentity": holder,
            "leaseDurationSeconds": int(duration.total_seconds()),
            "acquireTime": _written(now),
            "renewTime": _written(now),
            "leaseTransitions": _transitions(spec, holder),
        }
        try:
            _write(cluster, namespace, name, _with_spec(found, wanted))
        except ConflictError:
            continue
        before = _time(spec.get("renewTime"))
        notes = found["metadata"].get("annotations")
        seal = str(notes.get(SEAL) or "") if isinstance(notes, dict) else ""
        last = min(before, now) if before else None
        return Lease(holder, last, cluster, namespace, now + duration, seal, name)
    raise HeldError(_where(namespace, name), "", _now(cluster))


def _where(namespace: str, name: str) -> str:
    return f"Lease {name} in namespace {namespace}"


def _read(cluster: MemoryStore, namespace: str, name: str) -> Json:
    """The Lease, or what one would be created from; without a resourceVersion it is not there."""
    try:
        return cluster.get(LEASES, namespace, name)
    except NotFoundError:
        return {
            "apiVersion": f"{LEASES.group}/{LEASES.version}",
            "kind": LEASES.kind,
            "metadata": {"name": name, "namespace": namespace},
        }


def _write(cluster: MemoryStore, namespace: str, name: str, body: Json) -> None:
    try:
        if "resourceVersion" in body["metadata"]:
            cluster.replace(LEASES, namespace, name, body)
        else:
            _create(cluster, namespace, body)
    except UnansweredError:
        found = _spec(cluster.get(LEASES, namespace, name))
        sent = body["spec"]
        if found.get("holderIdentity") != sent["holderIdentity"]:
            raise
        if _time(found.get("renewTime")) != _time(sent["renewTime"]):
            raise


def _create(cluster: MemoryStore, namespace: str, body: Json) -> None:
    try:
        cluster.create(LEASES, namespace, body)
    except ForbiddenError as error:
        raise ForbiddenError(
            f"there is no {_where(namespace, body['metadata']['name'])} and these credentials may "
            "not create it: install the chart, which makes it",
            error.status,
        ) from error


class NoTimeError(ClusterError):
    """The API server does not tell the time, by which a Lease is judged."""


def _now(cluster: MemoryStore) -> datetime:
    now = cluster.server_time
    if now is None:
        raise NoTimeError("the API server does not tell the time (no Date header)")
    return now


def _until(spec: Json, now: datetime) -> datetime:
    """When a holder's time is over. Times that no one can have written count as over."""
    renewed, seconds = _time(spec.get("renewTime")), spec.get("leaseDurationSeconds")
    # Several API servers' clocks may differ a little; further ahead it would lock for ever.
    if renewed is None or renewed - now > LONGEST:
        return now
    if not isinstance(seconds, int) or not 0 < seconds < LONGEST.total_seconds():
        return min(renewed, now) + LONGEST
    return min(renewed, now) + timedelta(seconds=seconds)


def _transitions(spec: Json, holder: str) -> int:
    count = spec.get("leaseTransitions")
    if not isinstance(count, int) or not 0 <= count <= _MOST_TRANSITIONS:
        return 0
    return count + (spec.get("holderIdentity") != holder)


def _spec(found: Json) -> Json:
    spec = found.get("spec")
    return dict(spec) if isinstance(spec, dict) else {}


def _with_spec(found: Json, spec: Json) -> Json:
    known = found.get("metadata")
    if not isinstance(known, dict):
        raise ClusterError(f"the answer for Lease {OWN_NAME} is not a Lease")
    metadata = {k: v for k, v in known.items() if k != "managedFields"}
    return {**found, "metadata": metadata, "spec": spec}


def _time(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _written(moment: datetime) -> str:
    """As Kubernetes writes a MicroTime."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
