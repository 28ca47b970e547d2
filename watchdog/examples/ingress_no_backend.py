"""A drill and examples of `ingress_no_backend`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples import builders as ex
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.snapshot import IngressSummary


def examples() -> tuple[Example, ...]:
    ref = ex.ref("Ingress", "shop")
    lost = IngressSummary(ref=ref, missing_services=("web-v2",), created_at=ex.ago(600))
    port = IngressSummary(ref=ref, missing_ports=("web:8080",), created_at=ex.ago(600))
    unserved = IngressSummary(ref=ref, class_absent=True, created_at=ex.ago(600))
    name = "Ingress/shop"
    return (
        Example("its Service does not exist", ex.snapshot_of(lost), name),
        Example("its Service has no such port", ex.snapshot_of(port), name),
        Example("no class", ex.snapshot_of(unserved), name),
        Example(
            "a class that does not exist",
            ex.snapshot_of(unserved.model_copy(update={"class_name": "edge"})),
            name,
        ),
        Example(
            "its Service may still come",
            ex.snapshot_of(lost.model_copy(update={"created_at": ex.ago(5)})),
            None,
        ),
        Example(
            "its controller may still come",
            ex.snapshot_of(unserved.model_copy(update={"created_at": ex.ago(60)})),
            None,
        ),
        *_routes(),
    )


def _routes() -> tuple[Example, ...]:
    ref = ex.ref("HTTPRoute", "shop")
    refused = Condition(
        type="ResolvedRefs",
        status="False",
        reason="RefNotPermitted",
        message="no ReferenceGrant permits Service books/api",
        since=ex.ago(600),
    )
    route = IngressSummary(ref=ref, refused=refused, created_at=ex.ago(900))
    lately = refused.model_copy(update={"since": ex.ago(5)})
    alone = IngressSummary(ref=ref, class_absent=True, created_at=ex.ago(900))
    name = "HTTPRoute/shop"
    return (
        Example("its Gateway refuses a reference", ex.snapshot_of(route), name),
        Example(
            "its Gateway may still accept it",
            ex.snapshot_of(route.model_copy(update={"refused": lately})),
            None,
        ),
        Example("no Gateway takes it", ex.snapshot_of(alone), name),
        Example(
            "its route's Service does not exist",
            ex.snapshot_of(
                IngressSummary(ref=ref, missing_services=("api",), created_at=ex.ago(900))
            ),
            name,
        ),
    )


DRILL = Drill(
    manifest="""\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shelf}
spec:
  defaultBackend: {service: {name: shelf-v2, port: {number: 80}}}
""",
    settle="backend",
)
