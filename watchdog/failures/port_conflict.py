"""A container crashes because another process listens on its port already."""

from __future__ import annotations

import re

from watchdog.detection.log_cause import LogCause
from watchdog.text.regex import regex

PORT_CONFLICT = LogCause(
    name="port_conflict",
    summary="port already in use",
    here=True,
    pattern=regex(
        r"\bEADDRINUSE\b|address (is )?already in use|Only one usage of each socket address"
        r"|\bports? (?:\w+ )?(?:already in use|in use already|already allocated)"
        r"|\balready running on (?:the )?port \d{2,5}\b"
        r"|\balready using .{0,20}\bport \d{2,5}\b"
        r"|\b(?:cannot|could not|can't) find (?:an? |any )?"
        r"(?:empty|free|available|unused) port\b"
        r"|bind.{0,60}address in use|\bconnection in use: "
        r"|AddrInUse|\bports?\b.{0,20}\b\d{2,5}\b.{0,30}\b(?:taken|in use|allocated|belegt)"
        r"|adresse wird bereits verwendet"
        r"|adresse d[ée]j[àa] utilis"
        r"|direcci[óo]n ya (?:se )?est[áa]|endere[çc]o j[áa] em uso|адрес уже используется"
        r"|port .{0,30}(?:bereits|schon) (?:belegt|verwendet|in benutzung)"
        r"|port .{0,30}d[ée]j[àa] utilis"
        r"|puerto .{0,30}(?:en uso|ocupado)|porta .{0,30}(?:em uso|ocupada)"
        r"|порт\w* .{0,30}(?:занят|использ)"
        r"|端口.{0,12}(?:被占用|已占用|已被使用)|ポート.{0,12}(?:使用中|使用されて)"
        r"|アドレスは(?:既|すで)に使用"
        r"|地址已(?:被|在)?使用|位址已在使用",
        re.IGNORECASE,
    ),
    # Other addresses and other ports.
    unless=regex(
        r"\A(?!.*(?:EADDRINUSE|AddrInUse|\bbind\b|\blisten)).*?(?:e-?mail|nodePort"
        r"|\bserial\b|/dev/|\b(?:ip|mac|customer|postal|billing|shipping|wallet) address)",
        re.IGNORECASE | re.DOTALL,
    ),
    subject=(
        regex(r"\bport:? ?(\d{2,5})\b", re.IGNORECASE),
        regex(r"(?<!\d\d:\d)(?<!T\d)[\d\]:*a-z]:(\d{2,5})\b(?![:.]\d| \[)"),
        regex(r"(?<=\s):(\d{2,5})\b"),
        regex(r"unix:(/[\w./-]+)"),
        regex(r"\('[\d.:]*', (\d{2,5})\)"),
    ),
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
    on_node=(
        (
            "{who} crashes because its port{subject} is already in use on the node: the pod uses"
            " the node's network (hostNetwork), so its ports are the node's, where another pod or"
            " process listens on the same one."
        ),
        (
            "Give it another port, keep it from the nodes where that port is taken (hostPort in"
            " the pod template makes the scheduler do so), or stop what listens there."
        ),
    ),
    hint=(
        "Two processes of one pod listen on the same port. Which of them must move is a "
        "decision for a person, unless the last revision brought it."
    ),
).kind()
