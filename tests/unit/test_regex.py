"""Patterns are compiled late, so what a wrong one raises at import has to be raised here."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re

import pytest

import watchdog
from watchdog.text.regex import regex


def test_every_pattern_of_the_product_compiles() -> None:
    for module in pkgutil.walk_packages(watchdog.__path__, "watchdog."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    late = [one for one in gc.get_objects() if type(one) is type(regex(""))]

    assert len(late) > 200
    for one in late:
        assert isinstance(re.compile(one.pattern, one.flags), re.Pattern)


def test_it_matches_as_a_compiled_pattern_does() -> None:
    late, now = (
        regex(r"(?P<n>[a-z]+)-(\d+)", re.IGNORECASE),
        re.compile(r"(?P<n>[a-z]+)-(\d+)", re.IGNORECASE),
    )

    for text in ("Web-7 db-12", "none", ""):
        assert late.findall(text) == now.findall(text)
        assert late.sub(r"\2", text) == now.sub(r"\2", text)
        assert bool(late.search(text)) == bool(now.search(text))
    assert (late.pattern, late.flags, late.groupindex) == (now.pattern, now.flags, now.groupindex)


def test_a_wrong_pattern_is_an_error_when_it_is_used() -> None:
    wrong = regex("(")
    with pytest.raises(re.error):
        wrong.search("text")
