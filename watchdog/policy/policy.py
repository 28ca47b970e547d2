"""The gate between a plan and the API server: pure, and to be read by an auditor.

`RULES`, at the end, are asked in order. The first refusal wins; else the first rule that wants an
approval; else the action is allowed. They are asked once about the plan, before anything is read,
and again about the exact write (`Context.write`), with the live object in hand. Assume that an
attacker writes the plan, through the logs: nothing here believes an action's parameters. The rules
about the values themselves are in bounds.py, those about earlier tries in retries.py, those about
going back and about young rollouts in rollback.py, and what holds everything back is in guards.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from watchdog.actions import RemediationAction
from watchdog.detection import nodes
from watchdog.kube.resources import AUTOSCALERS, DEPLOYMENTS, NAMESPACES, PODS, REPLICASETS
from watchdog.observation.deployer import RELEASE, deployer
from watchdog.policy import bounds, guards, retries, rollback
from watchdog.policy.verdict import ALLOWED, Context, Rule, Verdict, ask, refuse
from watchdog.snapshot.deployer import conduct
from watchdog.snapshot.snapshot import PARTS
from watchdog.snapshot.workloads import ContainerState, PodSummary

OURS = "sre-watchdog"
# An unreadable log forbids no write: what it says decides nothing here.
_MUST_BE_SEEN = {item.plural for item in (NAMESPACES, PODS, DEPLOYMENTS, REPLICASETS)}
_PROVEN = frozenset({"revision", "approved"})
_STARTING = frozenset({"", "ContainerCreating", "PodInitializing"})
# A pod that crashed so often, the last time so lately, is ready only between two crashes. The
# kubelet's longest back-off is five minutes.
_CRASHES = 2
_CRASH_WINDOW_SECONDS = 600


def judge(action: RemediationAction, context: Context) -> Verdict:
    """Whether this may be done, and by which rule not; see the module's own words."""
    wants = ALLOWED
    for rule in RULES:
        verdict = rule(action, context)
        if verdict is not None and verdict.decision == "refuse":
            return verdict
        if verdict is not None and wants is ALLOWED:
            wants = verdict
    return wants


def advisable(action: RemediationAction, context: Context) -> bool:
    """Whether it may be shown to a person as a change to make in Git.

    Only whose object it is, and what an operator allows this product to do, may stand against it.
    """
    verdicts = (rule(action, context) for rule in RULES if rule not in _OURS_ALONE)
    return all(v is None or v.decision != "refuse" for v in verdicts)


def judge_undo(action: RemediationAction, context: Context) -> Verdict:
    """Whether our own write may be taken back: whose object it is, stops, what is never done."""
    verdicts = (rule(action, context) for rule in (*WHOSE, allowed_here, mode))
    return next((v for v in verdicts if v is not None and v.decision == "refuse"), ALLOWED)


def watched(action: RemediationAction, context: Context) -> Verdict | None:
    """Only the namespace that was looked at, and never Kubernetes' own."""
    namespace = action.target.namespace
    if namespace.startswith("kube-"):
        return refuse("protected_namespace", f"{namespace} belongs to Kubernetes itself")
    if namespace != context.snapshot.namespace:
        return refuse("other_namespace", f"namespace {namespace} was not the one looked at")
    return None


def not_our_own(action: RemediationAction, context: Context) -> Verdict | None:
    """Never an object of a watchdog, or of the release that installed this one."""
    seen = context.workload(action)
    labels = dict(seen.template.labels) if seen else {}
    releases = {seen.managed_by.release} if seen and seen.managed_by else set()
    if context.write:
        metadata = context.write.live["metadata"]
        labels |= metadata.get("labels") or {}
        releases.add((metadata.get("annotations") or {}).get(RELEASE))
    name = context.settings.release_name
    of_release = name and (name in releases or labels.get("app.kubernetes.io/instance") == name)
    if labels.get("app.kubernetes.io/name") == OURS or of_release:
        return refuse("own_release", "the watchdog does not touch its own objects")
    return None


