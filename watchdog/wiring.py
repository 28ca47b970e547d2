"""Makes the adapters that a command needs and passes them in; the only place that does.

Everything heavy is imported inside: a healthy pass loads neither the model's client nor Slack's.
"""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from pydantic import BaseModel, SecretStr

from watchdog.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from watchdog.agent import Pass
    from watchdog.clock import Budget
    from watchdog.diagnosis.diagnose import Ask
    from watchdog.incidents.casebook import Hear, Heard
    from watchdog.incidents.memory import Memory
    from watchdog.kube import Cluster
    from watchdog.nouns import Report
    from watchdog.observation.snapshot import ClusterSnapshot
    from watchdog.remediation.apply import Proposal
    from watchdog.remediation.verdict import Verdict
    from watchdog.report.progress import Progress
    from watchdog.settings import Settings

HEAR_SECONDS = 15.0  # for reading reactions in Slack, for each sick namespace
STOP_SECONDS = 10.0  # with the deliveries' own 20 s this fits the chart's grace period of 45 s


def check_format(output: str, *formats: str) -> None:
    """Raise SettingsError for an output format that the command does not have."""
    if output not in formats:
        raise SettingsError(f"--output {output} is unknown; it is one of {', '.join(formats)}")


def read_settings(**overrides: Any) -> Settings:
    """The settings of this process, flags first; logging is set up by them."""
    from watchdog import logs
    from watchdog.environment import load
    from watchdog.observation.redact import Redactor

    settings = load(**overrides)
    masks = Redactor()
    masks.hide(dict(_secrets(settings)))
    logs.configure(settings.log_level, masks.redact)
    return settings


def _secrets(settings: BaseModel) -> Iterator[tuple[str, str]]:
    """The settings that are secret, by name: no log may repeat them, whoever wrote the words."""
    for name in type(settings).model_fields:
        held = getattr(settings, name)
        if isinstance(held, BaseModel):
            yield from _secrets(held)
        for key, value in (held if isinstance(held, dict) else {name: held}).items():
            if isinstance(value, SecretStr):
                yield key, value.get_secret_value()


def new_pass(  # noqa: PLR0913 - what a pass is made of
    settings: Settings,
    cluster: Cluster,
    budget: Budget,
    output: str,
    *,
    asks: bool,
    number: int = 0,
) -> Pass:
    """A pass over that cluster; `asks`: a person at a terminal is asked before each write.

    `number` is the pod's among those that share the run.
    """
    from watchdog.agent import Pass

    progress = _progress(output)
    name = settings.cluster_name or cluster.name
    return Pass(
        settings=settings,
        cluster=cluster,
        budget=budget,
        progress=progress,
        ask=model(settings, budget),
        consent=_consent(name or cluster.server, progress) if asks and sys.stdin.isatty() else None,
        cluster_name=name,
        hear=None if settings.dry_run else _ears(settings, budget),
        blocked=_blocker(settings, budget),
        instance=socket.gethostname(),  # a pod's is its name; an Indexed Job's own and a number
        fixes=fixes(settings, number, os.environ.get("JOB_NAME", "")),
    )


def connect(
    settings: Settings, kubeconfig: Path | None, context: str | None
) -> tuple[Cluster, Budget]:
    """The API server of that context, and the budget that all its calls share."""
    from watchdog.clock import Budget, ServerClock, SystemClock
    from watchdog.kube import Cluster

    budget = Budget(settings.run_budget_seconds, SystemClock())
    cluster = Cluster.connect(kubeconfig, context, budget)
    budget.clock = ServerClock(lambda: cluster.ahead)
    return cluster, budget


