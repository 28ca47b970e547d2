"""Kubernetes quantities (`500m`, `256Mi`) as exact numbers of cores or bytes."""

from __future__ import annotations

from decimal import Decimal

from watchdog.text.regex import regex

_SHAPE = regex(
    r"\+?([0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})"
    r"([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?"
)
_BINARY = {
    unit: Decimal(1024) ** power
    for power, unit in enumerate(("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))
}
_DECIMAL = {
    unit: Decimal(10) ** power
    for unit, power in zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True)
}


def parse(text: str) -> Decimal:
    """Read a quantity; raises ValueError for anything else, negative ones included."""
    found = _SHAPE.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is not a quantity such as 500m or 256Mi")
    number, unit = Decimal(found[1]), found[2] or ""
    if unit[:1] in ("e", "E") and unit[1:].lstrip("+-").isdigit():
        return number.scaleb(int(unit[1:]))
    return number * (_BINARY[unit] if unit in _BINARY else _DECIMAL[unit])


def write(amount: Decimal, resource: str) -> str:
    """Write an amount of `memory` (bytes, rounded down) or `cpu` (cores, in thousandths)."""
    if resource == "cpu":
        thousandths = int(amount * 1000)
        return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)
    whole = int(amount)
    for unit in ("Gi", "Mi", "Ki"):
        if whole and whole % int(_BINARY[unit]) == 0:
            return f"{whole // int(_BINARY[unit])}{unit}"
    return str(whole)
