"""What a test holds of a real cluster: kubectl, with patience.

Nothing here brings a cluster up: that is `tests/support/cluster_fixtures.py`.
"""

import contextlib
import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

Origin = Literal["own", "kind", "given"]
"""Brought up by tests/cluster, brought up by kind, or handed over in KUBECONFIG."""

Answer = TypeVar("Answer")

PATIENCE = 300
"""Seconds that any condition is waited for. It says nothing of how long it takes: a loaded machine
may need minutes for what else takes one second, and a test fails only if it never comes."""

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


class KubectlError(AssertionError):
    """kubectl failed. The message is the command and what it printed."""


def poll(
    predicate: Callable[[], Answer], what: str, every: float = 0.2, within: float = PATIENCE
) -> Answer:
    """Returns the first true answer; out of patience it fails with `what` and the last answer.

    A KubectlError counts as "not yet": a predicate may read what is still to come.
    """
    deadline = time.monotonic() + within
    while True:
        last: object
        try:
            answer = predicate()
        except KubectlError as error:
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
        done = subprocess.run(
            [self.kubectl_command, *args],
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            text=True,
            env={**os.environ, "KUBECONFIG": str(self.kubeconfig)},
            timeout=2 * PATIENCE,
            check=False,
        )
        if not check:
            return done.stdout + done.stderr
        if done.returncode != 0:
            raise KubectlError(
                f"kubectl {' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}"
            )
        return done.stdout

    def json(self, kind: str, ns: str | None, name: str | None = None) -> dict[str, Any]:
        """One object or the List of a kind, as the API server has it."""
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


def unique_name(prefix: str) -> str:
    """A name for a namespace that no other run uses."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"
