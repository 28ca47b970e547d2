"""The commands and their exit codes.

Everything heavy is imported by the command that needs it, so that `--help` answers at once; the
adapters are made in wiring.py.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from watchdog import __version__, wiring
from watchdog.errors import SettingsError, WatchdogError
from watchdog.logs import log

if TYPE_CHECKING:
    from collections.abc import Iterable

RAN, NOT_OBSERVED, BAD_SETTINGS, FOUND = 0, 1, 2, 3  # the exit codes of the contract
ENDED = 128 + signal.SIGTERM  # as a shell tells it

app = typer.Typer(
    name="sre-watchdog",
    help="Finds what is broken in Kubernetes namespaces, says why, fixes what it safely can, "
    "and proves that the fix worked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Namespaces = Annotated[
    list[str] | None,
    typer.Option("--namespace", "-n", help="Namespace to look after; repeat for more."),
]
Selector = Annotated[
    str | None, typer.Option("--selector", "-l", help="Only objects with these labels.")
]
Kubeconfig = Annotated[
    Path | None, typer.Option("--kubeconfig", help="Kubeconfig file; KUBECONFIG otherwise.")
]
Context = Annotated[str | None, typer.Option("--context", help="Context of the kubeconfig.")]
Output = Annotated[
    str, typer.Option("--output", "-o", help="text, json or markdown.", metavar="FORMAT")
]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Finds what is broken, says why, fixes what it safely can, and proves it."""
    if version:
        typer.echo(f"sre-watchdog {__version__}")
        raise typer.Exit


