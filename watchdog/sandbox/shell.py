"""Works out what a start script would do: what it prints, when it ends, what it serves.

A script is played at once, with time as a number; it is not run. Only what start scripts in
manifests do is known (see `shell_commands` for the commands); the syntax is `shell_syntax`.
"""

from contextlib import suppress

from watchdog.sandbox import shell_commands
from watchdog.sandbox import shell_syntax as syntax
from watchdog.sandbox.shell_expansion import Expansion
from watchdog.sandbox.shell_outcome import Ended, LoopLeft, Run, RunsForEver, World
from watchdog.sandbox.shell_syntax import UnknownSyntaxError

_STEPS = 3000
_FOR_EVER_SECONDS = 86400.0
_TO_LOG = frozenset({"/dev/stdout", "/proc/1/fd/1", "/proc/self/fd/1"})


class Shell(Expansion):
    """Plays one script; `play` is the way in."""

    def __init__(self, world: World, name: str, options: str = "") -> None:
        super().__init__(name, dict(world.environment), nounset="u" in options)
        self.world = world
        self.files = dict(world.files)
        self.run = Run()
        self.seconds = 0.0
        self.errexit = "e" in options
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

    def capture(self, script: str) -> str:
        """Play a substitution and return what it prints."""
        return self._capture(syntax.Group(syntax.parse(script)))

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
