"""Is the namespace healthy now? The note's check: pods Running and Ready, Deployments complete.

As cheap as triage, and without a judgement about causes. Completed pods and native sidecars are
healthy; a pod that is going away is no one's problem here.
"""

from __future__ import annotations

from watchdog.clock import Clock
from watchdog.kube.ports import Reader
from watchdog.observation.reads import Reads
from watchdog.observation.triage import triage
from watchdog.settings.schema import Settings


def unhealthy(reader: Reader, namespace: str, settings: Settings, clock: Clock) -> tuple[str, ...]:
    """What is not healthy, in words (`Pod/web-7d9f-x2k4p: CrashLoopBackOff`); empty when all is.

    What could not be read is in it too: not seen is not healthy.
    """
    looking = Reads()
    seen = triage(reader, namespace, settings, looking, clock.now())
    sick = [
        f"{item.resource.kind}/{item.name}: {_words(item.status)}"
        for item in seen.suspects
        if not item.well_now and item.status != "Terminating"
    ]
    return (*sick, *(f"{spot.what}: {spot.why}" for spot in looking.blind_spots))


def _words(status: str) -> str:
    """What kubectl prints; of a suspect that runs, that it is not ready."""
    return "running but not ready" if status == "Running" else status
