"""What a namespace asks for by its own label and annotations, within what the operator allows.

Anyone who may edit the namespace writes them, so the mode only ever narrows, and all else has to
match a pattern that the operator listed: these words stand in messages and alerts that people
trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import get_args

from watchdog.settings.schema import Choice, NamespaceMode, Settings
from watchdog.text.regex import regex

MODE = "mode"
CHOICES: tuple[Choice, ...] = get_args(Choice)
PREFIX = "sre-watchdog/"
LONGEST = 200
_FIELDS = {"runbook": "runbook_url"}
_MODES: tuple[NamespaceMode, ...] = get_args(NamespaceMode)
_PLAIN = regex(r"[!-~]+(?: [!-~]+)*")
# None with a user before the host: that reads as if it were the host.
_ADDRESS = regex(r"(?P<scheme>[a-z]+)://(?P<host>[^/?#@\\]+)(?P<path>(?:[/?#][^\\]*)?)")


def wishes(labels: Mapping[str, object], annotations: Mapping[str, object]) -> dict[str, str]:
    """The label `sre-watchdog/mode` and the annotations `sre-watchdog/channel` and so on."""
    held: dict[str, object] = {MODE: labels.get(PREFIX + MODE)}
    held |= {name: annotations.get(PREFIX + name) for name in CHOICES}
    return {name: str(value)[:LONGEST] for name, value in held.items() if value is not None}


def with_wishes(settings: Settings, namespace: str, asked: Mapping[str, str]) -> Settings:
    """The settings with that namespace's policy as it asks for it, as far as it may."""
    policy = settings.policy(namespace)
    changed: dict[str, object] = {}
    if MODE in asked:
        # Who writes a word that is none wants less, not more.
        wanted = _MODES.index(asked[MODE]) if asked[MODE] in _MODES else 0
        changed["mode"] = _MODES[min(wanted, _MODES.index(policy.mode))]
    for name in CHOICES:
        value = asked.get(name, "")
        allowed = settings.watch.choices.get(name, ())
        if _PLAIN.fullmatch(value) and any(_fits(value, each) for each in allowed):
            changed[_FIELDS.get(name, name)] = value
    if not changed:
        return settings
    policies = {**settings.policies, namespace: policy.model_copy(update=changed)}
    return settings.model_copy(update={"policies": policies})


def _fits(value: str, pattern: str) -> bool:
    """Whether a pattern allows the value; in one of addresses no `*` goes beyond the host."""
    scheme, mark, rest = pattern.partition("://")
    if not mark:
        return fnmatchcase(value, pattern)
    found = _ADDRESS.fullmatch(value)
    host, slash, path = rest.partition("/")
    return (
        found is not None
        and fnmatchcase(found["scheme"], scheme)
        and fnmatchcase(found["host"], host)
        and (fnmatchcase(found["path"], slash + path) or (not slash and host.endswith("*")))
    )
