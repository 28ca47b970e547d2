"""Made-up secrets in every form that we know of: names times placements times values, and vendors.

Nothing here is a real credential. Each form is a text and the part of it that must not survive.
`told_by_context` are the forms that no reader could tell from other text without knowing more.
"""

from __future__ import annotations

import base64
import json
import random
import string
import urllib.parse
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

_LOWER = string.ascii_lowercase + string.digits
_ALNUM = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"
_UPPER = string.ascii_uppercase + string.digits


class Form(NamedTuple):
    """A text with a secret in it; `of` says which table and row it comes from."""

    of: str
    text: str
    secret: str


NAMES = (
    "password", "passwd", "PASSWORD", "db_password", "DB_PASS", "pass", "Pass", "pw", "userPw",
    "pwd", "PGPASSWORD", "passphrase", "passcode", "secret", "client_secret", "clientSecret",
    "SECRET_KEY", "SECRET_KEY_BASE", "APP_KEY", "app.secret", "api_key", "apiKey", "apikey",
    "X-Api-Key", "api-token", "token", "access_token", "accessToken", "refresh_token", "id_token",
    "auth_token", "authToken", "_authToken", "X-Auth-Token", "csrf_token", "xsrfToken",
    "private_key", "privateKey", "signing_key", "signingSecret", "encryption_key", "ENCRYPTIONKEY",
    "master_key", "MASTER_PW", "shared_key", "SharedAccessKey", "AccountKey", "accessKey",
    "aws_secret_access_key", "secretAccessKey", "session_id", "sessionid", "JSESSIONID",
    "PHPSESSID", "connect.sid", "sid", "cred", "credential", "credentials", "dbCreds", "auth",
    "AUTH",
    "license_key",
    "licenseKey",
    "product_key",
    "productKey",
    "serial_key",
    "activation_key",
    "otp", "totp_secret", "pin", "pin_code", "salt", "hmac_key", "webhook_secret", "bearer_token",
    "deploy_token", "bot_token", "keystorePassword", "keyPassword", "truststore.password",
    "bind_password", "bindpw", "rootpw", "mnemonic", "seed_phrase", "psk", "pre_shared_key",
    "community", "vault_token", "jwt", "jwtSecret", "cookie_secret", "recovery_code",
    "service_role_key", "storage_key", "publishable_secret", "db.default.password",
    "spring.datasource.password", "SPRING_DATASOURCE_PASSWORD", "ConnectionStrings__Password",
    "adminPassword", "root_password", "user-password", "new_password", "oldPassword",
)  # fmt: skip
# Values of several kinds; none has a blank.
VALUES = (
    "c4nAry7p", "Canary-0005", "k7Rw2mPq9x", "hunter2", "Tr0ub4dor&3", "p@ssw0rd!7", "zx81-qwerty",
    "S3cr3t/v4lue+7==", "9f86d081884c7d65", "0b7e1c52-3c0a-4e5e-9a51-6c1f0d2b7a11", "x9$Kq2#Lm5",
    "correct-h0rse-b4ttery",
)  # fmt: skip
# {n} the name, {v} the value; {{ and }} are braces.
PLACEMENTS = {
    "env": "{n}={v}",
    "env in a line": "starting with {n}={v} on port 80",
    "export": 'export {n}="{v}"',
    "single quotes": "{n}='{v}'",
    "backticks": "{n}=`{v}`",
    "typographic quotes": "{n}: \u201c{v}\u201d",
    "blanks around": "{n} = {v}",
    "ini": "[db]\n{n} = {v}\nuser = app",
    "properties": "app.{n}={v}",
    "colon": "{n}:{v}",
    "yaml": "user: app\n{n}: {v}\nport: 80",
    "yaml quoted": '{n}: "{v}"',
    "yaml block": "{n}: |\n  {v}\nport: 80",
    "yaml folded": "{n}: >-\n    {v}\nport: 80",
    "yaml next line": "{n}:\n  {v}\n",
    "yaml list": "{n}:\n  - {v}\nport: 80",
    "yaml anchor": "{n}: &it {v}",
    "yaml tag": "{n}: !!str {v}",
    "yaml env": "- name: {n}\n  value: {v}",
    "yaml env quoted": '- name: "{n}"\n  value: "{v}"',
    "json": '{{"user":"app","{n}":"{v}"}}',
    "json with blanks": '{{ "{n}" : "{v}" }}',
    "json array": '{{"{n}":["{v}","x"]}}',
    "json object": '{{"{n}":{{"value":"{v}"}}}}',
    "json env": '{{"name":"{n}","value":"{v}"}}',
    "json env turned": '{{"value":"{v}","name":"{n}"}}',
    "json in a string": '{{\\"{n}\\":\\"{v}\\"}}',
    "json escaped twice": '{{\\\\\\"{n}\\\\\\":\\\\\\"{v}\\\\\\"}}',
    "json by code points": "{{\\u0022{n}\\u0022:\\u0022{v}\\u0022}}",
    "single-quoted dict": "{{'user': 'app', '{n}': '{v}'}}",
    "bytes": "{{b'{n}': b'{v}'}}",
    "python bytes": "{n}=b'{v}'",
    "python raw": "{n} = r'{v}'",
    "sql national": "{n} = N'{v}'",
    "c wide": '{n} = L"{v}";',
    "c sharp verbatim": '{n} = @"{v}";',
    "char array": 'char {n}[] = "{v}";',
    "rust some": '{n}: Some("{v}")',
    "rust newtype": '{n}: Secret("{v}")',
    "rust raw": '{n}: r#"{v}"#',
    "rust bytes": '{n}: Some(b"{v}")',
    "java optional": "{n}=Optional[{v}]",
    "java toString": "Config(user=app, {n}={v}, port=80)",
    "java braces": "Config{{user='app', {n}='{v}'}}",
    "lombok": "DataSource[{n}={v}, url=x]",
    "go plus v": "{{User:app {n}:{v} Port:80}}",
    "go sharp v": '&main.Config{{User:"app", {n}:"{v}", Port:80}}',
    "go map": "map[{n}:{v} user:app]",
    "go assignment": '{n} := "{v}"',
    "ruby hash": '{{:{n}=>"{v}", :user=>"app"}}',
    "ruby string hash": '{{"{n}"=>"{v}"}}',
    "ruby keyword": '{n}: "{v}", user: "app"',
    "perl": "{n} => '{v}',",
    "php array": "'{n}' => '{v}',",
    "php print_r": "    [{n}] => {v}\n",
    "php var_dump": '  ["{n}"]=>\n  string(9) "{v}"\n',
    "php define": "define('{n}', '{v}');",
    "clojure": '{{:{n} "{v}"}}',
    "lisp": '("{n}" . "{v}")',
    "erlang": '{{{n},"{v}"}}',
    "erlang binary": '{{<<"{n}">>,<<"{v}">>}}',
    "elixir": '%{{"{n}" => "{v}"}}',
    "tuple": "('{n}', '{v}')",
    "array pair": '["{n}", "{v}"]',
    "subscript": "os.environ['{n}'] = '{v}'",
    "attribute": 'process.env.{n} = "{v}"',
    "setter": 'conf.set("{n}", "{v}")',
    "function": '{n}("{v}")',
    "comparison": 'if ({n} == "{v}")',
    "strict comparison": 'if ({n} !== "{v}")',
    "comparison turned": 'if ("{v}" == {n})',
    "arrow": "{n} -> {v}",
    "fat arrow": "{n} => {v}",
    "default": "{n}?={v}",
    "template": "${{{n}:-{v}}}",
    "docker ENV": "ENV {n} {v}",
    "xml element": "<{n}>{v}</{n}>",
    "xml element with attribute": '<{n} type="plain">{v}</{n}>',
    "xml attribute": '<user {n}="{v}"/>',
    "xml single-quoted attribute": "<user {n}='{v}' id='1'/>",
    "xml cdata": "<{n}><![CDATA[{v}]]></{n}>",
    "xml namespace": "<ns:{n}>{v}</ns:{n}>",
    "xml key value": '<add key="{n}" value="{v}"/>',
    "xml name value": '<property name="{n}" value="{v}" />',
    "xml entry": '<entry key="{n}">{v}</entry>',
    "hadoop": "<name>{n}</name><value>{v}</value>",
    "plist": "<key>{n}</key>\n<string>{v}</string>",
    "html entities": "&lt;{n}&gt;{v}&lt;/{n}&gt;",
    "html quotes": "&quot;{n}&quot;:&quot;{v}&quot;",
    "html number entities": "{n}&#61;{v}",
    "html input": '<input name="{n}" value="{v}">',
    "header": "{n}: {v}",
    "curl header": "curl -H '{n}: {v}' http://web",
    "query": "GET /cb?x=1&{n}={v}&y=2 200",
    "query escaped": "GET /cb?x=1&amp;{n}={v}&amp;y=2",
    "fragment": "https://web/cb#{n}={v}&x=1",
    "matrix parameter": "GET /cart;{n}={v}?x=1",
    "form": "body: user=app&{n}={v}",
    "multipart": 'form-data; name="{n}"\n\n{v}\n',
    "percent": "redirect=%2Fcb%3F{n}%3D{v}%26x%3D1",
    "percent json": "q=%7B%22{n}%22%3A%22{v}%22%7D",
    "flag": "app --{n} {v} --port 80",
    "flag with =": "app --{n}={v}",
    "single dash": "app -{n} {v}",
    "java property": "java -D{n}={v} -jar app.jar",
    "windows flag": "app.exe /{n}:{v}",
    "powershell": 'Connect-App -{n} "{v}"',
    "helm": "helm upgrade --set auth.{n}={v} web",
    "container env": "docker run -e {n}={v} web",
    "command env": "{n}={v} ./start.sh",
    "script flag": "sh -c 'exec app --{n} {v} --port 80'",
    "script flag quoted": "sh -c \"app --{n} '{v}'\"",
    "logfmt": 'level=info {n}="{v}" msg=ok',
    "logfmt bare": "level=info {n}={v} msg=ok",
    "ado string": "Server=db;User Id=sa;{n}={v};Encrypt=no",
    "odbc braces": "DRIVER=x;{n}={{{v}}};PORT=1",
    "libpq": "host=db {n}={v} dbname=x",
    "table": "| {n} | {v} |",
    "psql row": " {n} | {v}\n",
    "leaders": "{n} .......... {v}",
    "tab": "{n}\t{v}\n",
    "diff": "-  {n}: old-1a2b\n+  {n}: {v}",
    "in braces": "[{n}={v}]",
    "toml": '{n} = """{v}"""',
    "hcl": '  {n} = "{v}" -> null',
    "nix": '{n} = "{v}";',
    "dotenv comment": "# {n}={v}",
    "graphql": 'login(user: "app", {n}: "{v}")',
    "log4j map": "{{user=app, {n}={v}}}",
    "node inspect": "  {n}: '{v}',\n",
    "swift optional": '{n}: Optional("{v}")',
    "haskell record": 'Config {{user = "app", {n} = "{v}"}}',
    "haskell just": '{n} = Just "{v}"',
    "scala some": "{n} -> Some({v})",
    "protobuf text": 'user: "app" {n}: "{v}"',
    "kotlin": 'Config({n}="{v}")',
    "redis config": 'CONFIG SET {n} "{v}"',
    "zap field": '"msg":"x","{n}":"{v}"',
    "two lines of python": "{n} = \\\n    '{v}'",
}  # fmt: skip
# Names whose own meaning is too wide for a placement without quotes or an equals sign.
_BARE = {
    "table", "psql row", "leaders", "tab", "docker ENV", "erlang", "php define", "tuple", "lisp",
    "array pair", "setter", "function", "clojure", "single dash", "flag", "script flag",
    "powershell", "script flag quoted", "redis config",
}  # fmt: skip
_WIDE = {
    "pass", "Pass", "pw", "sid", "auth", "AUTH", "cred", "pin", "salt", "otp", "community", "jwt",
    "mnemonic", "psk", "userPw", "MASTER_PW", "session_id", "pin_code", "seed_phrase", "dbCreds",
}  # fmt: skip
_NOT_IN = {
    # A matrix of names of a header, a setting or an element that such a place cannot have.
    "html number entities": "", "go plus v": "-.", "go map": ".", "erlang": "-.",
    "attribute": "-.", "go assignment": "-.", "function": "-.", "comparison": "-.",
}  # fmt: skip
_FITS = {
    # These characters end the value; a value that has one would be quoted there.
    "percent": "&#$!@+=/", "percent json": "&#$!@+=/", "query": "&#@", "query escaped": "&#@",
    "fragment": "&#@", "matrix parameter": "&#@?/", "form": "&#", "html number entities": "&#",
    "html entities": "&", "html quotes": "&", "xml element": "&", "yaml next line": "#@",
    "env": "&$#", "env in a line": "&$#", "command env": "&$#", "flag": "&$#", "flag with =": "&$#",
    "single dash": "&$#", "docker ENV": "$", "template": "$", "java property": "&$#",
    "script flag": "&$#", "container env": "&$#", "helm": "&$#", "windows flag": "&$",
    "colon": "/", "go map": "", "xml element with attribute": "&", "hadoop": "&", "plist": "&",
    "xml attribute": "&", "dotenv comment": "&$#", "python bytes": "", "yaml anchor": "@#$!",
    "yaml tag": "@#$!", "yaml": "#@", "yaml list": "@#", "scala some": "$", "backticks": "$",
}  # fmt: skip

