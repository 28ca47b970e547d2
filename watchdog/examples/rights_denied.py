"""A drill and examples of `rights_denied`."""

from __future__ import annotations

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex

_SAID = (
    'E1123 watch.go:12] configmaps is forbidden: User "system:serviceaccount:shop:web" cannot list '
    'resource "configmaps" in API group "" in the namespace "shop"'
)


def examples() -> tuple[Example, ...]:
    claims = "Deployment/web"
    calm = "\n".join(f"GET /orders/{number} 200" for number in range(30))
    again = "\n".join([_SAID] * 4)
    return (
        Example("denied again and again", ex.healthy(again), claims),
        Example("denied once", ex.healthy(_SAID), None),
        Example("granted since", ex.healthy(f"{again}\n{calm}"), None),
        Example("other words", ex.healthy("\n".join(["GET /admin forbidden 403"] * 9)), None),
        Example("nothing of its log is known", ex.healthy(), None),
    )


DRILL = Drill(
    manifest=drill_manifest.deployment(f"while true; do echo '{_SAID}'; sleep 3; done"),
    settle="ready",
    observe={"healthy_logs": 5},
)
