"""Whatever a tenant writes into a pod template, no sentence of ours holds it as words of ours."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from watchdog.observation.template_changes import changes
from watchdog.observation.template_summary import env_var, variable
from watchdog.text.redact import Redactor

RUN = "kubectl delete namespace shop"
LINK = "https://attacker.example/fix"
THEIRS = re.compile(rf"{RUN}|{LINK}|<!channel|--server|@everyone")
QUOTED = re.compile(r'"[^"\n]*"')
POD: dict[str, Any] = {"metadata": {}, "spec": {"containers": [{"name": "main", "image": "web:1"}]}}
# Every field with free text, or whose form an older or a patched API server may not check.
CONTAINER: dict[str, Any] = {
    "image": f"busybox:1.36 {RUN}",
    "image of a link": LINK,
    "command": ["sh", "-c", f"exit 3; {RUN}; curl {LINK}"],
    "args": [RUN, LINK],
    "workingDir": f"/x; {RUN}",
    "terminationMessagePath": f"/x; {RUN}",
    "imagePullPolicy": f"Always {RUN}",
    "volumeMounts": [{"name": "v", "mountPath": f"/x; {RUN} {LINK}", "subPath": RUN}],
    "readinessProbe": {"httpGet": {"path": f"/x; {RUN} {LINK}", "port": 80}},
    "readinessProbe with a command": {"exec": {"command": ["sh", "-c", RUN]}},
    "livenessProbe": {
        "httpGet": {
            "host": LINK,
            "path": f"/{LINK}",
            "port": 80,
            "httpHeaders": [{"name": RUN, "value": LINK}],
        }
    },
    "securityContext": {"seLinuxOptions": {"level": RUN}},
    "lifecycle": {"preStop": {"exec": {"command": [RUN, LINK]}}},
    "ports": [{"containerPort": 80, "name": RUN}],
    "envFrom": [{"prefix": RUN, "configMapRef": {"name": f"{RUN} {LINK}"}}],
    "resources": {"limits": {"memory": f"1Gi {RUN}"}},
}
SPEC: dict[str, Any] = {
    "hostAliases": [{"ip": "10.0.0.1", "hostnames": [RUN, LINK]}],
    "dnsConfig": {"searches": [RUN], "options": [{"name": LINK, "value": RUN}]},
    "schedulerName": f"x {RUN}",
    "priorityClassName": f"x {RUN}",
    "runtimeClassName": LINK,
    "hostname": f"x {RUN}",
    "subdomain": LINK,
    "securityContext": {"sysctls": [{"name": RUN, "value": LINK}]},
    "topologySpreadConstraints": [{"topologyKey": RUN, "whenUnsatisfiable": LINK}],
    "nodeSelector": {"zone": f"{RUN} {LINK}"},
    "tolerations": [{"key": RUN, "value": LINK, "operator": RUN, "effect": RUN}],
    "volumes": [
        {"name": f"v {RUN}", "configMap": {"name": LINK}},
        {"name": "w", "secret": {"secretName": f"s {RUN}"}},
        {"name": "u", "nfs": {"server": LINK, "path": f"/x {RUN}"}},
    ],
    "serviceAccountName": f"x {RUN}",
    "imagePullSecrets": [{"name": LINK}],
    "resourceClaims": [{"name": "x", "resourceClaimName": f"c {RUN}"}],
}
NAMES = (
    f"REGION; {RUN}; <!channel>", LINK, f"`{RUN}`", f"$({RUN})", f"A' && {RUN} && echo '",
    f'A" && {RUN} && echo "', f"--server={LINK}", f"[x]({LINK})", "@everyone", "", "a b", "\u202eA",
)  # fmt: skip


def said(field: str, value: Any, *, container: bool) -> list[str]:
    """What is said of a field that was there before, and was changed to that and back."""
    old = copy.deepcopy(POD)
    new = copy.deepcopy(POD)
    name = field.partition(" ")[0]
    for pod, given in ((old, _plain(value)), (new, value)):
        place = pod["spec"]["containers"][0] if container else pod["spec"]
        place[name] = given
    there = [str(change) for change in changes(old, new, Redactor())]
    back = [str(change) for change in changes(new, old, Redactor())]
    gone = [str(change) for change in changes(new, POD, Redactor())]
    return [*there, *back, *gone]


def _plain(value: Any) -> Any:
    """The same shape with plain words in it."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return "plain" if isinstance(value, str) else value


@pytest.mark.parametrize("field", [*CONTAINER, *(f"{name} of the pod" for name in SPEC)])
def test_words_in_a_pod_template_stand_in_quotation_marks(field: str) -> None:
    container = not field.endswith(" of the pod")
    value = CONTAINER[field] if container else SPEC[field.removesuffix(" of the pod")]

    sentences = said(field, value, container=container)

    assert sentences
    assert any(THEIRS.search(sentence) for sentence in sentences)
    assert [s for s in sentences if THEIRS.search(QUOTED.sub("", s))] == []
    assert all(s.count('"') % 2 == 0 and "\n" not in s for s in sentences)


def test_a_plain_word_of_a_pod_template_stands_as_it_is() -> None:
    old, new = copy.deepcopy(POD), copy.deepcopy(POD)
    new["spec"]["containers"][0]["image"] = "registry.example.com:5000/shop/web@sha256:0a1b"

    (change,) = changes(old, new, Redactor())

    assert str(change).endswith("from web:1 to registry.example.com:5000/shop/web@sha256:0a1b")


def test_a_long_part_of_a_pod_template_is_cut_in_a_sentence() -> None:
    old, new = copy.deepcopy(POD), copy.deepcopy(POD)
    new["spec"]["hostname"] = "a b " * 1000
    old["spec"]["hostname"] = "a b"

    (change,) = changes(old, new, Redactor())

    assert len(str(change)) < 700
    assert str(change).endswith('…"')


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_variable_that_is_unusual_reads_as_one_word(name: str) -> None:
    old, new = copy.deepcopy(POD), copy.deepcopy(POD)
    old["spec"]["containers"][0]["env"] = [{"name": name, "value": "a"}]
    new["spec"]["containers"][0]["env"] = [{"name": name, "value": "b"}]

    sentences = [
        *(str(change) for change in changes(old, new, Redactor())),
        *(str(change) for change in changes(new, POD, Redactor())),
        env_var({"name": name}).name,
    ]

    assert all(sentence.count("(an unusual name)") == 1 for sentence in sentences)
    assert not any(THEIRS.search(sentence) for sentence in sentences)
    assert not any(char in "".join(sentences) for char in "`$;&'\"<>@\u202e")


@pytest.mark.parametrize("name", ["REGION", "a", "_x", "DB.HOST", "spring.datasource-url", "A1"])
def test_a_usual_name_of_a_variable_stands_as_it_is(name: str) -> None:
    assert variable(name) == name
