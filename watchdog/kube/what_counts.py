"""What of an object decides about a write, beside what other controllers note on it all the time.

The generation of a Deployment moves with every annotation (deployment strategy of the API server,
pkg/registry/apps/deployment), so a controller that notes a time on it would stop every write.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from watchdog.kube.ports import Json

_OURS = "sre-watchdog/"


def what_counts(item: Json) -> str:
    """A hash of an object's spec, its marks of owners and tools, and what is meant for us.

    Of other annotations the keys count, as tools mark by them what is theirs, and not the values.
    """
    metadata = _mapping(item.get("metadata"))
    annotations = _mapping(metadata.get("annotations"))
    said = {key: value if key.startswith(_OURS) else "" for key, value in annotations.items()}
    fields = metadata.get("managedFields")
    writers = (
        {str(_mapping(each).get("manager")) for each in fields}
        if isinstance(fields, list)
        else set()
    )
    counted = [item.get("spec"), metadata.get("labels"), metadata.get("ownerReferences")]
    text = json.dumps([*counted, said, sorted(writers)], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
