"""The lines of a log by the part that they play: what raised, its cause, frames, hints, usage.

A program writes far more than the line that says why it ends: stack frames, excerpts of its
source, properties of the error, its help, advice. Only what may tell the cause becomes an `Entry`.
Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from watchdog.text import log_shapes as shapes
from watchdog.text.common_beginning import begins_as, common_beginning
from watchdog.text.failure_words import FAILED, HINT, SPECIFIC, words_of
from watchdog.text.log_line import Level, LogLine, read_line
from watchdog.text.record_fields import errors_of, parts_of, subjects_of

_MOST_LINES = 3000
_EXCERPT, _HEAD, _PROPERTIES = 4, 200, 12
# Lines: how far below its source stands what was raised and not caught.
_BELOW_SOURCE = 6
_TRACEBACK = "Traceback (most recent call last)"
_IGNORED = "Exception ignored in"
_CLOSES = {"}", "]", "},", "};", "})", "],"}


class Role(Enum):
    """What part an entry plays."""

    PLAIN = "plain"
    RAISED = "raised"
    CAUSE = "cause"
    DETAIL = "detail"


class Entry(NamedTuple):
    """Something that a log says in one line, without its frames.

    `at` is the line's number, `record` that of the line which began the record. `text` is what is
    said; `line` the line as it was written. `level` is that of the record, None if it has none;
    `own` tells that the line itself has it.
    """

    at: int
    record: int
    text: str
    line: str
    level: Level | None
    role: Role
    stamped: bool
    own: bool


class Reading(NamedTuple):
    """The entries of a log's end, and the lines of source code that its traces show.

    `advice` are the lines that say what to do, by their numbers; none of them is an entry.
    """

    entries: tuple[Entry, ...]
    source: str
    advice: dict[int, str]


def read_records(lines: list[str]) -> Reading:
    """What the lines say, in their order, as far as it may tell why the program ended."""
    first = max(0, len(lines) - _MOST_LINES)
    reader = _Reader(common_beginning(lines[first:]))
    for at, raw in enumerate(lines[first:], first):
        reader.take(at, raw)
    return Reading(tuple(reader.entries), "\n".join(reader.source), reader.advice)


class _Reader:
    """Walks over the lines once; what it remembers says in which block it is.

    A block is what a line begins and the next ones go on with: a Python traceback, an excerpt of
    source code, a goroutine, a help text, the properties of an error.
    """

    def __init__(self, beginning: str) -> None:
        self._beginning = beginning
        self.entries: list[Entry] = []
        self.source: list[str] = []
        self.advice: dict[int, str] = {}
        self._at = self._last = 0
        self._record = 0
        self._level: Level | None = None
        self._indented = self._raised = self._chained = self._ignored = False
        self._block = self._passed_on = ""
        self._left = self._base = self._announced = 0
        self._shown = -_BELOW_SOURCE
        self._goes_on: dict[str, Callable[[str, LogLine], bool]] = {
            "traceback": self._traceback,
            "excerpt": self._excerpt,
            "goroutine": lambda said, line: bool(shapes.GO_FRAME.match(said)) or not line.stamped,
            "usage": lambda said, _: said[:1].isspace() or said[:1] == "-" or said.endswith(":"),
            "dump": self._dump,
            "description": self._description,
            "action": self._action,
            "box": self._box,
            "causes": self._causes,
            "label": self._labelled,
        }

    def take(self, at: int, raw: str) -> None:
        """Read the next line."""
        self._at, text = at, shapes.BARS.sub("", raw.rstrip())
        if not text.strip() or shapes.LEFT_OUT.match(text):
            self._blank()
            return
        if self._block != "box" and shapes.RULE.match(text):
            return
        line = read_line(text)
        if self._beginning and not line.stamped and begins_as(text, self._beginning):
            line = line._replace(stamped=True)
        side = shapes.SIDE.search((line.message if line.fields else text)[:_HEAD])
        child = self._block == "traceback" and self._is_passed_on(line)
        if (line.stamped or line.level is not None) and not (side or child):
            self._record, self._level, self._block = at, line.level, ""
            self._indented = text[:1].isspace()
        if line.fields and not side and self._structured(line):
            return
        said = line.message if (line.stamped or line.level is not None) else text
        said = said[len(self._passed_on) :] if child else said
        goes_on = self._goes_on.get(self._block)
        if not (goes_on and goes_on(said, line)) and not self._begins(said, line):
            self._tell(said, line)

    def _is_passed_on(self, line: LogLine) -> bool:
        """Whether the line has the same words in front as the traceback of a child had."""
        return bool(self._passed_on) and line.message.startswith(self._passed_on)

    def _blank(self) -> None:
        last = self.entries[-1] if self.entries else None
        alone = last is not None and self._raised and shapes.NAME_ALONE.fullmatch(last.text)
        if alone and self._last == self._at - 1:
            # What was raised says in the next line what is wrong.
            self._last = self._at
            return
        if self._block in {"excerpt", "goroutine", "causes"} or (
            self._block == "action" and not self._left
        ):
            self._block = ""
        self._left = 0
        self._raised = False

    # --- what a block goes on with: True if the line tells nothing itself ---------------------

    def _traceback(self, said: str, line: LogLine) -> bool:
        if _indentation(said) > self._base:
            self.source.append(said)
            return True
        self._block = ""
        # Python says above it if the program goes on.
        if not self._ignored:
            self._put(said, line, Role.RAISED)
        self._ignored = False
        return True

    def _box(self, said: str, _line: LogLine) -> bool:
        if said.lstrip()[:1] == "\u2570":
            self._block = ""
        else:
            self.source.append(said)
        return True

    def _excerpt(self, said: str, _line: LogLine) -> bool:
        self._left += 1
        return self._left <= _EXCERPT and not shapes.RAISED.match(said)

    def _dump(self, said: str, line: LogLine) -> bool:
        indented = said[:1].isspace()
        if said.strip() in _CLOSES and not indented:
            self._block = ""
        elif inner := shapes.INNER.search(said):
            self._put(inner[1].rstrip(",]"), line, Role.CAUSE)
        elif self._announced and shapes.PROPERTY.match(said):
            self._announced -= 1
            self._put(said.strip(), line, Role.DETAIL)
        return indented or not self._block

    def _description(self, said: str, line: LogLine) -> bool:
        self._block = ""
        self._put(said, line, Role.RAISED)
        return True

    def _action(self, _said: str, _line: LogLine) -> bool:
        self._left += 1
        return True

    def _causes(self, said: str, line: LogLine) -> bool:
        """The numbered causes of one error, the deepest last."""
        if line.stamped or not said[:1].isspace():
            self._block = ""
            return False
        numbered = shapes.NUMBERED.match(said)
        if numbered:
            self._put(said[numbered.end() :], line, Role.CAUSE)
        return bool(numbered)

    def _labelled(self, said: str, line: LogLine) -> bool:
        """What stands below a line that is nothing but `error:`."""
        self._block = ""
        if line.stamped or line.level is not None or shapes.RAISED.match(said):
            return False
        self._put(said, line, Role.CAUSE)
        return True

    # --- what begins one -----------------------------------------------------------------------

    def _begins(self, said: str, line: LogLine) -> bool:
        """Whether the line begins a block, or is one that tells nothing."""
        bare = not line.stamped and line.level is None
        stripped = said.strip()
        if _TRACEBACK in stripped:
            before = stripped.partition(_TRACEBACK)[0].strip()
            self._passed_on = said.partition(_TRACEBACK)[0] if line.stamped else ""
            if before and before != "Exception Group":
                self._put(before, line, Role.PLAIN)
            self._block, self._base = "traceback", _indentation(said)
        elif self._announces(stripped, bare=bare):
            pass
        elif stripped[:1] == "\u256d" and "Traceback" in stripped:
            self._block = "box"
        elif shapes.BOX_TITLE.match(stripped):
            self._level, self._record, self._block = Level.ERROR, self._at, ""
        elif stripped in {"Description:", "Action:"}:
            self._block, self._left = stripped[:-1].lower(), 0
        elif shapes.GOROUTINE.match(said):
            self._block = "goroutine"
            if reason := shapes.PANIC_REASON.match(said):
                self._put(reason[1], line, Role.CAUSE)
        elif shapes.FRAME.match(said):
            self._block = "dump" if said.endswith("{") else self._block
        else:
            return self._begins_bare(said, line) if bare else bool(shapes.ECHO.match(said))
        return True

    def _announces(self, stripped: str, *, bare: bool) -> bool:
        """Whether the line only says what the next lines are."""
        if stripped.startswith(_IGNORED):
            self._ignored = True
        elif shapes.CAUSES_HEAD.match(stripped):
            self._block = "causes"
        elif bare and shapes.LABEL.fullmatch(stripped):
            self._block = "label"
        elif shapes.CHAIN.match(stripped):
            self._chained = True
        else:
            return False
        return True

    def _begins_bare(self, said: str, line: LogLine) -> bool:
        """The same for a line without time and level."""
        if shapes.USAGE.match(said):
            self._block = "usage"
        elif shapes.SOURCE.match(said.strip()):
            self._block, self._left, self._shown = "excerpt", 0, self._at
        elif shapes.CARETS.match(said):
            self._drop_source()
        elif shapes.OPENS.match(said):
            self._block = "dump"
            above = self.entries[-1] if self.entries and said.strip() == "{" else None
            announced = above is not None and above.at == self._at - 1 and above.text[-1:] == ":"
            self._announced = _PROPERTIES if announced else 0
            if inner := shapes.INNER.search(said):
                self._put(inner[1].rstrip("{[] "), line, Role.RAISED)
        else:
            return bool(shapes.ECHO.match(said) or shapes.SETTING.match(said))
        return True

    def _drop_source(self) -> None:
        """The line above carets is source code, unless it says what was raised."""
        last = self.entries[-1] if self.entries else None
        if last and last.at == self._at - 1 and last.role is Role.PLAIN and last.level is None:
            self.source.append(self.entries.pop().text)

    # --- what tells something ------------------------------------------------------------------

    def _structured(self, line: LogLine) -> bool:
        """Entries for the message with its error, and for each part of its stack trace."""
        errors = errors_of(line)
        message = parts_of(line.message)
        if not message and not errors:
            return False
        first, *rest = dict.fromkeys((*message, *errors))
        if message and errors and errors[0] not in first:
            first, rest = f"{first}: {errors[0]}", [x for x in rest if x != errors[0]]
        self._add(first, line, Role.RAISED if shapes.RAISED.match(first) else Role.PLAIN)
        for part in rest:
            cause = shapes.CAUSE.match(part)
            self._add(
                part[cause.end() :] if cause else part, line, Role.CAUSE if cause else Role.DETAIL
            )
        if (line.level or Level.INFO) >= Level.ERROR:
            for about in subjects_of(line, said=" ".join((first, *rest))):
                # It tells no cause itself, so it has the weight of no error.
                self._add(about, line._replace(level=Level.DEBUG), Role.DETAIL)
        return True

    def _tell(self, said: str, line: LogLine) -> None:
        side = shapes.SIDE.search((said if line.fields else line.raw)[:_HEAD])
        asked = shapes.ASKED.search(line.raw)
        if side and side[1] in shapes.SILENT_SIDES and not asked:
            return
        if asked:
            self._put(asked[0].partition(":")[2], line, Role.DETAIL)
        elif side or shapes.DETAIL.match(said):
            self._put(shapes.DETAIL.sub("", said), line, Role.DETAIL)
        elif cause := shapes.CAUSE.match(said):
            self._put(said[cause.end() :], line, Role.CAUSE)
        elif shapes.RAISED.match(said) or (not line.stamped and shapes.RAISED.match(line.raw)):
            self._put(said, line, Role.RAISED)
        elif not HINT.match(shapes.NPM.sub("", said)) or not (
            shapes.NPM.match(said) or (line.level or Level.INFO) < Level.ERROR
        ):
            self._put(said, line, Role.PLAIN)
        else:
            self._last = self._at
            self.advice[self._at] = said.strip()

    def _put(self, said: str, line: LogLine, role: Role) -> None:
        """Add the entry to the record that it belongs to."""
        own = line.stamped or line.level is not None
        below = bool(self.entries) and self._at == self._last + 1
        attached = below and self._raised and not line.stamped
        apart = role is Role.RAISED and self._went_on()
        if not own and (apart or not attached):
            calm = self._level is None or self._level < Level.ERROR
            alone = self._inherited(said) is None and not said[:1].isspace()
            begins = role is Role.RAISED and not self._chained and (calm or apart)
            if begins or (role is Role.PLAIN and alone):
                self._record = self._at
            self._chained = self._chained and role is not Role.RAISED
        raised = role is Role.RAISED
        self._raised = raised or attached
        self._add(said.strip(), line, role, self._uncaught() if raised else self._inherited(said))

    def _went_on(self) -> bool:
        """Whether the line above is no part of the record: bare, at its left end, no error."""
        last = self.entries[-1] if self.entries else None
        if last is None or last.own or last.role is not Role.PLAIN or last.line[:1].isspace():
            return False
        words = words_of(last.text)
        return not (FAILED.says(words) or SPECIFIC.says(words) or last.text.endswith(":"))

    def _add(self, text: str, line: LogLine, role: Role, inherited: Level | None = None) -> None:
        own = line.stamped or line.level is not None
        level = line.level if own else inherited
        self._last = self._at
        self.entries.append(
            Entry(self._at, self._record, text, line.raw, level, role, line.stamped, own)
        )

    def _uncaught(self) -> Level | None:
        """FATAL if the runtime shows the source just above: it does so of what nothing caught."""
        return Level.FATAL if self._at - self._shown < _BELOW_SOURCE else None

    def _inherited(self, said: str) -> Level | None:
        """The level of the record that the line goes on with.

        Errors are explained below their record; below any other, only what is indented is a part
        of it, as something else may have written the rest.
        """
        part = said[:1].isspace() and not self._indented
        return self._level if part or self._level in {Level.ERROR, Level.FATAL} else None


def _indentation(said: str) -> int:
    return len(said) - len(said.lstrip())
