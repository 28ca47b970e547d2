"""The kubelet of the sandbox's node: runs pods container by container and reports their status."""

from collections.abc import Callable
from dataclasses import dataclass, field

from watchdog.demo import container_behaviour, event_recorder, scheduler
from watchdog.demo.api_resources import Object, named
from watchdog.demo.behaviour import Programs
from watchdog.demo.container_life import Life, Line
from watchdog.demo.object_store import KUBELET_STATUS, Store, plain_copy
from watchdog.demo.simulated_clock import Agenda, SimulatedClock, parse_stamp, stamp
from watchdog.demo.surroundings import Surroundings

_POD = named("Pod")


@dataclass
class _Running:
    """What the kubelet remembers of one pod."""

    init: list[Life]
    main: list[Life]
    ip: str
    leaving_at: float = 0.0
    next_complaint: float = 0.0
    started: str = ""
    finished: str = ""
    sidecars: list[Life] = field(default_factory=list)


class Kubelet:
    """Schedules and runs all pods of the store; `tick` does what is due."""

    def __init__(
        self,
        store: Store,
        agenda: Agenda,
        pull_trouble: Callable[[str], container_behaviour.StartTrouble | None],
        programs: Programs,
    ) -> None:
        self._store = store
        self._clock: SimulatedClock = store.clock
        self._agenda = agenda
        self._pods: dict[str, _Running] = {}
        self._addresses = 4
        self._around = Surroundings(store, store.clock, agenda, pull_trouble, programs, self._say)

    def tick(self) -> None:
        """Bring every pod up to now."""
        present = set()
        for pod in self._store.all("Pod"):
            present.add(pod["metadata"]["uid"])
            self._sync(pod)
        for uid in set(self._pods) - present:
            del self._pods[uid]

    def lines(self, pod: Object, container: str, *, previous: bool) -> list[Line] | None:
        """The log of a container; None when that instance does not exist."""
        running = self._pods.get(pod["metadata"]["uid"])
        for life in [*running.init, *running.main] if running else []:
            if life.name == container:
                return life.lines(self._clock, previous=previous)
        return None

    def _say(self, pod: Object, said: event_recorder.Said) -> None:
        event_recorder.record(self._store, pod, said)

    def _sync(self, pod: Object) -> None:
        leaving = pod["metadata"].get("deletionTimestamp")
        if leaving and not pod["spec"].get("nodeName"):
            self._store.remove(_POD, pod)
            return
        if not pod["spec"].get("nodeName"):
            if not scheduler.schedule(self._store, pod):
                return
            pod = self._store.get(_POD, pod["metadata"]["namespace"], pod["metadata"]["name"])
        running = self._pods.get(pod["metadata"]["uid"]) or self._adopt(pod)
        if leaving:
            self._leave(pod, running)
        elif pod["status"].get("phase") not in ("Succeeded", "Failed"):
            self._run(pod, running)

    def _adopt(self, pod: Object) -> _Running:
        begins = self._clock.now() + self._clock.scaled(1)
        self._addresses += 1
        spec = pod["spec"]
        policy = spec.get("restartPolicy", "Always")
        running = _Running(
            [
                Life(
                    c,
                    c.get("restartPolicy") or ("Never" if policy == "Never" else "OnFailure"),
                    due=begins,
                    waiting=("PodInitializing", ""),
                    is_init=True,
                )
                for c in spec.get("initContainers") or []
            ],
            [Life(c, policy, due=begins) for c in spec["containers"]],
            f"10.244.{self._addresses // 250}.{self._addresses % 250}",
            started=stamp(self._clock.now()),
        )
        self._pods[pod["metadata"]["uid"]] = running
        return running

    def _leave(self, pod: Object, running: _Running) -> None:
        now = self._clock.now()
        if not running.leaving_at:
            for life in running.main:
                if life.phase == "running":
                    words = f"Stopping container {life.name}"
                    self._say(
                        pod, event_recorder.Said("Killing", words, "kubelet", container=life.name)
                    )
            grace = min(pod["metadata"].get("deletionGracePeriodSeconds", 0), 1)
            running.leaving_at = now + self._clock.scaled(grace)
        if now < running.leaving_at:
            self._agenda.wake(running.leaving_at)
        elif not pod["metadata"].get("finalizers"):
            self._store.remove(_POD, pod)

    def _run(self, pod: Object, running: _Running) -> None:
        for life, container in zip(running.main, pod["spec"]["containers"], strict=True):
            life.container = container
        unmounted = container_behaviour.mount_trouble(self._store, pod)
        if unmounted and not any(life.instance for life in [*running.init, *running.main]):
            self._complain(pod, running, unmounted)
        elif self._initialize(pod, running):
            for life in running.main:
                if life.waiting[0] == "PodInitializing":
                    life.waiting = ("ContainerCreating", "")
                life.step(pod, self._around)
        self._report(pod, running)

    def _complain(self, pod: Object, running: _Running, words: str) -> None:
        now = self._clock.now()
        if now >= running.next_complaint:
            said = event_recorder.Said("FailedMount", words, "kubelet", warning=True)
            self._say(pod, said)
            running.next_complaint = now + self._clock.scaled(30)
        self._agenda.wake(now + self._clock.scaled(2), patient=True)

    def _initialize(self, pod: Object, running: _Running) -> bool:
        """Run the init containers in order; says whether the main ones may start."""
        for life in running.init:
            life.step(pod, self._around)
            is_sidecar = life.restart_policy == "Always"
            if not (life.succeeded or (is_sidecar and life.is_started)):
                for waiting in running.main:
                    waiting.waiting = ("PodInitializing", "")
                return False
        return True

    def _report(self, pod: Object, running: _Running) -> None:
        status = plain_copy(pod["status"])
        init_done = all(
            life.succeeded or (life.restart_policy == "Always" and life.is_started)
            for life in running.init
        )
        status["phase"] = phase = _phase(running)
        if phase in ("Succeeded", "Failed"):
            for life in running.init:
                life.stop(self._clock.now())
        self._conditions(pod, status, running, init_done=init_done)
        status |= {
            "hostIP": "10.99.0.1",
            "podIP": running.ip,
            "podIPs": [{"ip": running.ip}],
            "startTime": running.started,
            "qosClass": _quality(pod),
            "containerStatuses": [container_status(life, pod) for life in running.main],
        }
        if running.init:
            status["initContainerStatuses"] = [container_status(life, pod) for life in running.init]
        if phase in ("Succeeded", "Failed"):
            self._agenda.wake(self._clock.now())

        def report(item: Object) -> None:
            item["status"] = status

        self._store.change(_POD, pod, report, KUBELET_STATUS)

    def _conditions(
        self, pod: Object, status: Object, running: _Running, *, init_done: bool
    ) -> None:
        held = {c["type"]: c for c in status.get("conditions") or []}
        unready = [life.name for life in running.main if not life.ready]
        finished = status["phase"] in ("Succeeded", "Failed")
        why: Object = {}
        if unready:
            why = {
                "reason": "PodCompleted"
                if status["phase"] == "Succeeded"
                else "ContainersNotReady",
                "message": f"containers with unready status: [{' '.join(unready)}]",
            }
            if finished and status["phase"] == "Succeeded":
                del why["message"]
        waiting = [life.name for life in running.init if not life.succeeded]
        init_why = {
            "reason": "ContainersNotInitialized",
            "message": f"containers with incomplete status: [{' '.join(waiting)}]",
        }
        started = any(life.instance for life in [*running.init, *running.main])
        wanted: list[tuple[str, bool, Object]] = [
            ("PodReadyToStartContainers", started, {}),
            ("Initialized", init_done, {} if init_done else init_why),
            ("Ready", not unready, why),
            ("ContainersReady", not unready, why),
            ("PodScheduled", True, {}),
        ]
        conditions = []
        for kind, holds, reason in wanted:
            old = held.get(kind)
            word = "True" if holds else "False"
            since = stamp(self._clock.now())
            if old and old["status"] == word:
                since = old.get("lastTransitionTime", since)
            conditions.append(
                {
                    "type": kind,
                    "status": word,
                    "lastProbeTime": None,
                    "lastTransitionTime": since,
                    "observedGeneration": pod["metadata"].get("generation", 1),
                    **reason,
                }
            )
        status["conditions"] = conditions


