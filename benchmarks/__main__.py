"""`python -m benchmarks`: what a pass costs; `soak` and `shards` for what lasts and what splits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import jobs, page, soak, tables
from benchmarks.api_server import api_server, load, machine
from benchmarks.cost import cases, measure
from benchmarks.estate import Estate, vacate
from benchmarks.measure import BenchError
from benchmarks.plot import plot
from benchmarks.shards import by_shards
from tests.cluster.plane import Api

app = typer.Typer(
    add_completion=False,
    help="What a pass costs on a real API server without nodes. Brings one up by tests/cluster.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
console = Console(width=None if Console().is_terminal else 160)
Docs = Annotated[bool, typer.Option("--write-docs", help="Put the figures into the docs.")]


@app.callback(invoke_without_command=True)
def cost(  # noqa: PLR0913, PLR0917 - a command has as many parameters as flags
    context: typer.Context,
    pods: Annotated[list[int] | None, typer.Option(help="Pods; repeat for more sizes.")] = None,
    broken: Annotated[list[int] | None, typer.Option(help="Broken Deployments.")] = None,
    namespaces: Annotated[list[int] | None, typer.Option(help="Namespaces.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Timed runs of each, after a first.")] = 5,
    peer: Annotated[
        str | None,
        typer.Option(help="Another command, timed in turn; {namespace} is the estate's first."),
    ] = None,
    write_docs: Docs = False,
) -> None:
    """Time passes over clusters of several sizes, and another command beside them."""
    if context.invoked_subcommand:
        return
    wanted = cases(pods or [1000, 5000, 20_000], broken or [0, 20, 200], namespaces or [1, 10, 200])
    with api_server() as plane:
        busy = load()
        rows = list(measure(plane, wanted, runs, peer, _say))
        heads, lines = tables.cost_table(rows)
        tables.show(console, heads, lines)
        told = f"{_conditions(plane.api, busy)} Each figure is the median of {runs} runs."
        console.print(told, highlight=False)
        if write_docs:
            page.PLOT.write_text(plot(rows), encoding="utf-8")
            image = f"![How the figures grow]({page.PLOT.name})"
            page.write("cost", f"{told}\n\n{tables.markdown(heads, lines)}\n\n{image}")


@app.command("soak")
def soak_command(
    passes: Annotated[int, typer.Option(min=2, help="Passes.")] = 200,
    pods: Annotated[int, typer.Option(help="Pods that are watched, in one process.")] = 1000,
    as_jobs: Annotated[
        bool, typer.Option("--jobs", help="As Jobs of the chart, on a cluster with a node.")
    ] = False,
    write_docs: Docs = False,
) -> None:
    """Run passes in a row, in one process or as Jobs, while things break and heal."""
    if as_jobs:
        with jobs.node_cluster() as (cluster, api):
            busy = load()
            heads, lines = jobs.table(jobs.soak(cluster, api, passes, _say))
            tables.show(console, heads, lines)
            if write_docs:
                page.write("jobs", f"{_conditions(api, busy)}\n\n{tables.markdown(heads, lines)}")
        return
    with api_server() as plane:
        busy = load()
        heads, lines = soak.table(soak.soak(plane, Estate(pods, 1, soak.PREFIX), passes, _say))
        tables.show(console, heads, lines)
        if write_docs:
            page.write("soak", f"{_conditions(plane.api, busy)}\n\n{tables.markdown(heads, lines)}")


@app.command("shards")
def shards_command(
    pods: Annotated[int, typer.Option(help="Pods.")] = 20_000,
    namespaces: Annotated[int, typer.Option(help="Namespaces.")] = 200,
    broken: Annotated[int, typer.Option(help="Broken Deployments.")] = 20,
    shards: Annotated[list[int] | None, typer.Option(help="Pods that share the work.")] = None,
    write_docs: Docs = False,
) -> None:
    """Share the namespaces among processes, and hold what they find against one that has all."""
    with api_server() as plane:
        busy = load()
        heads, lines = by_shards(plane, Estate(pods, namespaces), broken, shards or [1, 2, 4], _say)
        tables.show(console, heads, lines)
        if write_docs:
            page.write(
                "shards", f"{_conditions(plane.api, busy)}\n\n{tables.markdown(heads, lines)}"
            )


@app.command("clean")
def clean_command() -> None:
    """Delete what benches left on the API server."""
    with api_server() as plane:
        for found in plane.api.request("GET", "/api/v1/namespaces")["items"]:
            name = found["metadata"]["name"]
            if name.startswith("bench-"):
                _say(f"deleting {name}")
                vacate(plane, name)


def _conditions(api: Api, busy: float) -> str:
    today = datetime.now(UTC).date()
    return f"{today}, {machine(api)}. Load average when it began: {busy:.1f}."


def _say(words: str) -> None:
    typer.echo(words, err=True)


if __name__ == "__main__":
    try:
        app()
    except BenchError as error:
        raise SystemExit(f"benchmarks: {error}") from None
