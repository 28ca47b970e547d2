"""The embedded cluster that `sre-watchdog demo` and the tests run against.

`Sandbox` is the way in. Only the command line and tests import this package.
"""

from watchdog.demo.behaviour import Behaviour, Programs
from watchdog.demo.http_messages import Request, Response
from watchdog.demo.sandbox import Sandbox
from watchdog.demo.status_errors import ApiFailure

__all__ = ["ApiFailure", "Behaviour", "Programs", "Request", "Response", "Sandbox"]
