"""Resource quantities (`100m`, `64Mi`): enough arithmetic for quotas, limits and scheduling."""

from collections.abc import Iterable
from decimal import Decimal

from watchdog.regex import regex
from watchdog.sandbox.resources import Object

_SHAPE = regex(r"^([+-]?[0-9.]+)([eE][+-]?[0-9]+|[KMGTPE]i|[numkMGTPE]?)$")
_BINARY = {unit + "i": Decimal(1024) ** (i + 1) for i, unit in enumerate("KMGTPE")}
_DECIMAL = {unit: Decimal(1000) ** i for i, unit in zip(range(-3, 7), "num kMGTPE", strict=True)}
_UNITS = {**_BINARY, **_DECIMAL, "": Decimal(1)}
_INVALID = (
    "quantities must match the regular expression "
    r"'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)


def amount(text: object) -> Decimal:
    """Read a quantity in its base unit (cores, bytes); raises ValueError in the server's words."""
    found = _SHAPE.match(str(text))
    if not found:
        raise ValueError(_INVALID)
    unit = found[2]
    if unit[:1] in ("e", "E") and unit[1:]:
        return Decimal(found[1] + unit)
    return Decimal(found[1]) * _UNITS[unit]


def shown(value: Decimal, resource: str) -> str:
    """Write an amount as the API server would, e.g. `500m`, `128Mi`."""
    if value == value.to_integral_value():
        whole = int(value)
        if resource.endswith(("memory", "storage")):
            for unit, factor in reversed(_BINARY.items()):
                if whole and whole % int(factor) == 0:
                    return f"{whole // int(factor)}{unit}"
        return str(whole)
    return f"{int(value * 1000)}m"


def asked(pod_spec: Object, what: str, resource: str) -> Decimal:
    """Sum a pod's requests or limits (`what`), counting init containers as the scheduler does."""

    def of(containers: Iterable[Object]) -> list[Decimal]:
        return [
            amount((c.get("resources", {}).get(what) or {}).get(resource, 0)) for c in containers
        ]

    init = pod_spec.get("initContainers") or []
    sidecars = sum(of(c for c in init if c.get("restartPolicy") == "Always"), Decimal(0))
    steady = sum(of(pod_spec.get("containers") or []), Decimal(0)) + sidecars
    return max([steady, *of(init)])
