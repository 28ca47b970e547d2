"""The error that the end of a log repeats for minutes, so that something fails all the time.

Built to stay silent: on bursts, on what is over, on what is tried again and then works, and on the
mistakes of clients. Pure.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from watchdog.detection.log_lines import continues, is_error, shape, time_of_day
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from datetime import datetime

_OFTEN = 6
_SPREAD_SECONDS = 120
# Only the last ten minutes are read; what seems to be further apart was misread.
_LONGEST_SPREAD = 900
# What was said before this many other lines is over.
_LAST_LINES = 12
_SLACK_SECONDS = 60
# All time zones are whole quarters of an hour apart, and what is read is younger than that.
_QUARTER = 900
_NOON = 43_200
# A status, not the number of something, and that of a request that the server failed to serve.
_UNIT = r"[mun\u00b5]?s|(?:milli|micro|nano)?sec(?:onds?)?|[KM]?i?B|bytes"
_COUNT = rf"(?!\.\d| ?(?:{_UNIT})\b(?![-=]))"
_FAILED = rf"(?: |(?:status|code|\bresp(?:onse)?)\\?[\"']?[=:] ?\\?[\"']?)5\d\d\b{_COUNT}"
_REFUSED = rf"(?<![/\w.-])4\d\d\b{_COUNT}"
# Errors that are someone else's, are over already, or do no harm.
_HARMLESS = regex(
    r"\bretr(y|ies|ied|ying)\b|\battempt \d|re-?connect(ing|ed)|back(ing)?[ -]?off"
    r"|\bignor(ed|ing)\b|\bskipp(ed|ing)\b|non-?fatal|fall(ing|s)? ?back|using (the )?default"
    r"|recovered|succe(ss|eded)\b"
    r"|context cancell?ed|(request|operation) (was )?(cancell?ed|aborted)|broken ?pipe|EPIPE"
    r"|reset by peer|ECONNRESET|client (has )?(disconnected|closed|gone|aborted)|ClientAbort"
    r"|(unexpected|: )EOF\b|server closed|TLS handshake error from"
    r"|closed by (the )?(remote|peer|client|foreign)|handshake[_ ]timeout|object has been modified"
    r"|bad (request|credentials)|validation ?(error|failed)|too many requests|rate limit"
    r"|invalid (input|request|email|token|credentials|password|session|signature)|unauthori[sz]ed"
    r"|\b(token|jwt|session|signature) (is |has |was )?(expired|invalid)|expired (token|session)"
    r"|(?<!host )\bnot found\b|already exists|duplicate key|unique constraint"
    r"|kube-probe|\bprobe\b|(live|readi)ness|health[-_ ]?(check|z)|/(health|readyz?|livez?|ping)\b"
    rf"|\b(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\b(?:(?!{_FAILED}).){{0,300}}{_REFUSED}"
    r"|\b(0|no) errors?\b|\berrors?[=:] ?\d|errors?[ _-](rate|count|budget|ratio|total)\b",
    re.IGNORECASE,
)
# Requests that are refused as they should be: HTTP's 4xx, gRPC's codes, what a shop refuses. gRPC's
# last two codes come from a refused client too, so there the line has to be a server's.
_IS = r"\\?[\"']?[=: ]+\\?[\"']?"
_HTTP = regex(
    r"(?:\b|_)(?:http|response|resp|res|error|err)?[_.-]?(?:status|code|status[_.-]?code)"
    rf"{_IS}4\d\d\b|\bHTTP(?:/\d(?:\.\d)?)?[\"']?(?: error| status)? 4\d\d\b"
    r"|\b4\d\d (?:unauthori[sz]ed|payment|forbidden|method not|not acceptable|request timeout"
    r"|conflict|gone|length|precondition|payload|content too|request entity|unsupported media"
    r"|unprocessable|too many)",
    re.IGNORECASE,
)
_GRPC = regex(
    rf"(?:code{_IS}|StatusCode\.|Status(?:Runtime)?Exception: |\b\d\d? (?=[A-Z_]+:))"
    r"(?:not_?found|invalid_?argument|already_?exists|out_?of_?range|cancell?ed)\b"
    rf"|\bgrpc[._-](?:status[._-])?(?:code|status){_IS}(?:1|3|5|6|7|11|16)\b"
    r"|^(?=.*(?:grpc[._-](?:method|service|code)|\bunary\b|\bfinished\b|\bhandle))"
    rf".*\bcode{_IS}(?:unauthenticated|permission_?denied)\b",
    re.IGNORECASE,
)
_BUSINESS = regex(
    r"(?<!connection )\bdeclined\b|insufficient (?:funds|balance|credit|stock)|\bout of stock\b"
    r"|\b(?:card|voucher|coupon|offer|cart|basket) (?:is |has |was )?expired"
    r"|expired (?:card|voucher|coupon)|invalid (?:card|cvc|iban|voucher|coupon|phone|captcha)\b",
    re.IGNORECASE,
)
# A server that logs the mistakes of its clients: nginx (unless it is the server behind it that
# fails), PostgreSQL (unless it fails itself), sshd.
_OF_CLIENTS = regex(
    r"^(?!.*upstream).*, client: [\d.a-f:]+"
    r"|\[\d+\][^:]{0,80}\b(ERROR|FATAL):  (?!could not|out of)"
    r"|\bfrom [\d.a-f:]+ port \d+",
)
_NO_FAULT = (_HARMLESS, _HTTP, _GRPC, _BUSINESS, _OF_CLIENTS)
_WELL = regex(
    r"\b(succe(ss|eded|ssful(ly)?)|recovered|(re)?connected|established|restored|resolved)\b",
    re.IGNORECASE,
)
_TESTS = regex(
    r"=== RUN|--- (PASS|FAIL)|\b\d+ passed\b|\b\d+ failing$|\btests? (run|passed|failed)"
    r"|\bRan \d+ tests?|Tests run:|test session starts|\bFAILED\b.*(::|test)",
    re.IGNORECASE,
)


class _Line(NamedTuple):
    text: str
    error: bool
    at: int | None


class Repeated(NamedTuple):
    """An error as it was said last, how often, and over how many seconds."""

    line: str
    times: int
    seconds: int


def repeated(texts: list[str], now: datetime) -> list[Repeated]:
    """The errors that the end of a log repeats, if it says nothing much else any more."""
    lines = _lines(texts)
    late = lines[len(lines) // 2 :]
    if 2 * sum(line.error for line in late) < len(late) or any(map(_TESTS.search, texts)):
        return []
    if any(_WELL.search(line.text) for line in late if not line.error):
        return []
    same: dict[str, list[_Line]] = {}
    for line in lines:
        if line.error:
            same.setdefault(shape(line.text), []).append(line)
    last = lines[-_LAST_LINES:]
    return [
        Repeated(said[-1].text, len(said), seconds)
        for said in same.values()
        if len(said) >= _OFTEN and said[-1] in last and (seconds := _spread(said, now)) is not None
    ]


def _lines(texts: list[str]) -> list[_Line]:
    """The lines without the rest of stack traces; one without a time has that of the one before."""
    at = None
    lines = []
    for text in texts:
        own = time_of_day(text)
        at = at if own is None else own
        if not continues(text):
            harmful = not any(pattern.search(text) for pattern in _NO_FAULT)
            lines.append(_Line(text, harmful and is_error(text), at))
    return lines


def _spread(said: list[_Line], now: datetime) -> int | None:
    """Over how many seconds it was said; None where it is not steady, or a line does not tell."""
    moments = [line.at for line in said if line.at is not None]
    if len(moments) < len(said):
        return None
    # Midnight may lie between two of them, and two threads may write a little out of order.
    gaps = [(b - a + _NOON) % (2 * _NOON) - _NOON for a, b in pairwise(moments)]
    seconds = sum(gaps)
    steady = _SPREAD_SECONDS <= seconds <= _LONGEST_SPREAD and 2 * max(gaps) <= seconds
    silent = (now.hour * 3600 + now.minute * 60 + now.second - moments[-1]) % _QUARTER
    # A clock that is a little ahead makes it seem almost a quarter ago.
    goes_on = silent <= max(gaps) + _SLACK_SECONDS or silent >= _QUARTER - _SLACK_SECONDS
    return seconds if steady and goes_on else None
