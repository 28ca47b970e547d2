"""`sre-watchdog grant`: the objects that let an installed watchdog act in one more namespace."""

from __future__ import annotations

import click

from watchdog.commands.exits import fail
from watchdog.commands.options import command
from watchdog.text.regex import regex

_NAME = regex(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_CHART = "sre-watchdog"
_LONGEST = 50


@command()
@click.option(
    "--namespace", "-n", metavar="NAME", multiple=True, help="Namespace; repeat for more."
)
@click.option(
    "--release",
    default=_CHART,
    show_default=True,
    metavar="NAME",
    help="Name of the Helm release.",
)
@click.option(
    "--release-namespace",
    default=_CHART,
    show_default=True,
    metavar="NAME",
    help="Where it is installed.",
)
@click.option("--service-account", metavar="NAME", help="Its account, if it has another.")
def grant(
    *,
    namespace: tuple[str, ...],
    release: str,
    release_namespace: str,
    service_account: str | None,
) -> None:
    """Print what lets the watchdog act in a namespace.

    A RoleBinding to the ClusterRole that the chart makes with rbac.clusterRead=true, and the empty
    ConfigMap and Lease of the memory there. Pipe it into kubectl apply -f -, or keep it in Git.
    """
    if not namespace:
        fail("name a namespace with -n")
    fullname = (release if _CHART in release else f"{release}-{_CHART}")[:_LONGEST].rstrip("-")
    account = service_account or fullname
    for name in (*namespace, release_namespace, release, account):
        if not _NAME.fullmatch(name):
            fail(f"{name!r} cannot be the name of a namespace, release or account")
    for name in namespace:
        if name.startswith("kube-"):
            fail(f"{name} belongs to Kubernetes itself: nothing is changed there")
        click.echo(manifest(name, fullname, account, release_namespace), nl=False)


def manifest(namespace: str, fullname: str, account: str, release_namespace: str) -> str:
    """The objects as YAML; names are those that the chart gives."""
    return f"""\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {fullname}
  namespace: {namespace}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {release_namespace}-{fullname}-act
subjects:
- kind: ServiceAccount
  name: {account}
  namespace: {release_namespace}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: sre-watchdog
  namespace: {namespace}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  name: sre-watchdog
  namespace: {namespace}
"""
