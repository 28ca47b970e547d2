from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.report_samples import (
    UNDO,
    explanation,
    finding,
    fix,
    healthy,
    namespace,
    ref,
    report,
    rules_diagnosis,
)
from watchdog.model.outcome import Outcome
from watchdog.report.markdown import render_markdown

HOSTILE = "# x [a](http://evil.example) <img src=x> ![i](y) `` `b` ``` | *c* "
HOSTILE += "https://evil.example www.evil.example &lt;"


def test_a_fixed_problem_reads_as_a_document() -> None:
    lines = render_markdown(report()).splitlines()

    assert lines[0] == "# shop on prod-eu"
    assert "## Deployment/ledger: missing environment variable (fixed)" in lines
    assert "**down for 12 min, 0 of 2 pods ready**" in lines
    assert (
        "- **Fix:** set env LEDGER\\_REGION on container main (from revision 6): applied" in lines
    )
    assert "  + - name: LEDGER_REGION" in lines
    assert f"- **Undo:** `{UNDO}`" in lines


def test_a_healthy_namespace_is_one_sentence() -> None:
    assert "Nothing broken (14 pods, 5 deployments)." in render_markdown(healthy())


def test_foreign_text_makes_no_link_html_heading_or_table() -> None:
    said = explanation(why=HOSTILE, changed=HOSTILE, to_do=HOSTILE)
    hurt = finding(summary=HOSTILE, impact=HOSTILE)
    shown = namespace(
        findings=(hurt,),
        diagnosis=rules_diagnosis(explanations=(said,)),
        actions=(fix(Outcome.REFUSED, reason=HOSTILE),),
    )

    text = render_markdown(report(shown))

    assert not re.search(r"(?<!\\)\[", text)
    assert not re.search(r"<(?!!)", text)
    assert not re.search(r"https?://|(?<!\\)www\.e", text.replace("\\://", ""))
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        line
        for line in text.splitlines()
        if line.startswith(("# shop on", "## Deployment/ledger: \\#"))
    ]


def test_evidence_cannot_leave_its_code_span() -> None:
    text = render_markdown(report(namespace(findings=(finding(evidence=("a `` b",)),))))

    assert "  - ```a `` b```" in text


def test_a_diff_cannot_leave_its_fence() -> None:
    text = render_markdown(report(namespace(actions=(fix(diff="+ a\n```\n# out"),))))

    assert "  ````diff\n  + a\n  ```\n  # out\n  ````" in text


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_any_text_can_be_rendered(text: str) -> None:
    shown = namespace(
        findings=(finding(summary=text, evidence=(text,)),), actions=(fix(diff=text),)
    )

    assert render_markdown(report(shown)).endswith("could be read.\n")


def test_several_problems_are_a_table_before_their_details() -> None:
    other = finding(target=ref("pay|ments"), summary="crash loop", pods=(), facts={})

    text = render_markdown(report(namespace(findings=(finding(), other))))

    rows = text.partition("# shop on prod-eu")[0].strip().splitlines()
    assert rows[0] == "| State | Where | Problem | How badly |"
    assert rows[2].startswith("| fixed | shop/ledger | missing environment variable | down for ")
    assert rows[3].startswith(r"| needs you | shop/pay\|ments | crash loop | ")
    assert len(rows) == 4
    assert "| State |" not in render_markdown(report())
