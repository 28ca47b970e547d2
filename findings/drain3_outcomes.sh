#!/usr/bin/env bash
# drain3 0.9.11 (PyPI): with its default settings, opposite outcomes become one template.
# Seen: "probe succeeded for web" and "probe failed for web" give one cluster "probe <*> for web" of size 2; likewise "disk is full"
#   and "disk is fine" ("disk is <*>"), "connection accepted from A" and "connection refused from B" ("connection <*> from <*>").
# Surprise: a template is expected to hold the words of the message and to leave out its values. The default similarity is 0.4 of the
#   tokens, so in a short line the one word that says what happened is taken for a value. Counting templates then hides the failure.
# Instead: raise sim_th (0.8 keeps these apart, at the cost of more clusters), or split by severity and by an outcome word first.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check drain3==0.9.11
"$dir/venv/bin/python" - <<'PYTHON'
from drain3 import TemplateMiner
from drain3.template_miner_config import TemplateMinerConfig

lines = [
    "probe succeeded for web", "probe failed for web", "disk is full", "disk is fine",
    "connection accepted from 10.0.0.1", "connection refused from 10.0.0.2",
]


def templates(similarity=None):
    config = TemplateMinerConfig()
    if similarity:
        config.drain_sim_th = similarity
    miner = TemplateMiner(config=config)
    for line in lines:
        miner.add_log_message(line)
    return [(cluster.size, cluster.get_template()) for cluster in miner.drain.clusters]


assert templates() == [(2, "probe <*> for web"), (2, "disk is <*>"), (2, "connection <*> from <*>")], templates()
assert len(templates(0.8)) == 6, templates(0.8)
PYTHON
echo "drain3_outcomes: ok, behaviour as stated"
