"""A container crashes because its image lacks a module or library that the program loads."""

from __future__ import annotations

import re

from watchdog.failures.kind import Drill
from watchdog.failures.log_cause import LogCause
from watchdog.failures.manifest import deployment
from watchdog.regex import regex

MODULE_MISSING = LogCause(
    name="module_missing",
    summary="module missing in the image",
    pattern=regex(
        r"ModuleNotFoundError|No module named|Cannot find (module|package) |ERR_MODULE_NOT_FOUND"
        r"|ClassNotFoundException|NoClassDefFoundError|cannot load such file --"
        r"|Could not load file or assembly",
        re.IGNORECASE,
    ),
    subject=(
        regex(r"No module named '?([\w.-]+)", re.IGNORECASE),
        regex(r"Cannot find (?:module|package) '?([@\w./-]+)", re.IGNORECASE),
        regex(r"(?:ClassNotFoundException|NoClassDefFoundError): ([\w.$/]+)"),
        regex(r"cannot load such file -- ([\w./-]+)"),
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
    drill=Drill(
        before=deployment("sleep 3600"),
        manifest=deployment(
            "sleep 1; echo \"ModuleNotFoundError: No module named 'ledger'\"; exit 1"
        ),
        ends="healed",
    ),
    sick=(
        "ModuleNotFoundError: No module named 'psycopg2'",
        "Error: Cannot find module 'express'",
        "Gem::LoadError: cannot load such file -- bundler/setup",
        "java.lang.NoClassDefFoundError: org/shop/Ledger",
    ),
    well="ValueError: the module of this lathe is unknown",
).kind()
