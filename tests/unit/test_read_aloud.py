"""Claims about sentences read aloud: they name their object, agree in number and fit the case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support import report_samples as samples
from watchdog.actions import RolloutUndo
from watchdog.detection.kind import Advice
from watchdog.detection.owners import pods_named
from watchdog.detection.scheduler_messages import in_words, read
from watchdog.diagnosis.revision_changes import changed
from watchdog.diagnosis.rules import detect, kind_of, rules_diagnosis
from watchdog.examples import builders as ex
from watchdog.failures import KINDS
from watchdog.model.diagnosis import Explanation, Finding, Impact
from watchdog.model.incident import Incident
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult
from watchdog.report.case import place_and_name
from watchdog.report.next_steps import to_do
from watchdog.report.wording import chapters
from watchdog.snapshot.deployer import Deployer
from watchdog.snapshot.pod_template import ContainerSpec, PodTemplate, Probe
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.snapshot import (
    AutoscalerSummary,
    ClusterSnapshot,
    DisruptionBudgetSummary,
    IngressSummary,
    ServiceSummary,
)
from watchdog.snapshot.workloads import JobSummary, PodSummary

NO_HELP = ". preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."


def told(seen: ClusterSnapshot) -> Explanation:
    """What the rules say of the only problem in it."""
    (explanation,) = rules_diagnosis(seen, detect(seen, KINDS), KINDS).explanations
    return explanation


def only(seen: ClusterSnapshot) -> Finding:
    (finding,) = detect(seen, KINDS)
    return finding


def advised(seen: ClusterSnapshot) -> Advice:
    """The kind's own words, before anything is known of who deploys the workload."""
    finding = only(seen)
    kind = kind_of(finding, KINDS)
    assert kind is not None
    return kind.advise(finding, seen)


def pending(message: str, **template: object) -> PodSummary:
    placed = Condition(type="PodScheduled", status="False", reason="Unschedulable", message=message)
    return ex.pod(
        phase="Pending",
        status="Pending",
        created_at=ex.ago(300),
        conditions=(placed,),
        template=PodTemplate.model_validate({"containers": (ex.spec(),), **template}),
    )


def test_a_node_autoscaler_that_adds_no_node_is_named_with_its_reason() -> None:
    refused = ex.event(
        "NotTriggerScaleUp",
        "pod didn't trigger scale-up: 1 max node group size reached",
        type="Normal",
    )
    pod = pending(f"0/3 nodes are available: 3 Insufficient cpu{NO_HELP}")

    found = told(ex.snapshot_of(ex.deployment(), pod, refused))

    assert found.why.endswith('; the node autoscaler adds none: "1 max node group size reached".')


def test_pods_that_are_placed_together_name_their_group_and_what_is_short() -> None:
    waits = (
        "pod group is unschedulable, minCount (3) cannot be satisfied: 2 scheduled, 0 remaining, "
        "pod group preemption: No preemption victims found for incoming preemptor"
    )
    short = "0/1 nodes are available: 1 Insufficient cpu."
    pods = [
        pending(message, scheduling_group="trio").model_copy(
            update={"ref": ex.ref("Pod", f"{ex.POD}-{number}")}
        )
        for number, message in enumerate((waits, short, waits))
    ]

    why = told(ex.snapshot_of(ex.deployment(), *pods)).why

    assert "insufficient cpu on 1 of 1 nodes" in why
    assert why.endswith("; the pods of PodGroup trio are placed together or not at all.")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            (
                "0/3 nodes are available: 1 node(s) had untolerated taint {team: a}, 2 node(s) had "
                "untolerated taint(s)."
            ),
            (
                "1 of 3 nodes has the taint team=a, which the pod does not tolerate; 2 of 3 nodes "
                "have a taint that the pod does not tolerate"
            ),
        ),
        (
            (
                "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 "
                "node(s) were unschedulable."
            ),
            (
                "1 of 3 nodes does not match the node affinity; 2 of 3 nodes are cordoned (marked "
                "unschedulable)"
            ),
        ),
        (
            (
                "0/3 nodes are available: 1 Too many pods, 2 node(s) didn't match pod "
                "anti-affinity rules."
            ),
            (
                "1 of 3 nodes runs as many pods already as allowed; 2 of 3 nodes do not satisfy "
                "the pod affinity or anti-affinity rules"
            ),
        ),
        (
            f"0/3 nodes are available: 1 Insufficient cpu{NO_HELP}",
            (
                "insufficient cpu on 1 of 3 nodes: the pod requests 9 (container main), more than "
                "it has in all"
            ),
        ),
        (
            (
                "0/3 nodes are available: 1 node(s) didn't match Pod's required features, 2 cannot "
                f"allocate all claims{NO_HELP}"
            ),
            (
                "1 of 3 nodes lacks a feature that the pod's spec needs; 2 of 3 nodes have no "
                "device left for its resource claims"
            ),
        ),
    ],
)
def test_each_reason_of_the_scheduler_agrees_with_its_number_of_nodes(
    message: str, words: str
) -> None:
    template = PodTemplate(containers=(ContainerSpec(name="main", requests={"cpu": "9"}),))

    assert in_words(read(message), template, message) == words


