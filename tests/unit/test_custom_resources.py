"""What a status says of a custom resource, what is kept of it, and which names are settings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import CREATED
from tests.support.object_reader import Objects
from tests.support.still_clock import StillClock
from watchdog.diagnosis.rules import detect, rules_fix
from watchdog.errors import NotFoundError, SettingsError
from watchdog.examples import builders as ex
from watchdog.failures import KINDS
from watchdog.kube.discovery import served
from watchdog.kube.ports import Json, Listing, Served, TablePage
from watchdog.kube.resources import Resource
from watchdog.kube.responses import Request
from watchdog.observation.collector import observe
from watchdog.observation.custom_health import Verdict, judge
from watchdog.observation.custom_resources import CustomListed, of_all
from watchdog.observation.custom_summary import summary, trouble
from watchdog.settings.custom_presets import PRESETS, resources
from watchdog.settings.environment import load
from watchdog.snapshot.custom import CustomResourceSummary
from watchdog.snapshot.deployer import Deployer
from watchdog.snapshot.refs import Condition
from watchdog.text.redact import Redactor

CERTIFICATES = Resource("cert-manager.io", "v1", "certificates", "Certificate")


def thing(*conditions: tuple[str, str, str], **rest: Any) -> Json:
    """An object with conditions of a type, a status and a reason; `rest` is further status."""
    held = [{"type": t, "status": s, "reason": r} for t, s, r in conditions]
    return {"metadata": {"name": "a", "namespace": "shop"}, "status": {"conditions": held, **rest}}


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        ([("Ready", "True", "Ready")], None),
        ([("Ready", "False", "BuildFailed")], "failed"),
        ([("Ready", "False", "Waiting")], "progressing"),
        ([("Ready", "Unknown", "Pending")], "progressing"),
        ([("Ready", "True", "Ready"), ("Stalled", "True", "Because")], "failed"),
        ([("Ready", "True", "Ready"), ("Reconciling", "True", "Because")], None),
        ([("Ready", "False", "Waiting"), ("Reconciling", "True", "Because")], "progressing"),
        ([("NotReady", "True", "Problem")], "failed"),
        ([("NotReady", "True", "Creating")], "progressing"),
        ([("Synced", "False", "ReconcileError"), ("Ready", "True", "Available")], "failed"),
        ([("Synced", "False", "ReconcilePaused"), ("Ready", "True", "Available")], None),
        ([("Active", "False", "ScalerNotActive"), ("Ready", "True", "Ready")], None),
        ([("Ready", "True", "Ready"), ("Fallback", "True", "FallbackExists")], "failed"),
        ([("Succeeded", "Unknown", "Running")], None),
        ([("Succeeded", "False", "Failed")], "failed"),
        ([("Succeeded", "False", "PipelineRunCancelled")], None),
        ([("Succeeded", "False", "StoppedRunFinally")], None),
        ([("Succeeded", "False", "PipelineRunTimeout")], "failed"),
        ([("Ready", "True", "Ready"), ("RoutesReady", "False", "Waiting")], None),
        ([("Promoted", "False", "Waiting")], None),
        ([("Surprising", "False", "Quite")], None),
    ],
)  # fmt: skip
def test_conditions_are_read_by_their_convention(
    conditions: list[tuple[str, str, str]], state: str | None
) -> None:
    verdict = judge(thing(*conditions))

    assert (verdict and verdict.state) == state


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"status": None},
        {"status": "Failed"},
        {"status": {"conditions": {"Ready": "False"}}},
        {"status": {"conditions": ["Ready", None, 3]}},
        {"status": {"conditions": [{"type": None, "status": False}]}},
        {"status": {"conditions": [{"type": ["Ready"], "status": {"a": 1}}]}},
        {"status": {"health": "Degraded", "phase": ["x"], "listeners": 3, "parents": {"a": 1}}},
        {"status": {"phase": 7, "observedGeneration": "x"}, "metadata": {"generation": "y"}},
        {"spec": [1], "metadata": [2], "status": {"operationState": "Failed"}},
    ],
)
def test_an_unknown_shape_is_silent(raw: Json) -> None:
    assert judge(raw) is None


@pytest.mark.parametrize(
    "change",
    [
        {"spec": {"suspend": True}},
        {"spec": {"paused": True}},
        {"metadata": {"annotations": {"crossplane.io/paused": "true"}}},
        {"metadata": {"annotations": {"strimzi.io/pause-reconciliation": "true"}}},
        {"metadata": {"annotations": {"autoscaling.keda.sh/paused-replicas": "0"}}},
        {"metadata": {"deletionTimestamp": "2026-03-02T14:00:00Z"}},
    ],
)
def test_what_is_on_hold_or_leaving_is_silent(change: Json) -> None:
    assert judge({**thing(("Ready", "False", "BuildFailed")), **change}) is None


def test_a_status_of_an_earlier_generation_is_on_its_way_since_the_last_change() -> None:
    raw = thing(("Ready", "True", "Ready"), observedGeneration=1)
    written = {"manager": "kubectl", "time": "2026-03-02T14:00:00Z"}
    raw["metadata"] |= {"generation": 2, "managedFields": [written]}

    verdict = judge(raw)

    assert verdict
    assert (verdict.state, verdict.since) == ("progressing", datetime(2026, 3, 2, 14, tzinfo=UTC))


def test_words_of_a_status_are_redacted_and_cut() -> None:
    raw = thing(("Ready", "False", "Failed"))
    secret = "postgres://app:Xk9vQ2mLw7Rt@db:5432/app"
    raw["status"]["conditions"][0] |= {"message": f"cannot reach {secret} " + "x" * 9000}
    verdict = judge(raw)
    assert verdict

    kept = summary(CERTIFICATES, trouble("Certificate", raw, verdict), Redactor(), "shop")

    assert "cannot reach postgres://" in kept.condition.message
    assert "Xk9vQ2mLw7Rt" not in kept.model_dump_json()
    assert len(kept.model_dump_json()) < 4000


class Group(StillClock):
    """An API group with objects of one kind in many namespaces, and a Table of them if it has one.

    `asked` are the ways in which it was read.
    """

    def __init__(self, columns: tuple[str, ...], *objects: Json) -> None:
        self.columns, self.objects, self.asked = columns, objects, list[str]()

    def list(self, *_: Any, limit: int, keep: Any, **__: Any) -> Listing:
        self.asked.append(f"list {limit}")
        kept = [keep(one) for one in self.objects[:limit]]
        return Listing([one for one in kept if one], more=len(self.objects) > limit)

    def table_of_all(self, *_: Any, **__: Any) -> Any:
        self.asked.append("table")
        rows = tuple(
            tuple(
                one["metadata"]["name"] if name == "Name" else _cell(one, name)
                for name in self.columns
            )
            for one in self.objects
        )
        homes = tuple(one["metadata"]["namespace"] for one in self.objects)
        yield TablePage(first=True, columns=self.columns, rows=rows, namespaces=homes)


def _cell(raw: Json, name: str) -> Any:
    held = {each["type"]: each["status"] for each in raw["status"]["conditions"]}
    return held.get(name, raw["status"].get(name))


def many(count: int, sick: set[int], kind: str = "Ready", **status: Any) -> list[Json]:
    found = []
    for number in range(count):
        raw = thing((kind, "False" if number in sick else "True", "BuildFailed"), **status)
        raw["metadata"] |= {"name": f"c{number}", "namespace": f"ns{number % 3}"}
        found.append(raw)
    return found


def read(group: Group, resource: Resource = CERTIFICATES) -> dict[str, CustomListed]:
    return of_all(group, resource, "")  # type: ignore[arg-type]


def test_a_few_are_read_whole_and_many_by_their_table() -> None:
    few, lots = (
        Group(("Name", "Ready"), *many(5, {3})),
        Group(("Name", "Ready"), *many(90, {4, 30})),
    )

    assert [one.name for seen in read(few).values() for one in seen.found] == ["c3"]
    assert few.asked == ["list 20"]
    assert {name: seen.names() for name, seen in read(lots).items()} == {
        "ns0": ["c30"], "ns1": ["c4"], "ns2": [],
    }  # fmt: skip
    assert lots.asked == ["list 20", "table"]


def test_many_whose_table_prints_no_condition_are_read_page_by_page() -> None:
    group = Group(("Name", "Age"), *many(90, {4, 30}))

    found = read(group)

    assert group.asked == ["list 20", "table", "list 2000"]
    assert sorted(one.name for seen in found.values() for one in seen.found) == ["c30", "c4"]


def test_of_many_that_fail_only_a_few_are_kept_and_all_are_counted() -> None:
    seen = CustomListed("Certificate")
    for raw in many(500, set(range(500))):
        raw["status"]["conditions"][0]["message"] = "x" * 100_000
        seen.add(raw)

    assert (seen.count, seen.sick, len(seen.found)) == (500, 500, 20)
    assert sum(len(one.verdict.message) for one in seen.found) <= 20 * 2000


def test_a_failed_run_that_a_newer_one_followed_is_history() -> None:
    seen = CustomListed("PipelineRun")
    runs = (
        ("build-x4k2p", "False", 9), ("build-bzc7t", "True", 10),
        ("deploy-q9wvn", "True", 8), ("deploy-7hjkl", "False", 11),
    )  # fmt: skip
    for name, status, hour in runs:
        raw = thing(("Succeeded", status, "Failed"))
        raw["metadata"] |= {"name": name, "creationTimestamp": f"2026-03-02T{hour:02}:00:00Z"}
        seen.add(raw)

    assert [one.name for one in seen.current()] == ["deploy-7hjkl"]


def answer(paths: dict[str, Json]) -> Any:
    def ask(request: Request) -> Json:
        if request.path not in paths:
            raise NotFoundError(request.path, 404)
        return paths[request.path]

    return ask


def test_each_resource_is_read_in_the_version_that_serves_it() -> None:
    versions = [{"version": "v1"}, {"version": "v1alpha1"}]
    paths: dict[str, Json] = {
        "/apis/e.io": {"preferredVersion": {"version": "v1"}, "versions": versions},
        "/apis/e.io/v1": {
            "resources": [
                {"name": "stores", "kind": "Store", "namespaced": True},
                {"name": "stores/status", "kind": "Store", "namespaced": True},
            ]
        },
        "/apis/e.io/v1alpha1": {
            "resources": [
                {"name": "stores", "kind": "Store", "namespaced": True},
                {"name": "pushes", "kind": "Push", "namespaced": True},
            ]
        },
    }

    found = served("e.io", ("stores", "pushes", "absent"), answer(paths))

    assert set(found) == {
        Served(Resource("e.io", "v1", "stores", "Store"), namespaced=True),
        Served(Resource("e.io", "v1alpha1", "pushes", "Push"), namespaced=True),
    }
    assert served("nowhere.io", ("things",), answer(paths)) == ()


def test_presets_and_plain_names_are_the_same_resources() -> None:
    named = load({}, watch={"custom_resources": "keda, scaledobjects.keda.sh,widgets.example.com"})

    assert resources(named.watch.custom_resources) == (
        ("keda.sh", "scaledjobs"), ("keda.sh", "scaledobjects"), ("example.com", "widgets"),
    )  # fmt: skip
    assert all(len(each.split(".")) > 2 for names in PRESETS.values() for each in names)


@pytest.mark.parametrize(
    "name", ["secrets", "kedda", "Certificates.cert-manager.io", "a.b", "*.x.io"]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="neither a preset"):
        load({}, watch={"custom_resources": name})


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(
        ["Ready", "False", "True", "Unknown", "Failed", "Degraded", "2026-03-02T14:00:00Z"]
    )
)
KEYS = st.sampled_from(
    ["conditions", "type", "status", "reason", "message", "health", "phase", "parents", "listeners",
     "resources", "operationState", "observedGeneration", "name", "kind", "target", "secretName",
     "issuerRef", "dependsOn", "lastTransitionTime", "ownerReferences", "annotations",
     "managedFields", "time", "generation", "creationTimestamp", "severity"]
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


@given(st.fixed_dictionaries({"metadata": ANYTHING, "spec": ANYTHING, "status": ANYTHING}))
def test_no_object_that_a_tenant_may_write_breaks_the_look(raw: Json) -> None:
    seen = CustomListed("ExternalSecret")
    seen.add(raw)
    verdict = judge(raw) or Verdict("failed", "Ready", "False")

    kept = summary(CERTIFICATES, trouble("ExternalSecret", raw, verdict), Redactor(), "shop")

    assert kept.ref.kind == "Certificate.cert-manager.io"
    assert seen.count == 1


def test_what_deploys_workloads_that_lack_pods_names_them() -> None:
    ref = ex.ref("HelmRelease.helm.toolkit.fluxcd.io", "front")
    failed = Condition(type="Ready", status="False", reason="UpgradeFailed", since=ex.ago(900))
    release = CustomResourceSummary(ref=ref, resource="helmreleases", condition=failed)
    flux = Deployer(tool="git", name="Flux", unit="HelmRelease front")
    seen = ex.snapshot_of(release, ex.deployment(managed_by=flux))

    (found,) = (one for one in detect(seen, KINDS) if one.kind == "custom_resource_failing")

    assert "deploys Deployment/web: 0 of 1 pods ready" in [str(line) for line in found.evidence]


def test_a_pod_that_misses_the_secret_of_a_sick_resource_is_no_reason_to_go_back() -> None:
    ref = ex.ref("ExternalSecret.external-secrets.io", "db")
    failed = Condition(type="Ready", status="False", reason="SecretSyncedError", since=ex.ago(5))
    secret = CustomResourceSummary(
        ref=ref, resource="externalsecrets", condition=failed, makes=(ex.ref("Secret", "db"),)
    )
    waits = ex.pod(ex.waiting("CreateContainerConfigError", 'secret "db" not found'))
    last = ex.earlier(ex.change("env PASS", None, "set"))
    seen = ex.snapshot_of(secret, ex.deployment(last=last), waits)

    alone = detect(seen.model_copy(update={"custom_resources": ()}), KINDS)
    found = detect(seen, KINDS)

    assert rules_fix(alone[0], seen, KINDS)
    assert [(one.kind, one.cause and one.cause.of) for one in found] == [
        ("custom_resource_failing", None), ("config_missing", ref),
    ]  # fmt: skip
    assert [rules_fix(one, seen, KINDS) for one in found] == [None, None]


def test_nothing_of_it_is_loaded_unless_a_custom_resource_is_named() -> None:
    code = (
        "import sys, watchdog.agent.fast_path, watchdog.observation.shared_lists\n"
        "loaded = ('watchdog.observation.custom', 'watchdog.kube.discovery')\n"
        "print([name for name in sys.modules if name.startswith(loaded)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


WIDGETS = Resource("example.com", "v1", "widgets", "Widget")


class WithWidgets(Objects):
    """A cluster in which widgets are installed."""

    def served(self, group: str, plurals: Collection[str]) -> tuple[Served, ...]:
        asked = WIDGETS.group == group and WIDGETS.plural in plurals
        return (Served(WIDGETS, namespaced=True),) if asked else ()


def widget(number: int, **parts: Any) -> Json:
    metadata = {"name": f"w{number}", "namespace": "shop", "creationTimestamp": CREATED}
    failed = {"type": "Ready", "status": "False", "reason": "BuildFailed"}
    status = {"conditions": [{**failed, **parts}]}
    return {"kind": "Widget", "metadata": metadata, "status": status}


def unseen(*widgets: Json) -> list[str]:
    cluster = WithWidgets(*widgets)
    settings = load({}, watch={"custom_resources": "widgets.example.com"})
    return [spot.why for spot in observe(cluster, "shop", settings, cluster).blind_spots]


def test_more_that_are_not_well_than_are_read_are_told_of() -> None:
    assert unseen(*map(widget, range(20))) == []
    assert unseen(*map(widget, range(23))) == [
        "3 more widgets.example.com are not well than are read"
    ]


def test_runs_that_a_newer_one_followed_are_not_missed() -> None:
    runs = [widget(number, type="Succeeded") for number in range(30)]
    for number, run in enumerate(runs):
        began = f"2026-03-01T10:{number:02}:00Z"
        run["metadata"] |= {"name": f"run-{number}", "creationTimestamp": began}

    assert unseen(*runs) == []
