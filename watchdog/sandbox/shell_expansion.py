"""Expands the words of a script: variables with their defaults, substitutions, quotes."""

import re
from collections.abc import Callable

from watchdog.regex import regex
from watchdog.sandbox.shell_outcome import Ended
from watchdog.sandbox.shell_syntax import UnknownSyntaxError, quoted_end

_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!]")
_BRACED = regex(r"^(#?)([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!])(:?[-=?+]|##?|%%?)?(.*)$", re.DOTALL)
_TERM = regex(r"\d+|[+*/%-]")
_CALCULATE: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // max(b, 1),
    "%": lambda a, b: a % max(b, 1),
}


class Expansion:
    """The variables of a shell, and the words that are made of them."""

    def __init__(self, name: str, variables: dict[str, str], *, nounset: bool) -> None:
        self.name = name
        self.variables = variables
        self.nounset = nounset
        self.status = 0

    def capture(self, script: str) -> str:
        """Play a substitution and return what it prints."""
        raise NotImplementedError(script)

    def complain(self, text: str) -> None:
        """Print on standard error."""
        raise NotImplementedError(text)

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
                end = quoted_end(raw, at)
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
            end = quoted_end(raw, at)
            inner = raw[at + 1 : end - 1] if raw[at] == "`" else raw[at + 2 : end - 1]
            if inner.startswith("(") and inner.endswith(")"):
                return self._arithmetic(inner[1:-1]), end
            return self.capture(inner), end
        if raw[at : at + 2] == "${":
            end = quoted_end(raw, at)
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
