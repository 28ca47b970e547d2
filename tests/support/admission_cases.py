"""What the admission policies must refuse to the watchdog's account, and what its actions write."""

from __future__ import annotations

from typing import Any

from tests.support.admission_other_kinds import OTHER_KINDS, SELECTOR
from tests.support.admission_requests import (
    INIT,
    MAIN,
    POD_LABELS,
    POD_NOTES,
    SIDE,
    TEMPLATE,
    Patch,
    Request,
    add,
    config,
    event,
    evicted,
    key,
    lease,
    made,
    memory,
    note,
    patched,
    remove,
    scaled,
)

_TERMS = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "pool", "operator": "Exists"}]}]}
_POD_FIELDS: dict[str, Any] = {
    "affinity": {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": _TERMS},
    },
    "automountServiceAccountToken": True,
    "dnsConfig": {"nameservers": ["192.0.2.1"]},
    "dnsPolicy": "Default",
    "enableServiceLinks": False,
    "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["api"]}],
    "hostIPC": True,
    "hostNetwork": True,
    "hostPID": True,
    "hostUsers": False,
    "hostname": "web",
    "imagePullSecrets": [{"name": "other"}],
    "nodeName": "control-plane-1",
    "nodeSelector": {"node-role.kubernetes.io/control-plane": ""},
    "os": {"name": "linux"},
    "preemptionPolicy": "Never",
    "priority": 1000,
    "priorityClassName": "system-cluster-critical",
    "readinessGates": [{"conditionType": "example.com/ready"}],
    "resourceClaims": [{"name": "gpu", "resourceClaimName": "gpu"}],
    "runtimeClassName": "other",
    "schedulerName": "other",
    "schedulingGates": [{"name": "example.com/wait"}],
    "securityContext": {"runAsUser": 0},
    "serviceAccountName": "admin",
    "setHostnameAsFQDN": True,
    "shareProcessNamespace": True,
    "subdomain": "web",
    "terminationGracePeriodSeconds": 3600,
    "tolerations": [{"operator": "Exists"}],
    "topologySpreadConstraints": [
        {
            "maxSkew": 1,
            "topologyKey": "zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": SELECTOR,
        }
    ],
}
_CONTAINER_FIELDS: dict[str, Any] = {
    "envFrom": [{"secretRef": {"name": "db"}}],
    "imagePullPolicy": "Always",
    "lifecycle": {"postStart": {"exec": {"command": ["sh"]}}},
    "ports": [{"name": "http", "containerPort": 9090}],
    "securityContext": {"privileged": True},
    "stdin": True,
    "terminationMessagePath": "/data/log",
    "terminationMessagePolicy": "FallbackToLogsOnError",
    "tty": True,
    "volumeMounts": [{"name": "data", "mountPath": "/etc"}],
    "workingDir": "/etc",
}
_SPEC_FIELDS: dict[str, Any] = {
    "minReadySeconds": 300,
    "paused": True,
    "progressDeadlineSeconds": 7200,
    "replicas": 3,
    "revisionHistoryLimit": 0,
    "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}},
}
_NOTES = (
    "sre-watchdog/allow",
    "sre-watchdog/anything",
    "sre-watchdog/approve",
    "sre-watchdog/approved-env.REGION",
    "sre-watchdog/approved-key.region",
    "sre-watchdog/ignore",
    "sre-watchdog/pause",
    "deployment.kubernetes.io/revision",
    "kubernetes.io/change-cause",
    "kubectl.kubernetes.io/last-applied-configuration",
    "meta.helm.sh/release-name",
    "argocd.argoproj.io/tracking-id",
    "example.com/team",
)
_POD_NOTES = (
    "example.com/scrape",
    "vault.hashicorp.com/agent-inject",
    "linkerd.io/inject",
    "example.com/other",
    "cluster-autoscaler.kubernetes.io/safe-to-evict",
    "sre-watchdog/attempts",
)
_CHECKSUMS = ("config", "configmap", "secret", "secrets")
_VERSIONS = ("app.kubernetes.io/version", "helm.sh/chart", "version")
_POD_LABELS = ("tier", "sidecar.istio.io/inject", "team", "app.kubernetes.io/instance")

