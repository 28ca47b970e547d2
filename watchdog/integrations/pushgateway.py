"""Report -> gauges -> one Pushgateway; the only importer of the Prometheus client.

Everything is a gauge about this pass: a counter would start at zero in each process, and its rate
would lie. Two groups are pushed. The picture (PUT) replaces the former one, so that what is solved
vanishes; the outcome (POST, `phase="outcome"`) holds the time of the last success, which a failed
pass leaves alone. The grouping key is job, cluster, `release_namespace` and, beyond the first, the
shard: not `namespace`, as the gateway writes its key over labels of the same name, and those name
the watched namespaces.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from watchdog import __version__
from watchdog.clock import Budget
from watchdog.errors import DeliveryError
from watchdog.integrations.answers import CallError, Fault, refuse
from watchdog.integrations.http import Call, access_of, send
from watchdog.model.outcome import Outcome
from watchdog.model.report import Delivery, NamespaceReport, Report
from watchdog.report.case import Case, Status
from watchdog.report.wording import chapters, ended
from watchdog.settings.schema import Settings

PREFIX = "sre_watchdog_"
# Name without prefix -> labels and help. Labels never hold a pod's name, an id or a message.
METRICS: dict[str, tuple[tuple[str, ...], str]] = {
    "build_info": (("version", "mode"), "Always 1; says which version ran and in which mode."),
    "shards": ((), "Passes that share the watched namespaces, each with metrics of its own."),
    "last_run_timestamp_seconds": ((), "When the last pass ended, as a Unix time."),
    "last_success_timestamp_seconds": ((), "When the last pass ended that did not fail."),
    "run_duration_seconds": ((), "How long the pass took."),
    "stage_duration_seconds": (("stage",), "How long each stage of the pass took."),
    "run_result": (
        ("result",),
        "1 for how the pass ended: ok, degraded or failed; 0 for the rest.",
    ),
    "findings": (("namespace", "kind"), "Problems found, by kind of failure."),
    "incidents_open": (("namespace",), "Problems that are not fixed at the end of the pass."),
    "needs_human": (("namespace",), "Problems that need you."),
    "incidents": (
        ("namespace", "state"),
        "Incidents that are open, by state: broken, fixing, fixed (not proven yet) or needs_you.",
    ),
    "incident_attempts": (("namespace",), "Writes made against the incidents that are open."),
    "actions": (("namespace", "kind", "outcome"), "Actions of the pass, by kind and outcome."),
    "last_action_timestamp_seconds": (
        ("namespace", "kind"),
        "When something was last changed because of this kind of failure.",
    ),
    "refusals": (("rule",), "Actions that policy refused, by rule."),
    "time_to_healthy_seconds": (
        ("namespace", "kind"),
        "From first seen to healthy again, no matter who fixed it, the longest of the pass.",
    ),
    "llm_tokens": (("type",), "Tokens of the pass: prompt, completion, total."),
    "llm_used_today": (
        ("namespace", "what"),
        "Calls and tokens of this day (UTC) for the namespace, as its memory counts them.",
    ),
    "llm_request_duration_seconds": ((), "How long the model took in this pass."),
    "llm_parse_failures": (("why",), "Namespaces for which the model gave no usable answer."),
    "blind_spots": (("namespace",), "Things that could not be read."),
    "dependency_up": (("dependency",), "1 when kubernetes, model or slack did its part, else 0."),
    "objects_scanned": (("kind",), "Objects looked at, by plural resource name."),
}
_BEAT_SECONDS = 5.0
_OUTCOME = {"phase": "outcome"}
RESULTS = ("ok", "degraded", "failed")
STATES = ("broken", "fixing", "fixed", "needs_you")
# What a case is where no memory was kept, as in a dry run.
_STATE_OF: dict[Status, str] = {"needs you": "needs_you", "would fix": "broken"}
_CHANGED = {Outcome.APPLIED, Outcome.VERIFIED, Outcome.UNDONE, Outcome.UNKNOWN}


class Sample(NamedTuple):
    """One value: the metric's name without prefix, its labels, its number."""

    name: str
    labels: dict[str, str]
    value: float


def picture(report: Report) -> Iterator[Sample]:
    """All that this pass saw and did."""
    end = ended(report).timestamp()
    yield Sample("build_info", {"version": __version__, "mode": report.mode}, 1)
    yield Sample("last_run_timestamp_seconds", {}, end)
    yield Sample("run_duration_seconds", {}, report.duration_seconds)
    for stage, seconds in report.stages.items():
        yield Sample("stage_duration_seconds", {"stage": stage}, seconds)
    for result in RESULTS:
        yield Sample("run_result", {"result": result}, float(report.result == result))
    for chapter, item in zip(chapters(report), report.namespaces, strict=True):
        yield from _of_namespace(item, chapter.cases, report)
    yield from _over_all(report)
    yield from _model(report)
    yield from _dependencies(report)


