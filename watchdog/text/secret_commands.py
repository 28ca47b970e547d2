"""Secrets that a program takes on its command line, as a table of patterns.

All but those marked as of both cases are matched against the text in lower case. Each is linear:
what may repeat is bounded, or cannot begin where it could also end.
"""

from __future__ import annotations

from watchdog.text.told_secret import VALUE, any_value, loose, no_place, no_prose, told

_ON = r"[^\n|;&]{0,160}?[ \t]"

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
        rf"\b(?:mysql|mariadb)(?:-?dump|-?admin|-?check|import|sh)?\b{_ON}-p{VALUE}",
        no_place,
        "password",
    ),
    told(
        "redis-cli valkey-cli",
        rf"(?:redis|valkey)-cli\b{_ON}-a[ \t=]{{1,4}}{VALUE}",
        no_place,
        "password",
    ),
    told(
        "mosquitto_ sqlcmd bcp zip ipmitool isql",
        rf"(?:mosquitto_\w{{2,3}}|\bsqlcmd|\bbcp|\b(?:un)?zip|ipmitool|isql)\b{_ON}-p[ \t=]{{"
        rf"0,4}}{VALUE}",
        no_place,
        "password",
    ),
    told(
        "mongo cqlsh beeline psexec rabbitmqadmin",
        rf"\b(?:mongo(?:sh|dump|restore|export|import)?|cqlsh|beeline|psexec|rabbitmqadmin)\b"
        rf"{_ON}-p[ \t=]{{0,4}}{VALUE}",
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
    told("user", rf"\buser(?:add|mod)\b{_ON}-p[ \t=]{{1,2}}{VALUE}", no_place, "password"),
    told(
        "net user",
        r"\bnet[ \t]user[ \t]\S{1,64}[ \t](?P<secret>[^\s/*]\S{2,256})",
        loose,
        "password",
    ),
    told("schtasks", rf"\bschtasks\b{_ON}/rp[ \t]{VALUE}", any_value, "password"),
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
    told("doctl flyctl", rf"\b(?:doctl|flyctl)\b{_ON}-t[ \t=]{{1,2}}{VALUE}", loose),
    told("setcookie", r"-setcookie[ \t](?P<secret>\S{2,256})"),
    told("sonar.login", r"sonar\.login=(?P<secret>[^\s\"']{6,256})", loose),
    told(
        "config",
        r"\bconfig[ \t](?:set[ \t])?(?:--\S{1,40}[ \t]){0,3}?(?:--secret[ \t]\S{1,128}|\S{0,12"
        r"8}(?:_authtoken|_password|_auth"
        r"|-token\.\S{1,60}))[ \t](?P<secret>[^\s\"']{3,1024})",
    ),
    told("memtier", rf"\bmemtier_benchmark\b{_ON}-a[ \t=]{{1,4}}{VALUE}", no_place, "password"),
    told("influx", rf"\binflux\b{_ON}-t[ \t=]{{1,4}}{VALUE}", loose),
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
        rf"\b(?:ld|sl)appasswd\b{_ON}-[sa][ \t]{{1,4}}{VALUE}",
        no_place,
        "password",
    ),
    told("ssh-keygen", rf"\bssh-keygen\b{_ON}-[np][ \t]{{1,4}}{VALUE}", no_place, "password"),
    told("openssl", rf"\bopenssl\b{_ON}-hmac[ \t]{{1,4}}{VALUE}", no_place, "password"),
    told(
        "openssl",
        rf"\bopenssl[ \t]passwd[ \t](?:-(?!s)\w{{1,8}}[ \t]){{0,3}}{VALUE}",
        no_place,
        "password",
    ),
    told("encrypt_string", rf"\bencrypt_string[ \t](?:--\S{{1,60}}[ \t]){{0,4}}{VALUE}", no_place),
    told("signtool", rf"\bsigntool\b{_ON}/p[ \t]{VALUE}", no_place, "password"),
    told(
        "certutil pk12util hydra",
        rf"\b(?:certutil|pk12util|hydra|medusa|ncrack)\b{_ON}-[pw][ \t]{VALUE}",
        no_place,
        "password",
    ),
    told("rar", rf"\brar[ \t]{_ON}-h?p{VALUE}", no_place, "password"),
    told("sendemail", rf"\bsendemail\b{_ON}-xp[ \t]{VALUE}", no_place, "password"),
    told(
        "secret put-parameter",
        rf"\b(?:put-parameter|secret[ \t]set)\b[^\n|;]{{0,300}}?[ \t]--value[ \t=]{{1,2}}{VALUE}",
        no_place,
    ),
    told(
        "unseal",
        rf"\bvault[ \t]operator[ \t]unseal[ \t](?:-\S{{1,60}}[ \t]){{0,3}}{VALUE}",
        no_prose,
    ),
    told("cloudflared", rf"\bcloudflared[ \t]service[ \t]install[ \t]{VALUE}", no_place),
    told("bw unlock", rf"\bbw[ \t]unlock[ \t]{VALUE}", no_place, "password"),
    told(
        "upwd password",
        r"\bdrush[ \t](?:upwd|user:password)[ \t]\S{1,64}[ \t][\"']?(?P<secret>[^\s\"']{2,256"
        r"})",
        no_place,
        "password",
    ),
    told("reset-admin-password", rf"\breset-admin-password[ \t]{VALUE}", no_place, "password"),
    told(
        ".psk wep-key", rf"\bnmcli\b{_ON}[\w-]{{0,40}}(?:\.psk|\.wep-key\d?)[ \t]{VALUE}", no_place
    ),
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
    told("nuget", rf"\bnuget\b{_ON}-(?:k|apikey)[ \t]{VALUE}", no_place),
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
    told("ldap", rf"\bldap[a-z]{{3,8}}\b{_ON}-w[ \t=]{{0,4}}{VALUE}", no_place, "password"),
    told("openssl", rf"\bopenssl\b{_ON}-k[ \t=]{{1,4}}{VALUE}", no_place, "password"),
    told(
        "pass:",
        r"(?:-pass(?:in|out)?\s|\s)pass:(?P<secret>[^\s\"'`|;&<>()]{1,256})",
        any_value,
        "password",
    ),
    told("login", rf"login\b{_ON}-p[ \t=]{{1,4}}{VALUE}", no_place, "password"),
    told("sshpass", rf"\bsshpass\s(?:-\w\s){{0,3}}-p\s{{0,4}}{VALUE}", no_place, "password"),
    told("7z", rf"\b7z[ar]?\s{_ON}-p{VALUE}", no_place, "password"),
    told("snmp", rf"\bsnmp[a-z]{{3,8}}\b{_ON}-c[ \t]{VALUE}", no_place, "password"),
    *(
        told(
            "snmp",
            rf"\bsnmp[a-z]{{3,8}}\b{_ON}-{letter}[ \t](?!(?:sha|md5|des|aes|3des)[\d-]{{0,8}}[ "
            rf"\t]){VALUE}",
            no_place,
            "password",
        )
        for letter in "ax"
    ),
    told(
        "-u --user",
        rf"[\s\"'](?:-u|--user(?:name)?)[ =]\S{{1,64}}\s(?:\S{{1,60}}\s){{0,4}}?-p[ =]?{VALUE}",
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
