"""A container crashes because it may not read or write a file, or bind a port."""

from __future__ import annotations

import re

from watchdog.detection.log_cause import LogCause
from watchdog.text.regex import regex

CAUSE = LogCause(
    name="permission_denied",
    summary="permission denied",
    here=True,
    pattern=regex(
        r"\b(permission denied|EACCES|EPERM"
        r"|AccessDeniedException(?=: (?:/|\w:\\))|nio\.file\.AccessDeniedException"
        r"|operation not permitted(?! (?:in|on|for|while|during|when|by)\b"
        r"|: [a-z]+ \w+ (?:is|was)\b)"
        r"|PermissionDenied(?:Error)?(?=[:,( ]*$|[:,(])|NotCapable|UnauthorizedAccessException)\b"
        r"|access to the path .{0,200} is denied"
        r"|\b(?:file|path|folder|directory|drive|volume|disk) access (?:is )?denied"
        r"|: access denied$"
        r"|on a read-only directory|/[\w./-]+\W{1,3}(?:is|are) not writ(?:e)?able"
        r"|\b(?:directory|folder|path|file|volume)\b.{0,80}\bnot writ(?:e)?able"
        r"|\b(?:directory|folder|path|file|volume) \S{1,200} is not (?:accessible|readable)\b"
        r"|is not writable by|(?:can't|cannot"
        r"|could not) write to .{0,120} permission"
        r"|keine berechtigung|zugriff verweigert|permission non accord|permission refus"
        r"|acc[èe]s refus"
        r"|berechtigung fehlt|acceso denegado|acesso negado|доступ запрещ|нет прав|拒绝访问"
        r"|アクセスが拒否|permiso denegado|permiss[ãa]o negada|отказано в доступе|許可がありません"
        r"|権限がありません"
        r"|权限不够|权限不足|權限不足|没有权限",
        re.IGNORECASE,
    ),
    # A service that denies it, not the operating system.
    unless=regex(
        r"\barn:aws|\bAccessDenied\b|\bwhen calling the \w+ operation"
        r"|not authorized to perform|\bRequestI[dD]\b|googleapis\.com|"
        r"gserviceaccount\.com|"
        r"\bfailed from (?:\d{1,3}\.){3}\d|\bError making API request"
        r"|\b(?:code|status|status code|exceptions\.\w+):? 40[13]\b"
        r"|lacks permission|\b(?:s3|gs)://|\bbucket\b"
        r"|denied to (?:create|alter|drop|set) (?:extension|role|database|event|publication|\")"
        r"|for (?:table|relation|schema|database|sequence|function|view|tablespace|language|type)\b"
        r"|\brpc error|PERMISSION_DENIED|\bpublickey\b|\bauthentication error\b"
        r"|\b403 permission denied|\bForbidden\b"
        # What a login may do, or how long it holds: no file is named.
        r"|^(?!.*(?:(?:^|[\s'\"(=])/[\w.-]|\b(?:open|read|writ|creat|stat|mkdir|exec|ch(?:own|mod)"
        r"|file|folder|director)))(?=.*\b(?:permission|access) denied\b)"
        r".*\b(?:lease|tokens?|acl|polic(?:y|ies)|approle|secret engine)\b"
        r"|(?<!sh: )(?<!\d: )(?<![\w./-])(?:vault|consul|etcdserver|ldap): permission denied"
        # Deno's own rights, which its command line gives.
        r"|\brun again with the --allow-",
        re.IGNORECASE,
    ),
    subject=(
        # No place in a source file.
        regex(r"[\s'\"(]((?:/[\w.-]+)+)(?![\w./-]|,? (?:on )?line \d|:\d)"),
        regex(r"tcp \S*(:\d+):"),
    ),
    why=("{who} crashes because the user it runs as lacks a permission that it needs{subject}."),
    to_do=(
        "Let the container's user do this: set runAsUser or fsGroup in the securityContext, or the "
        "mode of the mounted volume. If the log names a port below 1024, choose a higher one."
    ),
    hint=(
        "The container's user may not read, write or bind something. Its security context or "
        "the volume's owner must change, which is for a person, unless the last revision "
        "brought it."
    ),
)
PERMISSION_DENIED = CAUSE.kind()