_DEPLOYMENT: dict[str, Patch] = {
    **{f"pod field {name}": add(f"{TEMPLATE}/{name}", v) for name, v in _POD_FIELDS.items()},
    **{
        f"container field {name}": add(f"{MAIN}/{name}", v) for name, v in _CONTAINER_FIELDS.items()
    },
    **{
        f"init container field {name}": add(f"{INIT}/{name}", v)
        for name, v in _CONTAINER_FIELDS.items()
        if name not in {"lifecycle", "ports"}
    },
    **{f"spec field {name}": add(f"/spec/{name}", v) for name, v in _SPEC_FIELDS.items()},
    **{f"annotation {n}": add(f"/metadata/annotations/{key(n)}", "x") for n in _NOTES},
    **{f"pod annotation {name}": add(f"{POD_NOTES}/{key(name)}", "x") for name in _POD_NOTES},
    **{f"pod label {name}": add(f"{POD_LABELS}/{key(name)}", "x") for name in _POD_LABELS},
    "mount a Secret": add(f"{TEMPLATE}/volumes/-", {"name": "s", "secret": {"secretName": "db"}}),
    "turn a volume into a Secret": add(
        f"{TEMPLATE}/volumes/0", {"name": "x", "secret": {"secretName": "db"}}
    )
    + remove(f"{TEMPLATE}/volumes/1")
    + add(f"{MAIN}/volumeMounts/0/name", "x"),
    "mount the host": add(f"{TEMPLATE}/volumes/-", {"name": "h", "hostPath": {"path": "/"}}),
    "a volume's content": add(f"{TEMPLATE}/volumes/0", {"name": "data", "hostPath": {"path": "/"}})
    + remove(f"{TEMPLATE}/volumes/1"),
    "mount below another path": add(f"{MAIN}/volumeMounts/0/subPath", "other"),
    "mount read-only": add(f"{MAIN}/volumeMounts/0/readOnly", value=True),
    "drop envFrom": remove(f"{MAIN}/envFrom"),
    "read another Secret's key": add(f"{MAIN}/env/1/valueFrom/secretKeyRef/name", "db"),
    "read another key": add(f"{MAIN}/env/1/valueFrom/secretKeyRef/key", "password"),
    "add a reference": add(
        f"{MAIN}/env/-", {"name": "X", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}
    ),
    "read a field": add(
        f"{MAIN}/env/-", {"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    ),
    "drop a reference": remove(f"{MAIN}/env/1"),
    "turn a reference into a value": add(f"{MAIN}/env/1", {"name": "TOKEN", "value": "x"})
    + remove(f"{MAIN}/env/2"),
    "a value that hides a reference": add(f"{MAIN}/env/-", {"name": "TOKEN", "value": "x"}),
    "turn a value into a reference": add(
        f"{MAIN}/env/0",
        {"name": "REGION", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}},
    )
    + remove(f"{MAIN}/env/1"),
    "drop the service account": remove(f"{TEMPLATE}/serviceAccountName")
    + remove(f"{TEMPLATE}/serviceAccount"),
    "no security context": remove(f"{MAIN}/securityContext"),
    "one more capability": add(f"{MAIN}/securityContext/capabilities", {"add": ["SYS_ADMIN"]}),
    "a writable root": add(f"{MAIN}/securityContext/readOnlyRootFilesystem", value=False),
    "unconfined": add(f"{MAIN}/securityContext/seccompProfile", {"type": "Unconfined"}),
    "one more container": add(f"{TEMPLATE}/containers/-", {"name": "x", "image": "shop/web:1"}),
    "one more init container": add(
        f"{TEMPLATE}/initContainers/-", {"name": "x", "image": "shop/web:1"}
    ),
    "an init container that stays": add(f"{INIT}/restartPolicy", "Always"),
    "an init container that stands beside the others": [
        {"op": "move", "from": INIT, "path": f"{TEMPLATE}/containers/-"}
    ],
    "another order": [{"op": "move", "from": SIDE, "path": MAIN}],
    "one container fewer": remove(SIDE),
    "a finalizer of the pods": add("/spec/template/metadata/finalizers", ["example.com/stay"]),
    "no init container": remove(f"{TEMPLATE}/initContainers"),
    "another name": add(f"{MAIN}/name", "other"),
    "swap the containers": add(f"{INIT}/name", "main") + add(f"{MAIN}/name", "init"),
    "another repository": add(f"{MAIN}/image", "registry.example.com:5000/evil/web:1.2"),
    "another registry": add(f"{MAIN}/image", "registry.example.net/shop/web:1.2"),
    "another port of the registry": add(f"{MAIN}/image", "registry.example.com:5001/shop/web:1.2"),
    "no registry": add(f"{MAIN}/image", "shop/web:1.2"),
    "a longer repository": add(f"{MAIN}/image", "registry.example.com:5000/shop/web/evil:1.2"),
    "a shorter repository": add(f"{MAIN}/image", "registry.example.com:5000/web:1.2"),
    "a similar repository": add(f"{MAIN}/image", "registry.example.com:5000/shop/web2:1.2"),
    "another repository by digest": add(f"{MAIN}/image", "evil@sha256:" + "0" * 64),
    "the init container's repository": add(f"{INIT}/image", "evil:1"),
    "labels": add("/metadata/labels", {"app": "other"}),
    "no labels": remove("/metadata/labels"),
    "one label": add(f"/metadata/labels/{key('app.kubernetes.io/managed-by')}", "other"),
    "a finalizer": add("/metadata/finalizers", ["example.com/stay"]),
    "an owner": add(
        "/metadata/ownerReferences",
        [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}],
    ),
    "drop what is allowed": remove(f"/metadata/annotations/{key('sre-watchdog/allow')}"),
    "drop all annotations": remove("/metadata/annotations"),
    "a mark without end": note("attempts", "x" * 1001),
    "drop a pod's annotation": remove(f"{POD_NOTES}/{key('example.com/scrape')}"),
    "drop a pod's label": remove(f"{POD_LABELS}/tier"),
    "a host port": add(f"{MAIN}/ports/0/hostPort", 80),
    "drop the ports": remove(f"{MAIN}/ports"),
    "too much memory": add(f"{MAIN}/resources/limits/memory", "9Gi"),
    "too much memory asked for": add(f"{SIDE}/resources", {"requests": {"memory": "9Gi"}}),
    "too many CPUs": add(f"{MAIN}/resources/limits/cpu", "4100m"),
    "too many CPUs asked for": add(f"{MAIN}/resources/requests/cpu", "5"),
    "other resources": add(f"{MAIN}/resources/limits/example.com~1gpu", "1"),
    "another claim": add(f"{MAIN}/resources/claims/0/name", "other"),
    "no claim": remove(f"{MAIN}/resources/claims"),
    "a claim of the other container": add(f"{SIDE}/resources", {"claims": [{"name": "gpu"}]}),
    "any scratch space": remove(f"{MAIN}/resources/limits/ephemeral-storage"),
    "much scratch space": add(f"{MAIN}/resources/limits/ephemeral-storage", "1Ti"),
    "a probe of another host": add(f"{MAIN}/livenessProbe/httpGet/host", "192.0.2.1"),
    "a probe with a header": add(
        f"{MAIN}/livenessProbe/httpGet/httpHeaders", [{"name": "Host", "value": "admin"}]
    ),
    "a probe of another host's port": add(
        f"{MAIN}/readinessProbe", {"tcpSocket": {"host": "192.0.2.1", "port": 22}}
    ),
    "hidden beside a legal change": add(f"{MAIN}/image", "registry.example.com:5000/shop/web:1.1")
    + add(f"{TEMPLATE}/hostNetwork", value=True),
}

