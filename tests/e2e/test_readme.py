"""The README's install section, its commands run word for word on the real cluster.

Only the registry is ours: the node finds there, under the names that chart and manifests give, the
image of this work tree and a Pushgateway.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.handle import PATIENCE, Cluster, NotYetError, poll
from tests.e2e.crashes import AT_ANY_MOMENT, statuses
from tests.e2e.images import REGISTRY, TOP, product_image
from tests.support.cluster_fixtures import PATIENT, SCRIPT, run_watchdog

pytestmark = pytest.mark.cluster
SECTION = re.search(
    r"^## Install it$(.*?)^## ", (TOP / "README.md").read_text(), re.MULTILINE | re.DOTALL
)
assert SECTION
FENCED = [block.strip() for block in re.findall(r"```\n(.*?)```", SECTION[1], re.DOTALL)]
PLAIN = "kubectl apply -k deploy/"
UNINSTALL = "helm uninstall watchdog --namespace sre"
WHOLE = [
    block.strip()
    for block in re.findall(r"```\n(.*?)```", (TOP / "README.md").read_text(), re.DOTALL)
]
BROKEN = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: ledger}}
spec:
  selector: {{matchLabels: {{app: ledger}}}}
  template:
    metadata: {{labels: {{app: ledger}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: ledger
        image: busybox:1.36
        command: [sh, -c, ': "${{REGION:?must be set}}"; sleep 3600']
        env: {env}
"""
WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: demo}
spec:
  selector: {matchLabels: {app: demo}}
  template:
    metadata: {labels: {app: demo}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: "busybox:1.36", command: [sleep, "3600"]}]
"""


@dataclass(frozen=True)
class Reader:
    """Someone with a cluster, helm and kubectl, at the top of the work tree."""

    cluster: Cluster
    path: str

    def types(self, block: str) -> str:
        """Run what stands in a fenced block; returns all that it printed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=TOP,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                **PATIENT,
                "PATH": self.path,
                "KUBECONFIG": str(self.cluster.kubeconfig),
            },
            timeout=4 * PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def env(self, ns: str, cronjob: str) -> dict[str, str]:
        spec = self.cluster.json("cronjob", ns, cronjob)["spec"]["jobTemplate"]["spec"]
        (container,) = spec["template"]["spec"]["containers"]
        return {entry["name"]: entry.get("value", "") for entry in container["env"]}


