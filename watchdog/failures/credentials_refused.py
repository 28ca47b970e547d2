"""A container crashes because what it logs in to refuses its credentials."""

from __future__ import annotations

import re

from watchdog.failures.kind import Drill
from watchdog.failures.log_cause import LogCause
from watchdog.failures.manifest import deployment
from watchdog.regex import regex

CAUSE = LogCause(
    name="credentials_refused",
    summary="credentials are refused",
    pattern=regex(
        r"(authentication|login|auth) failed|authenticationfailed|access denied for user"
        r"|(invalid|wrong|incorrect|bad) (credentials|password|api key|token)|login failed"
        r"|\b401\b.{0,20}unauthori[sz]ed|WRONGPASS|NOAUTH|SCRAM.{0,30}(fail|invalid)"
        r"|ACCESS_REFUSED|InvalidClientTokenId|SignatureDoesNotMatch"
        r"|not authorized on \w+ to execute",
        re.IGNORECASE,
    ),
    subject=(
        regex(r"(?:user|role) ['\"]?([\w.@-]+)", re.IGNORECASE),
        regex(r"([a-z][\w-]*(?:\.[\w-]+)*:\d{2,5})\b"),
    ),
    why="{who} crashes because its login{subject} is refused: user and password do not fit.",
    to_do=(
        "Put the credentials that are valid now into the Secret that the container reads, or "
        "restore the user and its rights in what it logs in to. A restart alone fails the same way."
    ),
    hint=(
        "A login is refused. Valid credentials are not in the cluster, so this is for a person; "
        "going back helps only where the last revision changed which Secret is read."
    ),
    drill=Drill(
        manifest=deployment(
            "sleep 1; echo 'FATAL: password authentication failed for user \"ledger\"'; exit 1"
        )
    ),
    sick=(
        'psycopg2.OperationalError: FATAL: password authentication failed for user "ledger"',
        "ERROR 1045 (28000): Access denied for user 'ledger'@'10.0.0.7' (using password: YES)",
        "WRONGPASS invalid username-password pair or user is disabled",
        "MongoServerError: Authentication failed.",
        "pymongo.errors.OperationFailure: not authorized on ledger to execute command",
    ),
    well="ERROR: password must not be empty",
)
CREDENTIALS_REFUSED = CAUSE.kind()
