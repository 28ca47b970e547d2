"""The rules of policy about the value that would be written: names, sources and sizes. Pure.

They speak only of an exact write; before the live object was read they have nothing to say.
"""

from __future__ import annotations

import re
import socket

from watchdog.actions import (
    DeletePod,
    Object,
    PatchConfigMap,
    PatchDeploymentCommand,
    PatchDeploymentEnv,
    PatchDeploymentImage,
    PatchDeploymentProbe,
    RemediationAction,
    ScaleDeployment,
)
from watchdog.actions.action import container_path
from watchdog.actions.patch_configmap import held_keys
from watchdog.actions.patch_deployment_image import one_typo_apart, repository
from watchdog.observation.deployer import kind_with_group
from watchdog.policy import resources
from watchdog.policy.verdict import Context, Rule, Verdict, ask, refuse
from watchdog.text.regex import regex

# Names whose value decides what code runs, what it trusts or what it talks to.
_RISKY_NAME = regex(
    r"^(LD_|DYLD_|GLIBC_|MALLOC_|PYTHON|NODE_|JAVA_|JDK_|_JAVA|RUBY|PERL|PHP|DOTNET_|CORECLR_|GIT_"
    r"|GO(DEBUG|ROOT)|BASH_|ENV$|IFS$|SHELL|AWS_|AZURE_|GCP_|GOOGLE_|KUBE|SSH_|DOCKER_|NPM_|PIP_)"
    r"|OPTIONS|OPTS|FLAGS|ARGS|PRELOAD|PROXY|PATH|URL|URI|ADDR|HOST|ENDPOINT|SERVER|BROKER|PEER"
    r"|ORIGIN|DOMAIN|DSN|HOME|_DIR|FILE|COMMAND|CMD|EXEC|SCRIPT|HOOK|PLUGIN|MODULE|TOKEN|KEY|SECRET"
    r"|PASS|PWD|CRED|AUTH|USER|ACCOUNT|CERT|TLS|SSL|INSECURE|VERIFY|ADMIN|SALT|SIGN|JWT|SESSION"
    r"|COOKIE|CONNECTION|DATABASE|BUCKET|DEBUG",
    re.IGNORECASE,
)
_PLAIN_VALUE = regex(r"[A-Za-z0-9._-]{1,64}")
_HOST = regex(r"(?:[\w-]+\.)+(?:[a-z]{2,}|xn--[\w-]+)\.?|\d{1,3}(?:\.\d{1,3}){3}\.?", re.IGNORECASE)
# What says that a number is a number, and what says that it may be a host.
_NUMBER_NAME = regex(
    r"(?:^|_)(?:V|VER|VERSION|RELEASE|REVISION|TAG|PORT|RATE|RATIO|FACTOR|WEIGHT|SCALE|SCORE"
    r"|THRESHOLD|PERCENT|QUANTILE|TIMEOUT|INTERVAL|DELAY|TTL|SECONDS|MINUTES|HOURS|DAYS|MS|SIZE"
    r"|BYTES|LIMIT|MAX|MIN|COUNT|MASK|FLAG|BITS|COLOR|SEED|OFFSET|ID|CPU|MEMORY)S?(?:_|$)",
    re.IGNORECASE,
)
_HOST_NAME = regex(
    r"(?:^|_)(?:IP|IPV4|UPSTREAM|BACKEND|GATEWAY|TARGET|REMOTE|MASTER|LEADER|PRIMARY|SERVICE|NODE"
    r"|DNS|RESOLVER|REGISTRY|MIRROR|RELAY|COLLECTOR|CALLBACK|API|DB|REDIS|KAFKA|SMTP)S?(?:_|$)",
    re.IGNORECASE,
)
_FIRST_ADDRESS = 1 << 24
_REPLACED_BY = frozenset({"ReplicaSet", "DaemonSet", "StatefulSet"})


def env_is_plain(action: RemediationAction, context: Context) -> Verdict | None:
    """A suggested env value only for a variable that is unset and that a finding names.

    It needs an approval unless the operator listed name and value for that workload.
    """
    if not isinstance(action, PatchDeploymentEnv) or context.write is None:
        return None
    named = {
        name
        for found in context.about(action)
        for fact in ("env", "all")
        for name in re.split(r"[\s,]+", found.facts.get(fact, ""))
    }
    origin = context.write.material.origin
    if origin != "suggested":
        if action.name in named:
            return None
        return ask("env_not_named", f"no rule names {action.name} as what is missing")
    found = container_path(context.write.live, action.container)
    entries = (found[1].get("env") or []) if found else []
    value = context.write.material.value.get("value", "")
    if any(entry["name"] == action.name and _says_something(entry) for entry in entries):
        return refuse(
            "env_is_set", f"{action.name} is set already, and a suggestion replaces nothing"
        )
    if action.name not in named:
        return refuse("env_not_named", f"no rule names {action.name} as what is missing")
    policy = context.settings.policy(action.target.namespace)
    if value in policy.suggested_env.get(action.target.name, {}).get(action.name, ()):
        return None
    if _RISKY_NAME.search(action.name):
        why = "may decide what runs or what it trusts, so its value is not taken from a suggestion"
        return refuse("env_risky_name", f"{action.name} {why}")
    if not _PLAIN_VALUE.fullmatch(value) or _is_address(action.name, value):
        return refuse("env_odd_value", f"the suggested value of {action.name} is not a plain word")
    source = context.write.material.source
    said = f"the value of {action.name} is {source}, and no setting lists it"
    return ask("env_suggested", said)


