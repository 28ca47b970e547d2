"""The exit codes of the contract, and how a command fails."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

RAN, NOT_OBSERVED, BAD_SETTINGS, FOUND = 0, 1, 2, 3


def fail(message: str, code: int = BAD_SETTINGS) -> NoReturn:
    """Print one line to standard error and exit with that code."""
    click.echo(f"sre-watchdog: {message}", err=True)
    sys.exit(code)