ILLEGAL: dict[str, Request] = {
    **{name: patched(p) for name, p in _DEPLOYMENT.items()},
    **OTHER_KINDS,
}
"""Refused whatever `actions.*` says."""

_OLDER_TEMPLATE = (
    add(f"{MAIN}/image", "registry.example.com:5000/shop/web:1.1")
    + add(f"{MAIN}/imagePullPolicy", "Always")
    + add(f"{MAIN}/command", ["/app", "--old"])
    + add(f"{MAIN}/args", ["serve"])
    + add(f"{MAIN}/env/-", {"name": "LEDGER", "value": "eu"})
    + add(f"{MAIN}/env/0/value", "us")
    + remove(f"{MAIN}/resources/limits/memory")
    + remove(f"{MAIN}/resources/requests/cpu")
    + remove(f"{MAIN}/livenessProbe")
    + add(f"{INIT}/image", "shop/init:0")
    + remove(f"{INIT}/resources/limits")
    + [step for name in _CHECKSUMS for step in add(f"{POD_NOTES}/checksum~1{name}", "b2")]
    + [step for name in _VERSIONS for step in add(f"{POD_LABELS}/{key(name)}", "6")]
)
BY_ACTION: dict[str, dict[str, Request]] = {
    "rollout_undo": {"roll back": patched(_OLDER_TEMPLATE)},
    "rollout_restart": {
        "restart": patched(add(f"{POD_NOTES}/{key('kubectl.kubernetes.io/restartedAt')}", "now")),
    },
    "patch_deployment_env": {
        "set an env value": patched(add(f"{MAIN}/env/-", {"name": "LEDGER", "value": "eu"})),
        "change an env value": patched(add(f"{MAIN}/env/0/value", "us")),
        "take back an env value": patched(remove(f"{MAIN}/env/0")),
        "set an env value of the init container": patched(
            add(f"{INIT}/env", [{"name": "LEDGER", "value": "eu"}])
        ),
    },
    "patch_deployment_resources": {
        "raise memory": patched(add(f"{MAIN}/resources/limits/memory", "1Gi")),
        "ask for more": patched(add(f"{MAIN}/resources/requests/memory", "32Mi")),
        "memory up to the cap": patched(add(f"{MAIN}/resources/limits/memory", "8Gi")),
        "CPUs up to the cap": patched(add(f"{MAIN}/resources/requests/cpu", "4")),
        "a first limit": patched(add(f"{SIDE}/resources", {"limits": {"memory": "64Mi"}})),
    },
    "patch_deployment_image": {
        "another tag": patched(add(f"{MAIN}/image", "registry.example.com:5000/shop/web:1.1")),
        "a digest": patched(
            add(f"{MAIN}/image", f"registry.example.com:5000/shop/web@sha256:{'0' * 64}")
        ),
        "a tag of the init container": patched(add(f"{INIT}/image", "shop/init:2")),
    },
    "patch_deployment_command": {
        "a command": patched(add(f"{MAIN}/command", ["/app", "--serve"])),
        "args": patched(add(f"{MAIN}/args", ["serve"])),
        "no command": patched(remove(f"{MAIN}/command")),
    },
    "patch_deployment_probe": {
        "another path": patched(add(f"{MAIN}/livenessProbe/httpGet/path", "/live")),
        "another port": patched(add(f"{MAIN}/livenessProbe/httpGet/port", 9090)),
        "more patience": patched(add(f"{MAIN}/livenessProbe/initialDelaySeconds", 60)),
        "more tries": patched(add(f"{MAIN}/readinessProbe/failureThreshold", 9)),
        "a longer start": patched(add(f"{MAIN}/startupProbe/failureThreshold", 90)),
        "a port of TCP": patched(add(f"{MAIN}/startupProbe/tcpSocket/port", 9090)),
    },
    "scale_deployment": {
        "scale to the most": scaled(add("/spec/replicas", 10)),
        "scale to the least": scaled(add("/spec/replicas", 1)),
    },
    "delete_pod": {"evict": evicted(preconditions={"uid": "UID"})},
    "patch_configmap": {
        "an approved key": config(add("/data/region", "eu-1")),
        "a key approved by annotation": config(add("/data/zone", "b")),
        "take an approved key away": config(remove("/data/color")),
        "take a key away that is approved by annotation": config(remove("/data/tier")),
        "the mark alone": config(add("/metadata/annotations/sre-watchdog~1attempts", "{}")),
        "and the mark": config(
            add("/data/region", "eu-1") + add("/metadata/annotations/sre-watchdog~1attempts", "{}")
        ),
    },
}
"""Legal if that action is enabled, else refused."""

