"""Where Argo CD or Flux deploys an object from, as their own resources say.

Labels of the object name those resources, and tenants write labels: a resource counts only if it
lists the object itself in its status. What cannot be read is not known, and no blind spot.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import yaml

from watchdog.actions import Object
from watchdog.errors import ClusterError
from watchdog.kube.ports import Writer
from watchdog.kube.resources import Resource
from watchdog.model.lasting import GitSource
from watchdog.text.format import one_line
from watchdog.text.regex import regex

APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")
KUSTOMIZATIONS = Resource("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization")
HELM_RELEASES = Resource("helm.toolkit.fluxcd.io", "v2", "helmreleases", "HelmRelease")
GIT_REPOSITORIES = Resource("source.toolkit.fluxcd.io", "v1", "gitrepositories", "GitRepository")
# Tenants write some of these objects, and the YAML in them.
_UNREADABLE = (
    ClusterError,
    LookupError,
    TypeError,
    AttributeError,
    ValueError,
    RecursionError,
    yaml.YAMLError,
)
_NAME = regex(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


class Source(NamedTuple):
    """Where it is deployed from, and the chart's values if a chart makes it."""

    git: GitSource
    values: Object


def git_source(live: Object, cluster: Writer, argocd_namespace: str) -> Source | None:
    """The first that lists the object; None where no one does, or none can be read."""
    for read in (_argo, _kustomization, _helm_release):
        try:
            found = read(live, cluster, argocd_namespace)
        except _UNREADABLE:
            continue
        if found is not None:
            return found
    return None


def _argo(live: Object, cluster: Writer, argocd_namespace: str) -> Source | None:
    for namespace, name in _applications(live, argocd_namespace):
        item = cluster.get(APPLICATIONS, namespace, name)
        listed = item["status"].get("resources") or []
        if not any(_is(live, r["kind"], r.get("namespace", ""), r["name"]) for r in listed):
            continue
        spec = item["spec"]
        source = spec.get("source") or (spec.get("sources") or [{}])[0]
        helm = source.get("helm") or {}
        values = helm.get("valuesObject") or yaml.safe_load(helm.get("values") or "{}")
        git = GitSource(
            by=f"Application {namespace}/{name}",
            repository=address(source.get("repoURL")),
            path=_said(source.get("path") or source.get("chart")),
            revision=_said(source.get("targetRevision")),
        )
        return Source(git, values if isinstance(values, dict) else {})
    return None


def _applications(live: Object, argocd_namespace: str) -> Iterator[tuple[str, str]]:
    """The namespace and name of Applications that the object may belong to."""
    metadata = live["metadata"]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    tracked = str(annotations.get("argocd.argoproj.io/tracking-id", "")).partition(":")[0]
    given = (
        tracked,
        labels.get("argocd.argoproj.io/instance"),
        labels.get("app.kubernetes.io/instance"),
    )
    for each in dict.fromkeys(str(name) for name in given if name):
        # Applications of other namespaces are called `namespace_name`.
        namespace, _, name = each.rpartition("_")
        if _NAME.fullmatch(name) and (not namespace or _NAME.fullmatch(namespace)):
            yield namespace or argocd_namespace, name


def _kustomization(live: Object, cluster: Writer, _: str) -> Source | None:
    where = _labelled(live, "kustomize.toolkit.fluxcd.io")
    if where is None:
        return None
    item = cluster.get(KUSTOMIZATIONS, *where)
    metadata = live["metadata"]
    group = "apps" if str(live.get("apiVersion", "apps/v1")).startswith("apps/") else ""
    id_ = f"{metadata['namespace']}_{metadata['name']}_{group}_{live.get('kind', 'Deployment')}"
    listed = (item["status"].get("inventory") or {}).get("entries") or []
    if not any(entry["id"] == id_ for entry in listed):
        return None
    spec = item["spec"]
    by = f"Kustomization {'/'.join(where)}"
    git = _repository(spec["sourceRef"], where[0], cluster)
    path = _said(spec.get("path")).removeprefix("./")
    return Source(GitSource(by=by, repository=git[0], path=path, revision=git[1]), {})


def _helm_release(live: Object, cluster: Writer, _: str) -> Source | None:
    where = _labelled(live, "helm.toolkit.fluxcd.io")
    if where is None:
        return None
    item = cluster.get(HELM_RELEASES, *where)
    spec = item["spec"]
    metadata = live["metadata"]
    release = spec.get("releaseName") or where[1]
    target = spec.get("targetNamespace") or where[0]
    annotated = (metadata.get("annotations") or {}).get("meta.helm.sh/release-name")
    # It lists no objects: the release's name and namespace have to be those that Helm wrote.
    if (annotated, metadata["namespace"]) != (release, target):
        return None
    values = spec.get("values") or {}
    by = f"HelmRelease {'/'.join(where)}"
    return Source(GitSource(by=by, path="spec.values"), values if isinstance(values, dict) else {})


def _repository(ref: Any, namespace: str, cluster: Writer) -> tuple[str, str]:
    """Address and branch or tag of a GitRepository; empty where it cannot be read."""
    if ref.get("kind") != "GitRepository":
        return "", ""
    try:
        item = cluster.get(GIT_REPOSITORIES, ref.get("namespace") or namespace, ref["name"])
    except ClusterError:
        return "", ""
    spec = item["spec"]
    at = spec.get("ref") or {}
    return address(spec.get("url")), _said(at.get("branch") or at.get("tag") or at.get("semver"))


def _labelled(live: Object, group: str) -> tuple[str, str] | None:
    labels = live["metadata"].get("labels") or {}
    found = (labels.get(f"{group}/namespace", ""), labels.get(f"{group}/name", ""))
    return found if all(_NAME.fullmatch(str(part)) for part in found) else None


def _is(live: Object, kind: str, namespace: str, name: str) -> bool:
    metadata = live["metadata"]
    here = (live.get("kind", "Deployment"), metadata["namespace"], metadata["name"])
    return here == (kind, namespace, name)


def address(url: Any) -> str:
    """The address of a repository without credentials."""
    text = _said(url)
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    if not parts.scheme:
        return text  # git@github.com:team/shop.git
    user, _, host = parts.netloc.rpartition("@")
    # The user of ssh is part of the address; a password, or the token of https, is not.
    if user and parts.scheme == "ssh":
        host = f"{user.partition(':')[0]}@{host}"
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def _said(text: Any) -> str:
    return one_line(str(text), 300) if text else ""
