"""`make soak-good`: good and bad releases side by side on a real cluster, looked after by passes.

Each namespace has passes in a row, a few seconds apart. As many releases at once as the node has
room for begin as others end. Not collected by default: it takes about 40 minutes.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import SecretStr

from tests.cluster.handle import Cluster, poll
from tests.cluster.plane import Api, ApiRefusalError, Object
from tests.support.release import Release
from tests.support.releases import bad, good
from tests.support.soaking import FREE, seen
from watchdog.agent import wiring
from watchdog.agent.run import run_pass
from watchdog.model.report import NamespaceReport
from watchdog.settings.schema import MemorySettings, Settings

GOOD, BAD = int(os.environ.get("SOAK_GOOD", "104")), int(os.environ.get("SOAK_BAD", "30"))
AT_ONCE = int(os.environ.get("SOAK_AT_ONCE", "30"))
NAMESPACES = 8
PAUSE_SECONDS = 8.0
PROVING_SECONDS = 75.0
"""For so long the first version runs; a revision that fell within half a minute proves nothing."""
FIRST_SECONDS = 900.0
"""A first version that takes five minutes to start is ready within these, on a busy node too."""
SLACK_SECONDS = 45.0
"""What a real cluster may take longer than the embedded one for the same release."""
KEPT = Path(os.environ.get("SOAK_KEPT") or f"{tempfile.gettempdir()}/soak-good-{os.getpid()}")
"""Where the reports and the objects of what went wrong are kept."""


@dataclass
class Stage:
    """The namespaces, what their passes said, and what is to happen in them."""

    api: Api
    kubeconfig: Path
    said: dict[str, list[NamespaceReport]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    passes: int = 0

    def look_after(self, namespace: str) -> None:
        """Passes in a row until the soak is over."""
        held = self.said.setdefault(namespace, [])
        settings = Settings(memory=MemorySettings(key=SecretStr("signs memories of soaks")), **FREE)
        while not self.over.wait(PAUSE_SECONDS):
            cluster, budget = wiring.connect(settings, self.kubeconfig, None)
            work = wiring.new_pass(settings, cluster, budget, "json", asks=False)
            report = run_pass((namespace,), work, lambda report, _: report)
            held.extend(report.namespaces)
            self.passes += 1

    def apply(self, manifest: str, namespace: str) -> None:
        """Server-side apply by a person: what another manager applies is left to that one."""
        for item in filter(None, yaml.safe_load_all(manifest)):
            item["metadata"]["namespace"] = namespace
            path = f"{self.api.collection(item)}/{item['metadata']['name']}"
            query = "fieldManager=kubectl&force=true"
            self.api.request("PATCH", f"{path}?{query}", item, "application/apply-patch+yaml")

    def happens(self, what: str, argument: str, namespace: str) -> None:
        """Let one thing of Release.around happen."""
        kind, _, name = argument.partition("/")
        merge = "application/merge-patch+json"
        if what == "apply":
            self.apply(argument, namespace)
        elif what == "delete":
            self.delete(kind, name, namespace)
        elif what == "label":
            (node, *_) = self.api.request("GET", "/api/v1/nodes")["items"]
            labels = {"metadata": {"labels": {argument: "here"}}}
            self.api.request("PATCH", f"/api/v1/nodes/{node['metadata']['name']}", labels, merge)
        elif what == "scale":
            name, _, to = name.partition("=")
            path = self.path(kind, name, namespace)
            self.api.request("PATCH", f"{path}/scale", {"spec": {"replicas": int(to)}}, merge)
        else:
            pods = f"/api/v1/namespaces/{namespace}/pods"
            items = self.api.request("GET", f"{pods}?labelSelector=app%3D{argument}")["items"]
            names = [
                p["metadata"]["name"] for p in items if "deletionTimestamp" not in p["metadata"]
            ]
            for each in names if what == "restart" else names[:1]:
                self.api.request("DELETE", f"{pods}/{each}")

    def path(self, kind: str, name: str, namespace: str) -> str:
        version = "v1" if kind in {"Service", "ConfigMap", "ResourceQuota"} else "apps/v1"
        version = "batch/v1" if kind == "Job" else version
        meta = {"namespace": namespace, "name": name}
        found = self.api.collection({"apiVersion": version, "kind": kind, "metadata": meta})
        return f"{found}/{name}"

    def delete(self, kind: str, name: str, namespace: str) -> None:
        body = {"propagationPolicy": "Background"}
        self.api.request("DELETE", self.path(kind, name, namespace), body)

    def live(self, release: Release, namespace: str) -> Object:
        return self.api.request("GET", self.path(release.kind, release.name, namespace))

    def ready(self, release: Release, namespace: str) -> bool:
        """Whether its first version has come up, as far as it is to."""
        live = self.live(release, namespace)
        status, wanted = live.get("status") or {}, live["spec"].get("replicas", 1)
        if status.get("observedGeneration") != live["metadata"]["generation"]:
            return False
        if release.kind == "DaemonSet":
            return bool(status.get("numberReady", 0) >= status.get("desiredNumberScheduled", 0))
        few = release.sort in {"leader_election", "one_unready_of_five", "one_crashes_of_three"}
        return bool(status.get("readyReplicas", 0) >= (min(wanted, 1) if few else wanted))

    def wait_for_rollout(self, workload: str, namespace: str) -> None:
        kind, _, name = workload.partition("/")
        path = self.path(kind, name, namespace)

        def over() -> bool:
            live = self.api.request("GET", path)
            status, wanted = live.get("status") or {}, live["spec"].get("replicas", 1)
            counts = {status.get(f"{one}Replicas", 0) for one in ("updated", "available", "ready")}
            seen_by_controller = status.get("observedGeneration") == live["metadata"]["generation"]
            return seen_by_controller and counts | {status.get("replicas", 0)} == {wanted}

        poll(over, f"the rollout of {name}", 3.0)

    def keep(self, release: Release, namespace: str, passes: list[NamespaceReport]) -> None:
        """Put down what explains a wrong result, before it is cleared away."""
        here = f"namespaces/{namespace}"
        paths = (
            f"/apis/apps/v1/{here}/replicasets",
            f"/api/v1/{here}/pods",
            f"/api/v1/{here}/events",
        )
        objects = [self.live(release, namespace)]
        for path in paths:
            items = self.api.request("GET", path)["items"]
            objects += [item for item in items if release.name in json.dumps(item["metadata"])]
        KEPT.mkdir(parents=True, exist_ok=True)
        text = json.dumps(objects, indent=1)
        (KEPT / f"{release.name}-objects.json").write_text(text)
        lines = "\n".join(each.model_dump_json() for each in passes)
        (KEPT / f"{release.name}-passes.jsonl").write_text(lines)

    def play(self, release: Release, namespace: str) -> str | None:
        """Live one release to its end; returns what was wrong."""
        from_here = len(self.said[namespace])
        self.apply(release.before, namespace)
        what = f"{release.name} to come up"
        poll(lambda: self.ready(release, namespace), what, 3.0, within=FIRST_SECONDS)
        time.sleep(PROVING_SECONDS)
        first, begun = len(self.said[namespace]), time.monotonic()
        self.apply(release.after, namespace)
        for at, what, argument in release.around:
            time.sleep(max(0.0, begun + at - time.monotonic()))
            if what == "rolled_out":
                self.wait_for_rollout(argument, namespace)
                begun = max(begun, time.monotonic() - at)
            else:
                self.happens(what, argument, namespace)
        ends = begun + release.lasts + SLACK_SECONDS
        while time.monotonic() < ends:
            time.sleep(3.0)
            if not release.good and seen(release, self.live(release, namespace), ()).version == "1":
                break
        # What a pass says counts once it has ended, which takes long on a busy machine: the one
        # under way may have begun too early, the next one has seen the end.
        ended = len(self.said[namespace]) + 2
        poll(lambda: len(self.said[namespace]) >= ended, f"passes over {namespace}", 1.0, 600)
        became = seen(release, self.live(release, namespace), self.said[namespace][first:])
        before = seen(release, self.live(release, namespace), self.said[namespace][from_here:first])
        took = time.monotonic() - begun
        wrong = became.wrong(release)
        if wrong:
            self.keep(release, namespace, self.said[namespace][from_here:])
        self.clear(release, namespace)
        if before.told and not release.told:
            _say(f"before: {release.name} {release.sort} {before.told}")
        state = "WRONG" if wrong else "right"
        _say(f"{state} {took:4.0f} s {namespace} {release.name} {release.sort}: {became}")
        return wrong

    def clear(self, release: Release, namespace: str) -> None:
        for item in filter(None, yaml.safe_load_all(f"{release.before}\n---\n{release.after}")):
            try:
                self.delete(item["kind"], item["metadata"]["name"], namespace)
            except ApiRefusalError as error:
                if ": 404 " not in str(error):
                    raise


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def test_good_releases_are_left_alone_and_bad_ones_undone_or_told(cluster: Cluster) -> None:
    stage = Stage(Api(cluster.kubeconfig), cluster.kubeconfig)
    bad_ones = bad(BAD, real=True)
    releases = good(GOOD, seed=7, real=True)
    step = max(1, len(releases) // max(1, len(bad_ones)))
    for number, release in enumerate(bad_ones):
        releases.insert(number * (step + 1), release)
    names = [f"soak-{os.getpid()}-{number}" for number in range(NAMESPACES)]
    free: queue.SimpleQueue[str] = queue.SimpleQueue()
    for slot in range(AT_ONCE):
        free.put(names[slot % NAMESPACES])

    def play(release: Release) -> str | None:
        namespace = free.get()
        try:
            return stage.play(release, namespace)
        except Exception as error:  # noqa: BLE001 - one release that could not be played is counted
            return f"{release.name} ({release.sort}) was not played: {error!s:.500}"
        finally:
            free.put(namespace)

    for name in names:
        cluster.kubectl("create", "namespace", name)
        stage.said[name] = []
    watchers = [threading.Thread(target=stage.look_after, args=(name,)) for name in names]
    for watcher in watchers:
        watcher.start()
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            wrong = [found for found in pool.map(play, releases) if found]
    finally:
        stage.over.set()
        for watcher in watchers:
            watcher.join()
        labels = [f"pool-{release.name}-" for release in releases if "node" in release.sort]
        cluster.kubectl("label", "nodes", "--all", *labels, check=False)
        cluster.kubectl("delete", "namespace", *names, "--wait=false", check=False)
        stage.api.close()
    _say(f"{GOOD} good, {BAD} bad, {stage.passes} passes, {len(wrong)} wrong")
    if wrong:
        _say(f"What explains them is kept in {KEPT}")

    assert wrong == []
