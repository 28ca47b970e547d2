"""A container crashes because the program runs out of the memory that it allows itself."""

from __future__ import annotations

import re

from watchdog.detection.log_cause import LogCause
from watchdog.text.regex import regex

HEAP_EXHAUSTED = LogCause(
    name="heap_exhausted",
    summary="out of heap memory",
    here=True,
    pattern=regex(
        r"heap out of memory|OutOfMemory(Error|Exception)|MemoryError\b|allocation failed - "
        r"JavaScript|cannot allocate (?:memory|\d+ bytes\b)|runtime: out of memory"
        r"|allowed memory size of"
        r"|failed to allocate memory|memory allocation of \d+|std::bad_alloc"
        r"|unable to allocate .{0,40}(?:[GMK]i?B\b|\d{5,} bytes)|java heap space|(?:reached|near"
        r"|exceeded) (?:the )?heap limit|heap (?:space )?exhausted"
        r"|GC overhead limit exceeded|exception Out_of_memory"
        r"|no more memory|out of memory \(allocated"
        r"|nicht gen[üu]gend (?:arbeits)?speicher|m[ée]moire insuffisante|memoria insuficiente"
        r"|mem[óo]ria insuficiente|недостаточно памяти|内存不足|記憶體不足|メモリ不足|メモリが不足",
        re.IGNORECASE,
    ),
    # What is short is not the program's heap: a card's memory, shared or huge pages, threads.
    unless=regex(
        r"native thread|\bmaxmemory\b|\bcuda(?::\d)?\b|\bGPU\b|\bHIP\b|cuDNN|shared memory"
        r"|huge ?pages?"
        r"|\bmmap\b|\bfork\b|mlock"
        r"|lock(?:ed)? memory|static TLS|io_uring|\bbpf\b|ulimit -l|rlimit"
        r"|(?:device|video|graphics) memory",
        re.IGNORECASE,
    ),
    why=(
        "{who} crashes because the program reached its own memory limit (of its heap, for example);"
        " the kernel did not kill it."
    ),
    to_do=(
        "Raise the program's own bound (-Xmx, --max-old-space-size, GOMEMLIMIT, ulimit) together "
        "with the container's memory limit, or find out what it keeps in memory."
    ),
    hint=(
        "The program's own heap bound is reached, not the container's limit: a larger limit alone "
        "may change nothing. Going back helps where a new revision brought it."
    ),
).kind()
