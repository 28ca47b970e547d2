"""What a test holds of a real cluster: kubectl, with patience.

Nothing here brings a cluster up: that is `tests/support/cluster_fixtures.py`.
"""

import contextlib
import http.client
import json
import os
import re
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from tests.cluster.api import Api, ApiRefusalError

Origin = Literal["own", "kind", "given"]
"""Brought up by tests/cluster, brought up by kind, or handed over in KUBECONFIG."""

Answer = TypeVar("Answer")

PATIENCE = 300
"""Seconds that any condition is waited for. It says nothing of how long it takes: a loaded machine
may need minutes for what else takes one second, and a test fails only if it never comes."""

_MAKING = threading.Lock()
GROUPS = {
    **dict.fromkeys(("pods", "events", "services"), "api/v1"),
    **dict.fromkeys(("deployments", "replicasets"), "apis/apps/v1"),
    "jobs": "apis/batch/v1",
    "horizontalpodautoscalers": "apis/autoscaling/v2",
    "ingresses": "apis/networking.k8s.io/v1",
    "endpointslices": "apis/discovery.k8s.io/v1",
}
"""What tests wait for, by its plural. It is read without a process of kubectl for each look, of
which a few tests that wait at the same time would keep both cores of a small machine busy."""

# What an API server says while something that the object needs is still being made.
NOT_YET = (
    "error looking up service account",
    'serviceaccount "default" not found',
    "status unknown for quota",
    "failed calling webhook",
    "no matches for kind",
    "could not find the requested resource",  # its definition was taken a moment ago
    "not yet ready to handle request",
    "etcdserver: request timed out",
)


# What kubectl says where a busy API server did not let it in: no request was sent, so it may be.
UNSENT = re.compile(r"Unable to connect .*(TLS handshake timeout|dial tcp .*i/o timeout)")


class NotYetError(AssertionError):
    """Not what is waited for, but this: for a predicate that has more to tell than "no"."""


class KubectlError(NotYetError):
    """kubectl failed. The message is the command and what it printed."""


def poll(
    predicate: Callable[[], Answer], what: str, every: float = 0.2, within: float = PATIENCE
) -> Answer:
    """Returns the first true answer; out of patience it fails with `what` and the last answer.

    A NotYetError counts as no, so a predicate may read what is still to come.
    """
    deadline = time.monotonic() + within
    while True:
        last: object
        try:
            answer = predicate()
        except NotYetError as error:
            last = error
        else:
            if answer:
                return answer
            last = answer
        if time.monotonic() >= deadline:
            raise AssertionError(
                f"waited {within:g} s for {what}; the last look gave: {last!s:.2000}"
            )
        time.sleep(every)


def eventually(
    read: Callable[[], Answer], wanted: object, every: float = 0.5, within: float = PATIENCE
) -> Answer:
    """What is read once it is what is wanted; out of patience the last, for an assert to compare.

    For what is stored and true, and read from where it arrives a moment later.
    """
    deadline = time.monotonic() + within
    while (found := read()) != wanted and time.monotonic() < deadline:
        time.sleep(every)
    return found


