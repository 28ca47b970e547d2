"""Reads the small part of `sh` that start scripts in manifests are written in.

Scripts become lists of nodes; what they do is `shell`. Anything unknown raises
`UnknownSyntaxError`, and the container is then taken to run without a word.
"""

import re
from dataclasses import dataclass, field

from watchdog.regex import regex

_OPERATORS = ("&&", "||", ";;", ";", "&", "|", "\n", "(", ")")
_REDIRECT = regex(r"(\d?)(>>|>&|>|<<|<)\s*")
_END_OF_WORD = " \t\n;&|()<>"
_ASSIGNMENT = regex(r"^([A-Za-z_][A-Za-z0-9_]*)=(.*)$", re.DOTALL)


class UnknownSyntaxError(Exception):
    """The script uses something that this reader does not know."""


@dataclass(frozen=True)
class Token:
    """A word with its quotes, an operator, or a redirection (`fd>target` as text)."""

    kind: str
    text: str


@dataclass
class Simple:
    """One command: assignments, words, and where its output goes."""

    assignments: list[tuple[str, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    redirections: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class If:
    """Conditions with their branches, and the last `else`."""

    branches: "list[tuple[Block, Block]]"
    otherwise: "Block"


@dataclass
class Loop:
    """`while` and `until`."""

    condition: "Block"
    body: "Block"
    until: bool


@dataclass
class For:
    """`for NAME in WORDS`."""

    name: str
    words: list[str]
    body: "Block"


@dataclass
class Pipeline:
    """Commands joined by `|`, perhaps negated."""

    commands: "list[Node]"
    negated: bool


@dataclass
class Statement:
    """Pipelines joined by `&&` and `||`; in the background after `&`."""

    first: Pipeline
    rest: list[tuple[str, Pipeline]]
    background: bool = False


@dataclass
class Group:
    """`{ ... }` or `( ... )`."""

    body: "Block"


Block = list[Statement]
Node = Simple | If | Loop | For | Group


def quoted_end(text: str, start: int) -> int:
    """Find the end of the quoted or `$(...)`/`${...}`/backquoted piece that begins at `start`."""
    if text[start] in "'`":
        end = text.find(text[start], start + 1)
        if end < 0:
            raise UnknownSyntaxError("unterminated quoted string")
        return end + 1
    opener = text[start : start + 2]
    closer = {"$(": ")", "${": "}"}.get(opener, '"')
    at = start + (2 if opener in ("$(", "${") else 1)
    while at < len(text):
        char = text[at]
        if char == closer:
            return at + 1
        if char == "\\":
            at += 2
        elif text[at : at + 2] in ("$(", "${") or (char in "'`\"" and closer != '"'):
            at = quoted_end(text, at)
        elif char == "(" and closer == ")":
            at = quoted_end(text[:at] + "$" + text[at:], at) - 1
        else:
            at += 1
    raise UnknownSyntaxError("unterminated quoted string")


def tokens(text: str) -> list[Token]:
    """Cut a script into words, operators and redirections."""
    text = text.replace("\\\n", "")
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] in " \t":
            at += 1
        elif text[at] == "#":
            at = (text.find("\n", at) + len(text) + 1) % (len(text) + 1)
        elif match := _REDIRECT.match(text, at):
            if match[2] == "<<":
                raise UnknownSyntaxError("here-document")
            word, at = _word(text, match.end())
            found.append(Token("redirect", f"{match[1]} {match[2]} {word}"))
        elif operator := next((o for o in _OPERATORS if text.startswith(o, at)), ""):
            found.append(Token("operator", operator))
            at += len(operator)
        else:
            word, at = _word(text, at)
            found.append(Token("word", word))
    return found


def _word(text: str, start: int) -> tuple[str, int]:
    at = start
    while at < len(text) and text[at] not in _END_OF_WORD:
        if text[at] in "'\"`" or text[at : at + 2] in ("$(", "${"):
            at = quoted_end(text, at)
        else:
            at += 2 if text[at] == "\\" else 1
    return text[start:at], at


def parse(text: str) -> Block:
    """Read a script; raises UnknownSyntaxError."""
    reader = _Reader(tokens(text))
    block = reader.block(())
    if reader.peek() is not None:
        raise UnknownSyntaxError(f"unexpected {reader.peek()}")
    return block


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0

    def peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> Token:
        token = self.peek()
        if token is None:
            raise UnknownSyntaxError("unexpected end of file")
        self._at += 1
        return token

    def _operator(self, *wanted: str) -> str:
        token = self.peek()
        if token and token.kind == "operator" and token.text in wanted:
            self._at += 1
            return token.text
        return ""

    def _keyword(self, *wanted: str) -> str:
        token = self.peek()
        if token and token.kind == "word" and token.text in wanted:
            self._at += 1
            return token.text
        return ""

    def _expect(self, keyword: str) -> None:
        if not self._keyword(keyword):
            raise UnknownSyntaxError(f"expected {keyword}")

    def _blank(self) -> None:
        while self._operator(";", "\n"):
            pass

    def block(self, ends: tuple[str, ...]) -> Block:
        """Read statements up to one of the keywords, which stays unread."""
        statements: Block = []
        self._blank()
        while (token := self.peek()) is not None:
            if token.text in ends or token.text in (")", ";;"):
                break
            statement = self._statement()
            statements.append(statement)
            if self._operator("&"):
                statement.background = True
            elif not self._operator(";", "\n") and self.peek() is not None:
                break
            self._blank()
        return statements

    def _statement(self) -> Statement:
        first = self._pipeline()
        rest = []
        while joint := self._operator("&&", "||"):
            self._blank()
            rest.append((joint, self._pipeline()))
        return Statement(first, rest)

    def _pipeline(self) -> Pipeline:
        negated = bool(self._keyword("!"))
        commands = [self._command()]
        while self._operator("|"):
            self._blank()
            commands.append(self._command())
        return Pipeline(commands, negated)

    def _command(self) -> Node:
        if self._operator("("):
            body = self.block(())
            if not self._operator(")"):
                raise UnknownSyntaxError("expected )")
            return self._with_redirections(Group(body))
        keyword = self._keyword("if", "while", "until", "for", "{", "case")
        if keyword == "if":
            return self._with_redirections(self._if())
        if keyword in ("while", "until"):
            condition = self.block(("do",))
            return self._with_redirections(Loop(condition, self._body(), keyword == "until"))
        if keyword == "for":
            return self._with_redirections(self._for())
        if keyword == "{":
            body = self.block(("}",))
            self._expect("}")
            return self._with_redirections(Group(body))
        if keyword:
            raise UnknownSyntaxError(keyword)
        return self._simple()

    def _with_redirections(self, node: Node) -> Node:
        while (token := self.peek()) is not None and token.kind == "redirect":
            self._at += 1
        return node

    def _if(self) -> If:
        branches = []
        otherwise: Block = []
        while True:
            condition = self.block(("then",))
            self._expect("then")
            branches.append((condition, self.block(("elif", "else", "fi"))))
            if self._keyword("elif"):
                continue
            if self._keyword("else"):
                otherwise = self.block(("fi",))
            self._expect("fi")
            return If(branches, otherwise)

    def _body(self) -> Block:
        self._expect("do")
        body = self.block(("done",))
        self._expect("done")
        return body

    def _for(self) -> For:
        name = self._next().text
        self._expect("in")
        words = []
        while (token := self.peek()) is not None and token.kind == "word":
            words.append(self._next().text)
        self._blank()
        return For(name, words, self._body())

    def _simple(self) -> Simple:
        command = Simple()
        while (token := self.peek()) is not None and token.kind != "operator":
            self._at += 1
            if token.kind == "redirect":
                descriptor, operator, target = token.text.split(" ", 2)
                command.redirections.append((descriptor, operator, target))
            elif not command.words and (found := _ASSIGNMENT.match(token.text)):
                command.assignments.append((found[1], found[2]))
            else:
                command.words.append(token.text)
        token = self.peek()
        if token and token.text == "(" and command.words:
            raise UnknownSyntaxError("function")
        if not (command.words or command.assignments or command.redirections):
            raise UnknownSyntaxError(f"unexpected {token.text if token else 'end of file'}")
        return command
