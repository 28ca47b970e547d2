"""A container crashes because it writes to a read-only file system."""

from __future__ import annotations

import re

from watchdog.failures.kind import Drill
from watchdog.failures.log_cause import LogCause
from watchdog.failures.manifest import deployment
from watchdog.regex import regex

CAUSE = LogCause(
    name="read_only_filesystem",
    summary="read-only file system",
    pattern=regex(
        r"read-only file ?system|EROFS",
        re.IGNORECASE,
    ),
    subject=(regex(r"[\s'\"(]((?:/[\w.-]+)+)"),),
    why="{who} crashes because it writes to a read-only file system{subject}.",
    to_do=(
        "Mount a writable volume (an emptyDir, say) at the directory that it writes to, or "
        "point it at one that is writable; readOnlyRootFilesystem in its security context, or"
        " readOnly on a volume mount, is what forbids it."
    ),
    hint=(
        "The container writes where its security context or a volume mount forbids it. A "
        "person must add a writable volume, unless the last revision brought the restriction."
    ),
    drill=Drill(
        manifest=deployment(
            "touch /var/ledger.pid || exit 1; sleep 3600",
            container="securityContext: {readOnlyRootFilesystem: true}",
        )
    ),
    sick=(
        "touch: /var/ledger.pid: Read-only file system",
        "OSError: [Errno 30] Read-only file system: '/app/cache'",
        "Error: EROFS: read-only file system, open '/data/x'",
    ),
    well="ERROR reading file /etc/app.yaml",
)
READ_ONLY_FILESYSTEM = CAUSE.kind()
