"""Works out what a start script would do: what it prints, when it ends, what it serves.

A script is played at once, with time as a number; it is not run. Only what start scripts in
manifests do is known (see `shell_commands` for the commands); the syntax is `shell_syntax`.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from watchdog.sandbox import shell_commands
from watchdog.sandbox import shell_syntax as syntax
from watchdog.sandbox.shell_syntax import UnknownSyntaxError

_STEPS = 3000
_FOR_EVER_SECONDS = 86400.0
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!]")
_BRACED = re.compile(
    r"^(#?)([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!])(:?[-=?+]|##?|%%?)?(.*)$", re.DOTALL
)
_TERM = re.compile(r"\d+|[+*/%-]")
_CALCULATE: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // max(b, 1),
    "%": lambda a, b: a % max(b, 1),
}
_TO_LOG = frozenset({"/dev/stdout", "/proc/1/fd/1", "/proc/self/fd/1"})


class Ended(Exception):  # noqa: N818  not an error: how a script is left
    """The script ended with a code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class RunsForEver(Exception):  # noqa: N818  the same
    """The script has reached something that does not end."""


class LoopLeft(Exception):  # noqa: N818  the same
    """`break`."""


@dataclass
class World:
    """What a script finds around it: environment, mounted files, reachable host names."""

    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset()
    hostname: str = "sandbox"


@dataclass
class Run:
    """What came of a script. Times are seconds after the start of the container."""

    lines: list[tuple[float, str]] = field(default_factory=list)
    exit_code: int | None = None
    seconds: float = 0.0
    memory_bytes: int = 0
    files: list[tuple[float, str, bool]] = field(default_factory=list)
    ports: dict[int, tuple[float, str]] = field(default_factory=dict)
    waits_for_network: bool = False
    known: bool = True


