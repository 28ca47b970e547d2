"""A kubeconfig that holds keys inline: what is written to disk for them goes with the pass."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml

from tests.support.cluster_fixtures import run_watchdog

INLINE = base64.b64encode(b"made-up key").decode()


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"certificate-authority-data": INLINE}, "certificate authority"),
        ({"insecure-skip-tls-verify": True}, "client certificate and key"),
    ],
)
def test_no_key_stays_on_disk_and_one_that_cannot_be_used_is_named(
    tmp_path: Path, part: dict[str, object], says: str
) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    user = {"client-certificate-data": INLINE, "client-key-data": INLINE}
    cluster = {"server": "https://api.example.com:6443", **part}
    content = {
        "current-context": "prod",
        "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "ops"}}],
        "clusters": [{"name": "prod", "cluster": cluster}],
        "users": [{"name": "ops", "user": user}],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")

    done = run_watchdog("run", "-n", "shop", kubeconfig=path, env={"TMPDIR": str(folder)})

    assert done.returncode == 2
    wanted = f"cannot use the {says} given for the API server https://api.example.com:6443: "
    assert wanted in done.stderr
    assert list(folder.rglob("*")) == []
