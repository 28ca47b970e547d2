"""The story that `sre-watchdog demo` plays: a rollout loses a required variable, and is healed.

It is the same pass as `run`, over HTTP, against the embedded cluster.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from watchdog.agent.progress import Progress, TerminalProgress
from watchdog.agent.run import PassContext, run_pass
from watchdog.clock import Budget, SystemClock
from watchdog.demo.behaviour import Behaviour
from watchdog.demo.sandbox import Sandbox
from watchdog.kube.client import ApiServer
from watchdog.model.report import Report
from watchdog.observation.kubectl_columns import cells
from watchdog.report.text import render_text
from watchdog.settings.schema import Settings, VerifySettings
from watchdog.slack.web_client import preview

NAMESPACE = "shop"
_HISTORY_SECONDS = 9 * 24 * 3600.0
_BROKEN_SECONDS = 12 * 60.0
_REGION = """
            - name: LEDGER_REGION
              value: eu-central-1"""
_SCRIPT = 'echo starting the ledger; : "${LEDGER_REGION:?must not be empty}"; sleep 86400'
_PROGRAMS = {
    _SCRIPT: Behaviour(
        log=((0.0, "starting the ledger"),),
        needs_env="LEDGER_REGION",
        without=Behaviour(
            log=((0.0, "starting the ledger"), (0.0, "sh: LEDGER_REGION: must not be empty")),
            exits=2,
        ),
    )
}
_LEDGER = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ledger
spec:
  replicas: 2
  strategy:
    rollingUpdate: {{maxUnavailable: 2}}
  selector:
    matchLabels: {{app: ledger}}
  template:
    metadata:
      labels: {{app: ledger}}
    spec:
      containers:
        - name: main
          image: busybox:1.36
          command:
            - sh
            - -c
            - '{script}'
          env:
            - name: LEDGER_MODE
              value: primary{region}
"""
_WEB = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: main
          image: busybox:1.36
          command: [sh, -c, sleep 86400]
"""


def play(speed: float, output: str) -> Report:
    """Break the ledger on an embedded cluster, run a pass, and show it as it happens.

    Prints only for the `text` output; the report is returned for the others.
    """
    console = Console(quiet=output != "text", highlight=False)
    with (
        Sandbox(speed=speed, behind_seconds=_HISTORY_SECONDS, programs=_PROGRAMS) as box,
        tempfile.TemporaryDirectory() as folder,
    ):
        _break(box)
        console.print("[bold]An embedded cluster. Twelve minutes ago a rollout broke it:[/bold]")
        console.print(_pods(box), end="\n\n")
        report = _heal(box, Path(folder), TerminalProgress(console))
        console.print("\n[bold]The report:[/bold]")
        render_text(report, console)
        console.print("\n[bold]The Slack message:[/bold]")
        console.print(preview(report), markup=False)
        console.print("\n[bold]The cluster now:[/bold]")
        console.print(_pods(box))
    return report


def _break(box: Sandbox) -> None:
    """Nine days of health, then a revision without LEDGER_REGION."""
    box.apply(_WEB, NAMESPACE)
    box.apply(_LEDGER.format(script=_SCRIPT, region=_REGION), NAMESPACE)
    box.advance(_HISTORY_SECONDS - _BROKEN_SECONDS)
    box.apply(_LEDGER.format(script=_SCRIPT, region=""), NAMESPACE)
    box.advance(_BROKEN_SECONDS)


def _heal(box: Sandbox, folder: Path, progress: Progress) -> Report:
    # Not from the environment: what is set for a real cluster is not meant for this one.
    settings = Settings(verify=VerifySettings(stable_seconds=3, poll_seconds=0.5))
    budget = Budget(settings.run_budget_seconds, SystemClock())
    cluster = ApiServer.connect(box.kubeconfig(folder / "kubeconfig"), None, budget)
    work = PassContext(settings, cluster, budget, progress, cluster_name="demo")
    report = run_pass((NAMESPACE,), work)
    progress.close()
    return report


def _pods(box: Sandbox) -> Table:
    """What `kubectl get pods` would print."""
    now = datetime.fromtimestamp(box.now(), UTC)
    table = Table(box=None, pad_edge=False)
    for column in ("NAME", "READY", "STATUS", "RESTARTS"):
        table.add_column(column)
    for pod in box.items("Pod", NAMESPACE):
        row = cells("pods", pod, now)
        table.add_row(*(str(row[name]) for name in ("Name", "Ready", "Status", "Restarts")))
    return table