ON_TEMPLATES: dict[str, Request] = {
    "mark": patched(note("attempts", "x" * 1000)),
    "hand back its fields": patched(add("/metadata/managedFields", [{}])),
}
"""Legal if any action that writes a pod template is enabled, else refused."""

ALWAYS: dict[str, Request] = {
    "remember": memory(add("/data", {"memory.json": "{}"})),
    "sign": memory(add("/data", {"memory.json": "{}", "signature": "00"})),
    "set aside": memory(add("/data", {"memory.json": "{}", "set-aside.txt": "?"})),
    "put text in place of bytes": memory(remove("/binaryData")),
    "make the memory": made(
        "/api/v1/namespaces/NS-other/configmaps", {"metadata": {"name": "sre-watchdog"}}
    ),
    "make the Lease": made(
        "/apis/coordination.k8s.io/v1/namespaces/NS-other/leases",
        {"metadata": {"name": "sre-watchdog"}},
    ),
    "seal the memory in the Lease": lease(
        add("/metadata/annotations", {"sre-watchdog/memory": "v1:ab"})
    ),
    "take the Lease": lease(add("/spec", {"holderIdentity": "me", "leaseDurationSeconds": 60})),
    "leave a trace": event(),
    "ask what it may do": Request(
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "NS"}},
        },
    ),
    "ask for all that it may do": Request(
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": "NS"},
        },
    ),
    "ask who it is": Request(
        "POST",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"},
    ),
}
"""Legal wherever something may be written."""

