"""The class of the commands, the options that several share, and what was typed as values."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watchdog.errors import SettingsError

if TYPE_CHECKING:
    from watchdog.snapshot.snapshot import ClusterSnapshot


class Command(click.Command):
    """A command that says how namespaces are chosen if words are left over."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments that are left, of which there may be none."""
        ctx.allow_extra_args = True
        left = super().parse_args(ctx, args)
        if ctx.args and not ctx.resilient_parsing:
            takes = any(param.name == "namespace" for param in self.params)
            hint = f"; namespaces are chosen with -n: -n {ctx.args[0]}" if takes else ""
            ctx.fail(f"unexpected argument {ctx.args[0]!r}{hint}")
        return left


command = partial(click.command, cls=Command)
FILE = click.Path(path_type=Path)
REPORTS = ("text", "json", "yaml", "markdown", "html")

namespaces = click.option(
    "--namespace",
    "-n",
    metavar="NAME",
    multiple=True,
    help="Namespace to look after; repeat for more.",
)
all_namespaces = click.option(
    "--all-namespaces", "-A", is_flag=True, help="Every namespace except kube-*."
)
namespace_selector = click.option(
    "--namespace-selector", metavar="LABELS", help="Namespaces with these labels, except kube-*."
)
selector = click.option(
    "--selector", "-l", metavar="LABELS", help="Only objects with these labels."
)
config_file = click.option(
    "--config", type=FILE, metavar="FILE", help="YAML file of settings; variables and flags win."
)
kubeconfig = click.option(
    "--kubeconfig", type=FILE, metavar="FILE", help="Kubeconfig file; KUBECONFIG otherwise."
)
context = click.option("--context", metavar="NAME", help="Context of the kubeconfig.")
dry_run = click.option("--dry-run", is_flag=True, help="Change nothing; show what would change.")
yes = click.option("--yes", is_flag=True, help="Do not ask before each write.")
model = click.option(
    "--model", metavar="NAME", help="Model to ask; SRE_AGENT_LLM__MODEL otherwise."
)
no_model = click.option("--no-model", is_flag=True, help="Ask no model: the rules diagnose alone.")
_output = partial(
    click.option, "--output", "-o", default="text", show_default=True, metavar="FORMAT"
)
report_output = _output(help="text, json, yaml, markdown or html.")
page_output = _output(help="text, json, yaml or html.")
data_output = _output(help="text, json or yaml.")
snapshot_output = _output(help="text or json (replayable).")


def check_format(output: str, *formats: str) -> None:
    """Raise SettingsError for an output format that the command does not have."""
    if output not in formats:
        raise SettingsError(f"--output {output} is unknown; it is one of {', '.join(formats)}")


def chosen(
    namespaces: tuple[str, ...], selector: str | None, *, all_namespaces: bool
) -> dict[str, Any]:
    """The namespaces that were typed, as settings; what was typed replaces what was set before."""
    if not (namespaces or selector or all_namespaces):
        return {}
    watch = {"all_namespaces": all_namespaces, "namespace_selector": selector or ""}
    return {"namespaces": namespaces, "watch": watch}


def read_snapshot(path: Path) -> ClusterSnapshot:
    """The snapshot in that file; SettingsError where it is none."""
    from pydantic import ValidationError

    from watchdog.snapshot.snapshot import ClusterSnapshot

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
