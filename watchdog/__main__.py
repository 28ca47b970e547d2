"""`python -m watchdog` and the installed `sre-watchdog` are the same command."""

import gc
import os

# pydantic would search all that is installed for plugins; nothing but us may judge what we read.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# A pass makes many objects that live to its end: at the usual thresholds, looking for cycles among
# them is a tenth of its processor time.
gc.set_threshold(100_000, 50, 50)

from watchdog.cli import main  # noqa: E402 - importing is most of what the line above is about

if __name__ == "__main__":
    main()
