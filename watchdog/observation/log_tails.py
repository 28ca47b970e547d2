"""Which logs tell most about a sick owner, and their ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from watchdog.errors import ClusterError, ForbiddenError, UnansweredError
from watchdog.kube.ports import Reader
from watchdog.observation.log_excerpt import LEFT_OUT, excerpt, names_error
from watchdog.observation.no_log import in_place_of_a_log
from watchdog.observation.reads import Reads
from watchdog.settings.schema import ObserveSettings
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import POD_LOGS, LogTail
from watchdog.snapshot.workloads import ContainerState, PodSummary
from watchdog.text.redact import Redactor

# What is read of a log whose end names no error: so many times as many lines and bytes.
_MORE_LINES, _MORE_BYTES = 10, 4
# Of a pod that looks well, what was said before this is over.
_LATELY_SECONDS = 600


class _Wanted(NamedTuple):
    namespace: str
    pod: str
    container: str
    previous: bool
    calm: bool = False

    @property
    def subject(self) -> str:
        """The log as a blind spot names it."""
        return f"{self.pod}/{self.container}"


class _Log(NamedTuple):
    """What was read of a log: its end, and its beginning if the end does not say why it ended."""

    end: str
    cut: bool
    start: str = ""


class _LogReader:
    """Reads one log after the other, each as far as it is needed."""

    def __init__(self, reader: Reader, settings: ObserveSettings) -> None:
        self._reader, self._settings = reader, settings

    def read(self, item: _Wanted) -> _Log:
        """The log of that run, or of the other one if the node has that one only.

        If its end names no error, more lines are read; if they name none either, its beginning.
        """
        log = self._end(item)
        if in_place_of_a_log(log.end):
            # The node removes a container's log once a newer run of it has ended.
            other = item._replace(previous=not item.previous)
            log = self._other(other) or log
            item = other
        if item.calm or not log.cut or names_error(log.end):
            return log
        log = self._end(item, _MORE_LINES, _MORE_BYTES)
        if not log.cut or names_error(log.end):
            return log
        return log._replace(start=self._ask(item, None, self._settings.log_bytes // 4))

    def _other(self, item: _Wanted) -> _Log | None:
        try:
            return self._end(item)
        except (ForbiddenError, UnansweredError):
            raise
        except ClusterError as error:
            if error.status is None:
                raise
            return None

    def _end(self, item: _Wanted, lines: int = 1, size: int = 1) -> _Log:
        most, longest = self._settings.log_lines * lines, self._settings.log_bytes * size
        text = self._ask(item, most, longest)
        return _Log(text, cut=text.count("\n") >= most or len(text) >= longest // 2)

    def _ask(self, item: _Wanted, lines: int | None, size: int) -> str:
        return self._reader.logs(
            item.namespace,
            item.pod,
            item.container,
            previous=item.previous,
            lines=lines,
            bytes_=size,
            since_seconds=_LATELY_SECONDS if item.calm else None,
        )


def tails(
    reader: Reader,
    pods: Iterable[PodSummary],
    settings: ObserveSettings,
    looking: Reads,
    redactor: Redactor,
) -> tuple[LogTail, ...]:
    """The log ends of unhealthy containers, at most `logs_per_owner` for each owner.

    Besides, the last minutes of at most `healthy_logs` pods that look well.
    """
    pods = list(pods)
    wanted = [*_choose(pods, settings.logs_per_owner), *_calm(pods)[: settings.healthy_logs]]

    logs = _LogReader(reader, settings)

    def read(item: _Wanted) -> _Log | None:
        return looking.attempt(POD_LOGS, lambda: _if_answered(logs, item, looking))

    found = []
    read_logs = looking.side_by_side([partial(read, item) for item in wanted])
    for item, log in zip(wanted, read_logs, strict=True):
        if log is not None and in_place_of_a_log(log.end):
            why = "the node has none of that run any more"
            looking.blind(POD_LOGS, why, item.subject)
        if log is not None and log.end:
            text = redactor.redact(log.end, ended=not log.cut)
            if log.start:
                start = redactor.redact(log.start, ended=False)
                text = f"{start.rstrip()}\n{LEFT_OUT}\n{text}"
            found.append(
                LogTail(
                    pod=item.pod,
                    container=item.container,
                    previous=item.previous,
                    text=excerpt(text, settings.log_bytes, begins=bool(log.start)),
                    cut=log.cut,
                )
            )
    return tuple(found)


def _if_answered(logs: _LogReader, item: _Wanted, looking: Reads) -> _Log | None:
    """The log; an empty one if there is none; None, and a blind spot, if it is not given to us."""
    try:
        return logs.read(item)
    except ForbiddenError:
        raise
    except UnansweredError as error:
        # Of one node, or of one container: the others may be read.
        looking.blind(POD_LOGS, str(error), item.subject)
        return None
    except ClusterError as error:
        if error.status is None:
            raise
        # The container did not start, or its log is gone: there is nothing to read.
        return _Log("", cut=False)


def _choose(pods: Iterable[PodSummary], most: int) -> Iterator[_Wanted]:
    """The most telling first; the same container of another pod only where there is room."""
    by_owner: dict[ObjectRef, list[tuple[int, _Wanted]]] = {}
    for pod in pods:
        # The kubelet removes the containers of a pod that it evicts, and their logs with them.
        if pod.sick and pod.reason != "Evicted":
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
        goes_on = pod.template.restart_policy == "Always" and not state.init
        if state.state == "terminated" and (state.exit_code != 0 or goes_on):
            yield 0, state.name, False
        elif _crashed_before(state):
            yield 0 if state.state == "waiting" else 1, state.name, True
            if state.state == "running" and not state.ready:
                yield 2, state.name, False
        elif state.state == "running" and not (state.ready if stays else False):
            yield 1, state.name, False


def _crashed_before(state: ContainerState) -> bool:
    return state.restarts > 0 and state.last_finished_at is not None
