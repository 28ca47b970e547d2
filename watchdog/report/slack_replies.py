"""What is said below an incident's message: details, changes, reminders, asks for approval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from watchdog.incidents.incident import Thread
from watchdog.report.slack_answers import Answer
from watchdog.report.slack_book import Book, Key
from watchdog.report.slack_incidents import ask, change, changes, details, reminder
from watchdog.report.slack_kit import Message
from watchdog.report.slack_mail import Mail
from watchdog.report.slack_search import Search, Seen, about_reply, ask_of, told_by
from watchdog.settings import SlackSettings


@dataclass
class Replies:
    """`fresh` are the messages that this pass posted itself: nothing can stand below them yet."""

    book: Book
    mail: Mail
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

    def _standing(self, thread: Thread) -> list[Seen]:
        """The replies that are there; none where they cannot be read."""
        if thread.ts in self.fresh:
            return []
        seen = self.search.thread(thread.channel, thread.ts)
        return [] if isinstance(seen, Answer) else seen

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
        message = ask(self.book.story(key), request, self.settings.approvers)
        answer = self._reply(key, message, {"approval": request.id})
        if answer.ok and answer.ts:
            self.book.asked(key, answer.ts)
            self.book.told.add(key)

    def _reply(self, key: Key, message: Message, about: Mapping[str, Any]) -> Answer:
        thread = self.book.thread(key)
        answer = self.mail.post(message, thread.channel, about, thread.ts)
        if not answer.ok:
            self.book.refuse(answer, thread.name or thread.channel, "a reply is missing: ")
        if answer.gone:
            # Nothing can be said below it any more: the next pass posts a message anew.
            self.book.note(key, None)
        return answer