@pytest.fixture(scope="module")
def reader(
    cluster: Cluster, tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    if cluster.origin != "own":
        pytest.skip("the image is built into the registry of tests/cluster only")
    home = tmp_path_factory.mktemp("reader")
    publish(cluster, tool, home)
    commands = home / "bin"
    commands.mkdir()
    (commands / "helm").symlink_to(tool("helm4"))
    (commands / "kubectl").symlink_to(cluster.kubectl_command)
    with namespace(cluster, "shop"), namespace(cluster, "web"), gone_after(cluster, "sre"):
        for ns in ("shop", "web"):
            cluster.apply(WORKLOAD, ns)
            cluster.rolled_out("demo", ns)
        reader = Reader(cluster, f"{commands}:{os.environ['PATH']}")
        try:
            yield reader
        finally:
            reader.types(f"{UNINSTALL} --ignore-not-found --wait")


@pytest.fixture(scope="module")
def installed(reader: Reader) -> str:
    """What the first block prints."""
    return reader.types(FENCED[0])


@pytest.fixture(scope="module")
def tried(reader: Reader, installed: str) -> str:
    """What the second block prints: check it, run it, let it act."""
    assert installed
    return reader.types(FENCED[1])


def test_the_readme_from_its_top_heals_and_installs_twice_on_one_cluster(reader: Reader) -> None:
    """In the README's own order: what a command makes must not stop the next one, nor the same."""
    commands = [block for block in WHOLE if block.split()[0] in {"make", "helm"}]
    assert [block.split()[:2] for block in commands] == [
        ["make", "demo"], ["make", "setup"], ["helm", "install"], ["helm", "test"],
    ]  # fmt: skip
    for number in (1, 2):
        reader.cluster.apply(BROKEN.format(env="[{name: REGION, value: eu}]"), "shop")
        reader.cluster.rolled_out("ledger", "shop")
        reader.cluster.apply(BROKEN.format(env="[]"), "shop")
        poll(lambda: crashes(reader.cluster), "ledger to crash twice")

        demo = reader.types(commands[0])
        assert "1 problem, 1 fixed" in demo
        # The dry run says what it would do, and the run does it.
        by_hand = reader.types(commands[1])
        assert "would be applied" in by_hand, by_hand
        assert "✓ healthy" in by_hand.partition("would be applied")[2], by_hand
        install = reader.types(commands[2])
        assert "It changes nothing" in install
        poll(lambda: quiet(reader.cluster), "the pods that were replaced to be forgotten", 1)
        check = reader.types(commands[3])

        report = report_in(check)
        assert (report["mode"], report["result"]) == ("act", "ok"), f"round {number}"
        found = [one for item in report["namespaces"] for one in item["findings"]]
        assert found == [], f"round {number}: {json.dumps(found)}"
        removed(reader)
        reader.cluster.kubectl("delete", "deployment/ledger", "-n", "shop", "--wait")


def removed(reader: Reader) -> None:
    """Uninstall between two passes: one that is at work loses its rights with the release.

    Then it cannot release the Lease of what a pass by hand made, which holds the next one back
    until it expires.
    """
    name = "cronjob/watchdog-sre-watchdog"
    reader.cluster.kubectl("patch", name, "-n", "sre", "-p", '{"spec": {"suspend": true}}')
    poll(lambda: ended(reader.cluster.json("jobs", "sre")["items"]), "the passes to end")
    reader.types(f"{UNINSTALL} --wait")


def ended(jobs: list[dict[str, Any]]) -> bool:
    """Whether each of them has completed or failed."""
    conditions = [job.get("status", {}).get("conditions", []) for job in jobs]
    return all(
        any(one["type"] in {"Complete", "Failed"} and one["status"] == "True" for one in each)
        for each in conditions
    )


def quiet(cluster: Cluster) -> bool:
    """Whether nothing is found any more: a busy machine may still be clearing up after a repair."""
    look = ("run", "-n", "shop", "-n", "web", "--dry-run", "-o", "json")
    done = run_watchdog(*look, kubeconfig=cluster.kubeconfig)
    assert done.returncode == 0, done.stderr
    parts = json.loads(done.stdout)["namespaces"]
    if found := [one for part in parts for one in part["findings"]]:
        raise NotYetError(json.dumps(found))
    return True


def crashes(cluster: Cluster) -> bool:
    """Whether a pod of the new revision has failed twice."""
    found = statuses(cluster.json("pods", "shop")["items"])
    return any(each["name"] == "ledger" and each["restartCount"] >= AT_ANY_MOMENT for each in found)


def test_the_section_has_the_commands_that_are_run_here() -> None:
    assert SECTION
    assert [block.split()[:2] for block in FENCED] == [["helm", "install"], ["helm", "test"]]
    assert f"`{PLAIN}`" in SECTION[1]
    assert f"`{UNINSTALL}`" in SECTION[1]


def test_the_install_command_installs_what_the_section_says(reader: Reader, installed: str) -> None:
    env = reader.env("sre", "watchdog-sre-watchdog")

    assert "It changes nothing: every namespace is in mode observe." in installed
    assert env["SRE_AGENT_NAMESPACES"] == "shop,web"
    roles = [reader.cluster.json("role", ns)["items"] for ns in ("shop", "web")]
    assert all(len(held) == 1 for held in roles)
    assert reader.cluster.json("role", "sre")["items"] == []


def test_the_checks_and_a_pass_by_hand_and_the_upgrade_work(reader: Reader, tried: str) -> None:
    report = report_in(tried)

    assert "Succeeded" in tried
    # Not only whether all is well, but what was asked and what would be better.
    assert "All that a pass needs works." in tried
    assert (report["mode"], report["result"]) == ("act", "ok")
    assert [item["namespace"] for item in report["namespaces"]] == ["shop", "web"]
    # What the last command changed: from now on it acts.
    policies = json.loads(reader.env("sre", "watchdog-sre-watchdog")["SRE_AGENT_POLICIES"])
    assert {policy["mode"] for policy in policies.values()} == {"act"}
    (role,) = reader.cluster.json("role", "shop")["items"]
    assert "patch" in {verb for rule in role["rules"] for verb in rule["verbs"]}


def test_the_checks_and_the_pass_by_hand_can_be_typed_again(reader: Reader, tried: str) -> None:
    again = report_in(reader.types(FENCED[1]))

    assert again["started_at"] > report_in(tried)["started_at"]


def test_what_the_notes_print_works_too(reader: Reader, installed: str, tried: str) -> None:
    assert tried
    said = dict(re.findall(r"^(Run it now|Read it|Stop it): +(.+)$", installed, re.MULTILINE))

    for _ in range(2):
        reader.types(said["Run it now"])
        report = report_in(reader.types(said["Read it"]))
    reader.types(said["Stop it"])

    assert (report["mode"], report["result"]) == ("act", "ok")
    assert reader.cluster.json("cronjob", "sre", "watchdog-sre-watchdog")["spec"]["suspend"]
    # An upgrade is not refused because of it, and does not start what a person stopped.
    upgraded = reader.types("helm upgrade watchdog ./helm --namespace sre --reuse-values")
    assert "it was suspended before this upgrade" in upgraded
    assert reader.cluster.json("cronjob", "sre", "watchdog-sre-watchdog")["spec"]["suspend"]


def test_the_plain_manifests_run_a_pass_and_push_to_their_own_pushgateway(reader: Reader) -> None:
    ns = "sre-watchdog"
    with gone_after(reader.cluster, ns):
        reader.types(PLAIN)
        try:
            (cronjob,) = reader.cluster.json("cronjob", ns)["items"]
            name = cronjob["metadata"]["name"]
            pushgateway = f"{name}-pushgateway"
            reader.cluster.rolled_out(pushgateway, ns)
            address = reader.cluster.json("service", ns, pushgateway)["spec"]["clusterIP"]
            # The node forwards to a Service's pods a moment after they are ready.
            poll(lambda: forwards(address), "the node to know the Service's pods")
            reader.types(f"kubectl -n {ns} create job --from=cronjob/{name} now")
            reader.cluster.completed("now", ns)
            said = reader.types(f"kubectl -n {ns} logs job/now")
        finally:
            reader.types(f"kubectl delete -k deploy/ --ignore-not-found --timeout={PATIENCE}s")

    report = report_in(said)
    pushed = [d["ok"] for d in report["deliveries"] if d["to"] == "pushgateway"]
    assert pushed == [True, True]


def report_in(said: str) -> dict[str, Any]:
    """The report, which is JSON between lines of a log."""
    found: dict[str, Any] = json.JSONDecoder().raw_decode(said[said.index('{"version"') :])[0]
    return found


def publish(cluster: Cluster, tool: Callable[[str], Path], home: Path) -> None:
    """Put both images where the node asks for their public names, and forget what it had pulled."""
    values = yaml.safe_load((TOP / "helm/values.yaml").read_text())
    version = yaml.safe_load((TOP / "helm/Chart.yaml").read_text())["appVersion"]
    name = f"{values['image']['repository']}:{version}"
    ours, tag = product_image(tool)
    at = f"docker://{REGISTRY}"
    run("skopeo", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false",
        f"{at}/{ours}:{tag}", f"{at}/{name}")  # fmt: skip
    forget = ("ctr", "-a", str(cluster.kubeconfig.parent / "containerd.sock"), "-n", "k8s.io")
    run(*forget, "images", "rm", f"{values['image']['registry']}/{name}")
    rootfs = home / "pushgateway"
    binary = tool("pushgateway")
    for file, to in [(binary, "bin/pushgateway"), *((Path(p), p[1:]) for p in libraries(binary))]:
        (rootfs / to).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, rootfs / to)
    bundled = values["pushgateway"]["bundled"]["image"]
    run(str(SCRIPT), "image", bundled, str(rootfs), "/bin/pushgateway")


