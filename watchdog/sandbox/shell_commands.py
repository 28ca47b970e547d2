"""The commands that start scripts use, as `shell` plays them.

A command takes the shell, its words and what was piped into it, and returns its exit status. Other
busybox commands do nothing and succeed; anything else is "not found" with status 127.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from watchdog.sandbox.quantities import amount
from watchdog.sandbox.shell_syntax import UnknownSyntaxError

if TYPE_CHECKING:
    from watchdog.sandbox.shell import Shell

_QUIET = frozenset(
    [
        "awk",
        "basename",
        "chmod",
        "chown",
        "cp",
        "cut",
        "date",
        "df",
        "dirname",
        "du",
        "egrep",
        "find",
        "free",
        "getopts",
        "gzip",
        "head",
        "id",
        "kill",
        "ln",
        "ls",
        "md5sum",
        "mktemp",
        "mount",
        "mv",
        "nice",
        "nproc",
        "od",
        "pidof",
        "pgrep",
        "ping",
        "ps",
        "pwd",
        "readlink",
        "renice",
        "rmdir",
        "sed",
        "seq",
        "sha256sum",
        "sort",
        "stat",
        "stty",
        "sync",
        "tar",
        "tee",
        "timeout",
        "tr",
        "umask",
        "uname",
        "uniq",
        "uptime",
        "vi",
        "waitwhich",
        "who",
        "whoami",
        "xargs",
        "yes",
        "trap",
        "cd",
        "true",
        ":",
        "local",
        "unset",
        "shift",
        "sync",
        "less",
        "more",
        "env",
    ]
)
_FOLDERS = frozenset(
    [
        "/",
        "/bin",
        "/dev",
        "/dev/shm",
        "/etc",
        "/home",
        "/proc",
        "/root",
        "/sbin",
        "/sys",
        "/tmp",
        "/usr",
        "/usr/bin",
        "/usr/sbin",
        "/var",
        "/var/www",
        "/run",
    ]
)
_BIN = re.compile(r"^/(usr/)?s?bin/")
_UNLIMITED = 1 << 50

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
        return _head(shell, words) if program == "head" else 0
    if words[0] not in shell.files:
        shell.complain(f"{shell.name}: {words[0]}: not found")
        return 127
    return 0


def _sh(shell: "Shell", words: list[str]) -> int:
    flags = next((i for i, w in enumerate(words[1:], 1) if w.startswith("-") and "c" in w), 0)
    if not flags or flags + 1 >= len(words):
        return 0
    from watchdog.sandbox import shell_syntax

    shell.block(shell_syntax.parse(words[flags + 1]))
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
    from watchdog.sandbox.shell import Ended

    code = words[1] if words[1:] else str(shell.status)
    raise Ended(int(code) % 256 if code.isdigit() else 2)


def _exec(shell: "Shell", words: list[str], given: str) -> int:
    from watchdog.sandbox.shell import Ended

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
            _use_memory(shell, _UNLIMITED)
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


def _size(text: str) -> int:
    try:
        return int(amount(re.sub(r"([kKmMgG])B?$", lambda m: m[1].upper() + "i", text)))
    except (ValueError, ArithmeticError):
        return 0


def _use_memory(shell: "Shell", size: int) -> None:
    shell.run.memory_bytes = max(shell.run.memory_bytes, size)


def _head(shell: "Shell", words: list[str]) -> int:
    if "/dev/zero" in words or "/dev/urandom" in words:
        sizes = [_size(w.removeprefix("-c")) for w in words if re.match(r"^(-c)?\d", w)]
        _use_memory(shell, max(sizes, default=0))
    return 0


def _dd(shell: "Shell", words: list[str], _given: str) -> int:
    options = dict(word.partition("=")[::2] for word in words[1:])
    size = _size(options.get("bs", "512"))
    target = options.get("of", "")
    if target.startswith("/dev/shm/"):  # noqa: S108  where a container's files are its memory
        used = Decimal(size) * (int(options["count"]) if "count" in options else _UNLIMITED)
        _use_memory(shell, int(used))
    elif not target or "count" not in options:
        _use_memory(shell, size)
    if target:
        shell.touch(target)
    return 0


def _tail(shell: "Shell", words: list[str], given: str) -> int:
    from watchdog.sandbox.shell import RunsForEver

    if "/dev/zero" in words:
        _use_memory(shell, _UNLIMITED)
        raise RunsForEver
    if any(re.fullmatch(r"-\w*[fF]", word) for word in words[1:]):
        raise RunsForEver
    if given:
        shell.say(given)
    return 0


def _option(words: list[str], flag: str) -> str:
    for index, word in enumerate(words):
        if word == flag and index + 1 < len(words):
            return words[index + 1]
        if word.startswith(flag) and len(word) > len(flag):
            return word[len(flag) :]
    return ""


def _port(text: str) -> int:
    digits = text.rpartition(":")[2]
    return int(digits) if digits.isdigit() else 80


def _httpd(shell: "Shell", words: list[str], _given: str) -> int:
    from watchdog.sandbox.shell import RunsForEver

    root = _option(words, "-h") or "/"
    shell.run.ports[_port(_option(words, "-p"))] = (shell.seconds, root)
    if any(re.fullmatch(r"-[iv]*f[iv]*", word) for word in words[1:]):
        raise RunsForEver
    return 0


def _nc(shell: "Shell", words: list[str], _given: str) -> int:
    from watchdog.sandbox.shell import RunsForEver

    if any(re.fullmatch(r"-\w*l\w*", word) for word in words[1:]):
        port = _option(words, "-p") or next((w for w in reversed(words) if w.isdigit()), "")
        shell.run.ports[_port(port)] = (shell.seconds, "")
        raise RunsForEver
    return _reach(shell, words, "nc")


def _reach(shell: "Shell", words: list[str], program: str) -> int:
    operands = [w for w in words[1:] if not w.startswith("-") and not w.isdigit()]
    host = re.sub(r"^\w+://", "", "".join(operands[-1:])).partition("/")[0].partition(":")[0]
    if host in shell.world.hosts or host.startswith(("localhost", "127.", "kubernetes")):
        return 0
    shell.run.waits_for_network = True
    if "-q" not in words:
        words_said = f"bad address '{host}'" if program != "nslookup" else f"can't resolve '{host}'"
        shell.complain(f"{program}: {words_said}")
    return 1


def _network(shell: "Shell", words: list[str], _given: str) -> int:
    return _reach(shell, words, _BIN.sub("", words[0]))


def _hostname(shell: "Shell", _words: list[str], _given: str) -> int:
    shell.say(shell.world.hostname)
    return 0


def _unknown(_shell: "Shell", words: list[str], _given: str) -> int:
    raise UnknownSyntaxError(words[0])


def _break(_shell: "Shell", _words: list[str], _given: str) -> int:
    from watchdog.sandbox.shell import LoopLeft

    raise LoopLeft


def _wait(shell: "Shell", _words: list[str], _given: str) -> int:
    from watchdog.sandbox.shell import RunsForEver

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
    "dd": _dd,
    "tail": _tail,
    "httpd": _httpd,
    "nc": _nc,
    "wget": _network,
    "nslookup": _network,
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
