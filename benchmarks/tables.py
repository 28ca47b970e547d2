"""The figures as a table: for a terminal by rich, for the docs as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.cost import Row

_HEADS = (
    "pods", "broken", "namespaces", "seconds", "CPU s", "peak MB", "requests", "on the wire",
    "of a full list", "prompt tokens", "kept",
)  # fmt: skip
_PEER = ("peer s", "peer CPU s", "peer MB", "time ratio", "memory ratio")


def show(console: Console, heads: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print the table."""
    table = Table(*heads, box=None)
    for column in table.columns:
        column.justify = "right"
    for line in lines:
        table.add_row(*line)
    console.print(table)


def markdown(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """The table as Markdown."""
    rows = [heads, ["--:"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def cost_table(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Heads and lines of what passes cost."""
    with_peer = any(row.peer for row in rows)
    return [*_HEADS, *(_PEER if with_peer else ())], [_line(row) for row in rows]


def size(count: float) -> str:
    """Bytes in words: `0.7 MB`."""
    if count < 1000:  # noqa: PLR2004 - a unit
        return f"{count:.0f} B"
    return f"{count / 1e3:.0f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"  # noqa: PLR2004


def _line(row: Row) -> list[str]:
    ours, peer = row.timed, row.peer
    line = [
        f"{row.case.pods:,}",
        f"{row.case.broken}",
        f"{row.case.namespaces}",
        f"{ours.seconds:.2f}",
        f"{ours.cpu_seconds:.2f}",
        f"{ours.rss_mb:.0f}",
        f"{row.counted.requests}",
        size(row.counted.wire_bytes),
        f"{row.counted.wire_bytes / row.full_list_bytes:.1%}",
        f"{row.counted.prompt_tokens:,}",
        size(row.kept_bytes),
    ]
    if peer:
        line += [f"{peer.seconds:.2f}", f"{peer.cpu_seconds:.2f}", f"{peer.rss_mb:.0f}"]
        line += [f"{ours.seconds / peer.seconds:.2f}", f"{ours.rss_mb / peer.rss_mb:.2f}"]
    return line
