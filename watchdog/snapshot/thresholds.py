"""What the detectors take from the settings; it travels with the snapshot, so they stay pure."""

from datetime import timedelta

from pydantic import Field

from watchdog.snapshot.refs import Noun


class Grace(Noun):
    """What is given time before it counts as broken. A failed state never is.

    The settings `GRACE__*` are these fields: the name, the default and the reason of each are here.
    """

    pending_seconds: float = Field(60, ge=0)
    """A pod may be starting (pulling, attaching volumes, becoming ready) for so long without a
    failure."""
    unready_seconds: float = Field(60, ge=0)
    """A workload may lack ready pods for so long while nothing has failed."""
    terminating_seconds: float = Field(120, ge=0)
    """A pod may be Terminating for so long beyond its grace period."""
    custom_resource_seconds: float = Field(600, ge=0)
    """A custom resource may be on its way (Ready is False or Unknown, and nothing says that it
    failed) for so long. One that says that it failed counts after unready_seconds."""
    restarts: int = Field(2, ge=1)
    """Restarts within the restart window from which a running container counts as broken."""


class Thresholds(Grace):
    """The settings that decide whether something counts as broken, and what a fix may propose.

    Besides `GRACE__*`: `OBSERVE__RESTART_WINDOW_SECONDS` and three of `LIMITS__*`, which
    `settings/schema.py` documents and whose defaults are here. Times are in seconds, `fallback_*`
    are quantities.
    """

    restart_window_seconds: float = 3600
    memory_factor: float = 4.0
    fallback_memory: str = "512Mi"
    fallback_cpu: str = "500m"

    @property
    def restart_window(self) -> timedelta:
        """How long ago a restart still counts."""
        return timedelta(seconds=self.restart_window_seconds)


DEFAULTS = Thresholds.model_construct()
