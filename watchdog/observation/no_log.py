"""What the kubelet and the container runtime answer in place of a log that is gone. Pure."""

from __future__ import annotations

from watchdog.text.regex import regex

# They come with status 200, as if the program had written them. Sources: the kubelet's
# pkg/kubelet/kuberuntime (logs.go, kuberuntime_container.go), containerd's CRI errors.
_SAID = regex(
    r"\s*(?:unable to retrieve container logs for \S+"
    r"|failed to try resolving symlinks in path "
    r"|failed to (?:open|get|find|stat|read) (?:the )?log file "
    r"|failed to create fsnotify watcher"
    r"|failed to (?:get|parse) (?:container|log) \S+ .{0,120}(?:not found|NotFound)"
    r"|(?:Error: )?rpc error: code = \w+ desc = .{0,80}(?:container|sandbox|log)"
    r"|unsupported log format"
    r"|container \S+ (?:in pod \S+ )?is (?:waiting to start|not available|terminated))"
)
_MOST_LINES = 2


def in_place_of_a_log(text: str) -> bool:
    """Whether the text is not the program's log but what was answered because there is none."""
    if not _SAID.match(text):
        return False
    return sum(1 for line in text.splitlines() if line.strip()) <= _MOST_LINES
