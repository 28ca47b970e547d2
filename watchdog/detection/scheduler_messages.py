"""The scheduler's message taken apart, reason by reason, and put into words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from watchdog.detection.log_lines import shorten
from watchdog.detection.message_names import QUALIFIED
from watchdog.detection.owners import listed
from watchdog.text.format import verbatim
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from watchdog.snapshot.pod_template import PodTemplate

_NODES = regex(r"\d+/(\d+) nodes are available: (.*)", re.DOTALL)
_ITEM = regex(r"(?:^|, )(?:(\d+) )?(?:node\(s\) )?(.+?)(?=, \d+ |$)")
_REASONS = (
    ("resource", regex(rf"Insufficient ({QUALIFIED})(?![^\s,.])")),
    (
        "taint",
        regex(rf"(?:untolerated|had) taint(?: \{{({QUALIFIED}(?::\s?[\w.-]*)?)\s*\}}|\(s\))"),
    ),
    ("selector", regex(r"didn't match (?:Pod's )?node (?:affinity|selector)")),
    ("spread", regex(r"didn't match pod topology spread")),
    ("neighbours", regex(r"(?:match pod|satisfy existing pods).*affinity")),
    ("ports", regex(r"didn't have free ports")),
    ("pods", regex(r"Too many pods")),
    ("cordoned", regex(r"were unschedulable")),
    ("features", regex(r"didn't match Pod's required features")),
    ("devices", regex(r"cannot allocate all claims")),
    ("volume", regex(r"(?:volume|[Pp]ersistent ?[Vv]olume)")),
)
_OF_NODES = {
    "spread": ("would break its topology spread constraints",) * 2,
    "pods": ("runs as many pods already as allowed", "run as many pods already as allowed"),
    "cordoned": ("is cordoned (marked unschedulable)", "are cordoned (marked unschedulable)"),
    "features": (
        "lacks a feature that the pod's spec needs",
        "lack a feature that the pod's spec needs",
    ),
    "devices": (
        "has no device left for its resource claims",
        "have no device left for its resource claims",
    ),
}
"""What is said of one node, and of several."""


class Reason(NamedTuple):
    """One reason of the scheduler: how many nodes it rules out, and the name in it."""

    what: str
    nodes: int
    detail: str


class SchedulerVerdict(NamedTuple):
    """The scheduler's message taken apart; `hopeless` where no eviction could make room."""

    nodes: int
    reasons: tuple[Reason, ...]
    hopeless: bool


def read(message: str) -> SchedulerVerdict:
    """Take `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had ...` apart."""
    found = _NODES.search(message)
    if not found:
        return SchedulerVerdict(0, (Reason("other", 0, shorten(message)),), hopeless=False)
    head, _, preemption = found[2].partition("preemption:")
    head = re.split(r"\.(?:\s|$)", head)[0].replace(", that the pod didn't tolerate", "")
    reasons = tuple(_reason(item) for item in _ITEM.finditer(head))
    hopeless = "not helpful" in preemption and "No preemption victims" not in preemption
    return SchedulerVerdict(int(found[1]), reasons, hopeless)


def _reason(item: re.Match[str]) -> Reason:
    for what, pattern in _REASONS:
        if found := pattern.search(item[2]):
            detail = (found[1] or "") if pattern.groups else ""
            return Reason(what, int(item[1] or 0), detail.replace(": ", "=").rstrip("=: "))
    return Reason("other", int(item[1] or 0), item[2])


def in_words(verdict: SchedulerVerdict, template: PodTemplate, message: str) -> str:
    """Why no node takes a pod of that template, in the words of an engineer."""
    if message.startswith("SchedulingGated"):
        gates = message.partition(": ")[2]
        known = re.fullmatch(rf"{QUALIFIED}(?:, {QUALIFIED})*", gates)
        return f"its scheduling gates were not removed ({gates if known else verbatim(gates)})"
    parts = [_reason_words(reason, template, verdict) for reason in verdict.reasons]
    return "; ".join(dict.fromkeys(parts)) or verbatim(shorten(message))


def _reason_words(reason: Reason, template: PodTemplate, verdict: SchedulerVerdict) -> str:
    where = f"{reason.nodes} of {verdict.nodes} nodes" if reason.nodes else "the nodes"
    one = reason.nodes == 1
    have, do = ("has", "does") if one else ("have", "do")
    if forms := _OF_NODES.get(reason.what):
        return f"{where} {forms[0 if one else 1]}"
    match reason.what:
        case "resource":
            asked = listed(_asked(template, reason.detail))
            all_ = "it has in all" if one else "they have in all"
            fit = f"more than {all_}" if verdict.hopeless else "more than is left"
            requests = f"the pod requests {asked}," if asked else "the pod requests"
            return f"insufficient {reason.detail} on {where}: {requests} {fit}"
        case "taint" if reason.detail:
            return f"{where} {have} the taint {reason.detail}, which the pod does not tolerate"
        case "taint":
            return f"{where} {have} a taint that the pod does not tolerate"
        case "selector":
            return f"{where} {do} not match the {_placement(template)}"
        case "neighbours":
            rules = f" ({listed(template.affinity)})" if template.affinity else ""
            return f"{where} {do} not satisfy the pod affinity or anti-affinity rules{rules}"
        case "ports":
            wanted = [
                str(port.host_port)
                for item in template.containers
                for port in item.ports
                if port.host_port
            ]
            return f"the host port {listed(wanted) or 'it wants'} is taken on {where}"
    said = verbatim(reason.detail) if reason.detail else "its volumes"
    return f"{where}: {said}" if reason.nodes else said


def _placement(template: PodTemplate) -> str:
    labels = [f"{key}={value}" for key, value in template.node_selector.items()]
    if labels:
        return f"node selector {', '.join(labels)}"
    return f"node affinity{f' ({listed(template.affinity)})' if template.affinity else ''}"


def _asked(template: PodTemplate, resource: str) -> list[str]:
    return [
        f"{amount} (container {item.name})"
        for item in template.containers
        if (amount := item.requests.get(resource) or item.limits.get(resource))
    ]
