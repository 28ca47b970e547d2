"""A drill and examples of `custom_resource_failing`."""

from __future__ import annotations

from typing import Any

from watchdog.examples import Drill, Example
from watchdog.examples import builders as ex
from watchdog.snapshot.custom import CustomResourceSummary
from watchdog.snapshot.refs import Condition

_CERTIFICATE = ex.ref("Certificate.cert-manager.io", "web")


def _certificate(seconds: float = 900, **more: Any) -> CustomResourceSummary:
    condition = Condition(
        type="Ready",
        status="False",
        reason="Failed",
        message="The certificate request has failed to complete: the issuer is not ready",
        since=ex.ago(seconds),
    )
    values: dict[str, Any] = {
        "ref": _CERTIFICATE,
        "resource": "certificates.cert-manager.io",
        "condition": condition,
        "created_at": ex.ago(7200),
        "makes": (ex.ref("Secret", "web-tls"),),
    }
    return CustomResourceSummary.model_validate({**values, **more})


def examples() -> tuple[Example, ...]:
    sick, ref = str(_CERTIFICATE), ex.ref("Application.argoproj.io", "shop")
    health = Condition(type="health", status="Degraded")
    application = _certificate(
        ref=ref,
        resource="applications.argoproj.io",
        condition=health,
        makes=(),
        parts=("Deployment shop/web: Degraded",),
    )
    waits = ex.pod(ex.waiting("CreateContainerConfigError", 'secret "web-tls" not found'))
    return (
        Example(
            "it failed a moment ago, and pods wait for its Secret",
            ex.snapshot_of(_certificate(20), ex.deployment(), waits),
            sick,
        ),
        Example("it failed", ex.snapshot_of(_certificate()), sick),
        Example("it says since when by its age only", ex.snapshot_of(application), str(ref)),
        Example("it failed a moment ago", ex.snapshot_of(_certificate(20)), None),
        Example("it is on its way", ex.snapshot_of(_certificate(300, state="progressing")), None),
        Example(
            "it is on its way for too long",
            ex.snapshot_of(_certificate(3600, state="progressing")),
            sick,
        ),
    )


# With a status subresource the status of a manifest is dropped, so it has none.
DRILL = Drill(
    manifest="""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: drills.drill.sre-watchdog.example}
spec:
  group: drill.sre-watchdog.example
  scope: Namespaced
  names: {plural: drills, singular: drill, kind: Drill, listKind: DrillList}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: drill.sre-watchdog.example/v1
kind: Drill
metadata: {name: drill}
status:
  conditions:
    - {type: Ready, status: "False", reason: BackendRefused, message: the backend refused it}
""",
    settle="custom",
    watch={"custom_resources": "drills.drill.sre-watchdog.example"},
)
