"""The CustomResourceDefinitions of other projects, taken from their Go modules when a test runs.

Their texts are in no file here: `SOURCES` names module, version and checksum, and the go command
fetches them. The projects whose modules hold none get a definition made from `MADE`, which has the
names, the scope, the version and the printed columns of the real one, and takes any field.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest
import yaml

Object = dict[str, Any]
_SECONDS = 300


class Source(NamedTuple):
    """A Go module at a version, the checksum of its content, and the files in it that matter."""

    module: str
    version: str
    sum: str
    files: tuple[str, ...] = ()


class Made(NamedTuple):
    """A definition by the facts of it, as they are in the release of `source`.

    `columns` are pairs of a printed name and the JSONPath that it prints.
    """

    source: str
    resource: str
    version: str
    kind: str
    columns: tuple[tuple[str, str], ...] = ()
    namespaced: bool = True


ARGO_CD = Source(
    "github.com/argoproj/argo-cd/v3",
    "v3.1.0",
    "h1:2+gPskQKCyPC9DzRSWQ1AvmS3WiIlRR7bKz/FO3DozI=",
    ("manifests/crds/application-crd.yaml",),
)
SOURCES: dict[str, Source] = {
    "argo-cd": ARGO_CD,
    "argo-rollouts": Source(
        "github.com/argoproj/argo-rollouts",
        "v1.8.3",
        "h1:blbtQva4IK9r6gFh+dWkCrLnFdPOWiv9ubQYu36qeaA=",
        ("manifests/crds/rollout-crd.yaml",),
    ),
    "cert-manager": Source(
        "github.com/cert-manager/cert-manager",
        "v1.21.2",
        "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
        (
            "deploy/crds/cert-manager.io_certificates.yaml",
            "deploy/crds/cert-manager.io_issuers.yaml",
        ),
    ),
    "external-secrets": Source(
        "github.com/external-secrets/external-secrets",
        "v1.3.2",
        "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
        (
            "config/crds/bases/external-secrets.io_externalsecrets.yaml",
            "config/crds/bases/external-secrets.io_pushsecrets.yaml",
            "config/crds/bases/external-secrets.io_secretstores.yaml",
        ),
    ),
    "flux": Source(
        "github.com/fluxcd/kustomize-controller",
        "v1.6.0",
        "h1:13S+wqCQ44njSg59DNgm1qMqVkK6+0eoZs+jv4+EWCs=",
        ("config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml",),
    ),
    "gateway-api": Source(
        "sigs.k8s.io/gateway-api",
        "v1.3.0",
        "h1:q6okN+/UKDATola4JY7zXzx40WO4VISk7i9DIfOvr9M=",
        (
            "config/crd/standard/gateway.networking.k8s.io_gateways.yaml",
            "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
        ),
    ),
    "keda": Source(
        "github.com/kedacore/keda/v2",
        "v2.21.0",
        "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
        (
            "config/crd/bases/keda.sh_scaledobjects.yaml",
            "config/crd/bases/keda.sh_scaledjobs.yaml",
        ),
    ),
    "knative": Source(
        "knative.dev/serving",
        "v0.51.0",
        "h1:yN2Q7eYqJgoPfZkATjoBZyGbZ2P1Qhns9HIMU4mF+to=",
        (
            "config/core/300-resources/service.yaml",
            "config/core/300-resources/domain-mapping.yaml",
        ),
    ),
}


def _status(kind: str) -> str:
    return f'.status.conditions[?(@.type=="{kind}")].status'


_READY = ("Ready", _status("Ready"))
_RUN = (
    ("Succeeded", _status("Succeeded")),
    ("Reason", '.status.conditions[?(@.type=="Succeeded")].reason'),
    ("StartTime", ".status.startTime"),
    ("CompletionTime", ".status.completionTime"),
)
MADE: dict[str, tuple[Made, ...]] = {
    "cloudnative-pg": (
        Made(
            "CloudNativePG 1.27", "clusters.postgresql.cnpg.io", "v1", "Cluster",
            (("Instances", ".status.instances"), ("Status", ".status.phase")),
        ),
        Made(
            "CloudNativePG 1.27", "databases.postgresql.cnpg.io", "v1", "Database",
            (("Applied", ".status.applied"), ("Message", ".status.message")),
        ),
    ),
    "crossplane": (
        Made(
            "Crossplane 2.0", "providers.pkg.crossplane.io", "v1", "Provider",
            (("Installed", _status("Installed")), ("Healthy", _status("Healthy"))),
            namespaced=False,
        ),
    ),
    "flux": (
        Made(
            "helm-controller 1.3", "helmreleases.helm.toolkit.fluxcd.io", "v2", "HelmRelease",
            (_READY,),
        ),
        Made(
            "source-controller 1.6", "gitrepositories.source.toolkit.fluxcd.io", "v1",
            "GitRepository", (_READY,),
        ),
    ),
    "strimzi": (
        Made("Strimzi 0.47", "kafkas.kafka.strimzi.io", "v1beta2", "Kafka", (_READY,)),
        Made("Strimzi 0.47", "kafkatopics.kafka.strimzi.io", "v1beta2", "KafkaTopic", (_READY,)),
        Made("Strimzi 0.47", "kafkausers.kafka.strimzi.io", "v1beta2", "KafkaUser", (_READY,)),
    ),
    "tekton": (
        Made("Tekton Pipelines 1.3", "pipelineruns.tekton.dev", "v1", "PipelineRun", _RUN),
        Made("Tekton Pipelines 1.3", "taskruns.tekton.dev", "v1", "TaskRun", _RUN),
    ),
}  # fmt: skip


def definitions(preset: str) -> list[Object]:
    """The CRDs of a preset that its tests write objects of."""
    found = [made(one) for one in MADE.get(preset, ())]
    if source := SOURCES.get(preset):
        folder = downloaded(source)
        for name in source.files:
            found += [one for one in yaml.safe_load_all((folder / name).read_text()) if one]
    return found


@functools.cache
def downloaded(source: Source) -> Path:
    """The folder of the module, its content checked; skips the test if it cannot be had."""
    go = shutil.which("go")
    if go is None:
        _cannot("no go command to fetch a module with")
    done = subprocess.run(
        [go, "mod", "download", "-json", f"{source.module}@{source.version}"],
        capture_output=True, text=True, check=False, timeout=_SECONDS, cwd="/",
    )  # fmt: skip
    answer = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    if "Dir" not in answer:
        _cannot(f"no {source.module}@{source.version}: {answer.get('Error') or done.stderr}"[:300])
    assert answer["Sum"] == source.sum, source.module
    return Path(answer["Dir"])


def made(facts: Made) -> Object:
    """A definition of those facts."""
    plural, _, group = facts.resource.partition(".")
    columns = [
        {"name": name, "jsonPath": path, "type": "date" if name.endswith("Time") else "string"}
        for name, path in facts.columns
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": facts.resource},
        "spec": {
            "group": group,
            "scope": "Namespaced" if facts.namespaced else "Cluster",
            "names": {
                "plural": plural,
                "singular": facts.kind.lower(),
                "kind": facts.kind,
                "listKind": f"{facts.kind}List",
            },
            "versions": [
                {
                    "name": facts.version,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": columns,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "x-kubernetes-preserve-unknown-fields": True,
                        }
                    },
                }
            ],
        },
    }


def _cannot(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