def test_what_the_scheduler_does_not_even_look_at_is_told_in_words_of_ours() -> None:
    waits = ex.pod(
        phase="Pending",
        conditions=(),
        created_at=ex.ago(300),
        template=PodTemplate(resource_claims=("ResourceClaim gpu",)),
    )

    said = told(ex.snapshot_of(ex.deployment(), waits)).why

    assert said == (
        f"For pod {ex.POD} the scheduler does not look for a node: ResourceClaim gpu does not "
        "exist, or is not ready."
    )


@pytest.mark.parametrize(
    ("reason", "to_do", "command"),
    [
        (
            "node(s) didn't match Pod's required features",
            "Upgrade a node to a version of Kubernetes that can do what Deployment/web asks for",
            "FEATURES:.status.declaredFeatures",
        ),
        (
            "cannot allocate all claims",
            "Free a device or add a node that has one",
            "resourceclaims",
        ),
    ],
)
def test_what_a_node_cannot_do_and_what_it_has_none_left_of_is_where_to_begin(
    reason: str, to_do: str, command: str
) -> None:
    said = advised(
        ex.snapshot_of(ex.deployment(), pending(f"0/1 nodes are available: 1 {reason}{NO_HELP}"))
    )

    assert said.text.startswith(to_do)
    assert command in (said.command or "")


def test_a_pod_that_no_scheduler_takes_up_has_nothing_to_wait_for() -> None:
    waits = ex.pod(phase="Pending", conditions=(), created_at=ex.ago(300))

    said = told(ex.snapshot_of(ex.deployment(), waits))

    assert said.why.startswith(f"No scheduler has taken up pod {ex.POD},")
    assert "schedulerName of Deployment/web" in said.to_do
    assert "resource claim" not in said.to_do


@pytest.mark.parametrize(
    ("names", "many", "words"),
    [
        (("a",), None, "pod a"),
        (("a", "b"), None, "pods a and b"),
        (("a", "b", "c"), 3, "pods a, b and c"),
        (("a", "b", "c"), 17, "17 pods (a, b, c and others)"),
        (("a", "b", "c", "d"), None, "4 pods (a, b, c and others)"),
    ],
)
def test_pods_are_named_as_far_as_a_sentence_can_hold_them(
    names: tuple[str, ...], many: int | None, words: str
) -> None:
    assert pods_named(names, many) == words


def test_cordoned_nodes_that_were_not_read_are_still_what_to_see_to() -> None:
    seen = ex.snapshot_of(
        ex.deployment(), pending("0/2 nodes are available: 2 node(s) were unschedulable.")
    )

    said = advised(seen)

    assert said.text == "Uncordon a node once its maintenance is over, or add a node."
    assert said.command == "kubectl get nodes"


