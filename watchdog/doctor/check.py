"""One thing that the doctor tried."""

from pydantic import BaseModel, ConfigDict


class Check(BaseModel):
    """One thing that was tried. `remedy` is the line of YAML, or the setting, that would mend it.

    What is not `necessary` is good to have: a pass runs without it.
    """

    model_config = ConfigDict(frozen=True)

    subject: str
    ok: bool
    detail: str
    remedy: str = ""
    necessary: bool = True
