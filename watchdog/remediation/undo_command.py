"""The command with which a person takes a change back, from typed fields only.

`kubectl rollout undo` replaces nearly all annotations of a Deployment, an opt-out too, so the
command is one JSON patch. The annotation `sre-watchdog/taken-back` gets the id of the change, by
which the next pass knows that a person took it back. Values that may be secret are not printed:
what cannot be taken back without them is read from the earlier ReplicaSet while the command runs.
"""

from __future__ import annotations

import json
import re
import shlex

from watchdog.actions import (
    Object,
    Operations,
    PatchConfigMap,
    PatchDeploymentEnv,
    PatchDeploymentImage,
    PatchDeploymentResources,
    RemediationAction,
)
from watchdog.actions.rollout_undo import HASH_LABEL
from watchdog.incidents.attempt_history import TAKEN_BACK
from watchdog.kube.resources import FIELD_MANAGER
from watchdog.remediation.json_patch import inverse

_PLAIN_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def undo_command(
    action: RemediationAction, live: Object, operations: Operations, id_: str, replica_set: str
) -> str | None:
    """The whole command; None if the workload keeps no earlier revision to go back to.

    `live` is the object before the change, `replica_set` the name of the revision that it was.
    """
    target = action.target
    where = f"kubectl -n {target.namespace}"
    if action.subresource == "scale":
        replicas = live["spec"].get("replicas", 1)
        return f"{where} scale deployment/{target.name} --replicas={replicas}"
    if isinstance(action, PatchConfigMap):
        back = [{"op": "remove", "path": f"/data/{action.key}"}]
        return f"{where} patch configmap {target.name} --type json -p '{json.dumps(back)}'"
    if not action.changes_template:
        return None
    # Under our name, so that a pass hands these fields back too.
    patch = f"{where} patch deployment {target.name} --type json --field-manager {FIELD_MANAGER} -p"
    path = f"/metadata/annotations/{TAKEN_BACK.replace('/', '~1')}"
    known: Operations = [{"op": "add", "path": path, "value": id_}] if id_ else []
    plain = _without_secrets(action, live, operations)
    if plain is not None:
        return f"{patch} {shlex.quote(json.dumps([*plain, *known]))}"
    kept = live["spec"].get("revisionHistoryLimit", 10) > 0
    if not kept or not _PLAIN_NAME.fullmatch(replica_set):
        return None
    template = f"$({where} get replicaset {replica_set} -o 'jsonpath={{.spec.template}}')"
    drop = {"op": "remove", "path": f"/spec/template/metadata/labels/{HASH_LABEL}"}
    rest = json.dumps([drop, *known])[1:].replace('"', '\\"')
    start = '[{"op": "replace", "path": "/spec/template", "value": '.replace('"', '\\"')
    return f'{patch} "{start}{template}}}, {rest}"'


def _without_secrets(
    action: RemediationAction, live: Object, operations: Operations
) -> Operations | None:
    """The way back for changes whose earlier value is no secret; None for the others."""
    if isinstance(action, PatchDeploymentImage | PatchDeploymentResources):
        return inverse(live, operations)
    if isinstance(action, PatchDeploymentEnv) and operations[0]["op"] == "add":
        path = operations[0]["path"]
        entry = path if path.rpartition("/")[2].isdigit() else f"{path}/0"
        named = {"op": "test", "path": f"{entry}/name", "value": action.name}
        return [named, {"op": "remove", "path": entry}]
    return None
