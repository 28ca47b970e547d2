"""A container crashes because what it depends on does not answer."""

from __future__ import annotations

import re

from watchdog.detection.log_cause import LogCause
from watchdog.detection.outside import ADDRESS
from watchdog.text.regex import regex

# A source file and its line look like a host and its port.
_NO_FILE = (
    r"(?<!\.go:\d\d)(?<!\.py:\d\d)(?<!\.js:\d\d)(?<!\.rs:\d\d)(?<!\.rb:\d\d)(?<!\.java:\d\d)"
    r"(?<!\.go:\d\d\d)(?<!\.py:\d\d\d)(?<!\.js:\d\d\d)(?<!\.rs:\d\d\d)(?<!\.java:\d\d\d)"
)
_UNANSWERED = (
    r"connection refused|\bECONNREFUSED\b|i/o timeout|no route to host|connection timed out"
    r"|\bEHOSTUNREACH\b|\bETIMEDOUT\b|network is unreachable"
)

# What can be reached over a network, by its place or by what it is; no time, no line of a source.
_SERVERS = regex(
    r"(?<![\w:.-])[a-z][\w.-]*(?<!\.go)(?<!\.py)(?<!\.js)(?<!\.ts)(?<!\.rs)(?<!\.rb)(?<!\.cc)"
    r"(?<!\.cpp)(?<!\.java):\d{2,5}\b(?!:)|://\w|\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[\w-]+\.svc\b"
    r"|\b(?:api|backend|broker|cache|cluster|database|db|dependency|endpoint|etcd|gateway|host"
    r"|instance|metadata|node|peer|primary|proxy|queue|registry|remote|replica|server|service"
    r"|socket|upstream|elastic\w*|kafka|ldap|maria\w*|memcached|mongo\w*|mysql\w*|nats|opensearch"
    r"|oracle|postgres\w*|rabbit\w*|redis|smtp|vault|zookeeper)s?\b",
    re.IGNORECASE,
)

