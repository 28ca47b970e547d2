"""Whether a label selector parses, by the grammar of Kubernetes' own parser.

The API server refuses one that does not, list by list, which reads like a cluster that cannot be
seen. Grammar: k8s.io/apimachinery/pkg/labels/selector.go and the syntax of labels.
"""

from __future__ import annotations

from watchdog.errors import SettingsError
from watchdog.text.regex import regex

_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_KEY = rf"(?:[a-z0-9](?:[-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_NAME}"
_VALUE = rf"(?:{_NAME})?"
_VALUES = rf"\(\s*{_VALUE}(?:\s*,\s*{_VALUE})*\s*\)"
_TEST = rf"\s*(?:==?|!=)\s*{_VALUE}|\s+(?:not)?in\s*{_VALUES}|\s*[<>]\s*-?\d+"
_REQUIREMENT = rf"\s*(?:!\s*{_KEY}|{_KEY}(?:{_TEST})?)\s*"
GRAMMAR = rf"{_REQUIREMENT}(?:,{_REQUIREMENT})*"
_SELECTOR = regex(GRAMMAR)


def check(selector: str, option: str) -> None:
    """Raise SettingsError, naming the option, for one that the API server would refuse."""
    if selector.strip() and not _SELECTOR.fullmatch(selector):
        raise SettingsError(
            f"{option} {selector!r} does not parse as a label selector, such as "
            "app=web,tier!=test or 'app in (web, api)'"
        )
