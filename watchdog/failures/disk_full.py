"""A container crashes because a volume or its file system is full."""

from __future__ import annotations

import re

from watchdog.failures.kind import Drill
from watchdog.failures.log_cause import LogCause
from watchdog.failures.manifest import deployment
from watchdog.regex import regex

CAUSE = LogCause(
    name="disk_full",
    summary="disk full",
    pattern=regex(
        r"no space left on device|ENOSPC|disk (is )?full|disk quota exceeded"
        r"|not enough (disk )?space",
        re.IGNORECASE,
    ),
    subject=(regex(r"[\s'\"(]((?:/[\w.-]+)+)"),),
    why=(
        "{who} crashes because there is no space left on the device that it writes "
        "to{subject}: the volume, a memory-backed one included, or the node's disk is "
        "full."
    ),
    to_do=(
        "Free space or enlarge the volume (a claim's storage request, an emptyDir's "
        "sizeLimit), and find out what fills it: it will be full again otherwise."
    ),
    hint=(
        "A volume or the node's disk is full. Freeing or enlarging it is for a person; a "
        "restart frees nothing on a persistent volume."
    ),
    drill=Drill(
        manifest=deployment(
            "dd if=/dev/zero of=/cache/fill bs=1M count=20 || exit 1; sleep 3600",
            container="volumeMounts: [{name: cache, mountPath: /cache}]",
            pod="volumes: [{name: cache, emptyDir: {medium: Memory, sizeLimit: 8Mi}}]",
        )
    ),
    sick=(
        "dd: error writing '/cache/fill': No space left on device",
        "OSError: [Errno 28] No space left on device: '/data/wal'",
        'ERROR: could not extend file "base/1": No space left on device',
    ),
    well="ERROR: space is missing in the query",
)
DISK_FULL = CAUSE.kind()
