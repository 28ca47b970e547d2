"""Draws what a Prometheus holds as the panels of the Grafana dashboard would show it, as SVG.

Only the panel types that the dashboard has: rows, stat, timeseries, state timeline and table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

Panel = dict[str, Any]
Point = tuple[float, float]

COLUMN, ROW, GAP, HEAD = 50, 32, 8, 64
# Okabe and Ito's colours, which also the colour-blind can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
LEGEND_ROWS, LEGEND_LETTERS = 3, 28
INK, PALE, FRAME = "#1f2328", "#656d76", "#d0d7de"
# What makes a namespace's name in the tests unique.
_SUFFIX = re.compile(r"-[0-9a-f]{8}\b")
_LABEL = re.compile(r"\{\{(\w+)\}\}")
_WORDS = {"s": " s"}


@dataclass(frozen=True)
class Line:
    """One series of a panel: its legend and its points, Unix time and value."""

    name: str
    labels: dict[str, str]
    points: tuple[Point, ...]

    @property
    def most(self) -> float:
        """Its highest value."""
        return max(value for _, value in self.points)


@dataclass(frozen=True)
class Shown:
    """A panel of the dashboard and what its queries returned."""

    panel: Panel
    lines: tuple[Line, ...]

    @property
    def unit(self) -> str:
        """What stands behind its numbers."""
        return _WORDS.get(self.panel["fieldConfig"]["defaults"].get("unit", ""), "")


def line(series: dict[str, Any], legend: str) -> Line:
    """One series as Prometheus answers it, named as the panel's legend says."""
    labels = {name: _SUFFIX.sub("", text) for name, text in series["metric"].items()}
    name = _LABEL.sub(lambda found: labels.get(found[1], ""), legend)
    return Line(name, labels, tuple((float(at), float(v)) for at, v in series["values"]))


def picture(shown: list[Shown], passes: list[float], title: str) -> str:
    """The whole board. `passes` are the Unix times at which passes ended: the marks below."""
    places = [panel.panel["gridPos"] for panel in shown]
    width = 24 * COLUMN + GAP
    height = max(at["y"] + at["h"] for at in places) * ROW + HEAD + GAP
    times = [at for panel in shown for each in panel.lines for at, _ in each.points]
    start, end = min(times), max(times)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<g font-family="Helvetica, Arial, sans-serif">',
        _text(GAP + 4, 28, "SRE watchdog", 18, INK, "bold"),
        _text(GAP + 4, 50, title, 12, PALE),
    ]
    for panel in shown:
        parts += _Frame(panel, start, end, passes).drawn()
    return "\n".join([*parts, "</g>", "</svg>", ""])


