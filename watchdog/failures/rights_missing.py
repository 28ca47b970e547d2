"""A container crashes because the API server denies its service account a right (RBAC)."""

from __future__ import annotations

import re

from watchdog.failures.kind import Drill
from watchdog.failures.log_cause import LogCause
from watchdog.failures.manifest import deployment
from watchdog.regex import regex

_SAID = (
    'pods is forbidden: User "system:serviceaccount:shop:ledger" cannot list resource "pods" in '
    'API group "" in the namespace "shop"'
)

DENIED = regex(
    r"is forbidden: User|cannot (get|list|watch|create|update|patch|delete) resource",
    re.IGNORECASE,
)
WHOM = regex(r"User \\?\"system:serviceaccount:([\w.-]+:[\w.-]+)")
GRANT = (
    "Grant the right that the log line names with a Role and a RoleBinding, or name the service "
    "account that has it in the pod template."
)

RIGHTS_MISSING = LogCause(
    name="rights_missing",
    summary="service account lacks a right",
    pattern=DENIED,
    subject=(WHOM,),
    why=(
        "{who} crashes because the API server denies its service account{subject} a right that it "
        "needs (RBAC)."
    ),
    to_do=GRANT,
    hint=(
        "RBAC denies the service account a verb on a resource: name both. Rights are granted by a "
        "person; going back helps where the last revision changed the service account."
    ),
    drill=Drill(manifest=deployment(f"sleep 1; echo 'Error: {_SAID}'; exit 1")),
    sick=(
        f"Error: {_SAID}",
        'Forbidden: it cannot get resource "secrets" in API group ""',
    ),
    well="ERROR: this word is forbidden",
).kind()
