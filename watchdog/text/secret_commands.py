"""Secrets that a command or a statement takes, as tables of patterns.

All but those marked as of both cases are matched against the text in lower case. Each is linear:
what may repeat is bounded, or cannot begin where it could also end.
"""

from __future__ import annotations

import re

from watchdog.text.regex import regex
from watchdog.text.secret_names import NAME_PARTS
from watchdog.text.told_secret import Told, any_value, loose, no_place, no_prose, told

# A value in quotes or up to the next blank, for text of either case.
_V = (
    r"(?:[nebu@]?\\{0,4}[\"'`](?P<secret>[^\"'`\n\\]{3,4096})|(?P<bare>[^\s\"'`,;|&<>(){}\[\]"
    r"\\][^\s\"'`;|&<>()]{2,4096}))"
)
_QUOTED = r"[neub@]?\\{0,4}[\"'](?P<secret>[^\"'\n]{1,4096})"
_ON = r"[^\n|;&]{0,160}?[ \t]"

STATEMENTS = (
    told(
        "identified",
        rf"(?:\b(?:create|alter|grant|change|master|set)\b[^\n;]{{0,200}}?\s|^[ \t]*|@\S{{1,80}}\s)"
        rf"identified\s{{1,4}}(?:with\s{{1,4}}\S{{1,40}}\s{{1,4}})?(?:by|as)\s{{1,4}}(?:p"
        rf"assword\s{{1,4}}|values\s{{1,4}})?{_V}",
        no_prose,
    ),
    told(
        "password",
        rf"(?:encrypted\s{{1,4}})?password\s{{0,4}}(?:=\s{{0,4}}|\(\s{{0,4}}|for\s\S{{1,80}}"
        rf"\s=\s){_QUOTED}",
    ),
    told(
        "password",
        rf"(?:user|role|login|with|encrypted|set)\s[^\n;]{{0,80}}?password\s{{1,4}}{_QUOTED}",
    ),
    told("password", rf"old_password\s?=\s?{_QUOTED}"),
    told("auth", rf"\.auth\(\s?[\"'][^\"'\n]{{1,80}}[\"'],\s?{_QUOTED}"),
    told("auth", r"\"auth\"\s\"(?:[^\"\n]{1,80}\"\s\")?(?P<secret>[^\"\n]{1,256})\"", any_value),
    told("auth", r"hello\s[23]\sauth\s\S{1,64}\s(?P<secret>\S{3,256})"),
    told("auth", r"(?:^|[\s:])auth[ \t](?:\S{1,64}[ \t])?(?P<secret>[^\s\"',;]{4,256})$", loose),
    told("auth-pass", r"auth-pass\s\S{1,64}\s(?P<secret>\S{3,256})"),
    told("setuser ~* +@ nopass", r"\son\s(?:[~+&@*\w]{1,20}\s){0,4}[>#](?P<secret>\S{3,256})"),
    told(
        "rabbitmqctl",
        r"rabbitmqctl\s(?:add_user|change_password|authenticate_user)\s\S{1,64}\s(?P<secret>"
        r"\S{3,256})",
    ),
    told("login", r"\blogin\s{1,4}\S{1,64}\s{1,4}password\s{1,4}(?P<secret>\S{1,256})"),
    told(
        "login",
        r"(?:^|\s)[a-z]?\d{0,5}\s?login\s[\w.@-]{1,64}\s(?P<secret>[^\s\"']{5,256})\s*$",
        loose,
    ),
    told("community", r"snmp(?:-server)?\scommunity\s(?P<secret>\S{3,64})", no_prose),
    told(
        "secret password",
        r"(?:enable|username\s\S{1,64})\s(?:secret|password)\s(?:\d\s)?(?P<secret>\S{3,256})",
        no_prose,
    ),
    told("insecure-password", r"insecure-password\s(?P<secret>\S{3,256})"),
    told("stats auth", r"stats\sauth\s[\w.@-]{1,64}:(?P<secret>\S{3,256})"),
    told(
        ":5432: :*: :5433: :6432: :5439:",
        r"^[\w.*-]{1,120}:(?:\d{2,5}|\*):[\w.*-]{1,64}:[\w.*-]{1,64}:(?P<secret>[^\s:]{4,256}"
        r")$",
        loose,
    ),
    # A line of a configuration or a table: a name, blanks and one word.
    Told(
        NAME_PARTS,
        regex(
            r"^[ \t]{0,40}(?:(?:env|set|config set|setenv|export|arg|[a-z]{2,12} set)[ \t]{1,4})?"
            r"(?P<name>[\w.-]{2,80})(?:[ \t]{1,20}|[ \t]?\.{3,80}[ \t]|[ \t]?\|[ \t]?)"
            r"[\"']?(?P<secret>[^\s\"';|]{3,4096})[\"']?[ \t;|]*(?:ro|rw)?$",
            re.MULTILINE,
        ),
        loose,
    ),
)

