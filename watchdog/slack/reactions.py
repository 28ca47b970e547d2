"""What people answered in Slack: reactions that approve, signs that stop. Decides nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchdog.clock import Budget
from watchdog.incidents.memory import Memory
from watchdog.model.incident import ApprovalRequest, Incident
from watchdog.settings.schema import Settings
from watchdog.slack.incident_message import ASKS
from watchdog.slack.post_result import PostResult
from watchdog.slack.sender import Sender
from watchdog.text.format import one_line
from watchdog.text.regex import regex

_YES = {"white_check_mark", "heavy_check_mark", "+1", "thumbsup"}
_STOP = {"no_entry", "octagonal_sign", "stop_sign"}
_MESSAGES = 20
_SECONDS = 15.0
_TS = regex(r"\d{1,12}\.\d{1,9}")


@dataclass(frozen=True)
class Answers:
    """`approvals` gives the user for each request id; `stopped` the `user/channel/ts` for each
    namespace, of who put the sign on which message. `problems` are whole sentences.
    """

    approvals: Mapping[str, str] = field(default_factory=dict)
    stopped: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def answers(memories: Mapping[str, Memory], settings: Settings, budget: Budget) -> Answers:
    """Read the reactions to open asks and to the messages of open incidents; raises nothing.

    A reaction counts only by a listed approver, on a message of our own bot that asks for exactly
    that request. A sign on a message holds for as long as it is there, resolved or not.
    """
    if settings.slack.bot_token is None:
        return Answers()
    return _Reading(settings, Sender(settings.slack, budget.part(_SECONDS))).run(memories)


@dataclass
class _Reading:
    settings: Settings
    mail: Sender
    approvals: dict[str, str] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    problems: dict[str, None] = field(default_factory=dict)
    _us: Mapping[str, Any] | None = None
    _ended: bool = False

    def run(self, memories: Mapping[str, Memory]) -> Answers:
        for namespace, memory in memories.items():
            for incident in memory.incidents:
                if incident.open and incident.request is not None and incident.thread is not None:
                    self._read_ask(namespace, incident, incident.request, incident.thread.channel)
        places = _places(memories)
        for (channel, ts), namespaces in list(places.items())[:_MESSAGES]:
            message = self._message(channel, ts)
            for user in _users(message, _STOP)[:1]:
                self.stopped |= dict.fromkeys(namespaces, _sign(user, channel, ts))
        if len(places) > _MESSAGES:
            self._problem(
                f"only {_MESSAGES} of {len(places)} Slack messages were looked at for a stop sign"
            )
        return Answers(self.approvals, self.stopped, tuple(self.problems))

    def _read_ask(
        self, namespace: str, incident: Incident, request: ApprovalRequest, channel: str
    ) -> None:
        if not _TS.fullmatch(request.ts):
            return
        message = self._message(channel, request.ts)
        for user in _users(message, _STOP)[:1]:
            self.stopped[namespace] = _sign(user, channel, request.ts)
        users = _users(message, _YES)
        if not users:
            return
        name = one_line(f"{namespace}/{incident.target.name}")
        if not (_asks_for(message, request.id) and self._ours(message)):
            self._problem(
                f"the Slack message noted as the ask for {name} is not ours or asks for something "
                "else: its reactions approve nothing"
            )
            return
        listed = [user for user in users if user in self.settings.slack.approvers]
        for user in users:
            if user not in listed:
                self._problem(
                    f"the reaction of {one_line(user, 40)} approves nothing for {name}: "
                    "SRE_AGENT_SLACK__APPROVERS does not list that user"
                )
        if listed:
            self.approvals[request.id] = listed[0]

    def _message(self, channel: str, ts: str) -> Mapping[str, Any]:
        """The message with its reactions; empty where it cannot be read."""
        if self._ended:
            return {}
        answer = self.mail.read("reactions.get", channel=channel, timestamp=ts, full=True)
        if not answer.ok:
            self._failed(answer, channel)
        message = answer.data.get("message")
        return message if answer.ok and isinstance(message, dict) else {}

    def _failed(self, answer: PostResult, channel: str) -> None:
        """A message that is gone concerns that message; all else would fail for the others too."""
        if answer.gone:
            return
        self._ended = True
        self._problem(f"reactions in Slack could not be read: {answer.words(channel)}")

    def _ours(self, message: Mapping[str, Any]) -> bool:
        if self._us is None:
            answer = self.mail.read("auth.test")
            if not answer.ok:
                self._failed(answer, "any channel")
                return False
            self._us = answer.data
        ids = [(message.get(one), self._us.get(two)) for one, two in _IDS]
        return any(a and a == b for a, b in ids) and all(a == b for a, b in ids if a and b)

    def _problem(self, sentence: str) -> None:
        self.problems.setdefault(sentence)


_IDS = (("user", "user_id"), ("bot_id", "bot_id"))


def _places(memories: Mapping[str, Memory]) -> dict[tuple[str, str], list[str]]:
    """Messages to look at, those that stop already and the latest first, with their namespaces.

    The first of each namespace comes before any second, and those about pods of no one come last:
    none takes the room of another's.
    """
    places: dict[tuple[str, str], list[str]] = {}
    found: list[tuple[int, float, tuple[str, str], str]] = []
    for namespace, memory in memories.items():
        channel, _, ts = memory.stopped_by.partition("/")[2].rpartition("/")
        if channel and _TS.fullmatch(ts):
            places.setdefault((channel, ts), []).append(namespace)
        own: dict[tuple[str, str], float] = {}
        for item in sorted(memory.incidents, key=_latest):
            if item.open and item.thread is not None and item.thread.ts:
                place = item.thread.channel, item.thread.ts
                own.setdefault(place, -item.last_seen.timestamp())
        found += [(turn, when, place, namespace) for turn, (place, when) in enumerate(own.items())]
    for _, _, place, namespace in sorted(found, key=lambda item: item[:2]):
        concerned = places.setdefault(place, [])
        concerned += [] if namespace in concerned else [namespace]
    return places


def _latest(incident: Incident) -> tuple[bool, float]:
    return incident.target.kind == "Pod", -incident.last_seen.timestamp()


def _sign(user: str, channel: str, ts: str) -> str:
    return f"{user[:30]}/{channel}/{ts}"


def _users(message: Mapping[str, Any], names: set[str]) -> list[str]:
    """Who reacted with one of these, in Slack's order."""
    listed = message.get("reactions")
    found: list[str] = []
    for reaction in listed if isinstance(listed, list) else []:
        # A skin tone follows the name: `+1::skin-tone-2`.
        if isinstance(reaction, dict) and str(reaction.get("name")).split("::")[0] in names:
            users = reaction.get("users")
            found += [user for user in users or [] if isinstance(user, str)]
    return list(dict.fromkeys(found))


def _asks_for(message: Mapping[str, Any], request_id: str) -> bool:
    """Whether the message is the ask for that very request, by its metadata or its command.

    An ask that was used begins otherwise, and keeps its metadata.
    """
    asks = str(message.get("text") or "").startswith(ASKS)
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    if isinstance(payload, dict):
        return asks and bool(payload.get("approval") == request_id)
    # Another message may name the command too: only the reply that asks may be answered.
    asked = set(_approvals(message.get("text"))) | set(_approvals(message.get("blocks")))
    return asks and asked == {request_id}


def _approvals(said: Any) -> Iterator[str]:
    """The request ids in commands that approve, anywhere in a message."""
    if isinstance(said, str):
        yield from re.findall(r"sre-watchdog/approve=([0-9a-f]+)", said)
    elif isinstance(said, dict):
        for value in said.values():
            yield from _approvals(value)
    elif isinstance(said, list):
        for value in said:
            yield from _approvals(value)
