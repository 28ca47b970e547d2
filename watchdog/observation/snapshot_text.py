"""The snapshot as structured text with short ids, for a model and for `sre-watchdog snapshot`.

Sick owners come first, each with its pods, events, revisions and logs; what looks the same is
folded. Text that was written by programs in the cluster stands in double quotes or behind `|`, and
is cleaned so that it can leave neither. The words for each thing are section_text.py's, owners.py's
and specs.py's; judging and redacting happen elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from watchdog.observation import section_text
from watchdog.observation.owner_text import Detail, OwnerText, config_maps, groups, owners
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.text.sanitize import clean, clipped, quoted, visible

_PREFIXES = {
    "Deployment": "D",
    "StatefulSet": "S",
    "DaemonSet": "W",
    "Job": "J",
    "CronJob": "C",
    "Pod": "P",
    "PersistentVolumeClaim": "V",
    "Service": "SVC",
    "HorizontalPodAutoscaler": "H",
    "PodDisruptionBudget": "B",
    "ConfigMap": "M",
}
_DETAILS = (
    Detail(log_lines=60, events=12, line=400),
    Detail(log_lines=25, events=8, line=300),
    Detail(log_lines=12, events=5, line=240),
    Detail(log_lines=6, events=3, line=200, pods=3),
    Detail(log_lines=3, events=2, line=160, spec=False, pods=2),
    Detail(log_lines=1, events=1, line=120, spec=False, pods=1),
    Detail(log_lines=0, events=1, line=80, spec=False, pods=1),
)


@dataclass(frozen=True)
class SnapshotText:
    """The text, which object each id in it stands for, and what was left out of it, in words."""

    text: str
    ids: dict[str, ObjectRef]
    cuts: tuple[str, ...] = ()


def to_text(snapshot: ClusterSnapshot, *, max_chars: int) -> SnapshotText:
    """The snapshot as text of at most `max_chars` characters.

    Logs and events are shortened first, then pods that look different and what containers were
    told to be, then whole owners are left out from the healthiest up; each of these is stated in
    the text and in `cuts`. Where not even that has room, the text ends in a word on it.
    """
    ids = _number(snapshot)
    for detail in _DETAILS:
        shortened: Counter[str] = Counter()
        blocks = list(_blocks(snapshot, ids, detail, shortened))
        cuts = [str(cut) for cut in snapshot.cuts]
        cuts += [f"{count} {what}" for what, count in sorted((+shortened).items())]
        text = _joined(snapshot, blocks, cuts)
        if len(text) <= max_chars:
            return SnapshotText(text, ids, tuple(cuts))
    for kept in range(len(blocks) - 1, -1, -1):
        left_out = f"{len(blocks) - kept} of {len(blocks)} owners and sections, the healthiest"
        text = _joined(snapshot, blocks[:kept], [*cuts, left_out])
        if len(text) <= max_chars:
            break
    return SnapshotText(clipped(text, max_chars), ids, (*cuts, left_out))


def _joined(snapshot: ClusterSnapshot, blocks: list[list[str]], cuts: list[str]) -> str:
    lines = [*_head(snapshot, cuts), *(line for block in blocks for line in ("", *block))]
    # Whatever a name or a reason holds, it starts no line of its own.
    return "\n".join(visible(line).replace("\n", " ") for line in lines)


def _number(snapshot: ClusterSnapshot) -> dict[str, ObjectRef]:
    """Ids in the order of the text. A pod that looks like one before it gets none."""
    refs: list[ObjectRef] = []
    for owner in owners(snapshot):
        refs += [owner, *(group[0].ref for group in groups(snapshot.pods_of(owner)))]
        refs += config_maps(snapshot.workload(owner))
    refs += [item.ref for item in snapshot.claims]
    refs += [item.ref for item in snapshot.services]
    refs += [item.ref for item in snapshot.autoscalers]
    refs += [item.ref for item in snapshot.disruption_budgets]
    refs += [item.ref for item in snapshot.custom_resources]
    counts: Counter[str] = Counter()
    ids = {}
    for ref in dict.fromkeys(refs):
        prefix = _PREFIXES.get(ref.kind, "X")
        counts[prefix] += 1
        ids[f"{prefix}{counts[prefix]}"] = ref
    return ids


def _head(snapshot: ClusterSnapshot, cuts: list[str]) -> Iterator[str]:
    where = f" on cluster {clean(snapshot.cluster, 80)}" if snapshot.cluster else ""
    chosen = f", only {clean(snapshot.label_selector, 120)}" if snapshot.label_selector else ""
    yield f"NAMESPACE {snapshot.namespace}{where} at {snapshot.taken_at:%Y-%m-%d %H:%M:%SZ}{chosen}"
    if snapshot.objects:
        counts = ", ".join(f"{count} {what}" for what, count in sorted(snapshot.objects.items()))
        yield f"  counted: {counts}"
    for blind in snapshot.blind_spots:
        yield f"  could not read {clean(blind.what, 80)}: {quoted(blind.why, 200)}"
    if cuts:
        yield f"  left out: {'; '.join(cuts)}"


def _blocks(
    snapshot: ClusterSnapshot,
    ids: dict[str, ObjectRef],
    detail: Detail,
    shortened: Counter[str],
) -> Iterator[list[str]]:
    """One block of lines for each owner, then the sections of the rest."""
    names = {ref: f"{id_} {ref}" for id_, ref in ids.items()}
    teller = OwnerText(snapshot, names, detail, shortened)
    for owner in owners(snapshot):
        yield list(teller.lines(owner))
    for section in (
        section_text.nodes,
        section_text.custom_resources,
        section_text.claims,
        section_text.services,
        section_text.configmaps,
        section_text.bounds,
    ):
        lines = section(snapshot, names)
        if lines:
            yield lines
    left = list(teller.events_left())
    if left:
        yield ["OTHER EVENTS", *left]
