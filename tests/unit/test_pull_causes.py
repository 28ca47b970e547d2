"""Claims about what the kubelet's words say of an image that cannot be pulled."""

from __future__ import annotations

import pytest

from watchdog.diagnosis.rules import detect, rules_fix
from watchdog.examples.builders import (
    broken,
    change,
    earlier,
    spec,
    waiting,
)
from watchdog.failures import KINDS
from watchdog.model.diagnosis import Finding
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.snapshot import ClusterSnapshot

DENIED = (
    'failed to resolve reference "reg.example/shop/web:2": pull access denied, repository does not '
    "exist or may require authorization: server message: insufficient_scope: authorization failed"
)
EXPIRED = (
    'failed to resolve reference "reg.example/shop/web:2": pull access denied: 403 Forbidden: Your '
    "authorization token has expired. Reauthenticate and try again."
)


def pulling(said: str, was: str | None) -> ClusterSnapshot:
    """Revision 7 wants reg.example/shop/web:2; revision 6 had the image `was`, if there was one."""
    image = "reg.example/shop/web:2"
    last = None
    if was:
        template = PodTemplate(containers=(spec(image=was),))
        last = earlier(change("image", was, image), template=template)
    state = waiting("ImagePullBackOff", f'Back-off pulling image "{image}": {said}')
    return broken(state, container=spec(image=image), last=last)


def found_in(snapshot: ClusterSnapshot) -> Finding:
    """The one finding."""
    (found,) = detect(snapshot, KINDS)
    return found


def test_a_denied_pull_from_a_repository_that_worked_is_a_matter_of_its_login() -> None:
    """Kubernetes keeps the credentials apart from the revision: going back brings none."""
    snapshot = pulling(DENIED, was="reg.example/shop/web:1")
    found = found_in(snapshot)
    assert (found.facts["reason"], found.origin) == ("unauthorised", "outside")
    assert rules_fix(found, snapshot, KINDS) is None


@pytest.mark.parametrize("was", [None, "reg.example/shop/old:1"])
def test_a_denied_pull_from_a_repository_that_is_new_may_be_of_none(was: str | None) -> None:
    """Registries do not tell a repository that is private from one that does not exist."""
    snapshot = pulling(DENIED, was)
    found = found_in(snapshot)
    assert found.facts["reason"] == "missing_or_private"
    assert (rules_fix(found, snapshot, KINDS) is not None) == (was is not None)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (EXPIRED, "unauthorised"),
        ("pull access denied: authorization failed: no basic auth credentials", "unauthorised"),
        ("no image found in manifest list for architecture arm64, OS linux", "wrong_platform"),
        ("no image found in image index for architecture arm64, OS linux", "wrong_platform"),
    ],
)
def test_what_a_registry_or_runtime_says_in_so_many_words_is_the_cause(
    said: str, reason: str
) -> None:
    """ECR's expired token, a pod without any login, and CRI-O on a node of another platform."""
    assert found_in(pulling(said, was=None)).facts["reason"] == reason
