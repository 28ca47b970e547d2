"""What was found and why: Finding, Explanation, Diagnosis."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer

from watchdog.actions import RemediationAction
from watchdog.errors import ModelFault
from watchdog.model.blame import Blame
from watchdog.snapshot.refs import Noun, ObjectRef


class Cause(Noun):
    """What several findings have in common: `what`, in words ("ConfigMap app is missing").

    `of` is the broken thing's own finding, where this one only suffers from it.
    """

    what: str
    of: ObjectRef | None = None


Origin = Literal["workload", "outside"]


class Evidence(Noun):
    """One line that a finding quotes. Code decides by `kind`; views show `str(evidence)`.

    `object` is what it is of (`web-7d9f-x2k4p/main` for a log, `BackOff ×14` for an event), `text`
    what is quoted. A line about a state has no object.
    """

    kind: Literal["log", "event", "state"] = "state"
    object: str = ""
    text: str

    def __str__(self) -> str:
        return self.text if self.kind == "state" else f"{self.kind} {self.object}: {self.text}"


def as_evidence(line: object) -> object:
    """A plain line is about a state."""
    return Evidence(text=line) if isinstance(line, str) else line


EvidenceLine = Annotated[Evidence, BeforeValidator(as_evidence), PlainSerializer(str)]
"""Evidence whose JSON is its line."""


class Impact(Noun):
    """How badly something is broken: `ready` of the `wanted` pods, or `words` for all else.

    Code decides by the numbers; views show `str(impact)`. It is false if nothing is known.
    """

    ready: int | None = None
    wanted: int | None = None
    words: str = ""

    @property
    def is_down(self) -> bool:
        """Whether nothing serves that should, as far as pods are counted."""
        return self.ready == 0 and self.wanted != 0

    def __str__(self) -> str:
        if self.ready is None:
            return self.words
        return f"{self.ready} of {self.wanted} pods ready" if self.wanted else "no pods wanted"

    def __bool__(self) -> bool:
        return bool(str(self))


def as_impact(given: object) -> object:
    """A plain text is in words."""
    return Impact(words=given) if isinstance(given, str) else given


ImpactLine = Annotated[Impact, BeforeValidator(as_impact), PlainSerializer(str)]
"""An impact whose JSON is its text."""


class Finding(Noun):
    """One symptom, by one failure kind, on one owner. Pure code made it, from the snapshot alone.

    `summary` is a short phrase ("missing environment variable"), `impact` how badly it is broken
    ("0 of 2 pods ready"), `evidence` quotes the snapshot, `facts` carries what the kind's own
    `explain` and `fix` need (the variable's name), never a value that must not be shown. `cause` is
    set where other findings have the same. `origin` is `outside` if what fails is not the workload
    itself (a dependency, DNS, a certificate's time, credentials, a disk, a node, a quota). `fails`
    are beginnings of Change.field that name what fails, where it may take a while to show.
    """

    kind: str
    target: ObjectRef
    container: str | None = None
    summary: str
    impact: ImpactLine = Impact.model_construct()
    evidence: tuple[EvidenceLine, ...] = ()
    since: datetime | None = None
    pods: tuple[str, ...] = ()
    facts: dict[str, str] = {}
    cause: Cause | None = None
    origin: Origin = "workload"
    fails: tuple[str, ...] = ()

    @property
    def suffers(self) -> bool:
        """Whether it only suffers from what another finding is about."""
        return self.cause is not None and self.cause.of is not None


class Explanation(Noun):
    """What the rules say about one finding: why, what changed, and what a person has to do.

    `command` is one whole command made by code from typed fields, or None. `place` is where a
    change of the workload lasts ("the values of Helm release shop"), where something says so.
    `blame` says whether the current revision is to blame, for a Deployment. `go_back`, with its own
    command, is how a person goes back to the revision that worked, or reads the value that it had;
    empty if that is no remedy.
    """

    kind: str
    target: ObjectRef
    why: str
    changed: str | None = None
    to_do: str = ""
    command: str | None = None
    go_back: str = ""
    go_back_command: str | None = None
    place: str = ""
    blame: Blame | None = None


class TokenUse(Noun):
    """Tokens of the one model call, as the server counted them; None where it did not say.

    `estimated`: `total` is a guess from the number of characters.
    """

    prompt: int | None = None
    completion: int | None = None
    total: int | None = None
    estimated: bool = False


class Diagnosis(Noun):
    """Why the namespace is sick and what to do about it, by a model or by the rules.

    `summary`, `root_cause` and `evidence` are the source's own; `explanations` are always the
    rules', one for each finding. `model_error` says why a model that is configured did not speak;
    `model_fault` is its class. `server` is the host that was sent `sent_chars` characters in this
    pass. `agrees`: whether the model takes the rules' causes for right, where it said so.
    `disagreements` says in words where model and rules differ.
    `asked_at` is set where the diagnosis is an earlier pass's, of the same situation.
    """

    has_issue: bool = False
    summary: str = ""
    root_cause: str = ""
    evidence: tuple[str, ...] = ()
    remediation_actions: tuple[RemediationAction, ...] = ()
    confidence: float | None = None
    source: Literal["llm", "rules"] = "rules"
    model: str | None = None
    model_error: str | None = None
    model_fault: ModelFault | None = None
    server: str | None = None
    sent_chars: int | None = None
    tokens: TokenUse | None = None
    agrees: bool | None = None
    disagreements: tuple[str, ...] = ()
    unverified_evidence: tuple[str, ...] = ()
    asked_at: datetime | None = None
    explanations: tuple[Explanation, ...] = ()

    def explanation(self, finding: Finding) -> Explanation | None:
        """The rules' explanation of that finding."""
        return next(
            (e for e in self.explanations if (e.kind, e.target) == (finding.kind, finding.target)),
            None,
        )
