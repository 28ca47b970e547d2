"""Which logs tell most about a sick owner, and their ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from watchdog.errors import ClusterError, ForbiddenError, UnansweredError
from watchdog.observation.base import ObjectRef
from watchdog.observation.looking import Looking
from watchdog.observation.reader import Reader
from watchdog.observation.redact import Redactor
from watchdog.observation.snapshot import LogTail
from watchdog.observation.workloads import ContainerState, PodSummary
from watchdog.settings import ObserveSettings

# Of a pod that looks well, what was said before this is over.
_LATELY_SECONDS = 600
_DROPPED = "unable to retrieve container logs"


class _Wanted(NamedTuple):
    namespace: str
    pod: str
    container: str
    previous: bool
    calm: bool = False


def tails(
    reader: Reader,
    pods: Iterable[PodSummary],
    settings: ObserveSettings,
    looking: Looking,
    redactor: Redactor,
) -> tuple[LogTail, ...]:
    """The log ends of unhealthy containers, at most `logs_per_owner` for each owner.

    Besides, the last minutes of at most `healthy_logs` pods that look well.
    """
    pods = list(pods)
    wanted = [*_choose(pods, settings.logs_per_owner), *_calm(pods)[: settings.healthy_logs]]

    def end_of(item: _Wanted) -> str:
        return reader.logs(
            item.namespace,
            item.pod,
            item.container,
            previous=item.previous,
            lines=settings.log_lines,
            bytes_=settings.log_bytes,
            since_seconds=_LATELY_SECONDS if item.calm else None,
        )

    def read(item: _Wanted) -> str | None:
        def text() -> str:
            try:
                said = end_of(item)
                # The node removes a container's log once a newer run of it has ended.
                gone = said.startswith(_DROPPED)
                return end_of(item._replace(previous=not item.previous)) if gone else said
            except (ForbiddenError, UnansweredError):
                raise
            except ClusterError as error:
                if error.status is None:
                    raise
                # The container did not start, or its log is gone: there is nothing to read.
                return ""

        return looking.attempt("pods/log", text)

    found = []
    texts = looking.side_by_side([partial(read, item) for item in wanted])
    for item, text in zip(wanted, texts, strict=True):
        if text:
            cut = text.count("\n") >= settings.log_lines or len(text) >= settings.log_bytes // 2
            found.append(
                LogTail(
                    pod=item.pod,
                    container=item.container,
                    previous=item.previous,
                    text=_end(redactor.redact(text, ended=not cut), settings.log_bytes),
                    cut=cut,
                )
            )
    return tuple(found)


def _end(text: str, longest: int) -> str:
    """The last whole lines of a text, at most so many characters of it."""
    if len(text) <= longest:
        return text
    kept = text[-longest:]
    _, line_end, whole = kept.partition("\n")
    return whole if line_end and whole else kept


def _choose(pods: Iterable[PodSummary], most: int) -> Iterator[_Wanted]:
    """The most telling first; the same container of another pod only where there is room."""
    by_owner: dict[ObjectRef, list[tuple[int, _Wanted]]] = {}
    for pod in pods:
        if pod.sick:
            for weight, container, previous in _telling(pod):
                wanted = _Wanted(pod.ref.namespace, pod.ref.name, container, previous)
                by_owner.setdefault(pod.owner, []).append((weight, wanted))
    for candidates in by_owner.values():
        repeats: Counter[tuple[str, bool]] = Counter()
        ranked = []
        for weight, wanted in candidates:
            key = (wanted.container, wanted.previous)
            ranked.append((repeats[key], weight, wanted))
            repeats[key] += 1
        ranked.sort(key=lambda item: item[:2])
        yield from (wanted for _, _, wanted in ranked[:most])


def _calm(pods: Iterable[PodSummary]) -> list[_Wanted]:
    """The first container of each pod that looks well."""
    running = ((pod, s) for pod in pods if not pod.sick for s in pod.containers if not s.init)
    first = {pod.ref: state.name for pod, state in reversed(list(running))}
    return [
        _Wanted(r.namespace, r.name, name, previous=False, calm=True)
        for r, name in sorted(first.items(), key=lambda item: item[0].name)
    ]


def _telling(pod: PodSummary) -> Iterator[tuple[int, str, bool]]:
    """Weight (the least is the most telling), container, and whether its previous run is meant."""
    for state in pod.containers:
        spec = pod.template.container(state.name)
        stays = not state.init or (spec is not None and spec.sidecar)
        if state.state == "terminated" and state.exit_code != 0:
            yield 0, state.name, False
        elif _crashed_before(state):
            yield 0 if state.state == "waiting" else 1, state.name, True
            if state.state == "running" and not state.ready:
                yield 2, state.name, False
        elif state.state == "running" and not (state.ready if stays else False):
            yield 1, state.name, False


def _crashed_before(state: ContainerState) -> bool:
    return state.restarts > 0 and state.last_finished_at is not None
