"""How to reach a cluster: a kubeconfig as kubectl reads it, or the pod's own service account.

The Kubernetes client reads the kubeconfigs that hold more than a token or names of files. Loading
it takes as long as a healthy pass.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from watchdog.errors import SettingsError
from watchdog.kube.connection import Configuration
from watchdog.kube.rate_limit import AT_ONCE
from watchdog.logs import log

__all__ = ["Configuration", "Credentials", "credentials", "pool_behind_a_proxy"]
_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_MOST_CONTEXTS = 8
_PLAIN_USER = frozenset({"token", "client-certificate", "client-key"})
_PLAIN_CLUSTER = frozenset(
    {"server", "certificate-authority", "insecure-skip-tls-verify", "tls-server-name", "proxy-url"}
)


class Credentials(NamedTuple):
    """How to reach one cluster; `name` is its name in the kubeconfig, empty inside a cluster."""

    configuration: Configuration
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

    configuration = Configuration()
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
        _check_names(merged.value, paths, context)
        loader = KubeConfigLoader(config_dict=merged, active_context=context, config_base_path=None)
        inside = loader.current_context["context"]
        provider = _prepared(merged, inside)
        if provider:
            _load_from_provider(loader, configuration, provider, unusable)
        else:
            loader.load_and_set(configuration)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise SettingsError(f"kubeconfig {paths} is not YAML{line}") from error
    except (unusable, OSError, TypeError, AttributeError, LookupError, ValueError) as error:
        where = f"context {context} of " if context else ""
        raise SettingsError(
            f"cannot use {where}kubeconfig {paths}: {_first_line(error)}"
        ) from error
    return Credentials(
        configuration, str(inside["cluster"]), str(inside.get("namespace") or "default")
    )


def _load_from_provider(
    loader: Any, configuration: Configuration, provider: str, unusable: type[Exception]
) -> None:
    """Load the credentials of an auth-provider; SettingsError if it gives none.

    It starts programs and asks servers, so it fails in the ways of each.
    """
    why = ""
    try:
        loader.load_and_set(configuration)
    except unusable as error:
        why = f" ({_first_line(error)})"
    except Exception as error:  # noqa: BLE001 - what the client stumbles over helps no one
        # What a request raises may be an OSError too, but has no number.
        numbered = isinstance(error, OSError) and error.errno is not None
        why = f" ({_first_line(error)})" if numbered else " (its login cannot be used or renewed)"
        log.debug("auth-provider %s: %s", provider, type(error).__name__)
    if why or not (configuration.api_key or configuration.cert_file):
        raise SettingsError(
            f"the kubeconfig's auth-provider {provider} gave no credentials{why}: log in again, or "
            "use the credential plugin that replaced it"
        )


def _check_names(merged: Any, paths: str, context: str | None) -> None:
    """Raise SettingsError if the context that is asked for is not there, or names what is not.

    What is malformed in another way is left to the client's loader.
    """
    name = context or merged.get("current-context")
    known = {entry["name"]: entry["context"] for entry in merged.get("contexts") or ()}
    listed = ", ".join(str(each) for each in list(known)[:_MOST_CONTEXTS]) or "none"
    if not name and not known:
        raise SettingsError(f"kubeconfig {paths} names no context, so no cluster")
    if not name:
        raise SettingsError(
            f"kubeconfig {paths} has no current-context: choose one with --context; it has {listed}"
        )
    if name not in known:
        raise SettingsError(f"kubeconfig {paths} has no context {name}; it has {listed}")
    for kind in ("cluster", "user"):
        # The client wraps what it merged, not what it only read.
        named = (getattr(known[name], "value", known[name]) or {}).get(kind)
        if named and named not in {entry["name"] for entry in merged.get(f"{kind}s") or ()}:
            raise SettingsError(
                f"context {name} of kubeconfig {paths} names {kind} {named}, which is not in it"
            )


def _prepared(merged: Any, inside: Any) -> str:
    """Put what a credential plugin gives into the user's entry; the name of its auth-provider."""
    name = inside.get("user")
    if not name:
        return ""
    user = merged["users"].get_with_name(name).safe_get("user")
    if not isinstance(user, dict):
        return ""
    if "exec" in user:
        from watchdog.kube.exec_plugin import with_credential

        cluster = merged["clusters"].get_with_name(inside["cluster"])["cluster"]
        folder = Path(str(cluster.path)).expanduser().parent
        given = with_credential(user, cluster.value, folder)
        user.clear()
        user.update(given)
    provider = user.get("auth-provider")
    return str(provider.get("name") or "of no name") if isinstance(provider, dict) else ""


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
        configuration.api_key["BearerToken"] = f"Bearer {str(user['token']).strip()}"
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


def pool_behind_a_proxy(configuration: Configuration) -> Any:
    """Connections that go through a proxy, unless the environment says to pass it by; or SOCKS."""
    from kubernetes.client.configuration import Configuration as Whole  # noqa: TID251 - the one owner
    from kubernetes.client.rest import RESTClientObject  # noqa: TID251 - the one owner

    whole: Any = Whole()
    for name in ("host", "ssl_ca_cert", "cert_file", "key_file", "verify_ssl", "tls_server_name"):
        setattr(whole, name, getattr(configuration, name))
    if configuration.proxy:
        whole.proxy = configuration.proxy
    whole.retries = False
    whole.connection_pool_maxsize = AT_ONCE
    return RESTClientObject(whole).pool_manager


def _named(entries: Any, name: str) -> Any:
    return {entry["name"]: entry for entry in entries or ()}[name]


def _first_line(error: Exception) -> str:
    # The client names an entry of the file by all of its content, credentials included.
    text = str(error).partition("/{")[0].strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
