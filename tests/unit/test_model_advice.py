"""What a model advises reaches people in every view, and says what it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.diagnosis_samples import FINDINGS, KINDS, SNAPSHOT
from tests.support.report_samples import diagnosis, namespace, ref, report
from watchdog.actions import CustomInstruction
from watchdog.diagnosis.rules import detect, explain
from watchdog.examples.builders import (
    broken,
    crashing,
    deployment,
    event,
    pod,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.failures import KINDS as ALL_KINDS
from watchdog.llm.schema import offers
from watchdog.model.report import Report
from watchdog.observation.snapshot_text import to_text
from watchdog.report.markdown import render_markdown
from watchdog.report.text import plain_text
from watchdog.slack.messages import messages
from watchdog.snapshot.pod_template import ContainerSpec, PodTemplate, Reference

ADVICE = "Ask the owners of the settings service which region they moved to"
VIEWS: dict[str, Callable[[Report], str]] = {
    "text": lambda shown: " ".join(plain_text(shown).split()),
    "markdown": render_markdown,
    "slack": lambda shown: str(messages(shown)[0].blocks),
}


def advised(source: str = "llm") -> Report:
    plan = (CustomInstruction(target=ref(), instruction=ADVICE),)
    spoke = diagnosis(source=source, remediation_actions=plan)
    return report(namespace(actions=(), diagnosis=spoke))


@pytest.mark.parametrize("view", VIEWS)
def test_a_models_advice_is_shown_as_unverified(view: str) -> None:
    shown = VIEWS[view](advised())

    assert ADVICE in shown
    assert "The model suggests (unverified)" in shown


@pytest.mark.parametrize("view", VIEWS)
def test_what_the_rules_advise_is_not_put_into_a_models_mouth(view: str) -> None:
    assert "The model suggests" not in VIEWS[view](advised("rules"))


def test_no_undo_is_offered_where_there_is_nothing_to_go_back_to() -> None:
    ids = to_text(SNAPSHOT, max_chars=40_000).ids
    first = tuple(d.model_copy(update={"revisions": ()}) for d in SNAPSHOT.deployments)
    new = SNAPSHOT.model_copy(update={"deployments": first})

    assert "rollout_undo" in offers(FINDINGS, SNAPSHOT, KINDS, ids)
    assert "rollout_undo" not in offers(FINDINGS, new, KINDS, ids)


def test_equal_events_about_pods_of_other_names_are_one_line() -> None:
    names = ("ledger-754b8c4dfl-95nkx", "ledger-754b8c4dfl-jjrtk")
    events = [event("SuccessfulDelete", f"Deleted pod: {name}") for name in names]

    text = to_text(snapshot_of(deployment(), pod(crashing()), *events), max_chars=40_000).text

    assert text.count("Deleted pod") == 1


def test_what_ties_pods_to_nodes_is_told() -> None:
    tied = PodTemplate(
        containers=(ContainerSpec(name="main", image="web:1"),),
        node_selector={"disk": "ssd"},
        tolerations=("gpu=true:NoSchedule",),
        priority_class="batch",
    )
    snapshot = snapshot_of(deployment(template=tied), pod(crashing()))

    text = to_text(snapshot, max_chars=40_000).text

    assert "scheduling: node selector disk=ssd; tolerates gpu=true:NoSchedule" in text
    assert "priority class batch" in text


@pytest.mark.parametrize(
    ("says", "offered"),
    [
        ('configmap "app-confg" not found', {"D1": False, "M1": False}),
        ("couldn't find key region in ConfigMap shop/app-confg", {"D1": False, "M1": True}),
    ],
    ids=["the ConfigMap is missing", "a key of it is missing"],
)
def test_a_key_is_put_back_only_into_a_configmap_that_is_there(
    says: str, offered: dict[str, bool]
) -> None:
    there = Reference(kind="ConfigMap", name="app-confg", via="envFrom of container main")
    template = PodTemplate(containers=(spec(),), references=(there,))
    waits = pod(waiting("CreateContainerConfigError", says), template=template)
    seen = snapshot_of(deployment(template=template), waits)
    legal = offers(detect(seen, ALL_KINDS), seen, ALL_KINDS, to_text(seen, max_chars=9000).ids)

    assert {id_: id_ in legal.get("patch_configmap", ()) for id_ in offered} == offered


@pytest.mark.parametrize(
    ("there", "meant"),
    [
        (("app-config", "other"), "Probably a typo for app-config."),
        (("kafka", "other"), ""),
        ((), ""),
    ],
)
def test_a_configmap_of_nearly_the_same_name_is_named(there: tuple[str, ...], meant: str) -> None:
    says = 'configmap "app-confg" not found'
    seen = broken(waiting("CreateContainerConfigError", says))
    seen = seen.model_copy(update={"configmaps": there})
    (found,) = explain(detect(seen, ALL_KINDS), seen, ALL_KINDS)

    assert ("typo" in found.why) is bool(meant)
    assert meant in found.why
