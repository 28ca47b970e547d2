"""A drill and examples of `disk_full`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import log_examples
from watchdog.examples.drill_manifest import deployment

DRILL = Drill(
    manifest=deployment(
        "dd if=/dev/zero of=/cache/fill bs=1M count=20 || exit 1; sleep 3600",
        container="volumeMounts: [{name: cache, mountPath: /cache}]",
        pod="volumes: [{name: cache, emptyDir: {medium: Memory, sizeLimit: 8Mi}}]",
    )
)


def examples() -> tuple[Example, ...]:
    return log_examples(
        sick=(
            "dd: error writing '/cache/fill': No space left on device",
            "OSError: [Errno 28] No space left on device: '/data/wal'",
            'ERROR: could not extend file "base/1": No space left on device',
        ),
        well="ERROR: space is missing in the query",
    )
