"""The errors of a pass, named by what the caller does next.

WatchdogError
├── SettingsError          the configuration is wrong      -> exit 2, naming the closest right name
├── ClusterError           the API server is unusable      -> the pass fails, exit 1
│   ├── ForbiddenError     RBAC refused this               -> read: blind spot; write: failed
│   ├── NotFoundError      the object is gone              -> observe again; nothing to fix
│   ├── ConflictError      someone changed it first       -> read and judge again once, or refused
│   ├── RejectedError      this very content was refused   -> refused, with the server's words
│   └── UnansweredError    sent, no answer                 -> read: blind spot; write: read back
│       └── TooLargeError  more than is read               -> list: smaller pages
├── ModelError             no usable answer                -> the rules' diagnosis, and it says so
└── DeliveryError          Slack or Pushgateway refused    -> logged; other deliveries still happen

A refusal by policy is not an error: it is an ActionResult with its reason.
"""

from enum import StrEnum


class WatchdogError(Exception):
    """Anything that this product raises on purpose; its text is meant for the user."""


class SettingsError(WatchdogError):
    """The configuration is wrong; the text names the setting, its value and the remedy."""


class ClusterError(WatchdogError):
    """The API server cannot be used as asked; `status` is its HTTP status, None without one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ForbiddenError(ClusterError):
    """RBAC refused a verb on a resource; the text names both."""


class NotFoundError(ClusterError):
    """The object is gone (404)."""


class NamespaceGoneError(ClusterError):
    """The namespace that was to be looked at does not exist."""


class ConflictError(ClusterError):
    """Someone changed the object first (409, or a failed `test` of a JSON patch)."""


class RejectedError(ClusterError):
    """The API server or an admission webhook refused the content (422, 400, 403 by admission)."""


class UnansweredError(ClusterError):
    """The request may have been sent, and no usable answer came back in time."""


class TooLargeError(UnansweredError):
    """The answer is larger than is read."""


class ModelFault(StrEnum):
    """Why a model gave no usable answer; the values are labels of a metric."""

    UNUSABLE = "unusable"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    CONTEXT = "context"
    QUOTA = "quota"
    ADDRESS = "address"
    SERVER = "server"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not_asked"


class ModelError(WatchdogError):
    """The model gave no usable answer; the text says why in a few words, `fault` for code.

    `sent` is False if it is certain that no server got anything of the prompt.
    """

    def __init__(
        self, message: str, fault: ModelFault = ModelFault.UNUSABLE, *, sent: bool = True
    ) -> None:
        super().__init__(message)
        self.fault = fault
        self.sent = sent and fault is not ModelFault.NOT_ASKED


class DeliveryError(WatchdogError):
    """A report or a metric could not be delivered."""