ROLLBACK_ALONE: dict[str, Request] = {
    "two env values": patched(
        add(f"{MAIN}/env/0/value", "us") + add(f"{MAIN}/env/-", {"name": "X", "value": "y"})
    ),
    "two env values fewer": patched(remove(f"{SIDE}/env/0") + remove(f"{SIDE}/env/0")),
    "two containers": patched(
        add(f"{MAIN}/env/0/value", "us") + add(f"{INIT}/env", [{"name": "X", "value": "y"}])
    ),
    "any memory": patched(remove(f"{MAIN}/resources/limits/memory")),
    "no probe": patched(remove(f"{MAIN}/livenessProbe")),
    "a first probe": patched(add(f"{SIDE}/readinessProbe", {"httpGet": {"path": "/", "port": 80}})),
    "another command of a probe": patched(
        add(f"{MAIN}/readinessProbe/exec/command", ["sh", "-c", "true"])
    ),
    "a probe of HTTP in place of TCP": patched(
        add(f"{MAIN}/startupProbe", {"httpGet": {"path": "/", "port": 80}})
    ),
    "another port of gRPC": patched(add(f"{SIDE}/livenessProbe/grpc/port", 9091)),
}
"""Refused unless rollbacks are enabled: they alone change several things, and put back anything."""
