"""A container crashes because a certificate has expired or is not valid yet."""

from __future__ import annotations

import re

from watchdog.detection.log_cause import LogCause
from watchdog.detection.outside import CERTIFICATE
from watchdog.text.regex import regex

CAUSE = LogCause(
    name="cert_expired",
    summary="expired certificate",
    pattern=regex(
        r"(\bcertificates?\b|\bcert\b|x509|\bCA\b)[^;]{0,80}(expired|not yet valid|no longer valid)"
        r"|expired.{0,20}\bcert(ificate)?\b|CERT_HAS_EXPIRED|CertificateExpired|ExpiredCert"
        r"|certificate_?NotYetValid|certificate_expired|\bNotTimeValid\b|^NotAfter:"
        r"|validity check failed"
        r"|zertifikat .{0,60}abgelaufen|certificat .{0,60}(?:expir|plus valide)"
        r"|certificado .{0,60}(?:expir|caduc|venc)|сертификат\w* .{0,60}(?:ист[её]к|просроч)"
        r"|срок действия .{0,40}сертификат|证书.{0,20}过期|憑證.{0,20}過期|証明書.{0,20}(?:期限"
        r"|失効)",
        re.IGNORECASE,
    ),
    # Something else has expired.
    unless=regex(
        r"\A(?!.*(?:certificate|cert) (?:has |is |was )?expired).*?\b(?:token|licen[sc]e|lease"
        r"|session|password|credential|trial|subscription|account)s? (?:has |have |is |was |had )*"
        r"expired",
        re.IGNORECASE | re.DOTALL,
    ),
    depends_on=CERTIFICATE,
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
)
CERT_EXPIRED = CAUSE.kind()
