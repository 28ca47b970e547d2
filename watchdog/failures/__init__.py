"""The failure kinds, most specific first: the first kind to claim an owner explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures.cert_expired import CERT_EXPIRED
from watchdog.failures.config_missing import CONFIG_MISSING
from watchdog.failures.connection_refused import CONNECTION_REFUSED
from watchdog.failures.container_not_created import CONTAINER_NOT_CREATED
from watchdog.failures.crash_app_error import CRASH_APP_ERROR
from watchdog.failures.disk_full import DISK_FULL
from watchdog.failures.dns_failure import DNS_FAILURE
from watchdog.failures.image_pull import IMAGE_PULL
from watchdog.failures.init_failing import INIT_FAILING
from watchdog.failures.liveness_failing import LIVENESS_FAILING
from watchdog.failures.missing_env import MISSING_ENV
from watchdog.failures.oom_killed import OOM_KILLED
from watchdog.failures.permission_denied import PERMISSION_DENIED
from watchdog.failures.port_conflict import PORT_CONFLICT
from watchdog.failures.read_only_filesystem import READ_ONLY_FILESYSTEM
from watchdog.failures.readiness_failing import READINESS_FAILING
from watchdog.failures.restarting import RESTARTING
from watchdog.failures.wrong_command import WRONG_COMMAND

if TYPE_CHECKING:
    from watchdog.failures.kind import FailureKind

KINDS: tuple[FailureKind, ...] = (
    CONFIG_MISSING,
    IMAGE_PULL,
    OOM_KILLED,
    MISSING_ENV,
    WRONG_COMMAND,
    CONTAINER_NOT_CREATED,
    LIVENESS_FAILING,
    CERT_EXPIRED,
    PORT_CONFLICT,
    READ_ONLY_FILESYSTEM,
    DISK_FULL,
    PERMISSION_DENIED,
    DNS_FAILURE,
    CONNECTION_REFUSED,
    INIT_FAILING,
    CRASH_APP_ERROR,
    READINESS_FAILING,
    RESTARTING,
)