def carries_a_finding(action: RemediationAction, context: Context) -> Verdict | None:
    """Only what is broken, and only by an action that can help against that failure."""
    findings = context.about(action)
    if not findings:
        return refuse("no_finding", f"no rule sees anything wrong with {action.target}")
    if all(nodes.is_about_a_node(found) for found in findings):
        return refuse("node", "its pods are on a node that fails: no change of them repairs that")
    if not any(action.kind in context.legal.get(found.kind, ()) for found in findings):
        names = ", ".join(sorted({found.kind for found in findings}))
        return refuse("illegal_for_finding", f"{action.kind} is no remedy for {names}")
    return None


def right_kind_of_target(action: RemediationAction, _context: Context) -> Verdict | None:
    """Each action changes one kind of object."""
    if action.target.kind != action.target_kind:
        return refuse("wrong_target", f"{action.kind} is for a {action.target_kind}")
    return None


def fully_seen(action: RemediationAction, context: Context) -> Verdict | None:
    """No write to what was not read in full: what could not be read might forbid it."""
    seen = context.workload(action)
    if seen is None or not seen.uid:
        return refuse("not_seen", f"{action.target} was not read in full")
    for spot in context.snapshot.blind_spots:
        in_part = spot.resource == PARTS and spot.subject == str(seen.ref)
        if in_part or spot.resource in _MUST_BE_SEEN:
            return refuse("blind_spot", f"could not read {spot.what}: {spot.why}")
    return None


def mode(action: RemediationAction, context: Context) -> Verdict | None:
    """`auto`, `approve` or `never`, by the operator's settings for the kind and the namespace."""
    settings, namespace = context.settings, action.target.namespace
    observes = settings.policy(namespace).mode == "observe"
    match settings.mode(action.kind, namespace):
        case "never" if observes:
            return refuse("mode_never", f"namespace {namespace} is only observed (mode observe)")
        case "never":
            return refuse("mode_never", f"{action.kind} is switched off (actions: never)")
        case "approve":
            return ask("mode_approve", f"{action.kind} needs an approval")
    return None


def not_stopped(action: RemediationAction, context: Context) -> Verdict | None:
    """A paused namespace, and a workload that opted out, are left alone."""
    if context.snapshot.paused_until is not None:
        why = context.snapshot.paused_until
        return refuse("paused", f"namespace {action.target.namespace} is paused ({why})")
    held = context.annotations(action)
    if opted_out(held):
        return refuse(
            "ignored", f"the annotation {OURS}/ignore on {context.owner(action)} forbids it"
        )
    return None


def opted_out(annotations: Mapping[str, str]) -> bool:
    """Whether a workload with these annotations is to be left alone."""
    return annotations.get(f"{OURS}/ignore", "false").strip().lower() != "false"


def allowed_here(action: RemediationAction, context: Context) -> Verdict | None:
    """The annotation `allow` narrows the kinds for the workload that carries it."""
    allow = context.annotations(action).get(f"{OURS}/allow")
    if allow is not None and action.kind not in {part.strip() for part in allow.split(",")}:
        return refuse(
            "not_allowed_here", f"the annotation {OURS}/allow does not list {action.kind}"
        )
    return None


def not_anothers(action: RemediationAction, context: Context) -> Verdict | None:
    """What a controller or a Git tool deploys would be put back by it; a deleted pod would not."""
    if action.target_kind == "Pod":
        return None
    seen = context.workload(action)
    live = deployer(context.write.live) if context.write else None
    for owner in (seen.managed_by if seen else None, live):
        row = conduct(owner)
        if owner is not None and row.left_alone:
            rule = f"managed_by_{owner.tool}"
            return refuse(rule, row.refusal.format(owner=owner, target=action.target))
    return None


def not_autoscaled(action: RemediationAction, context: Context) -> Verdict | None:
    """Replicas are the autoscaler's where there is one, and ours only if autoscalers were read."""
    if action.kind != "scale_deployment":
        return None
    seen = context.deployment(action)
    if seen and seen.autoscaled_by:
        return refuse(
            "autoscaled", f"HorizontalPodAutoscaler/{seen.autoscaled_by} sets the replicas"
        )
    if any(spot.resource == AUTOSCALERS.plural for spot in context.snapshot.blind_spots):
        return refuse("blind_spot", "could not read whether an autoscaler sets the replicas")
    return None


