"""Is the namespace healthy now? The note's check: pods Running and Ready, Deployments complete.

As cheap as triage, and without a judgement about causes. Completed pods and native sidecars are
healthy; a pod that is going away is no one's problem here, nor one that was evicted and replaced.
"""

from __future__ import annotations

from watchdog.clock import Clock
from watchdog.kube.ports import Reader
from watchdog.kube.resources import DEPLOYMENTS, PODS
from watchdog.observation.reads import Reads
from watchdog.observation.triage import Suspect, TriageResult, triage
from watchdog.settings.schema import Settings

# What kubectl prints of a pod of phase Failed that its node threw out, or never took.
_THROWN_OUT = frozenset(
    {"Evicted", "NodeLost", "Terminated", "Shutdown", "Preempting", "NodeShutdown", "NodeAffinity"}
    | {"UnexpectedAdmissionError", "OutOfcpu", "OutOfmemory", "OutOfpods", "OutOfephemeral-storage"}
)


def unhealthy(reader: Reader, namespace: str, settings: Settings, clock: Clock) -> tuple[str, ...]:
    """What is not healthy, in words (`Pod/web-7d9f-x2k4p: CrashLoopBackOff`); empty when all is.

    What could not be read is in it too: not seen is not healthy.
    """
    looking = Reads()
    seen = triage(reader, namespace, settings, looking, clock.now())
    sick = [
        f"{item.resource.kind}/{item.name}: {_words(item.status)}"
        for item in seen.suspects
        if not item.well_now and item.status != "Terminating" and not _is_history(item, seen)
    ]
    return (*sick, *(f"{spot.what}: {spot.why}" for spot in looking.blind_spots))


def _is_history(item: Suspect, seen: TriageResult) -> bool:
    """Whether it is a pod that was thrown out, and whose Deployment lacks nothing by now.

    Such pods stay until someone deletes them. The Deployment has replaced them.
    """
    if item.resource != PODS or item.status not in _THROWN_OUT:
        return False
    deployment = item.name.rsplit("-", 2)[0]
    sick = {other.name for other in seen.of(DEPLOYMENTS)}
    return (DEPLOYMENTS.plural, deployment) in seen.scalable and deployment not in sick


def _words(status: str) -> str:
    """What kubectl prints; of a suspect that runs, that it is not ready."""
    return "running but not ready" if status == "Running" else status
