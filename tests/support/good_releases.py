"""All sorts of good releases."""

from __future__ import annotations

from tests.support.outage_releases import OUTAGES
from tests.support.owner_releases import OWNERS
from tests.support.slow_releases import SLOW, Make

GOOD: dict[str, Make] = {**SLOW, **OUTAGES, **OWNERS}
