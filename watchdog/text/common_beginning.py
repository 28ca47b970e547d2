"""How the lines of a log begin in a format that is not known: with a time or a number. Pure.

Such a line stands for itself: it is no part of what the line above began.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice

_LENGTH, _DIGITS = 16, 8
_FEWEST, _SHARE, _LOOKED_AT = 4, 0.6, 400
_SHAPE = str.maketrans({str(digit): "0" for digit in range(10)})


def common_beginning(lines: list[str]) -> str:
    """The beginning of most lines, with zeros in place of digits; empty if they have none."""
    written = (line for line in lines if line.strip())
    begun = Counter(_shape(line) for line in islice(written, _LOOKED_AT))
    if not begun:
        return ""
    shape, times = begun.most_common(1)[0]
    enough = times >= _FEWEST and times >= _SHARE * begun.total()
    return shape if enough and shape.count("0") >= _DIGITS else ""


def begins_as(line: str, shape: str) -> bool:
    """Whether the line begins so."""
    return _shape(line) == shape


def _shape(line: str) -> str:
    return line[:_LENGTH].translate(_SHAPE)
