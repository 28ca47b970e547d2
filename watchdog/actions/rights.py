"""What an action may do, in the words of settings and of RBAC, and what it reads and writes."""

from typing import Any, Literal, NamedTuple

Mode = Literal["auto", "approve", "never"]
Operations = list[dict[str, Any]]
Object = dict[str, Any]


class Grant(NamedTuple):
    """One RBAC right, in the words of a Role; with a `name` it is for that one object only."""

    group: str
    resource: str
    verb: str
    name: str = ""
