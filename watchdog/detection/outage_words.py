"""How programs say that something elsewhere refuses them, is not ready, or was cut off.

Each pattern joins who is spoken of with what is said of it; no program is listed. The lines are
cut before they come here, and every gap between two words has a limit.
"""

from __future__ import annotations

import re

from watchdog.text.regex import regex


def near(one: str, other: str, gap: int = 40) -> str:
    """Both, in any order, with few characters between them."""
    return rf"(?:{one}).{{0,{gap}}}(?:{other})|(?:{other}).{{0,{gap}}}(?:{one})"


_TLS = r"\bx509\b|\btls\b|\bssl|\bcert(?:ificate)?s?\b|\bhandshake\b|\baltnames\b|Handshake"
# Files of the program itself, whatever it says of TLS.
_KEPT_HERE = (
    r"private key|key values|\.(?:pem|crt|cer|key|p12|pfx|jks)\b|no such file|(?:key|trust) ?store"
    r"|\bPEM\b|\b(?:load|pars|decod|open)(?:e|ing|ed)? "
)
_OF_OTHERS = r"\b(?:is|are) (?:not )?valid for\b|(?:not|n't) match|\bmismatch"
_NO_TLS = (
    r"handshake failure|protocol version|shut ?down|not be established|refused|SYSCALL|EOF|EPROTO"
    r"|wrong version"
)
TLS_ALERTS = regex(
    rf"^(?!.*(?:{_KEPT_HERE})).*?(?:"
    rf"{near(_TLS, _OF_OTHERS)}"
    r"|\bwrong (?:host )?name\b|verify .{0,30}certificate|\btls alert\b"
    r"|does not look like a tls\b|\bnot in the cert"
    r"|\bany IP SANs|cannot validate certificate|alert(?: \w+)? handshake failure|fatal alert\b"
    r"|bad[ _]certificate|certificate_(?:unknown|required|revoked)|Certificate\w*Mismatch"
    r"|(?:host ?name|identity) mismatch|SSL_ERROR_SYSCALL|HTTP response to HTTPS"
    r"|valid client certificate|peer certificate .{0,40}not ok"
    rf"|{near(_TLS, _NO_TLS)}"
    r"|(?:ssl|tls) (?:is not|isn't|not) (?:enabled|supported)|refused TLS"
    r")",
    re.IGNORECASE,
)
"""The other end's certificate or its way to speak TLS is not what was expected."""

UNTRUSTED = regex(
    r"unknown (?:certificate )?authority|self[- ]?signed|unable to get (?:local )?issuer"
    r"|unknown_?ca\b|unable to find valid certification|UnknownIssuer|UNABLE_TO_(?:VERIFY|GET)"
    r"|UntrustedRoot"
    r"|PartialChain|\b(?:certificate|authority|issuer)\b.{0,30}\bnot trusted|PKIX path building",
    re.IGNORECASE,
)
"""A certificate whose issuer the program does not know."""

