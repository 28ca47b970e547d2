"""Secrets in elements of markup and in pairs of a name and a value, by the name.

Matched against the text in lower case. Each is linear: what may repeat is bounded, or cannot begin
where it could also end.
"""

from __future__ import annotations

import re

from watchdog.text.regex import regex
from watchdog.text.secret_names import NAME_PARTS
from watchdog.text.told_secret import Told, any_value, loose, no_clause

_VALUES = tuple(
    Told(NAME_PARTS, regex(pattern, re.MULTILINE), any_value, also=also)
    for also, pattern in (
        (
            "</",
            (
                r"<(?P<name>[\w:.-]{1,120})(?:\s[^<>]{0,300})?>\s{0,20}(?:<value>|<!\[cda"
                r"ta\[)?\s{0,20}(?P<secret"
                r">[^<>\]]{1,4096})(?=\]?\]?>?\s{0,20}</|\Z)"
            ),
        ),
        (
            "=",
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
                r"'](?P<name>[\w.:-]{1,120})[\"'][^<>]{0,80}>\s{0,20}(?:<(?:value|string)"
                r">\s{0,20})?(?P<secret>[^<>]{1,4096})</"
            ),
        ),
        (
            "<",
            (
                r"<(?:[a-z-]{0,20}name|key)>\s{0,8}(?P<name>[\w.:-]{1,120})\s{0,8}</(?:[a"
                r"-z-]{0,20}name|key)>\s{0,40}<(?:"
                r"[a-z-]{0,20}value|string|data)>\s{0,8}(?:<\w{1,10}>\s{0,8})?(?P<secret>"
                r"[^<>]{1,4096})<"
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
            "val",
            (
                r"(?<!\w)(?:[a-z]{1,12}_?)?(?:key|name)\\{0,4}[\"']?\s{0,4}[:=]\s{0,4}\\{"
                r"0,4}[\"']?(?P<name>[\w.-]{1,120})\\{0,4}[\"']?,"
                r"\s{0,40}\\{0,4}[\"']?(?:[a-z]{1,12}_?)?val(?:ue)?\\{0,4}[\"']?\s{0,4}[:=]\s{0,4}"
                r"(?:\{\s{0,4}\\{0,4}\"(?:string|array)_?value\\{0,4}\"\s{0,4}:\s{0,4}(?:"
                r"\{\s{0,4}\\{0,4}\"values\\{0,4}\"\s{0,4}:\s{0,4}\[\s{0,4})?){0,2}\\{0,4"
                r"}[\"']?"
                r"(?P<secret>[^\s\"',{}<\[\\][^\n\"'}\\,]{0,4096})"
            ),
        ),
        # An object that tells more of the name than its value, as of an output of Terraform.
        (
            "value",
            (
                r"[\"'](?P<name>[\w.-]{1,120})\\{0,4}[\"']\s{0,4}:\s{0,4}\{[^{}]{1,300}?["
                r"\"']value\\{0,4}[\"']\s{0,4}:"
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
        # A flag and its value, each an item of a list.
        (
            "- ",
            (
                r"^[ \t]{0,40}-[ \t]{1,4}[\"']?--?(?P<name>[a-z_][\w.-]{0,80})[\"']?[ \t]"
                r"{0,4}\n[ \t]{0,40}-[ \t]{1,4}"
                r"[\"']?(?P<secret>[^\s\"'$-][^\n\"']{0,4096})"
            ),
        ),
        # A value above its name.
        (
            "value:",
            (
                r"(?<![\w.-])value:[ \t]{1,4}(?P<secret>[^\s\"'{}<|>&*][^\n\"'{}]{0,4096}"
                r")\n[ \t]{1,40}name:[ \t]{1,4}[\"']?"
                r"(?P<name>[\w.-]{1,120})[\"']?[ \t]*$"
            ),
        ),
        (
            '"k"',
            (
                r"\"k\"\s{0,4}:\s{0,4}\"(?P<name>[\w.-]{1,120})\",\s{0,40}\"v\"\s{0,4}:\s{0,4}\"("
                r"?P<secret>[^\"\n]{1,4096})"
            ),
        ),
        (
            "?",
            (
                r"^[ \t]{0,40}\?[ \t]{1,4}(?P<name>[\w.-]{1,120})[ \t]*\n[ \t]{0,40}:[ \t]{1,4}["
                r"\"']?(?P<secret>[^\s\"'][^\n\"']{0,4096})"
            ),
        ),
        # A variable of Terraform, and what a template takes if nothing is set.
        (
            "default",
            (
                r"\bvariable\s{1,4}\"(?P<name>[\w.-]{1,120})\"\s{0,4}\{[^{}]{0,400}?\bdefault"
                r"\s{0,20}=\s{0,4}\"(?P<secret>[^\"\n]{1,4096})"
            ),
        ),
        (
            "default",
            (
                r"(?<![\w.-])(?P<name>[\w.-]{1,120})\s{0,4}[:=]\s{0,4}[\"']?\{\{[^{}\n]{0,200"
                r"}?\bdefault[ \t]{1,4}\"(?P<secret>[^\"\n]{1,4096})"
            ),
        ),
        # Dots up to the column of values.
        (
            "....",
            (
                r"(?<![\w.-])(?P<name>[a-z][\w-]{0,80})\.{4,120}[\"']?(?P<secret>[^\s\"'.<][^\s\""
                r"']{0,4096})"
            ),
        ),
        # A debugger's or an error's words about a value that has a name.
        (
            "value",
            (
                r"[\"'`](?P<name>[\w.:-]{1,120})[\"'`](?:[ \t]with|[ \t]has|:)?[ \t](?:th"
                r"e[ \t])?(?:invalid[ \t])?value:?[ \t]"
                r"[\"'`](?P<secret>[^\"'`\n]{1,4096})"
            ),
        ),
        (
            "value",
            (
                r"\bvalue[ \t][\"'`](?P<secret>[^\"'`\n]{1,4096})[\"'`][ \t](?:for|of|in)"
                r"[ \t](?:the[ \t])?(?:[a-z]{1,20}[ \t])?"
                r"[\"'`]?-{0,2}(?P<name>[a-z][\w.-]{0,100})"
            ),
        ),
        (
            "value",
            (
                r"\bargument[ \t]{1,2}(?:-[a-z]/)?-{1,2}(?P<name>[a-z][\w.-]{0,100})(?:[ "
                r"\t]<[^>\n]{1,60}>)?:[^\n]{0,60}?\bvalue:?[ \t]"
                r"[\"'`](?P<secret>[^\"'`\n]{1,4096})"
            ),
        ),
        (
            "property:",
            (
                r"\bproperty:[ \t](?P<name>[\w.\[\]-]{1,120})\s{1,20}value:[ \t]\"?(?P<secret>[^"
                r"\s\"][^\n\"]{0,4096})"
            ),
        ),
        # What was given for a field, as FastAPI tells it.
        (
            '"loc"',
            (
                r"\"loc\":\s?\[[^\]\n]{0,200}\"(?P<name>[\w.-]{1,120})\"\][^{}\n]{0,300}?\"in"
                r"put\":\s?\"(?P<secret>[^\"\n]{1,4096})"
            ),
        ),
        # A field of a form that shows dots for what is typed.
        (
            "type=",
            (
                r"\btype=[\"']?(?P<name>password)[\"']?[^<>]{0,200}?\svalue=[\"'](?P<secret>[^\"'"
                r"<>\n]{1,4096})"
            ),
        ),
        (
            "type=",
            (
                r"\bvalue=[\"'](?P<secret>[^\"'<>\n]{1,4096})[\"'][^<>]{0,200}?\stype=[\"']?(?P<n"
                r"ame>password)\b"
            ),
        ),
        (
            "input_value=",
            (
                r"^(?P<name>[\w.-]{1,120})\n[^\n]{0,300}?\binput_value=[\"'](?P<secret>[^\"'"
                r"\n]{1,4096})"
            ),
        ),
        (":", r":(?<![\w:]:)(?P<name>[a-z_][\w.-]{0,80})[ \t]{1,4}\"(?P<secret>[^\"\n]{1,4096})"),
    )
)
ELEMENTS = (
    *_VALUES,
    # A flag, and what follows it but a sentence about it.
    Told(
        NAME_PARTS,
        regex(
            r"-(?<![^\s\"'(]-)-?(?P<name>[a-z_][\w.-]{0,80})[ \t]{1,4}(?:\\\n[ \t]{0,20})?"
            r"(?=\\{0,4}[\"'](?P<secret>[^\"'\n]{1,4096})"
            r"|(?P<bare>(?!\\\n)[^\s\"'`|;&<>(){}$-][^\s\"'`|;&<>()]{0,4096}))"
        ),
        no_clause,
        also="-",
    ),
    # A variable as a shell has it, and its value beside it.
    Told(
        NAME_PARTS,
        regex(
            r"(?<![\w.$-])(?P<name>[a-z][a-z0-9]{0,40}_[a-z0-9_]{1,60})\)?[ \t]"
            r"(?P<secret>[^\s\"'`,;()<>\[\]{}]{16,4096})"
        ),
        loose,
        also="_",
    ),
)
"""Those with a group `name`: the name must be a secret's."""
