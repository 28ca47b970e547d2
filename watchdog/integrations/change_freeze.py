"""Asks a Prometheus whether changes are held back just now: while its query returns anything.

Only what says clearly that there is nothing lets a change through. A Prometheus that cannot be
asked, or whose answer makes no sense, holds changes back as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from watchdog.clock import Budget
from watchdog.errors import DeliveryError
from watchdog.integrations.answers import harmless, parsed
from watchdog.integrations.http import Call, access_of, ask
from watchdog.policy.verdict import Verdict, refuse
from watchdog.settings.services import BlockerSettings
from watchdog.text.regex import regex

_SHOWN_CHARS = 160
# Prometheus 3 tells in an info that an operator dropped samples that it cannot compare, such as
# histograms. Most infos only say that a name is unusual.
_LEFT_OUT = regex(r"\b(ignored|incompatible)\b")


def blocker(settings: BlockerSettings, budget: Budget) -> Callable[[], Verdict | None] | None:
    """How it is asked whether changes are held back; None where nothing is to be asked.

    The first call asks, all others repeat its answer: one pass, one question. Raises nothing.
    """
    if not settings.configured:
        return None
    answers: list[Verdict | None] = []

    def blocked() -> Verdict | None:
        if not answers:
            answers.append(_asked(settings, budget))
        return answers[0]

    return blocked


def _asked(settings: BlockerSettings, budget: Budget) -> Verdict | None:
    try:
        found = _returned(settings, budget)
    except DeliveryError as error:
        return refuse(
            "blocker_unreachable",
            f"whether changes are held back could not be asked of Prometheus: {error}",
        )
    if not found:
        return None
    return refuse("blocked_by_query", f"changes are held back while blocker.query returns {found}")


def _returned(settings: BlockerSettings, budget: Budget) -> str:
    """What the query returns, in few words; empty for nothing. Raises DeliveryError."""
    # Without a unit: Prometheus takes 2.5 for seconds and refuses 2.5s.
    asks = {"query": settings.query, "timeout": f"{settings.timeout_seconds:f}"}
    url = f"{(settings.prometheus_url or '').rstrip('/')}/api/v1/query?{urlencode(asks)}"
    call = Call(url, seconds=settings.timeout_seconds, access=access_of(settings))
    try:
        answer = parsed(ask(call, budget))
        data, warnings = answer["data"], answer.get("warnings")
        kind, result = data["resultType"], data["result"]
        sound = answer["status"] == "success" and isinstance(result, list)
        if not sound or kind not in {"vector", "matrix", "scalar", "string"}:
            raise DeliveryError("its answer makes no sense")
        if result:
            return _words(kind, result)
        partial = bool(answer.get("isPartial"))
        infos = [text for text in answer.get("infos") or () if _LEFT_OUT.search(text)]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise DeliveryError("its answer makes no sense") from error
    # A Thanos that lost a store says so by a warning, a VictoriaMetrics that lost a node by
    # isPartial; what was lost may be what holds changes back.
    if lost := warnings or infos or ("isPartial" if partial else ""):
        raise DeliveryError(f"its answer may not be whole: {_shown(str(lost))}")
    return ""


def _words(kind: str, result: list[Any]) -> str:
    if kind in {"scalar", "string"}:
        return f"a {kind}, which is never nothing: let it return series"
    labels = {str(name): str(value) for name, value in result[0]["metric"].items()}
    name = labels.pop("__name__", "")
    inside = ", ".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    more = f" and {len(result) - 1} more" if len(result) > 1 else ""
    return _shown(f"{name}{{{inside}}}") + more


def _shown(text: str) -> str:
    """Anybody who may be scraped can choose a label's value."""
    return harmless(text, _SHOWN_CHARS)
