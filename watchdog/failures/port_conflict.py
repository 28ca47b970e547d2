"""A container crashes because another process listens on its port already."""

from __future__ import annotations

import re

from watchdog.failures.kind import Drill
from watchdog.failures.log_cause import LogCause
from watchdog.failures.manifest import deployment
from watchdog.regex import regex

PORT_CONFLICT = LogCause(
    name="port_conflict",
    summary="port already in use",
    pattern=regex(
        r"EADDRINUSE|address (is )?already in use|Only one usage of each socket address"
        r"|port.{0,30}(already in use|in use already|already allocated)|bind.{0,60}address in use",
        re.IGNORECASE,
    ),
    subject=(regex(r"(?:port|[:\]]) ?(\d{2,5})\b"),),
    why=(
        "{who} crashes because its port{subject} is already in use: two containers of the"
        " pod (they share one address), or two processes in one container, listen on the same"
        " port."
    ),
    to_do=(
        "Give one of the two another port: containers of one pod share its ports. Correct the"
        " port in the settings of the container that crashes, and its probes and Service with"
        " it."
    ),
    hint=(
        "Two processes of one pod listen on the same port. Which of them must move is a "
        "decision for a person, unless the last revision brought it."
    ),
    drill=Drill(
        manifest=deployment('httpd -p 8080 -h /tmp; echo "starting"; httpd -f -p 8080 -h /tmp')
    ),
    sick=(
        "Error: listen EADDRINUSE: address already in use :::8080",
        "httpd: bind: Address already in use",
        "panic: listen tcp :9090: bind: address already in use",
        "Web server failed to start. Port 8080 was already in use.",
    ),
    well="ERROR: port 8080 is closed",
).kind()
