"""Lines of evidence, as people read them: the telling lines of a log, and events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.model.diagnosis import Evidence
from watchdog.observation.no_log import in_place_of_a_log
from watchdog.snapshot.snapshot import POD_LOGS
from watchdog.text.format import verbatim
from watchdog.text.log_line import Level
from watchdog.text.regex import regex
from watchdog.text.root_record import Telling, find_telling
from watchdog.text.sanitize import folded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from watchdog.detection.container_view import ContainerView
    from watchdog.snapshot.refs import ObjectRef
    from watchdog.snapshot.snapshot import ClusterSnapshot, EventSummary, LogTail
    from watchdog.snapshot.workloads import PodSummary

# A name is tried from its beginning only: from each of its dots, a long one would take seconds.
_RAISED = r"^\s*[\w.$]*(Error|Exception|Errno)\b|(?<![\w.$])[\w.$]+(Error|Exception):"
_CALM = regex(
    r"\b(INFO|DEBUG|TRACE)\b|\b(0|no) (errors?|failures?)\b|\b(errors?|failures?)[=:] ?0\b",
    re.IGNORECASE,
)
_POD = regex(r" in pod \S+\([0-9a-f-]{36}\)$| \(pod: \"[^\"]*\", container: [\w.-]+\)")
# Patterns are tried on every line; a line of any length must not make that slow.
_LONGEST = 4000
_UNANSWERED = regex(
    r"refused|unreachable|timed? ?out|i/o timeout|cannot connect|can't connect|could not connect"
    r"|failed to connect|no route|bad address|unavailable|no endpoints|\b50[234]\b|waiting for"
    r"|no such host|not resolve|not known|connection reset|ENOTFOUND|EAI_AGAIN|ETIMEDOUT",
    re.IGNORECASE,
)
# Words of such lines, and names of a log's fields: a Service may be called so, and anyone may make
# one that does not answer. They are a name only where a host is written.
_NO_NAME = regex(
    r"a|an|and|any|are|at|bad|by|caller|can|cannot|client|code|connect|connected|connecting"
    r"|connection|could|dial|down|due|endpoint|endpoints|err|error|exit|failed|failure"
    r"|fatal|for|from|get|has|have|host|hostname|http|https|i|in|info|io|is|it|known|level"
    r"|logger|lookup|message|msg|name|net|network|no|not|of|on|out|peer|port|post|refused"
    r"|remote|request|reset|resolve|retry|retrying|route|server|service|socket|such|tcp|the"
    r"|time|timed|timeout|to|try|trying|ts|udp|unable|unavailable|unreachable|upstream"
    r"|waiting|warn|warning|was|while|with"
)
# SIGKILL and SIGTERM, as a shell and the kubelet count them.
_FROM_OUTSIDE = (137, 143)
_FRAME = regex(r"^\s+(at |File \"|\.{3} \d+ more|from /)|^goroutine \d+")
_CONTINUES = regex(r"^\s|^Caused by: |^Traceback \(most recent|^During handling of ")
# Where a line says its level: as a field, as klog's first letter, or as a word near its beginning.
_BAD = "error|err|fatal|critical|crit|panic|dpanic|severe|emerg|emergency|alert"
_OTHER = "warn|warning|notice|info|information|debug|trace|fine|verbose"
_FIELD = regex(
    r'"(?:level|severity|lvl|loglevel|levelname|level_name|log\.level)"\s*:\s*"?(\w+)'
    r'|(?:^|\s)(?:level|severity|lvl)="?(\w+)',
    re.IGNORECASE,
)
_KLOG = regex(r"^([A-Z])\d{4}\s")
_WORD = regex(
    rf"\b({_BAD.upper()}|{_OTHER.upper()})\b(?!=)|[\[<(](?i:({_BAD}|{_OTHER}))[\])>]"
    rf"|^[\W\dTZ]*(?i:({_BAD}|{_OTHER})):"
)
_HEAD = 120
_PINO_ERROR = 50
_CHANGING_WORD = regex(r"(?<![\w#])\w*#[\w#]*")
_JOINED = regex(r"#(?:[-.:,+]#)+")
_CLOCK = regex(r"(?<!\d)([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?!\d)")
_EPOCH = regex(r'"?\b(?:ts|time|timestamp)"?\s*[:=]\s*"?(\d{10})(?:\d{3}\b|\.\d+|\b)')
_DAY_SECONDS = 86_400


def log_lines(
    snapshot: ClusterSnapshot, item: ContainerView, *, running: bool = False
) -> list[str]:
    """The lines of that container's log: of the run that ended last, or of the one that runs."""
    tail = _tail(snapshot, item, running=running)
    return [line[:_LONGEST] for line in tail.lines] if tail else []


def _tail(
    snapshot: ClusterSnapshot, item: ContainerView, *, running: bool = False
) -> LogTail | None:
    current = running or item.state.state == "terminated"
    tails = [t for t in _tails(snapshot, item) if t.lines and not in_place_of_a_log(t.text)]
    return min(tails, key=lambda tail: tail.previous is current, default=None)


def _tails(snapshot: ClusterSnapshot, item: ContainerView) -> list[LogTail]:
    mine = (item.pod.ref.name, item.state.name)
    return [tail for tail in snapshot.logs if (tail.pod, tail.container) == mine]


