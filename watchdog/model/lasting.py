"""A change as the one who owns the object makes it: a patch for Git, and where in Git it goes."""

from watchdog.snapshot.refs import Noun


class GitSource(Noun):
    """Where a tool deploys an object from, as its own resource says.

    `by` names that resource ("Application argocd/shop"); `repository` is an address without
    credentials, `path` a folder in it, or the name of a chart.
    """

    by: str
    repository: str = ""
    path: str = ""
    revision: str = ""

    def __str__(self) -> str:
        at = f" at {self.revision}" if self.revision else ""
        place = ", ".join(part for part in (self.repository, self.path) if part)
        return f"{place}{at} ({self.by})" if place else self.by


class LastingChange(Noun):
    """One change, ready for Git.

    `patch` is a strategic merge patch in YAML: a kustomize patch, and what `kubectl patch
    --patch-file` takes. What may be secret stands in it as REPLACE_ME. `values` are the same as
    values of the Helm chart, in YAML, where the path is known; `source` is where the object is
    deployed from, where that can be read.
    """

    patch: str
    values: str = ""
    source: GitSource | None = None
