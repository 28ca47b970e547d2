"""Claims about findings with a common cause: one problem with its parts, in every view."""

from __future__ import annotations

from tests.support.policy_samples import helm
from watchdog.actions import CustomInstruction
from watchdog.diagnosis.rules import detect, rules_diagnosis
from watchdog.examples import oom_killed
from watchdog.examples.builders import (
    change,
    crashing,
    deployment,
    earlier,
    log,
    pod,
    ref,
    snapshot_of,
    waiting,
)
from watchdog.failures import KINDS
from watchdog.model.diagnosis import Diagnosis
from watchdog.model.report import NamespaceReport, Report
from watchdog.report.text import plain_text
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.refs import Noun
from watchdog.snapshot.snapshot import ClusterSnapshot, ServiceSummary
from watchdog.snapshot.workloads import ContainerState, DeploymentSummary, RevisionSummary

NO_CONFIG = waiting("CreateContainerConfigError", 'configmap "app-config" not found')
NO_IMAGE = waiting("ImagePullBackOff", 'Back-off pulling image "a:9": a:9: not found')


def broken(
    name: str, state: ContainerState, text: str = "", last: RevisionSummary | None = None
) -> list[Noun]:
    """A Deployment of that name with one pod in that state, and the end of its log."""
    owner = ref("Deployment", name)
    workload = deployment(ref=owner, template=PodTemplate(labels={"app": name}), last=last)
    own = f"{name}-7d9f-x2k4p"
    made = pod(state, ref=ref("Pod", own), owner=owner)
    return [workload, made, *([log(text, own)] if text else [])]


def service(name: str) -> ServiceSummary:
    return ServiceSummary(ref=ref("Service", name), selector={"app": name})


def diagnosed(*nouns: Noun) -> Diagnosis:
    seen = snapshot_of(*nouns)
    return rules_diagnosis(seen, detect(seen, KINDS), KINDS)


def text_of(seen: ClusterSnapshot) -> str:
    findings = detect(seen, KINDS)
    found = NamespaceReport(
        namespace="shop", findings=findings, diagnosis=rules_diagnosis(seen, findings, KINDS)
    )
    return plain_text(Report(started_at=seen.taken_at, namespaces=(found,)))


def test_workloads_without_the_same_config_map_are_one_problem() -> None:
    names = ("cart", "ledger", "orders")
    found = diagnosed(*(noun for name in names for noun in broken(name, NO_CONFIG)))

    assert found.summary == "1 problem: ConfigMap app-config is missing (3 workloads)"
    assert len(found.root_cause.splitlines()) == 1
    assert len(found.explanations) == 3


def test_workloads_with_faults_of_their_own_are_problems_of_their_own() -> None:
    found = diagnosed(*broken("cart", NO_CONFIG), *broken("ledger", NO_IMAGE))

    assert found.summary.startswith("2 problems: ")


def test_a_caller_that_fails_for_want_of_a_broken_backend_is_part_of_its_problem() -> None:
    refused = "dial tcp: connect to ledger:80: connection refused"
    caller = broken("cart", crashing(1), refused)

    found = diagnosed(*caller, *broken("ledger", NO_IMAGE), service("ledger"))

    assert found.summary == ("1 problem: Deployment/ledger: image cannot be pulled (2 workloads)")


def test_a_caller_is_not_rolled_back_for_what_its_backend_does() -> None:
    refused = "dial tcp: connect to ledger:80: connection refused"
    last = earlier(change("env LEDGER_URL", "a value", "a value"))
    caller = broken("cart", crashing(1), refused, last=last)

    alone = diagnosed(*caller)
    found = diagnosed(*caller, *broken("ledger", NO_IMAGE), service("ledger"))

    assert [action.kind for action in alone.remediation_actions] == ["rollout_undo"]
    assert {type(action) for action in found.remediation_actions} == {CustomInstruction}


def test_what_is_scaled_to_zero_leads_the_callers_that_miss_it() -> None:
    refused = "dial tcp: connect to ledger:80: connection refused"
    stopped: DeploymentSummary = deployment(
        desired=0, ref=ref("Deployment", "ledger"), template=PodTemplate(labels={"app": "ledger"})
    )
    seen = snapshot_of(*broken("cart", crashing(1), refused), stopped, service("ledger"))

    findings = detect(seen, KINDS)

    assert [finding.kind for finding in findings] == ["scaled_to_zero", "connection_refused"]
    assert findings[1].cause is not None
    assert findings[1].cause.of == stopped.ref


def test_what_a_caller_only_warns_of_is_not_needed() -> None:
    warned = "WARN [trace] spans are dropped: dial tcp: connect to ledger:80: connection refused"
    stopped: DeploymentSummary = deployment(
        desired=0, ref=ref("Deployment", "ledger"), template=PodTemplate(labels={"app": "ledger"})
    )
    text = f"{warned}\nERROR three orders have no tenant\n{warned}"
    seen = snapshot_of(*broken("cart", crashing(1), text), stopped, service("ledger"))

    assert [finding.kind for finding in detect(seen, KINDS)] == ["crash_app_error"]


def test_what_to_change_for_good_is_named_where_helm_deploys_it() -> None:
    last = earlier(change("image", "cart:1", "cart:2"))
    workload, crashed = broken("cart", crashing(1), last=last)

    found = diagnosed(workload.model_copy(update={"managed_by": helm("shop")}), crashed)

    assert [item.place for item in found.explanations] == ["the values of Helm release shop"]


def test_two_that_wait_for_each_other_stay_two_problems() -> None:
    one = broken("cart", crashing(1), "ledger:80: connection refused")
    other = broken("ledger", crashing(1), "cart:80: connection refused")

    found = diagnosed(*one, *other, service("cart"), service("ledger"))

    assert found.summary.startswith("2 problems: ")


def test_a_report_tells_one_problem_and_lists_its_parts() -> None:
    nouns = [noun for name in ("cart", "ledger") for noun in broken(name, NO_CONFIG)]

    text = text_of(snapshot_of(*nouns))

    assert "1 problem," in text
    assert text.count("Why ") == 1
    assert "Also     Deployment/ledger: missing ConfigMap, 0 of 1 pods ready" in text


def test_the_evidence_of_a_kill_while_starting_says_that_it_was_memory() -> None:
    (example,) = (e for e in oom_killed.examples() if e.name == "killed while starting")
    (found,) = detect(example.snapshot, KINDS)

    assert any("OOM-killed (memory limit too low?)" in str(line) for line in found.evidence)
