"""How a workload that has a finding came to be so: its revisions, its pods, what happened."""

from datetime import datetime

from watchdog.snapshot.refs import Noun, ObjectRef


class RevisionLife(Noun):
    """One revision of a Deployment; `changes` lead from the one before it to this one, in words."""

    revision: int
    created_at: datetime | None = None
    current: bool = False
    worked: bool = False
    changes: tuple[str, ...] = ()


class PodLife(Noun):
    """One pod; `alike` counts those that look the same. `ended_at` is when a run of it ended last,
    `ended` how ("OOMKilled, exit code 137").
    """

    name: str
    created_at: datetime | None = None
    ready: bool = False
    restarts: int = 0
    state: str = ""
    ended_at: datetime | None = None
    ended: str = ""
    alike: int = 1


class Happening(Noun):
    """One moment of the story, in words."""

    at: datetime
    what: str


class WorkloadHistory(Noun):
    """All that of one workload, as the snapshot had it when the finding was made."""

    target: ObjectRef
    seen_at: datetime
    revisions: tuple[RevisionLife, ...] = ()
    pods: tuple[PodLife, ...] = ()
    events: tuple[Happening, ...] = ()
