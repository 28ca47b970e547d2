"""Observes a namespace: the cheap question first, then what bears on the sick; all bounded."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from watchdog.clock import Clock
from watchdog.errors import ClusterError, NamespaceGoneError, NotFoundError, UnansweredError
from watchdog.kube.ports import Json, Reader
from watchdog.kube.resources import (
    BY_KIND,
    CLAIMS,
    LIMIT_RANGES,
    NAMESPACES,
    QUOTAS,
    Resource,
)
from watchdog.observation import related, translate
from watchdog.observation.allowance import Part
from watchdog.observation.configmap_names import configmap_names
from watchdog.observation.event_reads import shown
from watchdog.observation.evictions import refused_evictions
from watchdog.observation.fetch import gather
from watchdog.observation.gathered import Gathered, PodRead
from watchdog.observation.gatherer import Gatherer
from watchdog.observation.kubectl_columns import cells, mapping, moment
from watchdog.observation.neighbours import Lists, Neighbours, lists, neighbours
from watchdog.observation.nodes import failing
from watchdog.observation.pause import pause
from watchdog.observation.reads import FIRST_LOOK, SIDE_BY_SIDE, Reads
from watchdog.observation.row_health import does_no_work, suspicion
from watchdog.observation.shared_lists import NamespaceLists
from watchdog.observation.template_summary import command_lines, literal_env, object_names
from watchdog.observation.triage import TRIAGED, TriageResult, triage
from watchdog.observation.unready import was_missed
from watchdog.observation.workload_reads import JUDGED
from watchdog.settings.schema import Settings
from watchdog.settings.wishes import wishes
from watchdog.snapshot.custom import CustomResourceSummary
from watchdog.snapshot.snapshot import (
    AutoscalerSummary,
    BlindSpot,
    ClusterSnapshot,
    Cut,
    EventSummary,
)
from watchdog.snapshot.workloads import DeploymentSummary, PodSummary
from watchdog.text.format import verbatim
from watchdog.text.redact import Redactor
from watchdog.text.sanitize import clean


def observe(  # noqa: PLR0913, PLR0917 - what is looked at, and how
    reader: Reader,
    namespace: str,
    settings: Settings,
    clock: Clock,
    cluster: str = "",
    at_once: int = FIRST_LOOK,
    shared: NamespaceLists | None = None,
    *,
    cluster_wide: bool = False,
) -> ClusterSnapshot:
    """What is to be seen of a namespace now. Where all is well, only counts.

    `at_once` is how many lists of a kind (what runs here, what stands around it) are read side by
    side; one means one request at a time, until something looks sick. `shared` is what lists of all
    namespaces said of this one, and is not read again. `cluster_wide`: custom resources that belong
    to no namespace are looked at with this one.

    Raises ClusterError where the API server cannot be used at all and NamespaceGoneError where the
    namespace does not exist; whatever else cannot be read is a blind spot.
    """
    looking = Reads(at_once)
    seen = _Observation(reader, namespace, settings, clock, looking, shared)
    seen.cluster_wide = cluster_wide
    return seen.snapshot(cluster)


# Which of the lists fails first is chance: what triage asks for comes first, as it says most.
_PLACES = {resource.plural: place for place, resource in enumerate(TRIAGED)}


def _place(item: BlindSpot | Cut) -> tuple[int, str]:
    return _PLACES.get(item.what, len(_PLACES)), item.what


def _succeeded(pod: PodRead) -> bool:
    """A pod whose containers all ended with 0, and are not started again."""
    return mapping(pod.raw.get("status")).get("phase") == "Succeeded"


class _Observation:
    def __init__(  # noqa: PLR0913, PLR0917 - what is looked at, and how
        self,
        reader: Reader,
        namespace: str,
        settings: Settings,
        clock: Clock,
        looking: Reads,
        shared: NamespaceLists | None,
    ) -> None:
        self._reader, self._namespace, self._settings = reader, namespace, settings
        self._clock, self._now = clock, clock.now()
        self._looking, self._shared = looking, shared
        self._redactor = Redactor()
        self.cluster_wide = False
        groups = shared.sick_groups if shared else 0
        self._gatherer = Gatherer(reader, namespace, settings.observe, self._looking, groups)

    def snapshot(self, cluster: str) -> ClusterSnapshot:
        own = self._own()
        metadata = mapping(own.get("metadata"))
        # The API server has answered by now, and told the time.
        self._now = self._clock.now()
        seen, listed = self._lists()
        if seen.suspects:
            # Now there is much to read one by one, and threads save more than starting them costs.
            self._looking.at_once = SIDE_BY_SIDE
        sampled = self._settings.observe.healthy_logs > 0
        found = gather(self._gatherer, seen) if seen.suspects or sampled else Gathered()
        refused_evictions(self._gatherer, listed.budgets, found)
        found.pods = [pod for pod in found.pods if not (self._is_leaving(pod) or _succeeded(pod))]
        sick = self._is_sick(found)
        around = neighbours(self._gatherer, listed, found, self._now, sick=sick)
        custom = self._custom(seen)
        # Without validation, whose building takes longer than a healthy pass needs for the rest.
        plain = ClusterSnapshot.model_construct(
            cluster=cluster,
            namespace=self._namespace,
            label_selector=self._settings.label_selector,
            taken_at=self._now,
            healthy=not (sick or custom),
            paused_until=self._paused_until(mapping(metadata.get("annotations"))),
            deletion=translate.deletion(own, self._redactor),
            objects=seen.counts,
            wishes=wishes(mapping(metadata.get("labels")), mapping(metadata.get("annotations"))),
            thresholds=self._settings.thresholds,
        )
        if sick or around.deployments or found.pods:
            plain = self._explained(plain, found, around)
        seen_whole = plain.model_copy(
            update={
                "services": tuple(around.services),
                "disruption_budgets": tuple(
                    related.disruption_budget(raw, self._redactor) for raw in around.budgets
                ),
                "autoscalers": self._autoscalers(around, seen),
                "ingresses": around.entrances.ingresses,
                "load_balancers": around.entrances.load_balancers,
                "custom_resources": custom,
                "blind_spots": tuple(sorted(self._looking.blind_spots, key=_place)),
                "cuts": tuple(sorted(dict.fromkeys(self._looking.cuts), key=_place)),
            }
        )
        bare = not (sick or around.deployments or found.pods or around.services or around.budgets)
        unread = self._looking.blind_spots or self._looking.cuts or plain.wishes or custom
        if bare and not (around.autoscalers or around.entrances.found or unread):
            return seen_whole  # names and counts
        return self._redactor.sweep(seen_whole)

    def _lists(self) -> tuple[TriageResult, Lists]:
        """All lists of a pass: pages of pods come one after another, the others meanwhile."""
        shared = self._shared or NamespaceLists()
        for spot in shared.blind_spots:
            self._looking.blind(spot.what, spot.why)
        look = partial(
            triage,
            self._reader,
            self._namespace,
            self._settings,
            self._looking,
            self._now,
            shared.listed,
        )
        around = partial(lists, self._gatherer, shared.around, shared.usual)
        if self._looking.at_once == 1 or self._shared is not None:
            return look(), around()
        with ThreadPoolExecutor(1) as pool:
            others = pool.submit(around)
            return look(), others.result()

    def _custom(self, seen: TriageResult) -> tuple[CustomResourceSummary, ...]:
        """The custom resources that lack what their status promises, if any are looked at."""
        if not self._settings.watch.custom_resources:
            return ()
        from watchdog.observation import custom_resources

        known = self._shared.custom if self._shared else None
        found = custom_resources.read(
            self._gatherer,
            self._settings,
            self._redactor,
            known,
            cluster_wide=self.cluster_wide,
        )
        seen.counts |= found.counts
        return found.summaries

    def _own(self) -> Json:
        """The namespace itself; nothing if it may not be read."""
        name = self._namespace

        def read() -> Json:
            try:
                return self._reader.get(NAMESPACES, "", name)
            except NotFoundError as error:
                raise NamespaceGoneError(f"namespace {name} does not exist") from error
            except UnansweredError as error:
                # Nothing else will be answered either, and each question takes its time.
                raise ClusterError(str(error)) from error

        if self._shared is not None:
            raw = self._shared.own
            if raw is None:
                raise NamespaceGoneError(f"namespace {name} does not exist")
        else:
            raw = self._looking.attempt(NAMESPACES.plural, read)
        return mapping(raw)

    def _paused_until(self, annotations: Json) -> str | None:
        value = pause(annotations, self._now)
        # Anyone who may edit the namespace chose the words.
        return None if value is None else verbatim(clean(self._redactor.redact(value), 100))

    def _is_leaving(self, pod: PodRead) -> bool:
        """A pod that is being deleted is well until it takes longer than it should.

        One that was missed before is still missed.
        """
        metadata = mapping(pod.raw.get("metadata"))
        # The server sets this to the end of the grace period.
        end = moment(metadata.get("deletionTimestamp"))
        late = timedelta(seconds=self._settings.grace.terminating_seconds)
        return end is not None and self._now <= end + late and not was_missed(pod.raw)

    def _is_sick(self, found: Gathered) -> bool:
        """Whether anything is left after the second, full look."""
        window = self._settings.observe.restart_window_seconds
        return (
            any(pod.sick for pod in found.pods)
            or any(
                suspicion(
                    BY_KIND[ref.kind], cells(BY_KIND[ref.kind].plural, raw, self._now), window
                )
                or does_no_work(ref.kind, raw)
                for ref, raw in found.workloads.items()
                if ref.kind in JUDGED
            )
            or any(
                suspicion(CLAIMS, cells(CLAIMS.plural, raw, self._now), window)
                for raw in found.claims
            )
        )

    def _explained(
        self, plain: ClusterSnapshot, found: Gathered, around: Neighbours
    ) -> ClusterSnapshot:
        for raw in around.deployments:
            found.workloads.setdefault(translate.reference("Deployment", raw), raw)
        shown = set(self._settings.harmless_env)
        holders = list(found.templates())
        refs = [*found.workloads, *(pod.owner for pod in found.pods)]
        self._redactor.show([self._namespace, *(ref.name for ref in refs)])
        self._redactor.show(translate.reference("Pod", pod.raw).name for pod in found.pods)
        for holder in holders:
            self._redactor.show(object_names(holder))
        for holder in holders:
            values = literal_env(holder).items()
            self._redactor.hide({name: value for name, value in values if name not in shown})
            for line in command_lines(holder):
                self._redactor.hide_arguments(line, shown)
        pods = tuple(
            translate.pod(pod.raw, pod.owner, self._redactor, sick=pod.sick, alike=pod.alike)
            for pod in found.pods
        )
        # What reads logs is not loaded where all is well.
        from watchdog.observation.log_tails import tails

        # Of a pod that was read in part not all is known that has to be hidden.
        readable = [
            pod
            for pod, read in zip(pods, found.pods, strict=True)
            if not isinstance(read.raw, Part)
        ]
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
                "replicasets": tuple(
                    translate.replica_set(raw, kind, redactor)
                    for kind in ("ReplicaSet", "ReplicationController")
                    for raw in kinds.get(kind, [])
                ),
                "cronjobs": tuple(
                    translate.cron_job(raw, redactor) for raw in kinds.get("CronJob", [])
                ),
                "nodes": failing(self._reader, found.pods, self._looking, redactor),
                "claims": tuple(related.claim(raw, redactor) for raw in found.claims),
                "quotas": tuple(related.quota(raw) for raw in self._if(short, QUOTAS)),
                "limit_ranges": tuple(
                    related.limit_range(raw) for raw in self._if(short, LIMIT_RANGES)
                ),
                "configmaps": configmap_names(self._reader, self._namespace, found, redactor),
                "events": self._events(found, pods, around.budgets),
                "logs": tails(
                    self._reader, readable, self._settings.observe, self._looking, self._redactor
                ),
            }
        )

    def _if(self, wanted: bool, resource: Resource) -> list[Json]:
        return self._gatherer.every(resource, self._settings.observe.page_size) if wanted else []

    def _lacks_pods(self, found: Gathered, pods: Iterable[PodSummary]) -> bool:
        """Whether pods wait, were not made at all, or ran out of the memory that they may use."""
        if any(pod.phase == "Pending" or _out_of_memory(pod) for pod in pods):
            return True
        return any(event.get("reason") == "FailedCreate" for event in found.events)

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
        from watchdog.observation.revisions import revisions

        summaries = []
        for raw in raws:
            ref = translate.reference("Deployment", raw)
            history = found.histories.get(ref, [])
            prefixes = tuple(translate.reference("", item).name for item in history)
            # The history alone needs the events of pods that are gone.
            events = [
                translate.event(item, self._redactor)
                for item in found.events
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

    def _autoscalers(self, around: Neighbours, seen: TriageResult) -> tuple[AutoscalerSummary, ...]:
        whole = not self._settings.label_selector and {"deployments", "statefulsets"} <= set(
            seen.counts
        )
        scalable = seen.scalable if whole else None
        return tuple(
            related.autoscaler(raw, self._redactor, scalable) for raw in around.autoscalers
        )

    def _events(
        self, found: Gathered, pods: Iterable[PodSummary], budgets: Iterable[Json]
    ) -> tuple[EventSummary, ...]:
        """The events about what was read, newest last."""
        wanted: set[tuple[str, str]] = {(pod.ref.kind, pod.ref.name) for pod in pods}
        wanted |= {(ref.kind, ref.name) for ref in found.workloads}
        wanted |= {("PodDisruptionBudget", translate.reference("", b).name) for b in budgets}
        wanted |= {("PersistentVolumeClaim", translate.reference("", c).name) for c in found.claims}
        wanted |= {
            ("ReplicaSet", translate.reference("", item).name)
            for history in found.histories.values()
            for item in history
        }
        # The Jobs of a CronJob may be gone, with what the events say of them left.
        runs = tuple(f"{ref.name}-" for ref in found.workloads if ref.kind == "CronJob")

        def is_about(raw: Json) -> bool:
            about = mapping(raw.get("involvedObject"))
            kind, name = str(about.get("kind")), str(about.get("name"))
            return (kind, name) in wanted or (kind == "Job" and name.startswith(runs))

        about = (raw for raw in found.events if is_about(raw))
        bare = {translate.reference("Pod", pod.raw) for pod in found.pods if found.is_bare(pod)}
        return shown(self._gatherer, (translate.event(raw, self._redactor) for raw in about), bare)


def _out_of_memory(pod: PodSummary) -> bool:
    # A container that the kernel kills while it is started has the reason StartError.
    return any(
        "OOM" in text
        for item in pod.containers
        for text in (item.reason, item.last_reason, item.message, item.last_message)
    )
