"""Secrets in statements, settings and protocols, as a table of patterns.

All but those marked as of both cases are matched against the text in lower case. Each is linear:
what may repeat is bounded, or cannot begin where it could also end.
"""

from __future__ import annotations

import re

from watchdog.text.regex import regex
from watchdog.text.secret_names import NAME_PARTS
from watchdog.text.told_secret import (
    QUOTED,
    VALUE,
    Told,
    any_value,
    loose,
    no_place,
    no_prose,
    told,
)

STATEMENTS = (
    told(
        "identified",
        rf"(?:\b(?:create|alter|grant|change|master|set)\b[^\n;]{{0,200}}?\s|^[ \t]*|@\S{{1,80}}\s)"
        rf"identified\s{{1,4}}(?:with\s{{1,4}}\S{{1,40}}\s{{1,4}})?(?:by|as)\s{{1,4}}(?:p"
        rf"assword\s{{1,4}}|values\s{{1,4}})?{VALUE}",
        no_prose,
    ),
    told(
        "password",
        rf"(?<!`)(?:encrypted\s{{1,4}})?password\s{{0,4}}(?:=\s{{0,4}}|\(\s{{0,4}}|for\s\S{{1,80}}"
        rf"\s=\s){QUOTED}",
    ),
    told(
        "password",
        rf"(?:user|role|login|with|encrypted|set)\s[^\n;]{{0,80}}?password\s{{1,4}}{QUOTED}",
    ),
    told("password", rf"old_password\s?=\s?{QUOTED}"),
    told(
        "identified",
        rf"identified\s{{1,4}}by\s{{1,4}}[^\n;]{{1,200}}?\sreplace\s{{1,4}}{VALUE}",
        no_prose,
    ),
    told("securestring", rf"convertto-securestring\s(?:-\w{{1,20}}\s){{0,3}}{VALUE}", no_place),
    # What a client answers to the questions for a user and a password, of which SMTP tells each.
    told(
        "ugfzc3dvcmq6",
        r"334[ \t]ugfzc3dvcmq6[^\n]{0,40}\n[^\n]{0,60}?(?P<secret>[a-z0-9+/]{4,512}={0,2})[ \t]*$",
    ),
    # A line of a protocol, behind the arrow, the time or the name of who said it.
    told(
        "pass auth",
        r"^[^\n\w]{0,8}(?:[\w.-]{0,20}[>:\]][^\w\n]{1,8}){1,3}(?:quote[ \t]{1,4})?(?:pass|auth"
        r")[ \t]{1,4}"
        r"(?P<secret>[^\s\"']{4,256})[ \t]*$",
        loose,
    ),
    told("login", r"\blogin[ \t]\"[^\"\n]{1,80}\"[ \t]\"(?P<secret>[^\"\n]{1,256})\""),
    told(
        "assword",
        rf"assword[^\n]{{0,20}}[\"'}}][^\n]{{0,20}}\n?[^\n]{{0,20}}\bsend(?:line)?[ \t(]{{1,3}}"
        rf"(?:--[ \t])?{QUOTED}",
    ),
    told(
        "user",
        r"\buser[ \t=:]{1,3}\S{1,64}[,;]?[ \t]{1,4}(?:pass|pw|pwd)[ \t=:]{1,3}(?P<secret>[^\s"
        r"\"',;]{3,256})",
        loose,
    ),
    told("auth", rf"\.auth\(\s?[\"'][^\"'\n]{{1,80}}[\"'],\s?{QUOTED}"),
    told("auth", r"\"auth\"\s\"(?:[^\"\n]{1,80}\"\s\")?(?P<secret>[^\"\n]{1,256})\"", any_value),
    told("auth", r"hello\s[23]\sauth\s\S{1,64}[ \t](?P<secret>\S{3,256})"),
    told("auth", r"(?:^|[\s:])auth[ \t](?:\S{1,64}[ \t])?(?P<secret>[^\s\"',;]{4,256})$", loose),
    told("auth-pass", r"auth-pass\s\S{1,64}[ \t](?P<secret>\S{3,256})"),
    told("setuser ~* +@ nopass", r"\son\s(?:[~+&@*\w]{1,20}\s){0,4}[>#](?P<secret>\S{3,256})"),
    told(
        "rabbitmqctl",
        r"rabbitmqctl\s(?:add_user|change_password|authenticate_user)\s\S{1,64}[ \t](?P<secret>"
        r"\S{3,256})",
    ),
    told(
        "login", r"(?<![\w-])login\s{1,4}[^\s:]{1,64}\s{1,4}password[ \t]{1,4}(?P<secret>\S{1,256})"
    ),
    told(
        "login",
        r"(?:^|\s)[a-z]?\d{0,5}\s?login\s[\w.@-]{1,64}[ \t](?P<secret>[^\s\"']{5,256})\s*$",
        loose,
    ),
    told("community", r"snmp(?:-server)?\scommunity[ \t](?P<secret>\S{3,64})", no_prose),
    told(
        "secret password",
        r"(?:enable|username[ \t](?!or\b|and\b)\S{1,64}(?:[ \t]privilege[ \t]\d{1,2})?)[ "
        r"\t](?:secret|password)[ \t](?:\d[ \t])?(?P<secret>\S{3,256})",
        no_prose,
    ),
    told(
        "password secret key",
        r"(?:^|\s)(?:password|secret|key)\s7[ \t](?P<secret>[0-9a-f]{8,128})[ \t]*$",
        loose,
    ),
    told("neighbor", r"\bneighbor\s\S{1,80}\spassword\s(?:\d\s)?(?P<secret>\S{3,256})"),
    told(
        "tacacs radius message-digest authentication-key",
        r"\b(?:tacacs|radius|message-digest|authentication)(?:-server)?[ -]key\s(?:\d{1,3}\s("
        r"?:md5|sha1|hmac-sha\d{1,3})\s)?(?:\d\s)?(?P<secret>[^\s:=]{4,256})[ \t]*$",
        no_prose,
    ),
    told(
        "set",
        r"\bset(?:ting)?\s(?:env\s|variable\s)?[\"'`]?(?P<name>[a-z_][\w.]{1,80})[\"'`]?\s"
        rf"to\s{QUOTED}",
    ),
    told("temporary password", r"\bpassword is generated for \S{1,80}: (?P<secret>\S{4,256})"),
    told("crypto pw", r"\bcrypto pw[ \t](?P<secret>\S{3,256})"),
    # A key of a constraint with its value, and calls that name the value that follows.
    told("key (", r"\bkey \((?P<name>[\w.]{1,80})\)=\((?P<secret>[^()\n]{1,4096})\)"),
    told("define(", rf"\bdefine\(\s?[\"'](?P<name>[\w.-]{{1,80}})[\"'],\s{{0,40}}{QUOTED}"),
    told('")', rf"\(\"(?P<name>[\w.:-]{{1,120}})\"\)\s{{0,4}}[:=]{{1,2}}\s{{0,4}}{QUOTED}"),
    told("')", rf"\('(?P<name>[\w.:-]{{1,120}})'\)\s{{0,4}}[:=]{{1,2}}\s{{0,4}}{QUOTED}"),
    told(
        "'crypt' \"crypt\" 'encryption' \"encryption\" 'jwt' \"jwt\" 'session' \"session"
        '" \'cookie\' "cookie"',
        r"[\"'](?:crypt|encryption|jwt|session|cookie)[\"']\s{0,4}(?:=>|:)\s{0,4}[\[{]\s{"
        r"0,20}[\"']?(?:key|salt)[\"']?"
        rf"\s{{0,4}}(?:=>|:)\s{{0,4}}{QUOTED}",
    ),
    told("api-key", r"\bapi-key\sstore\s\S{1,64}[ \t](?P<secret>\S{8,256})"),
    told("plain-text-password", rf"plain-text-password-value\s{QUOTED}"),
    told(
        " enc ", r"\bset\s(?:passwd|password|psksecret|secret|key)\senc[ \t](?P<secret>\S{8,512})"
    ),
    # What a shell, an installer or the setup of a system takes, whatever it looks like.
    told(
        "set",
        r"(?:^|[\s;&])(?:setx|setenv|set\s-\w{1,3}|env:set)\s(?P<name>[a-z_]\w{1,80})\s["
        r"\"']?(?P<secr"
        r"et>[^\s\"'$][^\s\"']{2,4096})",
    ),
    told("rootpw sshpw", r"\b(?:rootpw|sshpw)\s(?:--\S{1,40}\s){0,4}(?P<secret>[^\s-]\S{2,256})"),
    told(
        "d-i ",
        r"\bd-i\s\S{0,60}(?:password|passphrase|crypted)\S{0,20}\s(?:password|string)[ \t](?P"
        r"<secret>\S{3,256})",
    ),
    *(
        told(
            "chpasswd",
            r"\bchpasswd\b[^\n]{0,40}\n(?:[ \t]{0,20}list:[^\n]{0,8}\n)?"
            rf"(?:[ \t]{{0,20}}[\w.-]{{1,32}}:\S{{1,256}}\n){{{before}}}"
            r"[ \t]{0,20}[\w.-]{1,32}:(?P<secret>\S{3,256})",
        )
        for before in range(5)
    ),
    # Users and their passwords, as PgBouncer lists them.
    told('"', r"^\"[\w.@-]{1,64}\"[ \t]{1,8}\"(?P<secret>[^\"\n]{4,256})\"[ \t]*$", loose),
    told("initial-password", r"\binitial-password\n(?P<secret>[\w-]{12,64})[ \t]*$"),
    told("new value:", r"\bpassword\b[^\n]{0,80}\n[ \t]{0,20}new value:[ \t](?P<secret>\S{4,256})"),
    told("createcredential", r"-createcredential\s\S{1,80}\s\S{1,80}[ \t](?P<secret>\S{3,256})"),
    told("loginmodule", rf"loginmodule\b[^\n;]{{0,300}}?\suser_\w{{1,64}}={QUOTED}"),
    told(
        "client_send", r"\bclient_send\s?=\s?:?\s?[^\s^]{0,64}\^[^\s^]{1,64}\^(?P<secret>\S{2,256})"
    ),
    told("rfc4106 rfc4309", r"\brfc\d{4}\([\w()]{1,40}\)[ \t](?P<secret>[0-9a-f]{16,128})"),
    told(
        "secure_link",
        r"secure_link(?:_hmac)?_(?:md5|secret)\s[\"']?(?:[^\s\"';]{1,200}\s){0,4}(?P<secret>["
        r"^\s\"';$]{4,256})[\"']?;",
    ),
    told(
        "ident", r"authident[\"']?\s{0,4}[:=]\s{0,4}[\"']?[\w.@-]{1,64}:(?P<secret>[^\s\"']{3,256})"
    ),
    # Statements of databases that name the user first.
    told(".logon", r"\.logon\s(?:[^\s/]{1,80}/)?[^\s,]{1,64},(?P<secret>[^\s;]{1,256})"),
    told(
        "using",
        r"\bconnect\s(?:to\s)?\S{1,80}\suser\s\S{1,64}\susing\s[\"']?(?P<secret>[^\s\"';]{1,2"
        r"56})",
    ),
    told(
        "openrowset",
        r"\bopenrowset\([^)\n]{1,200}?;\s?'[^'\n]{1,64}';\s?'(?P<secret>[^'\n]{1,256})'",
    ),
    told(
        "sp_addlogin sp_password",
        r"\bsp_(?:addlogin|password)\s[^\n;]{0,80}?'[^'\n]{1,80}',\s?n?'(?P<secret>[^'\n]{1,2"
        r"56})'",
    ),
    told(
        "sp_addlinkedsrvlogin",
        r"\bsp_addlinkedsrvlogin\s[^\n;]{1,200},\s?n?'[^'\n]{1,80}',\s?n?'(?P<secret>[^'\n]{1"
        r",256})'",
    ),
    told(
        "crypt(",
        r"\b(?:aes|des|pgp_sym)_?(?:en|de)crypt\([^()\n]{1,200}?,\s?[\"'](?P<secret>[^\"'"
        r"\n]{3,256})[\"']\s?[,)]",
    ),
    # Calls that take a user and a password, and in which places.
    told(
        "connect( mysqli( pdo( __construct(",
        r"\b(?:mysqli?_p?connect|mysqli|pdo|oci_p?connect)(?:->__construct)?\(\s?"
        r"(?:[\"'][^\"'\n]{0,200}[\"'],\s?){1,2}[\"'](?P<secret>[^\"'\n]{1,256})[\"']\s?[,)]",
    ),
    told(
        "sequelize(",
        r"\bsequelize\(\s?(?:[\"'][^\"'\n]{0,200}[\"'],\s?){2}[\"'](?P<secret>[^\"'\n]{1,256}"
        r")[\"']",
    ),
    told(
        "login( sign_in( signin( userpassword( networkcredential",
        r"(?:\b|>|[a-z_])(?:log_?in|sign_?in|change_?user_?password|networkcredential\]?("
        r"?:::new)?)\(\s?[\"'][^\"'\n]{1,200}[\"'],\s?[\"'](?P<secret>[^\"'\n]{1,256})[\""
        r"']\s?[,)]",
    ),
    told("passwordmessage(", rf"passwordmessage\(\s?{QUOTED}"),
    told(
        "authenticate",
        r"\bauthenticate\s(?:plain|login|xoauth2|oauthbearer)[ \t](?P<secret>[a-z0-9+/]{8,409"
        r"6}={0,2})",
    ),
    told(
        "cram-md5",
        r"cram-md5\s{0,4}\n[^\n]{1,200}\n[^\n\w]{0,8}(?:c:)?[^\n\w]{0,8}(?P<secret>[a-z0-9+/]"
        r"{16,512}={0,2})[ \t]*$",
    ),
    told("apop", r"\bapop\s[\w.@-]{1,64}[ \t](?P<secret>[0-9a-f]{32})\b"),
    told("--> pass", r"-->[ \t]pass[ \t](?P<secret>\S{2,256})[ \t]*$"),
    told(
        "controlrole monitorrole",
        r"\b(?:control|monitor)role[ \t]{1,20}(?:password[ \t])?(?P<secret>(?!read)[^\s=]{4,2"
        r"56})[ \t]*$",
    ),
    told("ssws", r"\bssws[ \t](?P<secret>[\w-]{24,128})"),
    told(
        "proxy_set_header add_header",
        r"\b(?:proxy_set|add)_header[ \t](?P<name>[\w-]{1,80})[ \t][\"']?(?P<secret>[^\s\"';$"
        r"][^\n\"';]{3,4096})",
    ),
    told("insecure-password", r"insecure-password[ \t](?P<secret>\S{3,256})"),
    told("stats auth", r"stats\sauth\s[\w.@-]{1,64}:(?P<secret>\S{3,256})"),
    told(
        ":5432: :*: :5433: :6432: :5439:",
        r"^[\w.*-]{1,120}:(?:\d{2,5}|\*):[\w.*-]{1,64}:[\w.*-]{1,64}:(?P<secret>[^\s:]{4,256}"
        r")$",
        loose,
    ),
    # A password behind what encodes it or says that nothing does, as of Spring, Dovecot, WebLogic.
    told(
        "{plain {clear {noop {aes {xor {3des {cipher {obf",
        r"\{(?:plain|plaintext|clear|cleartext|noop|aes\d{0,3}|xor|3des|cipher|obf)\}(?P<secre"
        r"t>[^\s:,;\"'<>{}]{4,256})",
    ),
    told(
        "psk eap xauth pin",
        r":[ \t](?:psk|eap|xauth|pin|ntlm)[ \t]{1,8}[\"'](?P<secret>[^\"'\n]{1,256})[\"']",
    ),
    told("secret", r"\bsecret[ \t]{1,8}\"(?P<secret>[^\"\n]{6,256})\";", loose),
    told("encrypt", r"\bencrypt\W{1,5}(?P<secret>[a-z0-9+/]{20,64}={0,2})(?![\w+/=])", loose),
    told(
        "routing service",
        r"\b(?:routing|service)_?key\W{1,6}(?P<secret>[a-z0-9]{32,})(?![\w.-])",
        loose,
    ),
    told("geniekey", r"\bgeniekey[ \t](?P<secret>[\w-]{16,64})"),
    told("addauth", r"\baddauth[ \t]\w{1,20}[ \t][\w.@-]{1,64}:(?P<secret>\S{2,256})"),
    told(
        "digest",
        r"\b\w{0,20}digest=(?!(?:sha|md|blake)-?\d)[\w.@-]{1,64}:(?P<secret>[\w+/=]{8,256})",
    ),
    told(
        " user=",
        r"(?<!\w)user=[a-z_][\w.@-]{0,63}:(?P<secret>[^\s\"',;:]{6,256})(?=[\s\"',;]|$)",
        loose,
    ),
    told("user.info=", r"\buser\.info=[\w.@-]{1,64}:(?P<secret>[^\s\"',;]{3,256})"),
    told("response=", r"\bresponse=[\"'](?P<secret>[0-9a-f]{32,128})[\"']"),
    told("mac=", r"\bmac=[\"'](?P<secret>[\w+/=]{12,256})[\"']", loose),
    told(
        "signature",
        r"signature[\w-]{0,8}[\"']?\s{0,4}[:=]\s{0,4}[\"']?sha-?\d{1,3}=(?P<secret>[\w+/=]{16,"
        r"256})",
    ),
    # The words that a wallet is made anew from, and codes that are used once.
    told(
        "mnemonic seed phrase words",
        r"(?:mnemonic|seed|phrase|words)\W{1,6}(?P<secret>(?:[a-z]{3,8}[ \t]){11,23}[a-z]{3,8})\b",
    ),
    told(
        "codes",
        r"(?:backup|recovery|scratch|one-time)[ _-]codes?\W{1,6}(?P<secret>\w{1,12}[\d-][\w-]{"
        r"2,20}(?:[,;\s]{1,3}\w{1,12}[\d-]"
        r"[\w-]{2,20}){1,20})",
    ),
    told("wifi:", r"\bwifi:[^\n]{0,200}?;?p:(?P<secret>[^;\n]{4,256});"),
    told(
        "pass auth",
        r"[\"'](?:pass|auth)[ \t](?:[^\s\\\"']{1,64}[ \t])?(?P<secret>[^\s\\\"']{4,256})(?:\\r"
        r")?\\n",
    ),
    told(
        "auth\\r",
        r"auth(?:\\r\\n\$\d{1,4}\\r\\n[^\s\\]{1,80}){0,1}\\r\\n\$\d{1,4}\\r\\n(?P<secret>[^\s"
        r"\\]{3,256})",
    ),
    told(
        "identify",
        r"(?:nickserv[ \t]|:)identify[ \t](?:[\w-]{1,40}[ \t])?(?P<secret>\S{4,128})[ \t]*$",
        loose,
    ),
    # What is typed at a prompt, or printed below what it is called.
    told(
        "password passphrase token pin",
        r"^[^\n<>]{0,40}\b(?:password|passphrase|token|pin)[^\n:<>]{0,40}>[ \t]?(?P<secret>[^"
        r"\s<>]{4,256})[ \t]*$",
        loose,
    ),
    told(
        "password passphrase token secret key",
        r"\b(?:password|passphrase|token|secret|api key)\b[^\n]{0,120}:[ \t]*\n{1,2}[ \t]{0,20}(?P<"
        r"secret>[^\s:]{8,1024})[ \t]*$",
        loose,
    ),
    told("unsafeplaintext", rf"unsafeplaintext\(\s?{QUOTED}"),
    told("::add-mask::", r"::add-mask::(?P<secret>[^\n]{1,1024})"),
    told(
        "::set-output", r"::set-output[ \t]name=(?P<name>[\w.-]{1,80})::(?P<secret>[^\n]{1,1024})"
    ),
    told(
        "move", r"\bmove[ \t][\"'](?P<secret>[^\"'\n]{1,256})[\"'][ \t]to[ \t](?P<name>[\w-]{1,60})"
    ),
    # A line of a configuration or a table: a name, blanks and one word.
    Told(
        NAME_PARTS,
        regex(
            r"^[ \t]{0,40}(?:(?:env|set|config set|setenv|export|arg|\#define|[a-z]{2,12} set)"
            r"[ \t]{1,4})?"
            r"(?P<name>[\w.-]{2,80})(?:[ \t]{1,20}|[ \t]?\.{3,80}[ \t]|[ \t]?\|[ \t]?)"
            r"[\"']?(?P<secret>[^\s\"';|]{3,4096})[\"']?[ \t;|]*(?:ro|rw)?$",
            re.MULTILINE,
        ),
        loose,
    ),
)
