from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.report_samples import (
    STARTED,
    UNDO,
    diagnosis,
    explanation,
    finding,
    fix,
    healthy,
    namespace,
    ref,
    report,
)
from watchdog.actions import PatchDeploymentEnv
from watchdog.incidents.memory import Memory
from watchdog.model.history import Happening, PodLife, RevisionLife, WorkloadHistory
from watchdog.model.incident import Attempt, Incident
from watchdog.model.lasting import GitSource, LastingChange
from watchdog.model.outcome import Outcome
from watchdog.model.report import Report
from watchdog.report.history import Page
from watchdog.report.html import render_history_html, render_html

HOSTILE = '</pre><script>alert(1)</script><img src="https://evil.example/x" onerror="x">{{ 7 * 7 }}'
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
# What would load something, run something or send something somewhere.
LOADING = {"script", "link", "img", "iframe", "object", "embed", "form", "base", "video", "audio"}


class Seen(HTMLParser):
    """The tags and attributes of a document, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def life(words: str = "") -> WorkloadHistory:
    return WorkloadHistory(
        target=ref(),
        seen_at=STARTED,
        revisions=(
            RevisionLife(
                revision=7,
                created_at=STARTED - timedelta(minutes=12),
                current=True,
                changes=(words or "removed env LEDGER_REGION of container main",),
            ),
            RevisionLife(revision=6, created_at=STARTED - timedelta(days=3), worked=True),
        ),
        pods=(
            PodLife(
                name=words[:60] or "ledger-7d9f-x2k4p",
                created_at=STARTED - timedelta(minutes=12),
                restarts=7,
                state="CrashLoopBackOff",
                ended_at=STARTED - timedelta(minutes=1),
                ended="Error, exit code 1",
            ),
        ),
        events=(Happening(at=STARTED - timedelta(minutes=2), what=words or "BackOff ×14"),),
    )


def whole(words: str = "") -> Report:
    change = LastingChange(
        patch=f"kind: Deployment\n# {words}\n",
        source=GitSource(by="Application argocd/shop", repository="https://git.example/shop"),
    )
    said = {"why": words, "changed": words, "to_do": words, "command": words} if words else {}
    hurt = {"summary": words, "impact": words, "evidence": (words,)} if words else {}
    more: dict[str, Any] = {"reason": words, "diff": words} if words else {}
    done = fix(lasting=change, **more)
    return report(
        namespace(
            findings=(finding(**hurt),),
            diagnosis=diagnosis(explanations=(explanation(**said),)),
            actions=(done,),
            workloads=(life(words),),
            warnings=(words,) if words else (),
        )
    )


def incidents(**changes: Any) -> tuple[Incident, ...]:
    action = PatchDeploymentEnv(target=ref(), container="main", name="LEDGER_REGION")
    tried = Attempt(
        id="aa", action=action, patch="bb", at=STARTED, outcome=Outcome.VERIFIED, ended_at=STARTED
    )
    given: dict[str, Any] = {
        "fingerprint": "ab",
        "kind": "missing_env",
        "target": ref(),
        "summary": "missing environment variable",
        "first_seen": STARTED - timedelta(hours=2),
        "last_seen": STARTED,
        "state": "fixed",
        "tries": (tried,),
    }
    return (Incident(**{**given, **changes}),)


def over_time(words: str = "") -> str:
    memory = Memory(namespace="shop", incidents=incidents(**({"summary": words} if words else {})))
    return render_history_html([Page(memory, words)], STARTED)


def test_it_holds_the_whole_story() -> None:
    said = Seen(render_html(whole())).text

    for part in (
        "fixed",
        "Deployment/ledger: missing environment variable",
        "The container exits at start because LEDGER_REGION is not set.",
        "fatal: setting LEDGER_REGION must not be empty",
        "✓ healthy: revision 8 has 2 of 2 pods ready",
        UNDO,
        "removed env LEDGER_REGION of container main",
        "CrashLoopBackOff, 7 restarts",
        "kind: Deployment",
        "https://git.example/shop (Application argocd/shop)",
        "Revision 7",
        "its last run ended (Error, exit code 1)",
        "BackOff ×14",
    ):
        assert part in said, part


def test_it_answers_the_questions_in_the_order_of_every_view() -> None:
    text = Seen(render_html(whole())).text

    marks = ["Why", "What changed", "Evidence", "Fix", "Verification", "To do", "Change for Git"]
    marks += ["Undo", "Revisions before the fix", "Pods and restarts before the fix", "Timeline"]
    places = [text.index(f" {mark} ") for mark in marks]
    assert places == sorted(places)


def test_several_problems_are_a_table_that_leads_to_each() -> None:
    others = tuple(
        finding(target=ref(name), summary="crash loop", pods=(), facts={}) for name in ("a", "b")
    )
    page = Seen(render_html(report(namespace(findings=(finding(), others[0])),
        namespace(namespace="web", findings=(others[1],), actions=()))))  # fmt: skip

    links = [value for name, value in page.attributes if name == "href"]
    assert links == ["#problem-1", "#problem-2", "#problem-3"]
    assert [f"#{value}" for name, value in page.attributes if name == "id"] == links
    assert "table" not in Seen(render_html(report())).tags


def test_the_story_is_told_in_the_order_of_time() -> None:
    said = Seen(render_html(whole())).text
    parts = ("Revision 6", "Revision 7 ", "BackOff ×14", "its last run ended", "This pass ended")
    timeline = said[said.index("Timeline") :]

    assert [*parts] == sorted(parts, key=timeline.index)


@pytest.mark.parametrize("page", [render_html(whole(HOSTILE)), over_time(HOSTILE)])
def test_nothing_in_it_runs_or_is_loaded_whatever_a_log_says(page: str) -> None:
    seen = Seen(page)

    assert not LOADING & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert not [name for name, _ in seen.attributes if name in {"src", "href", "action"}]
    assert "url(" not in page
    assert "@import" not in page
    assert ("content", POLICY) in seen.attributes
    assert "{{ 7 * 7 }}" in seen.text
    assert seen.open == []


@settings(max_examples=30, deadline=None)
@given(st.text(min_size=1))
def test_any_text_leaves_the_document_well_formed(text: str) -> None:
    for page in (render_html(whole(text)), over_time(text)):
        seen = Seen(page)

        assert seen.open == []
        assert not LOADING & set(seen.tags)


def test_a_healthy_namespace_says_so() -> None:
    assert "✓ nothing broken" in Seen(render_html(healthy())).text


def test_light_dark_and_a_phone_are_provided_for() -> None:
    page = render_html(whole())

    assert 'name="viewport" content="width=device-width' in page
    assert "prefers-color-scheme: dark" in page
    assert "max-width: 40rem" in page


def test_the_history_shows_each_incident_and_what_was_tried() -> None:
    said = Seen(over_time()).text

    assert "missing environment variable" in said
    assert "set env LEDGER_REGION on container main: healthy" in said
    assert "for 2 h" in said


def test_an_empty_history_says_so() -> None:
    page = render_history_html([Page(Memory(namespace="shop"), "")], STARTED)

    assert "no incident is remembered" in Seen(page).text
