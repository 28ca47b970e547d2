"""A container crashes because it writes to a read-only file system."""

from __future__ import annotations

import re

from watchdog.detection.log_cause import LogCause
from watchdog.text.regex import regex

CAUSE = LogCause(
    name="read_only_filesystem",
    summary="read-only file system",
    here=True,
    pattern=regex(
        r"read-only file ?system|\bEROFS\b"
        r"|(?:dateisystem|fichiers|archivos|ficheros|arquivos|файлов\w+ систем\w+)\b.{0,40}"
        r"(?:nur lesbar|schreibgesch[üu]tzt|lecture seul|s[óo]lo lectura|somente leitura"
        r"|только для чтения)"
        r"|(?:nur lesbares|schreibgesch[üu]tztes) dateisystem"
        r"|読み(?:込|取)み?専用(?:の)?ファイルシステム|只读文件系统|唯讀檔案系統",
        re.IGNORECASE,
    ),
    subject=(regex(r"[\s'\"(]((?:/[\w.-]+)+)"),),
    why="{who} crashes because it writes to a read-only file system{subject}.",
    to_do=(
        "Mount a writable volume (an emptyDir, say) at the directory that it writes to, or "
        "point it at one that is writable; readOnlyRootFilesystem in its security context, or"
        " readOnly on a volume mount, is what forbids it."
    ),
    hint=(
        "The container writes where its security context or a volume mount forbids it. A "
        "person must add a writable volume, unless the last revision brought the restriction."
    ),
)
READ_ONLY_FILESYSTEM = CAUSE.kind()
