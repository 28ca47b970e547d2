"""What the benches make of their figures; that they run is seen by `make bench`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import jobs, page, soak, tables
from benchmarks.cost import Case, Row, cases
from benchmarks.estate import Estate
from benchmarks.measure import BenchError, Counted, Timed
from benchmarks.plot import plot
from benchmarks.slack import Told, about
from benchmarks.soak import Sample, Tally
from tests.support.memory_samples import NOW, incident

SVG = "{http://www.w3.org/2000/svg}"


def row(pods: int, broken: int, *, peer: Timed | None = None) -> Row:
    ours = Timed(pods / 5000, 0.5, 60.0, "{}")
    return Row(Case(pods, broken, 1), ours, Counted(20, 700_000, 10 * broken), 28_000_000, 0, peer)


def sample(number: int) -> Sample:
    return Sample(number, 70.0, 12, 4, 5, 81_000, 900, 2, 3 * number, number, 5, 6)


def job(number: int, seconds: float = 5.0, peak_mb: float = 50.0) -> jobs.Sample:
    return jobs.Sample(number, "nothing", seconds, peak_mb, 900, 1, 2, 2, 5, 6, 4, 4, 1, 3)


def told(**about: int) -> Told:
    return Told(len(about), 0, 0, Counter(about))


def test_one_number_varies_at_a_time_and_every_size_is_measured_healthy_too() -> None:
    wanted = cases((1000, 5000, 20_000), (0, 20, 200), (1, 10))

    assert {case.pods for case in wanted if case.broken == 0} == {1000, 5000, 20_000}
    assert Case(5000, 200, 1) in wanted
    assert Case(5000, 20, 10) in wanted
    assert Case(20_000, 200, 1) not in wanted
    assert len(wanted) == len(set(wanted)) == 8


def test_a_case_of_its_own_is_measured_with_the_others() -> None:
    assert Case(20_000, 40, 500) in cases((1000,), (0,), (1,), ("20000/40/500",))


@pytest.mark.parametrize("text", ["20000", "20000/40", "20000/some/500", "1/2/3/4", "20000//500"])
def test_a_case_that_is_none_is_named_with_what_to_write(text: str) -> None:
    with pytest.raises(BenchError, match=f"{text}: write PODS/BROKEN/NAMESPACES"):
        cases((1000,), (0,), (1,), (text,))


def test_an_estate_spreads_its_deployments_evenly_over_its_namespaces() -> None:
    estate = Estate(100, 4)

    counts = [sum(ns == name for ns, _ in estate.apps) for name in estate.names]
    assert counts == [5, 5, 5, 5]
    assert len({app for _, app in estate.apps}) == 20


def test_ratios_are_shown_only_where_a_peer_ran() -> None:
    alone, _ = tables.cost_table([row(1000, 0)])
    heads, (line,) = tables.cost_table([row(5000, 0, peer=Timed(4.0, 3.0, 120.0, ""))])

    assert not [head for head in alone if "ratio" in head]
    assert line[heads.index("time ratio")] == "0.25"
    assert line[heads.index("memory ratio")] == "0.50"
    assert line[heads.index("of a full list")] == "2.5%"


def test_the_plot_is_a_drawing_with_a_chart_for_each_figure() -> None:
    drawing = ET.fromstring(plot([row(n, b) for n in (1000, 5000) for b in (0, 20)]))

    titles = [text.text for text in drawing.iter(f"{SVG}text") if text.get("font-weight")]
    assert "seconds by pods" in titles
    assert "prompt tokens by broken" in titles
    assert len(list(drawing.iter(f"{SVG}polyline"))) > len(titles)


def test_the_page_has_a_place_for_what_each_bench_writes() -> None:
    text = page.PAGE.read_text(encoding="utf-8")

    for section in ("cost", "shards", "soak", "jobs"):
        assert text.count(f"<!-- {section}: written by python -m benchmarks -->") == 1
        assert text.count(f"<!-- /{section} -->") == 1


def test_a_soaks_table_shows_the_first_pass_and_the_last_and_adds_up_findings() -> None:
    heads, lines = soak.table([sample(number) for number in range(1, 201)])

    passes = [line[heads.index("after pass")] for line in lines]
    assert passes == ["1", "10", "40", "80", "120", "160", "200"]
    assert lines[-1][heads.index("findings so far")] == "400"
    assert lines[-1][heads.index("incidents begun")] == "600"
    assert lines[-1][heads.index("Slack messages")] == "200"


def test_an_incident_that_goes_on_or_comes_back_soon_is_counted_once() -> None:
    tally = Tally()
    over = incident(state="resolved", resolved_at=NOW)

    for each in (incident(), incident(), over, incident(reopened=1)):
        tally.note([each])

    assert tally.begun == 1


def test_an_incident_that_comes_back_as_a_new_one_is_counted_again() -> None:
    tally = Tally()

    for each in (incident(), incident(state="resolved", resolved_at=NOW), incident()):
        tally.note([each])

    assert tally.begun == 2
    tally.check(told(**{"0" * 16: 2}))


def test_another_face_of_an_incident_is_the_same_one_told_under_either() -> None:
    tally = Tally()

    tally.note([incident()])
    tally.note([incident(fingerprint=f"{7:016x}", kind="oom_killed")])

    assert tally.begun == 1
    tally.check(told(**{"0" * 16: 1}))
    tally.check(told(**{f"{7:016x}": 1}))


def test_a_second_message_for_one_incident_fails_the_soak() -> None:
    tally = Tally()
    tally.note([incident()])

    with pytest.raises(
        BenchError, match="more than one message for one incident: 0000000000000000"
    ):
        tally.check(told(**{"0" * 16: 2}))


def test_a_soak_that_tells_no_one_fails() -> None:
    tally = Tally()
    tally.note([incident()])

    with pytest.raises(BenchError, match="Slack heard of none"):
        tally.check(told())


def test_a_message_says_of_which_incidents_it_is_alone_or_as_a_digest() -> None:
    assert about({"incident": "ab" * 16, "since": 1}) == ["ab" * 8]
    assert about({"digest": "00ab:65 00cd:66"}) == ["00ab", "00cd"]
    assert about({"said": "00ab:1:resolved"}) == []


def test_a_table_of_jobs_tells_of_all_passes_since_the_line_above() -> None:
    slow, large = job(15, seconds=40.0), job(17, peak_mb=61.25)
    samples = [{15: slow, 17: large}.get(number, job(number)) for number in range(1, 21)]

    heads, lines = jobs.table(samples)

    assert [line[0] for line in lines] == ["1", "4", "8", "12", "16", "20"]
    assert [line[heads.index("seconds, median")] for line in lines] == ["5.0"] * 6
    assert [line[heads.index("peak MB")] for line in lines] == ["50.0"] * 5 + ["61.2"]
    assert lines[-1][heads.index("seconds, most")] == "5.0"
    assert lines[-2][heads.index("seconds, most")] == "40.0"


@pytest.mark.parametrize("top", ["memory/cluster", "cluster"])
def test_the_peak_of_a_pod_is_that_of_its_largest_process(tmp_path: Path, top: str) -> None:
    cgroups, processes = tmp_path / "cgroup", tmp_path / "proc"
    for pid, kib in ((11, 600), (12, 51_200)):
        group = cgroups / top / "kubepods" / "burstable" / "podu-1" / f"container-{pid}"
        group.mkdir(parents=True)
        (group / "cgroup.procs").write_text(f"{pid}\n13\n")
        (processes / str(pid)).mkdir(parents=True)
        (processes / str(pid) / "status").write_text(f"Name:\tx\nVmHWM:\t{kib} kB\nVmRSS:\t1 kB\n")

    assert jobs.peak_mb("u-1", cgroups, processes) == 50.0
    assert jobs.peak_mb("u-2", cgroups, processes) == 0.0


def test_all_that_the_jobs_break_is_repaired_before_they_begin_again() -> None:
    repaired = [change.variable and change.image and change.awaited for change in jobs.CHANGES]
    broken = [not (change.variable and change.image) for change in jobs.CHANGES]

    assert max(n for n, is_ in enumerate(broken) if is_) < max(
        n for n, is_ in enumerate(repaired) if is_
    )
