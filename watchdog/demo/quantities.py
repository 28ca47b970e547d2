"""Resource quantities (`100m`, `64Mi`): enough arithmetic for quotas, limits and scheduling."""

from collections.abc import Iterable
from decimal import Decimal

from watchdog.demo.api_resources import Object
from watchdog.kube.quantity import parse, write

_INVALID = (
    "quantities must match the regular expression "
    r"'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)


def amount(text: object) -> Decimal:
    """Read a quantity in its base unit (cores, bytes); raises ValueError in the server's words."""
    try:
        return parse(str(text))
    except ValueError as error:
        raise ValueError(_INVALID) from error


def shown(value: Decimal, resource: str) -> str:
    """Write an amount as the API server would, e.g. `500m`, `128Mi`; counts as whole numbers."""
    is_bytes = resource.endswith(("memory", "storage"))
    return write(value, "memory" if is_bytes else "cpu")


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
