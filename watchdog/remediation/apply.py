"""From a diagnosis to changes: judge, preview, ask, apply; and undo. The only sender of writes.

Nothing is decided here that policy.py could decide, and no value is made up here: see values.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from watchdog.actions import (
    CustomInstruction,
    Material,
    Object,
    Operations,
    PatchConfigMap,
    RemediationAction,
)
from watchdog.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RejectedError,
)
from watchdog.nouns import ActionResult, Diagnosis, Finding, Outcome
from watchdog.observation.snapshot import ClusterSnapshot
from watchdog.remediation.diff import Wording, describe
from watchdog.remediation.operations import applied, inverse
from watchdog.remediation.permission import Applied, Attempt, Permission, Proposal
from watchdog.remediation.policy import judge, judge_undo
from watchdog.remediation.replicasets import owned_by, revision
from watchdog.remediation.sending import Cluster, Sent, generation, preview, read, send
from watchdog.remediation.values import (
    Earlier,
    Sources,
    as_written,
    earlier_revision,
    resolve,
)
from watchdog.remediation.verdict import Context, Verdict, Write
from watchdog.settings import Settings

__all__ = ["Applied", "Attempt", "Cluster", "Permission", "Proposal", "remediate", "undo"]


def remediate(
    diagnosis: Diagnosis,
    findings: tuple[Finding, ...],
    snapshot: ClusterSnapshot,
    cluster: Cluster,
    permission: Permission,
) -> tuple[Attempt, ...]:
    """Do what the diagnosis proposes, as far as policy and permission go.

    Each action but custom_instruction, which is words for a person, gets an Attempt: what was not
    done is `refused` with its reason. Raises nothing of the cluster's.
    """
    context = Context(snapshot, findings, permission.settings, permission.legal)
    by = "suggested by the model" if diagnosis.source == "llm" else "worked out by the rules"
    attempts: list[Attempt] = []
    for action in diagnosis.remediation_actions:
        if isinstance(action, CustomInstruction):
            continue
        used = sum(attempt.counts for attempt in attempts)
        busy = {context.owner(a.result.action) for a in attempts if a.counts}
        if used >= permission.attempts_left:
            attempts.append(_refused(action, _too_many(permission.settings)))
        elif context.owner(action) in busy:
            one = Verdict("refuse", "one_at_a_time", "one change at a time: another was made here")
            attempts.append(_refused(action, one))
        else:
            attempts.append(_Try(action, context, cluster, permission, by).attempt())
    return tuple(attempts)


def undo(attempt: Attempt, cluster: Cluster, permission: Permission) -> ActionResult:
    """Take our own write back, unless somebody changed the object since: UNDONE or FAILED."""
    result, done = attempt.result, attempt.applied
    if done is None or done.generation is None or not done.back:
        return _ended(result, Outcome.FAILED, "it cannot be taken back")
    action = result.action
    try:
        live = read(cluster, action)
        same = live["metadata"]["uid"] == done.before["metadata"]["uid"]
        if not same or generation(live) != done.generation:
            return _ended(result, Outcome.FAILED, "somebody changed it since, so it was not undone")
        write = Write(live, applied(live, done.back), Material(None, "none", ""))
        verdict = judge_undo(action, replace(done.context, write=write))
        if verdict.decision == "refuse":
            return _ended(result, Outcome.FAILED, f"not undone: {verdict.reason}")
        preview(cluster, action, live, done.back)
        permission.still_ours()
        sent = send(cluster, action, live, done.back)
    except (ClusterError, LookupError) as error:
        return _ended(result, Outcome.FAILED, f"could not be undone: {error}")
    if sent.outcome is Outcome.APPLIED:
        return _ended(result, Outcome.UNDONE, "it is as it was before").model_copy(
            update={"undo": None}
        )
    return _ended(result, Outcome.FAILED, f"could not be undone: {sent.reason}")


@dataclass(frozen=True)
class _Try:
    """One action on its way through the gate."""

    action: RemediationAction
    context: Context
    cluster: Cluster
    permission: Permission
    suggested_by: str

    def attempt(self) -> Attempt:
        verdict = judge(self.action, self.context)
        if verdict.decision == "refuse":
            return _refused(self.action, verdict)
        try:
            return self._twice()
        except ConflictError:
            return self._no("changed_meanwhile", f"somebody keeps changing {self.action.target}")
        except NotFoundError:
            return self._no("gone", f"{self.action.target} is gone")
        except RejectedError as error:
            return self._no("rejected", str(error))
        except ForbiddenError as error:
            return self._failed(str(error))
        except ClusterError as error:
            return self._failed(f"nothing was changed: {error}")
        except (LookupError, TypeError):
            return self._failed("nothing was changed: the API server's answer makes no sense")

    def _twice(self) -> Attempt:
        """Read, judge and write; where somebody was faster, once more from the start."""
        try:
            return self._once()
        except ConflictError:
            return self._once()

    def _once(self) -> Attempt:
        live = read(self.cluster, self.action)
        if self._changed_since_seen(live):
            return self._no("changed_since", f"{self.action.target} was changed while we looked")
        sources = Sources(
            self._earlier(live),
            self.permission.settings,
            self.suggested_by,
            self.permission.now().isoformat(timespec="seconds"),
        )
        material = resolve(self.action, live, sources)
        if material is None:
            return self._no("no_value", "no available revision and no approval has a value")
        operations = self.action.operations(live, material.value)
        write = Write(live, applied(live, operations), material)
        verdict = judge(self.action, replace(self.context, write=write))
        if verdict.rule != "no_container" and self._in_place(live, operations):
            return self._no("already_in_place", "it is like that already")
        if verdict.decision == "refuse":
            return _refused(self.action, verdict)
        # From here on the action says what is written, not what was asked for.
        effective = replace(self, action=as_written(self.action, material))
        return effective.write(write, operations, verdict)

    def write(self, write: Write, operations: Operations, verdict: Verdict) -> Attempt:
        live, note = write.live, ""
        try:
            after = preview(self.cluster, self.action, live, operations)
        except ForbiddenError as error:
            if not self.permission.dry_run:
                raise
            after, note = write.after, f"not checked by the API server: {error}"
        proposal = Proposal(
            self.action,
            describe(self.action, live, after, self._wording(write.material)),
            write.material.source,
            verdict.reason if verdict.decision == "ask" else None,
        )
        if self.permission.dry_run:
            wants = f"would need an approval: {proposal.approval}" if proposal.approval else ""
            reason = "; ".join(part for part in (wants, note) if part)
            return self._attempt(proposal, Outcome.DRY_RUN, reason, verdict.rule, counts=True)
        consent = self.permission.consent
        if consent is None and proposal.approval:
            waits = Outcome.AWAITING_APPROVAL
            return self._attempt(proposal, waits, proposal.approval, verdict.rule)
        asks = proposal.approval or self.permission.asks_first
        if consent is not None and asks and not consent(proposal):
            return self._attempt(proposal, Outcome.REFUSED, "you declined it", "declined")
        self.permission.still_ours()
        sent = send(self.cluster, self.action, live, operations)
        return self._sent(proposal, sent, live, operations)

    def _sent(
        self, proposal: Proposal, sent: Sent, live: Object, operations: Operations
    ) -> Attempt:
        attempt = self._attempt(proposal, sent.outcome, sent.reason, None, counts=True)
        if sent.outcome is Outcome.FAILED:
            return attempt
        done = Applied(
            before=live,
            back=inverse(live, operations),
            owner=self.context.owner(self.action),
            context=self.context,
            generation=generation(sent.item) if sent.item else None,
        )
        result = attempt.result.model_copy(update={"undo": _undo_command(self.action, live)})
        return replace(attempt, result=result, applied=done)

    def _attempt(
        self,
        proposal: Proposal,
        outcome: Outcome,
        reason: str,
        rule: str | None,
        *,
        counts: bool = False,
    ) -> Attempt:
        result = ActionResult(
            action=self.action,
            outcome=outcome,
            reason=reason,
            rule=rule or None,
            diff=proposal.diff,
            source=proposal.source or None,
        )
        return Attempt(result, counts=counts)

    def _changed_since_seen(self, live: Object) -> bool:
        """Whether it is another object or spec than the one that the findings are about."""
        if self.action.target_kind == "ConfigMap":
            # Not observed; what is to be written is a key that it lacks, judged on the live object.
            return False
        if self.action.target_kind == "Pod":
            pods = self.context.snapshot.pods
            seen = next((pod.uid for pod in pods if pod.ref == self.action.target), None)
            return bool(seen != live["metadata"]["uid"])
        deployment = self.context.deployment(self.action)
        return deployment is None or (deployment.uid, deployment.generation) != (
            live["metadata"]["uid"],
            generation(live),
        )

    def _earlier(self, live: Object) -> Earlier | None:
        deployment = self.context.deployment(self.action)
        chosen = earlier_revision(self.action, deployment) if deployment else None
        if chosen is None or not self.action.changes_template:
            return None
        found = next(
            (
                r
                for r in owned_by(self.cluster, live)
                if r["metadata"]["name"] == chosen.replica_set
            ),
            None,
        )
        return Earlier(chosen.revision, found["spec"]["template"]) if found else None

    def _in_place(self, live: Object, operations: Operations) -> bool:
        if self.action.target_kind == "Pod":
            return bool(live["metadata"].get("deletionTimestamp"))
        return not operations

    def _wording(self, material: Material) -> Wording:
        deployment = self.context.deployment(self.action)
        revisions = deployment.revisions if deployment else ()
        changes = (r.changes for r in revisions if r.revision == material.revision)
        return Wording(material, next(changes, ()), self.permission.settings.harmless_env)

    def _no(self, rule: str, reason: str) -> Attempt:
        return _refused(self.action, Verdict("refuse", rule, reason))

    def _failed(self, reason: str) -> Attempt:
        return Attempt(ActionResult(action=self.action, outcome=Outcome.FAILED, reason=reason))


def _refused(action: RemediationAction, verdict: Verdict) -> Attempt:
    return Attempt(
        ActionResult(
            action=action, outcome=Outcome.REFUSED, reason=verdict.reason, rule=verdict.rule
        )
    )


def _ended(result: ActionResult, outcome: Outcome, reason: str) -> ActionResult:
    return result.model_copy(update={"outcome": outcome, "reason": reason})


def _too_many(settings: Settings) -> Verdict:
    allowed = settings.max_remediation_attempts
    if allowed == 0:
        return Verdict("refuse", "attempts", "no fixes are allowed (max_remediation_attempts is 0)")
    fixes = "1 fix per run is" if allowed == 1 else f"{allowed} fixes per run are"
    used = {1: "it is", 2: "both are"}.get(allowed, "all are")
    return Verdict(
        "refuse", "attempts", f"{fixes} allowed (max_remediation_attempts), and {used} used"
    )


def _undo_command(action: RemediationAction, live: Object) -> str | None:
    """The command with which a person takes the change back, from typed fields only."""
    where = f"kubectl -n {action.target.namespace}"
    if action.subresource == "scale":
        replicas = live["spec"].get("replicas", 1)
        return f"{where} scale deployment/{action.target.name} --replicas={replicas}"
    if isinstance(action, PatchConfigMap):
        back = [{"op": "remove", "path": f"/data/{action.key}"}]
        return f"{where} patch configmap {action.target.name} --type json -p '{json.dumps(back)}'"
    kept = live["spec"].get("revisionHistoryLimit", 10) > 0
    if not (action.changes_template and kept and revision(live)):
        return None
    return f"{where} rollout undo deployment/{action.target.name} --to-revision={revision(live)}"
