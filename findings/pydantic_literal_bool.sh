#!/usr/bin/env bash
# pydantic 2.14.3 (PyPI): strict mode takes true for Literal[1] and 1 for Literal[True].
# Seen: TypeAdapter(Literal[1]).validate_json("true", strict=True) == 1, and "1.0" passes as well; Literal[True] takes 1.
#   With int and bool in place of the literals strict mode refuses the same inputs.
# Surprise: a literal reads as the narrowest type there is, and strict as "no conversion", but literals are looked up by equality,
#   where Python has True == 1 == 1.0. An answer that says "replicas": true passes a Literal[1, 2, 3].
# Instead: Annotated[int, Field(ge=1, le=3)] with strict=True, or string literals.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pydantic==2.14.3
"$dir/venv/bin/python" - <<'PYTHON'
from typing import Literal

import pydantic


def read(kind, text):
    return pydantic.TypeAdapter(kind).validate_json(text, strict=True)


assert read(Literal[1, 2, 3], "true") == 1
assert read(Literal[1], "1.0") == 1
assert read(Literal[True], "1") is True
for kind, text in ((int, "true"), (int, "1.0"), (bool, "1")):
    try:
        read(kind, text)
    except pydantic.ValidationError:
        continue
    raise AssertionError((kind, text))
PYTHON
echo "pydantic_literal_bool: ok, behaviour as stated"
