"""What is said below an incident's message: details, changes, reminders, asks for approval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from watchdog.model.incident import Thread
from watchdog.report.outbox import Key, Outbox
from watchdog.settings.services import SlackSettings
from watchdog.slack.block_kit import Message
from watchdog.slack.incident_message import (
    ask,
    change,
    changes,
    details,
    reminder,
    request_diff,
    used,
)
from watchdog.slack.post_result import PostResult
from watchdog.slack.search import PostedMessage, Search, about_reply, ask_of, told_by
from watchdog.slack.sender import Sender


@dataclass
class Replies:
    """`fresh` are the messages that this pass posted itself: nothing can stand below them yet."""

    book: Outbox
    mail: Sender
    search: Search
    settings: SlackSettings
    muted: frozenset[str]
    fresh: set[str] = field(default_factory=set)

    def run(self, keys: Iterable[Key]) -> None:
        """Everything that is due, for incidents that have a message."""
        shared: dict[tuple[str, str], list[Key]] = {}
        for key in keys:
            thread = self.book.thread(key)
            if not thread.ts:
                continue
            if self.book.changed(key) or self._waits_for_long(key):
                self._recall(key)
            if self.book.changed(key):
                if thread.shared:
                    shared.setdefault((thread.channel, thread.ts), []).append(key)
                else:
                    self._tell(key)
            elif self._waits_for_long(key):
                self._say([key], reminder(self.book.story(key)))
            self._burn(key)
            self._ask(key)
        for several in shared.values():
            self._tell_several(several)

    def _tell(self, key: Key) -> None:
        story, thread = self.book.story(key), self.book.thread(key)
        if thread.told:
            back = thread.returned != story.incident.reopened
            self._say([key], change(story, back=back))
        elif (said := details(story)) is not None:
            self._say([key], said)
        else:
            self._note_told(key, thread.said)

    def _tell_several(self, keys: Sequence[Key]) -> None:
        """One reply for all incidents of a digest, or of a cause."""
        stories = [self.book.story(key) for key in keys]
        if len(keys) == 1:
            back = self.book.thread(keys[0]).returned != stories[0].incident.reopened
            self._say(keys, change(stories[0], back=back))
        else:
            self._say(keys, changes(stories))

    def _say(self, keys: Sequence[Key], message: Message) -> None:
        threads = [(self.book.thread(key), self.book.incident(key).state) for key in keys]
        answer = self._reply(keys[0], message, about_reply(threads))
        if answer.ok:
            for key in keys:
                self._note_told(key, self.book.thread(key).said + 1)
                self.book.told.add(key)

    def _note_told(self, key: Key, said: int, state: str = "") -> None:
        incident, thread = self.book.incident(key), self.book.thread(key)
        marks = {
            "told": state or incident.state,
            "returned": incident.reopened,
            "said": said,
            "reminded_at": self.book.now,
        }
        self.book.note(key, thread.model_copy(update=marks))

    def _recall(self, key: Key) -> None:
        """Note a reply that an earlier pass made without being able to note it."""
        thread = self.book.thread(key)
        state = told_by(thread, self._standing(thread))
        if state is not None:
            self._note_told(key, thread.said + 1, state)

    def _standing(self, thread: Thread) -> list[PostedMessage]:
        """The replies that are there; none where they cannot be read."""
        if thread.ts in self.fresh:
            return []
        seen = self.search.thread(thread.channel, thread.ts)
        return [] if isinstance(seen, PostResult) else seen

    def _waits_for_long(self, key: Key) -> bool:
        incident, thread = self.book.incident(key), self.book.thread(key)
        if incident.state != "needs_you" or key.fingerprint in self.muted:
            return False
        since = thread.reminded_at or incident.first_seen
        waited = (self.book.now - since).total_seconds()
        return waited >= self.settings.remind_seconds

    def _ask(self, key: Key) -> None:
        """Ask for the approval that the incident waits for, once."""
        incident, thread = self.book.incident(key), self.book.thread(key)
        request = incident.request
        if request is None or request.ts or not incident.open or not thread.ts:
            return
        standing = ask_of(request.id, self._standing(thread))
        if standing is not None:
            self.book.asked(key, standing)
            return
        story = self.book.story(key)
        if not request_diff(story, request):
            return  # no one approves what is not shown; a later pass that works it out asks
        message = ask(story, request, self.settings.approvers)
        answer = self._reply(key, message, {"approval": request.id})
        if answer.ok and answer.ts:
            self.book.asked(key, answer.ts)
            self.book.told.add(key)

    def _burn(self, key: Key) -> None:
        """Make asks whose approval was used say so: a reaction to them approves nothing then."""
        left = []
        for ts in self.book.incident(key).used_asks:
            answer = self.mail.update(used(self.book.story(key)), self.book.thread(key).channel, ts)
            if not (answer.ok or answer.gone):
                left.append(ts)
                self.book.fail(f"a used approval still shows: {answer.words('the channel')}")
        self.book.burnt(key, left)

    def _reply(self, key: Key, message: Message, about: Mapping[str, Any]) -> PostResult:
        thread = self.book.thread(key)
        answer = self.mail.post(message, thread.channel, about, thread.ts)
        if not answer.ok:
            said = answer.words(thread.name or thread.channel)
            self.book.fail(f"a reply is missing: {said}")
        if answer.gone:
            # Nothing can be said below it any more: the next pass posts a message anew.
            self.book.note(key, None)
        return answer
