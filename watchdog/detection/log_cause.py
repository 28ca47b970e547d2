"""The form of the kinds that read the cause of a crash from the log; each has its own pattern."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import crashes, exit_code, make_finding, matching, with_evidence
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import event_line, quotes, shorten, told_by
from watchdog.detection.outside import Dependency, origin_of
from watchdog.detection.owners import kubectl, word
from watchdog.detection.rollback import changed_words, logs_command, run_again, undo
from watchdog.text.format import verbatim
from watchdog.text.quoted_answer import own_texts, own_words
from watchdog.text.regex import regex
from watchdog.text.root_record import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from watchdog.actions import RolloutUndo
    from watchdog.model.diagnosis import Finding, Origin
    from watchdog.snapshot.snapshot import ClusterSnapshot


# Characters around vague words, in which it stands what they are about.
_NEAR, _BEFORE = 120, 20
# Patterns are tried on the words of each crash; words of any length must not make that slow.
_LONGEST = 2000
# A test that failed quotes what it expected; a mistake in the program names its own words.
_COMPARES = regex(
    r"\s*(?:E +)?(?:\w+\.)*"
    r"(?:(?:Assertion(?:Failed)?|Type|Reference|Name|Attribute|NoMethod)Error|ComparisonFailure)\b"
    r"|\s*--- FAIL: "
    r"|.{0,200}\bexpected (?:error|message|output)\b.{1,120}\b(?:got|received)\b"
    r"|.{0,200}\bexpected:? .{1,120}\b(?:but was|got (?:nil|null|none|no error)"
    r"|to (?:equal|be|contain|match))\b"
    r"|.{0,80}\btests? failed\b"
)
# Words in quotation marks are what is spoken of (`unknown rule "disk full"`), unless what stands
# before them says that it was the answer (`failed with "disk full"`).
_MENTIONED = regex(
    r"(?<!\bwith )(?<!rror )(?<!\berr )(?<!returned )(?<!ecause )(?<!eason )(?<!essage )(?<!said )"
    r"(?<!\bgot )(?<!gave )(?<!due to )(?<!cause )(?<!answered )(?<!ailed )(?<!was )(?<!\bby )"
    r"(?<!instance of )"
    r"(?<=[a-z] )([\"'`\u2018\u201c])[^\"'`\u2018\u201c]{1,80}[\"'`\u2019\u201d](?![\w])"
)
_LOOPBACK = regex(r"(?:127(?:\.\d{1,3}){3}|localhost|\[?::1\]?)(?::\d+)?")
UNEXPANDED = regex(r"(?<![\w$])(\$(?:\([A-Za-z_]\w{0,100}\)|\{[A-Za-z_]\w{0,100}\}))")
"""A reference to a variable that stands where its value should: nothing has expanded it."""
# Words that stand where a name may stand.
_NO_SUBJECT = {
    "", "a", "address", "an", "at", "by", "database", "dns", "error", "failed", "for", "host",
    "hostname", "in", "instance", "is", "name", "not", "of", "on", "server", "service", "the",
    "to", "upstream",
}  # fmt: skip


@dataclass(frozen=True)
class LogCause:
    """What a crashing container's log says, and what that means.

    `pattern` finds the words that tell it, `unless` what these words mean besides. `vague` finds
    words that tell it only of what `of` finds in the same text: "could not connect" is said of a
    server, and of a signal. The first group
    of `subject` finds what they are about (a host, a path). In `why`, `{who}` stands for the
    container and `{subject}` for that in parentheses, or for nothing. `depends_on` is set if the
    cause lies outside the workload; `goes_back` is false if an earlier revision would fail too.
    `on_node` are why and to do for a pod in the network of its node; `at_home` is what to do if the
    subject is the pod itself (127.0.0.1). `here` is true if it is about something of the container:
    what another server answered does not tell it.
    """

    name: str
    summary: str
    pattern: re.Pattern[str]
    why: str
    to_do: str
    hint: str
    subject: tuple[re.Pattern[str], ...] = ()
    unless: re.Pattern[str] | None = None
    vague: re.Pattern[str] | None = None
    of: re.Pattern[str] | None = None
    on_node: tuple[str, str] | None = None
    at_home: str = ""
    depends_on: Dependency | None = None
    goes_back: bool = True
    here: bool = False

    def kind(self) -> FailureKind:
        """The failure kind of this cause; its fix is going back where a new revision brought it."""
        return FailureKind(
            name=self.name,
            summary=self.summary,
            detect=self._detect,
            explain=self._explain,
            advise=self._advise,
            hint=self.hint,
            fix=self._fix,
            actions=("rollout_undo",) if self.goes_back else (),
        )

    def find(self, texts: Iterable[str]) -> str | None:
        """The first of these words that tell it."""
        texts = own_texts(tuple(texts)) if self.here else texts
        return next((text for text in texts if self.tells(text)), None)

    def tells(self, text: str) -> bool:
        """Whether these words say that it is so."""
        text = own_words(text[:_LONGEST]) if self.here else text[:_LONGEST]
        if _COMPARES.match(text):
            return False
        if self.unless and self.unless.search(text):
            return False
        if _says(self.pattern, text):
            return True
        vague, of = self.vague, self.of
        if vague is None or of is None or not _says(vague, text):
            return False
        near = ((found.start() - _NEAR, found.end() + _NEAR) for found in vague.finditer(text))
        return any(of.search(text, max(0, start), stop) for start, stop in near)

    def about(self, *texts: str) -> str | None:
        """The host, path or port that these words name; the best pattern in any of them first.

        The groups of a pattern are joined with a colon, as host and port are.
        """
        found = (
            m
            for pattern in self.subject
            for text in texts
            for m in pattern.finditer(text[:_LONGEST])
        )
        named = (":".join(filter(None, match.groups())) for match in found)
        return next((name for name in named if name.lower() not in _NO_SUBJECT), None)

    def because(self, subject: str | None) -> str:
        """Why, without what became of it: `the host name (ledger-db) cannot be resolved (DNS).`."""
        _, _, reason = self.why.partition(" because ")
        return reason.format(subject=f" ({subject})" if subject else "")

    def _detect(self, snapshot: ClusterSnapshot) -> Iterator[Finding]:
        def tells(item: ContainerView) -> bool:
            if not crashes(item, snapshot) or exit_code(item.state) == 0:
                return False
            told = told_by(snapshot, item)
            return told is not None and told.sure and self.find(told.texts) is not None

        for _owner, seen in matching(snapshot, tells):
            told = told_by(snapshot, seen[0])
            if told is None:
                continue
            words = self.find(told.texts) or ""
            code = str(exit_code(seen[0].state))
            finding = make_finding(
                self.name,
                self.summary,
                snapshot,
                seen,
                code=code,
                line=self._quoted(told.line, words),
                subject=self.about(words, *told.texts),
                on_node="yes" if self.on_node and seen[0].pod.template.host_network else None,
            )
            finding = finding.model_copy(update={"origin": self._origin(snapshot, finding)})
            backoff = event_line(snapshot, [item.pod for item in seen], "BackOff")
            yield with_evidence(finding, *quotes(snapshot, seen[0]), backoff)

    def _quoted(self, line: str, words: str) -> str:
        """The line, with the words that tell the cause if they stand elsewhere in its record."""
        found = None if self.tells(line) else self.pattern.search(words)
        if found is None:
            return shorten(line, LONGEST_LINE)
        said = words[max(0, found.start() - _BEFORE) : found.end() + _NEAR].strip()
        return f"{shorten(line, LONGEST_LINE - _NEAR)} … {said}"

    def _origin(self, snapshot: ClusterSnapshot, finding: Finding) -> Origin:
        if self.depends_on is None:
            return "workload"
        subject = finding.facts.get("subject")
        return origin_of(snapshot, finding.target, finding.container, self.depends_on, subject)

    def _explain(self, finding: Finding, snapshot: ClusterSnapshot) -> str:
        facts = finding.facts
        subject = f" ({facts['subject']})" if "subject" in facts else ""
        why = self.on_node[0] if self.on_node and "on_node" in facts else self.why
        why = why.format(who=facts["who"], subject=subject)
        changed = changed_words(finding, snapshot) if self.goes_back else ""
        return f"{why} It ends with exit code {facts['code']}: {verbatim(facts['line'])}.{changed}"

    def _advise(self, finding: Finding, snapshot: ClusterSnapshot) -> Advice:
        if self._fix(finding, snapshot):
            return Advice(
                "Correct what the new revision changed before it is deployed again.",
                kubectl(snapshot, "rollout", "history", word(finding.target)),
            )
        subject = finding.facts.get("subject", "")
        if UNEXPANDED.fullmatch(subject):
            return Advice(_expanded(subject, finding), logs_command(finding, snapshot))
        to_do = self.on_node[1] if self.on_node and "on_node" in finding.facts else self.to_do
        if self.at_home and _LOOPBACK.fullmatch(subject):
            to_do = self.at_home
        return Advice(f"{to_do}{run_again(finding, snapshot)}", logs_command(finding, snapshot))

    def _fix(self, finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
        return undo(finding, snapshot) if self.goes_back else None


def _expanded(reference: str, finding: Finding) -> str:
    name = reference[2:-1]
    if reference.startswith("$("):
        return (
            f"Kubernetes left {reference} as it is: container {finding.container} has no variable "
            f"{name}, or it stands below the one that refers to it. Add {name} to its env, above."
        )
    return (
        f"Nothing has put a value in place of {reference}: in env and args Kubernetes expands "
        f"$({name}) only, and what renders the manifest has left it. Write the value, or $({name})."
    )


def _says(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the text says it, in words of its own and not only in a name that it quotes."""
    found = list(pattern.finditer(text))
    if not found:
        return False
    quoted = [match.span() for match in _MENTIONED.finditer(text)]
    return any(
        not any(start <= match.start() and match.end() <= end for start, end in quoted)
        for match in found
    )
