#!/usr/bin/env bash
# openai 3.57.0 and anthropic 2.10.0 (PyPI): what the SDKs do to one pydantic class with a tagged union, a bound and a default.
# Seen: openai keeps "oneOf" with "discriminator" where Field(discriminator=...) is used (a plain Union gives "anyOf"), keeps
#   minimum and maximum, and makes a field with a default required. anthropic turns oneOf into anyOf, moves minimum and maximum into
#   the description and leaves the field optional.
# Surprise: the function is called "to strict", and OpenAI's list of supported keywords has anyOf but no oneOf; tagging a
#   union, the better pydantic, is what breaks it. The default of a field never applies with one SDK, and a bound is only prose with
#   the other: 99 comes back and fails in pydantic.
# Instead: an untagged Union of classes that each have a Literal kind; check bounds after parsing and be ready to ask again.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check openai==3.57.0 anthropic==2.10.0 pydantic==2.14.3
"$dir/venv/bin/python" - <<'PYTHON'
from typing import Annotated, Literal, Union

import pydantic
from anthropic import transform_schema
from openai.lib._pydantic import to_strict_json_schema


class Scale(pydantic.BaseModel):
    kind: Literal["scale"]
    replicas: int = pydantic.Field(ge=1, le=10)


class Restart(pydantic.BaseModel):
    kind: Literal["restart"]
    after: int = 3


class Answer(pydantic.BaseModel):
    tagged: Annotated[Union[Scale, Restart], pydantic.Field(discriminator="kind")]
    plain: Union[Scale, Restart]


first, second = to_strict_json_schema(Answer), transform_schema(Answer)
assert "oneOf" in first["properties"]["tagged"] and "discriminator" in first["properties"]["tagged"]
assert "anyOf" in first["properties"]["plain"]
assert first["$defs"]["Scale"]["properties"]["replicas"]["maximum"] == 10
assert first["$defs"]["Restart"]["required"] == ["kind", "after"]
assert "anyOf" in second["properties"]["tagged"] and "oneOf" not in second["properties"]["tagged"]
assert "maximum" not in second["$defs"]["Scale"]["properties"]["replicas"]
assert second["$defs"]["Scale"]["properties"]["replicas"]["description"] == "{maximum: 10, minimum: 1}"
assert second["$defs"]["Restart"]["required"] == ["kind"]
PYTHON
echo "openai_strict_schema_unions: ok, behaviour as stated"
