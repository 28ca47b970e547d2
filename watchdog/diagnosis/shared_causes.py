"""One root cause, not ten symptoms: which findings have the same cause, or are another's doing.

Pure. Two findings belong together where their kinds name the same cause (`facts["cause"]`: a
ConfigMap, a registry, a quota), or where one fails without what the other has broken: its log
says that a Service does not answer, and the other is about that Service or the pods behind it. So
it is with a Secret that a custom resource was to write, and with a custom resource that names
another one as what it works with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from watchdog.detection.log_lines import unreachable_service
from watchdog.model.diagnosis import Cause, Finding
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClusterSnapshot


def with_causes(findings: Sequence[Finding], snapshot: ClusterSnapshot) -> tuple[Finding, ...]:
    """The findings, each with the cause that it shares with others, if it does.

    The order stays, but findings of one cause follow the first of them; what caused the others
    leads.
    """
    roots = [_root(index, findings, snapshot) for index in range(len(findings))]
    groups: dict[str, list[int]] = {}
    for index, root in enumerate(roots):
        own = findings[root].facts.get("cause")
        groups.setdefault(own or f"finding {root}", []).append(index)
    done: list[Finding] = []
    for members in groups.values():
        members.sort(key=lambda index: roots[index] != index)
        first = findings[roots[members[0]]]
        what = first.facts.get("cause") or f"{first.target}: {first.summary}"
        for index in members:
            finding, leads = findings[index], findings[roots[index]]
            cause = Cause(what=what, of=leads.target if leads != finding else None)
            shared = len(members) > 1
            done.append(finding.model_copy(update={"cause": cause}) if shared else finding)
    return tuple(done)


def problems(findings: Iterable[Finding]) -> tuple[tuple[Finding, ...], ...]:
    """The findings, those with a common cause together; the first of each leads."""
    groups: dict[str, list[Finding]] = {}
    for index, finding in enumerate(findings):
        key = f"cause {finding.cause.what}" if finding.cause else f"finding {index}"
        groups.setdefault(key, []).append(finding)
    return tuple(tuple(group) for group in groups.values())


def _root(index: int, findings: Sequence[Finding], snapshot: ClusterSnapshot) -> int:
    """The finding at the start of the chain of wants; itself where it wants for nothing."""
    seen = [index]
    while True:
        found = _wanted(seen[-1], findings, snapshot)
        if found is None:
            return seen[-1]
        if found in seen:
            # Each lacks the other: neither is known to be the cause.
            return index
        seen.append(found)


def _wanted(index: int, findings: Sequence[Finding], snapshot: ClusterSnapshot) -> int | None:
    """The finding on what this one misses: what was to write its Secret, or what its log names."""
    if snapshot.custom_resources:
        above = _custom_above(findings[index], snapshot)
        for other, finding in enumerate(findings):
            if other != index and finding.target in above:
                return other
    logged = [line.text for line in findings[index].evidence if line.kind == "log"]
    if not logged:
        return None
    for other, finding in enumerate(findings):
        if other != index and any(
            unreachable_service(line, ref)
            for ref in _services(finding, snapshot)
            for line in logged
        ):
            return other
    return None


def _custom_above(finding: Finding, snapshot: ClusterSnapshot) -> set[ObjectRef]:
    """The custom resources, not well themselves, that this finding may come from."""
    facts = finding.facts
    missed = facts.get("object"), facts.get("name")
    found = {
        item.ref
        for item in snapshot.custom_resources
        if any((ref.kind, ref.name) == missed for ref in item.makes)
    }
    own = next((item for item in snapshot.custom_resources if item.ref == finding.target), None)
    if own is not None:
        found |= {item.ref for item in snapshot.custom_resources if own.works_with(item)}
    return found - {finding.target}


def _services(finding: Finding, snapshot: ClusterSnapshot) -> tuple[ObjectRef, ...]:
    """The Services that do not answer because of the finding."""
    if finding.target.kind == "Service":
        return (finding.target,)
    workload = snapshot.workload(finding.target)
    if workload is None:
        return ()
    labels = workload.template.labels.items()
    return tuple(
        service.ref
        for service in snapshot.services
        if service.selector and service.selector.items() <= labels and not service.ready_endpoints
    )
