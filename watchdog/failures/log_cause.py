"""The form of the kinds that read the cause of a crash from the log; each has its own pattern."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watchdog.failures.example import broken, crashing, healthy
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import event_line, log_lines, quote, quotes, shorten
from watchdog.failures.look import Seen, crashes, exit_code, make_finding, matching, with_evidence
from watchdog.failures.owners import kubectl, word
from watchdog.failures.repair import changed_words, logs_command, run_again, undo
from watchdog.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RolloutUndo
    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

# A line further from the end than this belongs to a run that went on.
_LAST_LINES = 25
_CALM = regex(r"\b(INFO|DEBUG|TRACE)\b|will retry|retrying in", re.IGNORECASE)


@dataclass(frozen=True)
class LogCause:
    """What a crashing container's log says, and what that means.

    `pattern` finds the line that tells it; the first group of `subject` finds in that line what it
    is about (a host, a path). In `why`, `{who}` stands for the container and `{subject}` for that
    in     parentheses, or for nothing. `sick` and `well` are log lines for the examples: this
    cause, and another.
    """

    name: str
    summary: str
    pattern: re.Pattern[str]
    why: str
    to_do: str
    hint: str
    drill: Drill
    sick: tuple[str, ...]
    well: str
    subject: tuple[re.Pattern[str], ...] = ()

    def kind(self) -> FailureKind:
        """The failure kind of this cause; its fix is going back where a new revision brought it."""
        return FailureKind(
            name=self.name,
            summary=self.summary,
            detect=self._detect,
            explain=self._explain,
            advise=self._advise,
            hint=self.hint,
            drill=self.drill,
            examples=self._examples,
            fix=_fix,
            actions=("rollout_undo",),
        )

    def find(self, lines: list[str]) -> str | None:
        """The line that tells it, the last one first."""
        last = reversed(lines[-_LAST_LINES:])
        return next((x for x in last if self.pattern.search(x) and not _CALM.search(x)), None)

    def about(self, line: str) -> str | None:
        """The host, path or port that the line names."""
        found = (pattern.search(line) for pattern in self.subject)
        return next((match[1] for match in found if match), None)

    def because(self, subject: str | None) -> str:
        """Why, without what became of it: `the host name (ledger-db) cannot be resolved (DNS).`."""
        _, _, reason = self.why.partition(" because ")
        return reason.format(subject=f" ({subject})" if subject else "")

    def _detect(self, snapshot: ClusterSnapshot) -> Iterator[Finding]:
        def tells(item: Seen) -> bool:
            if not crashes(item, snapshot.taken_at) or exit_code(item.state) == 0:
                return False
            return self.find(log_lines(snapshot, item)) is not None

        for _owner, seen in matching(snapshot, tells):
            line = self.find(log_lines(snapshot, seen[0])) or ""
            code = str(exit_code(seen[0].state))
            finding = make_finding(
                self.name,
                self.summary,
                snapshot,
                seen,
                code=code,
                line=shorten(line, 160),
                subject=self.about(line),
            )
            backoff = event_line(snapshot, [item.pod for item in seen], "BackOff")
            yield with_evidence(
                finding, quote(seen[0], line), *quotes(snapshot, seen[0], 1), backoff
            )

    def _explain(self, finding: Finding, snapshot: ClusterSnapshot) -> str:
        facts = finding.facts
        subject = f" ({facts['subject']})" if "subject" in facts else ""
        why = self.why.format(who=facts["who"], subject=subject)
        changed = changed_words(finding, snapshot)
        return f'{why} It ends with exit code {facts["code"]}: "{facts["line"]}".{changed}'

    def _advise(self, finding: Finding, snapshot: ClusterSnapshot) -> Advice:
        if _fix(finding, snapshot):
            return Advice(
                "Correct what the new revision changed before it is deployed again.",
                kubectl(snapshot, "rollout", "history", word(finding.target)),
            )
        return Advice(f"{self.to_do}{run_again(finding)}", logs_command(finding, snapshot))

    def _examples(self) -> tuple[Example, ...]:
        sick = tuple(
            Example(f"log says: {line[:60]}", broken(crashing(1), text=line), "Deployment/web")
            for line in self.sick
        )
        return (
            *sick,
            Example("the same words from a healthy pod", healthy(self.sick[0]), None),
            Example("another cause", broken(crashing(1), text=self.well), None),
        )


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
    return undo(finding, snapshot)
