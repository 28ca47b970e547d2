"""What is kept of a log that is longer than a snapshot holds: why it ended, its start, its end."""

from __future__ import annotations

from watchdog.text.root_record import find_telling

_ABOVE, _BELOW, _FIRST = 3, 12, 3
_GAP = 40
LEFT_OUT = "\u2026 lines left out"


def names_error(text: str) -> bool:
    """Whether the log says why the run ended."""
    told = find_telling(text.splitlines())
    return told is not None and told.sure


def excerpt(text: str, longest: int, *, begins: bool = False) -> str:
    """At most so many characters of the text, in whole lines; what is left out is stated.

    The record that says why the run ended is kept with what stands around it, then the last lines;
    if the text `begins` with the start of the log, its first lines too.
    """
    if len(text) <= longest:
        return text
    lines = text.splitlines()
    told = find_telling(lines)
    around: set[int] = set()
    if told is not None and told.sure:
        around = set(range(max(0, told.at - _ABOVE), min(len(lines), told.at + _BELOW)))
    if begins:
        around |= set(range(min(_FIRST, len(lines))))
    kept, room = _fitting(lines, around, longest)
    for number in range(len(lines) - 1, -1, -1):
        if number not in kept:
            if len(lines[number]) >= room:
                break
            kept.add(number)
            room -= len(lines[number]) + 1
    return _joined(lines, kept) or text[-longest:]


def _fitting(lines: list[str], wanted: set[int], longest: int) -> tuple[set[int], int]:
    """Those of the wanted lines that fit into half of the room, and the room that is left."""
    kept: set[int] = set()
    used = 0
    for number in sorted(wanted):
        used += len(lines[number]) + 1
        if used > longest // 2:
            break
        kept.add(number)
    # Each gap is said in a line of its own.
    return kept, longest - sum(len(lines[number]) + 1 for number in kept) - 2 * _GAP


def _joined(lines: list[str], kept: set[int]) -> str:
    parts: list[str] = []
    last = -1
    for number in sorted(kept):
        if number > last + 1 and parts:
            parts.append(f"\u2026 {number - last - 1} lines left out")
        parts.append(lines[number])
        last = number
    return "".join(f"{part}\n" for part in parts)
