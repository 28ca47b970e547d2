"""A JSON document posted to an address of one's own, signed so that the receiver can believe it.

`X-Sre-Watchdog-Signature: v1=<hex>` is the HMAC-SHA256, by the key of the settings, of the header
`X-Sre-Watchdog-Timestamp` (seconds since 1970), a full stop and the body. A receiver refuses what
is older than some minutes, so that nothing can be sent again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from watchdog.clock import Budget
from watchdog.integrations.answers import refuse
from watchdog.integrations.http import Access, Call, send

TIMESTAMP, SIGNATURE = "X-Sre-Watchdog-Timestamp", "X-Sre-Watchdog-Signature"


def signature(key: str, timestamp: str, body: bytes) -> str:
    """The value of the header."""
    said = timestamp.encode() + b"." + body
    return f"v1={hmac.new(key.encode(), said, hashlib.sha256).hexdigest()}"


def post(url: str, key: str, document: dict[str, Any], now: datetime, budget: Budget) -> None:
    """Send it once; raises DeliveryError where it was not taken."""
    body = json.dumps(document, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    timestamp = str(int(now.timestamp()))
    headers = ((TIMESTAMP, timestamp), (SIGNATURE, signature(key, timestamp, body)))
    access = Access(headers)
    call = Call(url, "POST", body, seconds=budget.remaining(), access=access)
    refuse(send(call, budget))
