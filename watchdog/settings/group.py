"""What all groups of settings have in common."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from watchdog.text.regex import regex

_HEADER = regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def parts(value: Any) -> Any:
    """`a, b` as a tuple; anything else as it is."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def checked_address(given: str) -> str:
    """The address of a service as it is; an empty one stands for none.

    Raises ValueError, with what it has to be, for what no service can be called at.
    """
    try:
        parts = urlsplit(given)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    plain = not any(char.isspace() or not char.isprintable() for char in given)
    if given and not (parts.scheme in {"http", "https"} and host and plain):
        raise ValueError(
            "must be the address of a service: http:// or https://, a host and maybe a port, such "
            "as https://gateway.example.com or http://name.namespace.svc:9090"
        )
    return given


def shown_address(address: str) -> str:
    """The address without what may be secret in it: user, password, query."""
    scheme, mark, rest = address.partition("?")[0].partition("#")[0].rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


def _checked_secret(given: SecretStr) -> SecretStr:
    checked_address(given.get_secret_value())
    return given


def sendable(given: SecretStr) -> SecretStr:
    """A credential without white space around it, such as the line end of a file.

    Raises ValueError for what no header of a request can carry.
    """
    value = given.get_secret_value().strip()
    if not (value.isascii() and value.isprintable()):
        raise ValueError(
            "no header can carry it: it holds a line end or another character that is not plain "
            "ASCII; set it anew, without what does not belong to it"
        )
    return SecretStr(value)


def _are_header_names(given: dict[str, SecretStr]) -> dict[str, SecretStr]:
    if not all(map(_HEADER.fullmatch, given)):
        raise ValueError("one of its names is none of a header: use letters, digits and -")
    return given


Credential = Annotated[SecretStr, AfterValidator(sendable)]
"""A key or token that is sent in a header."""
Headers = Annotated[dict[str, Credential], AfterValidator(_are_header_names)]
Address = Annotated[str, AfterValidator(checked_address)]
SecretAddress = Annotated[SecretStr, AfterValidator(_checked_secret)]
"""An address that is a secret itself, such as an incoming webhook's."""


class Group(BaseModel):
    """Settings that belong together.

    Only the class of all settings is built; a default that is a group is made by `model_construct`,
    as in `Noun`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