def _phase(running: _Running) -> str:
    if any(life.phase == "done" and not life.succeeded for life in running.init):
        return "Failed"
    lives = running.main
    if all(life.phase == "done" for life in lives):
        return "Succeeded" if all(life.succeeded for life in lives) else "Failed"
    if any(not life.instance for life in lives):
        return "Pending"
    return "Running"


def _quality(pod: Object) -> str:
    resources = [c.get("resources") or {} for c in pod["spec"]["containers"]]
    if not any(r.get("requests") or r.get("limits") for r in resources):
        return "BestEffort"
    sure = all(
        {"cpu", "memory"} <= set(r.get("limits") or {}) and r.get("requests") == r.get("limits")
        for r in resources
    )
    return "Guaranteed" if sure else "Burstable"


def container_status(life: Life, pod: Object) -> Object:
    """What the kubelet reports."""
    if life.phase == "running":
        state: Object = {"running": {"startedAt": stamp(life.started)}}
    elif life.phase == "done" or (life.phase == "exited" and not life.waiting[0]):
        state = {"terminated": life.ended}
    else:
        reason, message = life.waiting
        state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}
    last = life.ended if life.phase in ("exited", "waiting") and life.waiting[0] else life.last
    image = life.container["image"]
    return {
        "name": life.name,
        "image": image,
        "imageID": f"docker.io/library/{image}@sha256:sandbox" if life.instance else "",
        **({"containerID": life.container_id(pod)} if life.instance else {}),
        "ready": life.ready
        or (life.is_init and life.succeeded and life.restart_policy != "Always"),
        "started": life.is_started,
        "restartCount": life.restarts,
        "state": state,
        "lastState": {"terminated": last} if last else {},
    }


def ready_since(pod: Object) -> float | None:
    """The moment since which a pod is ready, or None."""
    for condition in pod.get("status", {}).get("conditions") or []:
        if condition["type"] == "Ready" and condition["status"] == "True":
            return parse_stamp(condition["lastTransitionTime"])
    return None
