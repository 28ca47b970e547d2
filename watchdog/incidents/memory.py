"""One namespace's memory: a value, and how it becomes text and is read again.

The text lies in the ConfigMap `sre-watchdog` of the namespace itself (store.py), so anyone who can
tamper with it can only affect what they may edit anyway. If the namespace is only observed, it lies
in the release's own namespace (observed.py).
"""

import json
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError

from watchdog.errors import WatchdogError
from watchdog.model.diagnosis import Diagnosis
from watchdog.model.incident import Hash, Incident
from watchdog.snapshot.refs import Noun, ObjectRef

VERSION = 1
# With a text that was set aside it stays well below the 1 MiB that a ConfigMap may hold.
MAX_BYTES = 700 * 1024
MAX_INCIDENTS = 1000
CLOCKS_DIFFER = timedelta(minutes=5)
LONGEST_AHEAD = timedelta(days=2)
FIRST_YEAR = 2000
_AHEAD = frozenset({"quiet_until", "expires_at"})


class StoredDiagnosis(Noun):
    """The last diagnosis by a model, without any value, and the hash of what it rests on."""

    situation: Hash
    at: datetime
    diagnosis: Diagnosis
    whole: bool = True


class ModelUse(Noun):
    """What the model was used for on one day (UTC): calls and tokens."""

    day: str = ""
    calls: Annotated[int, Field(ge=0)] = 0
    tokens: Annotated[int, Field(ge=0)] = 0


class Memory(Noun):
    """Everything that is remembered about one namespace.

    `stopped_by` is `user/channel/ts` of the Slack message whose stop sign pauses the namespace,
    empty for none; it outlasts the incident that the message is about.
    """

    version: Literal[1] = 1
    cluster: str = ""
    namespace: str
    incidents: tuple[Incident, ...] = ()
    diagnosed: StoredDiagnosis | None = None
    use: ModelUse = ModelUse.model_construct()
    stopped_by: Annotated[str, Field(max_length=160)] = ""

    def rests(self, *, talks: bool, receivers: Collection[str] = ()) -> bool:
        """Whether nothing is left to do about an incident and, where this `talks`, to tell.

        `receivers` are the messengers of the settings, by name.
        """
        return not any(
            item.open or (talks and item.untold) or item.unnoticed(receivers)
            for item in self.incidents
        )

    def recent(self, since: datetime) -> tuple[Incident, ...]:
        """The incidents that are open, or ended since then."""
        return tuple(
            item
            for item in self.incidents
            if item.open or (item.resolved_at is not None and item.resolved_at >= since)
        )

    def use_on(self, now: datetime) -> ModelUse:
        """What the model was used for on that day."""
        day = f"{now:%Y-%m-%d}"
        return self.use if self.use.day == day else ModelUse.model_construct(day=day)


class UnreadableError(WatchdogError):
    """A text is no memory, or one that cannot be true; the text says why in a few words."""


class NewerError(UnreadableError):
    """The memory was written by a newer version of this product."""


def encode(memory: Memory) -> str:
    """Pretty JSON for people: the version, then sorted keys, without defaults and any value."""
    plain = _plain(memory)
    return _json({"version": plain.pop("version"), **_sorted(plain)})


