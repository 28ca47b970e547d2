"""Tells messengers and signed webhooks what has changed: one post for each incident and change.

Nothing can be edited or looked up there. What is sent is noted in the incident first,
and the note is taken back if it certainly was not taken; what may have arrived is not sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from watchdog.clock import Budget, within
from watchdog.errors import DeliveryError
from watchdog.incidents.memory import Memory
from watchdog.integrations.answers import CallError
from watchdog.logs import log
from watchdog.messengers import apprise_client, signed_webhook
from watchdog.messengers.words import Paragraph, Told, document, told
from watchdog.model.incident import Incident, Notice
from watchdog.model.report import Delivery
from watchdog.report.outbox import Key, Outbox
from watchdog.report.story import Story
from watchdog.settings.schema import Settings
from watchdog.text.format import count

MOST_POSTS = 5  # for one receiver in a pass; the others are counted in one more
_TONES = {"broken": "failure", "needs_you": "failure", "fixing": "warning"}

Result = Literal["taken", "refused", "unclear"]


class Sent(NamedTuple):
    """What became of one post."""

    keys: tuple[Key, ...]
    result: Result
    error: str = ""


@dataclass(frozen=True)
class Receiver:
    """One messenger or webhook of the settings; `address` may hold what is secret."""

    name: str
    address: str
    key: str = ""

    @property
    def pages(self) -> bool:
        """Whether it wakes people."""
        return not self.key and apprise_client.pages(self.address)


def notify(book: Outbox, settings: Settings, budget: Budget) -> list[Delivery]:
    """Tell each receiver what is new to it; how that went. The notes of it are in the book.

    The receivers get it side by side, within `notify.timeout_seconds` in all. A dry run tells
    nothing, and nothing is sent where the note of it cannot be saved. Raises nothing of the
    receivers'.
    """
    if book.report.mode != "act" or not settings.notify.configured:
        return []
    part = budget.part(settings.notify.timeout_seconds)
    due = [(each, _due(book, each, settings)) for each in receivers(settings)]
    before = dict(book.memories)
    known = [(each, _known(book, each)) for each in receivers(settings)]
    book.keep_notices((key, each.name) for each, keys in [*due, *known] for key in keys)
    work = [(each, _allowed(book, each, keys)) for each, keys in due if keys]
    deliveries: list[Delivery] = []
    with ThreadPoolExecutor(max(1, len(work))) as pool:
        tasks = [pool.submit(_tell, book, each, keys, part) for each, keys in work]
        for (each, _), task in zip(work, tasks, strict=True):
            deliveries += _noted(book, each.name, task.result(), before)
    failed = [Delivery(to="notify", ok=False, error=error) for error in book.errors]
    return [*deliveries, *failed]


def receivers(settings: Settings) -> list[Receiver]:
    """The receivers, by the settings."""
    given = settings.notify
    key = given.webhook_key.get_secret_value() if given.webhook_key else ""
    hooks = [Receiver(n, url.get_secret_value(), key) for n, url in given.webhooks.items()]
    return [*(Receiver(n, url.get_secret_value()) for n, url in given.urls.items()), *hooks]


def _due(book: Outbox, receiver: Receiver, settings: Settings) -> list[Key]:
    """The incidents that are new to it, the most urgent first."""
    found = []
    for key in book.by_urgency():
        names = settings.policy(key.namespace).notify
        if names and receiver.name not in names:
            continue
        if _is_new(book.incident(key), receiver):
            found.append(key)
    return found


def _is_new(incident: Incident, receiver: Receiver) -> bool:
    notice = incident.notice(receiver.name)
    if receiver.pages:
        # A fix under way wakes no one; an alert that was opened is closed.
        over = incident.state in {"fixed", "resolved"}
        return (incident.state == "needs_you") if notice is None or notice.over else over
    if not (incident.open or notice or incident.tries):
        return False  # over before anyone heard of it, and no one has to
    return notice is None or (notice.told, notice.returned) != (incident.state, incident.reopened)


def _known(book: Outbox, receiver: Receiver) -> list[Key]:
    """What is fixed for those who are woken is over for them: they are not told a second time."""
    if not receiver.pages:
        return []
    found = ((key, book.incident(key)) for key in book.by_urgency())
    return [key for key, item in found if _ended(item, item.notice(receiver.name))]


def _ended(incident: Incident, notice: Notice | None) -> bool:
    return notice is not None and notice.over and notice.told != incident.state == "resolved"


def _allowed(book: Outbox, receiver: Receiver, keys: list[Key]) -> list[Key]:
    """Those whose note could be saved."""
    noted = ((key, book.incident(key)) for key in keys)
    return [key for key, item in noted if _is_told(item, item.notice(receiver.name))]


def _is_told(incident: Incident, notice: Notice | None) -> bool:
    return notice is not None and notice.told == incident.state


def _tell(book: Outbox, receiver: Receiver, keys: list[Key], budget: Budget) -> list[Sent]:
    """One post for each of the first, and one that counts the others."""
    leaders = [key for key in keys if book.leader(key) not in keys or book.leader(key) == key]
    sent = [
        Sent(_led(book, keys, key), *_post(book.story(key), receiver, budget, book.now))
        for key in leaders[:MOST_POSTS]
    ]
    if rest := leaders[MOST_POSTS:]:
        keys_left = tuple(each for key in rest for each in _led(book, keys, key))
        stories = [book.story(key) for key in rest]
        sent.append(Sent(keys_left, *_post_rest(stories, receiver, budget, book.now)))
    return sent


def _led(book: Outbox, keys: list[Key], leader: Key) -> tuple[Key, ...]:
    return tuple(key for key in keys if key == leader or book.leader(key) == leader)


def _post(story: Story, receiver: Receiver, budget: Budget, now: datetime) -> tuple[Result, str]:
    incident = story.incident
    if receiver.key:
        body = document(story)
        return _guarded(
            lambda: signed_webhook.post(receiver.address, receiver.key, body, now, budget)
        )
    tone = _TONES.get(incident.state, "success")
    post = apprise_client.Post(told(story), incident.fingerprint, tone)
    return _guarded(lambda: within(budget, lambda: apprise_client.post(receiver.address, post)))


def _post_rest(
    stories: list[Story], receiver: Receiver, budget: Budget, now: datetime
) -> tuple[Result, str]:
    if receiver.key:
        results = [_post(story, receiver, budget, now) for story in stories]
        return next((result for result in results if result[0] != "taken"), ("taken", ""))
    where = stories[0].incident.target.namespace
    lines = tuple(Paragraph(told(story).title) for story in stories)
    said = Told(f"{count(len(stories), 'more problem')} in this pass", lines)
    post = apprise_client.Post(said, f"{where}-more", "warning")
    return _guarded(lambda: within(budget, lambda: apprise_client.post(receiver.address, post)))


def _guarded(send: Callable[[], None]) -> tuple[Result, str]:
    try:
        send()
    except TimeoutError:
        return "unclear", "no answer in time"
    except CallError as error:
        return "unclear" if error.sent else "refused", str(error)
    except DeliveryError as error:
        return "refused", str(error)
    except Exception as error:  # noqa: BLE001 - a library for a hundred services; none may harm
        log.error("a messenger: %s", type(error).__name__)
        return "refused", f"a defect: {type(error).__name__}"
    return "taken", ""


def _noted(
    book: Outbox, name: str, sent: list[Sent], before: Mapping[str, Memory]
) -> list[Delivery]:
    """Take back the notes of what was not taken."""
    for each in sent:
        if each.result == "refused":
            for key in each.keys:
                book.take_back_notice(key, name, before)
    to = f"notify:{name}"
    errors = dict.fromkeys(each.error for each in sent if each.error)
    went = [Delivery(to=to, ok=True) for each in sent if each.result == "taken"]
    return [*went, *(Delivery(to=to, ok=False, error=error) for error in errors)]
