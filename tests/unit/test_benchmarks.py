"""What the benches make of their figures; that they run is seen by `make bench`."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from benchmarks import page, tables
from benchmarks.cost import Case, Row, cases
from benchmarks.estate import Estate
from benchmarks.measure import Counted, Timed
from benchmarks.plot import plot

SVG = "{http://www.w3.org/2000/svg}"


def row(pods: int, broken: int, *, peer: Timed | None = None) -> Row:
    ours = Timed(pods / 5000, 0.5, 60.0, "{}")
    return Row(Case(pods, broken, 1), ours, Counted(20, 700_000, 10 * broken), 28_000_000, 0, peer)


def test_one_number_varies_at_a_time_and_every_size_is_measured_healthy_too() -> None:
    wanted = cases((1000, 5000, 20_000), (0, 20, 200), (1, 10))

    assert {case.pods for case in wanted if case.broken == 0} == {1000, 5000, 20_000}
    assert Case(5000, 200, 1) in wanted
    assert Case(5000, 20, 10) in wanted
    assert Case(20_000, 200, 1) not in wanted
    assert len(wanted) == len(set(wanted)) == 8


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

    for section in ("cost", "shards", "soak"):
        assert text.count(f"<!-- {section}: written by python -m benchmarks -->") == 1
        assert text.count(f"<!-- /{section} -->") == 1
