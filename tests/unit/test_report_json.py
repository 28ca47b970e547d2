"""The JSON report is what pydantic makes of it, without the schema that it builds for that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, PlainSerializer, SecretStr

from tests.support.incident_samples import attempt, incident, request
from tests.support.report_samples import STARTED, fix, healthy, namespace, report
from watchdog.actions import RemediationAction
from watchdog.actions.kinds import OneOfThem
from watchdog.model.diagnosis import Evidence, Impact
from watchdog.model.history import Happening, PodLife, RevisionLife, WorkloadHistory
from watchdog.model.lasting import GitSource, LastingChange
from watchdog.model.outcome import Outcome
from watchdog.model.report import Delivery, Report, Verification, plain
from watchdog.snapshot.snapshot import BlindSpot

ELSEWHERE = datetime(2026, 11, 22, 15, 15, 0, 250_000, tzinfo=timezone(timedelta(hours=1)))
LASTING = LastingChange(patch="kind: Deployment\n", source=GitSource(by="Application argocd/shop"))
LIFE = WorkloadHistory(
    target=fix().action.target,
    seen_at=ELSEWHERE,
    revisions=(RevisionLife(revision=7, created_at=STARTED, current=True, changes=("image",)),),
    pods=(PodLife(name="ledger-7d9f-x2k4p", created_at=STARTED, restarts=7, state="Error"),),
    events=(Happening(at=STARTED, what="BackOff ×14"),),
)
FULL = report(
    namespace(
        blind_spots=(BlindSpot(resource="pods", why="forbidden", forbidden=True),),
        cuts=("3 of 5 pods",),
        actions=(fix(Outcome.UNDONE, lasting=LASTING), fix()),
        verification=Verification(healthy=False, problems=("0 of 2 pods ready",)),
        incidents=(incident(tries=(attempt(),), request=request()),),
        workloads=(LIFE,),
    ),
    started_at=ELSEWHERE,
    deliveries=(Delivery(to="slack", ok=False, error="no answer in time"),),
)


@pytest.mark.parametrize("given", [FULL, healthy()], ids=["full", "healthy"])
def test_a_report_is_what_pydantic_makes_of_it(given: Report) -> None:
    assert plain(given) == given.model_dump(mode="json")


def test_an_action_stands_flat_in_the_report() -> None:
    entry = FULL.to_json()["namespaces"][0]["actions"][0]

    assert (entry["kind"], entry["outcome"]) == ("patch_deployment_env", "undone")
    assert entry["params"]["name"] == "LEDGER_REGION"
    assert "action" not in entry


def leaves(kind: Any) -> Iterator[Any]:
    """The types that a value of that type is made of in the end, and what serializes it its way."""
    if get_origin(kind) is Literal:
        yield from map(type, get_args(kind))
    elif get_origin(kind) is Annotated:
        inner, *more = get_args(kind)
        if ANY_ACTION in more:
            inner = OneOfThem
        own = any(isinstance(each, PlainSerializer) for each in more)
        yield from more if own and inner not in OWN_WORDS else leaves(inner)
    elif parts := get_args(kind):
        for part in parts:
            if part is not Ellipsis:
                yield from leaves(part)
    else:
        yield kind


def reached(model: type[BaseModel], known: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """The models in a model, at any depth, and itself."""
    if model not in known:
        known.add(model)
        for field in model.model_fields.values():
            for kind in leaves(Annotated[field.annotation, None, *field.metadata]):
                if isinstance(kind, type) and issubclass(kind, BaseModel):
                    reached(kind, known)
    return known


(ANY_ACTION,) = get_args(RemediationAction)[1:]
OWN_WORDS: set[type[BaseModel]] = {Evidence, Impact}
HAVE_A_FORM = (BaseModel, StrEnum, str, int, float, NoneType, datetime, SecretStr)
MODELS = sorted(reached(Report, set()), key=lambda model: model.__name__)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_report_holds_only_what_its_json_has_a_form_for(model: type[BaseModel]) -> None:
    assert not model.__pydantic_decorators__.field_serializers
    assert not model.__pydantic_decorators__.model_serializers
    assert not model.model_computed_fields or model is BlindSpot
    for name, field in model.model_fields.items():
        assert field.exclude is None, name
        assert field.serialization_alias is None, name
        for kind in leaves(Annotated[field.annotation, None, *field.metadata]):
            fits = isinstance(kind, type) and issubclass(kind, HAVE_A_FORM)
            assert fits, (name, kind)
