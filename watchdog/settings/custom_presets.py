"""Custom resources that `watch.custom_resources` names: presets, and how a name is written.

A resource is written as `kubectl api-resources -o name` prints it, `certificates.cert-manager.io`:
that is what RBAC grants by. The chart's copy of the presets is made from here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from watchdog.text.regex import regex

# Only what speaks for the rest: a Certificate tells what its CertificateRequest and Order lack, a
# Knative Service what its Configuration and Route do.
PRESETS: dict[str, tuple[str, ...]] = {
    "argo-cd": ("applications.argoproj.io",),
    "argo-rollouts": ("rollouts.argoproj.io",),
    "cert-manager": (
        "certificates.cert-manager.io",
        "clusterissuers.cert-manager.io",
        "issuers.cert-manager.io",
    ),
    "cloudnative-pg": ("clusters.postgresql.cnpg.io", "databases.postgresql.cnpg.io"),
    "crossplane": (
        "configurations.pkg.crossplane.io",
        "functions.pkg.crossplane.io",
        "providers.pkg.crossplane.io",
    ),
    "external-secrets": (
        "clustersecretstores.external-secrets.io",
        "externalsecrets.external-secrets.io",
        "pushsecrets.external-secrets.io",
        "secretstores.external-secrets.io",
    ),
    "flux": (
        "buckets.source.toolkit.fluxcd.io",
        "gitrepositories.source.toolkit.fluxcd.io",
        "helmcharts.source.toolkit.fluxcd.io",
        "helmreleases.helm.toolkit.fluxcd.io",
        "helmrepositories.source.toolkit.fluxcd.io",
        "kustomizations.kustomize.toolkit.fluxcd.io",
        "ocirepositories.source.toolkit.fluxcd.io",
    ),
    "gateway-api": (
        "gateways.gateway.networking.k8s.io",
        "grpcroutes.gateway.networking.k8s.io",
        "httproutes.gateway.networking.k8s.io",
    ),
    "keda": ("scaledjobs.keda.sh", "scaledobjects.keda.sh"),
    "knative": ("domainmappings.serving.knative.dev", "services.serving.knative.dev"),
    "strimzi": (
        "kafkabridges.kafka.strimzi.io",
        "kafkaconnectors.kafka.strimzi.io",
        "kafkaconnects.kafka.strimzi.io",
        "kafkamirrormaker2s.kafka.strimzi.io",
        "kafkas.kafka.strimzi.io",
        "kafkatopics.kafka.strimzi.io",
        "kafkausers.kafka.strimzi.io",
    ),
    "tekton": ("pipelineruns.tekton.dev", "taskruns.tekton.dev"),
}
# A group of a custom resource always has a dot, and so has one name more than the plural.
_RESOURCE = regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?){2,}")


def checked(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same names; ValueError for one that is neither a preset nor `plural.group`."""
    for name in names:
        if name in PRESETS:
            continue
        if not _RESOURCE.fullmatch(name):
            close = difflib.get_close_matches(name, PRESETS, n=1)
            meant = f"; is {close[0]} meant?" if close else ""
            raise ValueError(
                f"{name!r} is neither a preset ({', '.join(PRESETS)}) nor a resource as `kubectl "
                f"api-resources -o name` prints it{meant}"
            )
    return names


def resources(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The group and plural of each resource that these names stand for, without repeats."""
    found = dict.fromkeys(each for name in names for each in PRESETS.get(name, (name,)))
    return tuple((group, plural) for plural, _, group in (each.partition(".") for each in found))
