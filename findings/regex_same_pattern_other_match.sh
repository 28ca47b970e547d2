#!/usr/bin/env bash
# google-re2 1.1.20251105 (PyPI; the engine of Prometheus, Alertmanager and Go tools has the same rules) against Python's re: no error, another match.
# Seen: a{,3} matches "aaa" in Python and only the text "a{,3}" in RE2. \s matches \v in Python only. \bé\b, \w and \d see letters and
#   digits of all alphabets in Python and ASCII only in RE2. [[:digit:]] matches "5" in RE2 and not in Python.
# Surprise: one knows that RE2 lacks look-around and back references, because these fail to compile. These compile in both, so a log rule that
#   was tested in Python passes promtool and does not fire.
# Instead: write {0,3}, [ \t], [0-9], and test rules with the engine that runs them.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check google-re2==1.1.20251105
"$dir/venv/bin/python" - <<'PYTHON'
import re
import warnings

import re2

warnings.simplefilter("ignore")


def both(pattern, text):
    return re.search(pattern, text) is not None, re2.search(pattern, text) is not None


assert both("^a{,3}$", "aaa") == (True, False)
assert both("^a{,3}$", "a{,3}") == (False, True)
assert both(r"^\s$", "\v") == (True, False)
assert both("\\b\u00e9\\b", "\u00e9") == (True, False)
assert both(r"^\w$", "\u00e9") == (True, False)
assert both(r"^\d$", "\u0663") == (True, False)
assert both("^[[:digit:]]$", "5") == (False, True)
PYTHON
echo "regex_same_pattern_other_match: ok, behaviour as stated"
