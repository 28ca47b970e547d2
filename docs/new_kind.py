"""Writes the skeleton of a failure kind from docs/add-a-failure-kind.md, and lists it.

`make new-kind NAME=disk_slow` writes watchdog/failures/disk_slow.py, watchdog/examples/disk_slow.py
and two lines of watchdog/failures/__init__.py.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PAGE = TOP / "docs" / "add-a-failure-kind.md"
FAILURES = TOP / "watchdog" / "failures"
EXAMPLES = TOP / "watchdog" / "examples"
BEFORE = "    CRASH_APP_ERROR,"
"""The kind that takes every crash: a new one goes before it."""


def skeleton(name: str) -> tuple[str, str]:
    """The two files of the page, the kind and its examples, for a kind of that name."""
    text = PAGE.read_text(encoding="utf-8")
    text = text.replace("licence_expired", name).replace("LICENCE_EXPIRED", name.upper())
    text = text.replace("expired licence", name.replace("_", " "))
    kind, examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return kind, examples


def listed(text: str, name: str) -> str:
    """The list of kinds, with the new one before the kind that takes every crash."""
    line = f"from watchdog.failures.{name} import {name.upper()}\n"
    imports = re.findall(r"^from watchdog\.failures\..*\n", text, re.MULTILINE)
    assert imports
    assert BEFORE in text
    after = [each for each in imports if each > line]
    # Sorted, as the linter wants it; a name after all others goes to the end.
    text = (
        text.replace(after[0], line + after[0], 1)
        if after
        else text.replace(imports[-1], imports[-1] + line, 1)
    )
    return text.replace(BEFORE, f"    {name.upper()},\n{BEFORE}", 1)


def main() -> int:
    """Write the files; 1 for a name that cannot be one, or that is taken."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    path = FAILURES / f"{name}.py"
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or path.exists():
        print("make new-kind: NAME must be a new name such as disk_slow", file=sys.stderr)
        return 1
    kind, examples = skeleton(name)
    path.write_text(kind, encoding="utf-8")
    (EXAMPLES / path.name).write_text(examples, encoding="utf-8")
    listing = FAILURES / "__init__.py"
    listing.write_text(listed(listing.read_text(encoding="utf-8"), name), encoding="utf-8")
    print(f"watchdog/failures/{name}.py and watchdog/examples/{name}.py: change their words")
    print("then: make generate, and the commands of docs/add-a-failure-kind.md, part 4")
    return 0


if __name__ == "__main__":
    sys.exit(main())
