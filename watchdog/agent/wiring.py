"""Makes the adapters that a command needs and passes them in; the only place that does.

Everything heavy is imported inside: a healthy pass loads neither the model's client nor Slack's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import BaseModel, SecretStr

from watchdog.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from watchdog.agent.progress import Progress
    from watchdog.agent.run import PassContext
    from watchdog.clock import Budget
    from watchdog.diagnosis.diagnose import Ask
    from watchdog.incidents.memory import Memory
    from watchdog.incidents.observed import ObservedMemories
    from watchdog.incidents.session import ReadReplies, ReadRepliesCall
    from watchdog.kube.client import ApiServer
    from watchdog.policy.verdict import Verdict
    from watchdog.remediation.apply import Proposal
    from watchdog.settings.schema import Settings

HEAR_SECONDS = 15.0  # for reading reactions in Slack, for each sick namespace
_STOPPING = b"stopping: nothing more is changed; the report follows\n"
STOP_SECONDS = 10.0  # with the deliveries' own 20 s this fits the chart's grace period of 45 s


def read_settings(
    file: Path | None = None,
    *,
    model: str | None = None,
    no_model: bool = False,
    **overrides: Any,
) -> Settings:
    """The settings of this process: flags, environment, `file`; logging is set up by them.

    `model` names the one to ask, `no_model` asks none, whatever the environment says.
    """
    from watchdog import logs
    from watchdog.settings.environment import load
    from watchdog.text.redact import Redactor

    if model and no_model:
        raise SettingsError("--model and --no-model exclude each other")
    settings = load(file=file, **overrides)
    if model or no_model:
        llm = settings.llm.model_copy(update={"model": None if no_model else model})
        settings = settings.model_copy(update={"llm": llm})
    masks = Redactor()
    masks.hide(dict(_secrets(settings)), secret=True)
    logs.configure(settings.log_level, masks.redact)
    return settings


def _secrets(settings: BaseModel) -> Iterator[tuple[str, str]]:
    """The settings that are secret, by name: no log may repeat them."""
    for name in type(settings).model_fields:
        held = getattr(settings, name)
        if isinstance(held, BaseModel):
            yield from _secrets(held)
        for key, value in (held if isinstance(held, dict) else {name: held}).items():
            if isinstance(value, SecretStr):
                yield key, value.get_secret_value()


def new_pass(  # noqa: PLR0913 - what a pass is made of
    settings: Settings,
    cluster: ApiServer,
    budget: Budget,
    output: str,
    *,
    asks: bool,
    number: int = 0,
) -> PassContext:
    """A pass over that cluster; `asks`: a person at a terminal is asked before each write.

    `number` is the pod's among those that share the run.
    """
    from watchdog.agent.run import PassContext
    from watchdog.settings.group import shown_address
    from watchdog.settings.shards import fixes_of

    progress = _progress(output)
    name = settings.cluster_name or cluster.name
    return PassContext(
        settings=settings,
        cluster=cluster,
        budget=budget,
        progress=progress,
        ask=model(settings, budget),
        consent=_consent(name or shown_address(cluster.server), progress)
        if asks and sys.stdin.isatty()
        else None,
        cluster_name=name,
        read_replies=None if settings.dry_run else _ears(settings, budget),
        blocked=_blocker(settings, budget),
        instance=socket.gethostname(),  # a pod's is its name; an Indexed Job's own and a number
        fixes=fixes_of(settings, number, os.environ.get("JOB_NAME", "")),
        observed=_observed(settings, cluster, number),
    )


def _observed(settings: Settings, cluster: ApiServer, number: int) -> ObservedMemories | None:
    """Where namespaces that grant nothing are remembered; None outside of an installed release."""
    if not (home() and settings.watch.by_rule):
        return None
    from watchdog.incidents.observed import ObservedMemories

    return ObservedMemories(cluster, home(), number, settings.shards)


def home() -> str:
    """The namespace of the installed release; empty outside of one."""
    return os.environ.get("POD_NAMESPACE", "")


def new_budget(settings: Settings) -> Budget:
    """The time of one pass, beginning now."""
    from watchdog.clock import Budget, SystemClock

    return Budget(settings.run_budget_seconds, SystemClock())


def require_namespaces(cluster: ApiServer, names: tuple[str, ...]) -> None:
    """Raise ClusterError if one of them does not exist, as far as that may be seen."""
    from watchdog.errors import ClusterError, ForbiddenError, NotFoundError
    from watchdog.kube.resources import NAMESPACES

    for name in names:
        try:
            cluster.get(NAMESPACES, "", name)
        except NotFoundError as error:
            raise ClusterError(f"namespace {name} does not exist") from error
        except ForbiddenError:
            continue


def connect(
    settings: Settings, kubeconfig: Path | None, context: str | None, budget: Budget | None = None
) -> tuple[ApiServer, Budget]:
    """The API server of that context, and the budget that all its calls share.

    Raises SettingsError for a selector that it would refuse.
    """
    from watchdog.clock import ServerClock
    from watchdog.kube import label_selector
    from watchdog.kube.client import ApiServer

    label_selector.check(settings.label_selector, "--selector (or its setting)")
    label_selector.check(settings.watch.namespace_selector, "--namespace-selector (or its setting)")
    budget = budget or new_budget(settings)
    cluster = ApiServer.connect(kubeconfig, context, budget)
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
        # Not through a buffered writer, which may be in the middle of another line.
        with contextlib.suppress(OSError):
            os.write(sys.stderr.fileno(), _STOPPING)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def origin(number: int) -> dict[str, str]:
    """Labels that tell this pod's metrics from those of other releases and other shards.

    The first shard pushes what a pod alone would: turning shards on leaves nothing stale behind.
    """
    release = {"release_namespace": home()}
    return {**release, "shard": str(number)} if number else release


def model(settings: Settings, budget: Budget) -> Ask | None:
    """How the model is asked; None where none is configured."""
    if not settings.llm.configured:
        return None
    from watchdog.llm.model_client import SHARE, Model

    return Model(settings.llm, budget, share=SHARE).ask


def _ears(settings: Settings, budget: Budget) -> ReadRepliesCall | None:
    """How answers in Slack are heard; None where there is no bot that could."""
    if settings.slack.bot_token is None:
        return None

    def read_replies(memories: Mapping[str, Memory]) -> ReadReplies:
        from watchdog.slack.threads import answers

        return answers(memories, settings, budget.part(HEAR_SECONDS))

    return read_replies


def _blocker(settings: Settings, budget: Budget) -> Callable[[], Verdict | None] | None:
    """How Prometheus is asked whether changes are held back; None where it is not to be asked."""
    if not settings.blocker.configured:
        return None
    from watchdog.integrations.change_freeze import blocker

    return blocker(settings.blocker, budget)


def _progress(output: str) -> Progress:
    from watchdog import logs
    from watchdog.agent.progress import QuietProgress, TerminalProgress

    if output != "text" or not sys.stderr.isatty():
        return QuietProgress()
    logs.without_audit()
    return TerminalProgress()


def _consent(cluster_name: str, progress: Progress) -> Callable[[Proposal], bool]:
    """Ask on standard error, where the answer cannot end up in a piped report."""

    def consent(proposal: Proposal) -> bool:
        progress.pause()
        target = proposal.action.target
        where = f"{target} in namespace {target.namespace} on {cluster_name}"
        click.echo(f"\n{where}: {proposal.action.title} ({proposal.source})", err=True)
        if proposal.approval:
            click.echo(f"  It needs your approval: {proposal.approval}.", err=True)
        for line in proposal.diff.splitlines():
            click.echo(f"  {line}", err=True)
        return click.confirm("Apply this change?", default=False, err=True)

    return consent
