"""An init container fails again and again, or waits for something that never comes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.failures.example import (
    ago,
    broken,
    change,
    crashing,
    earlier,
    ended,
    log,
    pod,
    running,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.failures.example import deployment as web
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import event_line, log_lines, quotes, telling
from watchdog.failures.look import (
    GRACE,
    Seen,
    crashes,
    exit_code,
    make_finding,
    matching,
    with_evidence,
)
from watchdog.failures.manifest import IMAGE, deployment
from watchdog.failures.owners import kubectl
from watchdog.failures.repair import changed_words, undo
from watchdog.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RolloutUndo
    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

NAME = "init_failing"
SUMMARY = "init container fails"
# A name that does not exist will not come by waiting; a program that starts will.
_NO_SUCH_NAME = regex(
    r"NXDOMAIN|can't (find|resolve)|no such host|bad address|not known|could not resolve|ENOTFOUND",
    re.IGNORECASE,
)
_HOPELESS_LINES, _HOPELESS_SECONDS = 3, 20
_HOST = r"[\"'`]?(?P<host>[a-z0-9](?:[\w-]*\w)?(?:\.[\w-]+)*)"
_HOSTS = tuple(
    regex(pattern)
    for pattern in (
        (
            rf"(?:can't (?:find|resolve)|bad address|lookup|ENOTFOUND"
            rf"|could not resolve(?: host)?):? {_HOST}"
        ),
        rf"\b(?:nslookup|getent hosts|ping(?: -\w+(?: \d+)?)*|pg_isready .*-h|dig) {_HOST}",
        rf"\bnc (?:-\w+ (?:\d+ )?)+{_HOST}",
        rf"\b(?:https?|tcp)://{_HOST}",
        rf"(?i:waiting for|wait-for-it(?:\.sh)?) {_HOST}",
    )
)
_NO_HOST = {"the", "a", "an", "database", "service", "db", "it", "to", "for", "be", "localhost"}


def _host(item: Seen, lines: list[str]) -> str | None:
    """The host that the init container waits for, as its log or its command names it."""
    # The command first: in the log a resolver's search domains may follow the name.
    for text in (*item.spec.args, *item.spec.command, *lines[::-1]):
        for pattern in _HOSTS:
            found = pattern.search(text)
            if found and found["host"] not in _NO_HOST:
                return found["host"].rstrip(".")
    return None


def _waits(snapshot: ClusterSnapshot, item: Seen) -> bool:
    """Whether the init container runs for so long that nothing will come of it."""
    state = item.state
    if state.state != "running" or item.spec.sidecar or state.started_at is None:
        return False
    ran = (snapshot.taken_at - state.started_at).total_seconds()
    lines = log_lines(snapshot, item, running=True)
    hopeless = sum(1 for line in lines if _NO_SUCH_NAME.search(line)) >= _HOPELESS_LINES
    return ran >= (_HOPELESS_SECONDS if hopeless else max(GRACE.pending_seconds, 1))


def _fails(snapshot: ClusterSnapshot, item: Seen) -> bool:
    if not item.state.init or item.spec.sidecar:
        return False
    return _waits(snapshot, item) or crashes(item, snapshot.taken_at)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: _fails(snapshot, item)):
        first = seen[0]
        waits = _waits(snapshot, first)
        lines = log_lines(snapshot, first, running=waits)
        code = exit_code(first.state)
        last = next(iter(telling(lines, 1)), None)
        finding = make_finding(
            NAME,
            "init container waits" if waits else SUMMARY,
            snapshot,
            seen,
            waits="yes" if waits else None,
            host=_host(first, lines),
            unknown="yes" if any(_NO_SUCH_NAME.search(line) for line in lines) else None,
            code=str(code) if code is not None and not waits else None,
            last=last,
        )
        backoff = event_line(snapshot, [item.pod for item in seen], "BackOff")
        yield with_evidence(finding, *quotes(snapshot, first, 1), backoff)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    host = facts.get("host")
    last = f' Its log ends with "{facts["last"].strip()}".' if "last" in facts else ""
    if "waits" in facts:
        what = f"{host}, whose name cannot be resolved" if host and "unknown" in facts else host
        text = f"{facts['who']} still waits for {what or 'something that does not come'}"
        text += ", so the pod's own containers never start."
    else:
        text = f"{facts['who']} ends with exit code {facts.get('code', 'unknown')}"
        text += f" (it needs {host})" if host else ""
        text += ", so the pod's own containers never start."
    return text + last + changed_words(finding, snapshot)


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    host, pod_name = finding.facts.get("host"), finding.pods[0]
    if host:
        service = host.split(".")[0]
        return Advice(
            f"Create or repair what {finding.container} waits for ({host}), or correct the name in "
            "the init container; the pod goes on by itself as soon as it answers.",
            kubectl(snapshot, "get", "service,endpoints", service),
        )
    logs = kubectl(snapshot, "logs", pod_name, "-c", finding.container or "")
    return Advice(
        f"Repair what init container {finding.container} fails at; its log says it.", logs
    )


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
    return undo(finding, snapshot)


def _examples() -> tuple[Example, ...]:
    main, claims = waiting("PodInitializing"), "Deployment/web"
    wait = spec("wait", init=True, args=("until nslookup database-service.shop; do sleep 2; done",))
    text = "\n".join(["** server can't find database-service.shop: NXDOMAIN", "Waiting..."] * 4)

    def hangs(seconds: float, said: str = text) -> ClusterSnapshot:
        state = running(name="wait", init=True, ready=False, for_seconds=seconds)
        specs = (wait, spec())
        waits = pod(state, main, specs=specs, phase="Pending", created_at=ago(seconds + 2))
        return snapshot_of(web(), waits, log(said, container="wait", previous=False))

    loop = pod(crashing(1, name="wait", init=True), main, specs=(wait, spec()), phase="Pending")
    once = pod(ended(1, name="wait", init=True), main, specs=(wait, spec()), phase="Pending")
    new = earlier(change("args", "true", "false", "wait"))
    sidecar = spec("proxy", init=True, sidecar=True)
    beside = pod(running(name="proxy", init=True), running(), specs=(sidecar, spec()), sick=True)
    return (
        Example("waits for a name that does not exist", hangs(40), claims),
        Example("waits for long", hangs(90, "still starting"), claims),
        Example("fails in a loop", snapshot_of(web(), loop), claims),
        Example("new in this revision", snapshot_of(web(last=new), loop), claims, "rollout_undo"),
        Example("has just begun", hangs(10), None),
        Example("waits for what is starting", hangs(40, "connection refused"), None),
        Example("first failure", snapshot_of(web(), once), None),
        Example("a sidecar runs on", snapshot_of(web(ready=1), beside), None),
        Example("the main container crashes", broken(crashing(1)), None),
    )


INIT_FAILING = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "The pod waits for its init container. Say which one, what it waits for or fails at, and "
        "whether that exists; restarting or deleting the pod helps nothing."
    ),
    drill=Drill(
        manifest=deployment(
            "sleep 3600",
            pod=f"""
initContainers:
- name: wait-for-ledger-db
  image: {IMAGE}
  command: [sh, -c, "until nslookup ledger-db; do echo waiting for ledger-db; sleep 1; done"]
""",
        ),
        settle="init",
    ),
    examples=_examples,
    fix=_fix,
    actions=("rollout_undo",),
)
