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
