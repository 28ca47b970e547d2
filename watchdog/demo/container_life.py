"""The life of one container: pulled, created, running, probed, ended, backed off, started again."""

from dataclasses import dataclass, field

from watchdog.demo import container_behaviour, probe_results
from watchdog.demo.api_resources import Object
from watchdog.demo.behaviour import Behaviour
from watchdog.demo.event_recorder import Said
from watchdog.demo.simulated_clock import SimulatedClock, go_duration, stamp
from watchdog.demo.surroundings import Surroundings

_FIRST_BACKOFF_SECONDS = 10.0
_LONGEST_BACKOFF_SECONDS = 300.0
_FORGET_BACKOFF_SECONDS = 600.0
_KILLED_EXIT_CODE = 137
_START_ERROR_EXIT_CODE = 128
_PROBE_NAMES = {"startupProbe": "Startup", "livenessProbe": "Liveness"}
_NEVER = float("inf")
_PATIENT = frozenset({"CrashLoopBackOff", "ImagePullBackOff", "CreateContainerConfigError"})

Line = tuple[float, str]


@dataclass
class _Probing:
    due: float
    failures: int = 0
    successes: int = 0
    passed: bool = False


@dataclass
class Life:
    """One container of one pod; `step` brings it up to now."""

    container: Object
    restart_policy: str
    phase: str = "waiting"
    due: float = 0.0
    waiting: tuple[str, str] = ("ContainerCreating", "")
    start: container_behaviour.Start = field(default_factory=container_behaviour.Start)
    started: float = 0.0
    instance: int = 0
    restarts: int = 0
    backoff: float = 0.0
    pull_backoff: float = 0.0
    ended: Object | None = None
    last: Object | None = None
    killed_at: float = _NEVER
    previous_lines: list[Line] | None = None
    probing: dict[str, _Probing] = field(default_factory=dict)
    ended_at: float = _NEVER
    is_init: bool = False
    found: bool = False
    """Whether the Service that it waits for was there at some time since its start."""

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.container["name"])

    @property
    def succeeded(self) -> bool:
        """Whether it has run to its end with status 0, and stays so."""
        return self.phase == "done" and bool(self.ended) and self.ended["exitCode"] == 0  # type: ignore[index]

    @property
    def is_started(self) -> bool:
        """Whether it runs, and its startup probe, if any, has passed."""
        return self.phase == "running" and self._passed("startupProbe")

    @property
    def ready(self) -> bool:
        """Whether it counts as ready."""
        return self.is_started and self._passed("readinessProbe")

    def _passed(self, probe: str) -> bool:
        return probe not in self.probing or self.probing[probe].passed

    def step(self, pod: Object, around: Surroundings) -> None:
        """Do everything that is due."""
        now = around.clock.now()
        for _ in range(5):
            before = (self.phase, self.due, self.restarts, self.waiting)
            if self.phase in ("waiting", "exited") and now >= self.due:
                self._try_to_start(pod, around, now)
            elif self.phase == "running":
                self._run(pod, around, now)
            if (self.phase, self.due, self.restarts, self.waiting) == before:
                break
        if self.phase in ("waiting", "exited"):
            around.agenda.wake(self.due, patient=self.waiting[0] in _PATIENT)

    def _say(self, pod: Object, around: Surroundings, said: Said) -> None:
        around.say(pod, said._replace(component="kubelet", container=self.name))

    def stop(self, now: float) -> None:
        """End a sidecar whose pod has done its work."""
        if self.phase == "running":
            span = {"startedAt": stamp(self.started), "finishedAt": stamp(now)}
            self.phase, self.ended_at = "done", now
            self.ended = {"exitCode": 0, "reason": "Completed", **span}

    def _try_to_start(self, pod: Object, around: Surroundings, now: float) -> None:
        image = self.container["image"]
        if self.phase == "exited" and self._back_off(pod, around):
            return
        # One that ran once has its image on the node.
        if not self.instance and (trouble := around.pull_trouble(image)):
            self._not_pulled(pod, around, trouble)
            return
        words = f'Container image "{image}" already present on machine'
        self._say(pod, around, Said("Pulled", words, ""))
        try:
            self.start = container_behaviour.start(
                around.store, pod, self.container, around.programs
            )
        except container_behaviour.StartTrouble as found:
            self.phase, self.waiting = "waiting", (found.reason, found.message)
            self.due = now + around.clock.scaled(10)
            self._say(pod, around, Said("Failed", f"Error: {found.message}", "", warning=True))
            around.agenda.wake(self.due, patient=True)
            return
        if self.instance:
            self.restarts += 1
            self.previous_lines = self._all_lines(around.clock)
        self.last = self.ended
        self.ended = None
        self.ended_at = _NEVER
        self.instance += 1
        self.started = now
        self.pull_backoff = 0.0
        self._say(pod, around, Said("Created", f"Created container: {self.name}", ""))
        if self.start.start_error:
            words = f"Error: {self.start.start_error}"
            self._say(pod, around, Said("Failed", words, "", warning=True))
            self._end(pod, around, "StartError", _START_ERROR_EXIT_CODE)
            return
        self.phase, self.killed_at, self.found = "running", _NEVER, False
        self._say(pod, around, Said("Started", f"Started container {self.name}", ""))
        self.probing = {
            name: _Probing(
                now
                + around.clock.scaled(max(self.container[name].get("initialDelaySeconds", 0), 0.5))
            )
            for name in ("startupProbe", "livenessProbe", "readinessProbe")
            if self.container.get(name)
        }

    def _not_pulled(
        self, pod: Object, around: Surroundings, trouble: container_behaviour.StartTrouble
    ) -> None:
        image, now = self.container["image"], around.clock.now()
        if trouble.reason == "InvalidImageName":
            self.phase, self.waiting, self.due = (
                "waiting",
                (trouble.reason, trouble.message),
                _NEVER,
            )
            self._say(pod, around, Said("Failed", f"Error: {trouble.reason}", "", warning=True))
            return
        if self.phase == "waiting" and self.waiting[0] == "ErrImagePull":
            self.pull_backoff = min(
                max(self.pull_backoff * 2, _FIRST_BACKOFF_SECONDS), _LONGEST_BACKOFF_SECONDS
            )
            words = f'Back-off pulling image "{image}"'
            self.waiting = ("ImagePullBackOff", f"{words}: ErrImagePull: {trouble.message}")
            self.due = now + around.clock.scaled(self.pull_backoff)
            self._say(pod, around, Said("BackOff", words, ""))
            self._say(pod, around, Said("Failed", "Error: ImagePullBackOff", "", warning=True))
            return
        self._say(pod, around, Said("Pulling", f'Pulling image "{image}"', ""))
        words = f'Failed to pull image "{image}": {trouble.message}'
        self._say(pod, around, Said("Failed", words, "", warning=True))
        self._say(pod, around, Said("Failed", "Error: ErrImagePull", "", warning=True))
        self.phase, self.waiting = "waiting", ("ErrImagePull", trouble.message)
        self.due = now + around.clock.scaled(1)

    def _back_off(self, pod: Object, around: Surroundings) -> bool:
        """Begin the wait before a restart, unless it is over or not needed; says whether it is."""
        if self.waiting[0] == "CrashLoopBackOff" or not self.backoff:
            self.backoff = self.backoff or _FIRST_BACKOFF_SECONDS / 2
            return False
        full = f"{pod['metadata']['name']}_{pod['metadata']['namespace']}"
        where = f"{full}({pod['metadata']['uid']})"
        words = f"back-off {go_duration(self.backoff)} restarting failed container={self.name} "
        self.waiting = ("CrashLoopBackOff", f"{words}pod={where}")
        self.due = around.clock.now() + around.clock.scaled(self.backoff)
        words = f"Back-off restarting failed container {self.name} in pod {where}"
        self._say(pod, around, Said("BackOff", words, "", warning=True))
        return True

    def _run(self, pod: Object, around: Surroundings, now: float) -> None:
        if self._is_over(pod, around, now):
            return
        if self.killed_at < _NEVER:
            around.agenda.wake(self.killed_at)
            return
        for name, probing in self.probing.items():
            if name != "startupProbe" and not self._passed("startupProbe"):
                continue
            if now >= probing.due:
                self._probe(name, probing, pod, around)
            patient = probing.failures > 0 or name == "livenessProbe"
            if probing.due < _NEVER:
                around.agenda.wake(probing.due, patient=patient)

    def _is_over(self, pod: Object, around: Surroundings, now: float) -> bool:
        """End the container when its program does, or when it was killed; says whether it did."""
        does, ends = self.start.behaviour, _NEVER
        if does.exits is not None:
            # A process that dies at once is never seen running, so it must not flicker to ready.
            ends = self.started + around.clock.scaled(does.after if does.after >= 1 else 0)
        if now < min(ends, self.killed_at):
            around.agenda.wake(min(ends, self.killed_at))
            return False
        if does.exits is not None and ends <= self.killed_at:
            reason = "Error" if does.exits else "Completed"
            self._end(pod, around, self.start.reason or reason, does.exits)
        else:
            self._end(pod, around, "Error", _KILLED_EXIT_CODE)
        return True

    def _look_for_service(self, pod: Object, around: Surroundings) -> None:
        wanted, namespace = self.start.behaviour.waits_for_service, pod["metadata"]["namespace"]
        self.found = self.found or (
            not wanted or wanted in container_behaviour.hosts(around.store, namespace)
        )

    def _probe(self, name: str, probing: _Probing, pod: Object, around: Surroundings) -> None:
        probe, now = self.container[name], around.clock.now()
        elapsed = (now - self.started) * around.clock.speed
        pod_ip = pod["status"].get("podIP", "")
        self._look_for_service(pod, around)
        does = self.start.behaviour if self.found else Behaviour()
        wrong = probe_results.failure(probe, self.container, does, elapsed, pod_ip)
        probing.due = now + around.clock.scaled(probe["periodSeconds"])
        if not wrong:
            probing.failures, probing.successes = 0, probing.successes + 1
            probing.passed = probing.passed or probing.successes >= probe["successThreshold"]
            if probing.passed and (
                elapsed >= self.start.behaviour.settled_after or name == "startupProbe"
            ):
                probing.due = _NEVER
            return
        probing.failures, probing.successes = probing.failures + 1, 0
        title = _PROBE_NAMES.get(name, "Readiness")
        self._say(
            pod, around, Said("Unhealthy", f"{title} probe failed: {wrong}", "", warning=True)
        )
        if probing.failures < probe["failureThreshold"]:
            return
        if name == "readinessProbe":
            probing.passed = False
            return
        words = f"Container {self.name} failed {title.lower()} probe, will be restarted"
        self._say(pod, around, Said("Killing", words, ""))
        grace = min(pod["spec"].get("terminationGracePeriodSeconds", 30), 2)
        self.killed_at = now + around.clock.scaled(grace)

    def _end(self, pod: Object, around: Surroundings, reason: str, code: int) -> None:
        self.ended_at = now = around.clock.now()
        if (now - self.started) * around.clock.speed >= _FORGET_BACKOFF_SECONDS:
            self.backoff = 0.0
        self.probing = {}
        self.ended = {
            "exitCode": code,
            "reason": reason,
            "startedAt": stamp(self.started),
            "finishedAt": stamp(now),
            "containerID": self.container_id(pod),
        }
        if self.start.start_error:
            self.ended |= {"message": self.start.start_error, "startedAt": "1970-01-01T00:00:00Z"}
        elif code and self.container.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            tail = "\n".join(text for _, text in self._all_lines(around.clock)[-80:])
            self.ended |= {"message": tail[-2048:]} if tail else {}
        again = self.restart_policy == "Always" or (self.restart_policy == "OnFailure" and code)
        if not again:
            self.phase = "done"
            return
        self.phase = "exited"
        if self.backoff:
            self.backoff = min(self.backoff * 2, _LONGEST_BACKOFF_SECONDS)
        self.waiting = (
            ("RunContainerError", self.start.start_error) if self.start.start_error else ("", "")
        )
        self.due = now + around.clock.scaled(1)

    def _all_lines(self, clock: SimulatedClock) -> list[Line]:
        found = [
            (self.started + clock.scaled(moment), text) for moment, text in self.start.behaviour.log
        ]
        return [line for line in found if line[0] <= self.ended_at]

    def lines(self, clock: SimulatedClock, *, previous: bool) -> list[Line] | None:
        """The log with its moments; None when that instance never existed."""
        if previous:
            return self.previous_lines
        if not self.instance or self.start.start_error:
            return None
        until = clock.now() if self.phase == "running" else _NEVER
        return [line for line in self._all_lines(clock) if line[0] <= until]

    def container_id(self, pod: Object) -> str:
        """The runtime's id of the present instance."""
        seed = pod["metadata"]["uid"].replace("-", "")
        return f"containerd://{seed}{self.instance:08x}{seed[:24]}"
