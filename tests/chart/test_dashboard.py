from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_picture_in_the_docs_shows_every_panel_of_the_dashboard_with_data() -> None:
    drawn = (ROOT / "docs/dashboard.svg").read_text(encoding="utf-8")
    board = json.loads((ROOT / "deploy/dashboard.json").read_text(encoding="utf-8"))

    words = {node.text for node in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")}

    # `make dashboard` draws it again.
    assert {panel["title"] for panel in board["panels"]} <= words
    assert "no data" not in words


def test_the_panels_stand_in_rows_and_none_covers_another() -> None:
    panels = json.loads((ROOT / "deploy/dashboard.json").read_text(encoding="utf-8"))["panels"]

    rows = [panel["title"] for panel in panels if panel["type"] == "row"]
    assert rows == ["Overview", "Fixes", "The watchdog itself"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                 for y in range(at["y"], at["y"] + at["h"])}  # fmt: skip
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells


def test_every_link_of_the_dashboard_leads_to_a_section_of_the_runbook() -> None:
    board = json.loads((ROOT / "deploy/dashboard.json").read_text(encoding="utf-8"))
    runbook = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
    sections = {
        line.strip("# ").lower().replace(" ", "-").replace("'", "")
        for line in runbook.splitlines()
        if line.startswith("#")
    }

    links = [link["url"] for panel in board["panels"] for link in panel.get("links", ())]

    assert len(links) >= 6
    assert [url for url in links if url.partition("#")[2] not in sections] == []
