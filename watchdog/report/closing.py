"""The sentences at the end of every view: how many problems, who diagnosed, what stayed unseen."""

from __future__ import annotations

from watchdog.nouns import Report
from watchdog.report.phrases import count, joined, one_line
from watchdog.report.words import Case, chapters, model_name


def closing(report: Report) -> str:
    """The last line: `1 problem, 1 fixed. Rules and gpt-5-mini agree (...)` and so on."""
    cases = [case for chapter in chapters(report) for case in chapter.cases]
    tally = _tally(cases) if cases else _nothing(report)
    return " ".join(part for part in (tally, _sources(report), _unread(report)) if part)


def undelivered(report: Report) -> tuple[str, ...]:
    """One sentence for each message or push that did not leave."""
    said = [
        one_line(f"Not delivered to {item.to}: {item.error or 'no reason given'}")
        for item in report.deliveries
        if not item.ok
    ]
    return tuple(dict.fromkeys(said))


def _nothing(report: Report) -> str:
    """Could not look is not healthy: nothing is said of what nobody saw."""
    parts = report.namespaces
    if parts and all(part.error for part in parts):
        return ""
    if any(part.error or part.blind_spots for part in parts):
        return "Nothing broken in what could be read."
    return "Nothing broken."


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
        verb = "differ" if any(diagnosis.disagreements for diagnosis in spoke) else "agree"
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
    return " ".join(parts)


def _unread(report: Report) -> str:
    failed = [one_line(item.namespace) for item in report.namespaces if item.error]
    spots = sum(len(item.blind_spots) for item in report.namespaces)
    parts = [f"{joined(failed)} could not be looked at"] if failed else []
    parts += [f"{count(spots, 'thing')} could not be read"] if spots else []
    return f"{'; '.join(parts)}." if parts else "Nothing unreadable."