def stop_on_signals(budget: Budget) -> None:
    """Let SIGTERM and Ctrl-C end the pass early: no new write, what is under way ends, it reports.

    A second Ctrl-C ends it at once.
    """

    def stop(number: int, _frame: object) -> None:
        if number == signal.SIGINT and budget.stopped:
            raise KeyboardInterrupt
        budget.stop(STOP_SECONDS)
        typer.echo("stopping: nothing more is changed; the report follows", err=True)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def shard(settings: Settings) -> int:
    """This pod's number among those that share the namespaces: an Indexed Job numbers its pods."""
    if settings.shards == 1:
        return 0
    number = os.environ.get("JOB_COMPLETION_INDEX", "")
    if not number.isdigit() or int(number) >= settings.shards:
        raise SettingsError(
            f"SRE_AGENT_SHARDS={settings.shards} needs JOB_COMPLETION_INDEX from 0 to "
            f"{settings.shards - 1}, as an Indexed Job sets it; it is {number or 'not set'}"
        )
    return int(number)


def share(settings: Settings, namespaces: tuple[str, ...], number: int) -> tuple[str, ...]:
    """The namespaces of one shard: each hashes to one, whatever others there are."""
    if settings.shards == 1:
        return namespaces
    return tuple(name for name in namespaces if _hash(name) % settings.shards == number)


def fixes(settings: Settings, number: int, job: str) -> int:
    """How many writes one shard may make in a run, so that all together keep to the settings.

    Those that do not divide evenly fall by lot, drawn from `job`, the Job's name: its pods have it
    in common, and each run another one. Without one they fall to the same shards in every run.
    """
    whole = settings.max_remediation_attempts
    if settings.shards == 1 or settings.dry_run:
        return whole
    every, more = divmod(whole, settings.shards)
    return every + ((number + _hash(job)) % settings.shards < more)


def _hash(name: str) -> int:
    """The same in every process; names that differ in one digit fall apart."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())


def origin(number: int) -> dict[str, str]:
    """Labels that tell this pod's metrics from those of other releases and other shards.

    The first shard pushes what a pod alone would: turning shards on leaves nothing stale behind.
    """
    release = {"release_namespace": os.environ.get("POD_NAMESPACE", "")}
    return {**release, "shard": str(number)} if number else release


def model(settings: Settings, budget: Budget) -> Ask | None:
    """How the model is asked; None where none is configured."""
    if not settings.llm.configured:
        return None
    from watchdog.diagnosis.llm import Model

    return Model(settings.llm, budget).ask


def _ears(settings: Settings, budget: Budget) -> Hear | None:
    """How answers in Slack are heard; None where there is no bot that could."""
    if settings.slack.bot_token is None:
        return None

    def hear(memories: Mapping[str, Memory]) -> Heard:
        from watchdog.report.slack_threads import answers

        return answers(memories, settings, budget.part(HEAR_SECONDS))

    return hear


def _blocker(settings: Settings, budget: Budget) -> Callable[[], Verdict | None] | None:
    """How Prometheus is asked whether changes are held back; None where it is not to be asked."""
    if not settings.blocker.configured:
        return None
    from watchdog.blocker import blocker

    return blocker(settings.blocker, budget)


def _progress(output: str) -> Progress:
    from watchdog.report.progress import QuietProgress, TerminalProgress

    return TerminalProgress() if output == "text" and sys.stderr.isatty() else QuietProgress()


def _consent(cluster_name: str, progress: Progress) -> Callable[[Proposal], bool]:
    """Ask on standard error, where the answer cannot end up in a piped report."""

    def consent(proposal: Proposal) -> bool:
        progress.pause()
        target = proposal.action.target
        where = f"{target} in namespace {target.namespace} on {cluster_name}"
        typer.echo(f"\n{where}: {proposal.action.title} ({proposal.source})", err=True)
        if proposal.approval:
            typer.echo(f"  It needs your approval: {proposal.approval}.", err=True)
        for line in proposal.diff.splitlines():
            typer.echo(f"  {line}", err=True)
        return typer.confirm("Apply this change?", default=False, err=True)

    return consent


def show(report: Report, output: str) -> None:
    """Print the report to standard output in that format."""
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


def read_snapshot(path: Path) -> ClusterSnapshot:
    """The snapshot in that file; SettingsError where it is none."""
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