_SECRETS = (
    r"\b(?:user ?names?|passwords?|passphrases?|credentials?|access[ _]?keys?(?: id)?|public ?key"
    r"|api[ _]?keys?|tokens?(?! (?:\w*embedding|limit|id\b|at line|type|\d))|log ?in|grants?"
    r"|tickets?)\b"
)
_NOT_TAKEN = (
    r"\b(?:refused|rejected|denied|incorrect|wrong|expired|revoked|unknown|bad|invalid)\b"
    r"|\bnot (?:\w+ )?(?:recogni[sz]ed|accepted|allowed|permitted|valid)\b|\bdoes not exist\b"
)
_WHO = (
    r"\b(?:users?|accounts?|roles?|principal|identity|clients?|callers?|service ?accounts?|hosts?"
    r"|log ?in|applications?|groups?|app|tenant|subscription|topics?|subject)\b"
)
_MAY_NOT = (
    r"\b(?:locked|suspended|denied|rejected|refused)\b(?! to (?:start|run|boot))|\bis disabled\b"
    r"|\black(?:s|ing)? (?:\w+ ){0,2}(?:permission|privilege|right|role|scope|grant|access)"
    r"|\bnot (?:be )?(?:allowed to|permitted to|authori[sz]ed|entitled)\b"
    r"|\b(?:not have|has no|have no|without)\b.{0,40}\b(?:permissions?|access|privileges?|rights?"
    r"|authori[sz]ation)\b|\bhas exceeded\b|\bmust reset\b"
)
LOGIN = regex(
    rf"^(?!.*(?:{_KEPT_HERE}|\bline \d)).*?(?:{near(_SECRETS, _NOT_TAKEN, 30)})"
    rf"|{near(_WHO, _MAY_NOT)}"
    r"|insufficient (?:\w+ ){0,2}(?:permission|privilege|right|scope)|code = (?:PermissionDenied"
    r"|Unauthenticated)\b|\b(?:PERMISSION_DENIED|UNAUTHENTICATED|NOPERM|NOAUTH)\b"
    r"|\b(?:authentication|authori[sz]ation|auth) ?(?:error|failed|failure|denied|violation)"
    r"|\bpermissions? violation|(?:Authori[sz]ation|Authentication|Credentials?)\w{0,40}(?:Error"
    r"|Exception)\b|auth_(?:failure|failed|error)\b|Unrecogni[sz]edClient\w*|\(40[137]\b"
    r"|\bforbidden: permission denied|\bmissing (?:client |access |auth\w* )?token\b"
    r"|authentication expired|preauthentication|permission denied \(|\b403 permission denied"
    r"|\bno valid credential|\bmissing auth\w* credentials\b|(?-i:[a-z]Security(?:Exception"
    r"|Error)\b)|insufficient_\w+|not accessible by\b|invalid role or secret"
    r"|\b40[137] (?:permission|forbidden|unauthori|access)|\bpermission\b.{0,60}\bdenied on\b"
    r"|(?:cannot|can't|could not|failed to|unable to) log ?in\b|\bproxy auth\w* (?:is )?(?:needed"
    r"|required)|\bdenied by policy\b|\blocked out\b|must reset your password"
    r"|without any password configured|not authori[sz]ed\b|\b(?:load|find|locate|get|obtain|fetch"
    r"|no|any) (?:\w+ ){0,3}credentials\b|credentials (?:were|was|are) not found"
    r"|lacks? (?:the )?permission|host key verification failed|no supported methods remain"
    r"|no matching host key"
    r"|\b(?:response|status|answered|returned|HTTP|code)\b.{0,30}\b40[137]\b",
    re.IGNORECASE,
)
"""A login, or what it may do there, is refused."""