def _is_address(name: str, value: str) -> bool:
    """Whether the value would decide what the program talks to, whatever the variable is called.

    Host names do, and four dotted numbers, and dotted numbers of which one is hexadecimal. Other
    forms that inet_aton reads may be numbers or versions, so the name decides. Two or three numbers
    (`127.1`) and a hexadecimal or octal one (`0x7f000001`) are an address unless the name says that
    they are none (VERSION, RATE, MASK); one decimal number is none unless the name says that it is
    (UPSTREAM, IP). Below 1.0.0.0 is no one to talk to.
    """
    if _HOST.fullmatch(value):
        return True
    text = value.removesuffix(".").lower()
    try:
        number = int.from_bytes(socket.inet_aton(text))
    except OSError:
        return False
    if text.count(".") == 3 or ("." in text and "x" in text):  # noqa: PLR2004 - dots of IPv4
        return True
    if number < _FIRST_ADDRESS or _NUMBER_NAME.search(name):
        return False
    return not text.isdecimal() or text.startswith("0") or bool(_HOST_NAME.search(name))


def container_exists(action: RemediationAction, context: Context) -> Verdict | None:
    """The container that would be changed is there."""
    name = getattr(action, "container", None)
    if name is None or context.write is None or container_path(context.write.live, name):
        return None
    return refuse("no_container", f"{action.target} has no container {name}")


def image_of_same_repository(action: RemediationAction, context: Context) -> Verdict | None:
    """A suggested image may only be another tag of what runs there, or correct one letter of it."""
    if not isinstance(action, PatchDeploymentImage) or context.write is None:
        return None
    found = container_path(context.write.live, action.container)
    now = found[1].get("image", "") if found else ""
    new = str(context.write.material.value)
    if context.write.material.origin != "suggested" or repository(new) == repository(now):
        return None
    if one_typo_apart(new, now):
        return ask("other_repository", f"{repository(new)} is not {repository(now)}")
    return refuse("other_repository", f"the suggested image is not of {repository(now)}")


def command_is_approved(action: RemediationAction, context: Context) -> Verdict | None:
    """A suggested command always needs a person, whatever the mode."""
    if not isinstance(action, PatchDeploymentCommand) or context.write is None:
        return None
    material = context.write.material
    if material.origin != "suggested":
        return None
    said = f"the command is {material.source}, and no earlier revision had it"
    return ask("command_suggested", said)


def probe_is_approved(action: RemediationAction, context: Context) -> Verdict | None:
    """A suggested probe always needs a person, whatever the mode."""
    if not isinstance(action, PatchDeploymentProbe) or context.write is None:
        return None
    material = context.write.material
    if material.origin != "suggested":
        return None
    said = f"the probe is {material.source}, and no earlier revision had it"
    return ask("probe_suggested", said)


def configmap_is_named(action: RemediationAction, context: Context) -> Verdict | None:
    """Only ConfigMaps that the operator named, as others may share them, and a key they lack."""
    if not isinstance(action, PatchConfigMap):
        return None
    target = action.target
    if target.name not in context.settings.policy(target.namespace).configmaps:
        return refuse(
            "shared_object",
            f"{target} may serve others too, and no policy names it: a person has to change it",
        )
    if not any(action.key == found.facts.get("key") for found in context.about(action)):
        return refuse("key_not_named", f"no rule names key {action.key} as what is missing")
    if context.write and action.key in held_keys(context.write.live):
        return refuse("key_is_set", f"{target} has key {action.key} already")
    return None


def replicas_in_range(action: RemediationAction, context: Context) -> Verdict | None:
    """Replicas stay within the settings' range, and are not lowered unasked."""
    if not isinstance(action, ScaleDeployment):
        return None
    limits = context.settings.limits
    if not limits.min_replicas <= action.replicas <= limits.max_replicas:
        span = f"{limits.min_replicas} and {limits.max_replicas}"
        return refuse("replicas_out_of_range", f"{action.replicas} is not between {span} replicas")
    seen = context.deployment(action)
    wanted = [seen.desired] if seen else []
    if context.write:
        wanted.append(context.write.live["spec"].get("replicas", 1))
    if any(action.replicas < number for number in wanted):
        return ask("scale_down", "replicas are not lowered unasked")
    return None


def pod_is_replaced(action: RemediationAction, context: Context) -> Verdict | None:
    """Only pods that a controller replaces, and none that hold data or are counted."""
    if not isinstance(action, DeletePod) or context.write is None:
        return None
    metadata = context.write.live["metadata"]
    if "kubernetes.io/config.mirror" in (metadata.get("annotations") or {}):
        return refuse("static_pod", "it is a static pod: the kubelet owns it")
    owners = metadata.get("ownerReferences") or []
    owner = next((kind_with_group(ref) for ref in owners if ref.get("controller")), None)
    if owner is None:
        return refuse("no_controller", "no controller would replace this pod")
    if owner not in _REPLACED_BY:
        return refuse(
            "not_replaceable", f"it belongs to a {owner}, which may not replace it as it is"
        )
    if owner == "StatefulSet" and _runs(context.write.live):
        return refuse(
            "stateful_pod_runs", "a container of this StatefulSet's pod may be using its data"
        )
    return None


def _says_something(entry: Object) -> bool:
    """Whether an env entry sets its variable to more than an empty text."""
    return bool(entry.get("value") or entry.get("valueFrom"))


def _runs(pod: Object) -> bool:
    """Whether any container of a pod is running now, as far as its status tells."""
    status = pod.get("status") or {}
    groups = ("initContainerStatuses", "containerStatuses")
    states = [item.get("state") or {} for group in groups for item in status.get(group) or []]
    return status.get("phase") != "Pending" and (
        not states or any("running" in state for state in states)
    )


RULES: tuple[Rule, ...] = (
    container_exists,
    env_is_plain,
    image_of_same_repository,
    command_is_approved,
    probe_is_approved,
    configmap_is_named,
    replicas_in_range,
    *resources.RULES,
    pod_is_replaced,
)
