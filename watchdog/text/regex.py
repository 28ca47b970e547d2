"""Regular expressions that are compiled when they are first used.

A pass over a sick namespace loads some 300 of them and uses a quarter; compiling the rest would be
a twentieth of its processor time.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Uncompiled:
    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern, self._flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self.pattern, self._flags), name)
        # The next use of it does not come here.
        setattr(self, name, found)
        return found


def regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, in all but its class; re.error is raised by the first use."""
    return cast("re.Pattern[str]", _Uncompiled(pattern, flags))
