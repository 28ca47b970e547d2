"""Writes what is made for and from the chart: its README's tables, its copies of the dashboard and
of the presets of custom resources; and the plain manifests and alert rules of deploy/, which need
helm.

`python docs/generate_chart.py` writes; `--check` only says what is stale and exits 1. Without helm
what needs it is left out: tests/chart compares it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from watchdog.actions import ACTIONS, Grant, PatchConfigMap
from watchdog.kube import rbac
from watchdog.settings.custom_presets import PRESETS
from watchdog.settings.schema import Settings

TOP = Path(__file__).resolve().parent.parent
CHART = TOP / "helm"
PLAIN = TOP / "deploy" / "sre-watchdog.yaml"
PLAIN_VALUES = TOP / "deploy" / "values.yaml"
ALERTS = TOP / "deploy" / "alerts.yaml"
PLAIN_NAMESPACE = "sre-watchdog"
_COMMENT = re.compile(r"^\s*# (?:-- )?(.*)$")
_KEY = re.compile(r"^(\s*)([\w.]+):")


def values_table(text: str) -> str:
    """The `# --` comments of values.yaml as a Markdown table; only commented values are listed."""
    values = yaml.safe_load(text)
    lines = ["| value | default | what it is for |", "|---|---|---|"]
    lines += [
        f"| `{'.'.join(path)}` | {_shown(_at(values, path))} | {words} |"
        for path, words in _commented(text)
    ]
    return "\n".join(lines)


def _commented(text: str) -> Iterator[tuple[list[str], str]]:
    path: list[str] = []
    words: list[str] = []
    for line in text.splitlines():
        comment = _COMMENT.match(line)
        if comment and (words or "# -- " in line):
            words.append(comment[1])
        elif found := _KEY.match(line):
            path = [*path[: len(found[1]) // 2], found[2]]
            if words:
                yield path, " ".join(words)
            words = []


def _at(values: Any, path: list[str]) -> Any:
    for key in path:
        values = values[key]
    return values


def _shown(default: Any) -> str:
    return "*empty*" if default in ("", [], {}) else f"`{json.dumps(default)}`"


def rights_table() -> str:
    """What the Role holds, as Markdown: observation, its own memory, and each enabled action."""
    rows = [("always", rbac.OBSERVATION), ("always, of its own name", rbac.OWN_READ)]
    rows += [("unless `dryRun`, of its own name", rbac.OWN_WRITE)]
    for action in ACTIONS:
        kind = action.model_fields["kind"].default
        beyond = tuple(grant for grant in action.grants if grant not in rbac.OBSERVATION)
        if action is PatchConfigMap:
            named = action.grants_on(("",))
            rows.append((f"the same for `actions.{kind}`, of names in `configmaps`", named))
        if beyond:
            rows.append((f"`actions.{kind}` is not `never`, mode is not `observe`", beyond))
    rows.append(("with any action kind that writes", (rbac.TRACE,)))
    listed = "`rbac.namespaceRead`, in the whole cluster, of the listed names"
    rows.append((listed, (Grant("", "namespaces", "get"),)))
    wide = (*rbac.OBSERVATION, *rbac.CLUSTER_READ)
    own = tuple(grant for grant in wide if grant.name)
    rows += [
        ("`rbac.clusterRead`, in the whole cluster", tuple(g for g in wide if not g.name)),
        ("`rbac.clusterRead`, in the whole cluster, of the name `sre-watchdog`", own),
    ]
    observed = rbac.home(Settings())
    names = f"`{rbac.OBSERVED_NAME}-N`"
    by_rule = f"namespaces watched by a rule, in the release's own one, of the names {names}"
    rows.append((by_rule, tuple(dict.fromkeys(g._replace(name="") for g in observed))))
    lines = ["| when | may | on |", "|---|---|---|", "| always | get | the namespace itself |"]
    for when, grants in rows:
        lines += [f"| {when} | {verbs} | {on} |" for verbs, on in _grouped(grants)]
    lines.append("| `watch.customResources` names it | get, list | that custom resource |")
    return "\n".join(lines)


def _grouped(grants: tuple[Grant, ...]) -> list[tuple[str, str]]:
    """Grants as (verbs, resources), resources with the same verbs together."""
    verbs: dict[str, list[str]] = {}
    for grant in grants:
        # Only Events live in two groups.
        group = f".{grant.group}" if grant.group == "events.k8s.io" else ""
        verbs.setdefault(grant.resource + group, []).append(grant.verb)
    together: dict[str, list[str]] = {}
    for resource, held in verbs.items():
        together.setdefault(", ".join(held), []).append(resource)
    return [(held, ", ".join(resources)) for held, resources in together.items()]


def readme(text: str, values: str) -> str:
    """The chart's README with its tables replaced."""
    for name, table in (("rights", rights_table()), ("values", values_table(values))):
        begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
        head, rest = text.split(begin)
        text = f"{head}{begin}\n{table}\n{end}{rest.split(end)[1]}"
    return text


