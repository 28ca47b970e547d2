"""A stand-in for Slack in a process of its own: what it keeps is no part of a pass's memory."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from pytest_httpserver import HTTPServer

from tests.support.wire_slack import Slack

CHANNEL = "#ops"
# So much of a fingerprint is in a digest's metadata, and no more of it is compared.
SHORT = 16
_TOP = Path(__file__).parent.parent


class Told(NamedTuple):
    """What Slack heard so far; `about` counts the messages for each incident's fingerprint."""

    messages: int
    replies: int
    edits: int
    about: Counter[str]


class StandIn(NamedTuple):
    """A stand-in that runs; `base_url` is for the settings."""

    base_url: str
    asked: IO[str]
    answers: IO[str]

    def told(self) -> Told:
        """What it heard until now."""
        self.asked.write("\n")
        self.asked.flush()
        found = json.loads(self.answers.readline())
        return Told(**{**found, "about": Counter(found["about"])})


@contextlib.contextmanager
def stand_in(host: str = "127.0.0.1") -> Iterator[StandIn]:
    """One that listens at that address for as long as the block lasts."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.slack", host],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_TOP,
    ) as process:
        assert process.stdin
        assert process.stdout
        # Leaving the block closes what it reads from, and so ends it.
        yield StandIn(process.stdout.readline().strip(), process.stdin, process.stdout)


def about(metadata: dict[str, Any]) -> list[str]:
    """The fingerprints, in short, of the incidents that a message with that metadata is about."""
    marks = [metadata["incident"]] if "incident" in metadata else []
    marks += [word.partition(":")[0] for word in metadata.get("digest", "").split()]
    return [mark[:SHORT] for mark in marks]


def main(host: str) -> None:
    """Serve; print the address first, and for each line that is read what it heard so far."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with HTTPServer(host=host) as server:
        slack = Slack(server, channels=(CHANNEL,))
        _say(slack.base_url)
        for _ in sys.stdin:
            counts = Counter(mark for post in slack.posts for mark in about(post.metadata))
            replies = len(slack.messages) - len(slack.posts)
            told = Told(len(slack.posts), replies, slack.count("chat.update"), counts)
            _say(json.dumps(told._asdict()))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
