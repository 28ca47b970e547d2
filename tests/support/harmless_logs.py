"""Logs of programs that work, in the formats of many: none of them tells why a run ended.

`python -m tests.support.harmless_logs 100000` counts in how many windows a cause is read.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator

from watchdog.examples.builders import broken, crashing
from watchdog.failures import KINDS
from watchdog.text.root_record import find_telling

# Said at any level below a warning. Many hold words that errors have too.
CALM = (
    "listening on 0.0.0.0:{n}",
    "loaded {n} plugins, 0 errors",
    "order {n} accepted in {n} ms",
    "error page is /static/error-{n}.html",
    "self-test passed, no failures",
    "worker {n} started",
    "errors=0 failed=0 total={n}",
    "cache warmed: {n} entries",
    "health check ok after {n} ms",
    "connected to ledger-{n}.books:5432",
    "reconnected after {n} ms",
    "error handler installed",
    "exception mapper registered for {n} types",
    "retry policy: {n} attempts, timeout {n} ms",
    "feature fail-fast is on",
    "migrations: 0 pending, {n} applied",
    "request {n} finished with status 200",
    "GET /orders/{n} 200 {n}ms",
    "POST /login 401 {n}ms",
    "GET /favicon.ico 404 {n}ms",
    "job {n} done: 0 failed, {n} skipped",
    "rolling log segment at offset {n}",
    "member consumer-{n} left the group, rebalancing",
    "lease renewed for {n} s",
    "queue length {n}",
    "garbage collected {n} MiB",
    "config reloaded from /etc/shop/app-{n}.yml",
    "deadline of batch {n} set to {n} s",
    "user {n} signed out",
    "invalid-token counter reset to 0",
    "set LEDGER_MODE to fast",
    "panic button plugin loaded",
    "fatal-errors topic has {n} partitions",
    "timeouts: connect {n} ms, read {n} ms",
    "snapshot {n} written to /data/snap-{n}",
    "TLS certificate expires in {n} days",
    "permission cache refreshed, {n} roles",
    "missing translations: 0",
    "memory {n} MiB of {n} MiB",
    "scheduler tick {n}",
)
WARNED = (
    "statsd: connection refused, metrics are off",
    "LEDGER_SAMPLE is not set, using the default",
    "could not resolve tiles-{n}.example.org, using bundled data",
    "failed to export {n} spans, will drop them",
    "retrying in {n} s after a timeout",
    "slow query: {n} ms",
    "no space left for thumbnails, thumbnails are disabled",
    "certificate of the old ingress has expired, serving the default",
    "option ledger.old-{n} is deprecated",
    "cannot raise the file limit: operation not permitted (ignored)",
    "Forbidden (CSRF cookie not set): /login/{n}",
    "client {n} closed the connection early",
)
LEVELS = (("debug", CALM), ("info", CALM), ("info", CALM), ("info", CALM), ("warn", WARNED))
NUMBERS = (10, 10, 20, 30, 40)
_WITHOUT_A_CAUSE = {"crash_app_error", "unhealthy_workload"}
Format = Callable[[str, str, int], str]


def _clock(second: int) -> str:
    return f"14:{second // 60 % 60:02}:{second % 60:02}"


def _json(**fields: object) -> str:
    return json.dumps(fields, separators=(",", ":"))


FORMATS: dict[str, Format] = {
    "logback": lambda lv, m, s: f"{_clock(s)},123 [main] {lv.upper():5} c.e.Shop - {m}",
    "spring": lambda lv, m, s: (
        f"2026-03-02T{_clock(s)}.123Z {lv.upper():>5} 1 --- [  main] c.e.shop.Shop  : {m}"
    ),
    "kafka": lambda lv, m, s: f"[2026-03-02 {_clock(s)},123] {lv.upper()} {m} (kafka.Server)",
    "python": lambda lv, m, s: f"2026-03-02 {_clock(s)},123 {lv.upper()} shop {m}",
    "uvicorn": lambda lv, m, _: f"{lv.upper()}:     {m}",
    "zap": lambda lv, m, s: f"2026-03-02T{_clock(s)}.123Z\t{lv}\tshop\t{m}",
    "zerolog": lambda lv, m, s: _json(level=lv, time=f"2026-03-02T{_clock(s)}Z", message=m),
    "pino": lambda lv, m, s: _json(level=_pino(lv), time=1772460000 + s, pid=1, msg=m),
    "ecs": lambda lv, m, _: json.dumps({"log.level": lv.upper(), "message": m, "trace.id": "a1"}),
    "mongodb": lambda lv, m, s: _json(t=_clock(s), s=lv[0].upper(), c="NETWORK", msg=m),
    "logrus": lambda lv, m, s: f'time="2026-03-02T{_clock(s)}Z" level={_long(lv)} msg="{m}"',
    "go-kit": lambda lv, m, s: f'ts=2026-03-02T{_clock(s)}Z caller=a.go:7 level={lv} msg="{m}"',
    "klog": lambda lv, m, s: f"{_klog(lv)}0302 {_clock(s)}.123456       1 shop.go:17] {m}",
    "nginx": lambda lv, m, s: f"2026/03/02 {_clock(s)} [{_notice(lv)}] 1#1: {m}",
    "envoy": lambda lv, m, s: f"[2026-03-02 {_clock(s)}.123][1][{_long(lv)}][main] [a.cc:7] {m}",
    "haproxy": lambda lv, m, _: f"[{'WARNING' if lv == 'warn' else 'NOTICE'}]   (1) : {m}",
    "postgres": lambda lv, m, s: f"2026-03-02 {_clock(s)}.123 UTC [7] {_postgres(lv)}:  {m}",
    "mysql": lambda lv, m, s: f"2026-03-02T{_clock(s)}.123456Z 0 [{_note(lv)}] [Server] {m}",
    "redis": lambda lv, m, s: f"1:M 02 Mar 2026 {_clock(s)}.123 {'#' if lv == 'x' else '*'} {m}",
    "rust": lambda lv, m, s: f"2026-03-02T{_clock(s)}.123456Z {lv.upper():>5} shop::api: {m}",
    "elixir": lambda lv, m, s: f"{_clock(s)}.123 [{_long(lv)}] {m}",
    "rails": lambda lv, m, s: (
        f"{lv[0].upper()}, [2026-03-02T{_clock(s)} #1] {lv.upper():>5} -- : {m}"
    ),
    "dotnet": lambda lv, m, _: f"{_dotnet(lv)}: Shop.Orders[0]\n      {m}",
    "serilog": lambda lv, m, s: f"[{_clock(s)} {_serilog(lv)}] {m}",
    "php": lambda lv, m, s: f"[2026-03-02 {_clock(s)}] app.{lv.upper()}: {m}",
    "supervisor": lambda lv, m, s: f"2026-03-02 {_clock(s)},123 {lv.upper()} {m}",
    "gunicorn": lambda lv, m, s: f"[2026-03-02 {_clock(s)} +0000] [1] [{lv.upper()}] {m}",
    "syslog": lambda lv, m, s: f"Mar  2 {_clock(s)} web-1 shop[7]: {lv}: {m}",
    "plain": lambda _, m, __: m,
    "stamped": lambda _, m, s: f"2026/03/02 {_clock(s)} {m}",
}


def _klog(level: str) -> str:
    return "W" if level == "warn" else "I"


def _pino(level: str) -> int:
    return {"debug": 20, "info": 30, "warn": 40}[level]


def _long(level: str) -> str:
    return "warning" if level == "warn" else level


def _notice(level: str) -> str:
    return "notice" if level == "info" else level


def _note(level: str) -> str:
    return "Warning" if level == "warn" else "Note"


def _postgres(level: str) -> str:
    return {"debug": "DEBUG", "info": "LOG", "warn": "WARNING"}[level]


def _dotnet(level: str) -> str:
    return {"debug": "dbug"}.get(level, level)


def _serilog(level: str) -> str:
    return {"debug": "DBG", "info": "INF", "warn": "WRN"}[level]


def windows(count: int, seed: int = 1) -> Iterator[tuple[str, str]]:
    """So many windows of 4 to 24 lines, each with the name of its format."""
    chance = random.Random(seed)
    for _ in range(count):
        name = chance.choice(list(FORMATS))
        second, lines = chance.randrange(3000), []
        for _ in range(chance.randrange(4, 25)):
            level, messages = chance.choice(LEVELS)
            said = chance.choice(messages)
            said = "".join(
                part if index % 2 == 0 else str(chance.randrange(2, 900))
                for index, part in enumerate(said.replace("{n}", "\0{n}\0").split("\0"))
            )
            second += chance.randrange(40)
            lines.append(FORMATS[name](level, said, second))
        yield name, "\n".join(lines)


def causes(text: str) -> list[str]:
    """The kinds that would claim a crash with this log, and `an error` if one is read in it."""
    told = find_telling(text.splitlines())
    if told is None or not told.sure:
        return []
    crash = broken(crashing(1), text=text)
    named = [kind.name for kind in KINDS if list(kind.detect(crash))]
    return ["an error", *(name for name in named if name not in _WITHOUT_A_CAUSE)]


def main(count: int) -> None:
    """Print how many windows give a cause, and which."""
    tell = sys.stdout.write
    found: Counter[str] = Counter()
    wrong = 0
    for name, text in windows(count):
        said = causes(text)
        wrong += bool(said)
        found.update(f"{name}: {cause}" for cause in said)
    tell(f"{wrong} of {count} windows give a cause ({100 * wrong / count:.3f} %)\n")
    for cause, times in found.most_common(20):
        tell(f"{times:6}  {cause}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
