"""Commands that only look: at a cluster, at memory, at the settings, at what is known."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from watchdog.commands import options
from watchdog.commands.exits import NOT_OBSERVED, fail
from watchdog.commands.options import FILE, REPORTS, check_format, command, read_snapshot


@command()
@options.namespaces
@options.selector
@options.snapshot_output
@options.kubeconfig
@options.context
def snapshot(
    *,
    namespace: tuple[str, ...],
    selector: str | None,
    output: str,
    kubeconfig: Path | None,
    context: str | None,
) -> None:
    """Print what a model would be sent, redacted."""
    from watchdog.agent import wiring
    from watchdog.observation.collector import observe
    from watchdog.observation.snapshot_text import to_text

    check_format(output, "text", "json")
    settings = wiring.read_settings(namespaces=namespace or None, label_selector=selector)
    cluster, budget = wiring.connect(settings, kubeconfig, context)
    names = settings.namespaces or (cluster.namespace,)
    if output == "json" and len(names) > 1:
        fail("snapshot -o json takes one namespace: each is a file for `diagnose --snapshot`")
    blind = False
    for name in names:
        seen = observe(cluster, name, settings, budget.clock, settings.cluster_name or cluster.name)
        blind = blind or (bool(seen.blind_spots) and not any(seen.objects.values()))
        if output == "json":
            click.echo(seen.model_dump_json(indent=2))
        else:
            click.echo(to_text(seen, max_chars=settings.llm.max_prompt_chars).text)
    if blind:
        sys.exit(NOT_OBSERVED)


@command()
@click.option(
    "--snapshot",
    type=FILE,
    required=True,
    metavar="FILE",
    help="What `snapshot -o json` printed.",
)
@options.report_output
@click.option("--model", metavar="NAME", help="Model to ask; none is asked without it.")
def diagnose(*, snapshot: Path, output: str, model: str | None) -> None:
    """Diagnose a saved snapshot; no cluster is asked.

    Offline unless --model names a model, whatever the environment says.
    """
    from watchdog.agent import wiring
    from watchdog.agent.printer import show
    from watchdog.agent.run import diagnose_saved
    from watchdog.clock import Budget, SystemClock

    check_format(output, *REPORTS)
    settings = wiring.read_settings(model=model, no_model=model is None)
    budget = Budget(settings.run_budget_seconds, SystemClock())
    saved = read_snapshot(snapshot)
    show(diagnose_saved(saved, settings, wiring.model(settings, budget)), output)


@command()
@options.namespaces
@options.data_output
@options.kubeconfig
@options.context
def doctor(
    *, namespace: tuple[str, ...], output: str, kubeconfig: Path | None, context: str | None
) -> None:
    """Check permissions and the services it talks to.

    These are the API server, the model, Slack, Alertmanager and the Pushgateway, as far as set.

    Exits 1 if something necessary is missing.
    """
    from watchdog.agent import wiring
    from watchdog.doctor import examine, show, sound

    check_format(output, "text", "json", "yaml")
    settings = wiring.read_settings(namespaces=namespace or None)
    cluster, budget = wiring.connect(settings, kubeconfig, context)
    checks = examine(settings, cluster, budget, wiring.home())
    if output != "text":
        parts = [check.model_dump(mode="json") for check in checks]
        _print_data({"ok": sound(checks), "checks": parts}, output)
    else:
        show(checks, sys.stdout)
    if not sound(checks):
        sys.exit(NOT_OBSERVED)


@command()
@options.namespaces
@options.page_output
@click.option(
    "--release-namespace",
    metavar="NAME",
    help="Namespace of the release, which remembers what it only observes.",
)
@options.kubeconfig
@options.context
def history(
    *,
    namespace: tuple[str, ...],
    output: str,
    release_namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
) -> None:
    """Show incidents, attempts and waiting approvals."""
    from watchdog.agent import wiring
    from watchdog.incidents.observed import place_of
    from watchdog.incidents.store import Kept, read
    from watchdog.report.history import Page, history_json, render_history

    check_format(output, "text", "json", "yaml", "html")
    settings = wiring.read_settings(namespaces=namespace or None)
    cluster, budget = wiring.connect(settings, kubeconfig, context)
    name, clock = settings.cluster_name or cluster.name, budget.clock
    where = settings.namespaces or (cluster.namespace,)
    wiring.require_namespaces(cluster, where)
    home = release_namespace or wiring.home()

    def remembered(each: str) -> Kept:
        own = read(cluster, each, name, clock.now(), settings, to_show=True)
        if own.memory.incidents or not (own.usable and home):
            return own
        place = place_of(each, home)
        kept = read(cluster, each, name, clock.now(), settings, place=place, to_show=True)
        return kept if kept.version is not None or release_namespace else own

    found = [remembered(each) for each in where]
    if cluster.ahead:
        # Before its first answer the API server's clock, which the memory goes by, was not known.
        found[0] = remembered(where[0])
    pages = [Page(kept.memory, kept.warning, readable=kept.usable) for kept in found]
    if output == "html":
        from watchdog.report.html import render_history_html

        click.echo(render_history_html(pages, clock.now()))
    elif output != "text":
        _print_data(history_json(pages), output)
    else:
        render_history(pages, clock.now(), sys.stdout)
    if not all(page.readable for page in pages):
        sys.exit(NOT_OBSERVED)


@command()
@options.data_output
def kinds(*, output: str) -> None:
    """List the failure kinds that it knows."""
    from watchdog.failures import KINDS

    check_format(output, "text", "json", "yaml")
    if output != "text":
        rows = [
            {"kind": kind.name, "summary": kind.summary, "actions": list(kind.actions)}
            for kind in KINDS
        ]
        _print_data(rows, output)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("kind", "what is wrong", "may be fixed by", box=None, pad_edge=False)
    for kind in KINDS:
        table.add_row(kind.name, kind.summary, ", ".join(kind.actions) or "a person")
    # Piped, each kind is one line.
    Console(width=None if sys.stdout.isatty() else 200).print(table)


@command()
@options.config_file
@options.data_output
def config(*, config: Path | None, output: str) -> None:
    """Show the settings in force, and from where.

    Secrets are masked. A wrong setting is an error, as in every command.
    """
    from watchdog.agent import wiring
    from watchdog.settings.in_force import in_force, written

    check_format(output, "text", "json", "yaml")
    settings = wiring.read_settings(config)
    rows = in_force(settings, config)
    if output != "text":
        _print_data([row._asdict() for row in rows], output)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("setting", "value", "from", box=None, pad_edge=False)
    # What was set comes first: it would be lost among a hundred defaults.
    for row in sorted(rows, key=lambda row: row.source == "default"):
        table.add_row(row.setting, written(row.value), row.source)
    Console(width=None if sys.stdout.isatty() else 200, highlight=False).print(table, markup=False)


@command()
@click.argument("name", metavar="KIND")
@click.option("--before", is_flag=True, help="Print the healthy state to apply first.")
def drill(*, name: str, before: bool) -> None:
    """Print a manifest that causes a failure.

    KIND is a failure kind, as `kinds` lists them. The manifest is meant for an empty namespace of
    your own.
    """
    from watchdog.failures import KINDS

    try:
        from watchdog.examples import drill_of
    except ModuleNotFoundError:
        fail("the image holds no drills: run this command from a wheel or a checkout")
    found = [kind.name for kind in KINDS]
    if name not in found:
        close = close_match(name, found)
        guess = f"; did you mean {close}?" if close else "."
        fail(f"there is no failure kind {name}{guess} `sre-watchdog kinds` lists them all")
    story = drill_of(name)
    if before and not story.before:
        fail(f"{name} needs nothing healthy first: leave out --before")
    if story.before and not before:
        # Not only as a comment of the manifest, which no one reads in `drill NAME | kubectl apply`.
        click.echo(
            f"First: sre-watchdog drill {name} --before | kubectl apply -f -, and wait until it is "
            "available.",
            err=True,
        )
    if story.environment and not before:
        needed = " ".join(f"{name}={value}" for name, value in story.environment.items())
        click.echo(f"It is found with these settings: {needed}", err=True)
    click.echo((story.before or "") if before else story.manifest)


def close_match(name: str, known: Iterable[str]) -> str | None:
    """The name that was probably meant; None if none is alike."""
    import difflib

    return next(iter(difflib.get_close_matches(name, known, n=1)), None)


@command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(*, shell: str) -> None:
    """Print what completes commands and options in a shell.

    In bash: source <(sre-watchdog completion bash). In fish: sre-watchdog completion fish | source.
    """
    from click.shell_completion import get_completion_class

    root = click.get_current_context().find_root()
    program = root.info_name or ""
    # The variable that click itself looks at when a shell asks.
    variable = f"_{program}_complete".replace("-", "_").replace(".", "_").upper()
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(root.command, {}, program, variable).source())


COMMANDS = (snapshot, diagnose, doctor, history, kinds, config, drill, completion)


def _print_data(data: Any, output: str) -> None:
    """Print plain values to standard output, as json or yaml."""
    if output == "yaml":
        import yaml

        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)
        click.echo(text, nl=False)
    else:
        import json

        click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))
