"""A container crashes because a host name cannot be resolved."""

from __future__ import annotations

import re

from watchdog.detection.log_cause import UNEXPANDED, LogCause
from watchdog.detection.outside import ADDRESS
from watchdog.text.regex import regex

CAUSE = LogCause(
    name="dns_failure",
    summary="host name cannot be resolved",
    pattern=regex(
        r"\blookup \S+(?: on \S+)?: .{0,100}timeout"
        r"|no such host|name or service not known|temporary failure in name resolution|\bNXDOMAIN\b"
        r"|nodename nor servname|name does not resolve|bad address(?=:? ['\"\w])"
        r"|unknown ?host(?:name)?(?! ?(?:key|group|type|id|verif)|name)|\bENOTFOUND\b|\bEAI_AGAIN\b"
        r"|(could not|cannot|can't|could ?n[o']t|failed to|unable to) resolve (?:(?:the|any) )?"
        r"(?:(?:\w+ )?(?:host|address|name|server|instance|domain|dns|upstream|bootstrap)"
        r"|[\"'`\u2018]?[\w-]+(?:(?:\.[\w-]+)+|:\d{2,5})\b(?!/))"
        r"|(?<!virtual )\bhost not found(?= in upstream|\W)(?! in (?!upstream))|server misbehaving"
        r"|could not translate host name|resolvable bootstrap"
        r"|\b(?:host(?:name)?|name|address|server|domain|dns)\b.{0,80}\b(?:could not|cannot|can't)"
        r" be resolved"
        r"|\b(?:dns|name|host(?:name)?|address) resolution (?:has )?failed"
        r"|(?<!dependency )(?<!module )(?<!type )(?<!version )resolution failed for"
        r" ['\"]?[\w-]+[.:-]\w"
        r"|(?:getaddrinfo|gethostby\w+) (?:failed|error)|lookup address information"
        r"|\bdomain name not found\b|no data of the requested type"
        r"|\bDNS server returned\b|remote host \S+ was not found|unresolved host"
        r"|no address associated with"
        r"|(?:could ?n[o']t|unable to) look ?up "
        r"(?!.{0,24}\b(?:user|group|u?id|key|account|type)s?\b)"
        r"|unable to find host|host name lookup|no answer from dns|name or dienst"
        r"|nom ou service inconnu"
        r"|name oder dienst nicht bekannt|nombre o servicio desconocido"
        r"|nome ou servi[çc]o desconhecido"
        r"|h[ôo]te inconnu|impossible de r[ée]soudre|no se (?:pudo|puede) resolver"
        r"|n[ãa]o foi poss[íi]vel"
        r" resolver|nicht aufgel[öo]st werden|aufl[öo]sung .{0,40}fehlgeschlagen|unbekannter host"
        r"|не удалось (?:преобразовать имя|разрешить)|域名解析失败|名前解決|ホストが見つかりません"
        r"|неизвестное имя или служба|名前またはサービスが不明|未知的名称或服务|無法解析|无法解析",
        re.IGNORECASE,
    ),
    # What else is looked up by a name.
    unless=regex(
        r"resolve (?:the )?(?:dependenc|placeholder|module|service for|symbol|import|reference"
        r"|conflict"
        r"|type|class|bean|component|plugin|package|path|variable|expression|alias|property"
        r"|parameter)"
        r"|resolved to an? (?:type|class|variable)|\bclass name|\bEFAULT\b|system call argument"
        r"|can't resolve '[^']+' in '/|\[ERROR\] Could not resolve",
        re.IGNORECASE,
    ),
    subject=(
        UNEXPANDED,
        regex(r"\blookup (?:host )?([\w-]+(?:\.[\w-]+)*)", re.IGNORECASE),
        regex(r"(?:ENOTFOUND|EAI_AGAIN|UnknownHostException:) ([\w.-]+\w)"),
        regex(
            r"(?:host|name|address|resolve|upstream|server|translate)[\w ]{0,30}:? ?"
            r"(?<!\w)[\"'`\u2018\u201c]{1,2}([\w.-]+)",
            re.IGNORECASE,
        ),
        regex(r"resolve(?: host(?:name)?)?: ([\w.-]+\w)", re.IGNORECASE),
        regex(r"\bgetaddrinfo (?:for )?(?!E[A-Z_]+\b)([\w-]+(?:[.-][\w-]+)*)\b"),
        regex(r"://([\w.-]+\w)"),
        regex(r"(?<![\w.-])([a-z][\w-]*(?:\.[\w-]+)*):\d{2,5}\b(?<!\d\.\d)"),
        regex(r"(?:resolve|find|address|host|hostname|server):? ([\w-]+(?:[.-][\w-]+)+)"),
        regex(r"([a-z][\w-]*(?:\.[\w-]+)*): (?:Temporary|Name or|Unknown host|No such host)"),
    ),
    depends_on=ADDRESS,
    why=("{who} crashes because the host name{subject} cannot be resolved (DNS)."),
    to_do=(
        "Check the name in the container's settings, and that the Service of that name exists"
        " in this namespace; a Service of another namespace needs `name.namespace`. If other "
        "names fail too, look at the cluster's DNS."
    ),
    hint=(
        "A host name cannot be resolved: a typo in a setting, a Service that is missing, or "
        "DNS is down. Which of them is for a person to judge, unless the last revision "
        "changed the name."
    ),
)
DNS_FAILURE = CAUSE.kind()
