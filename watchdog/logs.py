"""Logging to standard error: lines for people on a terminal, JSON lines elsewhere."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

log = logging.getLogger("sre-watchdog")
Mask = Callable[[str], str]


class PlainLines(logging.Formatter):
    """`LEVEL: message`, with whatever `mask` hides of it."""

    def __init__(self, mask: Mask) -> None:
        super().__init__("%(levelname)s: %(message)s")
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the trace where there is one."""
        return self._mask(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object a line; what was passed as `extra={"fields": {...}}` becomes its fields."""

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """`{"time": ..., "level": "info", "message": ..., ...}`, and the `trace` of an error."""
        fields = getattr(record, "fields", {})
        if record.exc_info:
            fields = {**fields, "trace": self.formatException(record.exc_info)}
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": self._mask(record.getMessage()),
            **{name: self._masked(value) for name, value in fields.items()},
        }
        return json.dumps(line, ensure_ascii=False, default=str)

    def _masked(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [self._masked(each) for each in value]
        return self._mask(value) if isinstance(value, str) else value


def configure(level: str, mask: Mask = str) -> None:
    """Send our log, from `level` upwards, to standard error; other libraries' only from warning.

    `mask` removes secrets from a text, whatever put them there.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainLines(mask) if sys.stderr.isatty() else JsonLines(mask))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # Its warnings quote whole addresses, and a webhook's is a secret.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    log.setLevel(level.upper())


def _not_audit(record: logging.LogRecord) -> bool:
    return log.isEnabledFor(logging.DEBUG) or not getattr(record, "fields", {}).get("audit")


def without_audit() -> None:
    """Leave audit lines out unless at debug level: the terminal shows each stage as it happens."""
    log.addFilter(_not_audit)


def audit(event: str, **fields: Any) -> None:
    """Record one write, or the decision not to write, as one line with its fields."""
    log.info(event, extra={"fields": {"audit": True, **fields}})
