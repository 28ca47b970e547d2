"""The embedded cluster that `sre-watchdog demo` and the tests run against.

`Sandbox` is the way in. Only the command line and tests import this package.
"""

from watchdog.sandbox.cluster import Sandbox
from watchdog.sandbox.messages import Request, Response
from watchdog.sandbox.refusals import ApiFailure

__all__ = ["ApiFailure", "Request", "Response", "Sandbox"]