PROGRAMS = (
    told(
        "curl wget",
        r"\b(?:curl|wget)\b[^\n|;]{0,200}?\s(?:-u|--user|--proxy-user)[ =]{0,2}[\"']?[\w.@-]{"
        r"1,64}:(?P<secret>[^\s\"'`|;&<>()]{1,4096})",
        kind="password",
    ),
    told(
        "mysql mariadb",
        rf"\b(?:mysql|mariadb)(?:-?dump|-?admin|-?check|import|sh)?\b{_ON}-p{_V}",
        no_place,
        "password",
    ),
    told(
        "redis-cli valkey-cli",
        rf"(?:redis|valkey)-cli\b{_ON}-a[ \t=]{{1,4}}{_V}",
        no_place,
        "password",
    ),
    told(
        "mosquitto_ sqlcmd bcp zip ipmitool isql",
        rf"(?:mosquitto_\w{{2,3}}|\bsqlcmd|\bbcp|\b(?:un)?zip|ipmitool|isql)\b{_ON}-p[ \t=]{{"
        rf"0,4}}{_V}",
        no_place,
        "password",
    ),
    told(
        "mongo cqlsh beeline psexec rabbitmqadmin",
        rf"\b(?:mongo(?:sh|dump|restore|export|import)?|cqlsh|beeline|psexec|rabbitmqadmin)\b"
        rf"{_ON}-p[ \t=]{{0,4}}{_V}",
        no_place,
        "password",
    ),
    told("ldap", rf"\bldap[a-z]{{3,8}}\b{_ON}-w[ \t=]{{0,4}}{_V}", no_place, "password"),
    told("openssl", rf"\bopenssl\b{_ON}-k[ \t=]{{1,4}}{_V}", no_place, "password"),
    told(
        "pass:",
        r"(?:-pass(?:in|out)?\s|\s)pass:(?P<secret>[^\s\"'`|;&<>()]{1,256})",
        any_value,
        "password",
    ),
    told("login", rf"login\b{_ON}-p[ \t=]{{1,4}}{_V}", no_place, "password"),
    told("sshpass", rf"\bsshpass\s(?:-\w\s){{0,3}}-p\s{{0,4}}{_V}", no_place, "password"),
    told("7z", rf"\b7z[ar]?\s{_ON}-p{_V}", no_place, "password"),
    told("snmp", rf"\bsnmp[a-z]{{3,8}}\b{_ON}-c[ \t]{_V}", no_place, "password"),
    told(
        " -u  -u= --user",
        rf"\s(?:-u|--user(?:name)?)[ =]\S{{1,64}}\s(?:\S{{1,60}}\s){{0,4}}?-p[ =]?{_V}",
        no_place,
        "password",
    ),
    told(" -u", r"\s-u\s{0,2}[\w.\\@-]{1,64}%(?P<secret>\S{2,256})", any_value, "password"),
    told(" -u", r"\s-u\s[\w.@-]{1,64},(?P<secret>[^\s,]{2,256})\s", any_value, "password"),
    told(
        "sqlplus expdp impdp rman sqlldr jdbc:oracle thin:",
        r"(?:\b(?:sqlplus|expdp|impdp|rman|sqlldr)\s(?:-\w\s|target\s){0,3}|:thin:|:oci:)[\"'"
        r"]?[\w$#]{1,30}/(?P<secret>[^\s@\"'/]{1,128})",
        any_value,
        "password",
    ),
    told(
        "chpasswd",
        r"echo\s[\"']?[\w.-]{1,32}:(?P<secret>[^\s\"'|]{1,256})[\"']?\s?\|\s?(?:sudo\s)?chpas"
        r"swd",
        any_value,
        "password",
    ),
    told(
        "passwd",
        r"echo\s(?:-n\s|-e\s)?[\"']?(?P<secret>[^\s\"'|]{1,256})[\"']?\s?\|\s?(?:sudo\s)?(?:p"
        r"asswd|cryptsetup|gpg|docker login|helm registry)",
        any_value,
        "password",
    ),
    told(
        "password-command",
        r"password-command\s[\"'](?:echo|printf)\s(?P<secret>[^\s\"']{1,256})",
        any_value,
        "password",
    ),
    told(
        "htpasswd",
        r"htpasswd\s(?:-\w{1,6}\s){0,4}\S{1,80}\s[\w.@-]{1,64}\s(?P<secret>[^\s\"'-]{3,256})",
        any_value,
        "password",
    ),
    told("--from-literal", r"--from-literal[= ][\"']?[\w.-]{1,80}=(?P<secret>[^\s\"']{1,4096})"),
    told(
        "vault login authtoken",
        r"(?:vault\slogin|ngrok\s(?:config\sadd-)?authtoken|add-authtoken)\s(?:-\S{1,40}\s){0"
        r",3}(?P<secret>[\w.-]{6,256})",
        no_prose,
    ),
    told(
        "configure set",
        r"configure\sset\s[\w.-]*(?:secret|token|key|pass)[\w.-]*\s(?P<secret>\S{6,256})",
    ),
    told(
        "net use",
        r"\bnet\suse\s(?:[a-z]:\s)?\\\\\S{1,80}\s(?:/user:\S{1,64}\s)?(?P<secret>[^\s/][^\s]{"
        r"2,256})",
        no_place,
        "password",
    ),
    told("/p: /pass", r"\s/p(?:ass(?:word)?)?:(?P<secret>[^\s\"'/]{2,256})", any_value, "password"),
)