@pytest.mark.parametrize(
    ("missing", "why", "to_do"),
    [
        (("web-v2",), "to Service web-v2, which does not exist", "Create Service web-v2, or"),
        (
            ("web-v2", "api"),
            "to the Services web-v2 and api, which do not exist",
            "Create the Services web-v2 and api, or",
        ),
    ],
)
def test_missing_services_agree_in_number(missing: tuple[str, ...], why: str, to_do: str) -> None:
    ingress = IngressSummary(
        ref=ex.ref("Ingress", "shop"), missing_services=missing, created_at=ex.ago(900)
    )

    said = told(ex.snapshot_of(ingress))

    assert why in said.why
    assert said.to_do.startswith(to_do)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            (ex.change("tolerations", "team=a", None, container=None),),
            "removed tolerations; revision 6, which had them, was available",
        ),
        (
            (ex.change("limits.memory", "1Gi", None),),
            "removed limits.memory; revision 6, which had it, was available",
        ),
        ((ex.change("container", None, "otel:1", container="otel"),), "added container otel;"),
        (
            tuple(ex.change(f"env V{number}", None, "x") for number in range(5)),
            "added env V3 and made 1 more change;",
        ),
    ],
)
def test_what_a_revision_changed_agrees_in_number(changes: tuple[object, ...], words: str) -> None:
    said = changed(ex.deployment(last=ex.earlier(*changes)), ex.NOW)  # type: ignore[arg-type]

    assert words in (said or "")


def test_an_eviction_names_the_pod_and_asks_for_no_request_that_none_can_make() -> None:
    low = "The node was low on resource: pids. "
    gone = ex.bare_pod(phase="Failed", reason="Evicted", message=low, node="node-1")

    said = told(ex.snapshot_of(gone))

    assert said.why == "Pod task was evicted because node node-1 ran low on pids."
    assert said.to_do == "Find out what uses up the pids of the node."


def test_a_job_whose_deadline_passed_first_has_not_failed_zero_times() -> None:
    late = Condition(type="FailureTarget", status="True", reason="DeadlineExceeded")
    job = JobSummary(ref=ex.ref("Job", "nightly-1"), cron_job="nightly", conditions=(late,))

    assert str(only(ex.snapshot_of(job)).impact) == "its newest Job failed"


ASKS = Probe(type="httpGet", asks="GET /ready on port 80", path="/ready", port="80")
RUNS = Probe(type="exec", asks="command test -f /tmp/ready")


@pytest.mark.parametrize(
    ("probe", "answer", "to_do", "command"),
    [
        (ASKS, "HTTP probe failed with statuscode: 404", "Compare the readiness probe", "edit"),
        (ASKS, "HTTP probe failed with statuscode: 503", "why it answers the readiness", "logs"),
        (ASKS, "Get http://10.1.2.3:80/ready: connection refused", "why nothing listens", "logs"),
        (ASKS, "context deadline exceeded", "why it does not answer", "logs"),
        (RUNS, "", "Find out why the readiness probe (command test -f /tmp/ready) fails", "logs"),
    ],
)
def test_a_probe_is_to_be_corrected_only_where_it_asks_for_what_is_not_there(
    probe: Probe, answer: str, to_do: str, command: str
) -> None:
    failed = ex.event("Unhealthy", f"Readiness probe failed: {answer}", count=8)
    seen = ex.broken(ex.running(ready=False), failed, container=ex.spec(readiness=probe))

    said = advised(seen)

    assert to_do in said.text
    assert ("Correct the probe" in said.text) == (command == "edit")
    assert (said.command or "").startswith(f"kubectl -n shop {command} ")


@pytest.mark.parametrize(
    ("host", "command"),
    [
        ("ledger", "kubectl -n shop describe service ledger"),
        ("ledger.shop", "kubectl -n shop describe service ledger"),
        ("ledger.books.svc", "kubectl -n books describe service ledger"),
        ("api.example.com", f"kubectl -n shop logs {ex.POD} -c wait --previous"),
    ],
)
def test_what_an_init_container_waits_for_is_looked_up_where_it_lives(
    host: str, command: str
) -> None:
    fails = ex.crashing(1, name="wait", init=True)
    spec = ex.spec("wait", init=True, args=(f"nc -z {host}",))
    waits = ex.waiting("PodInitializing")
    held = ex.pod(fails, waits, specs=(spec, ex.spec()), phase="Pending")
    seen = ex.snapshot_of(ex.deployment(), held)

    assert advised(seen).command == command