def not_rolling(action: RemediationAction, context: Context) -> Verdict | None:
    """Someone's rollout goes on undisturbed while nothing of it has failed; paused ones too."""
    seen = context.deployment(action)
    if seen is None or action.target_kind != "Deployment":
        return None
    live = context.write.live if context.write else {}
    if seen.paused or live.get("spec", {}).get("paused"):
        return refuse("deployment_paused", f"{action.target} is paused: someone is working on it")
    status = live.get("status", {})
    generation = live.get("metadata", {}).get("generation", seen.generation)
    if status.get("observedGeneration", seen.observed_generation) < generation:
        return refuse("rollout_in_progress", f"{action.target} was changed a moment ago")
    progressing = seen.condition("Progressing")
    overdue = progressing is not None and progressing.status == "False"
    failure = seen.condition("ReplicaFailure")
    failed = (
        overdue or (failure is not None and failure.status == "True") or _failed(action, context)
    )
    if seen.updated < seen.desired and not failed:
        return refuse("rollout_in_progress", f"a rollout of {action.target} is still going on")
    return None


def small_blast_radius(action: RemediationAction, context: Context) -> Verdict | None:
    """Pods are rolled unasked where most are down anyway, or to undo what never worked.

    Putting one value back is an undo too, where it comes from a revision that was available: those
    pods that still serve are of an earlier revision, and go only once the new ones are ready.
    """
    seen = context.deployment(action)
    if not action.changes_template or seen is None:
        return None
    live = context.write.live if context.write else {}
    strategy = live.get("spec", {}).get("strategy", {}).get("type", seen.strategy)
    if "Recreate" in (seen.strategy, strategy):
        return ask("recreate", f"{action.target} replaces all its pods at once (strategy Recreate)")
    never_worked = seen.current is not None and not seen.current.available
    origin = context.write.material.origin if context.write else "revision"
    if never_worked and origin in _PROVEN:
        return None
    status = live.get("status", {})
    desired = live.get("spec", {}).get("replicas", seen.desired)
    ready = max(seen.ready, status.get("readyReplicas", 0))
    crashing = _crashing(action, context)
    # A pod that was seen to crash may be ready by the time that the workload's counts are read.
    beside = max(ready, status.get("replicas", desired)) - len(crashing)
    # Never fewer than the workload's own status says, but for pods that are proven to crash: those
    # that only look like them may be anybody's.
    serve = max(0, min(ready - sum(pod.ready for pod in crashing), beside))
    if serve * 2 >= desired:
        return ask("blast_radius", f"{serve} of {desired} pods are ready and would be replaced")
    return None


def _failed(action: RemediationAction, context: Context) -> bool:
    """Whether something of the workload has failed: a container, or a pod that a finding names."""
    named = any(found.pods for found in context.about(action))
    pods = context.snapshot.pods_of(context.owner(action))
    return named or any(_broken(state) for pod in pods for state in pod.containers)


def _crashing(action: RemediationAction, context: Context) -> list[PodSummary]:
    """The pods that are ready, if at all, until their next crash: they serve no one for long."""
    now = context.snapshot.taken_at
    return [
        pod
        for pod in context.snapshot.pods_of(context.owner(action))
        if pod.deleted_at is None and any(_keeps_crashing(state, now) for state in pod.containers)
    ]


def _keeps_crashing(state: ContainerState, now: datetime) -> bool:
    ended = state.last_finished_at
    if ended is None or state.last_exit_code == 0 or state.restarts < _CRASHES:
        return False
    return (now - ended).total_seconds() < _CRASH_WINDOW_SECONDS


def _broken(state: ContainerState) -> bool:
    waiting = state.state == "waiting" and state.reason not in _STARTING
    return waiting or state.restarts > 0 or state.exit_code not in (None, 0)


_OURS_ALONE: tuple[Rule, ...] = (
    not_stopped,
    not_anothers,
    allowed_here,
    mode,
    guards.within_a_window,
)
WHOSE: tuple[Rule, ...] = (watched, not_our_own, not_stopped, not_anothers)
RULES: tuple[Rule, ...] = (
    *WHOSE,
    right_kind_of_target,
    carries_a_finding,
    allowed_here,
    fully_seen,
    *retries.RULES,
    mode,
    not_autoscaled,
    not_rolling,
    *bounds.RULES,
    *rollback.RULES,
    small_blast_radius,
    *guards.RULES,
)
