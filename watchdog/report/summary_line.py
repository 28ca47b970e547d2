"""The sentences at the end of every view: how many problems, who diagnosed, what stayed unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from watchdog.detection.nodes import is_about_a_node
from watchdog.model.diagnosis import Diagnosis
from watchdog.model.report import Report
from watchdog.report.case import Case
from watchdog.report.wording import chapters, model_name
from watchdog.text.format import count, joined, one_line

_MOST_NAMED = 5


def closing(report: Report) -> str:
    """The last line: `1 problem, 1 fixed. Rules and gpt-5-mini agree (...)` and so on."""
    cases = [case for chapter in chapters(report) for case in chapter.cases]
    tally = _tally(cases) if cases else _nothing(report)
    left_out = "" if cases else _left_out(report)
    parts = (tally, _sources(report), _unread(report), left_out)
    return " ".join(part for part in parts if part)


def undelivered(report: Report) -> tuple[str, ...]:
    """One sentence for each message or push that did not leave."""
    said = [
        one_line(f"Not delivered to {item.to}: {item.error or 'no reason given'}")
        for item in report.deliveries
        if not item.ok
    ]
    return tuple(dict.fromkeys(said))


def one_cause(report: Report) -> tuple[str, ...]:
    """One sentence for each node that is the cause of problems in several namespaces."""
    found: dict[str, dict[str, None]] = {}
    for part in report.namespaces:
        for finding in part.findings:
            if is_about_a_node(finding):
                found.setdefault(finding.facts["cause"], {})[one_line(part.namespace)] = None
    return tuple(_in_all_of(what, list(names)) for what, names in found.items() if len(names) > 1)


def _in_all_of(cause: str, namespaces: list[str]) -> str:
    named = namespaces[:_MOST_NAMED]
    if more := len(namespaces) - len(named):
        named.append(f"{more} more")
    return one_line(
        f"One cause in {count(len(namespaces), 'namespace')}: {cause} ({joined(named)}).", 800
    )


def _nothing(report: Report) -> str:
    """Could not look is not healthy: nothing is said of what no one saw."""
    parts = report.namespaces
    if not parts:
        return "No namespace was looked at."
    if all(part.unseen for part in parts):
        return ""
    if any(part.error or part.blind_spots for part in parts):
        return "Nothing broken in what could be read."
    return "Nothing broken."


def _left_out(report: Report) -> str:
    """What may be broken all the same, as the settings leave it out."""
    looked = any(not (part.error or part.gone) for part in report.namespaces)
    names = joined(list(report.not_looked_for))
    return f"Not looked for: {names}." if looked and names else ""


def _tally(cases: list[Case]) -> str:
    words = {
        "fixed": "fixed",
        "would fix": "would be fixed",
        "fixing": "being fixed",
        "needs you": "needs you",
        "broken": "broken",
    }
    counts = {status: sum(case.status == status for case in cases) for status in words}
    parts = [f"{n} {words[status]}" for status, n in counts.items() if n]
    said = ", ".join([count(len(cases), "problem"), *parts])
    return (said if counts["needs you"] <= 1 else said.replace("needs you", "need you")) + "."


def _sources(report: Report) -> str:
    """Who diagnosed, and whether they agree; nothing where nothing was diagnosed."""
    asked = [item.diagnosis for item in report.namespaces if item.findings]
    if not asked:
        return ""
    parts = []
    spoke = [diagnosis for diagnosis in asked if diagnosis.source == "llm"]
    if spoke:
        # On the causes: another way to repair the same is no disagreement about what is broken.
        verb = "differ" if any(diagnosis.agrees is False for diagnosis in spoke) else "agree"
        facts = []
        certain = [d.confidence for d in spoke if d.confidence is not None]
        tokens = sum(d.tokens.total or 0 for d in asked if d.tokens)
        facts += [f"confidence {min(certain):.2f}"] if certain else []
        facts += [count(tokens, "token")] if tokens else []
        parts.append(
            f"Rules and {model_name(spoke[0])} {verb}"
            + (f" ({', '.join(facts)})." if facts else ".")
        )
    errors = list(
        dict.fromkeys(one_line(d.model_error, 200).rstrip(".") for d in asked if d.model_error)
    )
    if errors:
        parts.append(
            f"The model gave no usable answer ({'; '.join(errors)}), so the rules spoke alone."
        )
    elif not spoke and any(diagnosis.model for diagnosis in asked):
        parts.append("The model saw nothing wrong; the rules' findings stand, nothing was changed.")
    elif not spoke:
        parts.append("Diagnosed by rules, without a model.")
    return " ".join([*parts, *_sent(asked)])


def _sent(asked: list[Diagnosis]) -> Iterator[str]:
    """Which server got how much of what was read."""
    chars = Counter[str]()
    for diagnosis in asked:
        if diagnosis.server and diagnosis.sent_chars:
            chars[diagnosis.server] += diagnosis.sent_chars
    for server, number in chars.items():
        yield f"Sent to {one_line(server, 120)}: {number:,} characters, redacted."


def _unread(report: Report) -> str:
    if not report.namespaces:
        return ""
    failed = [one_line(item.namespace) for item in report.namespaces if item.error]
    spots = sum(len(item.blind_spots) for item in report.namespaces)
    parts = [f"{joined(failed)} could not be looked at"] if failed else []
    parts += [f"{count(spots, 'thing')} could not be read"] if spots else []
    return f"{'; '.join(parts)}." if parts else "Everything could be read."
