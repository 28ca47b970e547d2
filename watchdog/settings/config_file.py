"""Reads a file of settings: YAML, with the names of docs/settings.md in lower case.

    namespaces: [shop, web]
    llm:
      model: gpt-5-mini

A variable of the environment wins over the file, a flag over both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from watchdog.errors import SettingsError
from watchdog.settings.mistakes import closest, spelt

MOST_BYTES = 1024 * 1024
_DEPTH = 40
Values = dict[str, Any]


def read(path: Path, known: Collection[str], prefix: str) -> Values:
    """The file's settings as nested values; raises SettingsError, naming the file and the mistake.

    `known` are the environment variables of all settings, which begin with `prefix`.
    """
    import yaml

    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise SettingsError(f"--config {path} is larger than 1 MiB")
        found = yaml.safe_load(raw)
    except OSError as error:
        raise SettingsError(f"--config {path} cannot be read: {error.strerror}") from error
    except RecursionError:
        raise SettingsError(f"--config {path} is nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise SettingsError(f"--config {path} is not YAML{line}") from error
    if found is None:
        return {}
    if _goes_on(found, _DEPTH, {}):
        raise SettingsError(f"--config {path} is nested too deeply, or a part of it holds itself")
    if not isinstance(found, dict):
        raise SettingsError(f"--config {path} must hold names and values, such as `dry_run: true`")
    values = {str(key): value for key, value in found.items()}
    for name in variables(values, known, prefix):
        if name not in known:
            own, others = spelt(name, prefix), [spelt(each, prefix) for each in known]
            raise SettingsError(
                f"--config {path}: {own} is not a setting{closest(own, others)} "
                "(docs/settings.md lists them all)"
            )
    return values


def _goes_on(value: Any, levels: int, seen: dict[int, int]) -> bool:
    """Whether it has more levels than that, as what holds itself has.

    An alias is one object however often it is named: `seen` holds with how many levels left each
    was found to end, so that names for names make no work.
    """
    if not isinstance(value, dict | list) or seen.get(id(value), levels + 1) <= levels:
        return False
    inner = value.values() if isinstance(value, dict) else value
    if levels == 0 or any(_goes_on(each, levels - 1, seen) for each in inner):
        return True
    seen[id(value)] = levels
    return False


def variables(values: Mapping[str, Any], known: Collection[str], prefix: str) -> Iterator[str]:
    """The environment variables that would set the same; a setting may hold a mapping itself."""
    for name, value in values.items():
        variable = f"{prefix}{name}".upper()
        if isinstance(value, Mapping) and variable not in known:
            yield from variables(value, known, f"{variable}__")
        else:
            yield variable


def without(
    values: Values, environment: Mapping[str, str], known: Collection[str], prefix: str
) -> Values:
    """The values that no variable of the environment sets."""
    given = {name.upper() for name in environment}
    kept: Values = {}
    for name, value in values.items():
        variable = f"{prefix}{name}".upper()
        if isinstance(value, dict) and variable not in known:
            if inner := without(value, environment, known, f"{variable}__"):
                kept[name] = inner
        elif variable not in given:
            kept[name] = value
    return kept


def merged(values: Values, over: Mapping[str, Any]) -> Values:
    """`values` with those of `over` in their place, group by group."""
    both = dict(values)
    for name, value in over.items():
        held = both.get(name)
        both[name] = (
            merged(held, value) if isinstance(held, dict) and isinstance(value, dict) else value
        )
    return both
