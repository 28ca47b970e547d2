"""Slack by webhook, which tells no address: a post for each change, nothing edited, no threads.

What may have arrived is not posted again, as nothing can be looked up: it is marked before it is
sent.
"""

from __future__ import annotations

from dataclasses import replace

from watchdog.model.incident import Thread
from watchdog.report.outbox import Key, Outbox
from watchdog.slack.block_kit import Message, cut_escaped
from watchdog.slack.incident_message import ask, incident_message, request_diff
from watchdog.slack.messages import digest
from watchdog.slack.sender import Sender

_STORY = 1000  # characters of the fallback, where it is followed by what is asked
_CHANNEL = "the webhook's channel"
_ASKED = "webhook"  # in place of a ts: it was asked for, and no reaction can be read


def tell_changes(book: Outbox, mail: Sender) -> None:
    """Post what has changed since the last post: the first ones alone, the others as a digest."""
    due = [key for key in book.by_urgency() if _is_due(book, key)]
    spoken = [key for key in due if book.leader(key) not in due or book.leader(key) == key]
    for key in spoken[: mail.most_posts]:
        _post(book, mail, [key], _message(book, key), asks=_asks(book, key))
    rest = spoken[mail.most_posts :]
    if rest:
        lines = [book.story(key).headline for key in rest]
        # It has no room for a change: the next pass asks for those.
        _post(book, mail, rest, digest(lines, rest[0].namespace, book.report), asks=False)
    for key in due:
        leader = book.leader(key)
        if leader != key and leader in spoken and book.thread(leader).told:
            book.note(key, _told(book, key))


def _is_due(book: Outbox, key: Key) -> bool:
    incident, thread = book.incident(key), book.thread(key)
    if not (incident.open or thread.told or incident.tries):
        return False  # over before anyone heard of it, and no one has to
    told = (thread.told, thread.returned) == (incident.state, incident.reopened)
    return not told or _asks(book, key)


def _asks(book: Outbox, key: Key) -> bool:
    """Whether it is to be asked now: no one approves what this pass does not show."""
    request = book.incident(key).request
    return request is not None and not request.ts and bool(request_diff(book.story(key), request))


def _message(book: Outbox, key: Key) -> Message:
    """The incident's message; what it asks for is a part of it, as it cannot have a thread."""
    story = book.story(key)
    message = incident_message(story)
    request = story.incident.request
    if request is None or not story.incident.open or not request_diff(story, request):
        return message
    asked = ask(story, request, ())
    return replace(
        message,
        text=f"{cut_escaped(message.text, _STORY)} {asked.text}",
        blocks=(*message.blocks[:2], *asked.blocks),
    )


def _told(book: Outbox, key: Key) -> Thread:
    incident = book.incident(key)
    return Thread(told=incident.state, returned=incident.reopened, mark=incident.fingerprint)


def _post(book: Outbox, mail: Sender, keys: list[Key], message: Message, *, asks: bool) -> None:
    refusal = mail.refusal(_CHANNEL)
    if refusal is not None:
        book.fail(refusal.words(_CHANNEL))
        return
    before = {key: book.incident(key) for key in keys}
    kept = book.keep_first({key: _told(book, key) for key in keys})
    if not kept:
        return
    answer = mail.post(message, _CHANNEL, {})
    if not answer.ok:
        book.fail(answer.words(_CHANNEL))
    for key in kept:
        if answer.ok or answer.code == "unclear":
            if asks:
                book.asked(key, _ASKED)
        else:
            book.note(key, before[key].thread)
        if answer.ok:
            book.told.add(key)
