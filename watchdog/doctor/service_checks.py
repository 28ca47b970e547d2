"""What a pass speaks to beside the API server: the model, Slack, Pushgateway and the rest."""

from __future__ import annotations

from collections.abc import Iterator

from watchdog.actions import ACTIONS
from watchdog.clock import Budget
from watchdog.doctor.check import Check
from watchdog.errors import DeliveryError, ModelError
from watchdog.settings.group import shown_address
from watchdog.settings.schema import Settings

_PROBE_SECONDS = 20.0
# Any one of the scopes, and what is missing without it.
_READ_BACK = (
    {"channels:history", "groups:history"},
    "a message is not looked for when Slack's answer to it was lost",
)
_REACTIONS = (
    {"reactions:read"},
    "no reaction approves a change, and no stop sign pauses a namespace",
)


def model(settings: Settings, budget: Budget) -> Check:
    """Whether the model answers, or that the rules diagnose alone."""
    llm = settings.llm
    if not llm.configured:
        held = llm.api_key or llm.base_url
        return Check(
            subject="model",
            ok=False,
            detail="none is named: the rules diagnose alone",
            remedy="set SRE_AGENT_LLM__MODEL (chart: llm.model): a key alone sends nothing"
            if held
            else "",
            necessary=False,
        )
    from watchdog.llm.probe import probe

    where = shown_address(llm.base_url or "") or "OpenAI"
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


def slack(settings: Settings, budget: Budget) -> Iterator[Check]:
    """Whether Slack takes the credentials, and which scopes a feature lacks."""
    if not (settings.slack.bot_token or settings.slack.webhook_url):
        detail = "not configured: reports are in the log only"
        yield Check(subject="Slack", ok=False, detail=detail, necessary=False)
        return
    from watchdog.slack.web_client import probe

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


def approvals(settings: Settings, namespaces: tuple[str, ...]) -> Iterator[Check]:
    """A warning where changes wait for an approval that no one can give in Slack."""
    kinds = sorted(
        kind
        for kind in (action.model_fields["kind"].default for action in ACTIONS)
        if any(settings.mode(kind, namespace) == "approve" for namespace in namespaces)
    )
    if settings.dry_run or not kinds or (settings.slack.approvers and settings.slack.bot_token):
        return
    lacks = "no approver is listed" if settings.slack.bot_token else "there is no bot token"
    missing: list[str] = []
    if not settings.slack.bot_token:
        missing.append("SRE_AGENT_SLACK__BOT_TOKEN (chart: slack.existingSecret)")
    if not settings.slack.approvers:
        missing.append(
            "SRE_AGENT_SLACK__APPROVERS to Slack user ids (chart: slack.approvers: [U...])"
        )
    remedy = f"set {' and '.join(missing)}"
    yield Check(
        subject="approvals in Slack",
        ok=False,
        detail=f"{lacks}: only the annotation sre-watchdog/approve allows {', '.join(kinds)}",
        remedy=remedy,
        necessary=False,
    )


def gateway(settings: Settings, budget: Budget) -> Check:
    """Whether the Pushgateway is ready."""
    if not settings.pushgateway.url:
        detail = "not configured: no metrics, so no alert says when passes stop"
        return Check(subject="Pushgateway", ok=False, detail=detail, necessary=False)
    from watchdog.integrations.pushgateway import ready

    found = ready(settings, budget)
    return Check(
        subject="Pushgateway",
        ok=found.ok,
        detail="ready" if found.ok else str(found.error),
        remedy="" if found.ok else "check SRE_AGENT_PUSHGATEWAY__URL (chart: pushgateway.url)",
    )


def alertmanager(settings: Settings, budget: Budget) -> Check:
    """Whether an Alertmanager answers."""
    if not settings.alertmanager.addresses:
        detail = "not configured: no one is paged for what needs you"
        return Check(subject="Alertmanager", ok=False, detail=detail, necessary=False)
    from watchdog.integrations.alertmanager_api import reachable

    found = reachable(settings, budget)
    others = " (chart: alertmanager.url)"
    if settings.alertmanager.urls:
        others = " and SRE_AGENT_ALERTMANAGER__URLS (chart: alertmanager.url, alertmanager.urls)"
    return Check(
        subject="Alertmanager",
        ok=found.ok,
        detail="answers" if found.ok else str(found.error),
        remedy="" if found.ok else f"check SRE_AGENT_ALERTMANAGER__URL{others}",
    )


def messengers(settings: Settings) -> Iterator[Check]:
    """Whether each address is one that a messenger accepts; nothing is sent."""
    from watchdog.messengers import apprise_client

    for name, url in settings.notify.urls.items():
        try:
            apprise_client.check(url.get_secret_value())
        except DeliveryError as error:
            remedy = "check SRE_AGENT_NOTIFY__URLS (chart: notify.existingSecret)"
            yield Check(subject=f"messenger {name}", ok=False, detail=str(error), remedy=remedy)
        else:
            detail = "the address can be used; whether it takes messages shows when one is sent"
            yield Check(subject=f"messenger {name}", ok=True, detail=detail)


def held_back(settings: Settings, budget: Budget) -> Iterator[Check]:
    """Whether Prometheus answers the query; nothing where none is set, as most run it."""
    if not settings.blocker.configured:
        return
    from watchdog.integrations.change_freeze import blocker

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
