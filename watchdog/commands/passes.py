"""Commands that run passes: `run`, `watch` and `demo`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchdog.commands import options
from watchdog.commands.exits import FOUND, NOT_OBSERVED, fail
from watchdog.commands.options import REPORTS, check_format, chosen, command
from watchdog.logs import log

if TYPE_CHECKING:
    from watchdog.agent.context import Sessions
    from watchdog.clock import Budget
    from watchdog.model.report import Report
    from watchdog.settings.schema import Settings

_MOST_REASONS = 3


@command()
@options.namespaces
@options.all_namespaces
@options.namespace_selector
@options.selector
@options.dry_run
@options.yes
@options.report_output
@click.option("--fail-on-findings", is_flag=True, help="Exit 3 when anything is broken.")
@options.model
@options.no_model
@click.option("--fail-on-degraded", is_flag=True, help="Exit 1 when anything could not be read.")
@options.config_file
@options.kubeconfig
@options.context
def run(  # noqa: PLR0913 - a command has as many parameters as flags
    *,
    namespace: tuple[str, ...],
    all_namespaces: bool,
    namespace_selector: str | None,
    selector: str | None,
    dry_run: bool,
    yes: bool,
    output: str,
    fail_on_findings: bool,
    model: str | None,
    no_model: bool,
    fail_on_degraded: bool,
    config: Path | None,
    kubeconfig: Path | None,
    context: str | None,
) -> None:
    """Run one pass: observe, diagnose, fix, verify.

    It looks after the namespaces of -n, else of SRE_AGENT_NAMESPACES, else the one of the context.
    At a terminal it shows each change and asks before it writes; elsewhere, and with --yes, it acts
    within its policy. With --dry-run it changes nothing.

    Exit codes: 0, the pass ran; 1, it could not observe at all, or a namespace of -n does not exist
    (with --fail-on-degraded: or something could not be read); 2, the configuration is wrong; 3,
    something is broken (with --fail-on-findings).
    """
    from watchdog.agent import wiring

    check_format(output, *REPORTS)
    settings = wiring.read_settings(
        config,
        **chosen(namespace, namespace_selector, all_namespaces=all_namespaces),
        label_selector=selector,
        dry_run=dry_run or None,
        model=model,
        no_model=no_model,
    )
    report = _one_pass(settings, kubeconfig, context, output, asks=not yes)
    if report.result == "failed":
        if output == "text" and sys.stdout.isatty():
            sys.exit(NOT_OBSERVED)  # the report above says why
        errors = dict.fromkeys(part.error for part in report.namespaces if part.error)
        # Where every read was refused, each says why by itself.
        spots = [spot.why for part in report.namespaces for spot in part.blind_spots]
        fail("; ".join(errors or dict.fromkeys(spots[:_MOST_REASONS])), NOT_OBSERVED)
    # One of a list that was set may be deleted at any time; one that was typed is a mistake.
    if absent := [n.namespace for n in report.namespaces if n.gone and n.namespace in namespace]:
        fail("; ".join(f"namespace {name} does not exist" for name in absent), NOT_OBSERVED)
    if fail_on_degraded and report.result != "ok":
        sys.exit(NOT_OBSERVED)
    if fail_on_findings and any(part.findings for part in report.namespaces):
        sys.exit(FOUND)


@command()
@options.namespaces
@options.all_namespaces
@options.namespace_selector
@options.selector
@options.dry_run
@options.yes
@click.option(
    "--every",
    type=click.FloatRange(min=1),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Pause between two passes.",
)
@options.model
@options.no_model
@options.config_file
@options.kubeconfig
@options.context
def watch(  # noqa: PLR0913 - a command has as many parameters as flags
    *,
    namespace: tuple[str, ...],
    all_namespaces: bool,
    namespace_selector: str | None,
    selector: str | None,
    dry_run: bool,
    yes: bool,
    every: float,
    model: str | None,
    no_model: bool,
    config: Path | None,
    kubeconfig: Path | None,
    context: str | None,
) -> None:
    """Run passes in a loop, until Ctrl-C.

    It looks after the namespaces of -n, else of SRE_AGENT_NAMESPACES, else the one of the context.
    At a terminal it shows each change and asks before it writes; elsewhere, and with --yes, it acts
    within its policy.
    """
    import time

    from watchdog.agent import wiring

    settings = wiring.read_settings(
        config,
        **chosen(namespace, namespace_selector, all_namespaces=all_namespaces),
        label_selector=selector,
        dry_run=dry_run or None,
        model=model,
        no_model=no_model,
    )
    try:
        while True:
            budget = wiring.new_budget(settings)
            click.secho(f"\n{budget.clock.now():%H:%M:%S %Z}", dim=True)
            _one_pass(settings, kubeconfig, context, "text", asks=not yes, budget=budget)
            if budget.stopped:
                return
            # A pass ends in order at Ctrl-C; the pause between two ends at once.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            time.sleep(every)
    except KeyboardInterrupt:
        return


def _one_pass(  # noqa: PLR0913 - what a pass is made of
    settings: Settings,
    kubeconfig: Path | None,
    context: str | None,
    output: str,
    *,
    asks: bool,
    budget: Budget | None = None,
) -> Report:
    """One pass, delivered and printed."""
    from watchdog.agent import wiring
    from watchdog.agent.deliver import deliver
    from watchdog.agent.printer import Printer
    from watchdog.agent.run import run_pass
    from watchdog.observation.namespaces import watched
    from watchdog.settings.shards import namespaces_of, this_shard

    number = this_shard(settings)
    cluster, budget = wiring.connect(settings, kubeconfig, context, budget)
    wiring.stop_on_signals(budget)
    everywhere = watched(settings, cluster, cluster.namespace)
    namespaces = namespaces_of(settings, everywhere, number)
    if not namespaces and settings.shards == 1:
        log.warning("no namespace matches; `kubectl get namespaces --show-labels` shows them")
    work = wiring.new_pass(settings, cluster, budget, output, asks=asks, number=number)
    own = cluster.namespace
    work.home = own if own in everywhere else min(everywhere, default="")
    origin, printer = wiring.origin(number), Printer(output)

    def tell(report: Report, sessions: Sessions) -> Report:
        work.progress.close()
        printer.report(report)
        return deliver(report, work.settings, sessions, origin)

    report = run_pass(namespaces, work, tell)
    printer.deliveries(report)
    return report


@command()
@options.report_output
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 50),
    default=5.0,
    show_default=True,
    metavar="FACTOR",
    help="How many times faster than real time it runs.",
)
def demo(*, output: str, speed: float) -> None:
    """Heal a broken Deployment in an embedded cluster."""
    from watchdog.agent.printer import show

    try:
        from watchdog.demo.story import play
    except ModuleNotFoundError:
        fail(
            "the demo needs its embedded cluster: pip install 'sre-watchdog[demo]' "
            "(the image does not hold it)"
        )
    check_format(output, *REPORTS)
    report = play(speed, output)
    if output != "text":
        show(report, output)
    if not all(part.verification and part.verification.healthy for part in report.namespaces):
        sys.exit(NOT_OBSERVED)
