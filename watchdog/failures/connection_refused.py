"""A container crashes because what it depends on does not answer."""

from __future__ import annotations

import re

from watchdog.failures.kind import Drill
from watchdog.failures.log_cause import LogCause
from watchdog.failures.manifest import deployment
from watchdog.regex import regex

CAUSE = LogCause(
    name="connection_refused",
    summary="dependency refuses connections",
    pattern=regex(
        r"connection refused|ECONNREFUSED|connect(ion)? timed out|ETIMEDOUT|no route to host"
        r"|EHOSTUNREACH|network is unreachable|connection reset|ECONNRESET"
        r"|communications link failure"
        r"|(could not|can't|cannot|failed to|unable to) connect|dial tcp .*(i/o timeout|connect:)",
        re.IGNORECASE,
    ),
    subject=(
        regex(r"server at ['\"]([\w.-]+)"),
        regex(r"((?:\d{1,3}\.){3}\d{1,3}(?::\d+)?)"),
        regex(r"\b([a-z][\w.-]*:\d{2,5})\b"),
        regex(r"(?:connect to|host|server|dial tcp):? ['\"(]?([a-z][\w-]*(?:[.:-][\w-]+)+)"),
    ),
    why=(
        "{who} crashes because what it depends on{subject} does not accept "
        "connections (connection refused or timed out)."
    ),
    to_do=(
        "Bring up what it connects to, or correct the host and port in its settings. A "
        "container that is restarted goes on by itself as soon as it answers."
    ),
    hint=(
        "A dependency refuses connections or does not answer. Restarting this workload helps "
        "nothing; look for the dependency in the same snapshot."
    ),
    drill=Drill(manifest=deployment("nc -w 3 127.0.0.1 5432 </dev/null || exit 1; sleep 3600")),
    sick=(
        "Error: connect ECONNREFUSED 10.0.0.7:5432",
        "wget: can't connect to remote host (127.0.0.1): Connection refused",
        "dial tcp 10.96.4.2:6379: connect: connection refused",
        'connection to server at "db" (10.0.0.9), port 5432 failed: Connection refused',
    ),
    well="ERROR: password refused",
)
CONNECTION_REFUSED = CAUSE.kind()
