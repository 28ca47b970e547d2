"""Diffs show names and sources, never what may be a secret."""

from __future__ import annotations

import copy
from typing import Any

from tests.support import policy_samples
from tests.support.policy_samples import LEDGER, POD, live
from watchdog.actions import DeletePod, ProposedValue, RolloutUndo
from watchdog.remediation.diff import MAX_LINES, Wording, describe, shortened
from watchdog.snapshot.workloads import Change

UNDO = RolloutUndo(target=LEDGER)
REVISION = ProposedValue(None, "revision", "revision 6", 6)
SECRET = "hunter2-hunter2"


def diff(
    change: dict[str, Any], *, spec: dict[str, Any] | None = None, **wording: Any
) -> list[str]:
    after = live(**change)
    after["spec"]["template"]["spec"].update(spec or {})
    words = Wording(**{"material": REVISION, **wording})
    return describe(UNDO, live(), after, words).splitlines()


def test_no_line_break_of_a_manifest_makes_a_line_of_the_diff() -> None:
    lines = diff({"image": 'busybox\u2028+ command: ["true"]\r- x\n+ image: good:1'})

    assert [line for line in lines if line.startswith("+ ")] == [
        '+ image: busybox + command: ["true"] - x + image: good:1'
    ]


def test_an_env_value_is_spoken_of_by_its_source() -> None:
    env = [{"name": "LEVEL", "value": SECRET}, {"name": "REGION", "value": SECRET}]

    assert diff({"env": env}) == [
        "  container main:",
        "  - name: LEVEL",
        "-   value: (as it is now)",
        "+   value: (as in revision 6)",
        "+ - name: REGION",
        "+   value: (as in revision 6)",
    ]


def test_the_source_is_named_for_approvals_and_suggestions() -> None:
    env = [{"name": "LEVEL", "value": SECRET}]
    for source in ("approved by annotation", "suggested by the model"):
        material = ProposedValue(None, "approved", source)

        assert diff({"env": env}, material=material)[-1] == f"+   value: ({source})"


def test_a_harmless_value_is_shown() -> None:
    assert "+   value: debug" in diff(
        {"env": [{"name": "LEVEL", "value": "debug"}]}, harmless=("LEVEL",)
    )


def test_a_reference_is_shown_by_its_name() -> None:
    entry = {"name": "REGION", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}

    assert "+   valueFrom: secretKeyRef db url" in diff({"env": [entry]})
    assert "- - name: LEVEL" in diff({"env": [entry]})


def test_images_resources_and_probes_are_plain() -> None:
    lines = diff(
        {
            "image": "ghcr.io/shop/ledger:1",
            "resources": {"limits": {"memory": "256Mi"}},
            "readinessProbe": {"httpGet": {"path": f"/ok?token={SECRET}", "port": 80}},
        }
    )

    assert lines == [
        "  container main:",
        "- image: ghcr.io/shop/ledger:2",
        "+ image: ghcr.io/shop/ledger:1",
        "- limits.memory: 128Mi",
        "+ limits.memory: 256Mi",
        "- requests.memory: 64Mi",
        "- readinessProbe: GET /ready on port 80 (after 0 s, every 10 s, timeout 1 s, 3 failures)",
        "+ readinessProbe: GET /ok on port 80 (after 0 s, every 10 s, timeout 1 s, 3 failures)",
    ]


def test_a_command_is_shown_only_as_the_snapshot_has_it() -> None:
    changed = {"command": ["serve", f"--password={SECRET}"]}
    seen = Change(field="command", container="main", was="serve --password=…", now="serve")

    assert diff(changed)[1:] == ["- command: (as it is now)", "+ command: (as in revision 6)"]
    assert diff(changed, changes=(seen,))[1:] == [
        "- command: serve",
        "+ command: serve --password=…",
    ]


def test_nothing_that_may_be_secret_is_shown() -> None:
    after = copy.deepcopy(live())
    template = after["spec"]["template"]
    template["metadata"]["annotations"] = {"token": SECRET}
    template["spec"]["volumes"] = [{"name": "v", "csi": {"volumeAttributes": {"x": SECRET}}}]
    template["spec"]["containers"][0] |= {
        "args": [SECRET],
        "env": [{"name": "A", "value": SECRET}],
        "livenessProbe": {"exec": {"command": [SECRET]}},
        "lifecycle": {"preStop": {"exec": {"command": [SECRET]}}},
    }
    words = Wording(REVISION)

    there, back = describe(UNDO, live(), after, words), describe(UNDO, after, live(), words)

    assert SECRET not in there + back
    assert "+ volumes: (as in revision 6)" in there
    assert "- annotation token: (as it is now)" in back


def test_containers_that_come_and_go_are_named() -> None:
    spec = {"containers": [{"name": "other", "image": "x:1"}]}

    lines = diff({}, spec=spec)

    assert lines == ["- container main: ghcr.io/shop/ledger:2", "+ container other: x:1"]


def test_a_long_diff_of_what_was_done_is_cut_and_says_so() -> None:
    env = [{"name": f"A{i}", "value": "x"} for i in range(MAX_LINES)]

    whole = diff({"env": env})
    lines = shortened("\n".join(whole)).splitlines()

    assert len(whole) > MAX_LINES
    assert len(lines) == MAX_LINES + 1
    assert lines[-1].endswith("more lines)")


def test_an_eviction_says_what_happens() -> None:
    text = describe(DeletePod(target=POD), {}, {}, Wording(ProposedValue(None, "none", "")))

    assert text.startswith("- pod ledger-b-x\n")


def test_the_label_of_the_controller_is_no_change() -> None:
    after = live()
    after["spec"]["template"] = policy_samples.earlier()

    assert describe(UNDO, live(), after, Wording(REVISION)) == ""
