"""Builds the product's image from its Dockerfile where no image can be pulled from outside.

The base is made by debootstrap (80 seconds, once; kept in the cluster's cache) and given to the
Dockerfile in the place of python:3.13-slim. Only for the cluster of tests/cluster, whose node pulls
from the registry beside it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
REGISTRY = "127.0.0.1:5000"
REPOSITORY = "e2e/sre-watchdog"
BASE = "localhost/sre-watchdog-base:bookworm"
_SOURCES = ("Dockerfile", ".dockerignore", "pyproject.toml", "requirements.txt")
_MORE_SOURCES = ("requirements-build.txt", "README.md", "LICENSE")
CERTIFICATES = "/etc/ssl/certs"


def product_image(tool: Callable[[str], Path]) -> tuple[str, str]:
    """Repository and tag under which the node can pull the image of this work tree.

    The tag is a digest of what goes into it, so that an unchanged tree is built once.
    """
    tag = _digest()
    _cache().mkdir(parents=True, exist_ok=True)
    # Two files of tests may want it at once.
    with (_cache() / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make_product(tool, tag)
    return REPOSITORY, tag


def _make_product(tool: Callable[[str], Path], tag: str) -> None:
    if not _pushed(tag):
        for name in ("buildah", "debootstrap"):
            tool(name)
        _make_base()
        name = f"localhost/{REPOSITORY}:{tag}"
        pip_cache = _cache() / "pip"
        pip_cache.mkdir(parents=True, exist_ok=True)
        # The machine's own certificates: a network that inspects TLS is trusted as the host does.
        _buildah(
            "build", "--layers", "--pull-never", "--network", "host",
            "--build-arg", f"PYTHON_IMAGE={BASE}",
            "--volume", f"{pip_cache}:/root/.cache/pip",
            "--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro",
            "--tag", name, str(TOP),
        )  # fmt: skip
        _buildah("push", "--tls-verify=false", name, f"docker://{REGISTRY}/{REPOSITORY}:{tag}")
        _buildah("rmi", name)


def compressed_bytes(tag: str) -> int:
    """What a node downloads for the image."""
    accept = "application/vnd.oci.image.manifest.v1+json"
    request = urllib.request.Request(_manifest(tag), headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return sum(layer["size"] for layer in json.load(reply)["layers"])


def _make_base() -> None:
    if _buildah("images", "--quiet", "--filter", f"reference={BASE}").strip():
        return
    root = _cache() / "root"
    if not (root / "usr/bin/python3").exists() or not (root / "etc/ssl/certs").exists():
        shutil.rmtree(root, ignore_errors=True)
        packages = "--include=python3,python3-venv,ca-certificates"
        _run("debootstrap", "--variant=minbase", packages, "bookworm", str(root))
        for leftover in ("var/cache/apt/archives", "var/lib/apt/lists"):
            shutil.rmtree(root / leftover)
    made = _buildah("from", "scratch").strip()
    _buildah("add", "--quiet", made, str(root), "/")
    _buildah("commit", "--quiet", made, BASE)
    _buildah("rm", made)


def _digest() -> str:
    files = [TOP / name for name in (*_SOURCES, *_MORE_SOURCES)]
    files += sorted(
        path
        for path in (TOP / "watchdog").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    found = hashlib.sha256()
    for path in files:
        found.update(str(path.relative_to(TOP)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def _manifest(tag: str) -> str:
    return f"http://{REGISTRY}/v2/{REPOSITORY}/manifests/{tag}"


def _pushed(tag: str) -> bool:
    accept = "application/vnd.oci.image.manifest.v1+json"
    request = urllib.request.Request(_manifest(tag), headers={"Accept": accept}, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=30):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return False


def _cache() -> Path:
    default = Path.home() / ".cache" / "sre-watchdog-cluster"
    return Path(os.environ.get("CLUSTER_CACHE", default)) / "image"


def _buildah(*args: str) -> str:
    return _run("buildah", *args)


def _run(*command: str) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, "BUILDAH_ISOLATION": "chroot"},
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}: {(done.stderr or done.stdout)[-3000:]}"
    return done.stdout