def test_an_image_that_cannot_be_pulled_for_no_known_reason_is_not_called_missing() -> None:
    waits = ex.waiting("ImagePullBackOff", 'Back-off pulling image "web:1": odd media type')

    said = advised(ex.broken(waits, container=ex.spec(image="web:1")))

    assert said.text == f"Find out in the events of pod {ex.POD} why web:1 cannot be pulled."
    assert said.command == f"kubectl -n shop describe pod {ex.POD}"


@pytest.mark.parametrize("image", ["web:1-assets", "models/denied:v9", f"rank:1@sha256:{'a' * 64}"])
def test_of_an_image_only_what_is_said_about_it_counts_and_not_its_name(image: str) -> None:
    waits = ex.waiting("ImagePullBackOff", f'Back-off pulling image "{image}": not found')
    own = ex.pod(waits, specs=(ex.spec(image="web:1"),))
    template = own.template.model_copy(update={"image_volumes": {"rank": image}})

    why = told(ex.snapshot_of(ex.deployment(), own.model_copy(update={"template": template}))).why

    assert why.startswith("Volume rank, which container main mounts, cannot be made: the image ")
    assert f"{image} is not found in docker.io" in why


def test_what_is_not_changed_in_place_is_not_edited() -> None:
    refused = ex.waiting("CreateContainerConfigError", "image will run as root")
    task = ex.bare_pod(refused, phase="Pending")

    assert advised(ex.snapshot_of(task)).command is None


def test_a_container_in_a_crash_loop_is_refused_for_what_the_runtime_said() -> None:
    unknown = "error mounting /dev/fuse: no such device"
    state = ex.crashing(128, last_reason="StartError", last_message=unknown)

    assert "cannot be started (StartError):" in told(ex.broken(state)).why


def test_the_apostrophe_of_a_negation_names_no_host() -> None:
    line = "** server can't find ledger-db.example: NXDOMAIN"

    said = told(ex.broken(ex.crashing(1), text=line)).why

    assert "the host name (ledger-db.example) cannot be resolved" in said


def test_a_node_that_is_lost_has_not_refused_its_pods() -> None:
    lost = ex.pod(phase="Failed", reason="NodeLost", node="node-1")

    said = told(ex.snapshot_of(ex.deployment(), lost))

    assert "was shut down or no longer answers" in said.why
    assert said.to_do.startswith("See whether node node-1 comes back")


def test_a_service_that_lost_its_pods_is_not_called_broken_since_it_was_made() -> None:
    service = ServiceSummary(
        ref=ex.ref("Service", "web"), selector={"app": "wbe"}, created_at=ex.ago(90 * 86_400)
    )
    labelled = PodTemplate(containers=(ex.spec(),), labels={"app": "web"})
    seen = ex.snapshot_of(service, ex.deployment(ready=1, template=labelled))

    assert only(seen).since is None


@pytest.mark.parametrize(
    ("impact", "words", "down"),
    [
        (Impact(ready=0, wanted=2), "0 of 2 pods ready", True),
        (Impact(ready=1, wanted=2), "1 of 2 pods ready", False),
        (Impact(ready=0, wanted=0), "no pods wanted", False),
    ],
)
def test_what_wants_no_pods_is_not_down(impact: Impact, words: str, down: bool) -> None:
    assert (str(impact), impact.is_down) == (words, down)


def test_a_budget_is_not_put_down_to_pods_without_a_controller_unless_that_was_said() -> None:
    budget = DisruptionBudgetSummary(ref=ex.ref("PodDisruptionBudget", "web"), allowed=0)
    said = ex.event("CalculateExpectedPodCountFailed", "jobs.batch has no scale", about=budget.ref)

    why = told(ex.snapshot_of(budget, said)).why

    assert "jobs.batch has no scale" in why
    assert "no controller owns" not in why


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("unable to fetch metrics: the server could not find the requested resource", "API of"),
        ("unable to fetch metrics from custom metrics API: no such metric", "no such metric"),
    ],
)
def test_a_metrics_api_that_lacks_one_metric_does_answer(message: str, words: str) -> None:
    idle = Condition(type="ScalingActive", status="False", reason="FailedGet", message=message)
    scaler = AutoscalerSummary(
        ref=ex.ref("HorizontalPodAutoscaler", "web"),
        target=ex.WEB,
        conditions=(idle,),
        created_at=ex.ago(900),
    )

    why = told(ex.snapshot_of(scaler)).why

    assert words in why
    assert ("does not answer" in why) == (words == "API of")


