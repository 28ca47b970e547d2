"""Logging to standard error: lines for people on a terminal, JSON lines elsewhere."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

log = logging.getLogger("sre-watchdog")


class JsonLines(logging.Formatter):
    """One JSON object a line; what was passed as `extra={"fields": {...}}` becomes its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """`{"time": ..., "level": "info", "message": ..., ...}`."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str) -> None:
    """Send our log, from `level` upwards, to standard error; other libraries' only from warning."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(levelname)s: %(message)s")
    handler.setFormatter(plain if sys.stderr.isatty() else JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    log.setLevel(level.upper())


def audit(event: str, **fields: Any) -> None:
    """Record one write, or the decision not to write, as one line with its fields."""
    log.info(event, extra={"fields": {"audit": True, **fields}})
