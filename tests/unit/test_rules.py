"""Rules decide whether something is wrong, which kind claims it, and what they say of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from watchdog.actions import CustomInstruction, RemediationAction, RolloutUndo
from watchdog.detection.containers import containers
from watchdog.detection.kind import Advice, FailureKind
from watchdog.diagnosis.revision_changes import changed
from watchdog.diagnosis.rules import detect, explain, rules_diagnosis
from watchdog.examples import Example, examples_of
from watchdog.examples.builders import (
    NOW,
    ago,
    change,
    deployment,
    earlier,
    pod,
    ref,
    running,
    snapshot_of,
    spec,
)
from watchdog.failures import KINDS
from watchdog.model.diagnosis import Finding
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.snapshot.workloads import JobSummary, RevisionSummary

WEB, LEDGER = ref("Deployment", "web"), ref("Deployment", "ledger")


def kind(
    name: str, *targets: ObjectRef, fix: bool = False, containers: tuple[str, ...] = ("main",)
) -> FailureKind:
    def find(_snapshot: ClusterSnapshot) -> Iterable[Finding]:
        for target in targets:
            for container in containers:
                yield Finding(
                    kind=name,
                    target=target,
                    container=container,
                    summary=f"{name} summary",
                    evidence=(f"{name} evidence",),
                )

    def mend(finding: Finding, _snapshot: ClusterSnapshot) -> RemediationAction | None:
        return RolloutUndo(target=finding.target, to_revision=6) if fix else None

    return FailureKind(
        name=name,
        summary=name,
        detect=find,
        explain=lambda finding, _: f"why {finding.target.name}",
        advise=lambda finding, _: Advice(f"mend {finding.target.name}", "kubectl get pods"),
        hint="",
        fix=mend,
    )


SNAPSHOT = snapshot_of(
    deployment(ref=WEB, ready=1, desired=2),
    deployment(ref=LEDGER, ready=0, desired=2),
)


def test_the_first_kind_to_claim_an_owner_wins_it() -> None:
    findings = detect(SNAPSHOT, (kind("specific", WEB), kind("general", WEB, LEDGER)))

    assert [(f.kind, f.target.name) for f in findings] == [
        ("general", "ledger"),
        ("specific", "web"),
    ]


def test_one_kind_may_find_two_containers_of_an_owner() -> None:
    findings = detect(SNAPSHOT, (kind("crash", WEB, containers=("main", "proxy")),))

    assert [finding.container for finding in findings] == ["main", "proxy"]


def test_a_pod_belongs_to_its_workload() -> None:
    mine = pod(running(ready=False), owner=WEB)
    snapshot = snapshot_of(deployment(ref=WEB), mine)

    findings = detect(snapshot, (kind("specific", WEB), kind("general", mine.ref)))

    assert [finding.kind for finding in findings] == ["specific"]


def test_an_owner_that_is_claimed_is_not_judged_again() -> None:
    web, other = pod(running(ready=False), owner=WEB), pod(running(ready=False), owner=LEDGER)
    snapshot = snapshot_of(deployment(ref=WEB), deployment(ref=LEDGER), web, other)
    judged: list[ObjectRef] = []

    def find(seen: ClusterSnapshot) -> Iterable[Finding]:
        judged.extend(item.pod.owner for item in containers(seen))
        return ()

    detect(snapshot, (kind("specific", WEB), replace(kind("general"), detect=find)))

    assert judged == [LEDGER]


EXAMPLES = [
    pytest.param(example, id=f"{each.name}: {example.name}")
    for each in KINDS
    for example in examples_of(each.name)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_is_not_judged_again_would_have_been_dropped(example: Example) -> None:
    def all_again(kind: FailureKind) -> FailureKind:
        whole = {"claimed": frozenset[ObjectRef]()}
        return replace(kind, detect=lambda seen: kind.detect(seen.model_copy(update=whole)))

    judged = detect(example.snapshot, KINDS)

    assert judged == detect(example.snapshot, [all_again(kind) for kind in KINDS])


def test_a_job_belongs_to_its_cron_job() -> None:
    job = JobSummary(ref=ref("Job", "report-1"), cron_job="report")
    nightly = ref("CronJob", "report")

    findings = detect(snapshot_of(job), (kind("failed", job.ref), kind("late", nightly)))

    assert [finding.kind for finding in findings] == ["failed"]


def test_the_worst_comes_first_whatever_the_order_of_detection() -> None:
    forward = detect(SNAPSHOT, (kind("a", WEB, LEDGER),))
    backward = detect(SNAPSHOT, (kind("a", LEDGER, WEB),))

    assert forward == backward
    assert forward[0].target == LEDGER


def test_nothing_found_is_no_issue() -> None:
    diagnosis = rules_diagnosis(SNAPSHOT, (), ())

    assert diagnosis.has_issue is False
    assert diagnosis.remediation_actions == ()


def test_the_rules_fix_is_proposed_and_where_there_is_none_their_advice() -> None:
    kinds = (kind("fixable", LEDGER, fix=True), kind("not", WEB))

    diagnosis = rules_diagnosis(SNAPSHOT, detect(SNAPSHOT, kinds), kinds)

    assert diagnosis.source == "rules"
    assert diagnosis.confidence is None
    assert diagnosis.summary == (
        "2 problems: Deployment/ledger: fixable summary; Deployment/web: not summary"
    )
    assert diagnosis.root_cause == "Deployment/ledger: why ledger\nDeployment/web: why web"
    assert diagnosis.remediation_actions == (
        RolloutUndo(target=LEDGER, to_revision=6),
        CustomInstruction(target=WEB, instruction="mend web", command="kubectl get pods"),
    )


def test_many_problems_are_counted_in_one_sentence() -> None:
    targets = [ref("Deployment", f"app-{number}") for number in range(9)]
    kinds = (kind("crash", *targets),)

    summary = rules_diagnosis(SNAPSHOT, detect(SNAPSHOT, kinds), kinds).summary

    assert summary.startswith("9 problems: ")
    assert summary.endswith("; and 4 more")


def test_a_finding_of_a_kind_that_is_gone_still_says_what_it_is() -> None:
    finding = Finding(kind="gone", target=WEB, summary="was broken")

    assert explain((finding,), SNAPSHOT, ())[0].why == "was broken"


def revision(number: int, **values: object) -> RevisionSummary:
    base = {"revision": number, "replica_set": f"web-{number}", "created_at": ago(720)}
    return RevisionSummary.model_validate({**base, **values})


REMOVED = change("env REGION", "x", None)
TOLD = {
    "a removed variable": (
        earlier(REMOVED),
        "Revision 7 (12 min ago) removed env REGION; revision 6, which had it, was available.",
    ),
    "a changed image": (
        earlier(change("image", "a:1", "a:2")),
        "Revision 7 (12 min ago) changed image from a:1 to a:2; revision 6 was available.",
    ),
    "several": (
        earlier(REMOVED, change("args", None, "-v"), change("image", "a:1", "a:2")),
        (
            "Revision 7 (12 min ago) removed env REGION, added args and "
            "changed image from a:1 to a:2; revision 6 was available."
        ),
    ),
    "too many": (
        earlier(*[change(f"env V{number}", None, "x") for number in range(9)]),
        (
            "Revision 7 (12 min ago) added env V0, added env V1, added env V2, added env V3 and "
            "made 5 more changes; revision 6 was available."
        ),
    ),
    "an old ReplicaSet taken up again": (
        earlier(REMOVED, created_at=ago(60)),
        "Revision 7 removed env REGION; revision 6, which had it, was available.",
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_changed_is_one_sentence(case: str) -> None:
    last, sentence = TOLD[case]

    assert changed(deployment(last=last), NOW) == sentence


def test_containers_are_named_where_there_are_several() -> None:
    template = PodTemplate(containers=(spec("main"), spec("proxy")))
    two = deployment(revisions=(revision(7, current=True, template=template), earlier(REMOVED)))

    assert "removed env REGION of container main" in (changed(two, NOW) or "")


def test_a_revision_that_was_available_itself_is_not_blamed() -> None:
    same = deployment(revisions=(revision(7, current=True, available=True), earlier(REMOVED)))

    assert changed(same, NOW) == ("Nothing in its pod template: revision 7 is the one that worked.")


def test_without_an_earlier_revision_nothing_is_said_to_have_changed() -> None:
    assert changed(deployment(), NOW) is None
    assert changed(None, NOW) is None


def test_a_paused_deployment_that_lacks_pods_is_called_paused() -> None:
    (example,) = (
        each for each in examples_of("unhealthy_workload") if each.name.startswith("made paused")
    )
    (said,) = explain(detect(example.snapshot, KINDS), example.snapshot, KINDS)

    assert "Deployment/web is paused (spec.paused)" in said.why
    assert said.command == "kubectl -n shop rollout resume deployment/web"
