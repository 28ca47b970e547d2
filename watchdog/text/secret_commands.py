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
        rf"(?<!`)(?:encrypted\s{{1,4}})?password\s{{0,4}}(?:=\s{{0,4}}|\(\s{{0,4}}|for\s\S{{1,80}}"
        rf"\s=\s){_QUOTED}",
    ),
    told(
        "password",
        rf"(?:user|role|login|with|encrypted|set)\s[^\n;]{{0,80}}?password\s{{1,4}}{_QUOTED}",
    ),
    told("password", rf"old_password\s?=\s?{_QUOTED}"),
    told(
        "identified",
        rf"identified\s{{1,4}}by\s{{1,4}}[^\n;]{{1,200}}?\sreplace\s{{1,4}}{_V}",
        no_prose,
    ),
    told("securestring", rf"convertto-securestring\s(?:-\w{{1,20}}\s){{0,3}}{_V}", no_place),
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
        rf"(?:--[ \t])?{_QUOTED}",
    ),
    told(
        "user",
        r"\buser[ \t=:]{1,3}\S{1,64}[,;]?[ \t]{1,4}(?:pass|pw|pwd)[ \t=:]{1,3}(?P<secret>[^\s"
        r"\"',;]{3,256})",
        loose,
    ),
    told("auth", rf"\.auth\(\s?[\"'][^\"'\n]{{1,80}}[\"'],\s?{_QUOTED}"),
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
        rf"to\s{_QUOTED}",
    ),
    told("temporary password", r"\bpassword is generated for \S{1,80}: (?P<secret>\S{4,256})"),
    told("crypto pw", r"\bcrypto pw[ \t](?P<secret>\S{3,256})"),
    # A key of a constraint with its value, and calls that name the value that follows.
    told("key (", r"\bkey \((?P<name>[\w.]{1,80})\)=\((?P<secret>[^()\n]{1,4096})\)"),
    told("define(", rf"\bdefine\(\s?[\"'](?P<name>[\w.-]{{1,80}})[\"'],\s{{0,40}}{_QUOTED}"),
    told('")', rf"\(\"(?P<name>[\w.:-]{{1,120}})\"\)\s{{0,4}}[:=]{{1,2}}\s{{0,4}}{_QUOTED}"),
    told("')", rf"\('(?P<name>[\w.:-]{{1,120}})'\)\s{{0,4}}[:=]{{1,2}}\s{{0,4}}{_QUOTED}"),
    told(
        "'crypt' \"crypt\" 'encryption' \"encryption\" 'jwt' \"jwt\" 'session' \"session"
        '" \'cookie\' "cookie"',
        r"[\"'](?:crypt|encryption|jwt|session|cookie)[\"']\s{0,4}(?:=>|:)\s{0,4}[\[{]\s{"
        r"0,20}[\"']?(?:key|salt)[\"']?"
        rf"\s{{0,4}}(?:=>|:)\s{{0,4}}{_QUOTED}",
    ),
    told("api-key", r"\bapi-key\sstore\s\S{1,64}[ \t](?P<secret>\S{8,256})"),
    told("plain-text-password", rf"plain-text-password-value\s{_QUOTED}"),
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
    told("loginmodule", rf"loginmodule\b[^\n;]{{0,300}}?\suser_\w{{1,64}}={_QUOTED}"),
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
    told("passwordmessage(", rf"passwordmessage\(\s?{_QUOTED}"),
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
    told("unsafeplaintext", rf"unsafeplaintext\(\s?{_QUOTED}"),
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