def decode(text: str, max_bytes: int = MAX_BYTES) -> Memory:
    """The memory that `encode` made a text of; raises UnreadableError or NewerError."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("it is not JSON") from error
    version = found.get("version") if isinstance(found, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise NewerError(f"its version is {version}, and this one knows {VERSION}")
    # Asked after the version: a newer one may hold more.
    if len(text.encode("utf-8", "replace")) > max_bytes:
        raise UnreadableError(f"it is larger than {max_bytes // 1024} KiB")
    try:
        memory = Memory.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "it"
        if first["type"] == "extra_forbidden":
            # Its name may be anybody's words. All others are names of ours and places in lists.
            raise UnreadableError("it has a field that is unknown") from error
        raise UnreadableError(f"{where!r} is not valid") from error
    fingerprints = {incident.fingerprint for incident in memory.incidents}
    if len(memory.incidents) > MAX_INCIDENTS:
        raise UnreadableError(f"it holds more than {MAX_INCIDENTS} incidents")
    if len(fingerprints) < len(memory.incidents):
        raise UnreadableError("it holds an incident twice")
    try:
        encode(memory).encode()
    except UnicodeEncodeError as error:
        raise UnreadableError("it holds half a character") from error
    if any(isinstance(value, SecretStr) for noun in _nouns(memory) for _, value in noun):
        raise UnreadableError("it holds the value of a variable, which is never stored")
    return memory


def check(memory: Memory, namespace: str, now: datetime) -> None:
    """Raise UnreadableError for what this product cannot have written there by now."""
    if memory.namespace != namespace:
        raise UnreadableError("it is the memory of another namespace")
    for noun in _nouns(memory):
        # What belongs to no namespace, a Node for one, has an empty one.
        if isinstance(noun, ObjectRef) and noun.namespace not in {namespace, ""}:
            raise UnreadableError("it names an object of another namespace")
        for name, value in noun:
            if isinstance(value, datetime):
                _check_time(name, value, now)
    try:
        day = date.fromisoformat(memory.use.day) if memory.use.day else now.date()
    except ValueError as error:
        raise UnreadableError("'use.day' is not a day") from error
    if day > (now + CLOCKS_DIFFER).astimezone(UTC).date():
        raise UnreadableError("'use.day' lies in the future")


def fit(memory: Memory, max_bytes: int = MAX_BYTES) -> Memory:
    """What of it fits into so many bytes, giving up what matters least first.

    Resolved incidents, the longest resolved first; the stored diagnosis; the words about all but
    the last try of each incident; open incidents about pods of no one, of which anyone makes as
    many as they like, the longest not seen first; last, newest first, open incidents of which
    nothing but their being seen is known. Other open ones that have counts or a message stay, so
    the result may still be too large.
    """
    for give_up in (_resolved_gone, _undiagnosed, _words_gone, _of_no_one_gone, _seen_gone):
        if _fits(memory, max_bytes):
            break
        memory = give_up(memory, max_bytes)
    return memory


def _resolved_gone(memory: Memory, max_bytes: int) -> Memory:
    resolved = sorted(
        (each for each in memory.incidents if not each.open),
        key=lambda each: each.resolved_at or each.last_seen,
    )
    return _least(memory, resolved, lambda _: (), max_bytes)


def _undiagnosed(memory: Memory, _: int) -> Memory:
    return memory.model_copy(update={"diagnosed": None})


def _words_gone(memory: Memory, max_bytes: int) -> Memory:
    oldest_first = sorted(memory.incidents, key=lambda each: each.last_seen)
    return _least(memory, oldest_first, _without_words, max_bytes)


def _of_no_one_gone(memory: Memory, max_bytes: int) -> Memory:
    bare = [each for each in memory.incidents if each.open and _untried_pod(each)]
    return _least(memory, sorted(bare, key=lambda each: each.last_seen), lambda _: (), max_bytes)


def _seen_gone(memory: Memory, max_bytes: int) -> Memory:
    only_seen = [each for each in memory.incidents if _only_seen(each)]
    newest_first = sorted(only_seen, key=lambda each: each.first_seen, reverse=True)
    return _least(memory, newest_first, lambda _: (), max_bytes)


def _least(
    memory: Memory,
    order: list[Incident],
    change: Callable[[Incident], tuple[Incident, ...]],
    max_bytes: int,
) -> Memory:
    """The memory with `change` made to as few of the first in `order` as it takes."""
    kept: dict[str, tuple[Incident, ...]] = {each.fingerprint: (each,) for each in memory.incidents}
    over, count = _bytes(encode(memory)) - max_bytes, len(kept)
    for each in order:
        if over <= 0 and count <= MAX_INCIDENTS:
            break
        changed = change(each)
        kept[each.fingerprint] = changed
        over -= _weight(each) - sum(map(_weight, changed))
        count -= not changed
    incidents = tuple(one for each in memory.incidents for one in kept[each.fingerprint])
    return memory.model_copy(update={"incidents": incidents})


def _fits(memory: Memory, max_bytes: int) -> bool:
    return len(memory.incidents) <= MAX_INCIDENTS and _bytes(encode(memory)) <= max_bytes


def _weight(incident: Incident) -> int:
    """The bytes that an incident takes in the text, with what parts it from the next."""
    return _bytes(_json([[_sorted(_plain(incident))]])) - len("[\n [\n\n ]\n]") + len(",\n")


def _bytes(text: str) -> int:
    return len(text.encode())


def _json(plain: Any) -> str:
    return json.dumps(plain, indent=1, ensure_ascii=False)


def _without_words(incident: Incident) -> tuple[Incident, ...]:
    older = tuple(each.model_copy(update={"reason": ""}) for each in incident.tries[:-1])
    return (incident.model_copy(update={"tries": older + incident.tries[-1:]}),)


def _untried_pod(incident: Incident) -> bool:
    return incident.target.kind == "Pod" and not (incident.tries or incident.request)


def _only_seen(incident: Incident) -> bool:
    counted = incident.attempts or incident.tries or incident.escalated or incident.quiet_until
    return incident.open and not (counted or incident.request or incident.thread)


def _check_time(name: str, value: datetime, now: datetime) -> None:
    if value.tzinfo is None:
        raise UnreadableError(f"{name!r} has no time zone")
    if value.year < FIRST_YEAR:
        raise UnreadableError(f"{name!r} lies too far in the past")
    if value - now > (LONGEST_AHEAD if name in _AHEAD else CLOCKS_DIFFER):
        raise UnreadableError(f"{name!r} lies too far in the future")


def _nouns(value: Any) -> Iterator[Noun]:
    """All nouns in a value, itself included."""
    if isinstance(value, Noun):
        yield value
        for _, inner in value:
            yield from _nouns(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _nouns(inner)


def _plain(value: Any) -> Any:
    """JSON of a noun. A secret becomes nothing, not asterisks that would be read as a value."""
    if isinstance(value, Noun):
        fields = type(value).model_fields
        return {
            name: _plain(inner)
            for name, inner in value
            if not isinstance(inner, SecretStr)
            # What tells actions and versions apart is their default.
            and (name in {"kind", "version"} or inner != fields[name].default)
        }
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return value


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(inner) for inner in value] if isinstance(value, list) else value
