"""A namespace that passes look after in a row, as real processes: what one life of it is made of.

Between them and the API server stands a recording proxy, and their Slack is a stand-in. What a test
reads or breaks goes past the proxy's record.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

from pytest_httpserver import HTTPServer

from tests.cluster.handle import Cluster, poll
from tests.e2e.crashes import out_of_memory, statuses, waits_for, waits_to_restart
from tests.e2e.forked import begin
from tests.support.cluster_fixtures import COMMAND, KEPT_VARIABLES
from tests.support.proxy import DroppedError, Proxy
from tests.support.wire import hands_back, verb_and_resource
from tests.support.wire_slack import TOKEN, Slack
from watchdog.demo import Request

Json = dict[str, Any]
Side = Literal["before", "after"]
BUDGET_SECONDS = 300
LEASE_OVER = timedelta(seconds=BUDGET_SECONDS + 60 + 5)
QUICK = {
    "SRE_AGENT_RUN_BUDGET_SECONDS": str(BUDGET_SECONDS),
    "SRE_AGENT_VERIFY__TIMEOUT_SECONDS": "240",
    "SRE_AGENT_VERIFY__STABLE_SECONDS": "2",
    "SRE_AGENT_VERIFY__POLL_SECONDS": "1",
    "SRE_AGENT_OBSERVE__SILENT_FAILURES": "false",
}
ENDS_WITHIN = 1200
"""Seconds for any pass to end, whatever budget it has: one that does not, hangs."""
SET = [{"name": "REQUIRED_CONFIG", "value": "canary-77aa"}]
WRONG = ["slepe", "86400"]
SLEEPS = "exec sleep 86400"
NEEDS = ": ${REQUIRED_CONFIG:?must be set}; exec sleep 86400"
MEMORY = "configmaps/sre-watchdog"
LEASE = "leases/sre-watchdog"
_GROUPS = {
    "deployments": "apis/apps/v1",
    "replicasets": "apis/apps/v1",
    "leases": "apis/coordination.k8s.io/v1",
}


@dataclass
class Done:
    """A pass that has ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> Json:
        """Its only namespace's report."""
        assert self.code == 0, self.err
        (found,) = json.loads(self.out)["namespaces"]
        return dict(found)

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(action["kind"], action["outcome"]) for action in self.report["actions"]]

    @property
    def said(self) -> str:
        """Everything it told about what it did, and did not do."""
        actions = [str(action["reason"]) for action in self.report["actions"]]
        return "\n".join([*self.report["warnings"], *actions])


