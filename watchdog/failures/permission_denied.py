"""A container crashes because it may not read or write a file, or bind a port."""

from __future__ import annotations

import re

from watchdog.failures.kind import Drill
from watchdog.failures.log_cause import LogCause
from watchdog.failures.manifest import deployment
from watchdog.regex import regex

CAUSE = LogCause(
    name="permission_denied",
    summary="permission denied",
    pattern=regex(
        r"\b(permission denied|EACCES|AccessDeniedException|operation not permitted|EPERM)\b",
        re.IGNORECASE,
    ),
    subject=(
        regex(r"[\s'\"(]((?:/[\w.-]+)+)"),
        regex(r"tcp \S*(:\d+):"),
    ),
    why=(
        "{who} crashes because it is denied the permission it needs{subject}: the user it"
        " runs as may not do this."
    ),
    to_do=(
        "Make owner and mode fit the user that the container runs as: securityContext "
        "runAsUser and fsGroup, the mode of the mounted volume, or a port above 1024 where it"
        " is about listening."
    ),
    hint=(
        "The container's user may not read, write or bind something. Its security context or "
        "the volume's owner must change, which is for a person, unless the last revision "
        "brought it."
    ),
    drill=Drill(
        manifest=deployment(
            "echo ready > /var/ledger.pid || exit 1; sleep 3600",
            container="securityContext: {runAsUser: 10001}",
        )
    ),
    sick=(
        "sh: can't create /var/ledger.pid: Permission denied",
        "PermissionError: [Errno 13] Permission denied: '/data/db'",
        "Error: EACCES: permission denied, mkdir '/app/logs'",
        "listen tcp :80: bind: permission denied",
    ),
    well="ERROR: access to the moon refused",
)
PERMISSION_DENIED = CAUSE.kind()