CAUSE = LogCause(
    name="connection_refused",
    summary="dependency refuses connections",
    pattern=regex(
        r"connection refused(?!\W{1,3}(?:not authori[sz]ed|bad user|identifier))"
        r"|\bECONNREFUSED|connect(?:ion)? (?:timed out|time-?out)|\bETIMEDOUT"
        r"|no route to host|time-?out connecting to"
        r"|EHOSTUNREACH|network is unreachable|connection reset|ECONNRESET"
        r"|communications link failure"
        r"|dial tcp .{0,200}(?:i/o timeout|operation timed out|host is down)"
        r"|(?<![\w.])(?-i:ConnectionRefused)|timeout occurred after waiting"
        r"|timed? ?out waiting (?:for|on) (?:a |the )?connection"
        r"|timed? ?out .{0,40}waiting .{0,20}for \S+:\d+|connection (?:to"
        r"|with) .{1,80} (?:was )?refused"
        r"|connection (?:(?:attempt )?(?:to|with) .{1,80} )?(?:attempt )?"
        r"(?:could|can) ?not be (?:established|made|opened)"
        r"|no (?:servers?|nodes?|hosts?|brokers?|endpoints?) (?:(?:could be|are|is|were) )?"
        r"(?:reached|reachable|available|alive)\b"
        r"|error occurred while establishing a connection|endpoints were reachable"
        r"|ServerSelection(?:Timeout)?Error\b.{0,120}(?:timed out|:\d{4,5}|closed|refused)"
        r"|no (?:alive|living|live|available|reachable) (?:nodes?|hosts?|brokers?|connections?)\b"
        r"|NoNodeAvailable|NoHostAvailable|NoServersAvailable|NoBrokersAvailable"
        r"|brokers? (?:not available|unreachable"
        r"|may not be available)"
        r"|(?:host|server|endpoint|database|broker|service) "
        r"(?:is )?(?:unreachable|not reachable)(?! by\b)"
        r"|HTTPS?ConnectionPool.{0,300}(?:timed out|NewConnectionError|ProtocolError"
        r"|Remote end closed)"
        r"|actively refused|did not properly respond"
        r"|failed to establish a new connection|connection closed by|upstream connect error"
        r"|verbindung(?:saufbau)? (?:.{1,60} )?(?:verweigert|abgelehnt)"
        r"|connexion (?:.{1,60} )?refus|conex[ãa]o (?:.{1,60} )?recusad"
        r"|conexi[óo]n (?:.{1,60} )?(?:rechazad|rehusad)"
        r"|n[ãa]o foi poss[íi]vel conectar|no se pudo conectar"
        r"|не удалось подключиться|соединени\w+ (?:.{1,60} )?(?:отказано|отклонено)"
        r"|연결이 거부|연결할 수 없|po[łl][ąa]czenie odrzucone|connessione rifiutata"
        r"|verbinding geweigerd|ba[ğg]lant\w reddedildi|接続が拒否|接続できません"
        r"|连接.{0,40}被拒|連線.{0,40}被拒|无法连接|连接超时|連線逾時|接続(?:が|は)?タイムアウト"
        r"|время ожидания (?:соединения|подключения)|zeit[üu]berschreitung .{0,30}verbindung"
        r"|verbindung .{0,60}(?:fehlgeschlagen|zeit[üu]berschreitung)|d[ée]lai de connexion"
        r"|impossible de se connecter|tempo (?:limite )?(?:de|da) conex[ãa]o (?:esgotado|excedido)"
        r"|tiempo de espera .{0,20}conexi[óo]n",
        re.IGNORECASE,
    ),
    vague=regex(
        r"(?:could not|can't|cannot|failed to|unable to) (?:re)?connect\b"
        r"(?= to\b| with\b| after\b| because\b|\W*$|[:;,.(])"
        r"|(?:could not|can't|cannot|failed to|unable to|never) (?:be )?reach(?:ed)?\b"
        r"|not reachable\b(?! by\b)"
        r"|\berrors? (?:\(.{1,20}\) )?(?:while |when )?connecting to\b"
        r"|connection (?:attempt )?(?:(?:to|with) .{1,80} )?failed\b",
        re.IGNORECASE,
    ),
    of=_SERVERS,
    # It was reached and refuses for another reason, or was never asked, unless the system says that
    # it does not answer.
    unless=regex(
        rf"\A(?!.*(?:{_UNANSWERED})).*?"
        r"(?:does not exist|certificate|x509|\btls\b|\bssl\b|handshake|authentication failed"
        r"|unauthori[sz]ed"
        r"|forbidden|\b40[13]\b|too many (?:clients|connections|open files)|connection slots"
        r"|returned (?:http )?(?:status )?(?:code )?\d{3}\b"
        # A database that is a file.
        r"|database (?:\w+ )?is locked|unable to open database file|database disk image"
        r"|file is not a database|readonly database|\bSQLITE_[A-Z]"
        r"|unknown database|\bpg_hba\b|failed: FATAL|passwor[dt]|kennwort"
        r"|\bpars(?:e|ing)\b|malformed|missing (?:port|address|host)|forgotten import"
        r"|(?:invalid|illegal|bad|unknown|unsupported|incompatible) (?:\w+ ){0,2}"
        r"(?:value|duration|number|ur[il]|dsn|connection string|port|driver|scheme|protocol"
        r"|version)"
        r"|must (?:be|not)\b|should be|cannot be (?:negative|zero|empty)|protocol version"
        r"|\bX server|\bto (?:the )?(?:\w+ )?(?:display|bus|d-bus)\b|quorum|consensus"
        r"|\bto schedule\b)",
        re.IGNORECASE | re.DOTALL,
    ),
    subject=(
        # Go writes its own address before the arrow.
        regex(r"->((?:\d{1,3}\.){3}\d{1,3}:\d+)"),
        regex(r"server at ['\"`]([\w.:-]+)['\"`](?::`(\d+)`|.{0,60}\bport (\d+))?"),
        regex(r"server at ([\w.:-]*\w)(?: \([\d.:a-f]{1,45}\))?,? port (\d+)"),
        regex(r"\b([a-z][\w.-]*)/(?:(?:\d{1,3}\.){3}\d{1,3}|<unresolved>):(\d+)"),
        # .NET's address family before a name that it did not resolve.
        regex(r"\bUnspecified/([\w.-]+:\d+)"),
        regex(r"((?:\d{1,3}\.){3}\d{1,3}:\d+)"),
        regex(r"host ?[=:]?['\"]?([\w.-]+)['\"]?,? port ?[=:]?(\d+)", re.IGNORECASE),
        regex(rf"(?<![\w./-])([a-z][\w-]*(?:\.[\w-]+)*:\d{{2,5}})\b{_NO_FILE}", re.IGNORECASE),
        regex(r"://([\w.-]+(?::\d+)?)"),
        regex(r"\bhost=['\"]?([\w.-]*\w)"),
        regex(r"server on ['\"]([\w.-]+)"),
        regex(r"(?<![\d.])(?<!laddr=\(')((?:\d{1,3}\.){3}\d{1,3})"),
        regex(r"(?:connect to|host|server|dial tcp):? ['\"(]?([a-z][\w-]*(?:[.-][\w-]+)+)"),
    ),
    depends_on=ADDRESS,
    why=(
        "{who} crashes because what it depends on{subject} does not accept "
        "connections (connection refused or timed out)."
    ),
    to_do=(
        "Bring up what it connects to, or correct the host and port in its settings. A "
        "container that is restarted goes on by itself as soon as it answers."
    ),
    at_home=(
        "That address is the pod itself. If what it needs runs elsewhere, set the host to its "
        "Service; if it is to run beside it, see why no container of the pod listens there."
    ),
    hint=(
        "A dependency refuses connections or does not answer. Restarting this workload helps "
        "nothing; look for the dependency in the same snapshot."
    ),
)
CONNECTION_REFUSED = CAUSE.kind()
