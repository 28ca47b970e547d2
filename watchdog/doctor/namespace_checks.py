"""What a pass needs of one watched namespace: permissions, memory, Lease, admission policy."""

from __future__ import annotations

from collections.abc import Iterator

from watchdog.actions import Grant
from watchdog.doctor.check import Check
from watchdog.errors import ClusterError, ForbiddenError, NotFoundError, RejectedError
from watchdog.kube import rbac
from watchdog.kube.ports import AccessReviewer
from watchdog.kube.resources import CONFIGMAPS, DEPLOYMENTS, LEASES, NAMESPACES, Resource
from watchdog.settings.schema import Settings

_OWN = ((CONFIGMAPS, "memory between passes"), (LEASES, "the lock between passes"))


def in_namespace(settings: Settings, cluster: AccessReviewer, namespace: str) -> Iterator[Check]:
    """All that a pass with these settings relies on there; only that it is not, where it is not."""
    there = _there(cluster, namespace)
    yield there
    if there.ok:
        yield from permissions(cluster, rbac.needed(settings, namespace), namespace)
        yield from _own_objects(settings, cluster, namespace)
        yield from _wall(settings, cluster, namespace)


UNKNOWN = "cannot be read, so it may be gone: the next `helm upgrade` leaves it out then"


def _there(cluster: AccessReviewer, namespace: str) -> Check:
    subject = f"namespace {namespace}"
    try:
        cluster.get(NAMESPACES, "", namespace)
    except NotFoundError:
        remedy = f"kubectl create namespace {namespace}, or leave it out of watch.namespaces"
        return Check(subject=subject, ok=False, detail="does not exist", remedy=remedy)
    except ForbiddenError:
        # The permission itself is a row of its own, with its remedy.
        return Check(subject=subject, ok=True, detail=UNKNOWN)
    return Check(subject=subject, ok=True, detail="exists")


def permissions(
    cluster: AccessReviewer, wanted: tuple[Grant, ...], namespace: str, use: str = "permissions"
) -> Iterator[Check]:
    """One row where all is granted, else one for each resource that lacks a verb.

    An empty `namespace` is the whole cluster.
    """
    where = namespace or "the whole cluster"
    lacking: dict[tuple[str, str, str], list[str]] = {}
    for grant in wanted:
        if not _granted(cluster, grant, namespace):
            key = (grant.group, grant.resource, grant.name)
            lacking.setdefault(key, []).append(grant.verb)
    if not lacking:
        detail = f"all {len(wanted)} granted"
        yield Check(subject=f"{use} in {where}", ok=True, detail=detail)
    for (group, resource, name), verbs in lacking.items():
        only = f" {name}" if name else ""
        yield Check(
            subject=f"{', '.join(verbs)} {resource}{only} in {where}",
            ok=False,
            detail="not granted",
            remedy=_rule(group, resource, name, verbs),
        )


def _granted(cluster: AccessReviewer, grant: Grant, namespace: str) -> bool:
    resource, _, subresource = grant.resource.partition("/")
    return cluster.may(grant.verb, grant.group, resource, namespace, grant.name, subresource)


def _rule(group: str, resource: str, name: str, verbs: list[str]) -> str:
    """The line of a Role in that namespace, or of a ClusterRole, that would grant it."""
    only = f', resourceNames: ["{name}"]' if name else ""
    held = ", ".join(f'"{verb}"' for verb in verbs)
    return f'- {{apiGroups: ["{group}"], resources: ["{resource}"]{only}, verbs: [{held}]}}'


def _own_objects(settings: Settings, cluster: AccessReviewer, namespace: str) -> Iterator[Check]:
    """Without them a pass observes and reports, and changes nothing."""
    for resource, use in _OWN:
        subject = f"{resource.kind} {rbac.OWN_NAME} in {namespace}"
        necessary = not settings.dry_run
        try:
            cluster.get(resource, namespace, rbac.OWN_NAME)
            yield Check(subject=subject, ok=True, detail=f"there, for {use}", necessary=necessary)
        except NotFoundError:
            yield _absent(cluster, resource, namespace, use, necessary=necessary)
        except ForbiddenError:
            continue  # among the permissions already
        except ClusterError as error:
            yield Check(subject=subject, ok=False, detail=str(error), necessary=necessary)


def _absent(
    cluster: AccessReviewer, resource: Resource, namespace: str, use: str, *, necessary: bool
) -> Check:
    subject = f"{resource.kind} {rbac.OWN_NAME} in {namespace}"
    if cluster.may("create", resource.group, resource.plural, namespace):
        detail = f"the first pass that needs it makes it, for {use}"
        return Check(subject=subject, ok=True, detail=detail, necessary=necessary)
    version = "/".join(part for part in (resource.group, resource.version) if part)
    return Check(
        subject=subject,
        ok=False,
        detail=f"does not exist: no {use.removeprefix('the ')}, so nothing is changed",
        remedy=(
            f"{{apiVersion: {version}, kind: {resource.kind}, "
            f"metadata: {{name: {rbac.OWN_NAME}, namespace: {namespace}}}}}"
        ),
        necessary=necessary,
    )


def _wall(settings: Settings, cluster: AccessReviewer, namespace: str) -> Iterator[Check]:
    """Whether the API server itself refuses what no action writes: tried, as a dry run."""
    if settings.dry_run or settings.policy(namespace).mode == "observe":
        return
    mark = {"op": "add", "path": "/metadata/annotations", "value": {"sre-watchdog/ignore": "true"}}
    try:
        found = cluster.list(DEPLOYMENTS, namespace, limit=1).items
        if not found:
            return
        name = found[0]["metadata"]["name"]
        cluster.patch(DEPLOYMENTS, namespace, name, [mark], dry_run=True)
    except RejectedError:
        detail = "the API server refuses what no action writes"
        yield Check(subject=f"admission policy in {namespace}", ok=True, detail=detail)
    except ClusterError:
        return  # among the permissions already
    else:
        yield Check(
            subject=f"admission policy in {namespace}",
            ok=False,
            detail="none binds these credentials: only the watchdog's own code does",
            remedy="helm: admissionPolicy.enabled=true (Kubernetes 1.30 or newer)",
            necessary=False,
        )
