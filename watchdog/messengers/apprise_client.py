"""One post through Apprise, which knows how each messenger wants it. The only module that does.

Apprise says whether it worked and nothing else, and follows its own timeouts for each read: the
caller bounds the time of the whole (clock.within), bounded_answers.py the bytes.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from watchdog.errors import DeliveryError
from watchdog.messengers.words import Told

_PAGERS = frozenset(
    {
        "betterstack", "firehydrant", "goalert", "ilert", "incidentio", "opsgenie", "pagerduty",
        "pagertree", "signl4", "spike", "splunk", "squadcast", "victorops",
    }
)  # fmt: skip
# Later messages are about the same incident there.
_SAME = {"pagerduty": "dedup", "opsgenie": "alias"}
_MOST = 4000
_PAUSE_SECONDS = 1.0  # Apprise's own default of 5.5 s would use up the time of a pass
_READ_SECONDS = 4.0
_MISSING = "apprise is not installed: pip install 'sre-watchdog[notify]'"
_HINT = "the address is none that Apprise knows: see https://github.com/caronc/apprise/wiki"


@dataclass(frozen=True)
class Post:
    """What is said, about which incident, and whether that is bad (`failure`), over (`success`)."""

    told: Told
    incident: str
    tone: str


def pages(url: str) -> bool:
    """Whether it wakes someone: then it gets only what needs you."""
    return url.partition("://")[0].lower() in _PAGERS


def check(url: str) -> None:
    """Raise DeliveryError for an address that Apprise cannot use."""
    _service(url)


def post(url: str, message: Post) -> None:
    """Send it.

    Raises DeliveryError where the messenger did not take it, CallError where it may have: it was
    sent, and no answer came.
    """
    import apprise  # noqa: TID251 -- this module owns it

    from watchdog.messengers import bounded_answers

    scheme = url.partition("://")[0].lower()
    if name := _SAME.get(scheme):
        action = "&action=map" if scheme == "pagerduty" else ""
        url += f"{'&' if '?' in url else '?'}{name}={quote(message.incident)}{action}"
    service = _service(url)
    limit = min(int(service.body_maxlen), _MOST)
    title = message.told.title
    # Where there is no title, or it counts for the whole, it takes its part of the length.
    markdown = service.notify_format == apprise.NotifyFormat.MARKDOWN
    body = message.told.body(limit - len(title) - 2, markdown=markdown)
    bounded_answers.forget_unanswered()
    taken = service.notify(
        body=body,
        title=title,
        notify_type=apprise.NotifyType(message.tone),
        # Apprise would escape text for markdown with strokes that not every messenger takes away.
        body_format=apprise.NotifyFormat.MARKDOWN if markdown else apprise.NotifyFormat.TEXT,
    )
    if not taken:
        if unclear := bounded_answers.unanswered():
            raise unclear
        raise DeliveryError("it did not take the message, or could not be reached")


def _service(url: str) -> Any:
    try:
        import apprise  # noqa: TID251 -- this module owns it
    except ImportError:
        raise DeliveryError(_MISSING) from None
    from watchdog.messengers.bounded_answers import bind

    bind()
    # It logs addresses, with what is secret in them.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    if ca := os.environ.get("SSL_CERT_FILE"):
        os.environ.setdefault("REQUESTS_CA_BUNDLE", ca)
    asset = apprise.AppriseAsset(
        app_id="sre-watchdog",
        app_desc="sre-watchdog",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    service = apprise.Apprise.instantiate(url, asset=asset)
    if not service:
        raise DeliveryError(_HINT)
    service.redirects = False
    service.request_rate_per_sec = min(service.request_rate_per_sec, _PAUSE_SECONDS)
    service.socket_connect_timeout = service.socket_read_timeout = _READ_SECONDS
    return service