@contextlib.contextmanager
def namespace(cluster: Cluster, name: str) -> Iterator[None]:
    """A namespace of just that name, once no one else has it."""
    with gone_after(cluster, name):
        cluster.kubectl("create", "namespace", name)
        yield


@contextlib.contextmanager
def gone_after(cluster: Cluster, name: str) -> Iterator[None]:
    """Wait until there is no such namespace, and leave none behind."""
    look = ("get", "namespace", name, "--ignore-not-found", "-o", "name")
    poll(lambda: not cluster.kubectl(*look), f"the namespace {name} to be free", 1)
    try:
        yield
    finally:
        cluster.kubectl("delete", "namespace", name, "--ignore-not-found", f"--timeout={PATIENCE}s")


def forwards(address: str) -> bool:
    """Whether kube-proxy sends what is for a Service's address to a pod."""
    rules = run("iptables-save", "-t", "nat").splitlines()
    return any(f"-d {address}/32 " in rule and "-j KUBE-SVC-" in rule for rule in rules)


def libraries(binary: Path) -> list[str]:
    """What it is linked to: nothing where it was built from its module, as the newest one is."""
    done = subprocess.run(("ldd", str(binary)), capture_output=True, text=True, check=False)
    assert done.returncode == 0 or "not a dynamic executable" in done.stderr, done.stderr
    return re.findall(r"(/\S+) \(0x", done.stdout)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout
