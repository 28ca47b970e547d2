"""A namespace's memory in its ConfigMap: read, and written where no one else wrote meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from watchdog.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnansweredError,
)
from watchdog.incidents.authenticity import Verdict, keys_of
from watchdog.incidents.facts import facts
from watchdog.incidents.memory import (
    Memory,
    NewerError,
    UnreadableError,
    check,
    decode,
    encode,
    fit,
)
from watchdog.incidents.place import Place, own_place
from watchdog.incidents.shared_space import make_room
from watchdog.kube.ports import Json, MemoryStore
from watchdog.kube.resources import CONFIGMAPS
from watchdog.settings.schema import Settings

_TRIES = 5


@dataclass(frozen=True)
class Kept:
    """A memory as it was read or written.

    `version` is the ConfigMap's resourceVersion, None where there is none yet. `warning` is a whole
    sentence for the report, and where `usable` is false nothing may be written to workloads in
    this pass. `doubt` says why the memory is not the whole one: it could not be read, it is not
    authentic, or only facts of it are taken. `found` is the ConfigMap, `aside` a text in it that is
    not a memory and `closed` why nothing may be written to it; these are for `write` alone. `at`
    is where it lies, None for the namespace's own ConfigMap.
    """

    memory: Memory
    version: str | None
    warning: str = ""
    usable: bool = True
    found: Json = field(default_factory=dict, repr=False)
    aside: str = field(default="", repr=False)
    closed: str = ""
    doubt: Literal["", "facts", "not_authentic", "unreadable"] = ""
    at: Place | None = None

    @property
    def place(self) -> Place:
        """Where it lies."""
        return self.at or own_place(self.memory.namespace)


def read(  # noqa: PLR0913 - where it is, and by what it is judged
    cluster: MemoryStore,
    namespace: str,
    cluster_name: str,
    now: datetime,
    settings: Settings,
    *,
    place: Place | None = None,
    to_show: bool = False,
) -> Kept:
    """The memory of a namespace; an empty one where there is none or it cannot be believed.

    Raises nothing: a ConfigMap that cannot be read, or used, is a `warning`. `to_show` takes it
    whole where there is no key to tell by: for a person, with a warning, never for a pass.
    """
    at = place or own_place(namespace)
    try:
        found = cluster.get(CONFIGMAPS, at.namespace, at.name)
    except NotFoundError:
        return none_yet(namespace, cluster_name, place)
    except ClusterError as error:
        return unreadable(namespace, cluster_name, error, place)
    return believed(found, namespace, cluster_name, now, settings, place=place, to_show=to_show)


def none_yet(namespace: str, cluster_name: str, place: Place | None = None) -> Kept:
    """The memory of a namespace that has no ConfigMap."""
    return Kept(_empty(namespace, cluster_name), None, at=place)


# Without validation, whose building takes longer than most of a healthy pass.
_EMPTY = Memory.model_construct(namespace="")


def _empty(namespace: str, cluster_name: str) -> Memory:
    return _EMPTY.model_copy(update={"cluster": cluster_name, "namespace": namespace})


def unreadable(
    namespace: str, cluster_name: str, error: ClusterError, place: Place | None = None
) -> Kept:
    """An empty memory instead of one that could not be read."""
    empty = _empty(namespace, cluster_name)
    warning = f"Nothing is changed, because the memory cannot be read: {error}."
    return Kept(empty, None, warning, usable=False, closed=str(error), doubt="unreadable", at=place)


def believed(  # noqa: PLR0913 - where it is, and by what it is judged
    found: Json,
    namespace: str,
    cluster_name: str,
    now: datetime,
    settings: Settings,
    *,
    place: Place | None = None,
    to_show: bool = False,
) -> Kept:
    """What of the memory in that ConfigMap can be believed; as `read` in all else."""
    at = place or own_place(namespace)
    try:
        version = at.version(found)
    except ClusterError as error:
        return unreadable(namespace, cluster_name, error, place)
    text = at.text(found)
    plain = Kept(_empty(namespace, cluster_name), version, found=found, at=place)
    if not text:
        return plain
    keys = keys_of(settings)
    verdict = keys.verdict(at.signature(found), *at.signed(found, text))
    set_aside = replace(plain, usable=False, aside=text, doubt="not_authentic")
    if verdict == "forged":
        return replace(set_aside, warning=_forged(at))
    try:
        memory = decode(text)
        check(memory, namespace, now)
    except NewerError as error:
        if verdict == "unsigned" and keys.keys:
            return replace(set_aside, warning=_forged(at))
        closed = f"{at} was written by a newer version of this product: {error}"
        warning = (
            f"Nothing is changed, because {closed}; upgrade this one, or delete its key {at.key}."
        )
        return replace(plain, warning=warning, usable=False, closed=closed, doubt="unreadable")
    except UnreadableError as error:
        warning = (
            f"Nothing is changed in this pass, because {at} does not hold a memory that this "
            f"product wrote: {error}; the next pass begins with an empty one, so look who edited "
            f"it, and at the text under its key {at.aside_key}."
        )
        return replace(set_aside, warning=warning)
    if verdict == "signed":
        return replace(plain, memory=memory)
    if to_show and not keys.keys:
        unsure = f"Who wrote {at} is not checked here, as SRE_AGENT_MEMORY__KEY is not set."
        return replace(plain, memory=memory, warning=unsure, doubt="facts")
    taken = facts(memory, cluster_name, settings)
    return _of_facts(replace(plain, memory=taken), verdict, settings)


def _of_facts(kept: Kept, verdict: Verdict, settings: Settings) -> Kept:
    """What may be taken from a memory that carries no signature of ours."""
    warning, closed = "", ""
    where = kept.place
    if verdict == "foreign":
        closed = f"{where} is signed with a key that this pass does not have"
        warning = (
            f"Nothing is remembered of this pass, because {closed}: set SRE_AGENT_MEMORY__KEY, or "
            "without one the Slack token, to that of the watchdog that wrote it."
        )
    elif keys_of(settings).keys:
        warning = (
            f"{where} carries no signature, as after an upgrade or a run from a laptop: only facts "
            "are taken from it, and the next write signs it. If it was signed before, look who "
            "edited it."
        )
    return replace(kept, warning=warning, closed=closed, doubt="facts")


def seal(kept: Kept, settings: Settings) -> str:
    """A signature of the very version of the ConfigMap that a pass leaves behind.

    Only the API server makes versions, so an older memory that is put back has another one. A
    shared ConfigMap has none: nothing in it leads to a write.
    """
    if not kept.version or kept.doubt or kept.place.shared:
        return ""
    return keys_of(settings).sign(*_sealed(kept))


def without_replays(kept: Kept, found: str, settings: Settings) -> Kept:
    """What counts of a signed memory that is not the one that the last pass left, by its seal.

    It may be an older one. Requests for what leaves no mark on its object are asked anew: an
    approval of one of them may have been used already.
    """
    keys = keys_of(settings)
    if kept.doubt or kept.version is None or not keys.keys or not kept.memory.incidents:
        return kept
    if keys.verdict(found, *_sealed(kept)) == "signed":
        return kept
    incidents = tuple(
        item.model_copy(update={"request": None})
        if item.request and not item.request.action.leaves_mark
        else item
        for item in kept.memory.incidents
    )
    where = kept.place
    # A version before this one, and a new Lease, leave no seal.
    warning = (
        f"{where} was written since the last pass ended, or that pass was cut off: if no one "
        "knows of either, look who may write it."
    )
    memory = kept.memory.model_copy(update={"incidents": incidents})
    return replace(kept, memory=memory, warning=kept.warning or (warning if found else ""))


def _sealed(kept: Kept) -> tuple[str, ...]:
    uid = str((kept.found.get("metadata") or {}).get("uid") or "")
    return "left", kept.memory.namespace, uid, kept.version or ""


def _forged(where: Place) -> str:
    return (
        f"Nothing is changed in this pass, because {where} does not carry the signature of this "
        "watchdog: an installation with another key left it, such as one that was uninstalled, or "
        "someone edited it. The next pass begins with an empty memory. If you know of no such "
        f"installation, look who edited it, and at the text under its key {where.aside_key}."
    )


def write(cluster: MemoryStore, kept: Kept, memory: Memory, settings: Settings) -> Kept:
    """Store a memory in place of the one that was read, as far as it fits, and sign it.

    A text that is no memory is moved to another key. Raises ClusterError where it is not certain
    that the memory is stored: ConflictError where someone else wrote this memory meanwhile.
    """
    at = kept.place
    if kept.closed:
        raise ClusterError(f"cannot store the memory: {kept.closed}")
    text = encode(fit(memory, at.max_bytes))
    try:
        stored = decode(text, at.max_bytes)
    except UnreadableError as error:
        raise ClusterError(
            f"cannot store the memory in {at}: {error}; watch smaller namespaces, or delete "
            f"its key {at.key} (at most {at.max_bytes // 1024} KiB)"
        ) from error
    if kept.version is None:
        kept = _created(cluster, kept)
    for _ in range(_TRIES):
        try:
            return _replaced(cluster, kept, stored, text, settings)
        except ConflictError:
            found = cluster.get(CONFIGMAPS, at.namespace, at.name)
            # In a shared ConfigMap others write of their own namespaces.
            if not at.shared or at.text(found) != at.text(kept.found):
                raise
            kept = replace(kept, version=at.version(found), found=found)
    raise ConflictError(f"{at} was written by others each time")


def _replaced(
    cluster: MemoryStore, kept: Kept, memory: Memory, text: str, settings: Settings
) -> Kept:
    at = kept.place
    signature = keys_of(settings).sign(*at.signed(kept.found, text))
    body = at.body(kept.found, text, signature, kept.aside)
    body["metadata"]["resourceVersion"] = kept.version
    if at.shared:
        make_room(body, at)
    try:
        found = cluster.replace(CONFIGMAPS, at.namespace, at.name, body)
    except UnansweredError:
        found = cluster.get(CONFIGMAPS, at.namespace, at.name)
        if at.text(found) != text or at.signature(found) != signature:
            raise
    return Kept(memory, at.version(found), found=found, at=kept.at)


def _created(cluster: MemoryStore, kept: Kept) -> Kept:
    """An empty ConfigMap where there is none: its uid is part of what is signed."""
    at = kept.place
    body: Json = {
        "apiVersion": "v1",
        "kind": CONFIGMAPS.kind,
        "metadata": {"name": at.name, "namespace": at.namespace},
    }
    try:
        found = cluster.create(CONFIGMAPS, at.namespace, body)
    except UnansweredError:
        found = cluster.get(CONFIGMAPS, at.namespace, at.name)
        if found.get("data"):
            raise
    except ForbiddenError as error:
        raise ForbiddenError(
            f"there is no {at} and these credentials may not create it: install the "
            f"chart, or run `kubectl create configmap {at.name} -n {at.namespace}`",
            error.status,
        ) from error
    return replace(kept, version=at.version(found), found=found)
