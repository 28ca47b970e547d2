"""A container crashes because a certificate has expired or is not valid yet."""

from __future__ import annotations

import re

from watchdog.failures.kind import Drill
from watchdog.failures.log_cause import LogCause
from watchdog.failures.manifest import deployment
from watchdog.regex import regex

CAUSE = LogCause(
    name="cert_expired",
    summary="expired certificate",
    pattern=regex(
        r"(certificate|\bcert\b|x509|\bCA\b).{0,80}(expired|not yet valid|no longer valid)"
        r"|expired.{0,20}\bcert(ificate)?\b|CERT_HAS_EXPIRED|CertificateExpired|ExpiredCert"
        r"|certificate_expired|NotAfter:|validity check failed",
        re.IGNORECASE,
    ),
    why=("{who} crashes because a certificate has expired (or is not valid yet), as its log says."),
    to_do=(
        "Renew the certificate and put it where the container reads it (the Secret or "
        "ConfigMap that is mounted), then restart the workload if it does not reload by "
        "itself. The new certificate must come from its issuer."
    ),
    hint=(
        "A certificate is out of date. Renewing it needs data that is not in the cluster: "
        "instruct a person, never touch the ConfigMap or Secret."
    ),
    drill=Drill(
        manifest=deployment(
            'echo "ERROR - SSL certificate expired on 2024-08-03 17:00:08"; sleep 1; exit 1'
        )
    ),
    sick=(
        "ERROR - SSL certificate expired",
        "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
        "Error: CERT_HAS_EXPIRED",
    ),
    well="ERROR - session token expired",
)
CERT_EXPIRED = CAUSE.kind()
