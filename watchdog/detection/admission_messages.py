"""The ways in which an API server refuses a pod: how its words show them, and what each means."""

from __future__ import annotations

import re
from typing import NamedTuple

from watchdog.detection.log_lines import shorten
from watchdog.detection.message_names import AMOUNTS, OBJECT, QUALIFIED
from watchdog.text.regex import regex


class Refusal(NamedTuple):
    """One way to be refused: how the message shows it, in words, and what to do about it."""

    name: str
    pattern: re.Pattern[str]
    summary: str
    why: str
    to_do: str
    fields: tuple[str, ...] = ()


# The fields of a pod that Pod Security levels are about.
_SECURED = (
    *("securityContext", "host", "volumes", "ports", "container", "lifecycle"),
    *("readinessProbe", "livenessProbe", "startupProbe"),
)
REFUSALS = (
    Refusal(
        "quota",
        regex(
            rf"exceeded quota: (?P<name>{OBJECT}), requested: (?P<asked>{AMOUNTS}), "
            rf"used: (?P<used>{AMOUNTS}), limited: (?P<hard>{AMOUNTS})(?!\S)"
        ),
        "quota exceeded",
        "{what} would exceed the quota {name}: it asks for {asked}, in use is {used}, and the "
        "most is {hard}.",
        "Raise the quota {name}, free some of it, or lower what {target} requests.",
        ("requests", "limits", "resources", "replicas"),
    ),
    Refusal(
        "quota_unset",
        regex(
            rf"failed quota: (?P<name>{OBJECT}): must specify "
            rf"(?P<asked>{QUALIFIED}(?:,{QUALIFIED}){{0,20}})(?!\S)"
        ),
        "quota demands requests or limits",
        "The quota {name} accepts only pods that specify {asked}, which those of {target} do not.",
        "Specify {asked} in {target}, or give the namespace a LimitRange with defaults.",
        ("requests", "limits", "resources"),
    ),
    Refusal(
        "limit_range",
        regex(r"(?P<asked>(?:maximum|minimum) \S+ (?:usage|limit to request ratio) per \w+ is .+)"),
        "outside the namespace's limit range",
        "A LimitRange of the namespace refuses the pod: {said}",
        "Bring the requests and limits of {target} inside the LimitRange, or change the range.",
        ("requests", "limits", "resources"),
    ),
    Refusal(
        "service_account",
        regex(rf'serviceaccount "(?P<name>{OBJECT})" not found'),
        "service account does not exist",
        "The pods run as service account {name}, which does not exist in this namespace.",
        "Create service account {name} with the rights it needs, or name another in {target}.",
        ("serviceAccount",),
    ),
    Refusal(
        "pod_security",
        regex(r'violates PodSecurity "(?P<name>[a-z]{1,20}:[\w.-]{1,20})": (?P<asked>.+)'),
        "Pod Security refuses the pod",
        "The namespace enforces the Pod Security level {name}, which the pod violates: {said}",
        "Set the security context of {target} as the level {name} demands.",
        _SECURED,
    ),
    Refusal(
        "webhook_down",
        regex(rf'failed calling webhook "(?P<name>{OBJECT})": (?P<asked>.+)'),
        "admission webhook does not answer",
        "The admission webhook {name} could not be called, so no pod is admitted: {said}",
        "Bring the service behind the webhook {name} back; its owner has to do this.",
    ),
    Refusal(
        "webhook",
        regex(rf'admission webhook "(?P<name>{OBJECT})" denied the request:? ?(?P<asked>.*)'),
        "admission webhook refuses the pod",
        "The admission webhook {name} refuses the pod: {said}",
        "Change {target} to what the webhook {name} allows, or ask its owner for an exception.",
        ("",),
    ),
    Refusal(
        "policy",
        regex(rf"ValidatingAdmissionPolicy '(?P<name>{OBJECT})' .*?denied request: (?P<asked>.+)"),
        "admission policy refuses the pod",
        "The admission policy {name} refuses the pod: {said}",
        "Change {target} to what the policy {name} allows.",
        ("",),
    ),
    Refusal(
        "priority",
        regex(rf"no PriorityClass with name (?P<name>{OBJECT}) was found"),
        "priority class does not exist",
        "The pods name the priority class {name}, which does not exist.",
        "Create the priority class {name}, or name another in {target}.",
        ("priorityClass",),
    ),
    Refusal(
        "runtime",
        regex(rf'RuntimeClass "(?P<name>{OBJECT})" not found'),
        "runtime class does not exist",
        "The pods name the runtime class {name}, which does not exist.",
        "Create the runtime class {name}, or name another in {target}.",
        ("runtimeClass",),
    ),
    Refusal(
        "other",
        regex(r"(?P<asked>.+)", re.DOTALL),
        "pods cannot be created",
        "The API server refuses to create the pods: {said}",
        "Change {target} so that its pods are accepted.",
        ("",),
    ),
)


def read(message: str) -> tuple[Refusal, dict[str, str]]:
    """Which refusal the message is, and the names in it."""
    for refusal in REFUSALS:
        if found := refusal.pattern.search(message):
            names = {key: shorten(value, 600) for key, value in found.groupdict().items() if value}
            return refusal, {key: value.rstrip(".") for key, value in names.items()}
    return REFUSALS[-1], {"asked": shorten(message)}
