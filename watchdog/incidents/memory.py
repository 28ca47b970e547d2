"""One namespace's memory: a value, and how it becomes text and is read again.

The text lies in the ConfigMap `sre-watchdog` of the namespace itself (store.py), so whoever can
tamper with it can only affect what they may edit anyway.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from watchdog.incidents.incident import Hash, Incident
from watchdog.nouns import Diagnosis
from watchdog.observation.snapshot import Noun

VERSION = 1


class StoredDiagnosis(Noun):
    """The last diagnosis by a model, without any value, and the hash of what it rests on."""

    situation: Hash
    at: datetime
    diagnosis: Diagnosis
    whole: bool = True


class ModelUse(Noun):
    """What the model was used for on one day (UTC): calls and tokens."""

    day: str = ""
    calls: Annotated[int, Field(ge=0)] = 0
    tokens: Annotated[int, Field(ge=0)] = 0


class Memory(Noun):
    """Everything that is remembered about one namespace.

    `stopped_by` names the Slack message whose stop sign pauses the namespace, empty for none.
    """

    version: Literal[1] = 1
    cluster: str = ""
    namespace: str
    incidents: tuple[Incident, ...] = ()
    diagnosed: StoredDiagnosis | None = None
    use: ModelUse = ModelUse()
    stopped_by: Annotated[str, Field(max_length=40)] = ""
