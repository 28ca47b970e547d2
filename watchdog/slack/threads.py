"""One Slack message per incident, edited in place; its changes are replies below it.

Everything said is noted in the incident's Thread, and what could not be said now is said by the
next pass. A message that a dying pass may have left behind is looked for before it is posted anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from watchdog.clock import Budget
from watchdog.incidents.memory import Memory
from watchdog.incidents.thread_signature import holds, signed
from watchdog.logs import log
from watchdog.model.incident import Thread
from watchdog.model.report import Delivery, Report
from watchdog.report.outbox import Key, Outbox
from watchdog.report.wording import ended
from watchdog.settings.schema import Settings
from watchdog.slack.incident_message import incident_message, shown
from watchdog.slack.messages import digest
from watchdog.slack.post_result import PostResult
from watchdog.slack.reactions import Answers, answers
from watchdog.slack.replies import Replies
from watchdog.slack.search import (
    PostedMessage,
    Search,
    about_digest,
    about_message,
    is_about,
    message_of,
)
from watchdog.slack.sender import Sender
from watchdog.slack.web_client import configured
from watchdog.slack.webhook import tell_changes
from watchdog.text.regex import regex

__all__ = ["Answers", "answers", "notify"]

_QUIET_EDITS = 20  # a pass: durations go on, nothing else has changed
_LOST = "a message whose answer was lost is not posted again, as it cannot be looked for: "
_LOST_FOR = timedelta(hours=1)  # then it is posted anew: twice told is better than never
_FILES_SCOPE = "files:write"
_MOST_FILES = 3  # a pass: each takes three calls
_ID = regex(r"[CGD][A-Z0-9]{2,30}")


def notify(  # noqa: PLR0913, PLR0917 - what is sent, and the ways out of it
    report: Report,
    memories: Mapping[str, Memory],
    settings: Settings,
    budget: Budget,
    channels: Mapping[str, str],
    keep: Callable[[str, Memory], None],
    *,
    muted: frozenset[str] = frozenset(),
    now: datetime | None = None,
) -> tuple[list[Delivery], dict[str, Memory]]:
    """Tell Slack what has changed; how that went, and the memories with their marks of it.

    `keep` saves a memory and raises ClusterError where it cannot; it is called before a message is
    posted, and nothing is posted where it fails. The memories returned must be saved too where they
    differ from what was last saved. `channels` are those that policies name; incidents whose
    fingerprint is `muted` are not mentioned again while nothing changes. `now` is the API server's
    clock, by which all times in memory go. A dry run tells nothing. Never raises for what Slack
    does.
    """
    slack = settings.slack
    known = any(memory.incidents for memory in memories.values())
    if report.mode != "act" or not configured(slack) or not known:
        return [], dict(memories)
    book = Outbox(report, dict(memories), keep, now or ended(report), settings)
    mail = Sender(slack, budget, settings.shards)
    if mail.by_webhook:
        tell_changes(book, mail)
    else:
        places = {name: channels.get(name) or slack.channel or "" for name in memories}
        ThreadSync(book, mail, places, Replies(book, mail, Search(mail), slack, muted)).run()
    return book.close(), book.memories


@dataclass
class ThreadSync:
    """One pass's messages; `places` gives the channel of each namespace."""

    book: Outbox
    mail: Sender
    places: Mapping[str, str]
    replies: Replies
    _ids: dict[str, str] = field(default_factory=dict)
    _again: list[Key] = field(default_factory=list)

    def run(self) -> None:
        """Messages first, then what is said below them, then edits that only keep time."""
        keys = self.book.by_urgency()
        states = {key: self.book.thread(key).told for key in keys}
        for key in keys:
            self._disown(key)
            thread = self.book.thread(key)
            if thread.ts and thread.name:
                self._ids[thread.name] = thread.channel
        for key in keys:
            if self.book.thread(key).posting:
                self._look_for(key)
        for key in keys:
            if self.book.changed(key):
                self._edit(key)
        self._post([*(key for key in keys if self._is_new(key)), *self._again])
        quiet = [key for key in keys if self.book.story(key).case and not self.book.changed(key)]
        self.replies.run(keys)
        self._again.clear()
        edits = 0
        for key in quiet:
            edits += edits < _QUIET_EDITS and self.mail.left > 0 and self._edit(key)
        self._post(self._again)
        self._upload(key for key in keys if states[key] != self.book.thread(key).told)

    def _upload(self, keys: Iterable[Key]) -> None:
        """The report as a file, where the bot may write one and the thread heard something new."""
        if _FILES_SCOPE not in self.mail.scopes:
            return
        from watchdog.slack.upload import upload

        own = (key for key in keys if key in self.book.told and not self.book.thread(key).shared)
        for key in islice(own, _MOST_FILES):
            answer = upload(self.mail, self.book.thread(key), self.book.report, key.namespace)
            if not answer.ok:
                log.warning("the report of %s is not in Slack: %s", key.namespace, answer.words(""))

    def _disown(self, key: Key) -> None:
        """Leave a message alone that only an edited memory says is ours; another takes its place.

        Without a seal, as after a change of the token, what Slack holds of it decides.
        """
        incident, thread = self.book.incident(key), self.book.thread(key)
        due = incident.open or self.book.changed(key)
        if not thread.ts or not due or holds(thread, key.namespace, self.mail.settings):
            return
        known = _ID.fullmatch(thread.channel) is not None and not thread.shared
        seen = self.replies.search.thread(thread.channel, thread.ts) if known else []
        if not isinstance(seen, PostResult) and is_about(incident, thread, seen):
            self._note(key, thread)
        else:
            self.book.note(key, None)

    def _note(self, key: Key, thread: Thread) -> None:
        self.book.note(key, signed(thread, key.namespace, self.mail.settings))

    def _is_new(self, key: Key) -> bool:
        incident, thread = self.book.incident(key), self.book.thread(key)
        if thread.ts:
            return False
        if thread.posting:
            # It may be there: not again until there is something new to say, or a while has passed.
            since = thread.reminded_at
            forgotten = since is not None and self.book.now - since >= _LOST_FOR
            return forgotten or thread.told not in {"", incident.state}
        return incident.open or incident.untold

    def _edit(self, key: Key) -> bool:
        """Make the message say what is true now; whether that took a call."""
        thread = self.book.thread(key)
        message = incident_message(self.book.story(key))
        if thread.shared or not thread.ts or shown(message) == thread.shown:
            return False
        answer = self.mail.update(message, thread.channel, thread.ts)
        if answer.ok:
            self.book.note(key, thread.model_copy(update={"shown": shown(message)}))
        elif answer.gone:
            self._again.append(key)
        else:
            self.book.fail(answer.words(thread.name or thread.channel))
        return True

    def _look_for(self, key: Key) -> None:
        """Find the message that an earlier pass may have posted."""
        incident, thread = self.book.incident(key), self.book.thread(key)
        channel = self._ids.get(thread.channel, thread.channel)
        if not _ID.fullmatch(channel):
            seen: list[PostedMessage] | PostResult = PostResult(code="by_name")
        else:
            seen = self.replies.search.channel(channel)
        if isinstance(seen, PostResult):
            self.book.fail(_LOST + seen.words(thread.name or channel))
            if not (seen.again or seen.code == "unclear" or thread.told):
                self.book.note(key, thread.model_copy(update={"told": incident.state}))
            return
        found = message_of(incident, thread, seen)
        if found is None:
            self.book.note(key, None)
            return
        ts, shared = found
        told = (incident.state if incident.open else "broken") if shared else ""
        place = {"ts": ts, "channel": channel, "posting": False, "shared": shared, "told": told}
        self._note(key, thread.model_copy(update=place))

    def _post(self, keys: Sequence[Key]) -> None:
        """The first ones' own messages, a digest of the others, and who shares one by its cause."""
        led = {key: self.book.leader(key) for key in keys}
        own = [key for key in keys if led[key] == key]
        for key in own[: self.mail.most_posts]:
            self._post_one(key)
        rest: dict[str, list[Key]] = {}
        for key in own[self.mail.most_posts :]:
            rest.setdefault(self.places.get(key.namespace, ""), []).append(key)
        for channel, several in rest.items():
            self._post_digest(channel, several)
        for key in keys:
            self._join(key, led[key])

    def _post_one(self, key: Key) -> None:
        before, incident = self.book.incident(key).thread, self.book.incident(key)
        name = self.places.get(key.namespace, "")
        said = before.said + 1 if before else 0
        thread = Thread(
            channel=name,
            name=name,
            posting=True,
            mark=incident.fingerprint,
            said=said,
            reminded_at=self.book.now,
        )
        message = incident_message(self.book.story(key))
        if not self._may_post(name) or not self.book.keep_first({key: thread}):
            return
        answer = self.mail.post(message, name, about_message(incident, thread))
        self._posted(answer, {key: thread}, {key: before}, shown(message))

    def _post_digest(self, name: str, keys: Sequence[Key]) -> None:
        before = {key: self.book.incident(key).thread for key in keys}
        threads = {
            key: Thread(
                channel=name,
                name=name,
                posting=True,
                mark=key.fingerprint,
                reminded_at=self.book.now,
            )
            for key in keys
        }
        if not self._may_post(name):
            return
        kept = self.book.keep_first(threads)
        if not kept:
            return
        lines = [self.book.story(key).headline for key in kept]
        message = digest(lines, kept[0].namespace, self.book.report)
        answer = self.mail.post(
            message, name, about_digest([self.book.incident(key) for key in kept])
        )
        self._posted(answer, {key: threads[key] for key in kept}, before, None)

    def _may_post(self, name: str) -> bool:
        if not name:
            self.book.fail("no channel is set: set SRE_AGENT_SLACK__CHANNEL")
            return False
        refusal = self.mail.refusal(name)
        if refusal is not None:
            self.book.fail(refusal.words(name))
        return refusal is None

    def _posted(
        self,
        answer: PostResult,
        threads: Mapping[Key, Thread],
        before: Mapping[Key, Thread | None],
        says: str | None,
    ) -> None:
        """Note what became of a post; `says` is None for a digest."""
        if not answer.ok:
            self.book.fail(answer.words(next(iter(threads.values())).name))
        for key, thread in threads.items():
            if not answer.ok and answer.code != "unclear":
                self.book.note(key, before[key])
            elif answer.ok and answer.ts and answer.channel:
                incident = self.book.incident(key)
                place = {
                    "ts": answer.ts,
                    "channel": answer.channel,
                    "posting": False,
                    "shared": says is None,
                    "shown": says or "",
                    "told": incident.state if says is None else "",
                    "returned": incident.reopened,
                    "reminded_at": self.book.now,
                }
                self._note(key, thread.model_copy(update=place))
                self.book.told.add(key)
                self.replies.fresh.add(answer.ts)
                self._ids[thread.name] = answer.channel

    def _join(self, key: Key, leader: Key) -> None:
        """Share the message of the incident that has the same cause."""
        theirs, incident = self.book.thread(leader), self.book.incident(key)
        if leader == key or not theirs.ts:
            return
        told_there = theirs.ts in self.replies.fresh
        thread = Thread(
            channel=theirs.channel,
            name=theirs.name,
            ts=theirs.ts,
            shared=True,
            mark=incident.fingerprint,
            told=incident.state if told_there else "",
            returned=incident.reopened,
            reminded_at=self.book.now,
        )
        self._note(key, thread)
