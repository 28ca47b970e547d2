#!/usr/bin/env bash
# kubernetes-validate 1.37.0 (PyPI): strict=True passes manifests that every API server refuses.
# Seen: no error for restartPolicy "Sometimes", imagePullPolicy "always", memory "abc", cpu "-1", containerPort 99999, a name
#   "Bad_Name", a volume without a source, a Secret whose data is no base64, a Deployment without containers whose selector does not
#   match its template. Errors only for a wrong JSON type (env value 1) and, by strict, for unknown fields.
# Surprise: the schemas are Kubernetes' own. They hold no enumerations, bounds, name rules or formats: those are Go code in the
#   server. A green run means "the fields exist", and strict adds nothing to it. kubeconform and editors use the same schemas.
# Instead: kubectl apply --dry-run=server against a real API server of that version.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check kubernetes-validate==1.37.0
"$dir/venv/bin/python" - <<'PYTHON'
import copy

import kubernetes_validate

pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
good, bad = [], []


def change(target, *path, value):
    manifest = copy.deepcopy(pod)
    place = manifest
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    target.append(manifest)


first = ("spec", "containers", 0)
change(good, "spec", "restartPolicy", value="Sometimes")
change(good, *first, "imagePullPolicy", value="always")
change(good, *first, "resources", value={"limits": {"memory": "abc", "cpu": "-1"}})
change(good, *first, "ports", value=[{"containerPort": 99999}])
change(good, "metadata", "name", value="Bad_Name")
change(good, "spec", "volumes", value=[{"name": "v"}])
good.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "data": {"a": "not base64!"}})
template = {"metadata": {"labels": {"a": "c"}}, "spec": {"containers": []}}
spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
good.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec})
change(bad, *first, "env", value=[{"name": "A", "value": 1}])
change(bad, *first, "imagePulPolicy", value="Always")
for manifest in good:
    kubernetes_validate.validate(manifest, "1.37", strict=True)
for manifest in bad:
    try:
        kubernetes_validate.validate(manifest, "1.37", strict=True)
    except kubernetes_validate.ValidationError:
        continue
    raise AssertionError(manifest)
PYTHON
echo "kubernetes_validate_strict: ok, behaviour as stated"