def _of_namespace(
    item: NamespaceReport, cases: tuple[Case, ...], report: Report
) -> Iterator[Sample]:
    where = {"namespace": item.namespace}
    if item.error:
        # Not looked at is not "nothing is open": no number is better than zero.
        yield Sample("blind_spots", where, len(item.blind_spots) + 1)
        return
    unfixed = [case for case in cases if case.status != "fixed"]
    yield Sample("incidents_open", where, len(unfixed))
    yield Sample("needs_human", where, sum(case.status == "needs you" for case in cases))
    yield Sample("blind_spots", where, len(item.blind_spots))
    yield from _incidents(item, cases)
    for kind, number in Counter(finding.kind for finding in item.findings).items():
        yield Sample("findings", {**where, "kind": kind}, number)
    done = Counter((result.action.kind, result.outcome.value) for result in item.actions)
    for (kind, outcome), number in done.items():
        yield Sample("actions", {**where, "kind": kind, "outcome": outcome}, number)
    end = ended(report)
    healed: dict[str, float] = {}
    for case in cases:
        kind = case.finding.kind
        if any(step.outcome in _CHANGED for step in case.steps):
            yield Sample("last_action_timestamp_seconds", {**where, "kind": kind}, end.timestamp())
        if case.status == "fixed" and case.first_seen:
            took = _to_the_fix(case, item) or max(0.0, (end - case.first_seen).total_seconds())
            healed[kind] = max(took, healed.get(kind, 0.0))
    for incident in item.incidents:
        # What a fix ended was counted by the pass that saw it verified.
        over = incident.resolved_at and incident.resolved_at >= report.started_at
        if over and not incident.helped:
            took = incident.broken_seconds or 0.0
            healed[incident.kind] = max(took, healed.get(incident.kind, 0.0))
    for kind, seconds in healed.items():
        yield Sample("time_to_healthy_seconds", {**where, "kind": kind}, seconds)


def _to_the_fix(case: Case, item: NamespaceReport) -> float | None:
    """Seconds from its beginning to the verified fix, where memory knows them."""
    about = (case.finding.kind, case.finding.target)
    known = (i.broken_seconds for i in item.incidents if (i.kind, i.target) == about)
    return next((seconds for seconds in known if seconds is not None), None)


def _incidents(item: NamespaceReport, cases: tuple[Case, ...]) -> Iterator[Sample]:
    """What memory holds of the namespace; zeros too, so that an alert ends."""
    where = {"namespace": item.namespace}
    opened = [incident for incident in item.incidents if incident.open]
    states = Counter[str](incident.state for incident in opened)
    if not item.incidents:
        states = Counter(_STATE_OF.get(case.status, case.status) for case in cases)
    for state in STATES:
        yield Sample("incidents", {**where, "state": state}, states[state])
    yield Sample("incident_attempts", where, sum(incident.attempts for incident in opened))
    used = {"calls": item.model_calls_today, "tokens": item.model_tokens_today}
    for what, number in used.items():
        if number is not None:
            yield Sample("llm_used_today", {**where, "what": what}, number)


def _over_all(report: Report) -> Iterator[Sample]:
    results = [result for item in report.namespaces for result in item.actions]
    refused = Counter(r.rule or "other" for r in results if r.outcome is Outcome.REFUSED)
    for rule, number in refused.items():
        yield Sample("refusals", {"rule": rule}, number)
    seen: Counter[str] = Counter()
    for item in report.namespaces:
        seen.update(item.objects)
    for kind, number in seen.items():
        yield Sample("objects_scanned", {"kind": kind}, number)


def _model(report: Report) -> Iterator[Sample]:
    spent: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for item in report.namespaces:
        if item.diagnosis.tokens:
            used = item.diagnosis.tokens.model_dump()
            spent.update({name: number for name, number in used.items() if number is not None})
        if item.diagnosis.model_error:
            failed[item.diagnosis.model_fault or "other"] += 1
    for type_ in ("prompt", "completion", "total"):
        yield Sample("llm_tokens", {"type": type_}, spent[type_])
    for why, number in failed.items():
        yield Sample("llm_parse_failures", {"why": why}, number)
    if "model" in report.stages:
        yield Sample("llm_request_duration_seconds", {}, report.stages["model"])


def _dependencies(report: Report) -> Iterator[Sample]:
    """Only what this pass needed: a model that was not asked is neither up nor down."""
    yield Sample("dependency_up", {"dependency": "kubernetes"}, float(report.result != "failed"))
    asked = [d for d in (item.diagnosis for item in report.namespaces) if d.model or d.model_error]
    if asked:
        up = not any(diagnosis.model_error for diagnosis in asked)
        yield Sample("dependency_up", {"dependency": "model"}, float(up))
    posted = [delivery.ok for delivery in report.deliveries if delivery.to == "slack"]
    if posted:
        yield Sample("dependency_up", {"dependency": "slack"}, float(all(posted)))


