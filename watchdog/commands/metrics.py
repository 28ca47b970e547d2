"""`sre-watchdog delete-metrics`: what a release leaves in a Pushgateway of yours."""

from __future__ import annotations

from pathlib import Path

import click

from watchdog.commands import options
from watchdog.commands.exits import NOT_OBSERVED, fail
from watchdog.commands.options import command


@command("delete-metrics")
@options.config_file
@click.option(
    "--best-effort", is_flag=True, help="Exit with 0 if the Pushgateway does not take it, too."
)
def delete_metrics(*, config: Path | None, best_effort: bool) -> None:
    """Delete this release's metrics from the Pushgateway.

    Run it with the settings of the passes, after the last one: otherwise the alert for a watchdog
    that stopped goes on. The chart does so with pushgateway.deleteOnUninstall.
    """
    from watchdog.agent import wiring
    from watchdog.integrations.pushgateway import delete

    settings = wiring.read_settings(config)
    if not settings.pushgateway.url:
        fail("SRE_AGENT_PUSHGATEWAY__URL is not set: there is nothing to delete")
    origins = [wiring.origin(number) for number in range(settings.shards)]
    done = delete(settings, wiring.new_budget(settings), origins)
    if done.ok:
        click.echo(
            f"The Pushgateway holds no metrics of job {settings.pushgateway.job} and cluster "
            f"{settings.cluster_name or '(no name)'} any more."
        )
    elif best_effort:
        click.echo(f"The Pushgateway keeps its metrics: {done.error}", err=True)
    else:
        fail(f"the Pushgateway keeps its metrics: {done.error}", NOT_OBSERVED)
