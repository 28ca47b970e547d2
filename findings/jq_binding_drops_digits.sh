#!/usr/bin/env bash
# jq 1.13.0 (PyPI; jq 1.8 as a library): the binding rounds numbers that jq itself keeps.
# Seen for a = 9007199254740993 and b = 9007199254740992: a == b is false and (a | tojson) is "9007199254740993", but .a comes out as
#   9007199254740992, with text() as well as with first(). [a, b] | unique has two elements that print alike.
# Surprise: since 1.7 jq keeps the digits of literals, and text() reads as "what jq would print"; here it is made in Python from a
#   float. Ids, resource versions and nanoseconds change by one, and a list without duplicates shows duplicates.
# Instead: select with (.a | tojson), or convert ids to strings in the program; gojq keeps whole numbers of any size.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check jq==1.13.0
"$dir/venv/bin/python" - <<'PYTHON'
import jq

text = '{"a": 9007199254740993, "b": 9007199254740992}'


def run(program):
    return jq.compile(program).input_text(text)


assert run(".a == .b").first() is False
assert run(".a | tojson").first() == "9007199254740993"
assert run(".a").text() == "9007199254740992" and run(".a").first() == 9007199254740992
assert run("[.a, .b] | unique").text() == "[9007199254740992, 9007199254740992]"
PYTHON
echo "jq_binding_drops_digits: ok, behaviour as stated"