def went_wrong(**changes: Any) -> ClusterSnapshot:
    """A new revision that crashes, over one that was available."""
    return ex.snapshot_of(
        ex.deployment(last=ex.earlier(ex.change("image", "web:1", "web:2")), **changes),
        ex.pod(ex.crashing(1)),
        ex.log("ValueError: no ledger"),
    )


def test_where_a_revision_is_to_blame_the_way_back_is_the_first_thing_to_do() -> None:
    said = told(went_wrong())

    assert said.go_back == "Take Deployment/web back to revision 6, which was available."
    assert said.go_back_command == "kubectl -n shop rollout undo deployment/web --to-revision=6"
    first, second = to_do(False, [], said)  # noqa: FBT003 - that it is not fixed
    assert (first.text, first.command) == (said.go_back, said.go_back_command)
    assert second.text == "Correct the new revision before it is deployed again."


def test_what_no_revision_brought_has_no_way_back() -> None:
    assert told(ex.broken(ex.crashing(1), text="ValueError: no ledger")).go_back == ""


@pytest.mark.parametrize(
    ("outcome", "rule", "advised_"),
    [
        (Outcome.REFUSED, "mode_never", True),
        (Outcome.REFUSED, "young_rollout", False),
        (Outcome.REFUSED, "declined", False),
        (Outcome.FAILED, None, True),
        (Outcome.UNDONE, None, False),
        (Outcome.AWAITING_APPROVAL, "migration", False),
        (Outcome.APPLIED, None, False),
    ],
)
def test_going_back_by_hand_is_advised_only_where_it_was_neither_tried_nor_is_asked_for(
    outcome: Outcome, rule: str | None, *, advised_: bool
) -> None:
    said = told(went_wrong())
    result = ActionResult(
        action=RolloutUndo(target=ex.WEB, to_revision=6), outcome=outcome, rule=rule
    )

    steps = to_do(False, [result], said)  # noqa: FBT003 - that it is not fixed

    assert (said.go_back in [step.text for step in steps]) == advised_


def test_all_variables_that_are_missing_are_set_and_credentials_are_not() -> None:
    line = "fatal: LEDGER_REGION, LEDGER_ZONE and LEDGER_PASSWORD must be set"

    said = advised(ex.broken(ex.crashing(1), text=line))

    assert said.text.startswith(
        "Set LEDGER_REGION and LEDGER_ZONE on container main, and put that into"
    )
    assert said.text.endswith("Take LEDGER_PASSWORD from a Secret.")
    assert (said.command or "").endswith("-c main LEDGER_REGION=<value> LEDGER_ZONE=<value>")


@pytest.mark.parametrize(
    ("owner", "where"),
    [
        (None, "on container main, and put that into the manifest it is deployed from, so"),
        (
            Deployer(tool="helm", name="Helm", unit="release shop"),
            "on container main, in the values of Helm release shop. Not with kubectl: the next",
        ),
        (
            Deployer(tool="git", name="Flux"),
            "on container main, in Git, from where Flux deploys it. Not with kubectl: that is",
        ),
    ],
)
def test_what_is_to_be_set_is_set_where_it_stands(owner: Deployer | None, where: str) -> None:
    seen = ex.snapshot_of(
        ex.deployment(managed_by=owner),
        ex.pod(ex.crashing(1)),
        ex.log("fatal: setting LEDGER_REGION must not be empty"),
    )

    assert where in told(seen).to_do


