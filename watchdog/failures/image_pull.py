"""The node cannot get a container's image; each reason told apart."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import make_finding, matching, waiting_for, with_evidence
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import event_line, shorten
from watchdog.detection.owners import SETTABLE, editing, kubectl, word
from watchdog.detection.passing import NO_ANSWER, THROTTLED, may_pass
from watchdog.detection.rollback import (
    changed_words,
    changes_of,
    deployment_of,
    now_and_for_good,
    undo,
)
from watchdog.text.format import verbatim
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RolloutUndo
    from watchdog.model.diagnosis import Finding, Origin
    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "image_pull"
SUMMARY = "image cannot be pulled"
_REASONS = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
)
# First match wins; Docker Hub says "denied" of a repository that does not exist, too.
_CAUSES = {
    "invalid_name": r"InvalidImageName|invalid reference format|couldn't parse image",
    "never_pull": r"ErrImageNeverPull|pull policy of Never",
    "rate_limited": r"toomanyrequests|too many requests|\b429\b|rate limit",
    "wrong_platform": (
        r"no match for platform|no matching manifest|match the specified platform"
        r"|no image found in (?:manifest list|image index)"
    ),
    # A registry that says what is wrong with the login leaves no doubt.
    "missing_or_private": (
        r"(?:repository does not exist or may require|pull access denied)"
        r"(?!.*(?:token has expired|no basic auth))"
    ),
    "unreachable": NO_ANSWER,
    "unauthorised": (
        r"unauthorized|authentication required|no basic auth|authorization failed|denied"
        r"|forbidden|\b40[13]\b|insufficient_scope|invalid username/password"
    ),
    "signature": r"SignatureValidationFailed|signature",
    "not_found": r"not ?found|manifest unknown|does not exist|name[ _]unknown|\b404\b",
    "no_space": r"no space left on device",
    "throttled": THROTTLED,
}
_WORDS = {
    "invalid_name": "the name {image} is not a valid image name",
    # Since 1.35 what was pulled with a Secret counts for no pod that lacks that Secret.
    "never_pull": "{image} is not on the node, or was pulled there with a Secret that the pod "
    "lacks, and the pull policy Never forbids to pull it",
    "rate_limited": "the registry {registry} refuses more pulls for now (rate limit)",
    "wrong_platform": "{image} was not built for the platform of the node",
    "missing_or_private": "the image {image} is not found in {registry}, or it needs a login: the "
    "repository does not exist or is private",
    "unreachable": "the registry {registry} of {image} cannot be reached from the node",
    "unauthorised": "the registry {registry} refuses access to {image} (unauthorized): it was "
    "given no credentials, or none that are valid",
    "signature": "the signature of {image} could not be validated",
    "not_found": "the image {image} is not found in {registry}: the name or the tag is wrong",
    "no_space": "the node has no space left to unpack {image}",
    "throttled": "the kubelet of the node allows no more pulls for now (registryPullQPS), and has "
    "not asked for {image} yet",
    "unknown": "pulling {image} fails",
}
# Names that a typo is likely to have meant, besides those that the namespace uses.
_KNOWN = [
    "alpine",
    "busybox",
    "caddy",
    "cassandra",
    "centos",
    "consul",
    "debian",
    "elasticsearch",
    "fedora",
    "golang",
    "grafana",
    "haproxy",
    "httpd",
    "influxdb",
    "java",
    "jenkins",
    "kafka",
    "logstash",
    "mariadb",
    "memcached",
    "minio",
    "mongo",
    "mysql",
    "nats",
    "nginx",
    "node",
    "openjdk",
    "php",
    "postgres",
    "prometheus",
    "python",
    "rabbitmq",
    "redis",
    "registry",
    "ruby",
    "rust",
    "traefik",
    "tomcat",
    "ubuntu",
    "vault",
    "wordpress",
    "zookeeper",
]
# What is not about this one image: all that come from the registry fail.
_SHARED = {
    "unreachable": "registry {} cannot be reached",
    "rate_limited": "registry {} refuses more pulls for now",
    "unauthorised": "registry {} refuses access",
}
_QUOTED = regex(r'"([^"\s]{1,300})"')
_REFERENCE = regex(r"\w[\w./:@+-]{0,500}", re.ASCII)
_PULL_SECRET = regex(r"image pull secrets? \(([^)]+)\)")
_LONG = 180
_TRANSIENT = {"rate_limited", "no_space", "throttled"}


def repository(image: str) -> str:
    """The image without tag and digest."""
    name = image.split("@", 1)[0]
    head, _, last = name.rpartition("/")
    return f"{head}/{last.split(':')[0]}" if head else last.split(":")[0]


def registry(image: str) -> str:
    """The host that the image comes from."""
    head, slash, _ = image.partition("/")
    named = slash and ("." in head or ":" in head or head == "localhost")
    return head if named else "docker.io"


def _cause(text: str) -> str:
    found = (name for name, pattern in _CAUSES.items() if re.search(pattern, text, re.IGNORECASE))
    return next(found, "unknown")


def _said(snapshot: ClusterSnapshot, item: ContainerView, image: str) -> str:
    """Everything that the kubelet says about this image."""
    events = [
        event.message
        for event in snapshot.events_about(item.pod.ref)
        if event.reason in {"Failed", "InspectFailed", "ErrImageNeverPull"}
        and image in event.message
    ]
    # The image's own name may hold any word, `not-found` for one.
    return "\n".join((item.state.reason, item.state.message, *events)).replace(image, "")


def _end(message: str) -> str:
    """The message without its middle: what went wrong stands at its end."""
    start, _, rest = " ".join(message.split()).partition(": ")
    return f"{start}: {rest}" if len(rest) <= _LONG else f"{start}: …{rest[-_LONG:]}"


def _came_from_there(snapshot: ClusterSnapshot, item: ContainerView, image: str) -> bool:
    """Whether the last revision that worked had an image of the same repository: so there is one.

    Registries say of a missing tag that it is not found; what is denied then is the login.
    """
    deployment = snapshot.deployment(item.pod.owner)
    last = deployment.last_available if deployment else None
    before = last.template.container(item.state.name) if last else None
    return before is not None and repository(before.image) == repository(image)


def _typo(snapshot: ClusterSnapshot, image: str) -> str | None:
    mine = repository(image)
    used = {
        repository(container.image)
        for workload in snapshot.workloads()
        for container in workload.template.containers
    }
    head, slash, last = mine.rpartition("/")
    if last in _KNOWN:
        return None
    whole = difflib.get_close_matches(mine, used - {mine}, n=1, cutoff=0.85)
    # What they have in common before their names makes no two names alike.
    close = difflib.get_close_matches(last, _KNOWN, n=1, cutoff=0.85)
    return whole[0] if whole else f"{head}{slash}{close[0]}" if close else None


def _volume(item: ContainerView) -> tuple[str | None, str]:
    """The image that cannot be pulled, and the volume that it is for, if it is for one.

    The kubelet writes the failure of a volume's image onto the container that mounts it. At first
    it quotes the runtime, which spells the reference out.
    """
    said = {_whole(found) for found in _QUOTED.findall(item.state.message)}
    for name, image in item.pod.template.image_volumes.items():
        if image != item.spec.image and _whole(image) in said:
            return name, image
    return None, item.spec.image


def _whole(image: str) -> str:
    """The reference as a runtime spells it: with registry, `library`, and a digest or a tag."""
    host = registry(image)
    path, _, digest = image.removeprefix(f"{host}/").partition("@")
    path = path if "/" in path or host != "docker.io" else f"library/{path}"
    head, slash, last = path.rpartition("/")
    name, _, tag = last.partition(":")
    end = f"@{digest}" if digest else f":{tag or 'latest'}"
    return f"{host}/{head}{slash}{name}{end}"


def _named(image: str) -> str:
    """An image or a pull secret as a sentence has it: the API server takes any words for one."""
    return image if _REFERENCE.fullmatch(image) else verbatim(shorten(image, 160))


def _fails(snapshot: ClusterSnapshot, item: ContainerView) -> bool:
    """Whether the image cannot be pulled; one request that got lost says nothing about it."""
    return waiting_for(item, *_REASONS) and not may_pass(snapshot, item.pod, item.state)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: _fails(snapshot, item)):
        first = seen[0]
        volume, image = _volume(first)
        cause = _cause(_said(snapshot, first, image))
        if cause == "missing_or_private" and _came_from_there(snapshot, first, image):
            cause = "unauthorised"
        missing = cause in {"not_found", "missing_or_private", "unreachable", "unknown"}
        typo = _typo(snapshot, image) if missing and not volume else None
        finding = make_finding(
            NAME,
            SUMMARY,
            snapshot,
            seen,
            image=_named(image),
            registry=_named(registry(image)),
            reason=cause,
            cause=_SHARED.get(cause, "").format(_named(registry(image))),
            typo=_named(typo) if typo else None,
            volume=volume,
        )
        pods = [item.pod for item in seen]
        message = first.state.message
        said = f"{first.state.reason}: {verbatim(_end(message))}" if message else None
        secret = event_line(snapshot, pods, "FailedToRetrieveImagePullSecret")
        if secret and (absent := _PULL_SECRET.search(secret.text)):
            finding.facts["pull_secret"] = _named(absent[1].split(",")[0].strip())
        pulls = event_line(snapshot, pods, "InspectFailed", "BackOff")
        finding = finding.model_copy(update={"origin": _origin(finding, snapshot)})
        yield with_evidence(finding, said, pulls, secret)


def _origin(finding: Finding, snapshot: ClusterSnapshot) -> Origin:
    """Outside, if the registry or the node fails under any tag of the same image."""
    reason = finding.facts["reason"]
    if reason in _TRANSIENT:
        return "outside"
    changes = changes_of(deployment_of(finding, snapshot), finding.container, "image")
    was = [item.was for item in changes if item.field == "image" and item.was]
    image = finding.facts["image"]
    if reason == "unreachable" and any(registry(each) == registry(image) for each in was):
        return "outside"
    if reason == "unauthorised" and any(repository(each) == repository(image) for each in was):
        return "outside"
    return "workload"


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    typo = f" Probably a typo for {facts['typo']}." if "typo" in facts else ""
    why = _WORDS[facts["reason"]].format(**facts)
    if facts["reason"] == "unauthorised" and "pull_secret" in facts:
        why += f"; the pull secret {facts['pull_secret']} that the pod names does not exist"
    changed = changed_words(finding, snapshot, "volume" if "volume" in facts else "image")
    if "volume" in facts:
        who = f"{facts['who'][0].lower()}{facts['who'][1:]}"
        return f"Volume {facts['volume']}, which {who} mounts, cannot be made: {why}.{changed}"
    return f"{facts['who']} cannot start because {why}.{typo}{changed}"


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    facts, ref = finding.facts, finding.target
    cause, image = facts["reason"], facts["image"]
    if cause == "unauthorised":
        name = facts.get("pull_secret", "registry-login")
        create = kubectl(snapshot, "create", "secret", "generic", name)
        return Advice(
            f"Log in to {facts['registry']} with valid credentials, create a pull secret from the "
            "login's file, and name it under imagePullSecrets of the pod template or of its "
            "service account.",
            f"{create} --type=kubernetes.io/dockerconfigjson "
            "--from-file=.dockerconfigjson=<config.json of the login>",
        )
    texts = {
        "rate_limited": "Wait, or pull through a mirror or with a login that has a higher limit.",
        "unreachable": f"Make {facts['registry']} reachable from the nodes (its name, DNS, proxy, "
        "certificate), or use an image from a registry that is.",
        "never_pull": f"Load {image} onto the nodes, set imagePullPolicy to IfNotPresent, or name "
        "the pull secret that it was pulled with.",
        "throttled": "Wait: the kubelet tries again. If nodes often start many pods at once, raise "
        "registryPullQPS and registryBurst of their kubelets.",
        "no_space": f"Free disk space on the node of pod {finding.pods[0]}, or let another node "
        "take the pod.",
        "signature": f"Sign {image}, or deploy an image that is signed.",
        "wrong_platform": f"Build {image} for the platform of the nodes.",
    }
    if cause in texts:
        node = _node(finding, snapshot) if cause == "no_space" else None
        return Advice(texts[cause], f"kubectl describe node {node}" if node else None)
    if "volume" in facts:
        text = f"Name an image that exists in volume {facts['volume']} of {ref}."
        return Advice(text, editing(snapshot, ref))
    if cause == "unknown" and "typo" not in facts:
        return Advice(
            f"Find out in the events of pod {finding.pods[0]} why {image} cannot be pulled.",
            kubectl(snapshot, "describe", "pod", finding.pods[0]),
        )
    login = (
        f" If {image} is private, give the pod a pull secret for {facts['registry']}."
        if cause == "missing_or_private"
        else ""
    )
    name = facts.get("typo") or ("<image>" if cause == "invalid_name" else repository(image))
    tag = "" if cause == "invalid_name" else ":<existing tag>"
    if ref.kind in SETTABLE:
        command = kubectl(snapshot, "set", "image", word(ref))
        change = f"Give container {finding.container} an image that exists"
        text = f"{now_and_for_good(ref, snapshot, change)}{login}"
        return Advice(text, f"{command} {finding.container}={name}{tag}")
    text = f"Correct the image of container {finding.container} in the manifest of {ref}."
    return Advice(f"{text}{login}")


def _node(finding: Finding, snapshot: ClusterSnapshot) -> str | None:
    return next((pod.node for pod in snapshot.pods if pod.ref.name == finding.pods[0]), None)


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RolloutUndo | None:
    if "volume" in finding.facts:
        return undo(finding, snapshot, "volume")
    return undo(finding, snapshot, "image", container=finding.container)


IMAGE_PULL = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "The kubelet's message says why the pull fails. Suggest a tag of the same repository only "
        "where name and tag make the intended one plain."
    ),
    fix=_fix,
    actions=("rollout_undo", "patch_deployment_image"),
)
