"""How figures grow, as an SVG of small charts; nothing but text is needed to draw lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from benchmarks.cost import Row
from benchmarks.tables import size

_WIDTH, _HEIGHT, _LEFT, _TOP, _PLOT_WIDTH, _PLOT_HEIGHT = 250, 190, 60, 34, 165, 110
_COLOURS = ("#0b7285", "#c92a2a")


class Line(NamedTuple):
    """One line of a chart: its name and its points."""

    name: str
    points: tuple[tuple[float, float], ...]


class _Figure(NamedTuple):
    title: str
    of: Callable[[Row], float]
    words: Callable[[float], str]


_FIGURES = (
    _Figure("seconds", lambda row: row.timed.seconds, lambda n: f"{n:.1f}"),
    _Figure("CPU seconds", lambda row: row.timed.cpu_seconds, lambda n: f"{n:.1f}"),
    _Figure("peak memory, MB", lambda row: row.timed.rss_mb, lambda n: f"{n:.0f}"),
    _Figure("requests", lambda row: row.counted.requests, lambda n: f"{n:.0f}"),
    _Figure("on the wire", lambda row: row.counted.wire_bytes, size),
    _Figure("prompt tokens", lambda row: row.counted.prompt_tokens, lambda n: f"{n:,.0f}"),
)


def plot(rows: Sequence[Row]) -> str:
    """An SVG with a row of charts for each thing that varies."""
    bands = [band for band in _bands(rows) if any(len(points) > 1 for _, _, points in band[1])]
    charts = [
        _moved(column, line, chart)
        for line, (varied, sets) in enumerate(bands)
        for column, chart in enumerate(_charts(varied, sets))
    ]
    width, height = _WIDTH * len(_FIGURES), _HEIGHT * len(bands)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n{"".join(charts)}</svg>\n'
    )


_Set = tuple[str, Callable[[Row], float], list[Row]]


def _bands(rows: Sequence[Row]) -> Iterator[tuple[str, list[_Set]]]:
    first = min(row.case.namespaces for row in rows)
    single = [row for row in rows if row.case.namespaces == first]
    sizes = sorted({row.case.pods for row in single})
    usual = sizes[len(sizes) // 2]

    def pods(row: Row) -> float:
        return row.case.pods

    counts = sorted({row.case.broken for row in single if row.case.pods != usual} or {0})
    yield (
        "pods",
        [(f"{n} broken", pods, [r for r in single if r.case.broken == n]) for n in counts],
    )
    at_usual = [row for row in single if row.case.pods == usual]
    yield "broken", [(f"{usual:,} pods", lambda row: row.case.broken, at_usual)]
    spread = [row for row in rows if row.case.pods == usual and row.case.broken == counts[-1]]
    yield "namespaces", [(f"{usual:,} pods", lambda row: row.case.namespaces, spread)]


def _charts(varied: str, sets: Sequence[_Set]) -> Iterator[str]:
    for figure in _FIGURES:
        lines = [
            Line(name, tuple(sorted((along(row), float(figure.of(row))) for row in rows)))
            for name, along, rows in sets
        ]
        yield chart(f"{figure.title} by {varied}", lines, figure.words)


def chart(title: str, lines: Sequence[Line], words: Callable[[float], str]) -> str:
    """One chart from zero to the largest value, the values beside their points."""
    points = [point for line in lines for point in line.points]
    most_x = max((x for x, _ in points), default=1) or 1
    most_y = max((y for _, y in points), default=1) or 1
    bottom = _TOP + _PLOT_HEIGHT

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + _PLOT_WIDTH * x / most_x, bottom - _PLOT_HEIGHT * y / most_y

    parts = [
        f'<text x="{_LEFT}" y="16" font-weight="bold">{escape(title)}</text>',
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{_LEFT + _PLOT_WIDTH}" fill="none" stroke="#868e96"/>',
        f'<text x="{_LEFT - 5}" y="{_TOP + 4}" text-anchor="end">{words(most_y)}</text>',
        f'<text x="{_LEFT - 5}" y="{bottom}" text-anchor="end">0</text>',
    ]
    parts += [
        f'<text x="{at(x, 0)[0]:.0f}" y="{bottom + 14}" text-anchor="middle">{x:,.0f}</text>'
        for x in sorted({x for x, _ in points})
    ]
    for number, (line, colour) in enumerate(zip(lines, _COLOURS, strict=False)):
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in line.points))
        parts.append(f'<polyline points="{corners}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>'
            for x, y in (at(*point) for point in line.points)
        ]
        parts.append(
            f'<text x="{_LEFT + 80 * number}" y="{bottom + 30}" fill="{colour}">'
            f"{escape(line.name)}</text>"
        )
    return "\n".join(parts)


def _moved(column: int, row: int, chart: str) -> str:
    return f'<g transform="translate({column * _WIDTH} {row * _HEIGHT})">\n{chart}\n</g>\n'
