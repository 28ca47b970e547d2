"""The failure kinds, most specific first: the first kind to claim an owner explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures.autoscaler_failing import AUTOSCALER_FAILING
from watchdog.failures.bad_pod import BAD_POD
from watchdog.failures.cert_expired import CERT_EXPIRED
from watchdog.failures.config_missing import CONFIG_MISSING
from watchdog.failures.connection_refused import CONNECTION_REFUSED
from watchdog.failures.container_not_created import CONTAINER_NOT_CREATED
from watchdog.failures.crash_app_error import CRASH_APP_ERROR
from watchdog.failures.creation_refused import CREATION_REFUSED
from watchdog.failures.credentials_refused import CREDENTIALS_REFUSED
from watchdog.failures.cronjob_blocked import CRONJOB_BLOCKED
from watchdog.failures.cronjob_not_running import CRONJOB_NOT_RUNNING
from watchdog.failures.custom_resource_failing import CUSTOM_RESOURCE_FAILING
from watchdog.failures.disk_full import DISK_FULL
from watchdog.failures.disruption_blocked import DISRUPTION_BLOCKED
from watchdog.failures.dns_failure import DNS_FAILURE
from watchdog.failures.evicted import EVICTED
from watchdog.failures.heap_exhausted import HEAP_EXHAUSTED
from watchdog.failures.image_pull import IMAGE_PULL
from watchdog.failures.ingress_no_backend import INGRESS_NO_BACKEND
from watchdog.failures.init_failing import INIT_FAILING
from watchdog.failures.job_failed import JOB_FAILED
from watchdog.failures.liveness_failing import LIVENESS_FAILING
from watchdog.failures.missing_env import MISSING_ENV
from watchdog.failures.module_missing import MODULE_MISSING
from watchdog.failures.oom_killed import OOM_KILLED
from watchdog.failures.permission_denied import PERMISSION_DENIED
from watchdog.failures.port_conflict import PORT_CONFLICT
from watchdog.failures.read_only_filesystem import READ_ONLY_FILESYSTEM
from watchdog.failures.readiness_failing import READINESS_FAILING
from watchdog.failures.restarting import RESTARTING
from watchdog.failures.rights_denied import RIGHTS_DENIED
from watchdog.failures.rights_missing import RIGHTS_MISSING
from watchdog.failures.rollout_stuck import ROLLOUT_STUCK
from watchdog.failures.sandbox_failed import SANDBOX_FAILED
from watchdog.failures.scaled_to_zero import SCALED_TO_ZERO
from watchdog.failures.service_link import SERVICE_LINK
from watchdog.failures.service_no_address import SERVICE_NO_ADDRESS
from watchdog.failures.service_no_endpoints import SERVICE_NO_ENDPOINTS
from watchdog.failures.service_wrong_port import SERVICE_WRONG_PORT
from watchdog.failures.statefulset_stuck import STATEFULSET_STUCK
from watchdog.failures.steady_errors import STEADY_ERRORS
from watchdog.failures.stuck_terminating import STUCK_TERMINATING
from watchdog.failures.unhealthy_workload import UNHEALTHY_WORKLOAD
from watchdog.failures.unschedulable import UNSCHEDULABLE
from watchdog.failures.volume_claim import VOLUME_CLAIM
from watchdog.failures.volume_mount import VOLUME_MOUNT
from watchdog.failures.wrong_command import WRONG_COMMAND

if TYPE_CHECKING:
    from watchdog.detection.kind import FailureKind

KINDS: tuple[FailureKind, ...] = (
    STATEFULSET_STUCK,
    CONFIG_MISSING,
    IMAGE_PULL,
    OOM_KILLED,
    MISSING_ENV,
    WRONG_COMMAND,
    CONTAINER_NOT_CREATED,
    LIVENESS_FAILING,
    CERT_EXPIRED,
    PORT_CONFLICT,
    SERVICE_LINK,
    READ_ONLY_FILESYSTEM,
    DISK_FULL,
    MODULE_MISSING,
    HEAP_EXHAUSTED,
    RIGHTS_MISSING,
    CREDENTIALS_REFUSED,
    PERMISSION_DENIED,
    DNS_FAILURE,
    CONNECTION_REFUSED,
    INIT_FAILING,
    JOB_FAILED,
    CRASH_APP_ERROR,
    VOLUME_CLAIM,
    UNSCHEDULABLE,
    CREATION_REFUSED,
    VOLUME_MOUNT,
    SANDBOX_FAILED,
    EVICTED,
    READINESS_FAILING,
    RESTARTING,
    BAD_POD,
    STUCK_TERMINATING,
    CRONJOB_BLOCKED,
    CRONJOB_NOT_RUNNING,
    ROLLOUT_STUCK,
    SERVICE_NO_ENDPOINTS,
    SERVICE_WRONG_PORT,
    SERVICE_NO_ADDRESS,
    INGRESS_NO_BACKEND,
    AUTOSCALER_FAILING,
    DISRUPTION_BLOCKED,
    SCALED_TO_ZERO,
    RIGHTS_DENIED,
    CUSTOM_RESOURCE_FAILING,
    UNHEALTHY_WORKLOAD,
    STEADY_ERRORS,
)
