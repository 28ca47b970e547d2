"""Renders the chart with a real helm, for tests that judge what comes out."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]
TOP = Path(__file__).resolve().parents[2]
CHART = TOP / "helm"
CI_VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
RELEASE, NAMESPACE = "watchdog", "ops"


@dataclass(frozen=True)
class Chart:
    """A chart under one helm. `values` are file paths, `sets` are `--set` arguments."""

    helm: Path
    path: Path = CHART

    def run(self, *args: str, values: Path | None = None) -> subprocess.CompletedProcess[str]:
        files = ["--values", str(values)] if values else []
        return subprocess.run(
            [self.helm, *args, *files], capture_output=True, text=True, check=False
        )

    def template(
        self,
        *sets: str,
        values: Path | None = None,
        kube_version: str = "1.34.0",
        json: Mapping[str, Any] | None = None,
        namespace: str = NAMESPACE,
        only: str = "",
    ) -> list[Object]:
        """All objects, test hooks included, or those of one template."""
        given = [part for each in sets for part in ("--set", each)]
        given += [
            part for k, v in (json or {}).items() for part in ("--set-json", f"{k}={dumps(v)}")
        ]
        given += ["--show-only", only] if only else []
        done = self.run(
            "template", RELEASE, str(self.path), "--namespace", namespace,
            "--kube-version", kube_version, *given, values=values,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [found for found in yaml.safe_load_all(done.stdout) if found]

    def refusal(self, *sets: str) -> str:
        """What helm says of values that it must refuse."""
        given = [part for each in sets for part in ("--set", each)]
        where = ("--namespace", NAMESPACE, "--kube-version", "1.34.0")
        done = self.run("template", RELEASE, str(CHART), *where, *given)
        assert done.returncode != 0, f"{sets} was taken"
        return done.stderr


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    return [found for found in objects if found["kind"] == kind]


def pods(objects: list[Object]) -> list[Object]:
    """The spec of every pod that these objects are or make."""
    found = [one["spec"] for one in of_kind(objects, "Pod")]
    found += [one["spec"]["template"]["spec"] for one in of_kind(objects, "Deployment")]
    return found + [
        one["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for one in of_kind(objects, "CronJob")
    ]


def environment(objects: list[Object]) -> dict[str, str]:
    """The plain env values of a pass."""
    (cronjob,) = of_kind(objects, "CronJob")
    (container,) = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}
