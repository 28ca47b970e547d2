"""A container crashes because a host name cannot be resolved."""

from __future__ import annotations

import re

from watchdog.failures.kind import Drill
from watchdog.failures.log_cause import LogCause
from watchdog.failures.manifest import deployment
from watchdog.regex import regex

CAUSE = LogCause(
    name="dns_failure",
    summary="host name cannot be resolved",
    pattern=regex(
        r"no such host|name or service not known|temporary failure in name resolution|NXDOMAIN"
        r"|nodename nor servname|name does not resolve|bad address|unknown ?host|ENOTFOUND"
        r"|EAI_AGAIN"
        r"|(could not|cannot|can't|failed to|unable to) resolve|host not found|server misbehaving"
        r"|could not translate host name|could not be resolved",
        re.IGNORECASE,
    ),
    subject=(
        regex(r"lookup ([\w.-]+)"),
        regex(r"(?:ENOTFOUND|EAI_AGAIN|UnknownHostException:) ([\w.-]+)"),
        regex(r"(?:address|host|host name|resolve|find|upstream):? ['\"`]?([\w-]+(?:\.[\w-]+)*)"),
    ),
    why=("{who} crashes because the host name{subject} cannot be resolved (DNS)."),
    to_do=(
        "Check the name in the container's settings, and that the Service of that name exists"
        " in this namespace; a Service of another namespace needs `name.namespace`. If other "
        "names fail too, look at the cluster's DNS."
    ),
    hint=(
        "A host name cannot be resolved: a typo in a setting, a Service that is missing, or "
        "DNS is down. Which of them is for a person to judge, unless the last revision "
        "changed the name."
    ),
    drill=Drill(manifest=deployment("nslookup ledger-db.invalid || exit 1; sleep 3600")),
    sick=(
        "dial tcp: lookup ledger-db on 10.96.0.10:53: no such host",
        "wget: bad address 'ledger-db.invalid'",
        "java.net.UnknownHostException: ledger-db",
        'could not translate host name "ledger-db" to address: Name or service not known',
        "Error: getaddrinfo ENOTFOUND ledger-db",
        "curl: (6) Could not resolve host: ledger-db",
    ),
    well="ERROR: address is not valid",
)
DNS_FAILURE = CAUSE.kind()