_THEM = (
    r"\b(?:\w*[-_]?(?:servers?|brokers?|clusters?|databases?|db|upstreams?|endpoints?|gateways?"
    r"|coordinators?|controllers?|masters?|primary|standby|replicas?|shards?|members?|peers?"
    r"|registry|backends?|providers?|services?|dependenc(?:y|ies)|nodes?|hosts?|leaders?|kdc|quorum"
    r"|partitions?|queues?|topics?|redis|kafka|postgres\w*|mysql|mongo\w*|rabbit\w*|etcd|vault"
    r"|consul|elastic\w*|opensearch|minio|s3|ldap|nats|zookeeper|memcached|keycloak|cassandra)"
    r"|remote \w+|other (?:end|side)|target machine|identity provider|name ?node)\b"
)
_NOT_UP = (
    r"\b(?:offline|dead|unhealthy|lagging|draining|overloaded|saturated|exhausted|rejected)\b"
    r"|\brefus(?:ed|es)\b(?! to (?:start|run|boot|load))|\b(?:is|are|was) (?:gone|sealed|locked)\b"
    r"|\bnot (?:yet |currently |in an? )*(?:up|healthy|green|live|alive|running|started"
    r"|initiali[sz]ed|active|elected|primary|writable|connected|established|online|serving|synced"
    r"|leader|in sync)\b|\b(?:did|does|do|would) not (?:\w+ ){0,2}(?:answer|respond|reply|come up"
    r"|become|accept|appear|show up|permit)\b|\bnever (?:came|became|answered|responded|replied"
    r"|appeared)\b|\bin (?:\w+[- ]){0,2}(?:maintenance|recovery|safe ?mode|standby|read-?only)\b"
    r"|\bnot found\b(?= on (?:the )?(?:broker|server|cluster|primary))|\b(?:down"
    r"|red)\b(?=[,;:.]|$)|\b(?:rebuilding|spent|withdrawn|stepped down|would not)\b|\b(?:quiescing"
    r"|being deleted|starting recovery|went silent|unwilling to)\b|\b(?:is|are) (?:stalled"
    r"|paused)\b|\bover its limit\b|\bwithout an? (?:answer|reply|response)\b|\btook (?:too long"
    r"|longer than|more than)\b|\b(?:moved|failed over|restarting|shutting down) while\b"
    r"|\bmarked (?:as )?(?:dead|down)\b|\bnot (?:the )?(?:leader|master|primary)\b"
    r"|\bin state standby\b|\bload in progress\b"
)
_CUT = r"\b(?:closed|reset|shut ?down|hung up|dropped|terminated|disconnected|crashed|cut)\b"
_FAR = r"\b(?:remote(?: \w+)?|peer|other (?:end|side)|far end|upstream|broker|server conn\w*)\b"
_LINES = r"\b(?:connections?|sessions?|channels?|streams?|links?|tunnels?|sockets?|conn)\b"
_BROKEN = (
    r"\b(?:is |are |was )?not (?:be )?(?:open|established|made)\b|\b(?:dropped|cut|exhausted"
    r"|rejected|stale)\b"
)
_SAYS_SO = (
    r"\b(?:gave|giving|given) up (?:on|waiting)\b|\bstill (?:no|not|down|starting|initiali[sz]ing"
    r"|loading|booting|syncing|joining|electing|recovering|restoring|waiting|unhealthy)\b|\b(?:did"
    r"|does|do|would) not (?:come up|become (?:ready|healthy|available|green|active|live)|answer"
    r"|respond|reply|show up)\b|\bnever (?:came up|became (?:ready|healthy|available)|answered"
    r"|responded|replied)\b|\b(?:no|not|never|waited|wanted|failed to \w+)\b.{0,60}\b(?:after"
    r"|within|for|waited) (?:\w+ )?\d+ ?(?:ms|s|secs?|seconds?|m|mins?|minutes?)\b|\b(?:did|does"
    r"|has|have) not\b.{0,60}\bin (?:\w+ )?\d+ ?(?:s|secs?|seconds?|m|mins?|minutes?)\b|\b(?:said"
    r"|says|answers?|answered|replied)\b.{0,20}\b(?:40[1379]|429|50\d)\b|(?:cannot|can't|could not"
    r"|couldn't|unable to|failed to|not be) (?:be )?(?:fetch|download"
    r"|contact)(?:ed)?\b(?! (?:\w+ ){0,2}environment)|\bfailover in progress\b"
    r"|\bport \d+ on \S+ is closed\b|\bRetriesExhausted|\battempts=\d|\blost (?:touch"
    r"|contact) with\b|\bnetwork is (?:down|unreachable)|\b(?:acquir|obtain"
    r"|gett)\w+ the (?:\w+ )?lock\b|\bconsistency level\b|\bfind (?:the |a )?leader\b"
    r"|\bno (?:\w+ ){0,2}(?:nodes?|workers?|members?|tablets?) (?:is |are )?available\b"
    r"|\bfailed connection\b|(?-i:[a-z]TimedOut\b)|[{,(] ?:?(?:timeout|closed|connect_timeout)\b"
    r"|\b(?:service|api|keeps?|answering|responding|says|with)\b.{0,30}\b(?:429|50[0234])\b"
    r"|\b(?:after|reached) (?:\w+ )?\d+ (?:\w+ )?(?:tries|attempts|retries)\b"
    r"|\bmax retries(?: reached)?\b|\b\d+ (?:consecutive |failed )+(?:tries|attempts|retries|probes"
    r"|checks)\b.{0,40}\bfailed\b|\bretr(?:y|ies)\b.{0,20}\b(?:exhausted|exceeded|used up)\b"
    r"|\ball connection tries failed|\b(?:un)?ambiguous ?timeout|\btimeout expired\b|: timeout$"
    r"|\btime limit\b"
)
_WIRE = (
    r"\b(?:handshake|greeting|response|connection|server|broker|network error|reason|peer"
    r"|\w:\d{2,5})\b.{0,30}\bEOF\b|\bEOF (?:from|while reading (?:from|greeting|response)"
    r"|on (?:socket|conn))|\bend[- ]of[- ](?:file|stream) on (?:the )?(?:communication|http"
    r"|connection|socket|conn)|(?-i:(?:Not(?:Leader|Master|Primary|Controller|Coordinator)"
    r"|Unresolved|Fenced)\w{0,40}(?:Exception|Error)\b)|(?-i:CoordinatorNotFound\b)"
    r"|\babnormal closure\b|\bsocket error\b|\bserialization failure\b"
    r"|\bfind the address\b|forcibly closed|actively refused|prematurely closed|closed prematurely"
    r"|transfer closed with|closed the stream|client connection is closing"
    r"|\bcommunications? (?:error|failure|channel)|\bnetwork (?:error|failure|problem)\b"
    r"|\bsent no valid\b|\bpackets? out of order\b|\bprotocol error, got\b|\bheartbeat lost\b"
    r"|\bcircuit(?:[ -]?breaker)?\b.{0,40}\bopen\b|BrokenCircuit|CallNotPermitted|short-circuited"
    r"|\bbulkhead\b.{0,30}\bfull\b|does not permit further|\b(?:Standby|Not(?:Leader|Master|Primary"
    r"|Writable|Enough|Coordinator)\w*|(?:Server|Cluster|Service|Master|Node|Broker|Leader)Not\w+"
    r"|NOT_ENOUGH_\w+|SafeMode|TooManyRequests?|BrokerDown)(?:Error|Exception)?\b"
    r"|\bConnectionLost\b|CONNECTION_LOST|\bquota\b.{0,40}\bexceeded|\bno usable \w+ connection"
    r"|in-sync replicas|\bdeadlock found\b|\bSERVER_(?:ERROR|NOT_AVAILABLE)\b"
    r"|\bcode = (?:Unknown|Internal|FailedPrecondition|Canceled) .{0,60}(?:upstream|transport"
    r"|stream|initiali[sz]ing|closing)|\bSQL ?STATE\W{0,4}(?:08|28|53|57P|58)\w{2,3}\b|\b(?:080\d\d"
    r"|08P01|53[0-4]00|57P0\d): |\(SQLSTATE (?:08|28|53|57P|58)\w+\)|\bORA-(?:000(?:18|20)|00257"
    r"|01109|0311[34]|03135|0403\d|280\d\d)\b|\.s\.PGSQL\.\d|mysqld?\.sock\b"
    r"|\btime .{0,30}\btoo large\b|\bclock skew"
)
# A time limit or a lock that ran out, wherever it is kept.
_WAITED = (
    r"\b(?:server|idle|lock|read|write|connect\w*|request|response|query|socket|handshake|login"
    r"|statement|session|network) ?time-?out\b|\btime-?out (?:reading|writing|reached)\b"
    r"|\btime out\b|\b(?:session|lock|lease|authentication|login|ticket|trial"
    r"|execution)\b.{0,30}\bexpired\b|\bdeadlock(?:ed|s)? (?:on|found|detected)\b"
    r"|\block\b.{0,30}\b(?:not|held|obtain\w*)\b|\bnot (?:obtain|get) lock\b"
    r"|\bby (?:an)?other (?:users?|process|sessions?|pids?|transactions?|clients?|instances?)\b"
    r"|\bis active for pid\b|\bcancell?ing statement due to\b|\brestart transaction\b|\b(?:request"
    r"|connection|session|rate|throughput|usage)s?\b.{0,40}\b(?:limit\b.{0,40}\breached"
    r"|rate is large)"
)
# What failed is the way to something: `could not receive data from server`.
_SENT = (
    r"\b(?:errors?|unable|not|failed|failure|cannot|can't|broken|exception)\b.{0,20}\b(?:read|writ"
    r"|send|sent|receiv|recv|communicat|talk)\w*\b.{0,20}\b(?:from|to|with)\b.{0,12}\b(?:sockets?"
    r"|transport|servers?|peer|network|broker|database)\b(?!\.)|\b(?:errors?|failed) (?:reading"
    r"|writing|sending|receiving)\b.{0,20}\b(?:banner|greeting|response|socket|server)\b"
    r"|\bno connection to\b|\bbroken pipe\b|\bconnection (?:broken|aborted|abort)\b"
    r"|\bsession\b.{0,20}\b(?:not found|lost)\b|\bforce[- ]?detached\b|\bno (?:healthy|live|alive"
    r"|reachable) \w+|\bnot enough (?:\w+ )?(?:replicas|nodes|brokers"
    r"|servers|members|votes)\b|\bno quorum\b|\bpremature(?:ly)?\b(?! end of file)|\bnode_?down\b"
    r"|\bserver (?:responded|replied) (?!ok)|\b(?:transport|resolution|transmission) failure\b"
    r"|\bdial (?:tcp|udp|unix)\b|\((?:429|50[0234])\b|\b[A-Z]\w{0,40}(?:Socket|Transport|Channel"
    r"|Remote|Session|Timeout)\w{0,40}(?:Error|Exception|Failure|Closed|Aborted|Lost)\b"
    r"|\b(?-i:Connection(?:Closed|Aborted|Lost|Bad|Broken|Reset|Refused|Dropped))\b"
    r"|\b(?-i:[A-Z]\w{0,40}Timeout\b)|\b(?-i:(?:Socket|Transport|Channel)\w{0,40}(?:Error"
    r"|Exception))\b"
)
_NAMES = (
    r"\baddress information\b|\bdomain name not found\b|\bgethostbyname\b|\bDNS (?:server|query)"
    r"|\bno data of the requested type|\b(?:host|domain)(?: \S+)? (?:was |is )?(?:not found"
    r"|unknown)\b|\bhostname resolving\b"
)
# Other languages, where no kind reads it.
_ABROAD = (
    r"zeit[üu]berschreitung|nicht (?:erreichbar|verf[üu]gbar|bereit)|antwortet nicht|injoignable"
    r"|indisponible|d[ée]lai .{0,30}d[ée]pass|ne r[ée]pond pas|no (?:est[áa] )?disponible"
    r"|se agot[óo]|no responde|indispon[íi]vel|n[ãa]o responde|tempo (?:limite )?(?:esgotado"
    r"|excedido)|non raggiungibile|non disponibile|tempo scaduto|недоступ|не отвечает"
    r"|время ожидания|истекло время|タイムアウト|応答しません|応答がありません|利用できません"
    r"|不可用|超时|逾時|无响应|没有响应"
)
# What others give, keep or answer, and that they did not.
_THEIRS = (
    r"\b(?:servers?|brokers?|clusters?|databases?|upstreams?|endpoints?|gateways?|coordinators?"
    r"|masters?|primary|standby|replicas?|peers?|registry|backends?|providers?|services?|relay"
    r"|proxy|resolver|quorum|elections?|leases?|redis|kafka|postgres\w*|mysql|mongo\w*|rabbit\w*"
    r"|etcd|vault|consul|elastic\w*|opensearch|minio|s3|ldap|nats|zookeeper|memcached|keycloak"
    r"|cassandra|remote|collector|network|handshake|connections?|sockets?|tunnel|lookup|address of"
    r"|nfs|storage|device|mount|account|subscription|quota|role|user|app|secret|token|certificate"
    r"|session|transfer|procedure|transaction|pool|limit|semaphore|stream|route to)\b"
)
_WITHHELD = (
    r"\b(?:refuses|refused(?! to (?:start|run|boot))|denie[sd]|rejected|revoked|rotated|suspended"
    r"|used up|exceeded|expired|dropped|aborted|interrupted|(?:went|gone|goes) away|lost|dead"
    r"|unreachable|lagging|ran out|victim|gave nothing|went read-only|timeout period"
    r"|not (?:\w+ )?(?:answer\w*|respond\w*|renew\w*|read|write|cover|reach\w*|serve))\b"
    r"|\bno (?:route|grants?|answer|response|reply)\b|\bstill (?:going|running)\b|\btry later\b"
    r"|\bcall failed\b|\b(?:transfer|lookup) .{0,40}failed\b|\bpath was not found\b"
)
# The ways to others, each with any failure.
_WAYS = (
    r"\b(?:dns|getaddrinfo|name ?servers?|tls|alpn|http2|grpc|websocket|amqp|mqtt|smtp|imap|pop3"
    r"|ldap|radius|kerberos|krb5|ftp|sftp|ssh|nfs|smb|cifs|iscsi|snmp|modbus|opc-ua|syslog|kms|sts"
    r"|sentinel|gossip|seeds?|(?:kafka|redis)(?!\.)|metadata refresh|bootstrap of|negotiation|dial"
    r"|handshake|heartbeats?)\b"
)
_ILL = (
    r"\b(?:fail\w*|errors?|time-?out|broken?|refused|rejected|denied|none|eof|gave up|giving up"
    r"|does not know|goaway|reset|lost|forbids|no)\b|Rejected\b|_FAILURE\b"
)
_KEEPERS = (
    r"\b(?:login|bind|index|slots|bucket policy|(?:presigned )?url|object store|server|broker"
    r"|database|coordinator|upstream|peer|master|primary|clock|cert(?:ificate)?|stream|websocket"
    r"|watch)\b"
)
_WILL_NOT = (
    r"\bturned down\b|\bfenced off\b|\bout of connections\b|\bdoes not know\b|\bnot covered\b"
    r"|\bblocked\b|\bInternal(?:Server)?Error\b|\bforbids\b|\bbroke\b|\bis off by\b|\bissued for\b"
    r"|\bno (?:\w+ )?(?:right|privileges?)\b|\bclosed (?:by|with)\b|\bexpired\b"
    r"|\bcould not find a\b"
)
# A place that can be reached over a network, but none of its own, and no page of a manual.
_PLACE = (
    r"(?<![\w.])(?<!from )(?<!client )(?<!client: )(?<!client=)(?!\A|0\.0\.0\.0"
    r"|127\.)(?:\d{1,3}\.){3}\d{1,3}(?![\w.]\d)|\b(?:https?|tcp|tls|ssl|wss?|grpc|amqps?|rediss?"
    r"|mongodb|postgres\w*|mysql|nats|kafka|ldaps?|smtp|pulsar|mqtt|jdbc:\w+)://[\w.-]"
    r"|(?<![\w:./-])[a-z][a-z\d-]*(?:\.[a-z\d-]+)*(?<!localhost)(?<!line)(?<!\.go)(?<!\.py)(?<!\.js"
    r")(?<!\.ts)(?<!\.rs)(?<!\.rb)(?<!\.cc)(?<!\.cpp)(?<!\.java)(?<!\.kt)(?<!\.php)(?<!\.lua)(?<!\."
    r"ex):\d{2,5}\b(?!:)"
)
_AMISS = (
    r"\b(?:not|no|nothing|never|fail\w*|errors?|errno|unable|lost|down|refused|rejected|denied|dead"
    r"|gone|closed|reset|broken|cannot|longer than|stepped|deadline|unexpected|interrupted|aborted"
    r"|dropped|gave up|giving up)\b|n't\b"
)
# Of a setting, of what it listens on itself, or of where to read more.
_SET_HERE = (
    r"invalid|malformed|pars(?:e|ing)\b|unsupported|unknown|missing|\bmust\b|illegal|scheme\b"
    r"|expected|syntax|format\b|duplicate|already|undefined|\bdocs?\b|\bsee\b|\bvisit\b|\bread "
    r"|\bbind|\blisten(?:ing)?\b|in use\b|\bdefault|\bmodule\b|\bdepth\b|\benum\b|\bclass\b"
    r"|\bfactory\b"
    r"|\bversion|\bdriver|\bpackage\b|\bimport|\bmigrat|\bcolumn\b|\brelation\b|\btable\b|\bfile\b"
    r"|\bdirectory\b|\bsetting|\bconfig(?!-)|\bissues?\b|\breport"
)
AMISS_ELSEWHERE = regex(
    rf"^(?!.*(?:{_SET_HERE})).*?(?:{near(_PLACE, _AMISS, 80)}|{near(_THEIRS, _WITHHELD, 30)})",
    re.IGNORECASE,
)
"""Something is amiss with what is named by its address, or others did not give what is theirs."""
WAY_FAILED = regex(
    rf"^(?!.*(?:{_SET_HERE}|{_KEPT_HERE})).*?"
    rf"(?:{near(_WAYS, _ILL, 30)}|{near(_KEEPERS, _WILL_NOT, 30)})",
    re.IGNORECASE,
)
"""A protocol failed, or who keeps something does not give it."""

