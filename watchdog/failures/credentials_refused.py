"""A container crashes because what it logs in to refuses its credentials."""

from __future__ import annotations

import re

from watchdog.detection.log_cause import LogCause
from watchdog.detection.outside import CREDENTIALS
from watchdog.text.regex import regex

CAUSE = LogCause(
    name="credentials_refused",
    summary="credentials are refused",
    pattern=regex(
        r"(?<![/_.-])\b(?:authentication|login|auth) failed|authenticationfailed"
        r"|\bauthentication (?:error|failure)(?= *$|[^\w])"
        r"|\bauthentication (?:with|to|against|at|for) \S{1,60} failed\b"
        r"|connection refused\W{1,3}(?:not authori[sz]ed|bad user)"
        r"|\b(?:invalid|wrong|incorrect|bad) user ?names? (?:or|and) passwords?"
        r"|\buser ?names? or passwords? (?:is |was |were |are )?"
        r"(?:not (?:allowed|correct|accepted|valid)|incorrect|invalid|wrong)"
        r"|\b(?:account|user|login) (?:is |has been |was )?(?:locked|suspended)(?= *$|[^\w ])"
        r"|authori[sz]ation violation"
        r"|access denied for user"
        r"|(invalid|wrong|incorrect|bad) (credentials|password|api key"
        r"|(?:access|auth\w*|bearer|api|refresh|id|jwt|session|login|security) token)"
        r"(?! ?['\"]| (?:format|file|path|length|reference|type|kind|source|syntax|name)\b)"
        r"|(?<!unexpected )(?<!csrf )\btoken (?:is |has |was )?"
        r"(?:invalid|expired|been revoked)(?= *$|[^\w ]| (?:at|for|or|and|since|on)\b)"
        r"|\* invalid token"
        r"|\b401\b.{0,20}unauthori[sz]ed|WRONGPASS|NOAUTH"
        r"|SCRAM.{0,30}(?:fail|invalid (?:proof|cred|user|auth))"
        r"|ACCESS_REFUSED|InvalidClientTokenId|SignatureDoesNotMatch"
        r"|invalid (?:user ?name|login|access key|client secret)(?! \w+)"
        r"|logon denied|InvalidAccessKeyId"
        # What S3 says behind these codes, which many clients leave out.
        r"|access key id you provided does not exist"
        r"|request signature we calculated does not match"
        r"|\bAuthFailure\b|ExpiredToken|\binvalid_(?:client|grant)\b"
        r"|connecting .{0,60}with your username/password"
        r"|could not read (?:username|password) for\b"
        r"|(?<!client )authentication (?:is )?required|login required|forbidden.{0,30}\btoken"
        r"|(?:could not|cannot|can't|failed to|unable to) (?:authenticate\b(?! (?:the )?"
        r"(?:message|server|peer))|verify (?:the )?"
        r"(?:credentials|token|api key|password))"
        r"|not authorized on \w+ to execute|password is (?:wrong|incorrect|not correct)"
        r"|authentifizierung .{0,60}(?:fehlgeschlagen|gescheitert)"
        r"|zugriff verweigert f[üu]r benutzer"
        r"|authentification .{0,60}(?:[ée]chou|refus)|acc[èe]s refus[ée] pour l.utilisateur"
        r"|mot de passe (?:incorrect|invalide)|autenticaci[óo]n .{0,60}fall"
        r"|acceso denegado para (?:el )?usuario|contrase[ñn]a (?:incorrecta|no v[áa]lida)"
        r"|autentica[çc][ãa]o .{0,60}falh|falha na autentica|senha (?:incorreta|inv[áa]lida)"
        r"|autenticazione .{0,60}fallit|password (?:errata|non valida)"
        r"|не прош[её]л проверку подлинности|аутентификаци\w+ .{0,40}(?:не |ошибк)|неверный пароль"
        r"|认证失败|身份验证失败|密码错误|認證失敗|認証に失敗|パスワードが(?:違|正しくあり)",
        re.IGNORECASE,
    ),
    # The login of another, a file that is opened with a password, a rule for passwords, a setting.
    unless=regex(
        r"\bfailed\b.{0,40} from (?:\d{1,3}\.){3}\d"
        r"|\btoo (?:short|weak|long|simple|common)\b|\bcharacters\b"
        r"|\bmust (?:be|not|contain|have)\b"
        r"|no key found|key ?store|\.(?:pfx|p12|jks)\b|Cryptographic|private key|decrypt",
        re.IGNORECASE,
    ),
    subject=(
        regex(
            r"(?:user|role|benutzer|utilisateur|usuario|usu[áa]rio|пользовател\w|用户|ユーザー?)"
            r"(?:[ =:]+|(?=[\u00ab\"'\u201e\u201c]))[\u00ab\"'\u201e\u201c]* ?([\w.@-]+)",
            re.IGNORECASE,
        ),
        regex(r"([a-z][\w-]*(?:\.[\w-]+)*:\d{2,5})\b"),
    ),
    depends_on=CREDENTIALS,
    why=(
        "{who} crashes because its login{subject} is refused: what it logs in to does not accept "
        "its credentials."
    ),
    to_do=(
        "Put the credentials that are valid now into the Secret that the container reads, or "
        "restore the user and its rights in what it logs in to. A restart alone fails the same way."
    ),
    hint=(
        "A login is refused. Valid credentials are not in the cluster, so this is for a person; "
        "going back helps only where the last revision changed which Secret is read."
    ),
)
CREDENTIALS_REFUSED = CAUSE.kind()
