"""Metadata as the tools that deploy workloads leave it, one entry for each that is left alone.

Labels, annotations, owner references and field managers are those that the named sources set. The
fields of an entry are a whole pod template's unless the tool writes less.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Object = dict[str, Any]
TEMPLATE: Object = {
    "f:spec": {
        "f:replicas": {},
        "f:template": {
            "f:spec": {"f:containers": {'k:{"name":"main"}': {"f:image": {}, "f:name": {}}}}
        },
    }
}
NOTE: Object = {
    "f:metadata": {"f:annotations": {"f:kubectl.kubernetes.io/last-applied-configuration": {}}}
}


class Marked(NamedTuple):
    """What a tool leaves on a Deployment, and the words that must name it."""

    metadata: Object
    named: str


def manager(name: str, operation: str = "Apply", fields: Object = TEMPLATE) -> Object:
    """An entry of `metadata.managedFields`."""
    return {
        "manager": name,
        "operation": operation,
        "apiVersion": "apps/v1",
        "time": "2026-11-01T08:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }


def _marked(
    named: str, *, by: Object, labels: Object | None = None, notes: Object | None = None
) -> Marked:
    metadata = {"labels": labels or {}, "annotations": notes or {}, "managedFields": [by]}
    return Marked(metadata, named)


OWNERS: dict[str, Marked] = {
    # argo-cd docs/user-guide/resource_tracking.md: the default since 3.0
    "Argo CD, by annotation": _marked(
        "Argo CD application guestbook",
        notes={"argocd.argoproj.io/tracking-id": "guestbook:apps/Deployment:shop/ledger"},
        by=manager("argocd-controller", "Update"),
    ),
    # the same page: the default before 3.0, and what a server-side sync writes
    "Argo CD, by label": _marked(
        "Argo CD application guestbook",
        labels={"app.kubernetes.io/instance": "guestbook"},
        by=manager("argocd-controller", "Update"),
    ),
    "Argo CD, by a label of its own": _marked(
        "Argo CD", labels={"example.com/app": "guestbook"}, by=manager("argocd-controller")
    ),
    # what the API server keeps of a client-side apply that only removed a field
    "Argo CD, after a removal": _marked(
        "Argo CD application guestbook",
        labels={"app.kubernetes.io/instance": "guestbook"},
        by=manager("argocd-controller", "Update", NOTE),
    ),
    # fluxcd/kustomize-controller internal/controller/kustomization_controller.go
    "Flux Kustomization": _marked(
        "Flux Kustomization apps",
        labels={
            "kustomize.toolkit.fluxcd.io/name": "apps",
            "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
        },
        by=manager("kustomize-controller"),
    ),
    # fluxcd/helm-controller: a Helm release, with labels that say who upgrades it
    "Flux HelmRelease": _marked(
        "Flux HelmRelease ledger",
        labels={"helm.toolkit.fluxcd.io/name": "ledger", "app.kubernetes.io/managed-by": "Helm"},
        notes={"meta.helm.sh/release-name": "ledger"},
        by=manager("helm-controller"),
    ),
    # rancher/fleet: Helm's marks beside those of rancher/wrangler pkg/apply
    "Fleet": _marked(
        "Fleet bundle default-shop",
        labels={"objectset.rio.cattle.io/hash": "a1b2"},
        notes={"objectset.rio.cattle.io/id": "default-shop", "meta.helm.sh/release-name": "shop"},
        by=manager("fleetagent", "Update"),
    ),
    # k3s-io/k3s pkg/deploy: an AddOn, applied with wrangler under deploy@<node>
    "k3s add-on": _marked(
        "the k3s add-on ledger",
        labels={"objectset.rio.cattle.io/hash": "a1b2"},
        notes={
            "objectset.rio.cattle.io/id": "",
            "objectset.rio.cattle.io/owner-gvk": "k3s.cattle.io/v1, Kind=Addon",
            "objectset.rio.cattle.io/owner-name": "ledger",
        },
        by=manager("deploy@node-1", "Update"),
    ),
    # carvel-dev/kapp, a diff of its documentation shows the manager
    "kapp": _marked(
        "kapp app 1655500000000000000",
        labels={"kapp.k14s.io/app": "1655500000000000000", "kapp.k14s.io/association": "v1.x"},
        notes={"kapp.k14s.io/identity": "v1;shop/apps/Deployment/ledger;apps/v1"},
        by=manager("kapp", "Update"),
    ),
    # GoogleContainerTools/kpt-config-sync pkg/metadata
    "Config Sync": _marked(
        "Config Sync",
        notes={
            "configmanagement.gke.io/managed": "enabled",
            "configsync.gke.io/resource-id": "apps_deployment_shop_ledger",
        },
        by=manager("configsync"),
    ),
    # crossplane-contrib/provider-kubernetes, as seen in public manifests
    "Crossplane": _marked(
        "Crossplane composite shop-x",
        labels={"crossplane.io/composite": "shop-x"},
        by=manager("crossplane-kubernetes-provider", "Update"),
    ),
    # operator-framework/operator-lifecycle-manager pkg/lib/ownerutil: an owner, no controller
    "OLM": Marked(
        {
            "labels": {"olm.owner": "ledger.v1", "olm.owner.kind": "ClusterServiceVersion"},
            "ownerReferences": [
                {
                    "apiVersion": "operators.coreos.com/v1alpha1",
                    "kind": "ClusterServiceVersion",
                    "name": "ledger.v1",
                    "controller": False,
                }
            ],
            "managedFields": [manager("olm", "Update")],
        },
        "ClusterServiceVersion.operators.coreos.com/ledger.v1",
    ),
    # kubernetes/kubernetes cluster/addons/addon-manager: kubectl apply --prune in a loop
    "addon manager": _marked(
        "the addon manager",
        labels={"addonmanager.kubernetes.io/mode": "Reconcile"},
        by=manager("kubectl-client-side-apply", "Update"),
    ),
    # kluctl/kluctl pkg/deployment: server-side apply
    "kluctl": _marked(
        "kluctl", notes={"kluctl.io/deployment-item-dir": "apps"}, by=manager("kluctl")
    ),
    # kubernetes-sigs/kro pkg/controller/instance
    "kro": _marked("kro", labels={"kro.run/owned": "true"}, by=manager("kro.run/applyset")),
    # kubevela/kubevela pkg/oam/labels.go
    "KubeVela": _marked(
        "KubeVela application shop",
        labels={"app.oam.dev/name": "shop", "app.oam.dev/component": "ledger"},
        by=manager("kubevela", "Update"),
    ),
    # pulumi/pulumi-kubernetes provider/pkg/ssa: a manager with a hash for each resource
    "Pulumi": _marked("Pulumi", by=manager("pulumi-kubernetes-1a2b3c4d")),
    # projectsveltos/libsveltos lib/deployer
    "Sveltos": _marked(
        "Sveltos profile shop",
        notes={
            "projectsveltos.io/owner-kind": "ClusterProfile",
            "projectsveltos.io/owner-name": "shop",
        },
        by=manager("application/apply-patch", "Update"),
    ),
    # Any controller-runtime operator: controllerutil.SetControllerReference
    "an operator": Marked(
        {
            "ownerReferences": [
                {
                    "apiVersion": "shop.example.com/v1",
                    "kind": "Shop",
                    "name": "front",
                    "controller": True,
                }
            ],
            "managedFields": [manager("manager", "Update")],
        },
        "Shop.shop.example.com/front",
    ),
    "an unknown applier": _marked("field manager release-robot", by=manager("release-robot")),
}
