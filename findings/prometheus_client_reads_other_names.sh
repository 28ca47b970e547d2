#!/usr/bin/env bash
# prometheus-client 0.26.0 (PyPI): its parser of the text format changes names and takes words of the line for times.
# Seen: "# TYPE a counter" with the sample "a 1" comes back as the sample a_total. "a 1 2 3" is read with the timestamp 3 ms, "a 1 # {x="y"} 5"
#   (an exemplar, as OpenMetrics has it) with 5 ms; both are not the text format. Two samples "a 1" and "a 2" are two families of one name.
# Surprise: a test that scrapes an exporter through this parser asserts on a series that Prometheus never stores (it stores a), and a
#   line that Prometheus would refuse gets a date of 1970.
# Instead: look at the page with promtool check metrics, or compare the text; parser.py of openmetrics only for OpenMetrics.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check prometheus-client==0.26.0
"$dir/venv/bin/python" - <<'PYTHON'
from prometheus_client.parser import text_string_to_metric_families as parse


def samples(text):
    return [(sample.name, sample.value, sample.timestamp) for family in parse(text) for sample in family.samples]


assert samples("# TYPE a counter\na 1\n") == [("a_total", 1, None)], samples("# TYPE a counter\na 1\n")
assert samples("# TYPE a gauge\na 1\n") == [("a", 1, None)]
assert samples("a 1 2 3\n") == [("a", 1, 0.003)], samples("a 1 2 3\n")
assert samples('a 1 # {x="y"} 5\n') == [("a", 1, 0.005)], samples('a 1 # {x="y"} 5\n')
assert [family.name for family in parse("a 1\na 2\n")] == ["a", "a"]
PYTHON
echo "prometheus_client_reads_other_names: ok, behaviour as stated"
