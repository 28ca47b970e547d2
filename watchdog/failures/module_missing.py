"""A container crashes because its image lacks a module or library that the program loads."""

from __future__ import annotations

import re

from watchdog.detection.log_cause import LogCause
from watchdog.text.regex import regex

_KIND = r"(?:extension|gem|module|librar(?:y|ies)|driver|package|plugin)"
_IS = r"(?:is |are |was |were |could |can |has )?"

MODULE_MISSING = LogCause(
    name="module_missing",
    summary="module missing in the image",
    here=True,
    pattern=regex(
        r"\bModuleNotFoundError\b|No module named|Cannot find (module|package) "
        r"|ERR_MODULE_NOT_FOUND"
        r"|ClassNotFoundException|NoClassDefFoundError|cannot load such file --"
        r"|Could not load file or assembly|Can't locate \S+\.pm in @INC|Failed to load class "
        r"|error (while )?loading shared librar|cannot open shared object file"
        r"|Error relocating |module '[^']+' not found|could not find or load .{0,20}module"
        r"|no such module(?=:)"
        r"|failed to load (?:native )?(?:library|module|plugin) .{0,80}(?:not found"
        r"|no such file)"
        r"|could not find gem|UnsatisfiedLinkError|undefined symbol:|DLL load failed"
        r"|could not find \S+(?:, \S+){0,20} in (?:locally installed gems|any of the sources)"
        r"|GemNotFound"
        r"|(?:cannot|can't|could not|failed to|unable to) (?:load|find|locate) (?:\w+ )?"
        r"(?:class|driver|library|module|package):? [\"'`]?\w[\w$/@-]*[.:/\\][\w.$/@:-]+"
        r"|there is no package called|must install or update \.NET"
        r"|version [`'\"][A-Z]+_[\d.]+['\"] not found|opening required '[^']*/autoload\.php"
        rf"|\b{_KIND} [\"'`\u2018]?[a-z@]\S* {_IS}"
        r"(?:missing(?=\W*$)|not (?:be |been )?(?:found|resolved|located)\b"
        r"(?! in \S+\.(?:ya?ml|json|toml|conf|ini|xml)\b))"
        rf"|[\"'`\u2018]\S+[\"'`\u2019] {_KIND} {_IS}(?:missing(?=\W*$)|not found\b)"
        rf"|\b{_KIND} (?:\S+ )?{_IS}not (?:be |been )?(?:installed|loaded)\b"
        r"|could not find driver\b|(?-i:\bClass [\"'][\w\\]+[\"'] not found)"
        r"|modul \S+ (?:wurde )?nicht gefunden|module \S* ?introuvable|找不到模块"
        r"|モジュールが見つかりません"
        r"|library not loaded|could not load (?:library|dynamic library|the \S+ (?:module|library"
        r"|extension))|DllNotFoundException",
        re.IGNORECASE,
    ),
    # What the server or the node lacks, not the image.
    unless=regex(
        r"authentication plugin|kernel module|\bmodprobe\b|/lib/modules"
        r"|\b(?:storage|csi|volume|network|graphics|gpu|nvidia|logging|log) (?:driver|plugin)"
        r"|\bextension \"[^\"]*\" is not|SQLSTATE|\b(?-i:SLF4J)\b",
        re.IGNORECASE,
    ),
    subject=(
        regex(r"No module named '?([\w.-]+)", re.IGNORECASE),
        regex(r"Cannot find (?:module|package) '?([@\w./-]+)", re.IGNORECASE),
        regex(r"(?:ClassNotFoundException|NoClassDefFoundError): ([\w.$/]+)"),
        regex(r"cannot load such file -- ([\w./-]+)"),
        regex(r"(?:librar(?:y|ies):?|symbol:|relocating) '?([\w./+-]+\.so[\w.]*)"),
        regex(r"install the ([\w:]+) module"),
        regex(r"load (?:\w+ )?class:? ([\w.$]+\w)"),
        regex(r"(?:Class|class) [\"\[]([\w\\]+)"),
        regex(r"file or assembly '([\w.]+)"),
    ),
    why="{who} crashes because a module that the program loads{subject} is not in its image.",
    to_do=(
        "Build the image with that module and deploy it, or go back to an image that has it; "
        "nothing in the cluster can add it."
    ),
    hint=(
        "The image lacks a module, class or library: name it. A restart or a setting does not help "
        "unless a path variable was changed; going back helps where a new image brought it."
    ),
).kind()