def push(
    report: Report, settings: Settings, budget: Budget, origin: Mapping[str, str]
) -> list[Delivery]:
    """Push the pass, grouped by `origin` too; a gateway that fails is a Delivery, no exception."""
    if not settings.pushgateway.url:
        return []
    from prometheus_client import exposition  # noqa: TID251 -- this module owns it

    key = _key(settings, origin)
    gateway, job = settings.pushgateway.url, settings.pushgateway.job
    seen = [*picture(report), Sample("shards", {}, settings.shards)]
    ways: list[tuple[Any, list[Sample], dict[str, str]]] = [(exposition.push_to_gateway, seen, key)]
    if report.result != "failed":
        end = Sample("last_success_timestamp_seconds", {}, ended(report).timestamp())
        ways.append((exposition.pushadd_to_gateway, [end], {**key, **_OUTCOME}))
    delivered = []
    handler = _handler(settings, budget)
    for push_way, samples, group in ways:
        try:
            push_way(gateway, job, _registry(samples), grouping_key=group, handler=handler)
        except (DeliveryError, ValueError) as error:
            delivered.append(_failed("pushgateway", error))
            if not isinstance(error, DeliveryError) or isinstance(error, CallError):
                # No answer at all: the second push would only wait as long again.
                return delivered
        else:
            delivered.append(Delivery(to="pushgateway", ok=True))
    return delivered


def delete(settings: Settings, budget: Budget, origins: Iterable[Mapping[str, str]]) -> Delivery:
    """Delete what passes of these origins pushed, both groups of each; never an exception.

    To delete a group that is not there is a success too, as the gateway sees it.
    """
    from prometheus_client import exposition  # noqa: TID251 -- this module owns it

    handler = _handler(settings, budget)
    for origin in origins:
        key = _key(settings, origin)
        for group in ({**key, **_OUTCOME}, key):
            try:
                exposition.delete_from_gateway(
                    settings.pushgateway.url or "",
                    settings.pushgateway.job,
                    grouping_key=group,
                    handler=handler,
                )
            except (DeliveryError, ValueError) as error:
                return _failed("pushgateway", error)
    return Delivery(to="pushgateway", ok=True)


def _key(settings: Settings, origin: Mapping[str, str]) -> dict[str, str]:
    return {"cluster": settings.cluster_name, **origin}


def _handler(settings: Settings, budget: Budget) -> Callable[..., Callable[[], None]]:
    """How the Prometheus client sends: within our bounds instead of its own."""
    own = settings.pushgateway

    def handler(
        url: str, method: str, timeout: float | None, headers: list[tuple[str, str]], data: bytes
    ) -> Callable[[], None]:
        del timeout  # the client's own, per read
        kind = dict(headers).get("Content-Type", "text/plain")
        call = Call(url, method, data, kind, own.timeout_seconds, access_of(own))
        return lambda: refuse(send(call, budget))

    return handler


def heartbeat(
    report: Report, settings: Settings, budget: Budget, origin: Mapping[str, str]
) -> list[Delivery]:
    """Tell the dead man's switch that a pass succeeded; nothing where it failed or none is set."""
    given = settings.heartbeat.url
    url = given.get_secret_value().replace("{shard}", origin.get("shard", "0")) if given else ""
    if not url or report.result == "failed":
        return []
    try:
        refuse(send(Call(url, seconds=_BEAT_SECONDS), budget))
    except DeliveryError as error:
        return [_failed("heartbeat", error)]
    return [Delivery(to="heartbeat", ok=True)]


def ready(settings: Settings, budget: Budget) -> Delivery:
    """Whether the Pushgateway says that it is ready; never an exception."""
    own = settings.pushgateway
    base = (own.url or "").rstrip("/")
    # As pushes do: the Prometheus client takes an address without a scheme for http.
    url = f"{base if '://' in base else f'http://{base}'}/-/ready"
    try:
        refuse(send(Call(url, seconds=own.timeout_seconds, access=access_of(own)), budget))
    except DeliveryError as error:
        return _failed("pushgateway", error)
    return Delivery(to="pushgateway", ok=True)


def _registry(samples: list[Sample]) -> Any:
    from prometheus_client import CollectorRegistry, Gauge  # noqa: TID251 -- this module owns it

    registry = CollectorRegistry()
    gauges: dict[str, Gauge] = {}
    for name, labels, value in samples:
        names, help_ = METRICS[name]
        gauge = gauges.get(name) or Gauge(PREFIX + name, help_, names, registry=registry)
        gauges[name] = gauge
        (gauge.labels(**labels) if names else gauge).set(value)
    return registry


def _failed(to: str, error: Exception) -> Delivery:
    said = str(error) if isinstance(error, DeliveryError) else str(Fault.ADDRESS)
    return Delivery(to=to, ok=False, error=said)
