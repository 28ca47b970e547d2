"""A container crashes because a volume or its file system is full."""

from __future__ import annotations

import re

from watchdog.detection.log_cause import LogCause
from watchdog.detection.outside import STORAGE
from watchdog.text.regex import regex

CAUSE = LogCause(
    name="disk_full",
    summary="disk full",
    here=True,
    pattern=regex(
        r"no space left on device|\bENOSPC\b|disk (is )?full(?! of)|disk quota exceeded"
        r"|not enough (?:free )?disk space"
        r"|not enough (?:free )?space .{0,20}\b(?:disk|device|volume|drive|file ?system)\b"
        r"|kein speicherplatz|aucun espace disponible|plus d.espace|no queda espacio"
        r"|n[ãa]o h[áa] espa[çc]o|нет места на|не осталось свободного места"
        r"|空き領域がありません|没有空间|磁盘已满"
        r"|空间不足|disque (?:est )?plein|disco (?:est[áa] )?(?:lleno|cheio)|festplatte .{0,20}voll"
        r"|диск\w* .{0,20}(?:заполнен|переполнен)|ディスク(?:容量|の空き)|ディスクがいっぱい",
        re.IGNORECASE,
    ),
    # The system's watches, semaphores, maps, keys and control groups end with the same error.
    unless=regex(
        r"watch|inotify|semaphore|shared memory|shmget|semget|\bbpf\b|\bupdate map\b|/cgroup"
        r"|session key|keyring|\bip(?:set|tables)\b",
        re.IGNORECASE,
    ),
    subject=(regex(r"[\s'\"(]((?:/[\w.-]+)+)"),),
    depends_on=STORAGE,
    why=(
        "{who} crashes because there is no space left on the device that it writes "
        "to{subject}: the volume, a memory-backed one included, or the node's disk is "
        "full."
    ),
    to_do=(
        "Free space or enlarge the volume (a claim's storage request, an emptyDir's "
        "sizeLimit), and find out what fills it: it will be full again otherwise."
    ),
    hint=(
        "A volume or the node's disk is full. Freeing or enlarging it is for a person; a "
        "restart frees nothing on a persistent volume."
    ),
)
DISK_FULL = CAUSE.kind()
