"""Prints a report before anything of it is delivered, and how that went after it.

Whatever a service does to the delivery, what the pass found and did is on standard output by then.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from watchdog.model.report import plain

if TYPE_CHECKING:
    from watchdog.model.report import Report


class Printer:
    """One report on standard output; JSON and YAML stay one document, which `deliveries` ends.

    An error of writing is kept until the end, so that a full disk or a closed pipe does not keep
    the report from Slack.
    """

    def __init__(self, output: str) -> None:
        self._output = output
        self._error: OSError | None = None

    def report(self, report: Report) -> None:
        """Print all but the deliveries. Raises nothing."""
        try:
            _PRINT[self._output](report)
            sys.stdout.flush()
        except OSError as error:
            self._error = error

    def deliveries(self, report: Report) -> None:
        """Print what became of the deliveries; raises OSError if anything could not be written."""
        if self._error is not None:
            raise self._error
        if self._output == "json":
            click.echo(_rest_of_json(report))
            return
        if self._output == "yaml":
            click.echo(_yaml({"deliveries": plain(report.deliveries)}), nl=False)
            return
        if self._output == "html":
            return  # the document is closed; the log names what was not delivered
        from watchdog.report.summary_line import undelivered

        for line in undelivered(report):
            click.echo(line if self._output == "text" else f"\n{line}")


def show(report: Report, output: str) -> None:
    """Print the whole report."""
    printer = Printer(output)
    printer.report(report)
    printer.deliveries(report)


def _json(report: Report) -> None:
    found = report.to_json()
    del found["deliveries"]
    click.echo(_dumped(found).removesuffix("}").rstrip("\n"), nl=False)


def _most_of_yaml(report: Report) -> None:
    found = report.to_json()
    del found["deliveries"]
    click.echo(_yaml(found), nl=False)


def _yaml(found: dict[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=120))


def _rest_of_json(report: Report) -> str:
    deliveries = _dumped({"deliveries": plain(report.deliveries)})
    return "," + deliveries.removeprefix("{")


def _dumped(found: dict[str, Any]) -> str:
    import json

    # Off a terminal a report is one line: what stores logs takes each line for a record.
    indent = 2 if sys.stdout.isatty() else None
    return json.dumps(found, indent=indent, ensure_ascii=False)


def _markdown(report: Report) -> None:
    from watchdog.report.markdown import render_markdown

    click.echo(render_markdown(report))


def _html(report: Report) -> None:
    from watchdog.report.html import render_html

    click.echo(render_html(report))


def _text(report: Report) -> None:
    from rich.console import Console

    from watchdog.report.text import render_text

    render_text(report, Console())


_PRINT = {"json": _json, "yaml": _most_of_yaml, "markdown": _markdown, "html": _html, "text": _text}
