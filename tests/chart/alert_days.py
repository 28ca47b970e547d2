"""What Prometheus scrapes from a Pushgateway over a day or more, for promtool.

A `Watchdog` pushes after each pass of its schedule; a fault changes what it pushes from then on.
What is not there at a scrape (a gateway that lost its groups, a metric that a pass did not push) is
None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Pushed = dict[str, float]
ORIGIN = {"cluster": "eu", "job": "w", "release_namespace": "ops"}
# Minutes that the passes take in turn: at most the deadline of 240 seconds.
_TAKES = (0, 2, 1, 0, 3)


@dataclass(frozen=True)
class Watchdog:
    """One release, or one shard of it, that pushes after each pass.

    `minutes` is the interval of its schedule. `changed` gets the number of a pass and what that
    pass would push, and returns what it pushes instead: None for no push at all.
    """

    minutes: int
    changed: Callable[[int, Pushed], Pushed | None] = lambda _number, pushed: pushed
    origin: dict[str, str] = field(default_factory=lambda: dict(ORIGIN))

    def pushes(self, until: int) -> Iterator[tuple[int, Pushed]]:
        """Each push with the minute at which it is done."""
        for number, start in enumerate(range(0, until, self.minutes)):
            minute = start + _TAKES[number % len(_TAKES)]
            seconds = minute * 60
            what: Pushed = {
                "push_time_seconds": seconds,
                "push_failure_time_seconds": 0,
                "sre_watchdog_last_run_timestamp_seconds": seconds,
                "sre_watchdog_last_success_timestamp_seconds": seconds,
                "sre_watchdog_run_duration_seconds": 60 * (minute - start),
                "sre_watchdog_shards": 1,
                'sre_watchdog_build_info{mode="act"}': 1,
                'sre_watchdog_run_result{result="failed"}': 0,
                'sre_watchdog_blind_spots{namespace="shop"}': 0,
                'sre_watchdog_needs_human{namespace="shop"}': 0,
            }
            # A pass that has nothing to ask or to say pushes nothing about it.
            if number % 3 == 0:
                what['sre_watchdog_dependency_up{dependency="model"}'] = 1
                what['sre_watchdog_dependency_up{dependency="slack"}'] = 1
            if (pushed := self.changed(number, what)) is not None:
                yield minute, pushed


def series(
    watchdogs: list[Watchdog], until: int, step: int, gateway_restarts: tuple[int, ...] = ()
) -> list[dict[str, str]]:
    """promtool's `input_series` until a minute, with a scrape every `step` minutes.

    The gateway also holds groups of another job, which differ by `instance` only.
    """
    return [
        {"series": _named(name, one.origin), "values": _written(values[::step])}
        for one in watchdogs
        for name, values in _exposed(one, until, gateway_restarts).items()
    ] + [
        {"series": f'{name}{{job="backup", instance="{instance}"}}', "values": f"1x{until // step}"}
        for name in ("push_time_seconds", "push_failure_time_seconds")
        for instance in ("a", "b")
    ]


def _exposed(one: Watchdog, until: int, restarts: tuple[int, ...]) -> dict[str, list[float | None]]:
    held: dict[int, Pushed] = dict(one.pushes(until))
    seen: dict[str, list[float | None]] = {}
    group: Pushed = {}
    outcome: Pushed = {}
    for minute in range(until):
        if minute in restarts:
            group, outcome = {}, {}
        if minute in held:
            pushed = held[minute]
            # The outcome is a group of its own, which a failed pass leaves alone.
            kept = {k: v for k, v in pushed.items() if "last_success" in k}
            group, outcome = {k: v for k, v in pushed.items() if k not in kept}, kept or outcome
        for name, value in {**group, **outcome}.items():
            seen.setdefault(name, [None] * until)[minute] = value
    return seen


def _named(name: str, origin: dict[str, str]) -> str:
    metric, _, own = name.rstrip("}").partition("{")
    labels = [f'{key}="{value}"' for key, value in origin.items()] + ([own] if own else [])
    return f"{metric}{{{', '.join(labels)}}}"


def _written(values: list[float | None]) -> str:
    """In promtool's notation: `5x2` is 5 three times, `_x2` is nothing twice."""
    runs: list[tuple[Any, int]] = []
    for value in values:
        if runs and runs[-1][0] == value:
            runs[-1] = (value, runs[-1][1] + 1)
        else:
            runs.append((value, 1))
    return " ".join(
        f"_x{count}" if value is None else f"{value:g}x{count - 1}" for value, count in runs
    )
