"""What crosses the wire: requests, responses, and how a request's body is read."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from watchdog.demo import status_errors


@dataclass(frozen=True)
class Request:
    """What came over the wire; `body` is parsed JSON, header names are in lower case."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be stored."""
        options = self.body if isinstance(self.body, dict) else {}
        return self.query.get("dryRun") == "All" or "All" in (options.get("dryRun") or [])


@dataclass(frozen=True)
class Response:
    """What goes over the wire: JSON, or text and bytes as they are.

    `dropped` closes the connection instead of answering. `headers` win over the computed ones.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    dropped: bool = False


def parse_body(data: bytes, content_type: str) -> Any:
    """Read a request's body; raises ApiFailure 400 when it is no JSON (or YAML, where allowed)."""
    if not data:
        return None
    if "protobuf" in content_type:
        message = "the sandbox speaks JSON only"
        raise status_errors.ApiFailure(415, "UnsupportedMediaType", message)
    try:
        if "yaml" in content_type:
            import yaml

            return yaml.safe_load(data)
        return json.loads(data)
    except ValueError as error:
        why = re.sub(r"\s*\(char \d+\)$", "", str(error))
        raise status_errors.bad_request(f"error decoding the body: {why}") from error
