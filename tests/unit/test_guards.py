"""What holds every change back, whatever the change: breaker, change windows, hourly budgets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.policy_samples import LEDGER, NOW, context, finding, live, planned, snapshot
from watchdog.actions import RolloutUndo
from watchdog.errors import SettingsError
from watchdog.incidents.attempt_history import Mark, Past, past_of
from watchdog.incidents.memory import Memory
from watchdog.model.incident import Attempt, Incident
from watchdog.policy.guards import sick_workloads
from watchdog.policy.policy import judge, judge_undo
from watchdog.policy.verdict import Context
from watchdog.settings.environment import load
from watchdog.settings.schema import IncidentSettings, NamespacePolicy, Settings
from watchdog.settings.services import BlockerSettings
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import Cut

UNDO = RolloutUndo(target=LEDGER)
OTHER = ObjectRef(kind="Deployment", namespace="shop", name="other")
SUNDAY = "2026-03-01T14:03"


def ref(name: str, kind: str = "Deployment") -> ObjectRef:
    return ObjectRef(kind=kind, namespace="shop", name=name)


def sick(count: int, of: int, kind: str = "Deployment", **given: Any) -> Context:
    """So many sick workloads, the ledger among them, of so many."""
    others = tuple(finding(target=ref(f"w{i}", kind), pods=()) for i in range(count - 1))
    return context(
        findings=(finding(), *others),
        snapshot=snapshot(objects={"deployments": of, "pods": 400}),
        **given,
    )


def settings(**changes: Any) -> Settings:
    return Settings.model_validate(changes)


@pytest.mark.parametrize(
    ("count", "of", "limits", "held"),
    [
        (6, 11, {}, True),
        (6, 12, {}, False),  # half is not more than half
        (5, 6, {}, False),  # too few to tell a common cause from a bad day
        (5, 6, {"breaker_minimum": 5}, True),
        (9, 10, {"breaker_share": 0.9}, False),
        (10, 10, {"breaker_share": 0.9}, True),
        (10, 10, {"breaker_share": 1}, False),
        (6, 100, {"breaker_share": 0}, True),
        (6, 0, {}, True),  # the list of workloads could not be read
    ],
)
def test_where_most_workloads_are_sick_nothing_is_touched(
    count: int, of: int, limits: dict[str, Any], held: bool
) -> None:
    verdict = judge(UNDO, sick(count, of, settings=settings(limits=limits)))

    assert (verdict.rule == "breaker") is held
    if held:
        assert verdict.decision == "refuse"
        assert verdict.reason == (
            f"{count} of {max(count, of)} workloads are sick: something common is broken, "
            "so nothing is touched"
        )


def test_all_three_kinds_of_workloads_count_and_each_object_once() -> None:
    counts = {"deployments": 3, "statefulsets": 2, "daemonsets": 1, "jobs": 9, "pods": 50}
    found = (
        finding(),
        finding(container="side"),
        finding(target=ref("db", "StatefulSet")),
        finding(target=ref("agent", "DaemonSet")),
        finding(target=ref("nightly", "Job")),
        finding(target=ref("web", "Service")),
    )

    assert sick_workloads(context(findings=found, snapshot=snapshot(objects=counts))) == (3, 6)


def test_workloads_that_there_was_no_room_to_read_count_as_sick() -> None:
    cut = Cut(what="workloads that do not look well", shown=1, total=90)
    seen = snapshot(objects={"deployments": 100}, cuts=(cut,))

    assert judge(UNDO, context(snapshot=seen)).rule == "breaker"


def test_of_a_cut_only_what_was_not_shown_counts_besides() -> None:
    shown_in_part = Cut(what="workloads that do not look well", shown=30, total=32)
    uncounted = Cut(what="workloads that do not look well", shown=30)
    found = (finding(),)

    for cut, sick_ones in ((shown_in_part, 3), (uncounted, 1)):
        seen = snapshot(objects={"deployments": 9}, cuts=(cut,))
        assert sick_workloads(context(findings=found, snapshot=seen)) == (sick_ones, 9)


def test_with_no_fixes_in_a_pass_nothing_is_ever_changed() -> None:
    none, one = (settings(max_remediation_attempts=number) for number in (0, 1))

    verdict = judge(UNDO, context(settings=none))

    assert (verdict.decision, verdict.rule) == ("refuse", "no_fixes")
    assert judge(UNDO, context(settings=one)).rule != "no_fixes"


def test_the_refusal_counts_changes_in_words() -> None:
    one, two = (
        judge(UNDO, context(begun=made, settings=settings(limits={"actions_per_hour": made})))
        for made in (1, 2)
    )

    assert one.reason.startswith("1 change in namespace shop")
    assert two.reason.startswith("2 changes in namespace shop")


@pytest.mark.parametrize(
    ("everywhere", "here", "now", "held"),
    [
        ((), (), SUNDAY, False),
        (("Sun 14:00-15:00 UTC",), (), SUNDAY, False),
        (("Mon 14:00-15:00 UTC",), (), SUNDAY, True),
        ((), ("Mon 14:00-15:00 UTC",), SUNDAY, True),
        (("Mon-Sun 00:00-24:00 UTC",), ("Mon 14:00-15:00 UTC",), SUNDAY, True),
        (("Mon 14:00-15:00 UTC",), ("Mon-Sun 00:00-24:00 UTC",), SUNDAY, True),
        (("Mon-Sun 00:00-24:00 UTC",), ("Sun 15:00-16:00 Europe/Berlin",), SUNDAY, False),
        (("Mon 14:00-15:00 UTC",), (), "2026-03-02T14:00", False),
    ],
)
def test_outside_of_a_change_window_nothing_is_changed(
    everywhere: tuple[str, ...], here: tuple[str, ...], now: str, held: bool
) -> None:
    given = settings(change_windows=everywhere, policies={"shop": {"windows": here}})
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)

    verdict = judge(UNDO, context(settings=given, now=at))

    assert (verdict.rule == "outside_window") is held


def test_without_a_clock_the_time_of_the_look_counts() -> None:
    assert (
        judge(UNDO, context(settings=settings(change_windows=["Sun 14:00-15:00 UTC"]))).rule == ""
    )


def test_another_namespaces_windows_do_not_count() -> None:
    given = settings(policies={"other": {"windows": ["Mon 14:00-15:00 UTC"]}})

    assert judge(UNDO, context(settings=given)).rule != "outside_window"


def test_the_refusal_says_when_the_next_window_opens() -> None:
    given = settings(change_windows=["Mon-Fri 09:00-17:00 Europe/Berlin"])
    never = settings(
        change_windows=["Mon 09:00-10:00 UTC"],
        policies={"shop": {"windows": ["Tue 09:00-10:00 UTC"]}},
    )

    assert judge(UNDO, context(settings=given)).reason == (
        "no change window is open in namespace shop; the next one opens on Mon 02 Mar at 09:00 CET"
    )
    assert judge(UNDO, context(settings=never)).reason.endswith("; none will within 15 days")


@pytest.mark.parametrize(
    ("past", "begun", "limits", "held"),
    [
        ({LEDGER: 3}, 0, {}, False),
        ({LEDGER: 4}, 0, {}, True),
        ({LEDGER: 0}, 0, {"actions_per_target_per_hour": 0}, True),
        ({OTHER: 9}, 0, {}, False),
        ({OTHER: 10}, 0, {}, True),
        ({LEDGER: 3, OTHER: 6}, 0, {}, False),
        ({LEDGER: 3, OTHER: 6}, 1, {}, True),  # this pass counts too
        ({}, 0, {"actions_per_hour": 0}, True),
        ({LEDGER: 3}, 1, {}, False),  # what this pass did was done elsewhere: one a workload
    ],
)
def test_so_many_changes_an_hour_and_no_more(
    past: dict[ObjectRef, int], begun: int, limits: dict[str, int], held: bool
) -> None:
    before = {target: Past(within_hour=count) for target, count in past.items()}

    verdict = judge(UNDO, context(past=before, begun=begun, settings=settings(limits=limits)))

    assert (verdict.rule == "hourly_budget") is held


def test_the_refusal_names_the_limit() -> None:
    here = judge(UNDO, context(past={LEDGER: Past(within_hour=4)}))
    there = judge(UNDO, context(past={OTHER: Past(within_hour=10)}))

    assert here.reason == (
        "4 changes of Deployment/ledger within an hour are enough "
        "(limits.actions_per_target_per_hour)"
    )
    assert there.reason == (
        "10 changes in namespace shop within an hour are enough (limits.actions_per_hour)"
    )


def test_our_own_write_is_taken_back_whatever_holds_changes_back() -> None:
    given = settings(change_windows=["Mon 09:00-10:00 UTC"], limits={"actions_per_hour": 0})
    around = sick(10, 10, settings=given)

    assert judge(UNDO, around).decision == "refuse"
    assert judge_undo(UNDO, around).decision == "allow"


@pytest.mark.parametrize("written", [False, True])
def test_the_exact_write_is_held_to_the_same(written: bool) -> None:
    given = settings(change_windows=["Mon 09:00-10:00 UTC"])
    before = live()["spec"]["template"]
    around = planned(UNDO, template=before, settings=given) if written else context(settings=given)

    assert judge(UNDO, around).rule == "outside_window"


def tried(minutes: int, id_: str = "a1", **changes: Any) -> Attempt:
    given: dict[str, Any] = {
        "id": id_, "action": UNDO, "patch": "ab", "at": NOW - timedelta(minutes=minutes), **changes
    }  # fmt: skip
    return Attempt(**given)


def remembered(*tries: Attempt, **changes: Any) -> Memory:
    item = Incident(
        fingerprint="f1", kind="broken", target=LEDGER, first_seen=NOW, last_seen=NOW, tries=tries
    )
    return Memory(cluster="c", namespace="shop", incidents=(item.model_copy(update=changes),))


def within(memory: Memory, mark: Mark | None = None, of: ObjectRef = LEDGER) -> int:
    return past_of(memory, of, mark, IncidentSettings(), NOW).within_hour


def test_a_change_counts_for_an_hour_whatever_became_of_it() -> None:
    several = (
        tried(59, "a1", outcome="verified"),
        tried(30, "a2", outcome="undone"),
        tried(1, "a3"),
        tried(60, "a4", outcome="undone"),
        tried(-1, "a5"),  # a clock that was ahead
    )

    assert within(remembered(*several)) == 4
    assert within(remembered(*several), of=OTHER) == 0


def test_an_incident_that_has_ended_counts_too() -> None:
    assert within(remembered(tried(5, outcome="verified"), state="resolved")) == 1


def test_the_mark_on_the_workload_counts_where_memory_was_emptied() -> None:
    nothing = Memory(cluster="c", namespace="shop")

    assert within(nothing, Mark("ff", NOW - timedelta(minutes=5), 3)) == 3
    assert within(nothing, Mark("ff", NOW - timedelta(minutes=5), 0)) == 1
    assert within(nothing, Mark("ff", NOW - timedelta(minutes=60), 3)) == 0
    assert within(remembered(tried(5, "ff")), Mark("ff", NOW - timedelta(minutes=5), 3)) == 1


def test_windows_are_read_from_the_environment() -> None:
    read = load(
        {"SRE_AGENT_CHANGE_WINDOWS": ""}, change_windows="Mon 09:00-10:00 UTC, Tue 09:00-10:00 UTC"
    )

    assert read.change_windows == ("Mon 09:00-10:00 UTC", "Tue 09:00-10:00 UTC")
    assert NamespacePolicy.model_validate({"windows": ["Mon 09:00-10:00 UTC"]}).windows


@pytest.mark.parametrize(
    "given",
    [
        {"change_windows": "Mon 09:00-17:00"},
        {"policies": {"shop": {"windows": ["Mon 09:00-17:00"]}}},
    ],
)
def test_a_window_that_is_none_ends_the_start_naming_it_and_the_form(given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="'Mon 09:00-17:00' is no change window") as caught:
        load({}, **given)

    assert "such as Mon-Fri 09:00-17:00 Europe/Berlin" in str(caught.value)


@pytest.mark.parametrize("half", [{"query": "up"}, {"prometheus_url": "http://prometheus"}])
def test_a_query_without_an_address_is_refused_and_an_address_without_a_query(
    half: dict[str, str],
) -> None:
    with pytest.raises(ValueError, match="go together"):
        BlockerSettings.model_validate(half)
