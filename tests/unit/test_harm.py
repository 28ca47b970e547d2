"""Whatever is proposed over whatever situation, what policy lets through does no harm.

The oracle below is written without a look at policy: it compares the object before and after.
"""

from __future__ import annotations

import string
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tests.support import policy_samples
from tests.support.policy_samples import (
    ARGO,
    FLUX,
    LEDGER,
    POD,
    deployment,
    finding,
    helm,
    planned,
    pod,
    snapshot,
)
from watchdog.actions import BY_NAME, DeletePod, RemediationAction
from watchdog.policy.policy import judge
from watchdog.policy.verdict import Context
from watchdog.settings.schema import Settings
from watchdog.snapshot.workloads import RevisionSummary

UNION: TypeAdapter[RemediationAction] = TypeAdapter(RemediationAction)
TARGETS = [
    LEDGER.model_dump(),
    POD.model_dump(),
    {"kind": "Deployment", "namespace": "kube-system", "name": "coredns"},
    {"kind": "Deployment", "namespace": "other", "name": "ledger"},
    {"kind": "StatefulSet", "namespace": "shop", "name": "ledger"},
]
NAMES = ["REGION", "LEVEL", "LD_PRELOAD", "DB_URL", "HTTP_PROXY", "API_TOKEN", "PATH", "STAGE"]
VALUES = ["eu-1", "$(id)", "http://evil.example", "", "a b", "x" * 70, "../../etc", "debug"]
QUANTITIES = ["1", "32Mi", "128Mi", "200Mi", "1Gi", "900Gi", "1m", "8", "64", "0", "-1"]
IMAGES = ["ghcr.io/shop/ledger:3", "evil.example/shop/ledger:2", "ledger", "ghcr.io/shop/ledger@x"]
AUTO = Settings.model_validate({"actions": dict.fromkeys(BY_NAME, "auto")})


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Seldom one of the others, so that enough is let through to be judged."""
    return st.sampled_from([usual] * 6 * len(others) + list(others))


def proposals() -> st.SearchStrategy[dict[str, Any]]:
    quantity = st.none() | st.sampled_from(QUANTITIES)
    return st.fixed_dictionaries(
        {
            "kind": st.sampled_from(
                ["rollout_undo", "rollout_restart", "delete_pod", "scale_deployment"]
                + [
                    f"patch_deployment_{x}"
                    for x in ("env", "resources", "image", "command", "probe")
                ]
            ),
            "target": mostly(*TARGETS),
            "container": mostly("main", "setup", "nope"),
            "name": mostly("REGION", *NAMES, "A=B", "a\n"),
            "value": mostly("eu-1", None, *VALUES),
            "memory_limit": quantity,
            "memory_request": quantity,
            "cpu_limit": quantity,
            "cpu_request": quantity,
            "image": mostly(*IMAGES, "", "a b"),
            "replicas": st.sampled_from([3, 4, 10, 2, 1, 0, 11, -1, 10**6]),
            "to_revision": st.none() | st.sampled_from([6, 6, 6, -1, 3, 7]),
            "probe": st.sampled_from(["liveness", "readiness"]),
            "path": mostly("/ok", "/?x", "http://evil"),
        },
    )


FIELDS = {
    "rollout_undo": {"to_revision"},
    "rollout_restart": set(),
    "delete_pod": set(),
    "scale_deployment": {"replicas"},
    "patch_deployment_env": {"container", "name", "value"},
    "patch_deployment_resources": {
        "container", "memory_limit", "memory_request", "cpu_limit", "cpu_request",
    },
    "patch_deployment_image": {"container", "image"},
    "patch_deployment_command": {"container"},
    "patch_deployment_probe": {"container", "probe", "path"},
}  # fmt: skip
EARLIER = policy_samples.earlier(
    image="ghcr.io/shop/ledger:1",
    env=[{"name": "REGION", "value": "eu-1"}, {"name": "DB_URL", "value": "postgres://old"}],
    resources={"limits": {"memory": "256Mi"}, "requests": {"memory": "64Mi"}},
)


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    ready = draw(st.integers(0, 2))
    worked = draw(st.booleans())
    annotations = draw(
        st.sampled_from(
            [{}, {"ignore": "true"}, {"allow": "delete_pod"}, {"allow": "rollout_undo"}]
        )
    )
    revisions = (
        RevisionSummary(revision=7, replica_set="ledger-b", current=True, available=worked),
        RevisionSummary.model_validate({**policy_samples.OLD, "available": draw(st.booleans())}),
    )
    seen = deployment(
        ready=ready,
        revisions=revisions,
        annotations={f"sre-watchdog/{key}": value for key, value in annotations.items()},
        managed_by=draw(mostly(None, ARGO, FLUX, helm("ledger"))),
        strategy=draw(mostly("RollingUpdate", "Recreate")),
        paused=draw(mostly(*(False, True))),
    )
    pods = draw(st.sampled_from([(), (pod(),), (pod(phase="Pending", containers=()),)]))
    paused = draw(mostly(None, "noon"))
    named = draw(mostly("REGION", "DB_URL", "LD_PRELOAD", ""))
    return {
        "snapshot": snapshot(deployments=(seen,), pods=pods, paused_until=paused),
        "settings": AUTO,
        "findings": draw(mostly((finding(facts={"env": named}),), ())),
    }


def harm(action: RemediationAction, given: Context) -> list[str]:
    """What is wrong with this write, by comparing what there is with what there would be."""
    assert given.write is not None
    found: list[str] = []
    seen = given.snapshot.deployments[0]
    if action.target not in (LEDGER, POD):
        found.append("not what was looked at")
    if not given.findings or given.snapshot.paused_until:
        found.append("nothing is wrong, or it is paused")
    marks = seen.annotations
    if "sre-watchdog/ignore" in marks:
        found.append("opted out")
    if action.kind not in marks.get("sre-watchdog/allow", action.kind):
        found.append("narrowed")
    if isinstance(action, DeletePod):
        return found
    if seen.managed_by in (ARGO, FLUX) or seen.paused:
        found.append("someone else's, or paused")
    rolls = given.write.live["spec"]["template"] != given.write.after["spec"]["template"]
    if rolls and seen.ready and seen.revisions[0].available:
        found.append("rolls pods that serve")
    if rolls and seen.strategy == "Recreate":
        found.append("replaces all pods at once")
    return found + changed_for_the_worse(given)


def changed_for_the_worse(given: Context) -> list[str]:
    """What of the object itself would be worse, unproven or no one's business."""
    assert given.write is not None
    found: list[str] = []
    seen = given.snapshot.deployments[0]
    before, after = given.write.live, given.write.after
    if not before["spec"]["replicas"] <= after["spec"]["replicas"] <= 10:
        found.append("scaled down, or too far up")
    old = before["spec"]["template"]["spec"]["containers"][0]
    new = after["spec"]["template"]["spec"]["containers"][0]
    proven = EARLIER["spec"]["containers"][0]
    available = seen.revisions[1].available
    for field in ("command", "args", "readinessProbe", "livenessProbe", "image", "volumeMounts"):
        allowed = [old.get(field), *([proven.get(field)] if available else [])]
        if field == "image" and new["image"].startswith("ghcr.io/shop/ledger:"):
            continue
        if new.get(field) not in allowed:
            found.append(f"{field} out of nothing")
    had = {entry["name"]: entry for entry in old["env"]}
    was = {entry["name"]: entry for entry in proven["env"]} if available else {}
    for entry in new["env"]:
        name = entry["name"]
        if entry in (had.get(name), was.get(name)):
            continue
        plain = all(c in string.ascii_letters + string.digits + "._-" for c in entry["value"])
        if name != "REGION" or name in had or not plain or not 0 < len(entry["value"]) <= 64:
            found.append(f"env {name}")
    ladder = [None, "1m", "1", "32Mi", "64Mi", "128Mi", "200Mi", "256Mi", "512Mi"]
    limit = new.get("resources", {}).get("limits", {}).get("memory")
    if limit not in ladder or (seen.ready and ladder.index(limit) < ladder.index("128Mi")):
        found.append(f"memory limit {limit}")
    outside = {k: v for k, v in after["spec"].items() if k not in ("template", "replicas")}
    if any(before["spec"][key] != value for key, value in outside.items()):
        found.append("changed more than pods and replicas")
    return found


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(proposals(), situations())
def test_what_policy_lets_through_does_no_harm(
    proposed: dict[str, Any], situation: dict[str, Any]
) -> None:
    fields = {"kind", "target", *FIELDS[proposed["kind"]]}
    try:
        action = UNION.validate_python({k: v for k, v in proposed.items() if k in fields})
    except ValidationError:
        return
    around = policy_samples.context(**situation)
    if judge(action, around).decision == "refuse":
        return
    item = policy_samples.live()
    if isinstance(action, DeletePod):
        owner = {"kind": "ReplicaSet", "controller": True}
        item = {"metadata": {"uid": "p1", "ownerReferences": [owner]}, "spec": {}}
    exact = planned(action, item, EARLIER, **situation)

    if judge(action, exact).decision == "allow":
        assert harm(action, exact) == []
