"""What one pass works with: its settings, the API server, its budget, whom it may ask."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from watchdog.errors import ClusterError

if TYPE_CHECKING:
    # A healthy pass loads none of it.
    from watchdog.clock import Budget
    from watchdog.diagnosis.diagnose import Ask
    from watchdog.diagnosis.prompt import Prompt
    from watchdog.diagnosis.reply import Reply
    from watchdog.incidents.casebook import Casebook, Hear
    from watchdog.observation.reader import Reader
    from watchdog.remediation.apply import Cluster as Writer
    from watchdog.remediation.apply import Proposal
    from watchdog.remediation.verdict import Verdict
    from watchdog.report.progress import Progress
    from watchdog.resources import Resource
    from watchdog.settings import Settings

    Books = dict[str, Casebook]

    class Cluster(Reader, Writer, Protocol):
        """What a pass needs of the API server."""

        @property
        def server_time(self) -> datetime | None:
            """The API server's clock, up to a second late; None before its first answer."""
            ...

        def create(
            self, resource: Resource, namespace: str, body: dict[str, Any], *, dry_run: bool = False
        ) -> dict[str, Any]:
            """Create an object: an Event, or the product's own ConfigMap and Lease."""
            ...

        def replace(
            self, resource: Resource, namespace: str, name: str, body: dict[str, Any]
        ) -> dict[str, Any]:
            """Replace an object: the product's own ConfigMap and Lease."""
            ...


# Those of every pass, so that one that had no use for a stage says so.
STAGES = ("observe", "diagnose", "remediate", "verify")


@dataclass
class Pass:
    """What one pass works with, and how much of it is used up.

    `ask` is None without a model, `consent` where no person can be asked at once, `hear` where
    nobody can answer in Slack, `blocked` where no query holds changes back. `instance` is the pod
    or host that runs it, `holder` this pass alone. `fixes` is how many writes it may make, all that
    the settings allow where None; `attempts_used` how many it has made. `seconds` adds up what each
    stage took in every namespace, those that were observed side by side too; `books` are the
    namespaces' memories.
    """

    settings: Settings
    cluster: Cluster
    budget: Budget
    progress: Progress
    ask: Ask | None = None
    consent: Callable[[Proposal], bool] | None = None
    hear: Hear | None = None
    blocked: Callable[[], Verdict | None] | None = None
    cluster_name: str = ""
    instance: str = "sre-watchdog"
    fixes: int | None = None
    attempts_used: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    books: Books = field(default_factory=dict)
    holder: str = ""

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

    @property
    def attempts_left(self) -> int:
        """How many more writes it may make."""
        allowed = self.settings.max_remediation_attempts if self.fixes is None else self.fixes
        return max(0, allowed - self.attempts_used)

    def not_stopped(self) -> None:
        """Raise ClusterError where the pass was told to stop."""
        if self.budget.stopped:
            raise ClusterError("the pass was told to stop")
