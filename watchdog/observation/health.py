"""Is the namespace healthy now? The note's check: pods Running and Ready, Deployments complete.

As cheap as triage, and without a judgement about causes. Completed pods and native sidecars are
healthy; a pod that is going away is no one's problem here, nor one that is dead and replaced.
"""

from __future__ import annotations

from watchdog.clock import Clock
from watchdog.kube.ports import Json, Reader
from watchdog.kube.resources import DEPLOYMENTS, PODS, REPLICASETS
from watchdog.observation.kubectl_columns import mapping
from watchdog.observation.reads import Reads
from watchdog.observation.translate import controller
from watchdog.observation.triage import chosen, triage
from watchdog.settings.schema import Settings

_HASH = "pod-template-hash"
# No container of such a pod runs again. What kubectl prints of it may be any container's last word.
_DEAD = "status.phase=Failed"


def unhealthy(reader: Reader, namespace: str, settings: Settings, clock: Clock) -> tuple[str, ...]:
    """What is not healthy, in words (`Pod/web-7d9f-x2k4p: CrashLoopBackOff`); empty when all is.

    What could not be read is in it too: not seen is not healthy.
    """
    looking = Reads()
    seen = triage(reader, namespace, settings, looking, clock.now())
    sick = [item for item in seen.suspects if not item.well_now and item.status != "Terminating"]
    replaced: frozenset[str] = frozenset()
    if any(item.resource == PODS for item in sick):
        dead = looking.attempt(PODS.plural, lambda: _dead(reader, namespace, settings))
        lacking = {item.name for item in seen.of(DEPLOYMENTS)}
        complete = {name for plural, name in seen.scalable if plural == DEPLOYMENTS.plural}
        replaced = frozenset(
            pod for pod, deployment in (dead or {}).items() if deployment in complete - lacking
        )
    words = [
        f"{item.resource.kind}/{item.name}: {_words(item.status)}"
        for item in sick
        if not (item.resource == PODS and item.name in replaced)
    ]
    return (*words, *(f"{spot.what}: {spot.why}" for spot in looking.blind_spots))


def _dead(reader: Reader, namespace: str, settings: Settings) -> dict[str, str]:
    """The dead pods of Deployments: the name of each pod's Deployment, which replaces it.

    They stay until someone deletes them, whether their node threw them out or they failed.
    """
    found: dict[str, str] = {}

    def note(raw: Json) -> None:
        metadata = mapping(raw.get("metadata"))
        kind, name, _ = controller(raw) or ("", "", "")
        ending = f"-{mapping(metadata.get('labels')).get(_HASH)}"
        if kind == REPLICASETS.kind and name.endswith(ending):
            found[str(metadata.get("name"))] = name.removesuffix(ending)

    labels = chosen(PODS, settings)
    reader.list(PODS, namespace, label_selector=labels, field_selector=_DEAD, keep=note)
    return found


def _words(status: str) -> str:
    """What kubectl prints; of a suspect that runs, that it is not ready."""
    return "running but not ready" if status == "Running" else status
