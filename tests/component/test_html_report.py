"""The HTML report of a whole pass has what the pass saw: revisions, pods, what was tried."""

from __future__ import annotations

from tests.support.simulated_cluster import VALUE, Arena
from watchdog.report.html import render_html


def test_a_pass_brings_the_story_of_what_it_found(arena: Arena) -> None:
    arena.break_env()

    report = arena.run()

    (life,) = report.namespaces[0].workloads
    assert [(item.revision, item.worked) for item in life.revisions] == [(2, False), (1, True)]
    assert life.revisions[0].changes == ("removed env REQUIRED_CONFIG of container main",)
    assert life.pods
    assert life.pods[0].restarts > 0
    page = render_html(report)
    for part in ("Revision 2", "Revision 1 (it worked)", "Changed: set env REQUIRED_CONFIG"):
        assert part in page
    assert VALUE not in page
    assert VALUE not in str(report.to_json())