PROGRAMS = (
    told(
        "curl",
        r"\bcurl\b[^\n|;]{0,200}?\s(?:-e|--(?:proxy-)?cert)[ =][\"']?[\w./-]{1,200}:(?P<s"
        r"ecret>[^\s\"'`|;&<>()]{1,4096})",
        any_value,
        "password",
    ),
    told(
        "curl wget",
        r"\b(?:curl|wget)\b[^\n|;]{0,200}?\s(?:-[a-z]{0,8}u|--user|--proxy-user)[ =]{0,2}"
        r"[\"']?[\w.@-]{"
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
    told(
        "http etcdctl skopeo crane nats elasticdump kinit",
        r"(?:^|[\s/\"'])(?:https?|xhs?|etcdctl|skopeo|crane|nats|elasticdump)[ \t][^\n|;]{0,20"
        r"0}?-(?:a|-auth|-user|u|-creds|-src-creds"
        r"|-dest-creds)[ =]{1,2}[\"']?[\w.@-]{1,64}:(?P<secret>[^\s\"'`|;&<>()]{1,4096})",
        no_place,
        "password",
    ),
    # Of a program that is not known only what looks like a password: others are group and port.
    told(
        "-u -a -user -auth -cred",
        r"[ \t](?:-u|-a|--?[a-z-]{0,20}(?:user|auth|creds?|credentials))[ =]{1,2}[\"']?[\w.@-]"
        r"{1,64}:(?P<secret>[^\s\"'`|;&<>()@]{4,256})",
        loose,
        "password",
    ),
    told("winrs", rf"\bwinrs\b{_ON}-p:(?P<secret>\S{{1,256}})", any_value, "password"),
    told("user", rf"\buser(?:add|mod)\b{_ON}-p[ \t=]{{1,2}}{_V}", no_place, "password"),
    told(
        "net user",
        r"\bnet[ \t]user[ \t]\S{1,64}[ \t](?P<secret>[^\s/*]\S{2,256})",
        loose,
        "password",
    ),
    told("schtasks", rf"\bschtasks\b{_ON}/rp[ \t]{_V}", any_value, "password"),
    told(
        "radtest",
        r"\bradtest[ \t](?:-\S{1,10}[ \t]){0,4}\S{1,64}[ \t](?P<secret>\S{2,256})",
        any_value,
        "password",
    ),
    told(
        "radtest",
        r"\bradtest[ \t][^\n]{1,300}[ \t]\d{1,5}[ \t](?P<secret>\S{2,256})",
        any_value,
        "password",
    ),
    told(
        "nsupdate dig",
        rf"\b(?:nsupdate|dig)\b{_ON}-y[ \t](?:[\w-]{{1,20}}:)?[\w.-]{{1,80}}:(?P<secret>[\w+/=]"
        rf"{{4,256}})",
    ),
    told("doctl flyctl", rf"\b(?:doctl|flyctl)\b{_ON}-t[ \t=]{{1,2}}{_V}", loose),
    told("setcookie", r"-setcookie[ \t](?P<secret>\S{2,256})"),
    told("sonar.login", r"sonar\.login=(?P<secret>[^\s\"']{6,256})", loose),
    told(
        "config",
        r"\bconfig[ \t](?:set[ \t])?(?:--\S{1,40}[ \t]){0,3}?(?:--secret[ \t]\S{1,128}|\S{0,12"
        r"8}(?:_authtoken|_password|_auth"
        r"|-token\.\S{1,60}))[ \t](?P<secret>[^\s\"']{3,1024})",
    ),
    told("memtier", rf"\bmemtier_benchmark\b{_ON}-a[ \t=]{{1,4}}{_V}", no_place, "password"),
    told("influx", rf"\binflux\b{_ON}-t[ \t=]{{1,4}}{_V}", loose),
    told(
        "mysqlsh mysql",
        r"\bmysqlsh?\s(?:--?\S{1,60}\s){0,4}[\w.-]{1,64}:(?P<secret>[^\s@]{1,256})@",
        any_value,
        "password",
    ),
    told(
        ".py",
        r"\b(?:secretsdump|psexec|wmiexec|smbexec|smbclient|getuserspns|getnpusers|ticket"
        r"er|mssqlclient)\.py\s(?:-\S{1,40}\s){0,4}"
        r"[\"']?[\w./-]{1,80}:(?P<secret>[^\s@\"']{1,256})@",
        any_value,
        "password",
    ),
    told(
        "mosquitto_passwd",
        r"\bmosquitto_passwd\s(?:-\w\s){1,3}\S{1,200}\s\S{1,64}[ \t](?P<secret>\S{2,256})",
        any_value,
        "password",
    ),
    told(
        "ldappasswd slappasswd",
        rf"\b(?:ld|sl)appasswd\b{_ON}-[sa][ \t]{{1,4}}{_V}",
        no_place,
        "password",
    ),
    told("ssh-keygen", rf"\bssh-keygen\b{_ON}-[np][ \t]{{1,4}}{_V}", no_place, "password"),
    told("openssl", rf"\bopenssl\b{_ON}-hmac[ \t]{{1,4}}{_V}", no_place, "password"),
    told(
        "openssl",
        rf"\bopenssl[ \t]passwd[ \t](?:-(?!s)\w{{1,8}}[ \t]){{0,3}}{_V}",
        no_place,
        "password",
    ),
    told("encrypt_string", rf"\bencrypt_string[ \t](?:--\S{{1,60}}[ \t]){{0,4}}{_V}", no_place),
    told("signtool", rf"\bsigntool\b{_ON}/p[ \t]{_V}", no_place, "password"),
    told(
        "certutil pk12util hydra",
        rf"\b(?:certutil|pk12util|hydra|medusa|ncrack)\b{_ON}-[pw][ \t]{_V}",
        no_place,
        "password",
    ),
    told("rar", rf"\brar[ \t]{_ON}-h?p{_V}", no_place, "password"),
    told("sendemail", rf"\bsendemail\b{_ON}-xp[ \t]{_V}", no_place, "password"),
    told(
        "secret put-parameter",
        rf"\b(?:put-parameter|secret[ \t]set)\b[^\n|;]{{0,300}}?[ \t]--value[ \t=]{{1,2}}{_V}",
        no_place,
    ),
    told(
        "unseal", rf"\bvault[ \t]operator[ \t]unseal[ \t](?:-\S{{1,60}}[ \t]){{0,3}}{_V}", no_prose
    ),
    told("cloudflared", rf"\bcloudflared[ \t]service[ \t]install[ \t]{_V}", no_place),
    told("bw unlock", rf"\bbw[ \t]unlock[ \t]{_V}", no_place, "password"),
    told(
        "upwd password",
        r"\bdrush[ \t](?:upwd|user:password)[ \t]\S{1,64}[ \t][\"']?(?P<secret>[^\s\"']{2,256"
        r"})",
        no_place,
        "password",
    ),
    told("reset-admin-password", rf"\breset-admin-password[ \t]{_V}", no_place, "password"),
    told(".psk wep-key", rf"\bnmcli\b{_ON}[\w-]{{0,40}}(?:\.psk|\.wep-key\d?)[ \t]{_V}", no_place),
    told(
        "http-basic. pypi-token. github-oauth. gitlab-token. bearer.",
        r"\bconfig[ \t](?:-\S{1,20}[ \t]){0,3}(?:http-basic\.\S{1,120}[ \t]\S{1,64}|(?:py"
        r"pi-token|github-oauth|gitlab-token|bearer)\.\S{1,120})"
        r"[ \t](?P<secret>[^\s\"']{3,1024})",
    ),
    told(
        "bundle config",
        r"\bbundle[ \t]config[ \t](?:set[ \t])?(?:--\S{1,40}[ \t]){0,3}[\w.-]{1,120}[ \t]"
        r"[\w.@-]{1,64}:(?P<secret>[^\s\"']{3,256})",
        any_value,
        "password",
    ),
    told("nuget", rf"\bnuget\b{_ON}-(?:k|apikey)[ \t]{_V}", no_place),
    told(
        "script-args",
        r"--script-args[ \t=][^\n]{0,200}?pass(?:word)?=(?P<secret>[^\s,\"']{2,256})",
        any_value,
        "password",
    ),
    told("conda", r"conda\S{0,120}/t/(?P<secret>[\w-]{8,128})/"),
    told(
        "<<<",
        r"<<<(?<!<<<<)[ \t]?\$?(?:[\"'](?P<secret>[^\"'\n]{3,256})[\"']|(?P<bare>[^\s\"'<"
        r"$]{3,256}))",
        loose,
    ),
    told(
        "bundle_",
        r"bundle_\w{1,100}=[\w.-]{1,64}:(?P<secret>[^\s\"']{3,256})",
        any_value,
        "password",
    ),
    told(
        "mc",
        r"\bmc[ \t](?:--?\S{1,20}[ \t]){0,3}(?:alias|config[ \t]host)[ \t](?:set|add)[ \t]\S{1"
        r",64}[ \t]\S{1,200}[ \t]\S{1,128}[ \t]"
        r"(?P<secret>[^\s\"']{3,256})",
        any_value,
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
    *(
        told(
            "snmp",
            rf"\bsnmp[a-z]{{3,8}}\b{_ON}-{letter}[ \t](?!(?:sha|md5|des|aes|3des)[\d-]{{0,8}}[ "
            rf"\t]){_V}",
            no_place,
            "password",
        )
        for letter in "ax"
    ),
    told(
        "-u --user",
        rf"[\s\"'](?:-u|--user(?:name)?)[ =]\S{{1,64}}\s(?:\S{{1,60}}\s){{0,4}}?-p[ =]?{_V}",
        no_place,
        "password",
    ),
    told(
        " -u",
        r"\s-u\s{0,2}[\"']?[\w.\\@-]{1,64}%(?P<secret>[^\s\"']{2,256})",
        any_value,
        "password",
    ),
    told(" -u", r"\s-u\s[\w.@-]{1,64},(?P<secret>[^\s,]{2,256})\s", any_value, "password"),
    told(
        "sqlplus expdp impdp rman sqlldr jdbc:oracle thin: connect",
        r"(?:\b(?:sqlplus|expdp|impdp|rman|sqlldr)\s(?:-\w\s|target\s){0,3}|:thin:|:oci:|"
        r"\bconn(?:ect)?[ \t](?=\S{1,200}@))[\"'"
        r"]?[\w$#]{1,30}/[\"']?(?P<secret>[^\s@\"'/]{1,128})",
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
        "echo printf",
        r"(?:echo|printf)[ \t](?:-n[ \t]|-e[ \t])?[\"']?(?P<secret>[^\s\"'|]{1,256})[\"']?[ \t"
        r"]?\|[ \t]?(?:sudo[ \t])?(?:[^\s|;&]{1,80}[ \t]"
        r"[^\n|;&]{0,200}?(?:--?(?:password|passphrase|token|secret|pass|with-token|api-key)\S"
        r"{0,20}|--stdin|login|\bsecrets?\b|\bjoin\b)|sudo[ \t]-s|kinit|su"
        r"|passwd|cryptsetup|gpg|pass[ \t]insert)(?![\w-])",
        any_value,
        "password",
    ),
    told(
        "<(echo <(printf",
        r"(?:key|pass\w{0,10}|secret|token|psk|file|auth)[ =]{0,2}<\((?:echo|printf)\s(?:-n\s)"
        r"?[\"']?(?P<secret>[^\s\"')]{3,4096})",
        any_value,
        "password",
    ),
    told(
        "password-command",
        r"password-command\s[\"'](?:echo|printf)[ \t](?P<secret>[^\s\"']{1,256})",
        any_value,
        "password",
    ),
    told(
        "htpasswd",
        r"htpasswd\s(?:-\w{1,6}\s){0,4}\S{1,80}\s[\w.@-]{1,64}[ \t](?P<secret>[^\s\"'-]{3,256})",
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
        r"configure\sset\s[\w.-]*(?:secret|token|key|pass)[\w.-]*[ \t](?P<secret>\S{6,256})",
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
