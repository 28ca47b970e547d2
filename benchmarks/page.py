"""docs/performance.md: prose by hand, figures between marks by the benches."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "performance.md"
PLOT = DOCS / "performance.svg"


def write(section: str, text: str) -> None:
    """Replace what stands between the section's marks; ValueError where the page lacks them."""
    begin, end = f"<!-- {section}: written by python -m benchmarks -->", f"<!-- /{section} -->"
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{PAGE.name} has no place for {section}")
    PAGE.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}", encoding="utf-8")
