"""A kubeconfig's credential plugin: what it gives is used, and what it says is reported."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchdog.clock import Budget, SystemClock
from watchdog.errors import ClusterError, SettingsError
from watchdog.kube.credentials import Configuration, Credentials, credentials
from watchdog.kube.responses import Request
from watchdog.kube.transport import Transport

V1 = "client.authentication.k8s.io/v1"


def kubeconfig(folder: Path, user: dict[str, Any]) -> Path:
    path = folder / "config"
    cluster = {"server": "https://api.example.com:6443"}
    content = {
        "current-context": "prod",
        "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "ops"}}],
        "clusters": [{"name": "prod", "cluster": cluster}],
        "users": [{"name": "ops", "user": user}],
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def plugin(folder: Path, script: str, **more: Any) -> Path:
    """A kubeconfig whose plugin is that shell script."""
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return kubeconfig(folder, {"exec": {"apiVersion": V1, "command": "./plugin", **more}})


def says(**status: Any) -> str:
    return f"cat <<'X'\n{json.dumps({'apiVersion': V1, 'kind': 'ExecCredential', **status})}\nX"


def test_the_token_of_a_plugin_is_used(tmp_path: Path) -> None:
    found = credentials(plugin(tmp_path, says(status={"token": "made-up"})), None)

    assert found.configuration.api_key["BearerToken"] == "Bearer made-up"
    assert (found.name, found.namespace) == ("prod", "default")


def test_a_plugin_is_given_its_arguments_its_variables_and_the_cluster(tmp_path: Path) -> None:
    script = (
        'case "$KUBERNETES_EXEC_INFO" in *api.example.com*) ;; *) exit 3;; esac\n'
        'printf \'{"kind": "ExecCredential", "status": {"token": "%s-%s"}}\' "$1" "$STAGE"'
    )
    given = {"args": ["a"], "env": [{"name": "STAGE", "value": "b"}], "provideClusterInfo": True}

    found = credentials(plugin(tmp_path, script, **given), None)

    assert found.configuration.api_key["BearerToken"] == "Bearer a-b"


def test_the_certificate_of_a_plugin_is_used(tmp_path: Path) -> None:
    status = {"clientCertificateData": "-- made up --", "clientKeyData": "-- key --"}

    found = credentials(plugin(tmp_path, says(status=status)), None)

    configuration = found.configuration
    assert configuration.cert_file
    assert configuration.key_file
    assert Path(configuration.cert_file).read_text() == "-- made up --"
    assert Path(configuration.key_file).read_text() == "-- key --"


FAILURES = {
    "an expired login": (
        "echo a >&2; echo 'SSO token for my-sso has expired; run aws sso login' >&2; exit 255",
        r"failed \(exit code 255\): SSO token for my-sso has expired; run aws sso login$",
    ),
    "a word on standard output": ("echo 'log in first'; exit 1", "log in first$"),
    "a silent failure": ("exit 7", "failed .exit code 7. and said nothing"),
    "no JSON": ("echo hello; echo 'no profile' >&2", "gave no ExecCredential with a status: no"),
    "no status": (says(), "gave no ExecCredential"),
    "an odd status": (says(status=[]), "gave no ExecCredential"),
    "an empty status": (says(status={}), "neither a token nor a certificate"),
    "an empty token": (says(status={"token": ""}), "neither a token nor a certificate"),
    "a certificate alone": (says(status={"clientCertificateData": "a"}), "neither a token nor"),
    "colours": (r"printf '\033[31mdenied\033[0m\n' >&2; exit 1", "denied$"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_plugin_that_fails_ends_the_command_with_its_own_last_line(
    tmp_path: Path, name: str
) -> None:
    script, said = FAILURES[name]

    with pytest.raises(SettingsError, match=said) as caught:
        credentials(plugin(tmp_path, script), None)

    assert "plugin" in str(caught.value)
    assert "\033" not in str(caught.value)


KEPT = "made-up-k3y-of-ours"
TELLS = {
    "an answer, and a failure": f"{says(status={'token': KEPT})}\nexit 1",
    "a bare token, and a failure": f"echo {KEPT}; exit 1",
    "a token in a sentence": f"echo use {KEPT}; exit 1",
    "a token on standard error": f"echo 'token: {KEPT} has expired' >&2; exit 1",
    "a header on standard error": f"echo 'Authorization: Bearer {KEPT}' >&2; exit 1",
    "a password and no status": f"echo password={KEPT} >&2; {says()}",
}


@pytest.mark.parametrize("script", TELLS.values(), ids=TELLS)
def test_a_plugin_that_fails_tells_no_credential(tmp_path: Path, script: str) -> None:
    with pytest.raises(SettingsError, match="credential plugin") as caught:
        credentials(plugin(tmp_path, script), None)

    assert KEPT not in str(caught.value)


WAYS = {
    "user and password": f"https://app:{KEPT}@127.0.0.1:1",
    "a query": f"https://127.0.0.1:1?token={KEPT}",
}


@pytest.mark.parametrize("server", WAYS.values(), ids=WAYS)
def test_no_error_repeats_what_is_secret_in_the_address_of_the_api_server(server: str) -> None:
    account = Credentials(Configuration(host=server), "", "")
    transport = Transport(lambda: account, Budget(1, SystemClock()))

    with pytest.raises(ClusterError, match=r"the API server https://127.0.0.1:1") as caught:
        transport.json(Request("GET", "/", "list pods", "list pods", read_only=False))

    assert KEPT not in str(caught.value)


@pytest.mark.parametrize("token", ["a\nb", "caf\u00e9", "a\x00"])
def test_a_token_that_no_request_can_carry_is_an_error_that_does_not_repeat_it(
    token: str,
) -> None:
    held = Configuration(api_key={"BearerToken": f"Bearer {KEPT}{token}"})

    with pytest.raises(SettingsError, match=r"cannot be sent.*log in again") as caught:
        Transport(lambda: Credentials(held, "", ""), Budget(1, SystemClock()))

    assert KEPT not in str(caught.value)


def test_the_line_end_of_a_file_is_no_part_of_a_token(tmp_path: Path) -> None:
    found = credentials(kubeconfig(tmp_path, {"token": "a-b\n"}), None)

    assert found.configuration.authorization == "Bearer a-b"


@pytest.mark.parametrize(
    "proxy", ["ftp://{}@web", "{}@web:1", "http://{}@web:port", "http://{}@[::1"]
)
def test_a_proxy_that_cannot_be_one_is_an_error_that_does_not_repeat_its_user(proxy: str) -> None:
    held = Configuration(host="https://127.0.0.1:1", proxy=proxy.format(f"app:{KEPT}"))

    with pytest.raises(SettingsError, match=r"the proxy on the way.*HTTPS_PROXY") as caught:
        Transport(lambda: Credentials(held, "", ""), Budget(1, SystemClock()))

    assert KEPT not in str(caught.value)


@pytest.mark.parametrize("command", ["no-such-program", "./no-such-program", ""])
def test_a_plugin_that_is_missing_is_named_with_its_hint(tmp_path: Path, command: str) -> None:
    plugin = {"apiVersion": V1, "command": command, "installHint": "brew install it\nand so on"}

    with pytest.raises(SettingsError, match="credential plugin"):
        credentials(kubeconfig(tmp_path, {"exec": plugin}), None)
    if command:
        with pytest.raises(SettingsError, match=r"is not installed: brew install it$"):
            credentials(kubeconfig(tmp_path, {"exec": plugin}), None)


def test_a_plugin_that_may_not_be_run_is_said_so(tmp_path: Path) -> None:
    path = plugin(tmp_path, "exit 0")
    (tmp_path / "plugin").chmod(0o644)
    if os.access(tmp_path / "plugin", os.X_OK):
        pytest.fail("the file system ignores modes")

    with pytest.raises(SettingsError, match="cannot be run: Permission denied"):
        credentials(path, None)


def test_an_auth_provider_without_a_token_is_no_anonymous_pass(tmp_path: Path) -> None:
    user = {"auth-provider": {"name": "acme", "config": {}}}

    with pytest.raises(SettingsError, match="auth-provider acme gave no credentials"):
        credentials(kubeconfig(tmp_path, user), None)


def expired(issuer: str) -> dict[str, Any]:
    claims = b64encode(json.dumps({"exp": 1, "sub": "made up"}).encode()).decode().rstrip("=")
    token = f"e30.{claims}.made-up"
    return {"id-token": token, "refresh-token": "made-up", "client-id": "a", "client-secret": "b",
            "idp-issuer-url": issuer}  # fmt: skip


PROVIDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing to log in with": ("gcp", {}),
    "a login that is over": ("gcp", {"access-token": "a", "expiry": "2020-01-01T00:00:00Z"}),
    "a program that is not there": ("gcp", {"cmd-path": "/no-such-gcloud"}),
    "a server of logins that is away": ("oidc", expired("http://127.0.0.1:1")),
    "a token that is none": ("oidc", {"id-token": "a.bbbbb.made-up"}),
    "a token of another kind": ("oidc", {"id-token": 7}),
}


@pytest.mark.parametrize("name", PROVIDERS)
def test_an_auth_provider_that_fails_says_what_to_do(tmp_path: Path, name: str) -> None:
    provider, config = PROVIDERS[name]
    user = {"auth-provider": {"name": provider, "config": config}}

    with pytest.raises(SettingsError) as caught:
        credentials(kubeconfig(tmp_path, user), None)

    said = str(caught.value)
    assert f"auth-provider {provider} gave no credentials" in said
    assert "log in again, or use the credential plugin that replaced it" in said
    assert "made-up" not in said
    assert "object" not in said, "words of Python's"
    assert "Pool" not in said, "words of a library's"


def test_user_and_password_go_to_the_api_server(tmp_path: Path) -> None:
    found = credentials(kubeconfig(tmp_path, {"username": "a", "password": "made-up"}), None)

    sent = found.configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    assert sent == "Basic " + b64encode(b"a:made-up").decode()


def test_what_is_missing_in_a_kubeconfig_is_told_without_what_is_there(tmp_path: Path) -> None:
    user = {"auth-provider": {"name": "oidc", "config": {"refresh-token": "made-up"}}}

    with pytest.raises(SettingsError, match="Expected key id-token") as caught:
        credentials(kubeconfig(tmp_path, user), None)

    assert "made-up" not in str(caught.value)


CONTEXTS = "contexts: [{name: a, context: {cluster: b, user: c}}]\n"
UNUSABLE = {
    "no YAML": ("clusters: [\n- a: b: c\n", None, "is not YAML, line 2$"),
    "no context chosen": (
        CONTEXTS,
        None,
        "no current-context: choose one with --context; .*has a$",
    ),
    "a context that is not there": (CONTEXTS, "q", "has no context q; it has a$"),
    "no context at all": ("contexts: []\ncurrent-context: a\n", None, "no context a; it has none$"),
    "a cluster that is not there": (
        f"{CONTEXTS}current-context: a\nclusters: []\nusers: []\n",
        None,
        "context a of .* names cluster b, which is not in it$",
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_kubeconfig_says_what_is_wrong_with_it(tmp_path: Path, name: str) -> None:
    text, context, said = UNUSABLE[name]
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match=said):
        credentials(path, context)
