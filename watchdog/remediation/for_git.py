"""The change for Git, of one write: patch, values of the chart, and where the object comes from."""

from __future__ import annotations

from watchdog.actions import RemediationAction
from watchdog.kube.ports import Writer
from watchdog.model.lasting import LastingChange
from watchdog.policy.verdict import Write
from watchdog.remediation.diff import Wording
from watchdog.remediation.git_source import git_source
from watchdog.remediation.helm_values import changed_values
from watchdog.remediation.lasting_patch import lasting_patch


def lasting_change(
    action: RemediationAction, write: Write, wording: Wording, cluster: Writer, argocd: str
) -> LastingChange | None:
    """None where Git could hold nothing of it. Reads at most a few resources; raises nothing of
    the cluster's.
    """
    patch = lasting_patch(action, write.live, write.after, wording)
    if patch is None:
        return None
    source = git_source(write.live, cluster, argocd)
    values = changed_values(action, write.live, write.after, source.values) if source else None
    return LastingChange(patch=patch, values=values or "", source=source.git if source else None)