def _rendered(helm: str | Path, *more: str) -> list[dict[str, Any]]:
    """The objects of the chart with the values of deploy/values.yaml."""
    command = [str(helm), "template", "watchdog", str(CHART), "--namespace", PLAIN_NAMESPACE]
    command += ["--values", str(PLAIN_VALUES), "--no-hooks", "--kube-version", "1.34.0", *more]
    rendered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [found for found in yaml.safe_load_all(rendered) if found]


class _Readable(yaml.SafeDumper):
    """Writes text of several lines as several lines."""


_Readable.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)


def alert_rules(objects: list[dict[str, Any]]) -> str:
    """The rules of a rendered PrometheusRule as a file for Prometheus itself."""
    (found,) = (one for one in objects if one["kind"] == "PrometheusRule")
    head = (
        "# Rendered from helm/files/alerts.yaml, for a schedule of every 5 minutes and a pass of\n"
        "# at most 240 seconds. For another schedule:\n"
        "#   helm template watchdog ./helm --show-only templates/prometheusrule.yaml \\\n"
        '#     --set prometheusRule.enabled=true --set schedule="0 * * * *"\n'
    )
    return head + yaml.dump(found["spec"], Dumper=_Readable, sort_keys=False, width=100)


def plain_manifests(helm: str | Path) -> str:
    """The chart rendered for those without Helm, with the values of deploy/values.yaml."""
    objects = _rendered(helm)
    documents = []
    for found in sorted(objects, key=_place):
        for labels in _labels(found):
            # Nothing of Helm's is installed.
            labels.pop("app.kubernetes.io/managed-by", None)
            labels.pop("helm.sh/chart", None)
        documents.append(yaml.safe_dump(found, sort_keys=False, width=100))
    head = "# Rendered from helm/ with deploy/values.yaml: change those, then `make manifests`.\n"
    return head + "---\n".join(documents)


def _place(found: dict[str, Any]) -> tuple[str, str, str]:
    """Helm 3 and 4 print objects in different orders."""
    metadata = found["metadata"]
    return found["kind"], metadata.get("namespace", ""), metadata["name"]


def _labels(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        for key, value in found.items():
            if key == "labels" and isinstance(value, dict):
                yield value
            else:
                yield from _labels(value)
    elif isinstance(found, list):
        for item in found:
            yield from _labels(item)


def wanted(helm: str | Path | None) -> dict[Path, str]:
    """Every generated file and what it should hold."""
    page = CHART / "README.md"
    values = (CHART / "values.yaml").read_text(encoding="utf-8")
    files = {page: readme(page.read_text(encoding="utf-8"), values)}
    dashboard = TOP / "deploy" / "dashboard.json"
    files[CHART / "files" / "dashboard.json"] = dashboard.read_text(encoding="utf-8")
    files[CHART / "files" / "custom-resources.json"] = json.dumps(PRESETS, indent=2) + "\n"
    if helm:
        files[PLAIN] = plain_manifests(helm)
        files[ALERTS] = alert_rules(_rendered(helm, "--set", "prometheusRule.enabled=true"))
    return files


def main() -> int:
    """Write, or with --check compare; 1 when something is stale."""
    # Copies first: the plain manifests are rendered from them.
    helm = shutil.which("helm")
    stale = [
        (path, text)
        for path, text in wanted(helm).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv:
        for path, _ in stale:
            print(f"{path.relative_to(TOP)} is stale: run make manifests")
        return 1 if stale else 0
    for path, text in stale:
        path.write_text(text, encoding="utf-8")
    if not helm:
        print(f"{PLAIN.relative_to(TOP)} was left as it is: there is no helm here")
    return 0


if __name__ == "__main__":
    sys.exit(main())
