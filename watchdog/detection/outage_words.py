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
    r"|\bnot in the cert|\bany IP SANs|cannot validate certificate|alert(?: \w+)? handshake failure"
    r"|fatal alert\b|bad[ _]certificate|certificate_(?:unknown|required|revoked)"
    r"|Certificate\w*Mismatch|(?:host ?name|identity) mismatch"
    r"|SSL_ERROR_SYSCALL|HTTP response to HTTPS|valid client certificate"
    r"|peer certificate .{0,40}not ok"
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
    r"|api[ _]?keys?|tokens?(?! (?:\w*embedding|limit|id\b|at line|type|\d))|log ?in|grants?)\b"
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
    r"\b(?:locked|suspended|denied|rejected|refused)\b(?! to (?:start|run|boot))"
    r"|\bis disabled\b|\b(?:lacks?|lacking)\b"
    r"|\bnot (?:be )?(?:allowed to|permitted to|authori[sz]ed|entitled)\b"
    r"|\b(?:not have|has no|have no|without)\b.{0,40}\b(?:permissions?|access|privileges?|rights?"
    r"|authori[sz]ation)\b|\bhas exceeded\b|\bmust reset\b"
)
LOGIN = regex(
    rf"^(?!.*(?:{_KEPT_HERE}|\bline \d)).*?(?:{near(_SECRETS, _NOT_TAKEN, 30)})"
    rf"|{near(_WHO, _MAY_NOT)}"
    r"|insufficient (?:\w+ ){0,2}(?:permission|privilege|right|scope)"
    r"|code = (?:PermissionDenied|Unauthenticated)\b"
    r"|\b(?:PERMISSION_DENIED|UNAUTHENTICATED|NOPERM|NOAUTH)\b"
    r"|\b(?:authentication|authori[sz]ation|auth) ?(?:error|failed|failure|denied|violation)"
    r"|\bpermissions? violation|(?:Authori[sz]ation|Authentication|Credentials?)\w{0,40}"
    r"(?:Error|Exception)\b|auth_(?:failure|failed|error)\b|Unrecogni[sz]edClient\w*"
    r"|\(40[137]\b|\bforbidden: permission denied|\bmissing (?:client |access |auth\w* )?token\b"
    r"|authentication expired"
    r"|preauthentication|permission denied \(|\b403 permission denied"
    r"|\bno valid credential|insufficient_\w+|not accessible by\b|invalid role or secret"
    r"|\b40[137] (?:permission|forbidden|unauthori|access)|\bpermission\b.{0,60}\bdenied on\b"
    r"|(?:cannot|can't|could not|failed to|unable to) log ?in\b"
    r"|must reset your password|without any password configured|not authori[sz]ed\b"
    r"|\b(?:load|find|locate|get|obtain|fetch|no|any) (?:\w+ ){0,3}credentials\b"
    r"|credentials (?:were|was|are) not found|lacks? (?:the )?permission"
    r"|host key verification failed|no supported methods remain|no matching host key"
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
    r"|leader|in sync)\b"
    r"|\b(?:did|does|do|would) not (?:\w+ ){0,2}(?:answer|respond|reply|come up|become"
    r"|accept|appear|show up|permit)\b|\bnever (?:came|became|answered|responded|replied"
    r"|appeared)\b"
    r"|\bin (?:\w+[- ]){0,2}(?:maintenance|recovery|safe ?mode|standby|read-?only)\b"
    r"|\bnot found\b(?= on (?:the )?(?:broker|server|cluster|primary))|\bwas not found\b"
    r"|\b(?:down|red)\b(?=[,;:.]|$)|\b(?:rebuilding|spent|withdrawn|stepped down|would not)\b"
    r"|\btook (?:too long|longer than|more than)\b|\b(?:moved|failed over|restarting"
    r"|shutting down) while\b|\bmarked (?:as )?(?:dead|down)\b"
    r"|\bnot (?:the )?(?:leader|master|primary)\b|\bin state standby\b|\bload in progress\b"
)
_CUT = r"\b(?:closed|reset|shut ?down|hung up|dropped|terminated|disconnected|crashed|cut)\b"
_FAR = r"\b(?:remote(?: \w+)?|peer|other (?:end|side)|far end|upstream|broker|server conn\w*)\b"
_LINES = r"\b(?:connections?|sessions?|channels?|streams?|links?|tunnels?|sockets?|conn)\b"
_BROKEN = (
    r"\b(?:is |are |was )?not (?:be )?(?:open|established|made)\b|\b(?:dropped|cut|exhausted"
    r"|rejected|stale)\b"
)
_SAYS_SO = (
    r"\b(?:gave|giving|given) up (?:on|waiting)\b"
    r"|\bstill (?:no|not|down|starting|initiali[sz]ing|loading|booting|syncing|joining|electing"
    r"|recovering|restoring|waiting|unhealthy)\b"
    r"|\b(?:did|does|do|would) not (?:come up|become (?:ready|healthy|available|green|active|live)"
    r"|answer|respond|reply|show up)\b|\bnever (?:came up|became (?:ready|healthy|available)"
    r"|answered|responded|replied)\b"
    r"|\b(?:no|not|never|waited|wanted|failed to \w+)\b.{0,60}\b(?:after|within|for|waited)"
    r" (?:\w+ )?\d+ ?(?:ms|s|secs?|seconds?|m|mins?|minutes?)\b"
    r"|\b(?:did|does|has|have) not\b.{0,60}\bin (?:\w+ )?\d+ ?(?:s|secs?|seconds?|m|mins?"
    r"|minutes?)\b"
    r"|\bRetriesExhausted|\battempts=\d|\blost (?:touch|contact) with\b|\bnetwork is (?:down"
    r"|unreachable)"
    r"|\b(?:acquir|obtain|gett)\w+ the (?:\w+ )?lock\b|\bconsistency level\b|\bfind (?:the "
    r"|a )?leader\b"
    r"|\bno (?:\w+ ){0,2}(?:nodes?|workers?|members?|tablets?) (?:is |are )?available\b"
    r"|\bfailed connection\b|(?-i:[a-z]TimedOut\b)|[{,(] ?:?(?:timeout|closed|connect_timeout)\b"
    r"|\b(?:service|api|keeps?|answering|responding|says|with)\b.{0,30}\b(?:429|50[0234])\b"
    r"|\b(?:after|reached) (?:\w+ )?\d+ (?:\w+ )?(?:tries|attempts|retries)\b"
    r"|\bmax retries(?: reached)?\b"
    r"|\b\d+ (?:consecutive |failed )+(?:tries|attempts|retries|probes|checks)\b.{0,40}\bfailed\b"
    r"|\bretr(?:y|ies)\b.{0,20}\b(?:exhausted|exceeded|used up)\b|\ball connection tries failed"
    r"|\b(?:un)?ambiguous ?timeout|\btimeout expired\b|: timeout$|\btime limit\b"
)
_WIRE = (
    r"\b(?:handshake|greeting|response|connection|server|broker|network error|reason|peer"
    r"|\w:\d{2,5})\b.{0,30}\bEOF\b|\bEOF (?:from|while reading (?:from|greeting|response)"
    r"|on (?:socket|conn))"
    r"|\bend[- ]of[- ](?:file|stream) on (?:the )?(?:communication|http|connection|socket|conn)"
    r"|\babnormal closure\b|\bsocket error\b|\bserialization failure\b|\bfind the address\b"
    r"|forcibly closed|actively refused|prematurely closed|closed prematurely"
    r"|transfer closed with|closed the stream|client connection is closing"
    r"|\bcommunications? (?:error|failure|channel)|\bnetwork (?:error|failure|problem)\b"
    r"|\bsent no valid\b|\bpackets? out of order\b|\bprotocol error, got\b|\bheartbeat lost\b"
    r"|\bcircuit(?:[ -]?breaker)?\b.{0,40}\bopen\b|BrokenCircuit|CallNotPermitted|short-circuited"
    r"|\bbulkhead\b.{0,30}\bfull\b|does not permit further"
    r"|\b(?:Standby|Not(?:Leader|Master|Primary|Writable|Enough|Coordinator)\w*"
    r"|(?:Server|Cluster|Service|Master|Node|Broker|Leader)Not\w+|NOT_ENOUGH_\w+|SafeMode"
    r"|TooManyRequests?|BrokerDown)(?:Error|Exception)?\b|\bConnectionLost\b|CONNECTION_LOST"
    r"|\bquota\b.{0,40}\bexceeded|\bno usable \w+ connection|in-sync replicas|\bdeadlock found\b"
    r"|\bon the server\b|\bSERVER_(?:ERROR|NOT_AVAILABLE)\b"
    r"|\bcode = (?:Unknown|Internal|FailedPrecondition|Canceled) .{0,60}"
    r"(?:upstream|transport|stream|initiali[sz]ing|closing)"
    r"|\bSQL ?STATE\W{0,4}(?:08|28|53|57P|58)\w{2,3}\b|\b(?:080\d\d|08P01|53[0-4]00|57P0\d): "
    r"|\(SQLSTATE (?:08|28|53|57P|58)\w+\)|\bORA-(?:000(?:18|20)|00257|01109|0311[34]|03135"
    r"|0403\d|280\d\d)\b"
    r"|\.s\.PGSQL\.\d|mysqld?\.sock\b|\btime .{0,30}\btoo large\b|\bclock skew"
)
# A time limit or a lock that ran out, wherever it is kept.
_WAITED = (
    r"\b(?:server|idle|lock|read|write|connect\w*|request|response|query|socket|handshake|login"
    r"|statement|session|network) ?time-?out\b|\btime-?out (?:reading|writing|reached)\b"
    r"|\btime out\b"
    r"|\b(?:session|lock|lease|authentication|login|ticket|trial|execution)\b.{0,30}\bexpired\b"
    r"|\bdeadlock(?:ed|s)? (?:on|found|detected)\b|\block\b.{0,30}\b(?:not|held|obtain\w*)\b"
    r"|\bnot (?:obtain|get) lock\b"
    r"|\bby (?:an)?other (?:users?|process|sessions?|pids?|transactions?|clients?|instances?)\b"
    r"|\bis active for pid\b|\bcancell?ing statement due to\b|\brestart transaction\b"
    r"|\b(?:request|connection|session|rate|throughput|usage)s?\b.{0,40}\b"
    r"(?:limit\b.{0,40}\breached|rate is large)"
)
# What failed is the way to something: `could not receive data from server`.
_SENT = (
    r"\b(?:errors?|unable|not|failed|failure|cannot|can't|broken|exception)\b.{0,20}"
    r"\b(?:read|writ|send|sent|receiv|recv|communicat|talk)\w*\b.{0,20}\b(?:from|to|with)\b.{0,12}"
    r"\b(?:sockets?|transport|servers?|peer|network|broker|database)\b(?!\.)"
    r"|\b(?:errors?|failed) (?:reading|writing|sending|receiving)\b.{0,20}"
    r"\b(?:banner|greeting|response|socket|server)\b"
    r"|\bno connection to\b|\bbroken pipe\b|\bconnection (?:broken|aborted|abort)\b"
    r"|\bsession\b.{0,20}\b(?:not found|lost)\b|\bforce[- ]?detached\b"
    r"|\bno (?:healthy|live|alive|available|reachable|usable|ready) \w+"
    r"|\bnot enough (?:\w+ )?(?:replicas|nodes|brokers|servers|members|votes)\b|\bno quorum\b"
    r"|\bpremature(?:ly)?\b|\bnode_?down\b|\bserver (?:responded|replied) (?!ok)"
    r"|\b(?:transport|resolution|transmission) failure\b|\bdial (?:tcp|udp|unix)\b"
    r"|\((?:429|50[0234])\b|\b[A-Z]\w{0,40}(?:Socket|Transport|Channel|Remote|Session|Timeout)"
    r"\w{0,40}(?:Error|Exception|Failure|Closed|Aborted|Lost)\b"
    r"|\b(?-i:Connection(?:Closed|Aborted|Lost|Bad|Broken|Reset|Refused|Dropped))\b"
    r"|(?-i:[a-z]Timeout\b)|\b(?-i:(?:Socket|Transport|Channel)\w{0,40}(?:Error|Exception))\b"
    r"|\b(?:Open|Read|Write|Connect)Timeout\b"
)
_NAMES = (
    r"\baddress information\b|\bdomain name not found\b|\bgethostbyname\b|\bDNS (?:server|query)"
    r"|\bno data of the requested type"
    r"|\b(?:host|domain)(?: \S+)? (?:was |is )?(?:not found|unknown)\b"
    r"|\bhostname resolving\b"
)
# Other languages, where no kind reads it.
_ABROAD = (
    r"zeit[üu]berschreitung|nicht (?:erreichbar|verf[üu]gbar|bereit)|antwortet nicht"
    r"|injoignable|indisponible|d[ée]lai .{0,30}d[ée]pass|ne r[ée]pond pas"
    r"|no (?:est[áa] )?disponible|se agot[óo]|no responde|indispon[íi]vel|n[ãa]o responde"
    r"|tempo (?:limite )?(?:esgotado|excedido)|non raggiungibile|non disponibile|tempo scaduto"
    r"|недоступ|не отвечает|время ожидания|истекло время"
    r"|タイムアウト|応答しません|応答がありません|利用できません"
    r"|不可用|超时|逾時|无响应|没有响应"
)
# What others give, keep or answer, and that they did not.
_THEIRS = (
    r"\b(?:servers?|brokers?|clusters?|databases?|upstreams?|endpoints?|gateways?|coordinators?"
    r"|masters?"
    r"|primary|standby|replicas?|peers?|registry|backends?|providers?|services?|relay|proxy"
    r"|resolver"
    r"|quorum|elections?|leases?|redis|kafka|postgres\w*|mysql|mongo\w*|rabbit\w*|etcd|vault"
    r"|consul"
    r"|elastic\w*|opensearch|minio|s3|ldap|nats|zookeeper|memcached|keycloak|cassandra|remote"
    r"|collector"
    r"|network|handshake|connections?|sockets?|tunnel|lookup|address of|nfs|storage|device|mount"
    r"|account|subscription|quota|role|user|app|secret|token|certificate|session|transfer|procedure"
    r"|transaction|pool|limit|semaphore|stream|route to)\b"
)
_WITHHELD = (
    r"\b(?:refuses|refused(?! to (?:start|run|boot))|denie[sd]|rejected|revoked|rotated|suspended"
    r"|used up|exceeded|expired|dropped|aborted|interrupted|(?:went|gone|goes) away"
    r"|lost|dead"
    r"|unreachable|lagging|ran out|victim|gave nothing|went read-only|timeout period"
    r"|not (?:\w+ )?(?:answer\w*|respond\w*|renew\w*|read|write|cover|reach\w*|serve))\b"
    r"|\bno (?:route|grants?|answer|response|reply)\b|\bstill (?:going|running)\b|\btry later\b"
    r"|\bcall failed\b|\b(?:transfer|lookup) .{0,40}failed\b|\bpath was not found\b"
)
# A place that can be reached over a network, but none of its own, and no page of a manual.
_PLACE = (
    r"(?<![\w.])(?<!from )(?<!client )(?<!client: )(?<!client=)(?!\A|0\.0\.0\.0"
    r"|127\.)(?:\d{1,3}\.){3}\d{1,3}(?![\w.]\d)"
    r"|\b(?:https?|tcp|tls|ssl|wss?|grpc|amqps?|rediss?|mongodb|postgres\w*|mysql|nats|kafka|ldaps?"
    r"|smtp|pulsar|mqtt|jdbc:\w+)://[\w.-]"
    r"|(?<![\w:./-])[a-z][a-z\d-]*(?:\.[a-z\d-]+)*(?<!localhost)(?<!line)(?<!\.go)(?<!\.py)(?<!\.js)(?<!\.ts)(?<!\.rs)"
    r"(?<!\.rb)(?<!\.cc)(?<!\.cpp)(?<!\.java)(?<!\.kt)(?<!\.php)(?<!\.lua)(?<!\.ex):\d{2,5}\b(?!:)"
)
_AMISS = (
    r"\b(?:not|no|nothing|never|fail\w*|errors?|errno|unable|lost|down|refused|rejected"
    r"|denied|dead|gone|closed|reset|broken|cannot|longer than|stepped|deadline|unexpected"
    r"|interrupted|aborted|dropped|gave up|giving up)\b|n't\b"
)
# Of a setting, of what it listens on itself, or of where to read more.
_SET_HERE = (
    r"invalid|malformed|pars(?:e|ing)\b|unsupported|unknown|missing|\bmust\b|illegal|scheme\b"
    r"|expected|syntax|format\b|duplicate|already|undefined|\bdocs?\b|\bsee\b|\bvisit\b|\bread "
    r"|\bbind|\blisten(?:ing)?\b|in use\b|\bdefault|\bmodule\b|\bdepth\b|\bversion|\bdriver"
    r"|\bpackage\b"
    r"|\bimport|\bmigrat|\bcolumn\b"
    r"|\brelation\b|\btable\b|\bfile\b|\bdirectory\b|\bsetting|\bconfig(?!-)|\bissues?\b|\breport"
)
AMISS_ELSEWHERE = regex(
    rf"^(?!.*(?:{_SET_HERE})).*?(?:{near(_PLACE, _AMISS, 80)}|{near(_THEIRS, _WITHHELD, 30)})",
    re.IGNORECASE,
)
"""Something is amiss with what is named by its address, or others did not give what is theirs."""

AWAY = regex(
    rf"{near(_THEM, _NOT_UP)}|{near(_FAR, _CUT, 20)}|{near(_LINES, _BROKEN, 20)}"
    r"|\b(?:closed|reset|dropped|terminated|cut|ended|aborted|disconnected|refused) by (?:the |a )?"
    r"(?:remote|peer|other|server|upstream|foreign|broker|database|far|host)"
    rf"|{_SAYS_SO}|{_WAITED}|{_SENT}|{_WIRE}|{_NAMES}|{_ABROAD}",
    re.IGNORECASE,
)
"""Something elsewhere is away, not ready, at its limit, or cut the connection."""
