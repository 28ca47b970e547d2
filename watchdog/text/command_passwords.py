"""Passwords in command lines that only the program before them tells: `redis-cli -a PASSWORD`.

Those that a name tells (`--password PW`, `DB_PASS=pw`) are found by secret_shapes.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from watchdog.text.regex import regex

# Programs, and after which of their words the password comes, or within which one, as `value`.
_FLAGS = (
    ("redis-cli valkey-cli", regex("-a")),
    ("openssl", regex("-k")),
    ("login", regex("-p")),  # docker, podman, helm and the like
    ("mysql mysqladmin mysqlcheck mysqldump mysqlimport mysqlsh", regex("-p(?P<value>.+)")),
    ("mariadb mariadb-admin mariadb-check mariadb-dump", regex("-p(?P<value>.+)")),
    ("mongo mongosh mongodump mongorestore mongoexport mongoimport", regex("-p(?P<value>.*)")),
    ("sshpass", regex("-p(?P<value>.*)")),
    ("mosquitto_pub mosquitto_sub mosquitto_rr sqlcmd bcp", regex("-P(?P<value>.*)")),
    ("ldapadd ldapcompare ldapdelete ldapmodify ldapsearch ldapwhoami", regex("-w(?P<value>.*)")),
    ("curl", regex("-[A-Za-z]{0,8}[uU]|--(?:proxy-)?user")),
)
_FLAG_OF = {program: flag for programs, flag in _FLAGS for program in programs.split()}
_ENDS = regex(r"[;|&()<>]+")
# A port, a path, an address, another flag, or a reference to the password.
_NO_PASSWORD = regex(r"\d{1,5}|[-$/<].*|https?:.*")
_LONGEST_SCRIPT = 20_000
_DEEPEST = 3


def passwords(words: Iterable[str], depth: int = 0) -> Iterator[str]:
    """Each password as the program gets it; scripts among the words are read as a shell does."""
    program, awaited = "", False
    for word in words:
        if awaited:
            yield from _password(word.partition(":")[2] if program == "curl" else word)
        elif depth < _DEEPEST and word.split()[1:]:
            yield from passwords(_split(word), depth + 1)
        awaited = False
        name = word.rpartition("/")[2]
        if name in _FLAG_OF:
            program = name
        elif _ENDS.fullmatch(word):
            program = ""
        elif program and (found := _FLAG_OF[program].fullmatch(word)):
            value = found.groupdict().get("value")
            awaited = not value
            yield from _password((value or "").removeprefix("="))


def _password(value: str) -> Iterator[str]:
    if value and not _NO_PASSWORD.fullmatch(value):
        yield value


def _split(script: str) -> list[str]:
    from shlex import shlex

    script = script[:_LONGEST_SCRIPT].replace("\\\n", " ").replace("`", " ; ")
    read = shlex(script, posix=True, punctuation_chars=True)
    read.whitespace_split, read.commenters = True, ""
    try:
        return list(read)
    except ValueError:  # a quote that no one closes
        return script.split()
