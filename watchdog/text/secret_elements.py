"""Secrets in elements of markup and in pairs of a name and a value, by the name.

Matched against the text in lower case. Each is linear: what may repeat is bounded, or cannot begin
where it could also end.
"""

from __future__ import annotations

import re

from watchdog.text.regex import regex
from watchdog.text.secret_names import NAME_PARTS
from watchdog.text.told_secret import Told, any_value

ELEMENTS = tuple(
    Told(NAME_PARTS, regex(pattern, re.MULTILINE), any_value, also=also)
    for also, pattern in (
        (
            "</",
            (
                r"<(?P<name>[\w:.-]{1,120})(?:\s[^<>]{0,300})?>(?:<!\[cdata\[)?\s{0,20}(?P<secret"
                r">[^<>\]]{1,4096})(?=\]?\]?>?\s{0,20}</|\Z)"
            ),
        ),
        (
            "value=",
            (
                r"(?:key|name|id|property|field)=\\?[\"'](?P<name>[\w.:-]{1,120})\\?[\"'](?:\s[\w"
                r":.-]{1,40}=[\"'][^\"'<>]{0,80}[\"']){0,3}\s{1,8}(?:value|content|data)=\\?[\"']"
                r"(?P<secret>[^\"'\n]{1,4096})"
            ),
        ),
        (
            "value=",
            (
                r"value=[\"'](?P<secret>[^\"'\n<>]{1,4096})[\"']\s{1,8}(?:key|name|id|property)=["
                r"\"'](?P<name>[\w.:-]{1,120})"
            ),
        ),
        (
            "<",
            (
                r"<\w{1,20}\s(?:[\w:.-]{1,40}=[\"'][^\"'<>]{0,80}[\"']\s){0,3}(?:key|name|id)=[\""
                r"'](?P<name>[\w.:-]{1,120})[\"'][^<>]{0,80}>\s{0,20}(?P<secret>[^<>]{1,4096})</"
            ),
        ),
        (
            "<",
            (
                r"<(?:name|key)>\s{0,8}(?P<name>[\w.:-]{1,120})\s{0,8}</(?:name|key)>\s{0,40}<(?:"
                r"value|string|data)>\s{0,8}(?:<\w{1,10}>\s{0,8})?(?P<secret>[^<>]{1,4096})<"
            ),
        ),
        ("&gt;", r"&lt;(?P<name>[\w:.-]{1,120})&gt;(?P<secret>[^&\n]{1,4096})&lt;/"),
        (
            "name",
            (
                r"name(?<!\wname)\\{0,4}[\"']?\s{0,4}[:=]\s{0,4}\\{0,4}[\"']?(?P<name>[\w.-]{1,12"
                r"0})\\{0,4}[\"']?,?\s{0,40}\\{0,4}[\"']?value\\{0,4}[\"']?\s{0,4}[:=]\s{0,4}\\{0"
                r",4}[\"']?(?P<secret>[^\s\"',}<\\][^\n\"'}\\]{0,4096})"
            ),
        ),
        (
            "value",
            (
                r"value(?<!\wvalue)\\{0,4}[\"']?\s{0,4}[:=]\s{0,4}\\{0,4}[\"'](?P<secret>[^\"'\n"
                r"\\]{1,4096})\\{0,4}[\"'],?\s{0,40}\\{0,4}[\"']?(?:name|key)\\{0,4}[\"']?\s{0,4}"
                r"[:=]\s{0,4}\\{0,4}[\"']?(?P<name>[\w.-]{1,120})"
            ),
        ),
        (
            "value",
            (
                r"(?<!\w)(?:parameter)?key\\{0,4}[\"']?\s{0,4}[:=]\s{0,4}\\{0,4}[\"']?(?P<name>[\w.-]{1,120})\\{0,4}[\"']?,"
                r"\s{0,40}\\{0,4}[\"']?(?:parameter)?value\\{0,4}[\"']?\s{0,4}[:=]\s{0,4}\\{0,4}[\"']?"
                r"(?P<secret>[^\s\"',}<\\][^\n\"'}\\,]{0,4096})"
            ),
        ),
        # An object that tells more of the name than its value, as of an output of Terraform.
        (
            "value",
            (
                r"[\"'](?P<name>[\w.-]{1,120})\\{0,4}[\"']\s{0,4}:\s{0,4}\{[^{}]{1,300}?[\"']value\\{0,4}[\"']\s{0,4}:"
                r"\s{0,4}\\{0,4}[\"'](?P<secret>[^\"'\n\\]{1,4096})"
            ),
        ),
        (
            "name=",
            r"name=\"(?P<name>[\w.-]{1,120})\"(?:;[^\n]{0,200})?\n\n(?P<secret>[^\n]{1,4096})",
        ),
        (
            "=",
            (
                r"[\"'](?P<secret>[^\"'\s]{3,200})[\"'][ \t]{0,4}[!=]={1,2}[ \t]{0,4}(?P<name>[\w"
                r".-]{1,120})"
            ),
        ),
        (
            "-",
            (
                r"-(?<![^\s\"'(]-)-?(?P<name>[a-z_][\w.-]{0,80})[ \t]{1,4}(?=\\{0,4}[\"'](?P<secr"
                r"et>[^\"'\n]{1,4096})|(?P<bare>[^\s\"'`|;&<>(){}$-][^\s\"'`|;&<>()]{0,4096}))"
            ),
        ),
        (":", r":(?<![\w:]:)(?P<name>[a-z_][\w.-]{0,80})[ \t]{1,4}\"(?P<secret>[^\"\n]{1,4096})"),
    )
)
"""Those with a group `name`: the name must be a secret's."""
