"""Recognises who deploys an object: by its owners and field managers first, by marks second. Pure.

An owner is recognised by what it does. A controller among the ownerReferences makes the object; a
manager that applies its spec server-side deploys it, whatever it is called. Names are needed only
for tools that update instead of applying, and to say who it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from watchdog.kube.ports import Json
from watchdog.kube.resources import BY_KIND, FIELD_MANAGER
from watchdog.observation.kubectl_columns import mapping, objects
from watchdog.snapshot.deployer import Deployer, Tool
from watchdog.text.regex import regex
from watchdog.text.sanitize import term

RELEASE = "meta.helm.sh/release-name"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_LONGEST = 120


class Product(NamedTuple):
    """A tool that is known by name.

    `managers` is a pattern of the field managers it writes with. `marks` are keys of labels or
    annotations: one that ends with a slash stands for all keys of that domain and those below it.
    `units` are the keys that name what of the tool the object belongs to.
    """

    name: str
    tool: Tool
    managers: str
    marks: tuple[str, ...] = ()
    units: tuple[tuple[str, str], ...] = ()


_CATTLE = "objectset.rio.cattle.io/"
# The managers and marks are those of the tools' own sources and of objects that they made.
PRODUCTS = (
    Product(
        "Argo CD", "git", r"argocd-(application-)?controller", ("argocd.argoproj.io/",),
        (("argocd.argoproj.io/tracking-id", "application"),
         ("argocd.argoproj.io/instance", "application"),
         ("app.kubernetes.io/instance", "application")),
    ),
    Product(
        "Flux", "git", r"kustomize-controller|helm-controller", ("toolkit.fluxcd.io/",),
        (("kustomize.toolkit.fluxcd.io/name", "Kustomization"),
         ("helm.toolkit.fluxcd.io/name", "HelmRelease")),
    ),
    Product(
        "the k3s add-on", "another", r"deploy@.+", (f"{_CATTLE}owner-name",),
        ((f"{_CATTLE}owner-name", ""),),
    ),
    Product(
        "Fleet", "git", r"fleet-?agent", ("fleet.cattle.io/", _CATTLE),
        (("fleet.cattle.io/bundle-id", "bundle"), (f"{_CATTLE}id", "bundle")),
    ),
    Product(
        "Config Sync", "git", r"configsync.*", ("configmanagement.gke.io/", "configsync.gke.io/"),
    ),
    Product("kluctl", "git", r"kluctl.*", ("kluctl.io/",)),
    Product(
        "Sveltos", "git", r"sveltos.*|addon-controller", ("projectsveltos.io/",),
        (("projectsveltos.io/owner-name", "profile"),),
    ),
    Product(
        "kapp", "another", r"kapp(-controller)?", ("kapp.k14s.io/",), (("kapp.k14s.io/app", "app"),)
    ),
    Product(
        "Crossplane", "another", r"crossplane.*", ("crossplane.io/",),
        (("crossplane.io/composite", "composite"),),
    ),
    Product(
        "OLM", "another", r"olm|catalog", ("olm.owner", "olm.managed", "operators.coreos.com/"),
        (("olm.owner", ""),),
    ),
    Product(
        "the addon manager", "another", r"kube-addon-manager", ("addonmanager.kubernetes.io/mode",),
    ),
    Product("kro", "another", r"kro(\.run)?(/.+)?", ("kro.run/",)),
    Product(
        "KubeVela", "another", r"(kube)?vela.*", ("oam.dev/",),
        (("app.oam.dev/name", "application"),),
    ),
    Product("Pulumi", "another", r"pulumi-.+", ("pulumi.com/",)),
    Product("Terraform", "another", r"terraform.*|hashicorp"),
    Product("Timoni", "another", r"timoni", ("timoni.sh/",)),
    Product("werf", "another", r"werf|nelm", ("werf.io/",)),
)  # fmt: skip
# Helm 4 applies under the base name of its binary.
_HELM = regex(r"helm[-_v]?[\d.]*(\.exe)?", re.IGNORECASE)
_KUBECTL = regex(r"kubectl([-_].+)?|before-first-apply", re.IGNORECASE)
_MANAGERS = tuple((product, regex(product.managers, re.IGNORECASE)) for product in PRODUCTS)


class Manager(NamedTuple):
    """One entry of `metadata.managedFields`: who, how, and which fields (a fieldsV1 tree)."""

    name: str
    applies: bool
    fields: Json

    @property
    def deploys(self) -> bool:
        """Whether its fields are part of a spec or of data; True if they are not told.

        A deploy that only takes something away leaves a tool that applies client-side nothing
        but the note of what it applied.
        """
        notes = mapping(mapping(self.fields.get("f:metadata")).get("f:annotations"))
        told = bool(self.fields.keys() & {"f:spec", "f:data", "f:binaryData"})
        return not self.fields or told or f"f:{LAST_APPLIED}" in notes


def deployer(raw: Json) -> Deployer | None:
    """Who deploys this object; None if nothing tells."""
    metadata = mapping(raw.get("metadata"))
    held = tuple(managers(raw))
    return (
        _controller(metadata)
        or _by_manager(metadata, held)
        or _by_mark(metadata)
        or _applier(metadata, held)
        or _hand_tool(metadata, held)
    )


def managers(raw: Json) -> Iterator[Manager]:
    """The field managers of the object itself, without those of its status and its scale."""
    for entry in objects(mapping(raw.get("metadata")).get("managedFields")):
        if not entry.get("subresource"):
            name, applies = str(entry.get("manager") or ""), entry.get("operation") == "Apply"
            yield Manager(name, applies, mapping(entry.get("fieldsV1")))


def kind_with_group(owner: Json) -> str:
    """The kind of an owner reference, with its API group unless it is one of Kubernetes' own.

    `Job` of `batch/v1` stays `Job`, that of `batch.volcano.sh/v1alpha1` is `Job.batch.volcano.sh`,
    as kubectl takes it. The group of a custom resource always has a dot.
    """
    kind, group = str(owner.get("kind")), _group(owner)
    known = BY_KIND.get(kind)
    built_in = "." not in group or (known is not None and known.group == group)
    return kind if built_in else f"{kind}.{group}"


def _group(owner: Json) -> str:
    return str(owner.get("apiVersion") or "").rpartition("/")[0]


def _controller(metadata: Json) -> Deployer | None:
    """What made the object: an owner of a kind that is not built in, a controller before others."""
    foreign = [o for o in objects(metadata.get("ownerReferences")) if "." in kind_with_group(o)]
    chosen = next((o for o in foreign if o.get("controller")), foreign[0] if foreign else None)
    if chosen is None:
        return None
    owner = f"{kind_with_group(chosen)}/{chosen.get('name')}"
    return Deployer(tool="controller", name=_plain(owner))


def _by_manager(metadata: Json, held: tuple[Manager, ...]) -> Deployer | None:
    for product, pattern in _MANAGERS:
        if any(pattern.fullmatch(each.name) and each.deploys for each in held):
            return _of(product, metadata)
    return None


def _by_mark(metadata: Json) -> Deployer | None:
    keys = [*mapping(metadata.get("annotations")), *mapping(metadata.get("labels"))]
    for product in PRODUCTS:
        if any(_marks(mark, key) for mark in product.marks for key in keys):
            return _of(product, metadata)
    return None


def _marks(mark: str, key: str) -> bool:
    if not mark.endswith("/"):
        return key == mark
    return f".{key}".rpartition("/")[0].endswith(f".{mark.removesuffix('/')}")


def _of(product: Product, metadata: Json) -> Deployer:
    held = {**mapping(metadata.get("labels")), **mapping(metadata.get("annotations"))}
    for key, word in product.units:
        if value := _plain(held.get(key)).partition(":")[0]:
            return Deployer(tool=product.tool, name=product.name, unit=f"{word} {value}".strip())
    return Deployer(tool=product.tool, name=product.name)


def _applier(metadata: Json, held: tuple[Manager, ...]) -> Deployer | None:
    """A manager that applies the spec and is neither Helm's nor kubectl's."""
    helm = RELEASE in mapping(metadata.get("annotations"))
    for each in held:
        hand = _KUBECTL.fullmatch(each.name) or (helm and _HELM.fullmatch(each.name))
        if each.applies and each.deploys and not hand and each.name != FIELD_MANAGER:
            return Deployer(tool="another", name=f"field manager {_plain(each.name)}")
    return None


def _hand_tool(metadata: Json, held: tuple[Manager, ...]) -> Deployer | None:
    """Helm or kubectl: what a person or a pipeline runs once for each deploy."""
    annotations = mapping(metadata.get("annotations"))
    applies = any(each.applies and each.deploys for each in held)
    if release := _plain(annotations.get(RELEASE)):
        tool: Tool = "helm_server_side" if applies else "helm"
        return Deployer(tool=tool, name="Helm", unit=f"release {release}")
    if applies:
        return Deployer(tool="kubectl_server_side", name="kubectl apply --server-side")
    client_side = any(each.name == "kubectl-client-side-apply" for each in held)
    if client_side or LAST_APPLIED in annotations:
        return Deployer(tool="kubectl", name="kubectl apply")
    return None


def _plain(text: Any) -> str:
    """A name from the cluster as a report may show it: tenants write these."""
    return term(text)[:_LONGEST]
