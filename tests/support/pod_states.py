"""Every state of a pod that may make a difference to who looks at it.

What is named `well-...` is well, and so printed; a first look may suspect everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.controller_objects import (
    LONG_AGO,
    NOT_READY,
    TRUE,
    Object,
    ago,
    container,
    ended,
    pod,
    restarted,
    waiting,
)

WITH_INIT = {"initContainers": [{"name": "first", "image": "web:1"}]}
WITH_SIDECAR = {"initContainers": [{"name": "proxy", "image": "web:1", "restartPolicy": "Always"}]}
RUNNING = {"running": {"startedAt": LONG_AGO}}
KEPT = {"finalizers": ["shop.example/kept"]}
GATE = "shop.example/ready"
SIDECAR_AND_INIT = {
    "initContainers": [*WITH_SIDECAR["initContainers"], *WITH_INIT["initContainers"]]
}
TWO = {"containers": [{"name": name, "image": "web:1"} for name in ("main", "side")]}


def init_ended(**how: int) -> Object:
    """An init container that ended and gave no reason."""
    return {
        "spec": WITH_INIT,
        "status": {
            "phase": "Pending",
            "initContainerStatuses": [
                container({"terminated": {**how, "finishedAt": LONG_AGO}}, "first")
            ],
            "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
            "conditions": NOT_READY,
        },
    }


def sidecar_restarted(finished: str) -> Object:
    status = restarted(finished)["status"]["containerStatuses"][0]
    return {
        "spec": WITH_SIDECAR,
        "status": {"initContainerStatuses": [{**status, "name": "proxy"}]},
    }


STATES: dict[str, dict[str, Any]] = {
    "well-running": {},
    "well-completed": {
        "status": {
            "phase": "Succeeded",
            "containerStatuses": [container(ended(0, "Completed"))],
            "conditions": NOT_READY,
        }
    },
    "well-restarted-long-ago": restarted(ago(days=2)),
    "well-with-sidecar": {
        "spec": WITH_SIDECAR,
        "status": {"initContainerStatuses": [container(RUNNING, "proxy")]},
    },
    "restarted-lately": restarted(ago(minutes=5)),
    "running-not-ready": {
        "status": {
            "containerStatuses": [container(RUNNING, ready=False)],
            "conditions": NOT_READY,
        }
    },
    "crash-loop": waiting("CrashLoopBackOff", restartCount=7, lastState=ended(1, "Error")),
    "image-pull": waiting("ImagePullBackOff"),
    "config-missing": waiting("CreateContainerConfigError"),
    "creating": waiting("ContainerCreating"),
    "unknown-reason": waiting("SomethingOfTheFuture"),
    "pending": {"status": {"phase": "Pending", "containerStatuses": [], "conditions": NOT_READY}},
    "failed": {
        "status": {
            "phase": "Failed",
            "containerStatuses": [container(ended(3, "Error"))],
            "conditions": NOT_READY,
        }
    },
    "killed": {
        "status": {
            "phase": "Failed",
            "containerStatuses": [container(ended(137, "OOMKilled"))],
            "conditions": NOT_READY,
        }
    },
    "evicted": {
        "status": {
            "phase": "Failed",
            "reason": "Evicted",
            "message": "The node was low on resource: memory.",
            "containerStatuses": [],
            "conditions": NOT_READY,
        }
    },
    "init-crash-loop": {
        "spec": WITH_INIT,
        **waiting("PodInitializing"),
        "status": {
            "phase": "Pending",
            "initContainerStatuses": [
                container({"waiting": {"reason": "CrashLoopBackOff"}}, "first", restartCount=4)
            ],
            "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
            "conditions": NOT_READY,
        },
    },
    "init-failed": {
        "spec": WITH_INIT,
        "status": {
            "phase": "Failed",
            "initContainerStatuses": [container(ended(2, "Error"), "first")],
            "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
            "conditions": NOT_READY,
        },
    },
    "sidecar-down": {
        "spec": WITH_SIDECAR,
        "status": {
            "initContainerStatuses": [
                container({"waiting": {"reason": "CrashLoopBackOff"}}, "proxy", restartCount=4)
            ],
            "conditions": NOT_READY,
        },
    },
    "behind-a-gate": {
        "spec": {"readinessGates": [{"conditionType": GATE}]},
        # The containers are its own, and the pod is not yet.
        "status": {"conditions": [{"type": "ContainersReady", **TRUE}, *NOT_READY]},
    },
    "signalled": {
        "status": {
            "phase": "Failed",
            "containerStatuses": [
                container({"terminated": {"exitCode": 139, "signal": 11, "finishedAt": LONG_AGO}})
            ],
            "conditions": NOT_READY,
        }
    },
    "ended-without-a-reason": {
        "status": {
            "phase": "Running",
            "containerStatuses": [
                container({"terminated": {"exitCode": 2, "finishedAt": LONG_AGO}})
            ],
            "conditions": NOT_READY,
        }
    },
    "half-completed": {
        "spec": TWO,
        "status": {
            "containerStatuses": [
                container(ended(0, "Completed")),
                container(RUNNING, "side"),
            ],
            "conditions": NOT_READY,
        },
    },
    "node-lost": {"status": {"phase": "Unknown", "reason": "NodeLost", "conditions": NOT_READY}},
    "waiting-for-its-gate": {
        "spec": {"schedulingGates": [{"name": "shop.example/gate"}]},
        "status": {
            "phase": "Pending",
            "containerStatuses": [],
            "conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
            ],
        },
    },
    "init-running": {
        "spec": WITH_INIT,
        "status": {
            "phase": "Pending",
            "initContainerStatuses": [container(RUNNING, "first", ready=False)],
            "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
            "conditions": NOT_READY,
        },
    },
    "init-exit-code": init_ended(exitCode=3),
    "init-signal": init_ended(exitCode=137, signal=9),
    "init-behind-a-sidecar": {
        "spec": SIDECAR_AND_INIT,
        "status": {
            "phase": "Pending",
            "initContainerStatuses": [
                container(RUNNING, "proxy", restartCount=2, lastState=ended(1, "Error")),
                container({"waiting": {"reason": "ErrImagePull"}}, "first"),
            ],
            "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
            "conditions": NOT_READY,
        },
    },
    "init-bad-before-a-sidecar-that-restarted": {
        "spec": {"initContainers": SIDECAR_AND_INIT["initContainers"][::-1]},
        "status": {
            "phase": "Pending",
            "initContainerStatuses": [
                container(ended(1, "Error"), "first", restartCount=4),
                container(RUNNING, "proxy", restartCount=2, lastState=ended(1, "Error")),
            ],
            "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
            "conditions": NOT_READY,
        },
    },
    "initialized-with-a-bad-init": {
        "spec": WITH_INIT,
        "status": {
            "initContainerStatuses": [
                container({"waiting": {"reason": "CrashLoopBackOff"}}, "first", restartCount=4)
            ],
            "conditions": [{"type": kind, **TRUE} for kind in ("Initialized", "Ready")],
        },
    },
    "initialized-with-a-bad-init-and-half-completed": {
        "spec": {**WITH_INIT, **TWO},
        "status": {
            "initContainerStatuses": [container(ended(1, "Error"), "first")],
            "containerStatuses": [
                container(ended(0, "Completed")),
                container(RUNNING, "side"),
            ],
            "conditions": [{"type": kind, **TRUE} for kind in ("Initialized", "Ready")],
        },
    },
    "sidecar-starting": {
        "spec": WITH_SIDECAR,
        "status": {
            "phase": "Pending",
            "initContainerStatuses": [container(RUNNING, "proxy", started=False, ready=False)],
            "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
            "conditions": NOT_READY,
        },
    },
    "sidecar-not-ready": {
        "spec": WITH_SIDECAR,
        "status": {
            "initContainerStatuses": [container(RUNNING, "proxy", ready=False)],
            "conditions": NOT_READY,
        },
    },
    "sidecar-restarted-lately": sidecar_restarted(ago(minutes=5)),
    "well-sidecar-restarted-long-ago": sidecar_restarted(ago(days=2)),
    "sidecar-ended": {
        "spec": WITH_SIDECAR,
        "status": {"initContainerStatuses": [container(ended(0, "Completed"), "proxy")]},
    },
    "well-completed-with-its-sidecar": {
        "spec": WITH_SIDECAR,
        "status": {
            "phase": "Succeeded",
            "initContainerStatuses": [container(ended(0, "Completed"), "proxy")],
            "containerStatuses": [container(ended(0, "Completed"))],
            "conditions": NOT_READY,
        },
    },
    "half-completed-and-ready": {
        "spec": TWO,
        "status": {
            "containerStatuses": [
                container(ended(0, "Completed")),
                container(RUNNING, "side"),
            ]
        },
    },
    "two-in-trouble": {
        "spec": TWO,
        "status": {
            "containerStatuses": [
                container({"waiting": {"reason": "CrashLoopBackOff"}}, restartCount=3),
                container(ended(1, "Error"), "side", restartCount=5),
            ],
            "conditions": NOT_READY,
        },
    },
    "restarted-at-an-unknown-time": {
        "status": {"containerStatuses": [container(RUNNING, restartCount=2)]}
    },
    "waiting-without-a-reason": {
        "status": {
            "phase": "Pending",
            "containerStatuses": [container({"waiting": {"message": "Soon."}})],
            "conditions": NOT_READY,
        }
    },
    "running-without-containers": {"status": {"containerStatuses": [], "conditions": NOT_READY}},
    "over-its-deadline": {
        "status": {
            "phase": "Failed",
            "reason": "DeadlineExceeded",
            "containerStatuses": [container(ended(137, "Error"))],
            "conditions": NOT_READY,
        }
    },
    "well-behind-an-open-gate": {
        "spec": {"readinessGates": [{"conditionType": GATE}]},
        "status": {"conditions": [{"type": kind, **TRUE} for kind in (GATE, "Ready")]},
    },
    "half-open": {
        "spec": {"readinessGates": [{"conditionType": GATE}, {"conditionType": f"{GATE}-too"}]},
        "status": {"conditions": [{"type": GATE, **TRUE}, *NOT_READY]},
    },
    "well-busy-job-x2k4p": {},
    "leaving": {"metadata": KEPT},
    "leaving-and-failed": {
        "metadata": KEPT,
        "status": {"phase": "Failed", "containerStatuses": [], "conditions": NOT_READY},
    },
    "leaving-and-evicted": {
        "metadata": KEPT,
        "status": {
            "phase": "Failed",
            "reason": "Evicted",
            "containerStatuses": [],
            "conditions": NOT_READY,
        },
    },
    "leaving-with-its-node": {
        "metadata": KEPT,
        "status": {"reason": "NodeLost", "conditions": NOT_READY},
    },
    "well-leaving-but-completed": {
        "metadata": KEPT,
        "status": {
            "phase": "Succeeded",
            "containerStatuses": [container(ended(0, "Completed"))],
            "conditions": NOT_READY,
        },
    },
}


def pods(ns: str) -> Iterator[Object]:
    for name, parts in STATES.items():
        yield pod(ns, name, **parts)
