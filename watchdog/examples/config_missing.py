"""A drill and examples of `config_missing`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import (
    ago,
    broken,
    change,
    earlier,
    event,
    healthy,
    pod,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.examples.builders import deployment as web
from watchdog.examples.drill_manifest import deployment
from watchdog.snapshot.pod_template import EnvVar, PodTemplate, Reference


def examples() -> tuple[Example, ...]:
    wait, claims = "CreateContainerConfigError", "Deployment/web"
    state = waiting(wait, 'configmap "app-config" not found')
    key = waiting(wait, "couldn't find key api-key in Secret shop/app-secret")
    plain = waiting(wait, "couldn't find key region in ConfigMap shop/app-config")
    env = EnvVar(name="API_KEY", source="secret", object="app-secret", key="api-key")
    new = earlier(
        change("envFrom", None, "ConfigMap app-config"), template=PodTemplate(containers=(spec(),))
    )
    same = PodTemplate(references=(Reference(kind="ConfigMap", name="app-config", via="envFrom"),))
    old = earlier(change("image", "a:1", "a:2"), template=same)
    mount = event(
        "FailedMount", 'MountVolume.SetUp failed for volume "c" : configmap "settings" not found'
    )
    creating = pod(waiting("ContainerCreating"), phase="Pending")
    fresh = pod(waiting("ContainerCreating"), phase="Pending", created_at=ago(2))
    return (
        Example("missing ConfigMap", broken(state), claims),
        Example("missing key of a Secret", broken(key, container=spec(env=(env,))), claims),
        Example("missing key of a ConfigMap", broken(plain), claims, "patch_configmap"),
        Example("reference of the last revision", broken(state, last=new), claims, "rollout_undo"),
        Example("deleted under an old reference", broken(state, last=old), claims),
        Example("volume of a missing ConfigMap", snapshot_of(web(), creating, mount), claims),
        Example("first try of a mount", snapshot_of(web(), fresh, mount), None),
        Example(
            "another reason",
            broken(waiting(wait, "container has runAsNonRoot and image will run as root")),
            None,
        ),
        Example("healthy", healthy(), None),
    )


DRILL = Drill(
    before=deployment("sleep 3600"),
    manifest=deployment(
        "sleep 3600", container="envFrom: [{configMapRef: {name: ledger-settings}}]"
    ),
    ends="healed",
    settle="config",
)
