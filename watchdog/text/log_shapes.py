"""The shapes of the lines with which programs surround an error: frames, source, dumps, help."""

from __future__ import annotations

import re

from watchdog.text.regex import regex

# What an excerpt says of the lines that it leaves out.
LEFT_OUT = regex(r"\u2026 (?:\d+ )?lines left out$")
FRAME = regex(
    r"^CallStack\b|, called at \S+:\d+|^(?:Raised|Called|Re-raised) (?:at|by|from) |^Calls: "
    r"|^\s*\d+ +\S+ +0x[0-9a-f]+|^\s*\[\d+\] (?:top-level|[\w!.]+\()|^\s+@ \S+:\d+|^\s+\[C\]: "
    r"|^thrown in |^\s*\+-[-+]{3}"
    r"|^\s+thrown in |^\s+at .|^\s*at \S+ ?\(|^\s*File \".*\", line \d+|^\s*\.{3} ?\d+ (?:more"
    r"|common|frames)"
    r"|^\s+from (?:/|\S+:\d+)|^#\d+ +(?:/|\{main\}|\[internal|\S+\(\d+\)|\S+ \()"
    r"|^\s*\d+: +(?:0x[0-9a-f]+|[\w<][\w:<>., &*~]*(?:\(\))?$)"
    r"|^\s+/?[\w./@<>-]+\.(?:go|rb|ex|exs|py|js|ts|rs|c|cc|cpp|php|erl|pl):\d+"
    r"|^/\S+\.rb:\d+:in [`'][^']*'$|^\s+\(\w[\w ]* v?[\d.]+\) \S+:\d+:|^\s*[~^]+\s*$"
    r"|^\s+\+\d+ vendor frames"
    r"|^\s*\d+ \| "
    r"|^\s*(?:➜ )?\s*\d+▕|^\s*\d+ +\S+\.php:\d+|^\s+at \S+:\d+|^\t\S+:\d+ \+0x|^created by "
    r"|^(?:stack )?(?:backtrace|stack trace|stacktrace|call stack|-+ ?native stack trace ?-*)\W*$"
    r"|^<-+ .* -+>$|^\[\d+:0x[0-9a-f]+\]|^\s*-+ End of |^Require stack:|^- /|^Tasks: TOP"
    r"|^\s*in \S+ \(\S+:\d+\)"
    r"|^\s*(?:eax|rax|rip|rsp|r\d+)\b.*0x|^Node\.js v\d|^Bun v\d|^\s*\w+: 0x[0-9a-f]+$"
    r"|^main\.main\(\)$"
    r"|^\s*\[\{\w+,\w+,|^\s+-> .+:\d+|^stack:|^Process .* exit"
)
SOURCE = regex(r"^(?:/|file:///|node:|[A-Za-z]:\\)\S*:\d+$")
CARETS = regex(r"^\s*[~^]+[\s~^]*$")
ECHO = regex(r"^\++ \S|npm notice\b")
SETTING = regex(r"^\s*(?:export |declare -x )?[A-Z_][A-Z0-9_]*=")
# Python draws a bar along a group of exceptions, Terraform, Cargo and Typer draw a box.
BARS = regex(
    r"^ {2,12}(?:\|(?: |$)|\+ (?=Exception Group))|^\s*[\u2502\u2503\u2551](?: |$)"
    r"|\s*[\u2502\u2503\u2551]$"
)
RULE = regex(r"^[\s\u2500-\u257f]+$")
BOX_TITLE = regex(r"^[\u256d\u250c\u2554][\u2500\u2550\s]*(?:error|fehler|erreur)\b", re.IGNORECASE)
# Python's words between two exceptions of one chain.
CHAIN = regex(r"(?:The above exception was the direct cause of|During handling of the above exc)")
# The head of numbered causes, one of them, and a label with what it announces in the next line.
CAUSES_HEAD = regex(r"caused by:$", re.IGNORECASE)
NUMBERED = regex(r"^\s+\d+: (?=\S)")
LABEL = regex(r"(?:errors?|stderr|cause):", re.IGNORECASE)
# What was raised, by its name only.
NAME_ALONE = regex(r"(?:Error: )?[\w.\\]{1,80}")
NPM = regex(r"^\W*p?npm (?:ERR!|error) ")
CAUSE = regex(
    r"^\s*(?:\[?cause\]?:|caused by:?|nested exception(?: is)?:?|-{2,3}> (?=[A-Z\w])|root cause:"
    r"|wrapped by:"
    r"|reason:|causa:|verursacht durch:|причина:|原因[:\uff1a])\s*",
    re.IGNORECASE,
)
RAISED = regex(
    r"^\S+:\d+: [Ff]atal error|^Error in |^Execution error \(|^\s*(?:Process terminated\. \S"
    r"|Exception in thread|Unhandled (?:exception|rejection|promise)|Uncaught"
    r"|panic(?:\([^)]{1,40}\))?:|fatal error: "
    r"|(?:PHP )?Fatal error: |thread '[^']*'(?: \(\d+\))? panicked at|terminate called"
    r"|(?:.{1,120}: )?\*\* \((?!EXIT)|error: Uncaught"
    r"|libc\+\+abi: |Segmentation fault|Bus error|Illegal instruction|Error: |ERROR! |fatal: )"
    r"|^\s*(?:[\w.$\\/:-]+[.$\\:])?[A-Z]\w*(?:Error|Exception|Errno|Failure|Fault|Interrupt|Exit"
    r"|Timeout|Denied|NotFound|Invalid\w*)"
    r"(?: \[[^\]]{1,60}\])?(?:\s*\([^)]{0,80}\))?(?:: |:$|$)"
    r"|^\S+:\d+:in [`'][^']{1,160}': .*\([A-Z][\w:]+\)$"
    r"|^\s*ERR_[A-Z]+(?:_[A-Z]+)+:? +\S|^exception (?:error|exit|throw): \S"
)
USAGE = regex(
    r"^[\w:.-]+(?: [\w:.-]+)? \[-|^\s*(?:usage|options|flags|global (?:flags|options)"
    r"|(?:available |sub)?commands|arguments"
    r"|positional arguments"
    r"|examples?|aliases|verwendung|utilisation|uso|使用法|用法"
    r"|использование)\b[^:]{0,60}[:\uff1a]",
    re.IGNORECASE,
)
PANIC_REASON = regex(r"^goroutine \d+ \[[^\]]*\]: *(\S.*)")
GOROUTINE = regex(r"^goroutine \d+|^runtime stack:|^runtime\.")
GO_FRAME = regex(r"^\S+\(.*\)$|^\s|^created by|^\S+/\S+\.\S+\(|^exit status|^r\w\w? +0x")
OPENS = regex(r"^\{$|^\s*(?:at .*|[\w\]\[' .-]+:.*)[{\[]$")
# `NAME: [ 'Required' ],`
PROPERTY = regex(r"^\s+[\"']?\w[\w.-]*[\"']?: .*[\"'\])],?$")
INNER = regex(r"(?:^|: |\[)\s*\[?((?:\w+\.)*\w*(?:Error|Exception|Rejection)(?: \[\w+\])?: .+)")
DETAIL = regex(r"^\s*(?:\[\d+\] )?(?:DETAIL|DÉTAIL|ДЕТАЛИ|詳細|Details?|Reason|what\(\)):\s*")
SIDE = regex(r"\b(HINT|DETAIL|CONTEXT|STATEMENT|QUERY|LOCATION|ПОДСКАЗКА|ASTUCE|TIPP):\s")
# A hint that asks whether something is so: PostgreSQL names the port or the directory there.
ASKED = regex(r"\bHINT:\s+[^.?]{1,160}\?")
SILENT_SIDES = {"HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION", "ПОДСКАЗКА", "ASTUCE", "TIPP"}
