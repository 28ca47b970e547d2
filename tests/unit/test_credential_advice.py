"""Advice about a credential names the Secret and the reference, and no value in plain text."""

from __future__ import annotations

import pytest

from watchdog.diagnosis.rules import detect, explain, rules_fix
from watchdog.examples.builders import broken, crashing, spec
from watchdog.failures import KINDS
from watchdog.model.diagnosis import Explanation
from watchdog.snapshot.pod_template import ContainerSpec, EnvVar
from watchdog.snapshot.snapshot import ClusterSnapshot

UNSET = "fatal: {} is not set"


def advised(snapshot: ClusterSnapshot) -> Explanation:
    findings = detect(snapshot, KINDS)
    (explanation,) = explain(findings, snapshot, KINDS)
    assert explanation.kind == "missing_env"
    assert rules_fix(findings[0], snapshot, KINDS) is None
    return explanation


def crashed(name: str, container: ContainerSpec | None = None) -> ClusterSnapshot:
    return broken(crashing(), container=container or spec(), text=UNSET.format(name))


@pytest.mark.parametrize("name", ["DB_PASSWORD", "API_TOKEN", "SECRET_KEY_BASE", "SMTP_PASS"])
def test_an_unset_credential_is_put_into_a_secret_that_is_referred_to(name: str) -> None:
    said = advised(crashed(name))

    key = name.lower().replace("_", "-")
    assert said.command is not None
    assert said.command.endswith(f"create secret generic web-credentials --from-file={key}=<file>")
    assert f"secretKeyRef (name: web-credentials, key: {key})" in said.to_do
    assert f"{name}=" not in f"{said.to_do} {said.command}"


def test_a_plain_variable_is_set_as_before() -> None:
    snapshot = crashed("LEDGER_REGION")
    (explanation,) = explain(detect(snapshot, KINDS), snapshot, KINDS)

    assert explanation.command is not None
    assert explanation.command.endswith("LEDGER_REGION=<value>")


@pytest.mark.parametrize(("source", "kind"), [("secret", "Secret"), ("configmap", "ConfigMap")])
def test_a_variable_of_an_optional_key_is_given_that_key(source: str, kind: str) -> None:
    env = EnvVar.model_validate(
        {"name": "DB_LOGIN", "source": source, "object": "db-login", "key": "login",
         "optional": True}
    )  # fmt: skip
    said = advised(crashed("DB_LOGIN", spec(env=(env,))))

    assert said.command == f"kubectl -n shop edit {source} db-login"
    assert said.to_do.startswith(f"Add the key login to {kind} db-login")


@pytest.mark.parametrize(
    "line",
    [
        "fatal: GET https://api.example.com/v1/rates: 403 Forbidden",
        "python3 -m gunicorn failed: can not import name Ledger from app.models (/srv/models.py)",
        "fatal: kubectl apply -f /etc/app/job.yaml | sh failed with code 1",
    ],
)
def test_what_rules_quote_is_evidence_and_stays_as_it_is(line: str) -> None:
    snapshot = broken(crashing(), container=spec(), text=f"starting\n{line}")
    findings = detect(snapshot, KINDS)
    (explanation,) = explain(findings, snapshot, KINDS)

    assert any(line in str(quoted) for quoted in findings[0].evidence)
    assert line in explanation.why
