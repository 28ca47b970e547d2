"""What admission changed is not taken for the template; failed runs of others are seen."""

from __future__ import annotations

import pytest

from watchdog.diagnosis.rules import detect, rules_diagnosis
from watchdog.examples.builders import (
    ago,
    bare_pod,
    crashing,
    deployment,
    ended,
    pod,
    ref,
    running,
    snapshot_of,
    spec,
)
from watchdog.failures import KINDS
from watchdog.model.diagnosis import Diagnosis
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.refs import Noun
from watchdog.snapshot.snapshot import QuotaSummary
from watchdog.snapshot.workloads import PodSummary

WEB = ref("Deployment", "web")
OOM = crashing(137, last_reason="OOMKilled")
SMALL = spec(limits={"memory": "16Mi"})
ROOMY = spec(limits={"memory": "256Mi"})
DRIVER = ref("SparkApplication.sparkoperator.k8s.io", "daily")


def diagnosed(*nouns: Noun) -> Diagnosis:
    seen = snapshot_of(*nouns)
    return rules_diagnosis(seen, detect(seen, KINDS), KINDS)


def owned(template: PodTemplate) -> Noun:
    return deployment(ref=WEB, template=template)


def test_a_limit_that_admission_set_is_not_lowered_in_the_template() -> None:
    workload = owned(PodTemplate(containers=(ROOMY,)))

    found = diagnosed(workload, pod(OOM, specs=(SMALL,), sick=True))

    (explained,) = found.explanations
    assert explained.kind == "oom_killed"
    assert "Deployment/web asks for 256Mi" in explained.why
    assert "Raise the memory limit where it is set" in explained.to_do
    assert "get pod" in (explained.command or "")
    assert [action.kind for action in found.remediation_actions] == ["custom_instruction"]


@pytest.mark.parametrize("asked", [spec(limits={"memory": "16384Ki"}), spec()])
def test_a_limit_that_the_template_asks_for_or_leaves_open_is_raised_there(asked: Noun) -> None:
    workload = owned(PodTemplate.model_validate({"containers": (asked,)}))

    found = diagnosed(workload, pod(OOM, specs=(SMALL,), sick=True))

    assert [a.kind for a in found.remediation_actions] == ["patch_deployment_resources"]


def test_a_limit_that_a_quota_has_no_room_for_is_not_proposed_and_the_quota_is_named() -> None:
    workload = owned(PodTemplate(containers=(SMALL,)))
    quota = QuotaSummary(name="team", hard={"limits.memory": "24Mi"}, used={})

    found = diagnosed(workload, pod(OOM, specs=(SMALL,), sick=True), quota)

    (explained,) = found.explanations
    assert "Quota team has no room for pods with a memory limit of 64Mi" in explained.to_do
    assert "describe resourcequota team" in (explained.command or "")
    assert [action.kind for action in found.remediation_actions] == ["custom_instruction"]


def test_a_container_that_admission_added_is_not_looked_for_in_the_workload() -> None:
    workload = owned(PodTemplate(containers=(spec(),)))
    proxy = crashing(1, name="proxy")

    found = diagnosed(workload, pod(running(), proxy, specs=(spec(), spec("proxy")), sick=True))

    (explained,) = found.explanations
    assert explained.to_do.startswith("Container proxy is not in Deployment/web: it is added")
    assert " edit " not in (explained.command or "")
    assert [action.kind for action in found.remediation_actions] == ["custom_instruction"]


def run(name: str, phase: str = "Failed", policy: str = "Never", age: float = 600) -> PodSummary:
    state = ended(1) if phase == "Failed" else running()
    made = bare_pod(state, name=name, phase=phase, status="Error", created_at=ago(age))
    template = made.template.model_copy(update={"restart_policy": policy})
    return made.model_copy(update={"owner": DRIVER, "template": template})


def test_a_failed_run_of_a_custom_resource_is_seen_and_its_owner_named() -> None:
    found = diagnosed(run("daily-driver"))

    (explained,) = found.explanations
    assert explained.target == DRIVER
    assert "create" not in explained.to_do


@pytest.mark.parametrize(
    "pods",
    [
        (run("daily-1"), run("daily-2", phase="Running", age=60)),
        (run("daily-1", policy="Always"),),
        (run("daily-1", age=2 * 86400),),
    ],
)
def test_a_run_that_was_followed_by_another_or_is_old_is_history(
    pods: tuple[PodSummary, ...],
) -> None:
    assert not diagnosed(*pods).has_issue
