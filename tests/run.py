"""Runs every test: what only computes beside what mostly waits for a cluster, and one summary line.

`python -m tests.run` is what `make test` calls. The exit code is 0 only if both groups passed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.support.cluster_fixtures import built, missing_for_own_cluster

HERE = Path(__file__).parent
SAID = 1000
"""Characters of what a failed test said that are said again in the end."""
TOOLS = (
    *("helm4", "helm3", "kubeconform", "promtool", "alertmanager", "amtool", "pushgateway"),
    *("buildah", "debootstrap", "faketime"),
)


@dataclass(frozen=True)
class Group:
    """Calls of pytest, one after another, with a label for their lines of output."""

    label: str
    calls: tuple[tuple[str, ...], ...]
    nice: int = 0
    """How far it steps back where another group wants the processor too."""


GROUPS = (
    # They compute, and where they wait the other process computes. What e2e does comes first, as it
    # lasts longest: it needs the processor seldom, and then at once.
    Group(
        "unit",
        (("tests/unit", "tests/component", "tests/chart", "-n", "2", "--dist", "loadfile"),),
        nice=5,
    ),
    Group(
        "e2e",
        (
            # Most wait for rollouts. A file's tests share its namespaces, so a file stays whole.
            ("tests/e2e", "-m", "not alone", "-n", "3", "--dist", "loadfile"),
            # These stop the API server that the others use.
            ("tests/e2e", "-m", "alone"),
        ),
    ),
)


def main() -> int:
    """Run the groups side by side; print their lines as they come, then the sum."""
    known = (built() / "kube").exists()
    minutes = (
        "about 15 minutes" if known else "about 30 minutes, 12 of them to build a cluster once"
    )
    print(f"All tests: {minutes} on two cores.", flush=True)
    started = time.monotonic()
    _build()
    with tempfile.TemporaryDirectory() as folder:
        with ThreadPoolExecutor(len(GROUPS)) as pool:
            counted = list(pool.map(lambda group: _run(group, Path(folder)), GROUPS))
        counts = sum(counted, Counter[str]())
        failures = list(_failures(Path(folder)))
    if os.environ.get("CI") == "true":
        # Elsewhere the clusters stay, so that the next run starts at once.
        subprocess.run([HERE / "cluster" / "cluster", "down"], capture_output=True, check=False)
    for failure in failures:
        print(failure)
    print(f"{(time.monotonic() - started) / 60:.0f} minutes in all")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return int(counts["failed"] > 0 or not counts["passed"])


def _build() -> None:
    """Build the cluster and the tools that tests ask for, where this machine can.

    Before the tests, as many of them watch a clock and a compiler takes all cores. What fails here
    is said by the tests that need it.
    """
    if missing_for_own_cluster():
        return
    for command in (["cluster", "build"], ["tools", *TOOLS]):
        path = HERE / "cluster" / command[0]
        subprocess.run([path, *command[1:]], stdout=subprocess.DEVNULL, check=False)


def _run(group: Group, folder: Path) -> Counter[str]:
    """Run the calls of a group and print their lines; how many tests passed, failed, were skipped.

    A call that ends badly without a failed test counts as one.
    """
    counts: Counter[str] = Counter()
    for number, arguments in enumerate(group.calls):
        report = folder / f"{group.label}-{number}.xml"
        command = ["nice", "-n", str(group.nice), sys.executable, "-m", "pytest", "-q"]
        command += [f"--junitxml={report}", *arguments]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as process:
            assert process.stdout
            for line in process.stdout:
                print(f"[{group.label}] {line}", end="", flush=True)
        found = _counts(report)
        if process.returncode and not found["failed"]:
            found["failed"] += 1
        counts += found
    return counts


def _counts(report: Path) -> Counter[str]:
    """How many tests passed, failed and were skipped; a group without a report failed as one."""
    if not report.exists():
        return Counter(failed=1)
    counts: Counter[str] = Counter()
    for suite in ET.parse(report).getroot().iter("testsuite"):
        number = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
        bad = number["failures"] + number["errors"]
        counts["failed"] += bad
        counts["skipped"] += number["skipped"]
        counts["passed"] += max(0, number["tests"] - bad - number["skipped"])
    return counts


def _failures(folder: Path) -> Iterator[str]:
    """A line for each failed test, said last, as a long output is often cut to its end."""
    for report in sorted(folder.glob("*.xml")):
        for case in ET.parse(report).getroot().iter("testcase"):
            for outcome in (*case.findall("failure"), *case.findall("error")):
                said = " ".join(outcome.get("message", "").split())[:SAID]
                yield f"FAILED {case.get('classname')}::{case.get('name')}: {said}"


if __name__ == "__main__":
    sys.exit(main())