AWAY = regex(
    rf"{near(_THEM, _NOT_UP)}|{near(_FAR, _CUT, 20)}|{near(_LINES, _BROKEN, 20)}"
    r"|\b(?:closed|reset|dropped|terminated|cut|ended|aborted|disconnected|refused) by (?:the "
    r"|a )?(?:remote|peer|other|server|upstream|foreign|broker|database|far|host)"
    rf"|{_SAYS_SO}|{_WAITED}|{_SENT}|{_WIRE}|{_NAMES}|{_ABROAD}",
    re.IGNORECASE,
)
"""Something elsewhere is away, not ready, at its limit, or cut the connection."""

_STORES = (
    r"\b(?:storage(?: backend)?|drives?|disks?(?: usage)?|brokers?|tablespace"
    r"|(?:object|data) ?store)\b"
)
_AT_LIMIT = (
    r"\b(?:reached|exceed(?:ed|s)?|crossed|(?:is |was |went )?(?:below|above|over|past))\b.{0,30}"
    r"\b(?:threshold|watermark)\b|\b(?:threshold|watermark)\b.{0,20}"
    r"\b(?:reached|exceeded|crossed)\b"
)
# What was kept for those that read on from where they were.
_KEPT_UNTIL = (
    r"\b(?:resource ?versions?|wal segments?|oplog|bin(?:ary )?logs?|gtids?"
    r"|change (?:stream|feed)|resume (?:point|token))\b"
)
_GONE_SINCE = (
    r"\b(?:compacted|purged|pruned|trimmed|truncated|(?:already )?been removed|too old"
    r"|no longer (?:available|in|exists?|kept))\b"
)
_UPKEEP = (
    r"\b(?:under(?:going)?|down for|closed for|offline for) (?:\w+ ){0,2}maintenance\b"
    r"|(?<!invalid )(?<!unknown )(?<!bad )\bmaintenance (?:(?:window )?(?:until|is in progress"
    r"|in progress|is ongoing)|window is (?:active|open))\b"
)
THEIR_STATE = regex(
    rf"{near(_STORES, _AT_LIMIT)}|{near(_KEPT_UNTIL, _GONE_SINCE)}|\brevision has been compacted"
    r"|\bOffsets?OutOfRange|\boffsets? .{0,30}out of range (?:for|on|of) (?:\w+ )?partition"
    rf"|\bChangeStreamHistoryLost\b|{_UPKEEP}",
    re.IGNORECASE,
)
"""A store is at its limit or has given up what is asked for, or a service is under repair."""

# What an identity provider publishes of itself, by the standard's names.
_PUBLISHED = (
    r"\.well-known/(?:openid|oauth|jwks)|\b(?:oidc|openid(?:[- ]connect)?|issuer|jwks?)\b"
    r"(?: \w+)? (?:discovery|metadata|configuration|document|endpoint|keys?)\b|\bjwks_uri\b"
)
NO_PROVIDER = regex(
    near(_PUBLISHED, r"\b[45]\d\d\b(?= |:|$)|\bnot found\b", 60),
    re.IGNORECASE,
)
"""What an identity provider publishes of itself is not there, or cannot be had."""
