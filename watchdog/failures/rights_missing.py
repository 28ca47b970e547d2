"""A container crashes because the API server denies its service account a right (RBAC)."""

from __future__ import annotations

import re

from watchdog.detection.log_cause import LogCause
from watchdog.text.regex import regex

DENIED = regex(
    r"is forbidden: User|cannot (get|list|watch|create|update|patch|delete) resource",
    re.IGNORECASE,
)
ACCOUNT = regex(r"User \\?\"system:serviceaccount:([\w.-]+:[\w.-]+)")
GRANT = (
    "Grant the right that the log line names with a Role and a RoleBinding (for what is in no "
    "namespace, a ClusterRole and its binding), or name the service account that has it in the pod "
    "template."
)

RIGHTS_MISSING = LogCause(
    name="rights_missing",
    summary="service account lacks a right",
    pattern=DENIED,
    subject=(ACCOUNT,),
    why=(
        "{who} crashes because the API server denies its service account{subject} a right that it "
        "needs (RBAC)."
    ),
    to_do=GRANT,
    hint=(
        "RBAC denies the service account a verb on a resource: name both. Rights are granted by a "
        "person; going back helps where the last revision changed the service account."
    ),
).kind()
