"""Runs the credential plugin that a kubeconfig names, as kubectl does.

The client's own way logs a failure and goes on without credentials: a login that has expired would
then read as missing permissions of an anonymous user.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from watchdog.errors import SettingsError
from watchdog.text.format import one_line
from watchdog.text.redact import redact

_SECONDS = 120.0  # a person may have to log in, in a browser
_SHOWN_CHARS = 300
_LONGEST = 4_000
_LONG = 16  # characters of a word that may be a token
_KIND = "ExecCredential"


def with_credential(
    user: Mapping[str, Any], cluster: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    """The kubeconfig's `user` with what its plugin gave in place of the plugin.

    `folder` is the kubeconfig's, from which a command with a slash is looked for. Raises
    SettingsError with the plugin's own last line where it is missing, fails or gives nothing.
    """
    plugin = user["exec"]
    command = str(plugin.get("command") or "")
    status = _status(plugin, command, cluster, folder)
    rest = {name: value for name, value in user.items() if name != "exec"}
    token, certificate = status.get("token"), status.get("clientCertificateData")
    key = status.get("clientKeyData")
    if isinstance(certificate, str) and isinstance(key, str):
        rest["client-certificate-data"] = b64encode(certificate.encode()).decode()
        rest["client-key-data"] = b64encode(key.encode()).decode()
    if isinstance(token, str) and token:
        rest["token"] = token
    elif "client-key-data" not in rest:
        raise SettingsError(f"{_named(command)} gave neither a token nor a certificate and its key")
    return rest


def _status(
    plugin: Mapping[str, Any], command: str, cluster: Mapping[str, Any], folder: Path
) -> Mapping[str, Any]:
    version = str(plugin.get("apiVersion") or "client.authentication.k8s.io/v1")
    interactive = plugin.get("interactiveMode") != "Never" and sys.stdin.isatty()
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = dict(cluster)
    given = {str(each["name"]): str(each["value"]) for each in plugin.get("env") or ()}
    info = {"apiVersion": version, "kind": _KIND, "spec": spec}
    environment = {**os.environ, **given, "KUBERNETES_EXEC_INFO": json.dumps(info)}
    path = str(folder / command) if "/" in command else command
    try:
        done = subprocess.run(  # noqa: S603 - the kubeconfig is the operator's own
            [path, *(str(arg) for arg in plugin.get("args") or ())],
            env=environment,
            stdin=None if interactive else subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        hint = str(plugin.get("installHint") or "").strip().splitlines()
        more = f": {one_line(hint[0], _SHOWN_CHARS)}" if hint else ""
        raise SettingsError(f"{_named(command)} is not installed{more}") from None
    except subprocess.TimeoutExpired:
        raise SettingsError(f"{_named(command)} did not end within {_SECONDS:.0f} s") from None
    except OSError as error:
        raise SettingsError(f"{_named(command)} cannot be run: {error.strerror}") from error
    if done.returncode:
        said = _last_line(done.stderr) or _words(_last_line(done.stdout))
        words = f": {said}" if said else " and said nothing"
        raise SettingsError(f"{_named(command)} failed (exit code {done.returncode}){words}")
    try:
        answer = json.loads(done.stdout)
        if answer["kind"] == _KIND and isinstance(answer["status"], dict):
            return dict(answer["status"])
    except (ValueError, RecursionError, LookupError, TypeError):
        pass
    said = _last_line(done.stderr)
    raise SettingsError(
        f"{_named(command)} gave no {_KIND} with a status" + (f": {said}" if said else "")
    )


def _named(command: str) -> str:
    return f"the kubeconfig's credential plugin {one_line(command, 100) or '(no command)'}"


def _last_line(output: bytes) -> str:
    lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return one_line(redact(lines[-1][:_LONGEST]), _SHOWN_CHARS) if lines else ""


def _words(line: str) -> str:
    """The line if it can only be words: a plugin that fails late has its credential there."""
    sentence = len(line.split()) > 1 and all(len(word) < _LONG for word in line.split())
    return line if sentence and "{" not in line else ""