SQL_AND_SETTINGS = (
    "CREATE USER app IDENTIFIED BY '{v}'",
    "ALTER USER 'app'@'%' IDENTIFIED BY '{v}'",
    "CREATE USER app IDENTIFIED WITH mysql_native_password BY '{v}'",
    "CREATE USER app IDENTIFIED WITH sha256_password BY '{v}'",
    "ALTER USER app IDENTIFIED BY {v}",
    "GRANT ALL ON *.* TO app IDENTIFIED BY '{v}'",
    "ALTER USER app WITH PASSWORD '{v}'",
    "ALTER ROLE app PASSWORD '{v}'",
    "ALTER ROLE app WITH LOGIN ENCRYPTED PASSWORD '{v}'",
    "CREATE ROLE app LOGIN PASSWORD E'{v}'",
    "CREATE LOGIN app WITH PASSWORD = N'{v}'",
    "ALTER LOGIN sa WITH PASSWORD = '{v}' OLD_PASSWORD = 'x'",
    "SET PASSWORD FOR 'app' = PASSWORD('{v}')",
    "SET PASSWORD = '{v}'",
    "CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'app', password '{v}')",
    "CHANGE MASTER TO MASTER_USER='r', MASTER_PASSWORD='{v}'",
    "CREATE DATABASE LINK l CONNECT TO app IDENTIFIED BY \"{v}\" USING 'x'",
    "SELECT dblink_connect('host=db user=app password={v}')",
    "CREATE SUBSCRIPTION s CONNECTION 'host=db password={v} dbname=x'",
    "CREATE USER app SET PASSWORD '{v}' CHANGE NOT REQUIRED",
    "db.createUser({{user: 'app', pwd: '{v}', roles: []}})",
    "db.auth('app', '{v}')",
    "requirepass {v}",
    "masterauth {v}",
    "CONFIG SET requirepass {v}",
    "AUTH {v}",
    "AUTH app {v}",
    '1700000000.1 [0 10.0.0.1:1] "AUTH" "{v}"',
    "HELLO 3 AUTH app {v}",
    "ACL SETUSER app on >{v} ~* +@all",
    "user app on >{v} ~* +@all",
    "sentinel auth-pass mymaster {v}",
    "set password {v}",
    "rabbitmqctl add_user app {v}",
    "rabbitmqctl change_password app {v}",
    "bindpw {v}",
    "rootpw {v}",
    "userPassword: {v}",
    "machine api.example.com login app password {v}",
    "snmp-server community {v} RO",
    "enable secret 5 {v}",
    "username app password 7 {v}",
    "wpa_passphrase={v}",
    'psk="{v}"',
    "db:5432:shop:app:{v}",
    "USER app\nPASS {v}",
    "LOGIN app {v}",
    "a1 LOGIN app@example.com {v}",
    "//registry.example.com/:_authToken={v}",
    "_password={v}",
    "pass {v}",
    "proxy_set_header Authorization 'Bearer {v}';",
    "secret_key_base: {v}",
    "spring.datasource.password = {v}",
    "ssl_password_phrase {v}",
    "stats auth app:{v}",
    "user app insecure-password {v}",
    "auth_basic_pass {v};",
)
PHRASES = (
    "password is {v}",
    "the password was {v}, which the server refused",
    "your password: {v}",
    "password set to {v}",
    "password set to '{v}'",
    'bad password "{v}"',
    "wrong password '{v}' for user app",
    "invalid password: {v}",
    "invalid password {v}",
    "temporary password for root@localhost: {v}",
    "Your new password is: {v}",
    "Generated admin password: {v}",
    "using password {v} for user app",
    "Incorrect API key provided: {v}. You can find yours in the console.",
    "API key {v} is invalid",
    "api key {v} is not valid",
    "invalid api key '{v}'",
    "Invalid API-Key: {v}",
    "API key not found: {v}",
    "unknown access token {v}",
    "token {v} has expired",
    "invalid token '{v}'",
    "Token is {v}",
    "access token: {v}",
    "refresh token = {v}",
    "client secret {v} is wrong",
    "client secret is '{v}'",
    "secret key: {v}",
    "license key {v} is not valid",
    "license key: {v}",
    "product key: {v}",
    "session id {v} is unknown",
    "session id: {v}",
    "login failed user=app pass={v}",
    "logged in as app/{v}",
    "username/password: app/{v}",
    "user app with password {v}",
    "passphrase for key is '{v}'",
    "one-time password: {v}",
    "verification code: 48{d}",
    "recovery code: {v}",
    "credentials app:{v} were refused",
    "login with app:{v}@db failed",
    "basic auth app:{v}",
    "PIN: 48{d}",
    "bearer {v}",
    "Authorization: Bearer {v}",
    "Authorization: {v}",
    "Proxy-Authorization: Token {v}",
    "Cookie: theme=dark; session={v}",
    "Set-Cookie: sid={v}; Path=/; HttpOnly",
    "X-Vault-Token: {v}",
    "X-Amz-Security-Token: {v}",
    "PRIVATE-TOKEN: {v}",
    "Ocp-Apim-Subscription-Key: {v}",
)
LANGUAGES = {
    "de": ("Passwort", "Kennwort", "Zugangsdaten", "Geheimnis"),
    "fr": ("mot de passe", "mdp", "mot_de_passe", "jeton"),
    "es": ("contrase\u00f1a", "contrasena", "clave"),
    "pt": ("senha", "palavra-passe", "segredo"),
    "it": ("parola d'ordine", "segreto"),
    "nl": ("wachtwoord",),
    "pl": ("has\u0142o", "haslo"),
    "cs": ("heslo",),
    "sv": ("l\u00f6senord",),
    "da": ("adgangskode",),
    "fi": ("salasana",),
    "hu": ("jelsz\u00f3",),
    "tr": ("\u015fifre", "parola"),
    "ru": ("\u043f\u0430\u0440\u043e\u043b\u044c", "\u0442\u043e\u043a\u0435\u043d"),
    "uk": ("\u043f\u0430\u0440\u043e\u043b\u044c",),
    "el": ("\u03ba\u03c9\u03b4\u03b9\u03ba\u03cc\u03c2",),
    "zh": ("\u5bc6\u7801", "\u5bc6\u78bc", "\u53e3\u4ee4", "\u5bc6\u94a5", "\u4ee4\u724c"),
    "ja": ("\u30d1\u30b9\u30ef\u30fc\u30c9", "\u6697\u8a3c\u756a\u53f7", "\u79d8\u5bc6\u9375"),
    "ko": ("\ube44\ubc00\ubc88\ud638", "\uc554\ud638"),
    "vi": ("m\u1eadt kh\u1ea9u",),
    "ca": ("contrasenya",), "gl": ("contrasinal",), "eu": ("pasahitza",), "et": ("parool",),
    "lv": ("parole",), "lt": ("slapta\u017eodis",), "ro": ("parol\u0103",), "no": ("passord",),
    "is": ("lykilor\u00f0",), "ga": ("pasfhocal",), "cy": ("cyfrinair",), "af": ("wagwoord",),
    "sq": ("fjal\u00ebkalimi", "fjalekalimi"), "az": ("\u015fifr\u0259", "parol"),
    "sl": ("geslo",), "hr": ("lozinka", "zaporka"), "bg": ("\u043f\u0430\u0440\u043e\u043b\u0430",),
    "sw": ("nenosiri",), "ms": ("kata laluan",), "id": ("kata sandi",),
    "mn": ("\u043d\u0443\u0443\u0446 \u04af\u0433",),
    "kk": ("\u049b\u04b1\u043f\u0438\u044f \u0441\u04e9\u0437",),
    "ka": ("\u10de\u10d0\u10e0\u10dd\u10da\u10d8",),
    "hy": ("\u0563\u0561\u0572\u057f\u0576\u0561\u0562\u0561\u057c",),
    "hi": ("\u092a\u093e\u0938\u0935\u0930\u094d\u0921",),
    "bn": ("\u09aa\u09be\u09b8\u0993\u09af\u09bc\u09be\u09b0\u09cd\u09a1",),
    "gu": ("\u0aaa\u0abe\u0ab8\u0ab5\u0ab0\u0acd\u0aa1",),
    "pa": ("\u0a2a\u0a3e\u0a38\u0a35\u0a30\u0a21",),
    "ta": ("\u0b95\u0b9f\u0bb5\u0bc1\u0b9a\u0bcd\u0b9a\u0bca\u0bb2\u0bcd",),
    "te": ("\u0c2a\u0c3e\u0c38\u0c4d\u0c35\u0c30\u0c4d\u0c21",),
    "kn": ("\u0caa\u0cbe\u0cb8\u0ccd\u0cb5\u0cb0\u0ccd\u0ca1",),
    "ml": ("\u0d2a\u0d3e\u0d38\u0d4d\u0d35\u0d47\u0d21",),
    "si": ("\u0db8\u0dd4\u0dbb\u0db4\u0daf\u0dba",),
    "th": ("\u0e23\u0e2b\u0e31\u0e2a\u0e1c\u0e48\u0e32\u0e19",),
    "lo": ("\u0ea5\u0eb0\u0eab\u0eb1\u0e94\u0e9c\u0ec8\u0eb2\u0e99",),
    "km": ("\u1796\u17b6\u1780\u17d2\u1799\u179f\u1798\u17d2\u1784\u17b6\u178f\u17cb",),
    "he": ("\u05e1\u05d9\u05e1\u05de\u05d4",), "am": ("\u12e8\u12ed\u1208\u134d \u1243\u120d",),
    "fa": ("\u0631\u0645\u0632 \u0639\u0628\u0648\u0631",),
    "ur": ("\u067e\u0627\u0633 \u0648\u0631\u0688",),
    "ar": ("\u0643\u0644\u0645\u0629 \u0627\u0644\u0645\u0631\u0648\u0631",),
}  # fmt: skip
LANGUAGE_PLACEMENTS = ("{n}: {v}", "{n}={v}", '{n} = "{v}"', '{{"{n}":"{v}"}}', "{n} '{v}'")
SENTENCES = (
    "Das Passwort lautet {v}",
    "Passwort ist {v}",
    "falsches Passwort '{v}'",
    "le mot de passe est {v}",
    "mot de passe incorrect : {v}",
    "la contrase\u00f1a es {v}",
    "a senha \u00e9 {v}",
    "la password \u00e8 {v}",
    "\u043f\u0430\u0440\u043e\u043b\u044c: {v}",
    "\u043d\u0435\u0432\u0435\u0440\u043d\u044b\u0439 \u043f\u0430\u0440\u043e\u043b\u044c {v}",
    "\u5bc6\u7801\u662f{v}",
    "\u5bc6\u7801\uff1a{v}",
    "\u7528\u6237\u5bc6\u7801 {v} \u9519\u8bef",
    "\u30d1\u30b9\u30ef\u30fc\u30c9\u306f{v}\u3067\u3059",
    "\u30d1\u30b9\u30ef\u30fc\u30c9\u300c{v}\u300d\u304c\u9055\u3044\u307e\u3059",
    "\ube44\ubc00\ubc88\ud638\ub294 {v} \uc785\ub2c8\ub2e4",
)
PROGRAMS = (
    "mysql -uroot -p{v} shop", "mariadb-dump -p{v} shop", "psql 'host=db password={v}'",
    "PGPASSWORD={v} psql -h db", "redis-cli -h cache -a {v} ping", "redis-cli --pass {v}",
    "mongosh -u bob -p {v}", "sshpass -p {v} ssh web", "sshpass -p{v} ssh web",
    "docker login -u ci -p {v} r.io", "helm registry login -u ci -p {v} r.io",
    "curl -u admin:{v} https://x", "curl --user admin:{v} https://x",
    "wget --http-password={v} https://x", "wget --user=a --password={v} https://x",
    "ldapsearch -x -D cn=a -w {v}", "mosquitto_pub -u bob -P {v}", "sqlcmd -S db -U sa -P {v}",
    "openssl enc -k {v}", "openssl rsa -passin pass:{v}", "openssl pkcs12 -passout pass:{v}",
    "keytool -storepass {v} -list", "keytool -keypass {v}", "gpg --passphrase {v} -d x",
    "zip -P {v} a.zip a", "unzip -P {v} a.zip", "7z x -p{v} a.7z", "sqlplus app/{v}@db",
    "sqlplus app/{v}@//db:1521/x", "smbclient //h/s -U app%{v}", "lftp -u app,{v} ftp://h",
    "rabbitmqadmin -u app -p {v} list",
    "cqlsh -u app -p {v} db",
    "influx -username a -password {v}",
    "clickhouse-client --user a --password {v}", "echo 'app:{v}' | chpasswd",
    "echo {v} | passwd --stdin app", "htpasswd -bc f app {v}", "snmpget -v2c -c {v} h",
    "ipmitool -H h -U a -P {v} power", "kubectl --token={v} get pods",
    "kubectl create secret generic x --from-literal=k={v}",
    "kubectl create secret docker-registry x --docker-password={v}", "vault login {v}",
    "vault kv put secret/x password={v}", "consul members -token={v}", "ngrok authtoken {v}",
    "cloudflared tunnel run --token {v}", "tailscale up --authkey {v}", "net use \\\\h /user:a {v}",
    "az login -u a -p {v}",
    "aws configure set aws_secret_access_key {v}",
    "mysqladmin -p'{v}' ping",
    "xfreerdp /u:a /p:{v} /v:h", "restic --password-command 'echo {v}' ls",
    "ansible-playbook -e ansible_password={v}", "git clone https://bob:{v}@git.example.com/x.git",
    "svn co --username a --password {v} u", "mount -t cifs -o username=a,password={v} //h/s /m",
    "sh -c 'mysql -uroot -p{v} shop'", "expdp app/{v} full=y", "beeline -u u -n a -p {v}",
    "winexe -U a%{v} //h cmd", "app -u admin -p {v} -v", "app --user admin -p {v}",
    "java -Djavax.net.ssl.keyStorePassword={v} -jar a.jar",
)  # fmt: skip
URLS = (
    "postgres://app:{v}@db:5432/shop", "redis://:{v}@cache:6379", "amqp://u:{v}@mq/",
    "mongodb+srv://u:{v}@c.example.net/x", "jdbc:oracle:thin:app/{v}@db:1521:x",
    "jdbc:mysql://db/x?user=a&password={v}", "root:{v}@tcp(db:3306)/shop",
    "https://{k}@o1.ingest.sentry.io/42", "https://x-access-token:{v}@github.com/x/y",
    "https://api.example.com/v1/reset-password/{k}", "https://api.example.com/token/{k}/use",
    "https://api.telegram.org/bot123456789:AA{k}/getMe",
    "https://discord.com/api/webhooks/123456789012345678/{k}{k}",
    "https://hooks.slack.com/services/T00C4N4RY/B00C4N4RY/{k}",
    "https://x.webhook.office.com/webhookb2/{k}", "https://s3.example.com/b?X-Amz-Signature={k}",
    "https://x.blob.core.windows.net/c?sv=1&sig={k}%3D", "smtp://u:{v}@mail:587",
    "https://web/cb#access_token={k}&token_type=bearer", "https://web/cb?code={k}&state=ok",
    "https://storage.googleapis.com/b/o?X-Goog-Signature={k}", "ftp://u:{v}@h/x",
    "https://web/invite/{k}", "https://web/magic-link/{k}", "https://web/unsubscribe?t={k}",
    "ldap://cn=a:{v}@ldap/", "sqlserver://sa:{v}@db:1433?database=x", "wss://u:{v}@h/ws",
    "https://maps.example.com/api?key={k}&q=x", "https://web/verify-email/{k}",
    "redis://default:{v}@[::1]:6379/0", "https://api.example.com/?apikey={k}",
)  # fmt: skip
HASHES = (
    "root:$6$rounds=5000$saltsalt7$MqX1{k}abcdefghijk/ABC.:19000:0:99999:7:::",
    "$5$saltsalt7$MqX1{k}abcdef", "$1$salt7$abc{k}", "$2b$12$N9qo8uLOickgx2ZMRZoMye{k}",
    "$2y$10$N9qo8uLOickgx2ZMRZoMye{k}", "$apr1$salt7$abc{k}", "$y$j9T$salt7$abc{k}",
    "$argon2id$v=19$m=65536,t=3,p=4$c2FsdDc$abc{k}", "$argon2i$v=19$m=65536,t=3,p=4$c2FsdDc$abc{k}",
    "pbkdf2_sha256$260000$salt7$abc{k}=", "$pbkdf2-sha512$25000$c2FsdDc$abc{k}",
    "{{SSHA}}abc{k}==", "{{SHA}}abc{k}=", "{{bcrypt}}$2a$10$N9qo8uLOickgx2ZMRZoMye{k}",
    "SCRAM-SHA-256$4096:c2FsdDc=$abc{k}=:def{k}=",
    "$P$B55d1{k}",
    "$scrypt$ln=16,r=8,p=1$aM15$abc{k}",
    "Administrator:500:aad3b435b51404eeaad3b435b51404ee:8846f7ea{h}:::",
    "scrypt:32768:8:1$salt7$abc{k}", "grub.pbkdf2.sha512.10000.ABC1{h}.DEF2{h}",
    "$7$C6..../....salt7$abc{k}", "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",
    "NTLM hash 8846f7eaee8fb117ad06bdd830b7586c",
)  # fmt: skip
_VENDORS: tuple[tuple[str, str, int, str], ...] = (
    # vendor, how its token begins, how many characters follow, of which alphabet
    ("1password", "ops_eyJ", 260, _ALNUM), ("adobe", "p8e-", 32, _LOWER),
    ("age", "AGE-SECRET-KEY-1QPZRY9X8", 50, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    ("airtable", "patAbCdEfGhIjKl12.", 64, _HEX), ("alibaba", "LTAI5t", 18, _LOWER),
    ("anthropic", "sk-ant-api03-", 93, _ALNUM), ("artifactory", "AKCp", 69, _ALNUM),
    ("atlassian", "ATATT3", 186, _ALNUM), ("aws", "AKIA", 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    ("bedrock", "ABSK", 110, _ALNUM), ("clickhouse", "4b1d", 38, _ALNUM),
    ("clojars", "CLOJARS_", 60, _LOWER), ("cloudflare origin", "v1.0-", 24, _HEX),
    ("databricks", "dapi", 32, _HEX), ("digitalocean", "dop_v1_", 64, _HEX),
    ("digitalocean oauth", "doo_v1_", 64, _HEX), ("digitalocean refresh", "dor_v1_", 64, _HEX),
    ("doppler", "dp.pt.", 43, _LOWER), ("duffel", "duffel_live_", 43, _LOWER),
    ("dynatrace", "dt0c01.ABCDEFGHIJKLMNOPQRST2345.", 64, _UPPER), ("easypost", "EZAK", 54, _LOWER),
    ("facebook", "EAAC", 110, _ALNUM), ("flutterwave", "FLWSECK_TEST-", 32, "abcdefgh0123456789"),
    ("flyio", "fo1_", 43, _ALNUM), ("frameio", "fio-u-", 64, _LOWER),
    ("google", "AIza", 35, _ALNUM), ("google oauth", "GOCSPX-", 28, _ALNUM),
    ("github", "ghp_", 36, _ALNUM), ("github app", "ghs_", 36, _ALNUM),
    ("gitlab", "glpat-", 20, _ALNUM), ("gitlab deploy", "gldt-", 20, _ALNUM),
    ("gitlab feed", "glft-", 20, _ALNUM), ("gitlab mail", "glimt-", 25, _ALNUM),
    ("gitlab runner", "GR1348941", 20, _ALNUM), ("gitlab oauth", "gloas-", 64, _ALNUM),
    ("grafana", "glsa_", 32, _ALNUM), ("grafana cloud", "glc_", 40, _ALNUM),
    ("harness", "pat.abcdefghijklmnopqrst12.", 24, _ALNUM),
    ("hashicorp terraform", "abcdefghij1234.atlasv1.", 64, _LOWER),
    ("huggingface", "hf_", 34, string.ascii_letters + string.digits),
    ("infracost", "ico-", 32, _ALNUM), ("intra42", "s-s4t2ud-", 64, _HEX),
    (
    "launchdarkly",
    "api-0b7e1c52-3c0a-4e5e-9a51-6c1f0d2b7", 3, _HEX), (
    "linear",
    "lin_api_", 40, _LOWER),
    (
    "lob",
    "live_", 35, _HEX), (
    "mailgun",
    "key-", 32, _HEX), (
    "mapbox",
    "sk.eyJ1Ijoi", 60, _ALNUM),
    ("maxmind", "aB3dE6_", 29, _ALNUM), ("newrelic", "NRAK-", 27, _UPPER),
    ("newrelic insert", "NRII-", 32, _LOWER), ("notion", "ntn_", 46, _ALNUM),
    (
    "npm",
    "npm_", 36, _LOWER), (
    "octopus",
    "API-", 26, _UPPER), (
    "openshift",
    "sha256~", 43, _ALNUM),
    ("perplexity", "pplx-", 48, _ALNUM), ("planetscale", "pscale_tkn_", 40, _ALNUM),
    ("planetscale password", "pscale_pw_", 40, _ALNUM), ("postman", "PMAK-", 58, _HEX),
    (
    "prefect",
    "pnu_", 36, _ALNUM), (
    "pulumi",
    "pul-", 40, _HEX), (
    "pypi",
    "pypi-AgEIcHlwaS5vcmc", 60, _ALNUM),
    ("readme", "rdme_", 70, _LOWER), ("rubygems", "rubygems_", 48, _HEX),
    ("scalingo", "tk-us-", 48, _ALNUM), ("sendgrid", "SG.abcdefghijklmnopqrst12.", 43, _ALNUM),
    ("sendinblue", "xkeysib-", 64, _HEX), ("sentry user", "sntryu_", 64, _HEX),
    ("settlemint", "sm_pat_", 16, _ALNUM), ("shippo", "shippo_live_", 40, _HEX),
    ("shopify", "shpat_", 32, _HEX), ("shopify app", "shppa_", 32, _HEX),
    (
    "shopify secret",
    "shpss_", 32, _HEX), (
    "slack bot",
    "xoxb-1234567890-1234567890-", 24, _ALNUM),
    ("slack app", "xapp-1-A0123-1234567890-", 40, _LOWER), ("sonar", "squ_", 40, _LOWER),
    ("sourcegraph", "sgp_", 40, _HEX), ("square", "sq0atp-", 22, _ALNUM),
    ("square live", "EAAA", 60, _ALNUM), ("stripe", "sk_live_", 24, _ALNUM),
    ("stripe restricted", "rk_live_", 24, _ALNUM), ("stripe webhook", "whsec_", 32, _ALNUM),
    ("supabase", "sbp_", 40, _HEX), ("telegram", "123456789:AA", 33, _ALNUM),
    ("twilio", "SK", 32, _HEX), ("typeform", "tfp_", 59, _LOWER), ("vault", "hvs.", 90, _ALNUM),
    ("vault batch", "hvb.", 138, _ALNUM), ("openai", "sk-proj-", 74, _ALNUM),
    ("groq", "gsk_", 52, _ALNUM), ("replicate", "r8_", 37, _ALNUM), ("xai", "xai-", 80, _ALNUM),
    ("docker hub", "dckr_pat_", 27, _ALNUM), ("discord", "MTA1NjI3NDk4NTk1.GaBcDe.", 38, _ALNUM),
    ("mailchimp", "0123456789abcdef0123456789abcdef-us", 2, "123456789"),
)  # fmt: skip
# Vendors whose values have no beginning of their own: the vendor's name stands before them.
_NAMED_VENDORS = (
    ("adafruit", 32), ("airtable", 17), ("algolia", 32), ("asana", 32), ("bitbucket", 32),
    ("bittrex", 32), ("codecov", 32), ("coinbase", 64), ("confluent", 64), ("contentful", 43),
    (
    "datadog", 40), (
    "discord", 32), (
    "droneci", 32), (
    "dropbox", 15), (
    "etsy", 24), (
    "fastly", 32),
    ("finnhub", 20), ("flickr", 32), ("freshbooks", 64), ("gitter", 40), ("kraken", 80),
    ("kucoin", 24), ("looker", 24), ("mattermost", 26), ("messagebird", 25), ("netlify", 40),
    (
    "nytimes", 32), (
    "okta", 42), (
    "plaid", 30), (
    "rapidapi", 50), (
    "sendbird", 40), (
    "sentry", 64),
    ("travis", 22), ("twitch", 30), ("twitter", 50), ("zendesk", 40),
)  # fmt: skip


def drawn(alphabet: str, length: int, seed: str) -> str:
    """So many characters, always the same for a seed, with a digit early on."""
    draw = random.Random(seed)
    text = "".join(draw.choice(alphabet) for _ in range(length))
    digit = next((c for c in "7254" if c in alphabet), "7")
    return text[:1] + digit + text[2:] if length > 2 else text


def _fill(template: str, value: str, name: str = "") -> str:
    key = drawn(_ALNUM, 31, template)
    return template.format(n=name, v=value, k=key, h=drawn(_HEX, 24, template), d="1507")


def _secret(template: str, value: str) -> str:
    if "{v}" in template:
        return value
    if "{k}" in template:
        return drawn(_ALNUM, 31, template)
    if "{h}" in template:
        return drawn(_HEX, 24, template)
    return "481507" if "{d}" in template else template.rsplit(maxsplit=1)[-1].strip("*")


def fits(placement: str, value: str) -> bool:
    """Whether such a value would stand there without quotes or escapes of its own."""
    return not set(_FITS.get(placement, "")) & set(value)


def named() -> Iterator[Form]:
    """Every name in every placement that it may stand in, each with another value."""
    turn = 0
    for place, template in PLACEMENTS.items():
        values = [value for value in VALUES if fits(place, value)]
        for name in NAMES:
            if (place in _BARE and name in _WIDE) or set(_NOT_IN.get(place, "")) & set(name):
                continue
            turn += 1
            value = values[turn % len(values)]
            yield Form(f"{place} / {name}", _fill(template, value, name), value)


def letters_only() -> Iterator[Form]:
    """Values without any digit, where an equals sign or quotes say that they are values."""
    for place in (
    "env",
    "export",
    "json",
    "yaml quoted",
    "xml element",
    "flag with =",
    "python bytes",
                  "rust some", "query", "ado string", "php array", "ruby hash"):  # fmt: skip
        for name in ("password", "DB_PASS", "clientSecret", "api_key", "SECRET_KEY_BASE", "pw"):
            for value in ("swordfish", "Swordfish", "OpenSesame"):
                text = _fill(PLACEMENTS[place], value, name)
                yield Form(f"letters: {place} / {name}", text, value)


def worded() -> Iterator[Form]:
    """Commands, sentences, programs, addresses and hashes."""
    tables = {
        "setting": SQL_AND_SETTINGS, "phrase": PHRASES, "sentence": SENTENCES, "program": PROGRAMS,
        "url": URLS, "hash": HASHES,
    }  # fmt: skip
    plain = [v for v in VALUES if v.replace("-", "").isalnum()]
    for table, templates in tables.items():
        for number, template in enumerate(templates):
            for value in {plain[number % len(plain)], plain[(number + 3) % len(plain)]}:
                text = _fill(template, value)
                yield Form(f"{table}: {template}", text, _secret(template, value))


def foreign() -> Iterator[Form]:
    """The word for it in other languages."""
    for language, words in LANGUAGES.items():
        for word in words:
            for number, template in enumerate(LANGUAGE_PLACEMENTS):
                value = VALUES[number % 4]
                yield Form(f"{language}: {word} {template}", _fill(template, value, word), value)


def vendors() -> Iterator[Form]:
    """Tokens that say whose they are, alone and within a line."""
    for vendor, start, length, alphabet in _VENDORS:
        rest = drawn(alphabet, length, vendor)
        token = start + rest + ("_mmk" if vendor == "maxmind" else "")
        secret = token if length < 10 else rest
        for template in ("{}", "refused by the server: {} (401)", "url https://x/y?z={}", "'{}',"):
            yield Form(f"vendor: {vendor} {template}", template.format(token), secret)
    for vendor, length in _NAMED_VENDORS:
        value = drawn(_LOWER, length, vendor)
        for template in ("{n}: {v}", '{n}Client("{v}")', "{n}={v}", '"{n}_id": "{v}"'):
            text = template.replace("{n}", vendor).replace("{v}", value)
            yield Form(f"vendor by name: {vendor} {template}", text, value)


def encoded() -> Iterator[Form]:
    """A pair or an assignment, encoded as a whole."""
    for value in ("c4nAry7p", "k7Rw2mPq9x", "Tr0ub4dor&3"):
        for plain in (f"app:{value}", f"password={value}", f'{{"password":"{value}"}}',
                      f'{{"auths":{{"r.io":{{"auth":"x","password":"{value}"}}}}}}',
                      f"DB_PASS={value}\nPORT=80"):  # fmt: skip
            base = base64.b64encode(plain.encode()).decode()
            url_safe = base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")
            for how, text in {
                "base64": base, "base64 url": url_safe, "hex": plain.encode().hex(),
                "base64 twice": base64.b64encode(base.encode()).decode(),
            }.items():  # fmt: skip
                yield Form(f"{how}: {plain}", f"refused {text} by web", text)
        percent = urllib.parse.quote(f'{{"password":"{value}"}}', safe="")
        shown = urllib.parse.quote(value, safe="")
        yield Form("percent json", f"GET /x?q={percent}", shown)
        twice = urllib.parse.quote(percent, safe="")
        yield Form("percent twice", f"GET /x?q={twice}", urllib.parse.quote(shown, safe=""))
        entity = escape(f'<a password="{value}">')
        yield Form("html entities", entity, escape(value))
        numbers = "".join(f"&#{ord(c)};" for c in f"password={value}")
        yield Form("number entities", numbers, numbers[60:])
        points = json.dumps(f"password={value}").replace("=", "\\u003d")
        yield Form("code points", points, value)


def keys() -> Iterator[Form]:
    """Keys of several lines and what else has a shape of its own."""
    body = drawn(_ALNUM + "+/", 64, "pem")
    for kind in ("PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY",
                 "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"):  # fmt: skip
        yield Form(f"pem {kind}", f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----", body)
        one = f"-----BEGIN {kind}-----\\n{body}\\n-----END {kind}-----"
        yield Form(f"pem in a string {kind}", f'key: "{one}"', body)
    yield Form("product key", "activated with AB3DE-FG7HJ-KL9MN-PQ2RS-TV4WX", "FG7HJ-KL9MN")
    jwk = '{"kty":"RSA","n":"abc","e":"AQAB","d":"' + body[:40] + '"}'
    yield Form("jwk", jwk, body[:40])
    symmetric = '{"kty":"oct","k":"' + body[:40] + '"}'
    yield Form("jwk oct", symmetric, body[:40])
    wire = "[Interface]\nPrivateKey = " + body[:43].replace("/", "x") + "=\n"
    yield Form("wireguard", wire, body[:43].replace("/", "x"))
    yield Form("putty", f"Private-Lines: 1\n{body}\nPrivate-MAC: x", body)


def attempted() -> Iterator[Form]:
    """What was tried without a look at the patterns: syntaxes of tools, files and protocols.

    Where the value is one that can be chosen, others are tried as well.
    """
    table = Path(__file__).with_name("attempted_secrets.jsonl").read_text(encoding="utf-8")
    for of, text, secret in map(json.loads, table.splitlines()):
        yield Form(of, text, secret)
        if secret == _ATTEMPTED:
            for value in ("hunt3r2xy", "9f86d081884c7d65"):
                yield Form(of, text.replace(_ATTEMPTED, value), value)


_ATTEMPTED = "c4nAry7pQx"


def forms(every: int = 1) -> list[Form]:
    """All of them but those that only their context tells; of names in placements every n-th."""
    tables = (letters_only(), worded(), foreign(), vendors(), encoded(), keys(), attempted())
    return [*list(named())[::every], *(form for table in tables for form in table)]


def told_by_context() -> list[Form]:
    """What no reader of the text alone could tell, with or without a program."""
    value = "c4nAry7p"
    return [
        Form("a word alone", f"refused {value}", value),
        Form("an argument by its place", f"app {value}", value),
        Form("a letter of a program that is not known", f"app -t {value}", value),
        Form("letters in a sentence", "the password is swordfish", "swordfish"),
        Form("a phrase of plain words", "password: correct horse battery staple", "battery"),
        Form("32 digits alone", "got 9f86d081884c7d659a2feaa0c55ad015", "9f86d081884c7d65"),
        Form("a list without names", f'["app", "{value}", "shop"]', value),
        Form("a column", f"user password\napp  {value}", value),
        Form("a rune of another cipher", "cnffjbeq=p4aNel7c", "p4aNel7c"),
        Form("letters before a host", "app:swordfish@db1/shop?warehouse=w", "swordfish"),
        Form("what a command printed", "get secret db -o jsonpath={.data.p} -> czRyeTdw", "czRy"),
        Form("a line below an empty value", f"password=\n{value}\n", value),
        Form("the bytes of a dump", "0000  63 34 6e 41 72 79 37 70  |....|", "34 6e 41 72"),
        Form(
            "a line in parts of the runtime's",
            "10:00:00Z stdout P password=c4nA\n10:00:00Z stdout F r7Qx2z done",
            "r7Qx2z",
        ),
    ]
