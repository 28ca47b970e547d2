"""A model's actions before anybody reads of them: what it names has to be there already.

What is proposed is repeated in reports and messages as an action of ours, done or not. So an image
of another repository (a typo's one letter apart), a container that is not there or a name that
reads like an address is left out here, whatever policy would say of it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from watchdog.actions import (
    PatchConfigMap,
    PatchDeploymentCommand,
    PatchDeploymentEnv,
    PatchDeploymentImage,
    PatchDeploymentProbe,
    RemediationAction,
)
from watchdog.actions.patch_deployment_image import one_typo_apart, repository
from watchdog.snapshot.pod_template import ContainerSpec
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.text.model_text import harmless_word, plain_prose
from watchdog.text.regex import regex

_VARIABLE = regex(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def told(
    actions: tuple[RemediationAction, ...], snapshot: ClusterSnapshot
) -> tuple[tuple[RemediationAction, ...], tuple[str, ...]]:
    """The actions that may be reported, and a sentence for each that is left out.

    The sentence does not repeat what made it be left out.
    """
    kept: list[RemediationAction] = []
    notes: list[str] = []
    for action in actions:
        why = _strange(action, snapshot)
        if why is None:
            kept.append(action)
        else:
            notes.append(f"The model's {action.kind} on {action.target} is left out: {why}.")
    return tuple(kept), tuple(notes)


def _strange(action: RemediationAction, snapshot: ClusterSnapshot) -> str | None:
    """What the action names that no one but the model knows of; None where all is known."""
    seen = snapshot.deployment(action.target)
    named = getattr(action, "container", None) is not None
    if named and seen and seen.template.containers and not any(_containers(action, snapshot)):
        return "there is no container of that name"
    if isinstance(action, PatchDeploymentImage):
        new = repository(action.image)
        known = {repository(spec.image) for spec in _containers(action, snapshot)}
        if not any(new == each or one_typo_apart(new, each) for each in known):
            return "the image is of another repository"
    if isinstance(action, PatchDeploymentEnv) and not _VARIABLE.fullmatch(action.name):
        return "that is no usual name of a variable"
    if isinstance(action, PatchDeploymentCommand):
        held = {word for c in _containers(action, snapshot) for word in (*c.command, *c.args)}
        words = [*(action.command or ()), *(action.args or ())]
        if not all(word in held or harmless_word(word) for word in words):
            return "the command holds a script, an address or a tool that was not there"
    if isinstance(action, PatchConfigMap) and plain_prose(action.key) != action.key:
        return "that is no usual name of a key"
    if isinstance(action, PatchDeploymentProbe) and re.search(r"//|\.\.|\.\w", action.path or ""):
        return "that is no usual path of a probe"
    return None


def _containers(action: RemediationAction, snapshot: ClusterSnapshot) -> Iterator[ContainerSpec]:
    """The container that is named, in each revision of the workload that was seen."""
    seen = snapshot.deployment(action.target)
    if seen is None:
        return
    revisions = (revision.template for revision in seen.revisions if revision.available)
    for template in (seen.template, *revisions):
        found = template.container(getattr(action, "container", ""))
        if found is not None:
            yield found
