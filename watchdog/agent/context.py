"""What one pass works with: its settings, the API server, its budget, what it may ask."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from watchdog.errors import ClusterError

if TYPE_CHECKING:
    # A healthy pass loads none of it.
    from watchdog.agent.progress import Progress
    from watchdog.clock import Budget
    from watchdog.diagnosis.diagnose import Ask
    from watchdog.incidents.observed import ObservedMemories
    from watchdog.incidents.session import NamespaceSession, ReadRepliesCall
    from watchdog.kube.ports import ClusterReader, MemoryStore, Writer
    from watchdog.llm.prompt_parts import Prompt
    from watchdog.llm.reply import Reply
    from watchdog.policy.verdict import Verdict
    from watchdog.remediation.apply import Proposal
    from watchdog.settings.schema import Settings

    Sessions = dict[str, NamespaceSession]

    class PassCluster(ClusterReader, Writer, MemoryStore, Protocol):
        """What a pass needs of the API server."""


# Those of every pass, so that one that had no use for a stage says so.
STAGES = ("observe", "diagnose", "remediate", "verify")


@dataclass
class PassContext:
    """What one pass works with, and how much of it is used up.

    `ask` is None without a model, `consent` if no person can be asked at once, `read_replies` if
    no one can answer in Slack, `blocked` if no query holds changes back. `instance` is the pod
    or host that runs it, `holder` this pass alone. `fixes` is how many writes it may make, all that
    the settings allow where None; `attempts_used` how many it made where. `seconds` adds up what
    each stage took in every namespace, those that were observed side by side too; `sessions` are
    the namespaces' memories, and `observed` keeps those of namespaces that grant no Lease. `home`
    is the namespace with which custom resources that belong to none are looked at.
    """

    settings: Settings
    cluster: PassCluster
    budget: Budget
    progress: Progress
    ask: Ask | None = None
    consent: Callable[[Proposal], bool] | None = None
    read_replies: ReadRepliesCall | None = None
    blocked: Callable[[], Verdict | None] | None = None
    cluster_name: str = ""
    instance: str = "sre-watchdog"
    fixes: int | None = None
    attempts_used: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    sessions: Sessions = field(default_factory=dict)
    holder: str = ""
    home: str = ""
    observed: ObservedMemories | None = None

    def __post_init__(self) -> None:
        self.holder = self.holder or f"{self.instance}-{uuid.uuid4().hex[:8]}"

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add what this block takes to the stage's seconds."""
        started = self.budget.clock.monotonic()
        try:
            yield
        finally:
            spent = self.budget.clock.monotonic() - started
            with self.lock:
                self.seconds[stage] = round(self.seconds.get(stage, 0.0) + spent, 3)

    def asked(self) -> Ask | None:
        """`ask`, with the model's own time told apart from the rules'."""
        ask = self.ask
        if ask is None:
            return None

        def timed(prompt: Prompt) -> Reply:
            with self.timed("model"):
                return ask(prompt)

        return timed

    def attempts_left(self, namespace: str) -> int:
        """How many more writes it may make in that namespace."""
        whole = self.settings.most_fixes if self.fixes is None else self.fixes
        here = self.settings.max_remediation_attempts - self.attempts_used[namespace]
        return max(0, min(here, whole - self.attempts_used.total()))

    def not_stopped(self) -> None:
        """Raise ClusterError if the pass was asked to stop."""
        if self.budget.stopped:
            raise ClusterError("the pass was asked to stop")
