"""`python -m benchmarks`: what a pass costs; `soak` and `shards` for what lasts and what splits."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from rich.console import Console

from benchmarks import jobs, page, soak, tables
from benchmarks.api_server import api_server, load, machine
from benchmarks.cost import cases, measure
from benchmarks.estate import Estate, vacate
from benchmarks.measure import BenchError
from benchmarks.plot import plot
from benchmarks.shards import by_shards
from tests.cluster.plane import Api

console = Console(width=None if Console().is_terminal else 160)
docs = click.option("--write-docs", is_flag=True, help="Put the figures into the docs.")


@click.group(invoke_without_command=True, context_settings={"show_default": True})
@click.option(
    "--pods", multiple=True, default=[1000, 5000, 20_000], help="Pods; repeat for more sizes."
)
@click.option("--broken", multiple=True, default=[0, 20, 200], help="Broken Deployments.")
@click.option("--namespaces", multiple=True, default=[1, 10, 200], help="Namespaces.")
@click.option(
    "--case", "more", multiple=True, metavar="PODS/BROKEN/NAMESPACES", help="One more; repeat."
)
@click.option(
    "--runs", type=click.IntRange(min=1), default=5, help="Timed runs of each, after a first."
)
@click.option("--peer", help="Another command, timed in turn; {namespace} is the estate's first.")
@docs
@click.pass_context
def app(  # noqa: PLR0913 - a command has as many parameters as flags
    context: click.Context,
    *,
    pods: tuple[int, ...],
    broken: tuple[int, ...],
    namespaces: tuple[int, ...],
    more: tuple[str, ...],
    runs: int,
    peer: str | None,
    write_docs: bool,
) -> None:
    """Time passes over clusters of several sizes, and another command beside them.

    On a real API server without nodes, which it brings up by tests/cluster.
    """
    if context.invoked_subcommand:
        return
    wanted = cases(pods, broken, namespaces, more)
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
@click.option("--passes", type=click.IntRange(min=2), default=200, help="Passes.")
@click.option("--pods", default=1000, help="Pods that are watched, in one process.")
@click.option(
    "--jobs", "as_jobs", is_flag=True, help="As Jobs of the chart, on a cluster with a node."
)
@docs
def soak_command(*, passes: int, pods: int, as_jobs: bool, write_docs: bool) -> None:
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
@click.option("--pods", default=20_000, help="Pods.")
@click.option("--namespaces", default=200, help="Namespaces.")
@click.option("--broken", default=20, help="Broken Deployments.")
@click.option("--shards", multiple=True, default=[1, 2, 4], help="Pods that share the work.")
@docs
def shards_command(
    *, pods: int, namespaces: int, broken: int, shards: tuple[int, ...], write_docs: bool
) -> None:
    """Share the namespaces among processes, and hold what they find against one that has all."""
    with api_server() as plane:
        busy = load()
        heads, lines = by_shards(plane, Estate(pods, namespaces), broken, shards, _say)
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
    click.echo(words, err=True)


if __name__ == "__main__":
    try:
        app()
    except BenchError as error:
        raise SystemExit(f"benchmarks: {error}") from None
