"""Reads, in full, what triage found suspect and what explains it; keeps plain JSON.

Requests grow with the sick owners, not with their pods: pods that look alike are read a few at a
time, and every such bound is stated. What the JSON means is collector.py's business.
"""

from __future__ import annotations

from watchdog.kube.ports import Json
from watchdog.kube.resources import CLAIMS
from watchdog.observation.event_reads import read_events
from watchdog.observation.gathered import Gathered, disown
from watchdog.observation.gatherer import Gatherer
from watchdog.observation.kubectl_columns import mapping, objects
from watchdog.observation.pod_reads import (
    crowded_out,
    healthy_pods,
    samples,
    suspect_pods,
    unlisted_pods,
)
from watchdog.observation.translate import reference
from watchdog.observation.triage import TriageResult
from watchdog.observation.workload_reads import (
    forget_completed,
    prove_owners,
    suspect_workloads,
)

# Said of a claim by the controller that resizes volumes, and by the kubelet.
_RESIZE_FAILED = {"VolumeResizeFailed", "FileSystemResizeFailed"}


def gather(gatherer: Gatherer, seen: TriageResult) -> Gathered:
    """The suspect pods, their owners up to the top, and the suspect workloads and claims."""
    found = Gathered()
    # First what lacks pods: no number of bare pods may crowd it out.
    suspect_workloads(gatherer, seen, found)
    suspect_pods(gatherer, seen, found)
    prove_owners(gatherer, found)
    crowded_out(gatherer, seen, found)
    unlisted_pods(gatherer, found)
    forget_completed(gatherer, found)
    healthy_pods(gatherer, seen, found)
    _claims(gatherer, seen, found)
    if found.pods or found.workloads or found.claims:
        read_events(gatherer, found)
        _claims_that_cannot_grow(gatherer, found)
    samples(gatherer, seen, found)
    disown(found)  # the Jobs of CronJobs, and pods that look well, were not known before
    # Whatever takes some of them takes those of workloads first.
    found.pods.sort(key=found.is_bare)
    return found


def _claims(gatherer: Gatherer, seen: TriageResult, found: Gathered) -> None:
    sick = [pod for pod in found.pods if pod.sick]
    needed = [name for pod in sick if not found.is_bare(pod) for name in _claims_of(pod.raw)]
    suspect = [item.name for item in seen.of(CLAIMS)]
    others = [name for pod in sick if found.is_bare(pod) for name in _claims_of(pod.raw)]
    names = list(dict.fromkeys([*needed, *suspect, *others]))
    gatherer.looking.cut("claims", gatherer.settings.max_owners, len(names))
    raws = gatherer.named((CLAIMS, name) for name in names[: gatherer.settings.max_owners])
    found.claims = [raw for raw in raws if raw is not None]


def _claims_of(pod: Json) -> list[str]:
    volumes = objects(mapping(pod.get("spec")).get("volumes"))
    claims = (mapping(volume.get("persistentVolumeClaim")).get("claimName") for volume in volumes)
    return [str(claim) for claim in claims if claim]


def _claims_that_cannot_grow(gatherer: Gatherer, found: Gathered) -> None:
    """Claims of which events say so: no column of a Table does."""
    known = {reference(CLAIMS.kind, raw).name for raw in found.claims}
    about = [
        str(mapping(raw.get("involvedObject")).get("name"))
        for raw in found.events
        if mapping(raw.get("involvedObject")).get("kind") == CLAIMS.kind
        and raw.get("reason") in _RESIZE_FAILED
    ]
    names = [name for name in dict.fromkeys(about) if name not in known]
    bound = gatherer.settings.max_owners
    gatherer.looking.cut("claims that cannot grow", bound, len(names))
    gatherer.may_hide(len(names) - bound)
    raws = gatherer.named((CLAIMS, name) for name in names[:bound])
    found.claims += [raw for raw in raws if raw is not None]
