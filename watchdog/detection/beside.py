"""Other containers of the same pods that fail by themselves: one repair heals no pod then. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import crashes, exit_code, waiting_for
from watchdog.detection.log_lines import told_by
from watchdog.detection.outside import origin_of_log
from watchdog.detection.owners import sentence
from watchdog.snapshot.pod_template import ContainerSpec
from watchdog.text.format import verbatim

if TYPE_CHECKING:
    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

_NEVER_STARTED = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
)


def beside(finding: Finding, snapshot: ClusterSnapshot) -> ContainerView | None:
    """The first other container of its pods that fails by itself, and not because of that one.

    What speaks of something outside of it may only lack the container that the finding is about.
    """
    if finding.container is None:
        return None
    for pod in snapshot.pods:
        for state in pod.containers if pod.ref.name in finding.pods else ():
            spec = pod.template.container(state.name) or ContainerSpec(name=state.name)
            item = ContainerView(pod, state, spec)
            if state.name != finding.container and _fails(item, snapshot):
                return item
    return None


def _fails(item: ContainerView, snapshot: ClusterSnapshot) -> bool:
    if waiting_for(item, *_NEVER_STARTED):
        return True
    if not crashes(item, snapshot) or not exit_code(item.state):
        return False
    told = told_by(snapshot, item)
    return told is None or origin_of_log(snapshot, item, told.line) != "outside"


def beside_words(finding: Finding, snapshot: ClusterSnapshot) -> tuple[str, str]:
    """What follows of it for why and for what is to be done; both are empty if there is none."""
    item = beside(finding, snapshot)
    if item is None:
        return "", ""
    name, code = item.state.name, exit_code(item.state)
    how = item.state.reason if code is None else f"exit code {code}"
    told = told_by(snapshot, item)
    said = f": {verbatim(told.line)}" if told and told.sure else ""
    return (
        sentence(f"Container {name} fails as well ({how}){said}"),
        f"Container {name} has to be repaired as well.",
    )
