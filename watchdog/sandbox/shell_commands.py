"""The commands that start scripts use, as `shell` plays them.

A command takes the shell, its words and what was piped into it, and returns its exit status. Other
busybox commands do nothing and succeed; anything else is "not found" with status 127.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from watchdog.regex import regex
from watchdog.sandbox import shell_resources
from watchdog.sandbox.shell_outcome import Ended, LoopLeft, RunsForEver
from watchdog.sandbox.shell_syntax import UnknownSyntaxError, parse

if TYPE_CHECKING:
    from watchdog.sandbox.shell import Shell

_QUIET = frozenset(
    re.findall(
        r"\S+",
        """
    : awk basename cd chmod chown cp cut date df dirname du egrep env find free getopts gzip head
    id kill less ln local ls md5sum mktemp more mount mv nice nproc od pgrep pidof ping ps pwd
    readlink renice rmdir sed seq sha256sum shift sort stat stty sync tar tee timeout tr trap true
    umask uname uniq unset uptime vi waitwhich who whoami xargs yes
    """,
    )
)
_FOLDERS = frozenset(
    re.findall(
        r"\S+",
        """
    / /bin /dev /dev/shm /etc /home /proc /root /run /sbin /sys /tmp /usr /usr/bin /usr/sbin /var
    /var/www
    """,
    )
)
_BIN = regex(r"^/(usr/)?s?bin/")

Command = Callable[["Shell", list[str], str], int]


def known(program: str) -> bool:
    """Say whether the busybox image can execute this program."""
    if "/" in program:
        return bool(_BIN.match(program)) and known(_BIN.sub("", program))
    return program in _QUIET or program in _COMMANDS or program in ("sh", "ash", "busybox")


def execute(shell: "Shell", words: list[str], given: str) -> int:
    """Run one command; raises what ends the script."""
    program = _BIN.sub("", words[0])
    if program == "busybox" and words[1:]:
        return execute(shell, words[1:], given)
    if program in ("sh", "ash"):
        return _sh(shell, words)
    if program in _COMMANDS:
        return _COMMANDS[program](shell, words, given)
    if program in _QUIET:
        if program in ("head", "tee", "sort", "tr", "sed", "uniq") and given:
            shell.say(given)
        return shell_resources.head(shell, words) if program == "head" else 0
    if words[0] not in shell.files:
        shell.complain(f"{shell.name}: {words[0]}: not found")
        return 127
    return 0


def _sh(shell: "Shell", words: list[str]) -> int:
    flags = next((i for i, w in enumerate(words[1:], 1) if w.startswith("-") and "c" in w), 0)
    if not flags or flags + 1 >= len(words):
        return 0
    shell.block(parse(words[flags + 1]))
    return shell.status


def _echo(shell: "Shell", words: list[str], _given: str) -> int:
    rest = words[1:]
    while rest and re.fullmatch(r"-[neE]+", rest[0]):
        rest = rest[1:]
    shell.say(" ".join(rest))
    return 0


def _printf(shell: "Shell", words: list[str], _given: str) -> int:
    values = iter(words[2:])
    text = re.sub(r"%[-0-9.]*[a-z]", lambda _: next(values, ""), "".join(words[1:2]))
    text = text.replace("\\n", "\n").replace("\\t", "\t").rstrip("\n")
    shell.say(text)
    return 0


def _exit(shell: "Shell", words: list[str], _given: str) -> int:
    code = words[1] if words[1:] else str(shell.status)
    raise Ended(int(code) % 256 if code.isdigit() else 2)


def _exec(shell: "Shell", words: list[str], given: str) -> int:
    if not words[1:]:
        return 0
    raise Ended(execute(shell, words[1:], given))


def _sleep(shell: "Shell", words: list[str], _given: str) -> int:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    seconds = 0.0
    for word in words[1:]:
        found = re.fullmatch(r"([0-9.]+)([smhd]?)", word)
        if not found:
            seconds = 1e9 if word.startswith("inf") else seconds
        else:
            seconds += float(found[1]) * units[found[2] or "s"]
    shell.sleep(seconds)
    return 0


def _test(shell: "Shell", words: list[str], _given: str) -> int:
    closing = {"[": "]", "[[": "]]"}.get(words[0])
    rest = words[1:-1] if closing and words[-1] == closing else words[1:]
    for joint, decide in (("-o", any), ("-a", all), ("||", any), ("&&", all)):
        if joint in rest[1:]:
            at = rest.index(joint, 1)
            parts = (rest[:at], rest[at + 1 :])
            return int(not decide(_holds(shell, part) for part in parts))
    return int(not _holds(shell, rest))


def _holds(shell: "Shell", words: list[str]) -> bool:
    if words[:1] == ["!"]:
        return not _holds(shell, words[1:])
    if len(words) == 2:  # noqa: PLR2004  operator and operand
        operator, operand = words
        if operator == "-z":
            return not operand
        if operator == "-n":
            return bool(operand)
        return _is_file(shell, operator, operand)
    if len(words) == 3:  # noqa: PLR2004  left, operator, right
        return _compares(*words)
    return bool(words and words[0])


def _is_file(shell: "Shell", operator: str, path: str) -> bool:
    path = path.rstrip("/") or "/"
    below = any(name.startswith(path + "/") for name in shell.files)
    folder = path in _FOLDERS or below or shell.files.get(path) == "\0folder"
    if operator == "-d":
        return folder
    if operator == "-s":
        return bool(shell.files.get(path))
    program = known(path) if path.startswith("/") else False
    return (path in shell.files and not folder) or program or (folder and operator != "-f")


def _compares(left: str, operator: str, right: str) -> bool:
    if operator in ("=", "=="):
        return left == right
    if operator == "!=":
        return left != right
    try:
        a, b = int(left), int(right)
    except ValueError:
        return False
    comparisons = {"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b, "-gt": a > b}
    return comparisons.get(operator, a >= b)


def _set(shell: "Shell", words: list[str], _given: str) -> int:
    for word in words[1:]:
        on = word.startswith("-")
        if re.fullmatch(r"[-+][a-z]+", word):
            shell.errexit = on if "e" in word else shell.errexit
            shell.nounset = on if "u" in word else shell.nounset
    return 0


def _export(shell: "Shell", words: list[str], _given: str) -> int:
    for word in words[1:]:
        name, equal, value = word.partition("=")
        if equal:
            shell.variables[name] = value
    return 0


def _cat(shell: "Shell", words: list[str], given: str) -> int:
    paths = [word for word in words[1:] if not word.startswith("-")]
    if not paths and given:
        shell.say(given)
    status = 0
    for path in paths:
        if path == "/dev/zero":
            shell_resources.use_memory(shell, shell_resources.UNLIMITED)
        elif path in shell.files:
            shell.say(shell.files[path].rstrip("\n"))
        elif not known(path) and not path.startswith(("/proc/", "/sys/", "/etc/")):
            shell.complain(f"cat: can't open '{path}': No such file or directory")
            status = 1
    return status


def _touch(shell: "Shell", words: list[str], _given: str) -> int:
    for path in words[1:]:
        if not path.startswith("-"):
            shell.touch(path, "\0folder" if words[0].endswith("mkdir") else "")
    return 0


def _rm(shell: "Shell", words: list[str], _given: str) -> int:
    for path in words[1:]:
        if not path.startswith("-"):
            shell.touch(path, there=False)
    return 0


def _grep(_shell: "Shell", words: list[str], given: str) -> int:
    patterns = [word for word in words[1:] if not word.startswith("-")]
    if not patterns or len(patterns) > 1:
        return 0
    if "-v" in words:
        return int(patterns[0] in given)
    return int(patterns[0] not in given)


def _hostname(shell: "Shell", _words: list[str], _given: str) -> int:
    shell.say(shell.world.hostname)
    return 0


def _unknown(_shell: "Shell", words: list[str], _given: str) -> int:
    raise UnknownSyntaxError(words[0])


def _break(_shell: "Shell", _words: list[str], _given: str) -> int:
    raise LoopLeft


def _wait(shell: "Shell", _words: list[str], _given: str) -> int:
    if shell.has_endless_jobs:
        raise RunsForEver
    return 0


def _false(_shell: "Shell", _words: list[str], _given: str) -> int:
    return 1


def _printenv(shell: "Shell", words: list[str], _given: str) -> int:
    for name in words[1:]:
        if name not in shell.variables:
            return 1
        shell.say(shell.variables[name])
    return 0


_COMMANDS: dict[str, Command] = {
    "echo": _echo,
    "printf": _printf,
    "exit": _exit,
    "return": _exit,
    "exec": _exec,
    "sleep": _sleep,
    "test": _test,
    "[": _test,
    "[[": _test,
    "set": _set,
    "export": _export,
    "readonly": _export,
    "cat": _cat,
    "touch": _touch,
    "mkdir": _touch,
    "rm": _rm,
    "grep": _grep,
    "dd": shell_resources.dd,
    "awk": shell_resources.awk,
    "tail": shell_resources.tail,
    "httpd": shell_resources.httpd,
    "nc": shell_resources.nc,
    "wget": shell_resources.network,
    "nslookup": shell_resources.network,
    "hostname": _hostname,
    "false": _false,
    "printenv": _printenv,
    "eval": _unknown,
    "source": _unknown,
    ".": _unknown,
    "read": _unknown,
    "break": _break,
    "continue": _unknown,
    "wait": _wait,
}