@dataclass(frozen=True)
class _Frame:
    """A panel in its place on the board."""

    shown: Shown
    start: float
    end: float
    passes: list[float]

    @property
    def box(self) -> tuple[float, float, float, float]:
        at = self.shown.panel["gridPos"]
        x, y = at["x"] * COLUMN + GAP, at["y"] * ROW + HEAD
        return x, y, at["w"] * COLUMN - GAP, at["h"] * ROW - GAP

    def drawn(self) -> Iterator[str]:
        x, y, width, height = self.box
        if self.shown.panel["type"] == "row":
            yield _text(x + 2, y + 18, self.shown.panel["title"], 14, INK, "bold")
            return
        yield (
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="none" '
            f'stroke="{FRAME}"/>'
        )
        yield _text(x + 10, y + 20, self.shown.panel["title"], 13, INK, "bold")
        plots = dict.fromkeys(("timeseries", "state-timeline"), self._plot)
        kinds = {**plots, "stat": self._stat, "table": self._table}
        yield from kinds[self.shown.panel["type"]]()

    def _stat(self) -> Iterator[str]:
        x, y, width, height = self.box
        # As Grafana's "last": what ended before is not the present value.
        now = [each for each in self.shown.lines if each.points[-1][0] >= self.end - 1]
        said = ", ".join(each.name or self._number(each.points[-1][1]) for each in now)
        yield _text(x + width / 2, y + height - 24, said or "no data", 30, INK, "bold", "middle")

    def _table(self) -> Iterator[str]:
        x, y, width, _ = self.box
        rows = [each.labels for each in self.shown.lines]
        names = sorted({name for row in rows for name in row})
        widths = [max(len(name), *(len(row.get(name, "")) for row in rows)) + 2 for name in names]
        at = x + 10
        for name, letters in zip(names, widths, strict=True):
            yield _text(at, y + 46, name, 12, PALE)
            for number, row in enumerate(rows):
                yield _text(at, y + 70 + number * 20, row.get(name) or "-", 12, INK)
            at += letters * (width - 10) / sum(widths)

    def _plot(self) -> Iterator[str]:
        x, y, width, height = self.box
        left, top, right = x + 44, y + 34, x + width - 12
        bottom = y + height - 24 - 16 * LEGEND_ROWS
        most = max((each.most for each in self.shown.lines), default=1) or 1

        def across(at: float) -> float:
            return round(left + (right - left) * (at - self.start) / (self.end - self.start), 1)

        def up(value: float) -> float:
            return round(bottom - (bottom - top) * value / most, 1)

        for value in (0.0, most):
            yield _rule(left, up(value), right, up(value), FRAME)
            yield _text(left - 6, up(value) + 4, self._number(value), 11, PALE, anchor="end")
        for number, at in enumerate(self.passes, 1):
            yield _rule(across(at), top, across(at), bottom, FRAME, "2 3")
            yield _text(across(at), bottom + 14, str(number), 11, PALE, anchor="middle")
        for colour, each in zip(_colours(), self.shown.lines, strict=False):
            path = " ".join(_steps([(across(at), up(value)) for at, value in each.points]))
            yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from self._legend(x + 12, bottom + 34, width - 20)

    def _legend(self, x: float, y: float, width: float) -> Iterator[str]:
        """What is highest first; in one column where names are long."""
        named = [
            (colour, f"{each.name}: {self._number(each.most)}", each.most)
            for colour, each in zip(_colours(), self.shown.lines, strict=False)
        ]
        named.sort(key=lambda entry: -entry[2])
        columns = 2 - any(len(words) > LEGEND_LETTERS for _, words, _ in named)
        places = LEGEND_ROWS * columns
        kept = named if len(named) <= places else named[: places - 1]
        for number, (colour, words, _) in enumerate(kept):
            at, down = x + number % columns * width / columns, y + number // columns * 16
            yield f'<rect x="{at}" y="{down - 8}" width="10" height="4" fill="{colour}"/>'
            yield _text(at + 15, down, words, 11, INK)
        if len(kept) < len(named):
            at, down = x + (columns - 1) * width / columns, y + (LEGEND_ROWS - 1) * 16
            yield _text(at, down, f"and {len(named) - len(kept)} more", 11, PALE)

    def _number(self, value: float) -> str:
        whole = f"{value:.0f}" if value == int(value) or value >= 100 else f"{value:.3g}"
        return whole + self.shown.unit


def _colours() -> Iterator[str]:
    while True:
        yield from COLOURS


def _steps(points: list[Point]) -> Iterator[str]:
    """A path that holds each value until the next; a gap where samples are missing."""
    yield f"M{points[0][0]},{points[0][1]}"
    gap = 3 * min((b[0] - a[0] for a, b in pairwise(points)), default=1)
    for (before, _), (at, value) in pairwise(points):
        yield f"M{at},{value}" if at - before > gap else f"H{at}V{value}"
    yield "h2"


def _text(  # noqa: PLR0913, PLR0917 - what SVG asks for
    x: float,
    y: float,
    said: str,
    size: int,
    colour: str,
    weight: str = "normal",
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
        f'font-weight="{weight}" text-anchor="{anchor}">{escape(said)}</text>'
    )


def _rule(  # noqa: PLR0913, PLR0917 - as above
    x1: float, y1: float, x2: float, y2: float, colour: str, dashes: str = "none"
) -> str:
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" '
        f'stroke-dasharray="{dashes}"/>'
    )