@dataclass
class Life:
    """One namespace, its proxy and its Slack. `env` goes to every pass."""

    cluster: Cluster
    ns: str
    proxy: Proxy
    slack: Slack
    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def run(self, **env: str) -> Done:
        """One pass, to its end."""
        return ended(self.start(**env))

    def start(self, **env: str) -> subprocess.Popen[str]:
        """A pass that has begun: see `ended`."""
        return subprocess.Popen(
            [COMMAND, *self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(**env),
        )

    def quick(self, **env: str) -> Done:
        """One pass, to its end, by a process that needs not start from nothing."""
        return self.over(self.begin(**env))

    def begin(self, **env: str) -> BaseProcess:
        """The same, begun; one at a time."""
        return begin(self.arguments, self.environment(**env), self.folder / "pass")

    def over(self, process: BaseProcess, name: str = "pass") -> Done:
        """What became of a pass that was begun."""
        process.join(ENDS_WITHIN)
        out, err = ((self.folder / f"{name}.{stream}").read_text() for stream in ("out", "err"))
        return Done(-1 if process.exitcode is None else process.exitcode, out, err)

    def crowd(self, passes: int, **env: str) -> list[Done]:
        """So many passes that begin at once, to their end."""
        names = [f"pass-{number}" for number in range(passes)]
        given = self.environment(**env)
        begun = [begin(self.arguments, given, self.folder / name) for name in names]
        return [self.over(each, name) for each, name in zip(begun, names, strict=True)]

    def killed(self, is_it: Callable[[Request], bool], side: Side) -> Request | None:
        """A pass that gets SIGKILL at the first such request, before it goes on or after.

        Returns the request; None where there was no such one and the pass lived.
        """
        lock, begun = threading.Lock(), threading.Event()
        mine: list[Request] = []

        def ends() -> None:
            begun.wait()
            os.kill(process.pid or 0, signal.SIGKILL)
            raise DroppedError

        def before(request: Request) -> None:
            with lock:
                if mine or not is_it(request):
                    return
                mine.append(request)
            if side == "before":
                ends()

        def after(request: Request) -> None:
            if side == "after" and mine and request is mine[0]:
                ends()

        self.proxy.before, self.proxy.after = before, after
        process = self.begin()
        begun.set()
        process.join(ENDS_WITHIN)
        self.proxy.before = self.proxy.after = lambda _: None
        return mine[0] if mine else None

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("run", "-n", self.ns, "-o", "json")

    def environment(self, **env: str) -> dict[str, str]:
        """Of a pass; the short names are those of settings: LLM__MODEL."""
        inherited = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        own = {
            "KUBECONFIG": str(self.proxy.kubeconfig),
            "SRE_AGENT_SLACK__BOT_TOKEN": TOKEN,
            "SRE_AGENT_SLACK__CHANNEL": "C000",
            "SRE_AGENT_SLACK__BASE_URL": self.slack.base_url,
        }
        given = {f"SRE_AGENT_{name}": value for name, value in (self.env | env).items()}
        return {**inherited, **QUICK, **own, **given}

    def at(self, what: str) -> str:
        """The path of `deployments`, or of `deployments/app`, in this namespace."""
        group = _GROUPS.get(what.partition("/")[0], "api/v1")
        return f"/{group}/namespaces/{self.ns}/{what}"

    def get(self, what: str) -> Json:
        found: Json = self.proxy.ask("GET", self.at(what))
        return found

    def has(self, what: str) -> bool:
        kind, _, name = what.partition("/")
        return any(item["metadata"]["name"] == name for item in self.get(kind)["items"])

    def change(self, what: str, body: Json) -> Json:
        """A person's merge patch."""
        found: Json = self.proxy.ask("PATCH", self.at(what), body)
        return found

    def drop(self, what: str) -> None:
        """Deletes it, where it is there."""
        if self.has(what):
            self.proxy.ask("DELETE", self.at(what))

    def deploy(self, name: str = "app", **container: Any) -> None:
        """A Deployment of one pod, as a person would; the next pod replaces it at once."""
        body = deployment(name, **container)
        if not self.has(f"deployments/{name}"):
            self.proxy.ask("POST", self.at("deployments"), body)
        else:
            self.change(f"deployments/{name}", {"spec": {"template": body["spec"]["template"]}})

    def deploy_well(self, name: str = "app", **container: Any) -> None:
        """The same, awaited until it is available and what it replaced is gone.

        To a pass whose clock is ahead, a pod that still terminates has done so for long.
        """
        self.deploy(name, **container)
        self.wait(
            lambda: self.well(name) and not self._terminating(name), f"{name} to be available"
        )

    def deploy_broken(
        self, name: str = "app", restarts: int = 0, memory: bool = False, **container: Any
    ) -> None:
        """The same, awaited until its container waits for its next start.

        With `memory`, also until its status says that it was killed for its memory.

        That wait is 10 s at first, and twice as long after each restart. To a pass whose clock is
        ahead, a container that runs at its look has run for long: see `lose_command`.
        """
        before = {pod["metadata"]["uid"] for pod in self.get("pods")["items"]}
        self.deploy(name, **container)
        self.wait(lambda: self._crashed(name, before, restarts, memory), f"{name} to crash")

    def lose_env(self, name: str = "app") -> None:
        """A Deployment loses a variable that its available revision has."""
        self.deploy_well(name, env=SET)
        self.deploy_broken(name, env=[])

    def lose_command(self, name: str = "app") -> None:
        """A Deployment gets a command that its image has not: its container runs at no moment."""
        self.deploy_well(name, script=SLEEPS)
        self.deploy_broken(name, command=WRONG)

    def well(self, name: str = "app") -> bool:
        """Whether its newest revision is rolled out and available."""
        item = self.get(f"deployments/{name}")
        status = item["status"]
        counts = [status.get(field, 0) for field in ("replicas", "updatedReplicas")]
        seen = status.get("observedGeneration") == item["metadata"]["generation"]
        return seen and [*counts, status.get("availableReplicas", 0)] == [1, 1, 1]

    def generation(self, name: str = "app") -> int:
        return int(self.get(f"deployments/{name}")["metadata"]["generation"])

    def template(self, name: str = "app") -> Json:
        found: Json = self.get(f"deployments/{name}")["spec"]["template"]
        return found

    @property
    def memory(self) -> Json:
        """What is remembered."""
        found: Json = json.loads(self.get(MEMORY)["data"]["memory.json"])
        return found

    @property
    def incident(self) -> Json:
        """The only incident."""
        (found,) = self.memory["incidents"]
        return dict(found)

    @property
    def holder(self) -> str | None:
        spec: Json = self.get(LEASE)["spec"]
        return spec.get("holderIdentity")

    @property
    def writes(self) -> list[Request]:
        """What was sent to workloads to stay, without what hands their fields back."""
        sent = self.proxy.workload_writes
        return [each for each in sent if not (each.dry_run or hands_back(each))]

    @contextlib.contextmanager
    def before(self, verb: str, resource: str, act: Callable[[], None]) -> Iterator[None]:
        """Does something right before the first such request that is no dry run goes on."""
        done: list[Request] = []

        def hook(request: Request) -> None:
            if verb_and_resource(request) == (verb, resource) and not request.dry_run and not done:
                done.append(request)
                act()

        self.proxy.before = hook
        try:
            yield
        finally:
            self.proxy.before = lambda _: None
        assert done, f"no {verb} {resource} came by"

    @staticmethod
    def wait(predicate: Callable[[], bool], what: str) -> None:
        poll(predicate, what, 0.5)

    def _terminating(self, name: str) -> bool:
        pods = self.get(f"pods?labelSelector=app%3D{name}")["items"]
        return any("deletionTimestamp" in pod["metadata"] for pod in pods)

    def _crashed(self, name: str, before: set[str], restarts: int, memory: bool) -> bool:
        pods = self.get(f"pods?labelSelector=app%3D{name}")["items"]
        new = [pod for pod in pods if pod["metadata"]["uid"] not in before]
        found = list(statuses(new))
        return any(
            (waits_to_restart(each, max(1, restarts)) and (out_of_memory(each) or not memory))
            or waits_for(each, "CreateContainerConfigError")
            for each in found
        )


def ended(process: subprocess.Popen[str]) -> Done:
    """The pass, once it is over."""
    out, err = process.communicate(timeout=ENDS_WITHIN)
    return Done(process.returncode, out, err)


@contextlib.contextmanager
def life(cluster: Cluster, folder: Path, prefix: str, **env: str) -> Iterator[Life]:
    """A fresh namespace to live in."""
    folder.mkdir(exist_ok=True)
    proxy = Proxy(cluster, folder)
    with HTTPServer() as server, cluster.namespace(f"lives-{prefix}") as ns, proxy.serving():
        yield Life(cluster, ns, proxy, Slack(server), folder, env)


def deployment(name: str, script: str = NEEDS, env: Any = (), **container: Any) -> Json:
    """A Deployment of one busybox."""
    main = {
        "name": "main",
        "image": "busybox:1.36",
        "command": ["sh", "-c", script],
        "env": list(env),
        **container,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "strategy": {"rollingUpdate": {"maxUnavailable": "100%", "maxSurge": 0}},
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [main]},
            },
        },
    }