def test_a_paused_workload_of_a_git_tool_is_resumed_where_it_is_deployed_from() -> None:
    git = Deployer(tool="git", name="Argo CD", unit="application shop")
    old = (Condition(type="Available", status="False", since=ex.ago(7200)),)
    paused = ex.deployment(paused=True, conditions=old, managed_by=git, created_at=ex.ago(9000))

    said = told(ex.snapshot_of(paused))

    assert "take paused out of Git, from where Argo CD application shop deploys it" in said.to_do
    assert said.command is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Deployment", "shop/web"),
        ("Service", "shop/web (Service)"),
        ("Namespace", "web (Namespace)"),
    ],
)
def test_messages_call_two_things_of_one_name_by_their_kinds(kind: str, name: str) -> None:
    assert place_and_name(ex.ref(kind, "web")) == name


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (None, "seen for 25 min, 0 of 2 pods ready"),
        (samples.STARTED - timedelta(hours=3), "down for 3 h, 0 of 2 pods ready"),
    ],
)
def test_a_problem_whose_beginning_is_not_known_was_seen_for_so_long(
    since: datetime | None, words: str
) -> None:
    begun = samples.STARTED - timedelta(minutes=25)
    held = Incident(
        fingerprint="ab",
        kind="missing_env",
        target=samples.ref(),
        first_seen=begun,
        last_seen=begun,
    )
    part = samples.namespace(findings=(samples.finding(since=since),), incidents=(held,))

    (chapter,) = chapters(samples.report(part))

    assert chapter.cases[0].severity == words


def test_the_log_of_a_job_is_that_of_the_container_that_fails() -> None:
    owner: dict[str, Any] = {"ref": ex.ref("Pod", "load-x1"), "owner": ex.ref("Job", "load")}
    states = (ex.ended(0, name="a-seed"), ex.crashing(1, name="b-load"))
    job = JobSummary(ref=ex.ref("Job", "load"), active=1, started_at=ex.ago(120))
    seen = ex.snapshot_of(job, ex.pod(*states, replica_set=None, **owner))

    assert told(seen).command == "kubectl -n shop logs job/load -c b-load --tail=50"


@pytest.mark.parametrize(("minutes", "said"), [(150, "its last run took 2 h 30 min"), (5, "")])
def test_a_crash_after_a_long_run_says_how_long_it_ran(minutes: int, said: str) -> None:
    end = ex.ago(30)
    times = {"last_started_at": end - timedelta(minutes=minutes), "last_finished_at": end}

    line = str(only(ex.broken(ex.crashing(1, **times), text="fatal")).evidence[0])

    assert ("its last run took" in line) is bool(said)
    assert said in line


def _needed_without_replicas(**scaler: Any) -> Explanation:
    service = ServiceSummary(ref=ex.ref("Service", "web"), selector={"app": "web"})
    stopped = ex.deployment(desired=0, template=PodTemplate(labels={"app": "web"}))
    refused = ex.log("GET http://web/orders: connection refused", "orders-1", previous=False)
    ref = ex.ref("HorizontalPodAutoscaler", "web")
    scalers = (AutoscalerSummary(ref=ref, target=ex.WEB, **scaler),) if scaler else ()
    return told(ex.snapshot_of(stopped, service, refused, *scalers))


@pytest.mark.parametrize(
    ("scaler", "cause", "advice", "command"),
    [
        ({}, "scaled to 0 replicas, but", "if no one scaled it down on purpose.", "scale"),
        (
            {"min_replicas": 2},
            "scaled to 0 replicas, but",
            "purpose. HorizontalPodAutoscaler/web does nothing while it has none.",
            "--replicas=2",
        ),
        (
            {"min_replicas": 0},
            "scaled to 0 replicas by HorizontalPodAutoscaler/web, but",
            "Let HorizontalPodAutoscaler/web keep a replica",
            "describe hpa web",
        ),
        (
            # KEDA's autoscaler wants one replica at least: KEDA itself scales to none and back.
            {"min_replicas": 1, "made_by": "ScaledObject.keda.sh/web"},
            "scaled to 0 replicas, but",
            "Let ScaledObject.keda.sh/web keep a replica",
            "describe hpa web",
        ),
        (
            {
                "made_by": "ScaledObject.keda.sh/web",
                "conditions": (Condition(type="ScaledToZero", status="True"),),
            },
            "by ScaledObject.keda.sh/web, but",
            "Let ScaledObject.keda.sh/web keep a replica",
            "describe hpa web",
        ),
    ],
)
def test_what_scaled_a_needed_deployment_to_zero_is_named(
    scaler: dict[str, Any], cause: str, advice: str, command: str
) -> None:
    found = _needed_without_replicas(**scaler)

    assert cause in found.why
    assert advice in found.to_do
    assert command in (found.command or "")