class Shell:
    """Plays one script; `play` is the way in."""

    def __init__(self, world: World, name: str, options: str = "") -> None:
        self.world = world
        self.name = name
        self.variables = dict(world.environment)
        self.files = dict(world.files)
        self.run = Run()
        self.seconds = 0.0
        self.status = 0
        self.errexit = "e" in options
        self.nounset = "u" in options
        self.has_endless_jobs = False
        self._steps = 0
        self._captured: list[list[str]] = []
        self._guarded = 0
        self._muted = 0

    def play(self, script: str) -> Run:
        """Play a script to its end, or until it is known to run for ever."""
        try:
            self.block(syntax.parse(script))
            self.run.exit_code = self.status
        except Ended as end:
            self.run.exit_code = end.code
        except RunsForEver:
            self.run.exit_code = None
        except (UnknownSyntaxError, RecursionError, LoopLeft):
            self.run = Run(known=False)
        self.run.seconds = self.seconds
        return self.run

    def say(self, text: str) -> None:
        """Print, into the log or into the substitution that is being evaluated."""
        if self._captured:
            self._captured[-1].append(text)
        else:
            self.run.lines += [(self.seconds, line) for line in text.split("\n")]

    def complain(self, text: str) -> None:
        """Print on standard error, which reaches the log unless it was sent away."""
        if not self._muted:
            self.run.lines.append((self.seconds, text))

    def touch(self, path: str, content: str = "", *, there: bool = True) -> None:
        """Create, fill or remove a file."""
        self.run.files.append((self.seconds, path, there))
        if there:
            self.files[path] = content
        else:
            self.files.pop(path, None)

    def sleep(self, seconds: float) -> None:
        """Let time pass; a long sleep counts as for ever."""
        self.seconds += seconds
        if seconds >= 600 or self.seconds > _FOR_EVER_SECONDS:  # noqa: PLR2004  ten minutes: how containers are kept up
            raise RunsForEver

    def block(self, statements: syntax.Block) -> None:
        """Play statements in order."""
        for statement in statements:
            self._statement(statement)

    def _statement(self, statement: syntax.Statement) -> None:
        if statement.background:
            self._aside(statement)
            return
        chain = [("&&", statement.first), *statement.rest]
        self.status = 0
        for index, (joint, pipeline) in enumerate(chain):
            if index and (joint == "&&") != (self.status == 0):
                continue
            last = index == len(chain) - 1
            self._guarded += not last
            try:
                self._pipeline(pipeline)
            finally:
                self._guarded -= not last
            if last and self.status and self.errexit and not (self._guarded or pipeline.negated):
                raise Ended(self.status)

    def _aside(self, statement: syntax.Statement) -> None:
        seconds = self.seconds
        try:
            self._statement(syntax.Statement(statement.first, statement.rest))
        except Ended:
            pass
        except RunsForEver:
            self.has_endless_jobs = True
        self.seconds = seconds
        self.status = 0

    def _pipeline(self, pipeline: syntax.Pipeline) -> None:
        commands = pipeline.commands
        text = ""
        for index, command in enumerate(commands):
            self._steps += 1
            if self._steps > _STEPS:
                raise RunsForEver
            if index < len(commands) - 1:
                text = self._capture(command, text)
            else:
                self._command(command, text)
        if pipeline.negated:
            self.status = int(self.status == 0)

    def _capture(self, command: syntax.Node, given: str = "") -> str:
        self._captured.append([])
        try:
            self._command(command, given)
        except Ended as end:
            self.status = end.code
        finally:
            said = self._captured.pop()
        return "\n".join(said)

    def _command(self, command: syntax.Node, given: str) -> None:
        if isinstance(command, syntax.Simple):
            self._simple(command, given)
        elif isinstance(command, syntax.Group):
            self.block(command.body)
        elif isinstance(command, syntax.If):
            self._if(command)
        elif isinstance(command, syntax.Loop):
            with suppress(LoopLeft):
                while self._holds(command.condition) is not command.until:
                    self.block(command.body)
        else:
            with suppress(LoopLeft):
                for word in [w for raw in command.words for w in self.words(raw)]:
                    self.variables[command.name] = word
                    self.block(command.body)

    def _if(self, command: syntax.If) -> None:
        for condition, branch in command.branches:
            if self._holds(condition):
                self.block(branch)
                return
        self.status = 0
        self.block(command.otherwise)

    def _holds(self, condition: syntax.Block) -> bool:
        self._guarded += 1
        try:
            self.block(condition)
        finally:
            self._guarded -= 1
        return self.status == 0

    def _simple(self, command: syntax.Simple, given: str) -> None:
        before = dict(self.variables)
        self.status = 0
        for name, raw in command.assignments:
            self.variables[name] = self.text(raw)
        words = [word for raw in command.words for word in self.words(raw)]
        target, muted = self._redirections(command)
        if target:
            self._captured.append([])
        self._muted += muted
        try:
            if words:
                self.status = shell_commands.execute(self, words, given)
        finally:
            self._muted -= muted
            if target:
                self._redirect("\n".join(self._captured.pop()), target)
        if words:
            kept = {name: before[name] for name, _ in command.assignments if name in before}
            self.variables.update(kept)

    def _redirections(self, command: syntax.Simple) -> tuple[str, bool]:
        target, muted = "", False
        for descriptor, operator, raw in command.redirections:
            path = self.text(raw)
            if operator in (">", ">>") and descriptor in ("", "1"):
                target = path if path not in _TO_LOG else ""
            elif operator == ">&" and descriptor in ("", "1"):
                target = "/dev/stderr"
            elif descriptor == "2":
                muted = path == "/dev/null" or (path == "1" and target == "/dev/null")
        return target, muted

    def _redirect(self, said: str, target: str) -> None:
        if target == "/dev/stderr":
            self.run.lines += [(self.seconds, line) for line in said.split("\n")]
        elif target != "/dev/null":
            self.touch(target, said)

    def words(self, raw: str) -> list[str]:
        """Expand a word; an unquoted one that comes out empty is no word at all."""
        text = self.text(raw)
        if not text and not any(quote in raw for quote in "'\""):
            return []
        if raw.startswith("$") and " " in text:
            return text.split()
        return [text]

    def text(self, raw: str) -> str:
        """Expand variables and substitutions, and take the quotes away."""
        out: list[str] = []
        at = 0
        inside = False
        while at < len(raw):
            char = raw[at]
            if char == '"':
                inside = not inside
                at += 1
            elif char == "'" and not inside:
                end = syntax.quoted_end(raw, at)
                out.append(raw[at + 1 : end - 1])
                at = end
            elif char == "\\" and at + 1 < len(raw):
                kept = "\\" if inside and raw[at + 1] not in '"\\$`' else ""
                out.append(kept + raw[at + 1])
                at += 2
            elif char in "$`":
                text, at = self._dollar(raw, at)
                out.append(text)
            else:
                out.append(char)
                at += 1
        return "".join(out)

    def _dollar(self, raw: str, at: int) -> tuple[str, int]:
        if raw[at] == "`" or raw[at : at + 2] == "$(":
            end = syntax.quoted_end(raw, at)
            inner = raw[at + 1 : end - 1] if raw[at] == "`" else raw[at + 2 : end - 1]
            if inner.startswith("(") and inner.endswith(")"):
                return self._arithmetic(inner[1:-1]), end
            group = syntax.Group(syntax.parse(inner))
            return self._capture(group), end
        if raw[at : at + 2] == "${":
            end = syntax.quoted_end(raw, at)
            return self._braced(raw[at + 2 : end - 1]), end
        found = _NAME.match(raw, at + 1)
        if not found:
            return "$", at + 1
        return self._variable(found[0]), found.end()

    def _variable(self, name: str) -> str:
        special = {"?": str(self.status), "$": "1", "#": "0", "@": "", "*": "", "!": "7"}
        if name in special:
            return special[name]
        if name == "0":
            return self.name
        if name not in self.variables and self.nounset:
            self._fail(f"{name}: parameter not set")
        return self.variables.get(name, "")

    def _fail(self, words: str) -> None:
        self.complain(f"{self.name}: {words}")
        raise Ended(2)

    def _braced(self, inner: str) -> str:
        found = _BRACED.match(inner)
        if not found:
            raise UnknownSyntaxError(inner)
        length, name, operator, word = found.groups()
        if operator is None or length:
            value = self._variable(name)
            return str(len(value)) if length else value
        value = self.variables.get(name, "")
        present = bool(value) if operator.startswith(":") else name in self.variables
        if operator[-1] == "+":
            return self.text(word) if present else ""
        if present or operator[0] in "#%":
            return value
        if operator[-1] == "?":
            default = "parameter not set or null" if ":" in operator else "parameter not set"
            self._fail(f"{name}: {self.text(word) or default}")
        if operator[-1] == "=":
            self.variables[name] = self.text(word)
        return self.text(word)

    def _arithmetic(self, inner: str) -> str:
        text = re.sub(r"\$?([A-Za-z_]\w*)", lambda m: self.variables.get(m[1], "") or "0", inner)
        terms = _TERM.findall(text)
        total = int(terms[0]) if terms and terms[0].isdigit() else 0
        for operator, number in zip(terms[1::2], terms[2::2], strict=False):
            if operator in _CALCULATE and number.isdigit():
                total = _CALCULATE[operator](total, int(number))
        return str(total)
