#!/usr/bin/env bash
# pydantic-settings 2.16.3 (PyPI): one nested variable resets its neighbours, and a misspelt one does it in silence.
# Seen: with limits: Limits = Limits(low=10, high=20) where the class itself has low=1, high=2, the variable X_LIMITS__LOW=11 gives (11, 2);
#   X_LIMITS__LWO=11 (misspelt) gives (1, 2). X_UNKNOWN=1 passes extra="forbid". With nested_model_default_partial_update the first gives
#   (11, 20).
# Surprise: overriding one number by the environment is expected to leave the others as written in the settings class, and forbid to find
#   spelling errors; the environment is not looked at for unknown names, and the default of the field counts only as a whole.
# Instead: nested_model_default_partial_update=True, extra="forbid" on the inner class too, and an own check of names with the prefix.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pydantic-settings==2.16.3 pydantic==2.14.3
"$dir/venv/bin/python" - <<'PYTHON'
import os

import pydantic
from pydantic_settings import BaseSettings, SettingsConfigDict


class Limits(pydantic.BaseModel):
    low: int = 1
    high: int = 2


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="X_", env_nested_delimiter="__", extra="forbid")
    limits: Limits = Limits(low=10, high=20)


class Careful(Settings):
    model_config = SettingsConfigDict(nested_model_default_partial_update=True)


def read(kind, name, value):
    os.environ[name] = value
    try:
        limits = kind().limits
        return limits.low, limits.high
    finally:
        del os.environ[name]


assert read(Settings, "X_NOTHING", "1") == (10, 20)
assert read(Settings, "X_LIMITS__LOW", "11") == (11, 2)
assert read(Settings, "X_LIMITS__LWO", "11") == (1, 2)
assert read(Careful, "X_LIMITS__LOW", "11") == (11, 20)
PYTHON
echo "pydantic_settings_nested_reset: ok, behaviour as stated"
