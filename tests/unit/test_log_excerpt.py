"""Claims about what is kept of a long log."""

from __future__ import annotations

import pytest

from watchdog.observation.log_excerpt import LEFT_OUT, excerpt, names_error
from watchdog.observation.no_log import in_place_of_a_log
from watchdog.text.root_record import find_telling

WORK = [f"14:15:{number % 60:02} INFO worker {number} stopped" for number in range(400)]
ERROR = "FATAL: cannot parse /etc/ledger.yml: line 7"


@pytest.mark.parametrize("at", [0, 1, 200, 399])
def test_the_error_is_kept_wherever_it_stands_in_a_long_log(at: int) -> None:
    lines = [*WORK[:at], ERROR, *WORK[at:]]

    kept = excerpt("\n".join(lines), 2000)

    assert len(kept) <= 2000
    assert ERROR in kept.splitlines()
    assert kept.splitlines()[-1] == lines[-1]
    told = find_telling(kept.splitlines())
    assert told
    assert told.sure


def test_what_is_left_out_is_stated() -> None:
    kept = excerpt("\n".join([ERROR, *WORK]), 2000).splitlines()

    gap = next(line for line in kept if line.endswith("lines left out"))
    assert int(gap.split()[1]) == 401 - (len(kept) - 1)


def test_the_first_lines_are_kept_of_a_log_that_was_read_from_its_start() -> None:
    text = "\n".join(["shop 4.1 starts", LEFT_OUT, *WORK])

    assert excerpt(text, 1000, begins=True).startswith("shop 4.1 starts\n")
    assert not excerpt(text, 1000).startswith("shop 4.1 starts\n")


def test_a_short_log_is_kept_whole() -> None:
    assert excerpt("14:15 ready\n", 1000) == "14:15 ready\n"


def test_one_line_that_is_too_long_is_cut() -> None:
    assert len(excerpt("x" * 5000, 1000)) <= 1000


def test_an_error_is_named_by_its_level_or_words_and_not_by_normal_work() -> None:
    assert names_error(f"{WORK[0]}\n{ERROR}")
    assert not names_error("\n".join(WORK))


@pytest.mark.parametrize(
    "said",
    [
        "unable to retrieve container logs for containerd://03fe9fac68f9",
        'failed to try resolving symlinks in path "/var/log/pods/a/b/0.log": lstat: no such file',
        'failed to open log file "/var/log/pods/a/b/0.log": open: no such file or directory',
        "failed to create fsnotify watcher: too many open files",
        "rpc error: code = NotFound desc = an error occurred when try to find container",
    ],
)
def test_what_the_kubelet_says_in_place_of_a_log_is_no_log(said: str) -> None:
    assert in_place_of_a_log(said)
    assert not in_place_of_a_log(f"starting\n{said}")
