"""The commands of `shell` that take memory or use the network."""

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from watchdog.sandbox.quantities import amount
from watchdog.sandbox.shell_outcome import RunsForEver

if TYPE_CHECKING:
    from watchdog.sandbox.shell import Shell

UNLIMITED = 1 << 50


def _size(text: str) -> int:
    try:
        return int(amount(re.sub(r"([kKmMgG])B?$", lambda m: m[1].upper() + "i", text)))
    except (ValueError, ArithmeticError):
        return 0


def use_memory(shell: "Shell", size: int) -> None:
    """Remember how much memory the script takes at most."""
    shell.run.memory_bytes = max(shell.run.memory_bytes, size)


def head(shell: "Shell", words: list[str]) -> int:
    """Read the beginning of an endless device into memory."""
    if "/dev/zero" in words or "/dev/urandom" in words:
        sizes = [_size(w.removeprefix("-c")) for w in words if re.match(r"^(-c)?\d", w)]
        use_memory(shell, max(sizes, default=0))
    return 0


def dd(shell: "Shell", words: list[str], _given: str) -> int:
    """Copy blocks; what goes to /dev/shm is memory."""
    options = dict(word.partition("=")[::2] for word in words[1:])
    size = _size(options.get("bs", "512"))
    target = options.get("of", "")
    if target.startswith("/dev/shm/"):  # noqa: S108  where a container's files are its memory
        used = Decimal(size) * (int(options["count"]) if "count" in options else UNLIMITED)
        use_memory(shell, int(used))
    elif not target or "count" not in options:
        use_memory(shell, size)
    if target:
        shell.touch(target)
    return 0


def awk(shell: "Shell", words: list[str], _given: str) -> int:
    """Known only where it fills an array with strings of a mebibyte, or loops for ever."""
    program = " ".join(words[1:])
    if "1048576" in program:
        counts = [int(count) for count in re.findall(r"i<=(\d+)", program)]
        use_memory(shell, max(counts, default=0) << 20)
    if "while(1)" in program.replace(" ", ""):
        raise RunsForEver
    return 0


def tail(shell: "Shell", words: list[str], given: str) -> int:
    """Follow a file for ever, or keep /dev/zero in memory until there is none."""
    if "/dev/zero" in words:
        use_memory(shell, UNLIMITED)
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


def httpd(shell: "Shell", words: list[str], _given: str) -> int:
    """Serve a folder."""
    root = _option(words, "-h") or "/"
    shell.run.ports[_port(_option(words, "-p"))] = (shell.seconds, root)
    if any(re.fullmatch(r"-[iv]*f[iv]*", word) for word in words[1:]):
        raise RunsForEver
    return 0


def nc(shell: "Shell", words: list[str], _given: str) -> int:
    """Listen on a port, or try to reach one."""
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


def network(shell: "Shell", words: list[str], _given: str) -> int:
    """Try to reach a host."""
    return _reach(shell, words, words[0].rpartition("/")[2])
