"""What works and what is missing before a pass: permissions, memory, model, Slack, Pushgateway,
Alertmanager, and the query that holds changes back.

Reads and asks only. The one thing that it sends is a tiny question to the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Protocol

from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.table import Table

from watchdog import rights
from watchdog.actions import ACTIONS
from watchdog.actions.action import Grant, Object
from watchdog.clock import Budget
from watchdog.errors import (
    ClusterError,
    DeliveryError,
    ForbiddenError,
    ModelError,
    NotFoundError,
    RejectedError,
)
from watchdog.resources import CONFIGMAPS, DEPLOYMENTS, LEASES, NAMESPACES, Resource
from watchdog.settings import Settings

_PROBE_SECONDS = 20.0
_OWN = ((CONFIGMAPS, "memory between passes"), (LEASES, "the lock between passes"))
# Any one of the scopes, and what is missing without it.
_READ_BACK = (
    {"channels:history", "groups:history"},
    "a message is not looked for when Slack's answer to it was lost",
)
_REACTIONS = (
    {"reactions:read"},
    "no reaction approves a change, and no stop sign pauses a namespace",
)


class Items(Protocol):
    """The answer to a list."""

    @property
    def items(self) -> list[Object]: ...  # noqa: D102 - as in kube.py


class Cluster(Protocol):
    """What the doctor asks of the API server."""

    @property
    def namespace(self) -> str: ...  # noqa: D102 - as in kube.py

    def get(self, resource: Resource, namespace: str, name: str, /) -> Object: ...  # noqa: D102

    def may(  # noqa: D102, PLR0913, PLR0917 - as in kube.py
        self,
        verb: str,
        group: str,
        resource: str,
        namespace: str,
        name: str = "",
        subresource: str = "",
    ) -> bool: ...

    def list(self, resource: Resource, namespace: str, /, *, limit: int) -> Items: ...  # noqa: D102

    def patch(  # noqa: D102 - as in kube.py
        self,
        resource: Resource,
        namespace: str,
        name: str,
        operations: Sequence[Object],
        *,
        dry_run: bool,
    ) -> Object: ...


class Check(BaseModel):
    """One thing that was tried. `remedy` is the line of YAML, or the setting, that would mend it.

    What is not `necessary` is good to have: a pass runs without it.
    """

    model_config = ConfigDict(frozen=True)

    subject: str
    ok: bool
    detail: str
    remedy: str = ""
    necessary: bool = True


def examine(settings: Settings, cluster: Cluster, budget: Budget) -> list[Check]:
    """Everything that a pass with these settings relies on.

    Raises ClusterError where the API server cannot be asked at all.
    """
    found: list[Check] = []
    for namespace in settings.namespaces or (cluster.namespace,):
        there = _namespace(cluster, namespace)
        found.append(there)
        if there.ok:
            found += _permissions(settings, cluster, namespace)
            found += _own_objects(settings, cluster, namespace)
            found += _wall(settings, cluster, namespace)
    found += [_model(settings, budget), *_slack(settings, budget)]
    found += _approvals(settings, settings.namespaces or (cluster.namespace,))
    found += [_gateway(settings, budget), _alertmanager(settings, budget)]
    return [*found, *_held_back(settings, budget)]


def sound(checks: list[Check]) -> bool:
    """Whether all that is necessary works."""
    return all(check.ok for check in checks if check.necessary)


def show(checks: list[Check], to: IO[str]) -> None:
    """The checks as a table, and below it what to do about those that failed."""
    # Off a terminal nothing says how wide a line may be, and logs do not wrap.
    console = Console(file=to, width=None if to.isatty() else 160, highlight=False)
    table = Table("", "what", "", box=None, pad_edge=False, show_header=False)
    for check in checks:
        sign = "✓ works" if check.ok else "✗ MISSING" if check.necessary else "- without"
        table.add_row(sign, check.subject, check.detail)
    console.print(table, markup=False)
    remedies = [check for check in checks if check.remedy and not check.ok]
    for check in remedies:
        console.print(f"\n{check.subject}: {check.detail}. To mend it:", markup=False)
        console.print(f"  {check.remedy}", markup=False, soft_wrap=True)
    missing = sum(not check.ok for check in checks if check.necessary)
    console.print(f"\n{f'{missing} missing' if missing else 'All that a pass needs works'}.")


def _namespace(cluster: Cluster, namespace: str) -> Check:
    subject = f"namespace {namespace}"
    try:
        cluster.get(NAMESPACES, "", namespace)
    except NotFoundError:
        remedy = f"kubectl create namespace {namespace}, or leave it out of watch.namespaces"
        return Check(subject=subject, ok=False, detail="does not exist", remedy=remedy)
    except ForbiddenError:
        # The permission itself is a row of its own, with its remedy.
        return Check(subject=subject, ok=True, detail="cannot be read: it is taken to exist")
    return Check(subject=subject, ok=True, detail="exists")


def _permissions(settings: Settings, cluster: Cluster, namespace: str) -> Iterator[Check]:
    """One row where all is granted, else one for each resource that lacks a verb."""
    wanted = rights.needed(settings, namespace)
    lacking: dict[tuple[str, str, str], list[str]] = {}
    for grant in wanted:
        if not _granted(cluster, grant, namespace):
            key = (grant.group, grant.resource, grant.name)
            lacking.setdefault(key, []).append(grant.verb)
    if not lacking:
        detail = f"all {len(wanted)} granted"
        yield Check(subject=f"permissions in {namespace}", ok=True, detail=detail)
    for (group, resource, name), verbs in lacking.items():
        only = f" {name}" if name else ""
        yield Check(
            subject=f"{', '.join(verbs)} {resource}{only} in {namespace}",
            ok=False,
            detail="not granted",
            remedy=_rule(group, resource, name, verbs),
        )


def _granted(cluster: Cluster, grant: Grant, namespace: str) -> bool:
    resource, _, subresource = grant.resource.partition("/")
    return cluster.may(grant.verb, grant.group, resource, namespace, grant.name, subresource)


def _rule(group: str, resource: str, name: str, verbs: list[str]) -> str:
    """The line of a Role in that namespace that would grant it."""
    only = f', resourceNames: ["{name}"]' if name else ""
    held = ", ".join(f'"{verb}"' for verb in verbs)
    return f'- {{apiGroups: ["{group}"], resources: ["{resource}"]{only}, verbs: [{held}]}}'


def _own_objects(settings: Settings, cluster: Cluster, namespace: str) -> Iterator[Check]:
    """Without them a pass observes and reports, and changes nothing."""
    for resource, use in _OWN:
        subject = f"{resource.kind} {rights.OWN_NAME} in {namespace}"
        necessary = not settings.dry_run
        try:
            cluster.get(resource, namespace, rights.OWN_NAME)
            yield Check(subject=subject, ok=True, detail=f"there, for {use}", necessary=necessary)
        except NotFoundError:
            yield _absent(cluster, resource, namespace, use, necessary=necessary)
        except ForbiddenError:
            continue  # among the permissions already
        except ClusterError as error:
            yield Check(subject=subject, ok=False, detail=str(error), necessary=necessary)


def _absent(
    cluster: Cluster, resource: Resource, namespace: str, use: str, *, necessary: bool
) -> Check:
    subject = f"{resource.kind} {rights.OWN_NAME} in {namespace}"
    if cluster.may("create", resource.group, resource.plural, namespace):
        detail = f"the first pass that needs it makes it, for {use}"
        return Check(subject=subject, ok=True, detail=detail, necessary=necessary)
    version = "/".join(part for part in (resource.group, resource.version) if part)
    return Check(
        subject=subject,
        ok=False,
        detail=f"does not exist: no {use.removeprefix('the ')}, so nothing is changed",
        remedy=(
            f"{{apiVersion: {version}, kind: {resource.kind}, "
            f"metadata: {{name: {rights.OWN_NAME}, namespace: {namespace}}}}}"
        ),
        necessary=necessary,
    )


def _wall(settings: Settings, cluster: Cluster, namespace: str) -> Iterator[Check]:
    """Whether the API server itself refuses what no action writes: tried, as a dry run."""
    if settings.dry_run or settings.policy(namespace).mode == "observe":
        return
    mark = {"op": "add", "path": "/metadata/annotations", "value": {"sre-watchdog/ignore": "true"}}
    try:
        found = cluster.list(DEPLOYMENTS, namespace, limit=1).items
        if not found:
            return
        name = found[0]["metadata"]["name"]
        cluster.patch(DEPLOYMENTS, namespace, name, [mark], dry_run=True)
    except RejectedError:
        detail = "the API server refuses what no action writes"
        yield Check(subject=f"admission policy in {namespace}", ok=True, detail=detail)
    except ClusterError:
        return  # among the permissions already
    else:
        yield Check(
            subject=f"admission policy in {namespace}",
            ok=False,
            detail="none binds these credentials: only the watchdog's own code does",
            remedy="helm: admissionPolicy.enabled=true (Kubernetes 1.30 or newer)",
            necessary=False,
        )


def _model(settings: Settings, budget: Budget) -> Check:
    llm = settings.llm
    if not llm.configured:
        detail = "not configured: the rules diagnose alone"
        return Check(subject="model", ok=False, detail=detail, necessary=False)
    from watchdog.diagnosis.llm import probe

    where = llm.base_url or "OpenAI"
    try:
        answered = probe(llm, Budget(min(_PROBE_SECONDS, budget.remaining()), budget.clock))
    except ModelError as error:
        remedy = (
            "check SRE_AGENT_LLM__BASE_URL, SRE_AGENT_LLM__MODEL and SRE_AGENT_LLM__API_KEY "
            "(chart: llm.baseUrl, llm.model, llm.existingSecret)"
        )
        subject = f"model {llm.model_name} at {where}"
        return Check(subject=subject, ok=False, detail=str(error), remedy=remedy)
    return Check(subject=f"model {llm.model_name} at {where}", ok=True, detail=answered)


def _slack(settings: Settings, budget: Budget) -> Iterator[Check]:
    if not (settings.slack.bot_token or settings.slack.webhook_url):
        detail = "not configured: reports are in the log only"
        yield Check(subject="Slack", ok=False, detail=detail, necessary=False)
        return
    from watchdog.report.slack import probe

    channels = {policy.channel for policy in settings.policies.values() if policy.channel}
    if settings.slack.bot_token and not (settings.slack.channel or channels):
        yield Check(
            subject="Slack",
            ok=False,
            detail="there is a bot token and no channel",
            remedy='set SRE_AGENT_SLACK__CHANNEL (chart: slack: {channel: "#ops"})',
        )
        return
    # Slack tells who is in a channel by its id only, and only with a scope that nothing else needs.
    unseen = "; whether the bot is in its channel shows only when it posts: /invite it there"
    try:
        found = probe(settings.slack, budget)
    except DeliveryError as error:
        remedy = "check SRE_AGENT_SLACK__BOT_TOKEN or __WEBHOOK_URL (chart: slack.existingSecret)"
        yield Check(subject="Slack", ok=False, detail=str(error), remedy=remedy)
        return
    detail = found.words + unseen if settings.slack.bot_token else found.words
    yield Check(subject="Slack", ok=True, detail=detail)
    if found.scopes:  # a gateway may not hand them through
        yield from _scopes(settings, found.scopes)


def _scopes(settings: Settings, held: frozenset[str]) -> Iterator[Check]:
    """A row for each scope that a feature lacks."""
    approves = bool(settings.slack.approvers)
    for (scopes, without), necessary in ((_READ_BACK, False), (_REACTIONS, approves)):
        if not scopes & held:
            yield Check(
                subject=f"Slack scope {' or '.join(sorted(scopes))}",
                ok=False,
                detail=f"not granted: {without}",
                remedy="add it under OAuth & Permissions of the Slack app, and install it again",
                necessary=necessary,
            )


def _approvals(settings: Settings, namespaces: tuple[str, ...]) -> Iterator[Check]:
    """A warning where changes wait for an approval that nobody can give in Slack."""
    kinds = sorted(
        kind
        for kind in (action.model_fields["kind"].default for action in ACTIONS)
        if any(settings.mode(kind, namespace) == "approve" for namespace in namespaces)
    )
    if settings.dry_run or not kinds or (settings.slack.approvers and settings.slack.bot_token):
        return
    lacks = "no approver is listed" if settings.slack.bot_token else "there is no bot token"
    yield Check(
        subject="approvals in Slack",
        ok=False,
        detail=f"{lacks}: only the annotation sre-watchdog/approve allows {', '.join(kinds)}",
        remedy="set SRE_AGENT_SLACK__APPROVERS to Slack user ids (chart: slack.approvers: [U...])",
        necessary=False,
    )


def _gateway(settings: Settings, budget: Budget) -> Check:
    if not settings.pushgateway.url:
        detail = "not configured: no metrics, so no alert says when passes stop"
        return Check(subject="Pushgateway", ok=False, detail=detail, necessary=False)
    from watchdog.metrics import ready

    found = ready(settings, budget)
    return Check(
        subject="Pushgateway",
        ok=found.ok,
        detail="ready" if found.ok else str(found.error),
        remedy="" if found.ok else "check SRE_AGENT_PUSHGATEWAY__URL (chart: pushgateway.url)",
    )


def _alertmanager(settings: Settings, budget: Budget) -> Check:
    if not settings.alertmanager.url:
        detail = "not configured: nobody is paged for what waits for a person"
        return Check(subject="Alertmanager", ok=False, detail=detail, necessary=False)
    from watchdog.alertmanager import reachable

    found = reachable(settings, budget)
    return Check(
        subject="Alertmanager",
        ok=found.ok,
        detail="answers" if found.ok else str(found.error),
        remedy="" if found.ok else "check SRE_AGENT_ALERTMANAGER__URL (chart: alertmanager.url)",
    )


def _held_back(settings: Settings, budget: Budget) -> Iterator[Check]:
    """Nothing is said where no query is set: that is how most run it."""
    if not settings.blocker.configured:
        return
    from watchdog.blocker import blocker

    ask = blocker(settings.blocker, budget)
    verdict = ask() if ask else None
    there = verdict is None or verdict.rule == "blocked_by_query"
    yield Check(
        subject="Prometheus, for blocker.query",
        ok=there,
        detail=verdict.reason if verdict else "answers; nothing holds changes back now",
        remedy=""
        if there
        else "check SRE_AGENT_BLOCKER__PROMETHEUS_URL and __QUERY (chart: blocker.prometheusUrl)",
    )
