"""Draws the pictures of the docs: Slack's messages in each state, the HTML report, a terminal.

`python docs/pictures.py` writes docs/pictures/. The messages are made by the same code that posts
them; only their look is imitated. It needs Chromium (`CHROMIUM` names another browser).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from rich.console import Console
from rich.text import Text

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from tests.support.report_samples import (  # noqa: E402
    STARTED,
    diagnosis,
    explanation,
    fix,
    namespace,
    ref,
    report,
)
from watchdog.actions import Object, PatchDeploymentEnv, ProposedValue  # noqa: E402
from watchdog.diagnosis.owner_advice import reading  # noqa: E402
from watchdog.incidents.transitions import digest  # noqa: E402
from watchdog.model.history import Happening, PodLife, RevisionLife, WorkloadHistory  # noqa: E402
from watchdog.model.incident import ApprovalRequest, Attempt, Incident  # noqa: E402
from watchdog.model.lasting import LastingChange  # noqa: E402
from watchdog.model.outcome import Outcome  # noqa: E402
from watchdog.model.report import Report  # noqa: E402
from watchdog.remediation.diff import Wording, describe  # noqa: E402
from watchdog.remediation.json_patch import applied  # noqa: E402
from watchdog.remediation.lasting_patch import lasting_patch  # noqa: E402
from watchdog.remediation.undo_command import undo_command  # noqa: E402
from watchdog.report.html import render_html  # noqa: E402
from watchdog.report.ownership import Ownership  # noqa: E402
from watchdog.report.story import Story  # noqa: E402
from watchdog.report.text import render_text  # noqa: E402
from watchdog.report.wording import chapters  # noqa: E402
from watchdog.slack.block_kit import Message  # noqa: E402
from watchdog.slack.incident_message import ask, incident_message  # noqa: E402
from watchdog.snapshot.deployer import Deployer, conduct, where  # noqa: E402

OUT = TOP / "docs" / "pictures"
ACTION = PatchDeploymentEnv(target=ref(), container="main", name="LEDGER_REGION")
OURS = Ownership(
    owner="payments",
    severity="critical",
    runbook="https://wiki.example/shop",
    dashboard="https://grafana.example/d/sre-watchdog",
)
DEPLOYER = Deployer(tool="kubectl", name="kubectl apply")
PLACE = where(DEPLOYER)
NEXT_DEPLOY = conduct(DEPLOYER).added
WHY = (
    "Container main exits at start (exit code 1) because the environment variable LEDGER_REGION is "
    'not set: "fatal: setting LEDGER_REGION must not be empty".'
)
TO_DO = (
    f"Set LEDGER_REGION on container main, and put that into {PLACE}, so that every deploy has it."
)
BEFORE: Object = {
    "metadata": {"name": "ledger", "namespace": "shop"},
    "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "ledger:7"}]}}},
}
VALUE = {"name": ACTION.name, "value": "eu-west-1"}
OPERATIONS = ACTION.operations(BEFORE, VALUE)
ID = digest("ledger")
UNDO = undo_command(ACTION, BEFORE, OPERATIONS, ID, "ledger-7d9f")
RESTORED = ProposedValue(VALUE, "revision", "revision 6", 6)
SUGGESTED = ProposedValue(VALUE, "suggested", "suggested by the model")
BACK = reading(ACTION, "6")
PAUSED = "namespace shop is paused (until 2026-11-22T15:00Z)"
ASKED = "the value of LEDGER_REGION is suggested by the model, and no setting lists it"


def sample(outcome: Outcome, material: ProposedValue = RESTORED, **changes: Any) -> Report:
    """A report about one Deployment whose fix ended so; its value is from a revision or a model."""
    after, wording = applied(BEFORE, OPERATIONS), Wording(material)
    done: dict[str, Any] = {
        "diff": describe(ACTION, BEFORE, after, wording),
        "source": material.source,
        "lasting": LastingChange(patch=lasting_patch(ACTION, BEFORE, after, wording) or ""),
        **changes,
    }
    if outcome is Outcome.VERIFIED:
        done["next_deploy"] = NEXT_DEPLOY
    if outcome in {Outcome.APPLIED, Outcome.VERIFIED}:
        done["undo"] = UNDO
    # A value is suggested only if no revision had it: here the first one never worked.
    restores = material is RESTORED
    said = explanation(
        why=f"{WHY} This came with revision 7." if restores else WHY,
        changed=(
            "Revision 7 (12 min ago) removed env LEDGER_REGION; revision 6, which had it, was "
            "available."
            if restores
            else None
        ),
        place=PLACE,
        to_do=TO_DO,
        command="kubectl -n shop set env deployment/ledger -c main LEDGER_REGION=<value>",
        go_back=BACK.text if restores else "",
        go_back_command=BACK.command if restores else None,
    )
    life = WorkloadHistory(
        target=ref(),
        seen_at=STARTED,
        revisions=(
            RevisionLife(
                revision=7,
                created_at=STARTED - timedelta(minutes=12),
                current=True,
                changes=("removed env LEDGER_REGION of container main",),
            ),
            RevisionLife(revision=6, created_at=STARTED - timedelta(days=2), worked=True),
        ),
        pods=tuple(
            PodLife(
                name=name,
                created_at=STARTED - timedelta(minutes=12),
                restarts=7,
                state="CrashLoopBackOff",
                ended_at=STARTED - timedelta(minutes=1 + number),
                ended="Error, exit code 1",
            )
            for number, name in enumerate(("ledger-7d9f-x2k4p", "ledger-7d9f-8qw5z"))
        ),
        events=(Happening(at=STARTED - timedelta(minutes=2), what="BackOff ×14"),),
    )
    return report(
        namespace(
            diagnosis=diagnosis(explanations=(said,)),
            actions=(fix(outcome, **done),),
            workloads=(life,) if restores else (),
        )
    )


def incident(state: Any, **changes: Any) -> Incident:
    """The incident of it, in that state."""
    given: dict[str, Any] = {
        "fingerprint": "ab",
        "kind": "missing_env",
        "target": ref(),
        "summary": "missing environment variable",
        "first_seen": STARTED - timedelta(minutes=12),
        "last_seen": STARTED,
        "state": state,
    }
    return Incident(**{**given, **changes})


def messages() -> dict[str, list[Message]]:
    """What Slack shows, by the name of the picture."""
    tried = Attempt(
        id=ID,
        action=ACTION,
        patch="bb",
        at=STARTED,
        outcome=Outcome.VERIFIED,
        ended_at=STARTED + timedelta(seconds=31),
        next_deploy=NEXT_DEPLOY,
        place=PLACE,
        undo=UNDO or "",
    )
    request = ApprovalRequest(
        id="5f1c" * 16,
        action=ACTION,
        uid="u",
        patch="bb",
        reason=ASKED,
        asked_at=STARTED,
        expires_at=STARTED + timedelta(days=1),
    )
    broken = _story(sample(Outcome.REFUSED, reason=PAUSED, rule="paused"), incident("broken"))
    waits = sample(
        Outcome.AWAITING_APPROVAL, SUGGESTED, reason=ASKED, rule="env_suggested", request=request.id
    )
    begun = tried.model_copy(update={"outcome": None, "ended_at": None})
    fixing = _story(sample(Outcome.APPLIED), incident("fixing", attempts=1, tries=(begun,)))
    needs = _story(waits, incident("needs_you", request=request))
    fixed = _story(sample(Outcome.VERIFIED), incident("fixed", attempts=1, tries=(tried,)))
    over = incident(
        "resolved", attempts=1, tries=(tried,), resolved_at=STARTED + timedelta(minutes=5)
    )
    resolved = Story(over, report(), STARTED + timedelta(minutes=5), ours=OURS)
    thread = incident_message(fixed).thread
    return {
        "slack": [incident_message(each) for each in (broken, fixing, needs, fixed, resolved)],
        "slack-thread": [*thread, ask(needs, request, ("U024BE7LH",))],
    }


def _story(whole: Report, known: Incident) -> Story:
    item = whole.namespaces[0]
    return Story(known, whole, STARTED, item, chapters(whole)[0].cases[0], OURS)


def shown(block: dict[str, Any]) -> Markup:
    """A block as Slack shows it."""
    items = [block["text"]] if "text" in block else block["elements"]
    return Markup(" ".join(_item(item) for item in items))  # noqa: S704 -- escaped by _item


def _item(item: dict[str, Any]) -> str:
    if item["type"] == "plain_text":
        return escape(item["text"])
    parts = re.split(r"(```\n.*?\n```|`[^`]+`)", item["text"], flags=re.DOTALL)
    return "".join(_piece(part) for part in parts)


def _piece(part: str) -> str:
    # Slack's markup has its three signs escaped already.
    if part.startswith("```"):
        return f"<pre>{part[4:-4]}</pre>"
    if part.startswith("`"):
        return f"<code>{part[1:-1]}</code>"
    part = re.sub(r"<(https?://[^|>]+)\|([^>]+)>", r'<a href="\1">\2</a>', part)
    part = re.sub(r"<@(\w+)>", r"<a>@\1</a>", part)
    part = part.replace(":white_check_mark:", "✅")
    return re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", part)


def pages() -> Iterator[tuple[str, str, tuple[int, int], str]]:
    """Name of the picture, HTML, size in pixels, and colour scheme."""
    environment = Environment(loader=FileSystemLoader(TOP / "docs"), autoescape=True)
    environment.filters["shown"] = shown
    heights = {"slack": 1930, "slack-thread": 940}
    for name, said in messages().items():
        page = environment.get_template("slack.html.j2").render(messages=said)
        yield name, page, (752, heights[name]), "light"
    whole = render_html(sample(Outcome.VERIFIED))
    yield "report-light", whole, (1000, 2180), "light"
    yield "report-dark", whole, (1000, 2180), "dark"
    # The browser's own window cannot be as narrow as a phone.
    style = "width:390px;height:3010px;border:0"
    frame = f'<body style="margin:0"><iframe style="{style}" srcdoc="{escape(whole)}"></iframe>'
    yield "report-phone", frame, (390, 3010), "light"


def draw(browser: str, page: Path, size: tuple[int, int], scheme: str, to: Path) -> None:
    """Let the browser take a picture; raises CalledProcessError where it cannot."""
    dark = {"dark": 0, "light": 1}[scheme]
    flags = [f"--window-size={size[0]},{size[1]}", f"--blink-settings=preferredColorScheme={dark}"]
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    subprocess.run(
        [*command, *flags, f"--screenshot={to}", page.as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip


def terminal() -> None:
    """The report as a terminal shows it, as SVG: it wraps what is longer than its lines."""
    said = StringIO()
    render_text(sample(Outcome.VERIFIED), Console(width=100, file=said, force_terminal=True))
    console = Console(record=True, width=100, file=StringIO(), force_terminal=True)
    for line in Text.from_ansi(said.getvalue()).split():
        parts = line.divide(range(100, len(line.plain), 100))
        for part in parts:
            console.print(part, highlight=False)
    svg = console.export_svg(title="sre-watchdog run -n shop", unique_id="watchdog")
    # Its font would be loaded from elsewhere.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    (OUT / "terminal.svg").write_text(svg, encoding="utf-8")


def main() -> None:
    """Draw all."""
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
    if browser is None:
        sys.exit("make pictures: needs Chromium (on Debian: apt-get install chromium)")
    fonts = shutil.which("fc-list")
    if fonts and not subprocess.check_output([fonts, ":lang=und-zsye"]):
        # Without one the signs of the messages are empty boxes.
        sys.exit(
            "make pictures: needs a font with emoji (on Debian: apt-get install "
            "fonts-noto-color-emoji)"
        )
    OUT.mkdir(exist_ok=True)
    terminal()
    with tempfile.TemporaryDirectory() as folder:
        for name, html, size, scheme in pages():
            page = Path(folder) / f"{name}.html"
            page.write_text(html, encoding="utf-8")
            draw(browser, page, size, scheme, OUT / f"{name}.png")
            print(f"docs/pictures/{name}.png")


if __name__ == "__main__":
    main()
