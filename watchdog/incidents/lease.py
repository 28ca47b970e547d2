"""One pass at a time in a namespace, by a Lease that is judged by the API server's own clock."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from watchdog.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnansweredError,
)
from watchdog.incidents import store
from watchdog.observation.reader import Json
from watchdog.resources import LEASES
from watchdog.rights import OWN_NAME

LONGEST = timedelta(minutes=15)
"""No Lease counts for longer after its last renewal, whatever it says."""
_TRIES = 3
_MOST_TRANSITIONS = 2**31 - 2


class Cluster(store.Cluster, Protocol):
    """What the Lease needs of the API server: one object, and the time."""

    @property
    def server_time(self) -> datetime | None:
        """The API server's clock, up to a second late; None before its first answer."""
        ...


class HeldError(ClusterError):
    """Another pass is at work in the namespace: `holder`, at most `until` (server's clock)."""

    def __init__(self, namespace: str, holder: str, until: datetime) -> None:
        self.holder = " ".join(holder.split())[:200]
        self.until = until
        super().__init__(
            f"Lease {OWN_NAME} in namespace {namespace} is held by {self.holder} until "
            f"{until:%Y-%m-%d %H:%M:%S} UTC"
        )


@dataclass
class Lease:
    """The right to write in a namespace, held by `holder` until it is released or expires.

    `before` is when the one before last renewed or released it, None where nobody did.
    """

    holder: str
    before: datetime | None
    cluster: Cluster = field(repr=False)
    namespace: str
    until: datetime

    def check(self) -> None:
        """Raise ClusterError unless it is still ours and the API server's clock within it."""
        spec = _spec(self.cluster.get(LEASES, self.namespace, OWN_NAME))
        now = _now(self.cluster)
        where = f"Lease {OWN_NAME} in namespace {self.namespace}"
        if spec.get("holderIdentity") != self.holder:
            holder = " ".join(str(spec.get("holderIdentity") or "nobody").split())[:200]
            raise ClusterError(f"{where} is no longer ours: it is held by {holder}")
        if now >= min(self.until, _until(spec, now)):
            raise ClusterError(f"{where} has expired, so another pass may be at work")

    def release(self) -> None:
        """Let the next one in, if it is still ours. Raises nothing: it expires anyway."""
        with contextlib.suppress(ClusterError):
            found = self.cluster.get(LEASES, self.namespace, OWN_NAME)
            spec = _spec(found)
            if spec.pop("holderIdentity", None) == self.holder:
                spec["renewTime"] = _written(_now(self.cluster))
                body = _with_spec(found, spec)
                self.cluster.replace(LEASES, self.namespace, OWN_NAME, body)


def take(cluster: Cluster, namespace: str, holder: str, seconds: float) -> Lease:
    """Take the Lease of a namespace for so many seconds, at most 15 minutes; `holder` is unique.

    Raises HeldError where another one has it, and ClusterError where it cannot be had.
    """
    duration = timedelta(seconds=min(max(1, math.ceil(seconds)), LONGEST.total_seconds()))
    for _ in range(_TRIES):
        found = _read(cluster, namespace)
        spec = _spec(found)
        now = _now(cluster)
        other, until = spec.get("holderIdentity"), _until(spec, now)
        if other and other != holder and until > now:
            raise HeldError(namespace, str(other), until)
        wanted = {
            **spec,
            "holderIdentity": holder,
            "leaseDurationSeconds": int(duration.total_seconds()),
            "acquireTime": _written(now),
            "renewTime": _written(now),
            "leaseTransitions": _transitions(spec, holder),
        }
        try:
            _write(cluster, namespace, _with_spec(found, wanted))
        except ConflictError:
            continue
        before = _time(spec.get("renewTime"))
        return Lease(
            holder, min(before, now) if before else None, cluster, namespace, now + duration
        )
    raise HeldError(namespace, "one of several passes that began together", _now(cluster))


def _read(cluster: Cluster, namespace: str) -> Json:
    """The Lease, or what one would be created from; without a resourceVersion it is not there."""
    try:
        return cluster.get(LEASES, namespace, OWN_NAME)
    except NotFoundError:
        return {
            "apiVersion": f"{LEASES.group}/{LEASES.version}",
            "kind": LEASES.kind,
            "metadata": {"name": OWN_NAME, "namespace": namespace},
        }


def _write(cluster: Cluster, namespace: str, body: Json) -> None:
    try:
        if "resourceVersion" in body["metadata"]:
            cluster.replace(LEASES, namespace, OWN_NAME, body)
        else:
            _create(cluster, namespace, body)
    except UnansweredError:
        found = _spec(cluster.get(LEASES, namespace, OWN_NAME))
        sent = body["spec"]
        if found.get("holderIdentity") != sent["holderIdentity"]:
            raise
        if _time(found.get("renewTime")) != _time(sent["renewTime"]):
            raise


def _create(cluster: Cluster, namespace: str, body: Json) -> None:
    try:
        cluster.create(LEASES, namespace, body)
    except ForbiddenError as error:
        raise ForbiddenError(
            f"there is no Lease {OWN_NAME} in namespace {namespace} and these credentials may not "
            "create it: install the chart, which makes it",
            error.status,
        ) from error


def _now(cluster: Cluster) -> datetime:
    now = cluster.server_time
    if now is None:
        raise ClusterError("the API server does not tell the time (no Date header)")
    return now


def _until(spec: Json, now: datetime) -> datetime:
    """When a holder's time is over. Times that nobody can have written count as over."""
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
