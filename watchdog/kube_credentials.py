"""How to reach a cluster: a kubeconfig as kubectl reads it, or the pod's own service account.

The first to import the Kubernetes client, and careful with it: most of what `import kubernetes`
loads is of no use here and takes longer than a healthy pass.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any, NamedTuple

from watchdog.errors import SettingsError


class _Lazily:
    """Imports parts of the Kubernetes client only when they are used.

    `import kubernetes` loads websockets, watches, informers and OAuth for everybody, which is more
    than half of a healthy pass's start.
    """

    names = frozenset(
        f"kubernetes.{name}"
        for name in ("config", "dynamic", "informer", "leaderelection", "stream", "watch")
    )

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in cls.names:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec


sys.meta_path.insert(0, _Lazily)
try:
    from kubernetes.client.configuration import Configuration  # noqa: TID251 - the one owner
    from kubernetes.client.exceptions import ApiException  # noqa: TID251 - the one owner
    from kubernetes.client.rest import RESTClientObject  # noqa: TID251 - the one owner
finally:
    sys.meta_path.remove(_Lazily)

__all__ = ["ApiException", "Credentials", "RESTClientObject", "credentials"]
_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_PLAIN_USER = frozenset({"token", "client-certificate", "client-key"})
_PLAIN_CLUSTER = frozenset(
    {"server", "certificate-authority", "insecure-skip-tls-verify", "tls-server-name", "proxy-url"}
)


class Credentials(NamedTuple):
    """How to reach one cluster; `name` is its name in the kubeconfig, empty inside a cluster."""

    configuration: Any
    name: str
    namespace: str


def credentials(kubeconfig: Path | None, context: str | None) -> Credentials:
    """From the kubeconfig given, else KUBECONFIG or ~/.kube/config, else the pod's own account.

    Raises SettingsError where there is none of them, or it is unusable.
    """
    named = [part for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    home = Path("~/.kube/config").expanduser()
    paths = [str(kubeconfig)] if kubeconfig is not None else named or [str(home)]
    if not any(Path(part).expanduser().exists() for part in paths):
        if kubeconfig is None and context is None and os.environ.get("KUBERNETES_SERVICE_HOST"):
            return _in_cluster()
        raise SettingsError(
            f"no cluster to look at: {' and '.join(paths)} does not exist; "
            "give --kubeconfig, or run inside a cluster"
        )
    return (_plain(paths[0], context) if len(paths) == 1 else None) or _from_kubeconfig(
        os.pathsep.join(paths), context
    )


def _in_cluster() -> Credentials:
    token = _SERVICE_ACCOUNT / "token"
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT")

    def refresh(configuration: Any) -> None:
        # The kubelet replaces the file while we run, so it is read for each request.
        words = token.read_text(encoding="utf-8").strip()
        configuration.api_key["BearerToken"] = f"Bearer {words}"

    configuration: Any = Configuration()
    configuration.host = f"https://{f'[{host}]' if ':' in host else host}:{port or 443}"
    configuration.ssl_ca_cert = str(_SERVICE_ACCOUNT / "ca.crt")
    try:
        refresh(configuration)
        namespace = (_SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"this pod has no usable service account token ({error.strerror}); "
            "set automountServiceAccountToken: true"
        ) from error
    configuration.refresh_api_key_hook = refresh
    return Credentials(configuration, "", namespace or "default")


def _from_kubeconfig(paths: str, context: str | None) -> Credentials:
    from kubernetes import config  # noqa: TID251 - the one owner

    # Asking the package for anything loads it, and only then its modules can be imported safely.
    unusable = config.ConfigException
    from kubernetes.config.kube_config import (  # noqa: TID251 - the one owner
        KubeConfigLoader,
        KubeConfigMerger,
    )
    from yaml import YAMLError

    configuration = Configuration()
    try:
        merged = KubeConfigMerger(paths).config
        if merged is None:
            raise SettingsError(f"kubeconfig {paths} is empty")
        loader = KubeConfigLoader(config_dict=merged, active_context=context, config_base_path=None)
        loader.load_and_set(configuration)
        inside = loader.current_context["context"]
    except (unusable, YAMLError, OSError, TypeError, AttributeError, KeyError) as error:
        where = f"context {context} of " if context else ""
        raise SettingsError(
            f"cannot use {where}kubeconfig {paths}: {_first_line(error)}"
        ) from error
    return Credentials(
        configuration, str(inside["cluster"]), str(inside.get("namespace") or "default")
    )


def _plain(paths: str, context: str | None) -> Credentials | None:
    """One file with a token or certificate files needs no library, which takes 0.2 s to load.

    None where there is anything else in it, or anything wrong with it.
    """
    import yaml

    file = Path(paths).expanduser()
    try:
        read = yaml.load(file.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - it is a safe one
        inside = _named(read["contexts"], context or read["current-context"])["context"]
        cluster = _named(read["clusters"], inside["cluster"])["cluster"]
        user = _named(read["users"], inside["user"])["user"] or {}
        if set(user) - _PLAIN_USER or set(cluster) - _PLAIN_CLUSTER:
            return None
        configuration = Configuration()
        configuration.host = cluster["server"].rstrip("/")
    except (OSError, yaml.YAMLError, LookupError, TypeError, AttributeError):
        return None
    if "token" in user:
        configuration.api_key["BearerToken"] = f"Bearer {user['token']}"
    for key, attribute in (
        ("certificate-authority", "ssl_ca_cert"),
        ("client-certificate", "cert_file"),
        ("client-key", "key_file"),
    ):
        given = {**cluster, **user}.get(key)
        if given:
            setattr(configuration, attribute, str(file.parent / given))
    configuration.verify_ssl = not cluster.get("insecure-skip-tls-verify", False)
    configuration.tls_server_name = cluster.get("tls-server-name")
    if cluster.get("proxy-url"):
        configuration.proxy = cluster["proxy-url"]
    return Credentials(
        configuration, str(inside["cluster"]), str(inside.get("namespace") or "default")
    )


def _named(entries: Any, name: str) -> Any:
    return {entry["name"]: entry for entry in entries or ()}[name]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
