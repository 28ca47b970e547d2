"""Tells the messages that this bot posted for a namespace from those that someone wrote down.

Anyone who may edit a memory could else have the bot overwrite any message of its own. The seal is
made with the bot token, which no memory holds.
"""

from __future__ import annotations

import hashlib
import hmac
import json

from watchdog.model.incident import Thread
from watchdog.settings.services import SlackSettings


def signed(thread: Thread, namespace: str, settings: SlackSettings) -> Thread:
    """The same with a seal on where the message is and what it is for."""
    return thread.model_copy(update={"seal": _seal(thread, namespace, settings)})


def holds(thread: Thread, namespace: str, settings: SlackSettings) -> bool:
    """Whether it was sealed as it is, for that namespace, with today's token."""
    return hmac.compare_digest(thread.seal, _seal(thread, namespace, settings))


def _seal(thread: Thread, namespace: str, settings: SlackSettings) -> str:
    token = settings.bot_token.get_secret_value() if settings.bot_token else ""
    said = json.dumps([namespace, thread.mark, thread.channel, thread.ts, thread.shared])
    return hmac.new(token.encode(), said.encode(), hashlib.sha256).hexdigest()
