"""The forms of what is read out of messages, to be named in our own words and commands.

Tenants write Events and some statuses. What has another form than the API server would take is no
name: the message is then quoted as a whole, or says nothing.
"""

from __future__ import annotations

OBJECT = r"[a-z0-9][-a-z0-9.]{0,252}"
"""The name of an object (RFC 1123), as in `metadata.name`."""
KEY = r"[-._a-zA-Z0-9]{1,253}"
"""A key of a ConfigMap or Secret."""
QUALIFIED = r"(?:[a-z0-9][-a-z0-9.]{0,252}/)?[A-Za-z0-9][\w.-]{0,62}"
"""A name with a domain before it: a label, a resource (`nvidia.com/gpu`), a readiness gate."""
QUANTITY = r"[0-9][0-9.]{0,20}[A-Za-z]{0,2}"
"""An amount of a resource (`512Mi`)."""
AMOUNTS = rf"{QUALIFIED}={QUANTITY}(?:,{QUALIFIED}={QUANTITY}){{0,40}}"
"""Amounts of several resources, as a quota tells them (`cpu=2,pods=10`)."""
PATH = r"/(?:[\w.@+-]+/?){1,40}"
"""A path of a file, without spaces."""
PROGRAM = r"[\w.@+-]+(?:/[\w.@+-]+){0,40}|/(?:[\w.@+-]+/?){1,40}"
"""A program, by its name or path."""
