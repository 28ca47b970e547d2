"""What several clusters of tests/cluster on one machine have in common: nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support.cluster_fixtures import SCRIPT


def test_clusters_in_two_folders_of_one_name_share_no_pods(tmp_path: Path) -> None:
    """The kubelet ends whatever it does not know in its control group, and so does `down`."""
    one, other = (shared_names(tmp_path / each / "cluster") for each in ("one", "other"))

    assert [len(set(pair)) for pair in zip(one, other, strict=True)] == [2, 2], (one, other)


def shared_names(folder: Path) -> list[str]:
    """Under which names a cluster's pods lie in what the machine's clusters share."""
    say = 'trap \'echo "$network" "$cgroup"\' EXIT; . "$0"'
    done = subprocess.run(
        ["bash", "-c", say, str(SCRIPT)],
        env={**os.environ, "CLUSTER_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split()
