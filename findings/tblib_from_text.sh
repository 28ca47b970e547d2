#!/usr/bin/env bash
# tblib 3.2.2 (PyPI): Traceback.from_string reads the wrong traceback of a chain, and four frames of fifty.
# Seen: of a text with "The above exception was the direct cause of the following exception" it returns the frames of the first
#   traceback (the cause), not of the exception that ended the program. Of a recursion printed with "[Previous line repeated 48 more
#   times]" it returns the four printed frames. The text of an ExceptionGroup is refused (TracebackParseError) as a whole.
# Surprise: the text is Python's own and complete; what comes back looks complete too, and its last frame is not the one at fault.
# Instead: split at the chain's sentences and read the last part; strip the margin of a group; expand the repeated line.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check tblib==3.2.2
"$dir/venv/bin/python" - <<'PYTHON'
import traceback

import tblib


def frames(text):
    frame, lines = tblib.Traceback.from_string(text), []
    while frame:
        lines.append(frame.tb_lineno)
        frame = frame.tb_next
    return lines


chain = """Traceback (most recent call last):
  File "app.py", line 31, in <module>
    read({})
  File "app.py", line 12, in read
    return config["region"]
KeyError: 'region'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "app.py", line 33, in <module>
    raise SystemError("no region")
SystemError: no region
"""
assert frames(chain) == [31, 12], frames(chain)


def down(n):
    return 1 / 0 if n == 0 else down(n - 1)


try:
    down(50)
except ZeroDivisionError:
    text = traceback.format_exc()
assert "[Previous line repeated 48 more times]" in text, text
assert len(frames(text)) == 4, frames(text)

group = """  + Exception Group Traceback (most recent call last):
  |   File "app.py", line 35, in <module>
  |     raise ExceptionGroup("two", [ValueError(1)])
  | ExceptionGroup: two (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +------------------------------------
"""
try:
    frames(group)
except tblib.TracebackParseError:
    pass
else:
    raise AssertionError(frames(group))
PYTHON
echo "tblib_from_text: ok, behaviour as stated"
