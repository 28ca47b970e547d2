"""The commands and their exit codes; the only place that wires adapters to the core.

Everything heavy is imported by the command that needs it: `--help` answers at once, and a healthy
pass loads neither the model's client nor Slack's.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from watchdog import __version__
from watchdog.errors import SettingsError, WatchdogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from watchdog.agent import Pass
    from watchdog.clock import Budget
    from watchdog.diagnosis.diagnose import Ask
    from watchdog.kube import Cluster
    from watchdog.nouns import Report
    from watchdog.observation.snapshot import ClusterSnapshot
    from watchdog.remediation.apply import Proposal
    from watchdog.report.progress import Progress
    from watchdog.settings import Settings

RAN, NOT_OBSERVED, BAD_SETTINGS, FOUND = 0, 1, 2, 3  # the exit codes of the contract

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

    _known(output, "text", "json", "markdown")
    settings = _settings(
        namespaces=tuple(namespace) if namespace else None,
        label_selector=selector,
        dry_run=dry_run or None,
    )
    cluster, budget = _connect(settings, kubeconfig, context)
    work = _work(settings, cluster, budget, output, asks=not yes)
    report = deliver(run_pass(settings.namespaces or (cluster.namespace,), work), settings)
    work.progress.close()
    _show(report, output)
    if report.result == "failed":
        raise typer.Exit(NOT_OBSERVED)
    if fail_on_findings and any(part.findings for part in report.namespaces):
        raise typer.Exit(FOUND)


@app.command()
def demo(
    output: Output = "text",
    speed: Annotated[float, typer.Option(help="How much faster than life its clock runs.")] = 5.0,
) -> None:
    """Run the same pass against an embedded cluster with a broken Deployment."""
    from watchdog.demo import play

    _known(output, "text", "json", "markdown")
    report = play(_settings(environment={}), speed, output)
    if output != "text":
        _show(report, output)
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

    _known(output, "text", "json")
    settings = _settings(
        namespaces=tuple(namespace) if namespace else None, label_selector=selector
    )
    cluster, budget = _connect(settings, kubeconfig, context)
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

    _known(output, "text", "json", "markdown")
    settings = _settings()
    budget = Budget(settings.run_budget_seconds, SystemClock())
    saved = _read_snapshot(snapshot)
    _show(diagnose_saved(saved, settings, _ask(settings, budget)), output)


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

    _known(output, "text", "json")
    settings = _settings(namespaces=tuple(namespace) if namespace else None)
    cluster, budget = _connect(settings, kubeconfig, context)
    checks = examine(settings, cluster, budget)
    if output == "json":
        parts = [check.model_dump(mode="json") for check in checks]
        typer.echo(json.dumps({"ok": sound(checks), "checks": parts}, indent=2))
    else:
        show(checks, sys.stdout)
    if not sound(checks):
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
    Console(soft_wrap=not sys.stdout.isatty()).print(table)


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


def main() -> None:
    """Run the command line; everything that went wrong on purpose is one line on standard error."""
    try:
        app()
    except SettingsError as error:
        _fail(str(error))
    except WatchdogError as error:
        _fail(str(error), NOT_OBSERVED)


def _fail(message: str, code: int = BAD_SETTINGS) -> NoReturn:
    typer.echo(f"sre-watchdog: {message}", err=True)
    sys.exit(code)


def _closest(name: str, known: Iterable[str]) -> str:
    import difflib

    return difflib.get_close_matches(name, known, n=1, cutoff=0)[0]


def _known(output: str, *formats: str) -> None:
    if output not in formats:
        raise SettingsError(f"--output {output} is unknown; it is one of {', '.join(formats)}")


def _settings(environment: dict[str, str] | None = None, **overrides: Any) -> Settings:
    from watchdog import logs
    from watchdog.environment import load

    settings = load(environment, **overrides)
    logs.configure(settings.log_level)
    return settings


def _work(settings: Settings, cluster: Cluster, budget: Budget, output: str, *, asks: bool) -> Pass:
    from watchdog.agent import Pass

    progress = _progress(output)
    return Pass(
        settings=settings,
        cluster=cluster,
        budget=budget,
        progress=progress,
        ask=_ask(settings, budget),
        consent=_consent(cluster, progress) if asks and sys.stdin.isatty() else None,
        cluster_name=settings.cluster_name or cluster.name,
    )


def _connect(
    settings: Settings, kubeconfig: Path | None, context: str | None
) -> tuple[Cluster, Budget]:
    from watchdog.clock import Budget, SystemClock
    from watchdog.kube import Cluster

    budget = Budget(settings.run_budget_seconds, SystemClock())
    return Cluster.connect(kubeconfig, context, budget), budget


def _ask(settings: Settings, budget: Budget) -> Ask | None:
    if not settings.llm.configured:
        return None
    from watchdog.diagnosis.llm import Model

    return Model(settings.llm, budget).ask


def _progress(output: str) -> Progress:
    from watchdog.report.progress import QuietProgress, TerminalProgress

    return TerminalProgress() if output == "text" and sys.stderr.isatty() else QuietProgress()


def _consent(cluster: Cluster, progress: Progress) -> Callable[[Proposal], bool]:
    """Ask on standard error, where the answer cannot end up in a piped report."""

    def consent(proposal: Proposal) -> bool:
        progress.pause()
        target = proposal.action.target
        where = f"{target} in namespace {target.namespace} on {cluster.name or cluster.server}"
        typer.echo(f"\n{where}: {proposal.action.title} ({proposal.source})", err=True)
        if proposal.approval:
            typer.echo(f"  It needs your approval: {proposal.approval}.", err=True)
        for line in proposal.diff.splitlines():
            typer.echo(f"  {line}", err=True)
        return typer.confirm("Apply this change?", default=False, err=True)

    return consent


def _show(report: Report, output: str) -> None:
    if output == "json":
        import json

        typer.echo(json.dumps(report.to_json(), indent=2, ensure_ascii=False))
    elif output == "markdown":
        from watchdog.report.markdown import render_markdown

        typer.echo(render_markdown(report))
    else:
        from rich.console import Console

        from watchdog.report.text import render_text

        render_text(report, Console())


def _read_snapshot(path: Path) -> ClusterSnapshot:
    from pydantic import ValidationError

    from watchdog.observation.snapshot import ClusterSnapshot

    try:
        return ClusterSnapshot.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"--snapshot {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SettingsError(
            f"--snapshot {path} is not what `snapshot -o json` prints: {where}: {first['msg']}"
        ) from None
