"""Looks for messages of ours whose answer was lost, by the metadata that went with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from watchdog.model.incident import Incident, Thread
from watchdog.slack.post_result import PostResult
from watchdog.slack.sender import Sender

_PAGES, _PAGE = 5, 200
_IN_DIGEST = 250
_SHORT = 16  # characters of a fingerprint, enough to tell apart what one pass told


@dataclass(frozen=True)
class PostedMessage:
    """One message of a channel or thread: its ts and what went with it."""

    ts: str
    about: Mapping[str, Any]


@dataclass
class Search:
    """Each channel and each thread is read once in a pass, and only when something is missing."""

    mail: Sender
    _read: dict[tuple[str, ...], list[PostedMessage] | PostResult] = field(default_factory=dict)

    def channel(self, channel: str) -> list[PostedMessage] | PostResult:
        """The channel's latest messages with metadata, or why they cannot be read."""
        return self._once(("conversations.history", channel), channel=channel)

    def thread(self, channel: str, ts: str) -> list[PostedMessage] | PostResult:
        """The replies below a message, or why they cannot be read."""
        return self._once(("conversations.replies", channel, ts), channel=channel, ts=ts)

    def _once(self, key: tuple[str, ...], **body: Any) -> list[PostedMessage] | PostResult:
        if key not in self._read:
            self._read[key] = self._pages(key[0], body)
        return self._read[key]

    def _pages(self, method: str, body: dict[str, Any]) -> list[PostedMessage] | PostResult:
        found: list[PostedMessage] = []
        cursor = ""
        for _ in range(_PAGES):
            more = {"cursor": cursor} if cursor else {}
            answer = self.mail.read(method, limit=_PAGE, include_all_metadata=True, **body, **more)
            if not answer.ok:
                return answer
            found += _messages(answer.data)
            following = answer.data.get("response_metadata") or {}
            cursor = str(following.get("next_cursor") or "") if isinstance(following, dict) else ""
            if not cursor:
                break
        return found


def about_message(incident: Incident, thread: Thread) -> dict[str, Any]:
    """What goes with an incident's message; a later one of the same failure differs."""
    begun = int(incident.first_seen.timestamp())
    return {
        "namespace": incident.target.namespace,
        "incident": thread.mark or incident.fingerprint,
        "since": begun,
        "post": thread.said,
    }


def about_digest(incidents: Sequence[Incident]) -> dict[str, Any]:
    """What goes with a digest; metadata may have some thousand characters."""
    words = [_in_digest(item.fingerprint, item) for item in incidents[:_IN_DIGEST]]
    return {"digest": " ".join(words)}


def about_reply(threads: Sequence[tuple[Thread, str]]) -> dict[str, Any]:
    """What goes with a reply: for each incident, the number of the reply and the state it tells."""
    return {"said": " ".join(f"{_number(thread)}:{state}" for thread, state in threads)}


def message_of(
    incident: Incident, thread: Thread, seen: list[PostedMessage]
) -> tuple[str, bool] | None:
    """The ts of its message among these, and whether that is a digest."""
    wanted = about_message(incident, thread)
    for item in seen:
        if all(item.about.get(name) == value for name, value in wanted.items()):
            return item.ts, False
        if _in_digest(wanted["incident"], incident) in str(item.about.get("digest", "")).split():
            return item.ts, True
    return None


def is_about(incident: Incident, thread: Thread, seen: list[PostedMessage]) -> bool:
    """Whether its message is among these and was posted for that very incident."""
    wanted = about_message(incident, thread)
    del wanted["post"]  # goes on with the replies
    return any(
        item.ts == thread.ts and all(item.about.get(n) == value for n, value in wanted.items())
        for item in seen
    )


def told_by(thread: Thread, seen: list[PostedMessage]) -> str | None:
    """The state that its next reply tells, where that reply is there already."""
    number = _number(thread)
    for item in seen:
        for word in str(item.about.get("said", "")).split():
            if word.rpartition(":")[0] == number:
                return word.rpartition(":")[2]
    return None


def ask_of(request_id: str, seen: list[PostedMessage]) -> str | None:
    """The ts of the reply that asks for that approval."""
    return next((item.ts for item in seen if item.about.get("approval") == request_id), None)


def _in_digest(mark: str, incident: Incident) -> str:
    return f"{mark[:_SHORT]}:{int(incident.first_seen.timestamp()):x}"


def _number(thread: Thread) -> str:
    return f"{thread.mark[:_SHORT]}:{thread.said}"


def _messages(data: Mapping[str, Any]) -> Iterator[PostedMessage]:
    listed = data.get("messages")
    for raw in listed if isinstance(listed, list) else []:
        metadata = raw.get("metadata") if isinstance(raw, dict) else None
        payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
        if isinstance(payload, dict):
            yield PostedMessage(str(raw.get("ts") or ""), payload)