def without_log(snapshot: ClusterSnapshot, item: ContainerView) -> str:
    """Why no line of a log is quoted: it is empty, gone, or could not be read, and why."""
    if any(in_place_of_a_log(tail.text) for tail in _tails(snapshot, item)):
        return "its log cannot be read any more"
    spots = {s.subject: s.why for s in reversed(snapshot.blind_spots) if s.resource == POD_LOGS}
    why = spots.get(f"{item.pod.ref.name}/{item.state.name}") or spots.get("")
    return f"its log could not be read ({shorten(why, 160)})" if why else "its log is empty"


def was_cut(snapshot: ClusterSnapshot, item: ContainerView) -> bool:
    """Whether the log is longer than what was read of it."""
    tail = _tail(snapshot, item)
    return tail is not None and tail.cut


def told_by(
    snapshot: ClusterSnapshot, item: ContainerView, *, running: bool = False
) -> Telling | None:
    """What the log of the container's last run says of why it ended; None if it says nothing.

    The log of a run that was ended by a signal from outside says what it did then: only what is
    fatal by its level is taken for the cause of such an end.
    """
    tail = _tail(snapshot, item, running=running)
    told = find_telling(tail.text.splitlines()) if tail else None
    code = item.state.exit_code if item.state.state == "terminated" else item.state.last_exit_code
    if told and code in _FROM_OUTSIDE and told.level is not Level.FATAL:
        return told._replace(sure=False)
    return told


def _calm(line: str) -> bool:
    return bool(_CALM.search(line) or _FRAME.search(line))


def is_error(line: str) -> bool:
    """Whether the line's level is that of an error, or else it sums up an exception."""
    field, klog = _FIELD.search(line), _KLOG.search(line)
    word = _WORD.search(line[:_HEAD])
    if field:
        level = field[1] or field[2]
        return int(level) >= _PINO_ERROR if level.isdecimal() else level.lower() in _BAD.split("|")
    if klog:
        return klog[1] in "EF"
    if word:
        return next(filter(None, word.groups())).lower() in _BAD.split("|")
    return bool(re.search(_RAISED, line)) and not _calm(line)


def continues(line: str) -> bool:
    """Whether the line goes on with what the one before it began, as a stack trace does."""
    return bool(_CONTINUES.search(line) or _FRAME.search(line))


def shape(line: str) -> str:
    """The line without what differs each time that the same is said: numbers, ids and times."""
    words = _CHANGING_WORD.sub("#", folded(line))
    return " ".join(_JOINED.sub("#", words).split())


def time_of_day(line: str) -> int | None:
    """The time that the line carries, in seconds since midnight, in whatever time zone."""
    if epoch := _EPOCH.search(line):
        return int(epoch[1]) % _DAY_SECONDS
    clock = _CLOCK.search(line)
    return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3]) if clock else None


def first_match(lines: list[str], pattern: re.Pattern[str]) -> re.Match[str] | None:
    """The last line that matches, as what was logged last is nearest to the end."""
    return next((found for line in reversed(lines) if (found := pattern.search(line))), None)


def unreachable_service(line: str, service: ObjectRef) -> bool:
    """Whether the line says that this Service does not answer.

    A host of another domain that only begins with its name is another one, and `localhost` is the
    pod itself.
    """
    if service.name == "localhost":
        return False
    name, own = re.escape(service.name), rf"\.{re.escape(service.namespace)}(?:\.svc[\w.-]*)?"
    whole = rf"{name}(?:{own})?(?![\w-]|\.\w)"
    if _NO_NAME.fullmatch(service.name):
        named = re.search(rf"(?:://|@|\blookup ){whole}|(?<![\w.-]){name}(?:{own}|:\d)", line)
    else:
        named = re.search(rf"(?<![\w.-]){whole}", line)
    return bool(named and _UNANSWERED.search(line))


def unanswered(line: str) -> bool:
    """Whether the line says that something was asked and gave no answer of its own."""
    return _UNANSWERED.search(line) is not None


def quotes(snapshot: ClusterSnapshot, item: ContainerView) -> list[Evidence]:
    """The telling line of the container's log, as evidence; empty if there is none."""
    told = told_by(snapshot, item)
    lines = (told.line, told.also if told.sure else "") if told else ()
    return [quote(item, line) for line in lines if line]


def event_line(
    snapshot: ClusterSnapshot, pods: Iterable[PodSummary], *reasons: str
) -> Evidence | None:
    """The newest event of these reasons about these pods: `event BackOff ×14: restarting ...`."""
    return event_line_about(snapshot, [pod.ref for pod in pods], *reasons)


def event_line_about(
    snapshot: ClusterSnapshot, refs: Iterable[ObjectRef], *reasons: str
) -> Evidence | None:
    """The newest event of these reasons about these objects, as a line of evidence."""
    found = [event for event in snapshot.events_about(*refs) if event.reason in reasons]
    return event_evidence(found[-1]) if found else None


def event_evidence(event: EventSummary) -> Evidence:
    """An event as a line of evidence: `event BackOff ×14: restarting ...`."""
    count = f" ×{event.count}" if event.count > 1 else ""
    text = shorten(without_pod(event.message))
    return Evidence(kind="event", object=f"{event.reason}{count}", text=text)


def without_pod(message: str) -> str:
    """The kubelet's message without the pod's name and uid, which the finding has anyway."""
    return _POD.sub("", message)


def shorten(text: str, limit: int = 240) -> str:
    """One line of at most `limit` characters, an ellipsis where it was cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def quote(item: ContainerView, line: str) -> Evidence:
    """`log ledger-7d9f-x2k4p/main: "fatal: ..."`."""
    return Evidence(kind="log", object=item.where, text=verbatim(shorten(line)))