@dataclass(frozen=True)
class Cluster:
    """A cluster that tests may write to, each in namespaces of its own."""

    kubeconfig: Path
    kubectl_command: str
    origin: Origin
    node_ip: str
    """The address at which pods reach servers that a test starts on this machine."""

    def kubectl(
        self,
        *args: str,
        input: str | None = None,  # noqa: A002  # as subprocess names it
        check: bool = True,
    ) -> str:
        """Returns what kubectl printed; without `check` on both streams, whatever its exit code."""
        done = self._kubectl(args, input)
        until = time.monotonic() + PATIENCE
        while done.returncode and time.monotonic() < until:
            if not UNSENT.search(done.stderr):
                break
            time.sleep(1)
            done = self._kubectl(args, input)
        if not check:
            return done.stdout + done.stderr
        if done.returncode != 0:
            raise KubectlError(
                f"kubectl {' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}"
            )
        return done.stdout

    def _kubectl(self, args: tuple[str, ...], text: str | None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.kubectl_command, *args],
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            env={**os.environ, "KUBECONFIG": str(self.kubeconfig)},
            timeout=2 * PATIENCE,
            check=False,
        )

    def json(self, kind: str, ns: str | None, name: str | None = None) -> dict[str, Any]:
        """One object or the List of a kind, as the API server has it."""
        if ns and (group := GROUPS.get(kind)) and (api := _api(self.kubeconfig)):
            return _read(api, f"/{group}/namespaces/{ns}/{kind}" + (f"/{name}" if name else ""))
        where = ["-n", ns] if ns else []
        answer: dict[str, Any] = json.loads(
            self.kubectl("get", kind, *([name] if name else []), *where, "-o", "json")
        )
        return answer

    def apply(self, manifest_text: str, namespace: str) -> str:
        """Applies YAML or JSON; tries again while what it needs is not there yet (`NOT_YET`)."""

        def applied() -> str:
            try:
                return self.kubectl("apply", "-n", namespace, "-f", "-", input=manifest_text)
            except KubectlError as error:
                if any(hint in str(error) for hint in NOT_YET):
                    raise
                raise AssertionError(f"refused for good: {error}") from error

        return poll(applied, f"the API server to take a manifest in {namespace}", 0.3)

    def rolled_out(self, name: str, namespace: str) -> None:
        """Returns once the Deployment's newest revision is rolled out."""
        rollout = ("rollout", "status", f"deployment/{name}", "-n", namespace)
        self.kubectl(*rollout, f"--timeout={PATIENCE}s")

    def completed(self, job: str, namespace: str) -> None:
        """Returns once the Job has completed."""
        done = ("wait", "--for=condition=complete", f"job/{job}", "-n", namespace)
        self.kubectl(*done, f"--timeout={PATIENCE}s")

    def allowed(self, account: str, rights: Iterable[tuple[str, str]], *namespaces: str) -> None:
        """Returns once a service account (NAMESPACE:NAME) has these rights, (verb, resource) each.

        The API server judges by what it has heard of Roles, which on a busy machine is not yet
        what it has stored. One right of each Role will do.
        """
        who = f"--as=system:serviceaccount:{account}"

        def may(asked: tuple[str, str], namespace: str) -> bool:
            said = self.kubectl("auth", "can-i", *asked, "-n", namespace, who, check=False)
            return said.startswith("yes")

        for namespace in namespaces:
            for asked in rights:
                what = f"{account} to be allowed to {' '.join(asked)} in {namespace}"
                poll(partial(may, asked, namespace), what)

    @contextlib.contextmanager
    def namespace(self, prefix: str) -> Iterator[str]:
        """A fresh namespace in which pods can be created at once; deleted afterwards, unawaited."""
        name = unique_name(prefix)
        self.kubectl("create", "namespace", name)
        try:
            # Without the ConfigMap a first pod gets a FailedMount event that is no one's fault.
            needs = ("serviceaccount/default", "configmap/kube-root-ca.crt")
            poll(lambda: self.kubectl("get", *needs, "-n", name), f"{name} to be usable")
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false", check=False)


def _api(kubeconfig: Path) -> Api | None:
    """The API server of a kubeconfig as tests/cluster writes it; None for any other."""
    # Of two that are made at once by two threads one would be lost, with a connection left open.
    with _MAKING:
        return _made_api(kubeconfig)


@cache
def _made_api(kubeconfig: Path) -> Api | None:
    config = yaml.safe_load(kubeconfig.read_text())
    simple = config.get("users", [{}])[0].get("user", {}).keys() == {"token"}
    try:
        return Api(kubeconfig) if simple and len(config["clusters"]) == 1 else None
    except KeyError:
        return None


def _read(api: Api, path: str) -> dict[str, Any]:
    """What is there; a list's objects with their kind, which the API server leaves out."""
    try:
        found = api.request("GET", path)
    except ApiRefusalError as error:
        raise KubectlError(str(error)) from error
    except (OSError, ValueError, http.client.HTTPException):
        # A kept connection may have been closed meanwhile.
        try:
            found = api.request("GET", path)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise KubectlError(f"GET {path}: {error}") from error
    about = {"apiVersion": found["apiVersion"], "kind": found["kind"].removesuffix("List")}
    return (
        {**found, "items": [{**about, **each} for each in found["items"]]}
        if "items" in found
        else found
    )


def unique_name(prefix: str) -> str:
    """A name for a namespace that no other run uses."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"