@app.command()
def run(  # noqa: PLR0913, PLR0917 - a command has as many parameters as flags
    namespace: Namespaces = None,
    selector: Selector = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; show what would change.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before the first write.")] = False,
    output: Output = "text",
    fail_on_findings: Annotated[
        bool, typer.Option("--fail-on-findings", help="Exit 3 when anything is broken.")
    ] = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Run one pass: observe, diagnose, remediate, verify, report."""
    from watchdog.agent import run_pass
    from watchdog.deliveries import deliver

    wiring.check_format(output, "text", "json", "markdown")
    settings = wiring.read_settings(
        namespaces=tuple(namespace) if namespace else None,
        label_selector=selector,
        dry_run=dry_run or None,
    )
    number = wiring.shard(settings)
    cluster, budget = wiring.connect(settings, kubeconfig, context)
    wiring.stop_on_signals(budget)
    namespaces = wiring.share(settings, settings.namespaces or (cluster.namespace,), number)
    work = wiring.new_pass(settings, cluster, budget, output, asks=not yes, number=number)
    origin = wiring.origin(number)
    report = run_pass(
        namespaces, work, lambda report, books: deliver(report, settings, books, origin)
    )
    work.progress.close()
    wiring.show(report, output)
    if report.result == "failed":
        errors = dict.fromkeys(part.error for part in report.namespaces if part.error)
        # Where every read was refused, each says why by itself.
        spots = [spot.why for part in report.namespaces for spot in part.blind_spots]
        _fail("; ".join(errors or dict.fromkeys(spots[:_MOST_REASONS])), NOT_OBSERVED)
    if fail_on_findings and any(part.findings for part in report.namespaces):
        raise typer.Exit(FOUND)


@app.command()
def demo(
    output: Output = "text",
    speed: Annotated[
        float, typer.Option(min=0.1, max=50, help="How much faster than life its clock runs.")
    ] = 5.0,
) -> None:
    """Run the same pass against an embedded cluster with a broken Deployment."""
    from watchdog.demo import play

    wiring.check_format(output, "text", "json", "markdown")
    report = play(speed, output)
    if output != "text":
        wiring.show(report, output)
    if not all(part.verification and part.verification.healthy for part in report.namespaces):
        raise typer.Exit(NOT_OBSERVED)


@app.command()
def snapshot(
    namespace: Namespaces = None,
    selector: Selector = None,
    output: Annotated[
        str, typer.Option("--output", "-o", help="text or json (replayable).", metavar="FORMAT")
    ] = "text",
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Print what a model would be sent of a namespace, redacted."""
    from watchdog.observation.collector import observe
    from watchdog.observation.text import to_text

    wiring.check_format(output, "text", "json")
    settings = wiring.read_settings(
        namespaces=tuple(namespace) if namespace else None, label_selector=selector
    )
    cluster, budget = wiring.connect(settings, kubeconfig, context)
    for name in settings.namespaces or (cluster.namespace,):
        seen = observe(cluster, name, settings, budget.clock, settings.cluster_name or cluster.name)
        if output == "json":
            typer.echo(seen.model_dump_json(indent=2))
        else:
            typer.echo(to_text(seen, max_chars=settings.llm.max_prompt_chars).text)


@app.command()
def diagnose(
    snapshot: Annotated[Path, typer.Option("--snapshot", help="What `snapshot -o json` printed.")],
    output: Output = "text",
) -> None:
    """Diagnose a saved snapshot, offline: nothing is read from or written to a cluster."""
    from watchdog.agent import diagnose_saved
    from watchdog.clock import Budget, SystemClock

    wiring.check_format(output, "text", "json", "markdown")
    settings = wiring.read_settings()
    budget = Budget(settings.run_budget_seconds, SystemClock())
    saved = wiring.read_snapshot(snapshot)
    wiring.show(diagnose_saved(saved, settings, wiring.model(settings, budget)), output)


@app.command()
def doctor(
    namespace: Namespaces = None,
    output: Annotated[
        str, typer.Option("--output", "-o", help="text or json.", metavar="FORMAT")
    ] = "text",
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Check every permission, the model, Slack and the Pushgateway; exit 1 when one is missing."""
    import json

    from watchdog.doctor import examine, show, sound

    wiring.check_format(output, "text", "json")
    settings = wiring.read_settings(namespaces=tuple(namespace) if namespace else None)
    cluster, budget = wiring.connect(settings, kubeconfig, context)
    checks = examine(settings, cluster, budget)
    if output == "json":
        parts = [check.model_dump(mode="json") for check in checks]
        typer.echo(json.dumps({"ok": sound(checks), "checks": parts}, indent=2))
    else:
        show(checks, sys.stdout)
    if not sound(checks):
        raise typer.Exit(NOT_OBSERVED)


@app.command()
def history(
    namespace: Namespaces = None,
    output: Annotated[
        str, typer.Option("--output", "-o", help="text or json.", metavar="FORMAT")
    ] = "text",
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Show what memory holds: incidents, what was tried against each, what waits for approval."""
    import json

    from watchdog.incidents.store import read
    from watchdog.report.history import Page, history_json, render_history

    wiring.check_format(output, "text", "json")
    settings = wiring.read_settings(namespaces=tuple(namespace) if namespace else None)
    cluster, budget = wiring.connect(settings, kubeconfig, context)
    name, clock = settings.cluster_name or cluster.name, budget.clock
    where = settings.namespaces or (cluster.namespace,)
    found = [read(cluster, each, name, clock.now()) for each in where]
    if cluster.ahead:
        # Before its first answer the API server's clock, which the memory goes by, was not known.
        found[0] = read(cluster, where[0], name, clock.now())
    pages = [Page(kept.memory, kept.warning, readable=kept.usable) for kept in found]
    if output == "json":
        typer.echo(json.dumps(history_json(pages), indent=2, ensure_ascii=False))
    else:
        render_history(pages, clock.now(), sys.stdout)
    if not all(page.readable for page in pages):
        raise typer.Exit(NOT_OBSERVED)


@app.command()
def kinds() -> None:
    """List the failure kinds that it knows."""
    from rich.console import Console
    from rich.table import Table

    from watchdog.failures import KINDS

    table = Table("kind", "what is wrong", "may be fixed by", box=None, pad_edge=False)
    for kind in KINDS:
        table.add_row(kind.name, kind.summary, ", ".join(kind.actions) or "a person")
    # Piped, each kind is one line.
    Console(width=None if sys.stdout.isatty() else 200).print(table)


@app.command()
def drill(
    name: Annotated[str, typer.Argument(help="A failure kind, as `kinds` lists them.")],
    before: Annotated[
        bool, typer.Option("--before", help="Print the healthy state to apply first.")
    ] = False,
) -> None:
    """Print a manifest that causes a failure, for an empty namespace of your own."""
    from watchdog.failures import KINDS

    found = {kind.name: kind for kind in KINDS}
    if name not in found:
        close = _closest(name, found)
        _fail(f"there is no failure kind {name}; did you mean {close}? `kinds` lists them all")
    story = found[name].drill
    if before and not story.before:
        _fail(f"{name} needs nothing healthy first: leave out --before")
    if story.before and not before:
        typer.echo(
            f"# First: sre-watchdog drill {name} --before | kubectl apply -f -, and wait until "
            "it is available."
        )
    typer.echo((story.before or "") if before else story.manifest)


_MOST_REASONS = 3
_NOT_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE}


def main() -> None:
    """Run the command line; everything that went wrong on purpose is one line on standard error."""
    # A container's first process ignores what it has no handler for; a pass sets its own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ENDED))
    try:
        try:
            app()
        finally:
            # What is still buffered may find the disk full, or nobody who reads on.
            sys.stdout.flush()
    except SettingsError as error:
        _fail(str(error))
    except WatchdogError as error:
        _fail(str(error), NOT_OBSERVED)
    except Exception as error:  # noqa: BLE001 - the one place, so that nobody sees a trace
        if isinstance(error, OSError) and error.errno in _NOT_WRITTEN:
            # Nothing that is buffered can be written any more, and Python would try at its exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            _fail(f"the report could not be written: {error.strerror}", NOT_OBSERVED)
        # What went wrong without our meaning it is still one line; the trace is for the log.
        from watchdog.observation.redact import redact

        log.debug("trace", exc_info=True)
        _fail(
            f"a defect of the watchdog: {type(error).__name__}: {redact(str(error))}. With "
            "SRE_AGENT_LOG_LEVEL=debug the log has the trace; please report it",
            NOT_OBSERVED,
        )


def _fail(message: str, code: int = BAD_SETTINGS) -> NoReturn:
    typer.echo(f"sre-watchdog: {message}", err=True)
    sys.exit(code)


def _closest(name: str, known: Iterable[str]) -> str:
    import difflib

    return difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
