"""Observes a namespace: the cheap question first, then what bears on the sick; all bounded."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from watchdog.clock import Clock
from watchdog.errors import ClusterError, NotFoundError, UnansweredError
from watchdog.observation import surroundings, translate
from watchdog.observation.gathering import Gathered, Gatherer, PodRead
from watchdog.observation.logs import tails
from watchdog.observation.looking import SIDE_BY_SIDE, Looking
from watchdog.observation.pause import pause
from watchdog.observation.printed import cells, mapping, moment
from watchdog.observation.reader import Json, Reader
from watchdog.observation.redact import Redactor
from watchdog.observation.revisions import revisions
from watchdog.observation.services import Lists, Neighbours, lists, neighbours
from watchdog.observation.snapshot import (
    AutoscalerSummary,
    BlindSpot,
    ClusterSnapshot,
    Cut,
    EventSummary,
)
from watchdog.observation.templates import command_lines, literal_env
from watchdog.observation.triage import TRIAGED, Glance, glance, suspicion
from watchdog.observation.workloads import DeploymentSummary, PodSummary
from watchdog.resources import BY_KIND, LIMIT_RANGES, NAMESPACES, QUOTAS, Resource
from watchdog.settings import Settings

_MOST_EVENTS = 300


def observe(  # noqa: PLR0913, PLR0917 - what is looked at, by whom and how
    reader: Reader,
    namespace: str,
    settings: Settings,
    clock: Clock,
    cluster: str = "",
    at_once: int = SIDE_BY_SIDE,
) -> ClusterSnapshot:
    """What is to be seen of a namespace now. Where all is well, only counts.

    `at_once` is how many lists of a kind (what runs here, what stands around it) are read side by
    side; one means one request at a time, until something looks sick.

    Raises ClusterError where the API server cannot be used at all or the namespace does not exist;
    whatever else cannot be read is a blind spot.
    """
    looking = Looking(at_once)
    return _Observation(reader, namespace, settings, clock, looking).snapshot(cluster)


# Which of the lists fails first is chance: what triage asks for comes first, as it says most.
_PLACES = {resource.plural: place for place, resource in enumerate(TRIAGED)}


def _place(item: BlindSpot | Cut) -> tuple[int, str]:
    return _PLACES.get(item.what, len(_PLACES)), item.what


class _Observation:
    def __init__(
        self, reader: Reader, namespace: str, settings: Settings, clock: Clock, looking: Looking
    ) -> None:
        self._reader, self._namespace, self._settings = reader, namespace, settings
        self._clock, self._now = clock, clock.now()
        self._looking = looking
        self._redactor = Redactor()
        self._gatherer = Gatherer(reader, namespace, settings.observe, self._looking)

    def snapshot(self, cluster: str) -> ClusterSnapshot:
        own = self._own_annotations()
        # The API server has answered by now, and told the time.
        self._now = self._clock.now()
        seen, listed = self._lists()
        if seen.suspects:
            # Now there is much to read one by one, and threads save more than starting them costs.
            self._looking.at_once = SIDE_BY_SIDE
        sampled = self._settings.observe.healthy_logs > 0
        found = self._gatherer.gather(seen) if seen.suspects or sampled else Gathered()
        found.pods = [pod for pod in found.pods if not self._is_leaving(pod)]
        sick = self._is_sick(found)
        around = neighbours(self._gatherer, listed, found, sick=sick)
        plain = ClusterSnapshot(
            cluster=cluster,
            namespace=self._namespace,
            label_selector=self._settings.label_selector,
            taken_at=self._now,
            healthy=not sick,
            paused_until=self._paused_until(own),
            objects=seen.counts,
        )
        if sick or around.deployments or found.pods:
            plain = self._explained(plain, found, around)
        seen_whole = plain.model_copy(
            update={
                "services": tuple(around.services),
                "disruption_budgets": tuple(
                    surroundings.disruption_budget(raw) for raw in around.budgets
                ),
                "autoscalers": self._autoscalers(around),
                "blind_spots": tuple(sorted(self._looking.blind_spots, key=_place)),
                "cuts": tuple(sorted(dict.fromkeys(self._looking.cuts), key=_place)),
            }
        )
        return self._redactor.sweep(seen_whole)

    def _lists(self) -> tuple[Glance, Lists]:
        """All lists of a pass: pages of pods come one after another, the others meanwhile."""
        triage = partial(
            glance, self._reader, self._namespace, self._settings, self._looking, self._now
        )
        if self._looking.at_once == 1:
            return triage(), lists(self._gatherer)
        with ThreadPoolExecutor(1) as pool:
            others = pool.submit(lists, self._gatherer)
            return triage(), others.result()

    def _own_annotations(self) -> Json:
        """Those of the namespace; none where it may not be read."""
        name = self._namespace

        def read() -> Json:
            try:
                return self._reader.get(NAMESPACES, "", name)
            except NotFoundError as error:
                raise ClusterError(f"namespace {name} does not exist") from error
            except UnansweredError as error:
                # Nothing else will be answered either, and each question takes its time.
                raise ClusterError(str(error)) from error

        raw = self._looking.attempt(NAMESPACES.plural, read)
        return mapping(mapping(mapping(raw).get("metadata")).get("annotations"))

    def _paused_until(self, annotations: Json) -> str | None:
        value = pause(annotations, self._now)
        return None if value is None else self._redactor.redact(value)[:100]

    def _is_leaving(self, pod: PodRead) -> bool:
        """A pod that is being deleted is well until it takes longer than it should."""
        metadata = mapping(pod.raw.get("metadata"))
        # The server sets this to the end of the grace period.
        end = moment(metadata.get("deletionTimestamp"))
        late = timedelta(seconds=self._settings.grace.terminating_seconds)
        return end is not None and self._now <= end + late

    def _is_sick(self, found: Gathered) -> bool:
        """Whether anything is left after the second, full look."""
        window = self._settings.observe.restart_window_seconds
        return (
            any(pod.sick for pod in found.pods)
            or any(
                suspicion(
                    BY_KIND[ref.kind], cells(BY_KIND[ref.kind].plural, raw, self._now), window
                )
                for ref, raw in found.workloads.items()
                if ref.kind in {"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"}
            )
            or any(mapping(raw.get("status")).get("phase") != "Bound" for raw in found.claims)
        )

    def _explained(
        self, plain: ClusterSnapshot, found: Gathered, around: Neighbours
    ) -> ClusterSnapshot:
        for raw in around.deployments:
            found.workloads.setdefault(translate.reference("Deployment", raw), raw)
        shown = set(self._settings.harmless_env)
        for holder in found.templates():
            values = literal_env(holder).items()
            self._redactor.hide({name: value for name, value in values if name not in shown})
            for line in command_lines(holder):
                self._redactor.hide_arguments(line, shown)
        pods = tuple(
            translate.pod(pod.raw, pod.owner, self._redactor, sick=pod.sick, alike=pod.alike)
            for pod in found.pods
        )
        kinds: dict[str, list[Json]] = {}
        for ref, raw in found.workloads.items():
            kinds.setdefault(ref.kind, []).append(raw)
        redactor = self._redactor
        short = self._lacks_pods(found, pods)
        return plain.model_copy(
            update={
                "pods": pods,
                "deployments": self._deployments(kinds.get("Deployment", []), found, around),
                "statefulsets": tuple(
                    translate.stateful_set(raw, redactor) for raw in kinds.get("StatefulSet", [])
                ),
                "daemonsets": tuple(
                    translate.daemon_set(raw, redactor) for raw in kinds.get("DaemonSet", [])
                ),
                "jobs": tuple(translate.job(raw, redactor) for raw in kinds.get("Job", [])),
                "cronjobs": tuple(
                    translate.cron_job(raw, redactor) for raw in kinds.get("CronJob", [])
                ),
                "claims": tuple(surroundings.claim(raw) for raw in found.claims),
                "quotas": tuple(surroundings.quota(raw) for raw in self._if(short, QUOTAS)),
                "limit_ranges": tuple(
                    surroundings.limit_range(raw) for raw in self._if(short, LIMIT_RANGES)
                ),
                "events": self._events(found, pods),
                "logs": tails(
                    self._reader, pods, self._settings.observe, self._looking, self._redactor
                ),
            }
        )

    def _if(self, wanted: bool, resource: Resource) -> list[Json]:
        return self._gatherer.every(resource, self._settings.observe.page_size) if wanted else []

    def _lacks_pods(self, found: Gathered, pods: Iterable[PodSummary]) -> bool:
        """Whether pods wait, or were not made at all."""
        return any(pod.phase == "Pending" for pod in pods) or any(
            event.get("reason") == "FailedCreate" for event in found.events
        )

    def _deployments(
        self, raws: Iterable[Json], found: Gathered, around: Neighbours
    ) -> tuple[DeploymentSummary, ...]:
        scalers = {
            str(mapping(mapping(raw.get("spec")).get("scaleTargetRef")).get("name")): str(
                mapping(raw.get("metadata")).get("name")
            )
            for raw in around.autoscalers
            if mapping(mapping(raw.get("spec")).get("scaleTargetRef")).get("kind") == "Deployment"
        }
        summaries = []
        for raw in raws:
            ref = translate.reference("Deployment", raw)
            history = found.histories.get(ref, [])
            prefixes = tuple(translate.reference("", item).name for item in history)
            # The history alone needs the events of pods that are gone.
            events = [
                translate.event(item, self._redactor)
                for item in (*found.events, *found.stops)
                if str(mapping(item.get("involvedObject")).get("name")).startswith(prefixes)
            ]
            summaries.append(
                translate.deployment(
                    raw,
                    self._redactor,
                    revisions(
                        raw,
                        history,
                        events,
                        self._redactor,
                        [pod.raw for pod in found.pods if pod.owner == ref],
                    ),
                    scalers.get(ref.name),
                )
            )
        return tuple(summaries)

    def _autoscalers(self, around: Neighbours) -> tuple[AutoscalerSummary, ...]:
        return tuple(surroundings.autoscaler(raw, self._redactor) for raw in around.autoscalers)

    def _events(self, found: Gathered, pods: Iterable[PodSummary]) -> tuple[EventSummary, ...]:
        """The warnings about what was read, newest last."""
        wanted: set[tuple[str, str]] = {(pod.ref.kind, pod.ref.name) for pod in pods}
        wanted |= {(ref.kind, ref.name) for ref in found.workloads}
        wanted |= {("PersistentVolumeClaim", translate.reference("", c).name) for c in found.claims}
        wanted |= {
            ("ReplicaSet", translate.reference("", item).name)
            for history in found.histories.values()
            for item in history
        }
        about = [
            raw
            for raw in found.events
            if (
                mapping(raw.get("involvedObject")).get("kind"),
                mapping(raw.get("involvedObject")).get("name"),
            )
            in wanted
        ]
        events = [translate.event(raw, self._redactor) for raw in about]
        events.sort(key=lambda event: event.last_seen.timestamp() if event.last_seen else 0.0)
        self._looking.cut("events", _MOST_EVENTS, len(events))
        return tuple(events[-_MOST_EVENTS:])
