"""Which failures lie outside the workload, and which settings would make them its own. Pure.

A dependency, DNS, a certificate's time, credentials, a full disk, a node or a quota can fail under
any revision. They are the revision's own doing only if it changed the setting that names them, or
added the container that fails.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from watchdog.detection.blame import adds
from watchdog.detection.log_lines import log_lines, told_by
from watchdog.detection.outage_words import (
    AMISS_ELSEWHERE,
    AWAY,
    LOGIN,
    NO_PROVIDER,
    THEIR_STATE,
    TLS_ALERTS,
    UNTRUSTED,
    WAY_FAILED,
)
from watchdog.text.log_line import Level, read_line
from watchdog.text.quoted_answer import own_words, tells_of_their_failure
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from watchdog.detection.container_view import ContainerView
    from watchdog.model.diagnosis import Origin
    from watchdog.snapshot.refs import ObjectRef
    from watchdog.snapshot.snapshot import ClusterSnapshot


_LAST_LINES = 5
NO_ERROR = frozenset({Level.WARN, Level.INFO, Level.DEBUG})
"""Levels by which a line says that it is no error."""
# Patterns are tried on every line; a line of any length must not make that slow.
_LONGEST = 2000
# Of a long chain its head and its deepest causes.
_MOST = 10


class Dependency(NamedTuple):
    """What a workload depends on: `env` finds the names of variables that set it, `fields` are
    beginnings of Change.field that do.
    """

    env: re.Pattern[str]
    fields: tuple[str, ...] = ()


ADDRESS = Dependency(
    regex(
        r"HOST|ADDR|URL|URI|DSN|ENDPOINT|SERVER|SERVICE|BROKER|UPSTREAM|PEER|PROXY|DOMAIN|DATABASE"
        r"|(?:^|_)(?:DB|REDIS|KAFKA|MYSQL|POSTGRES\w*|MONGO\w*|AMQP|SMTP|CONNECTION)(?:_|$)",
        re.IGNORECASE,
    ),
    ("envFrom", "hostNetwork", "dnsPolicy", "dnsConfig", "hostAliases"),
)
CREDENTIALS = Dependency(
    regex(
        r"PASS|PWD|USER|LOGIN|TOKEN|KEY|SECRET|CRED|AUTH|DSN|URL|URI|ACCOUNT|CLIENT|TENANT|ISSUER"
        r"|REALM|OIDC",
        re.IGNORECASE,
    ),
    ("envFrom", "serviceAccountName"),
)
CERTIFICATE = Dependency(regex(r"CERT|TLS|SSL|(?:^|_)CA(?:_|$)", re.IGNORECASE), ("volume",))
# Which issuers are trusted is a part of the image, if nothing is mounted for it.
TRUST = Dependency(CERTIFICATE.env, ("volume", "image"))
STORAGE = Dependency(regex(r"(?!)"), ("volume", "limits.ephemeral-storage"))
# A store, what it keeps, and when it may be asked.
_STORE = Dependency(
    regex(rf"{ADDRESS.env.pattern}|STORAGE|THRESHOLD|MAINTENANCE", re.IGNORECASE),
    (*ADDRESS.fields, *STORAGE.fields),
)

_ELSEWHERE = (
    r"(?:servers?|\w*servers|brokers?|clusters?|nodes?|databases?|db|hosts?|upstreams?|providers?"
    r"|endpoints?|stores?|gateways?|connections?|clients?|requests?|leaders?|lease|locks?|masters?"
    r"|primary|replicas?|shards?|slots|dependenc\w+|licen[cs]es?|seats?|throughput|queues?|ranges"
    r"|agents?|peers?|buckets?|identity|manifest|sessions?|quorum|redis|kafka|postgres\w*"
    r"|mysql|mongo\w*|rabbit\w*|etcd|vault|consul|elastic\w*|opensearch|minio|s3|ldap|nats"
    r"|zookeeper|memcached|keycloak|cassandra)"
)
_AWAY = (
    r"(?:\b(?:is|are|was|were|went|be|currently|still) down\b|\bunavailable|\baway\b"
    r"|\bnot (?:yet )?(?:\w+ ){0,2}(?:available|ready|reachable|responsive|responding|accessible"
    r"|accepting|respond|answer|reply)\b|\bno (?:response|reply|answer|more|free|healthy|live|alive"
    r"|primary|available)\b|\bempty reply|\btimed[ -]?out\b|\bunreachable|\binaccessible"
    r"|\btime-?out (?:of|after|exceeded|occurred|while|waiting|expired)\b|\bdisconnected\b|\blost\b"
    r"|\bblocked\b|\bbusy\b|\boverload|\btoo many\b|\bmax(?:imum)? (?:number|clients|connections)\b"
    r"|\blimit (?:is |was )?(?:reached|exceeded)|\b(?:was|were|is|are|timeout) exceeded"
    r"|\balready has more than|\bnot allowed when|\breset by\b|\bhung up\b|\ball failed\b"
    r"|\bnone established|\bseats? available\b|\bis disabled\b)"
)

# What a program's last words say of things outside it, for failures that no other kind reads. The
# words are those of servers and client libraries in use (PostgreSQL, MySQL, Oracle, MongoDB, Redis,
# Kafka, RabbitMQ, ZooKeeper, etcd, Consul, Vault, Elasticsearch, NATS, LDAP, gRPC, Envoy, JDBC
# pools, AWS and Azure SDKs), and the shape of their exceptions' names.
_SPEAKS: tuple[tuple[re.Pattern[str], Dependency], ...] = (
    (
        regex(
            r"(?:certificate|\bcert\b|x509|PKIX).{0,80}"
            r"(?:expired|not yet valid|(?:validity|timestamp) check)"
            r"|CERT(?:IFICATE)?(?:_HAS)?_EXPIRED",
            re.IGNORECASE,
        ),
        CERTIFICATE,
    ),
    (UNTRUSTED, TRUST),
    (TLS_ALERTS, CERTIFICATE),
    (
        regex(
            r"(?:authentication|authentication ?failure|login|auth) ?(?:failed|was refused|failure)"
            r"|access[ _]?(?:denied|refused)|unauthori[sz]ed|NOAUTH|WRONGPASS"
            r"|(?:token|credentials?|password|api key|secrets?(?: keys?)?|licen[cs]e)\b.{0,60}"
            r"(?:expired|revoked|invalid|rejected)"
            r"|(?:Expired|Invalid)\w*(?:Token|Credential)|SignatureDoesNotMatch"
            r"|\binvalid_(?:grant|client)\b|invalid token|token used before issued"
            r"|\bnot valid yet\b|\bnbf\b|no valid licen[cs]e"
            r"|unable to (?:locate|load|fetch|get|obtain) (?:\w+ )?credentials"
            r"|asked for the client to provide credentials|account is (?:disabled|locked|suspended)"
            r"|temporarily_unavailable|OAuth\w*::Error|AADSTS\d|no pg_hba\.conf entry"
            r"|NoCredentialProviders|cannot fetch token"
            r"|not authori[sz]ed to perform|\b40[13]\b.{0,30}(?:forbidden|unauthori)",
            re.IGNORECASE,
        ),
        CREDENTIALS,
    ),
    (
        regex(
            r"no space left on device|ENOSPC|disk (?:is )?full|disk quota exceeded|EDQUOT"
            r"|stale (?:NFS )?(?:file )?handle|ESTALE|input/output error|\bEIO\b"
            r"|transport endpoint is not connected|unable to persist to disk"
            r"|\bI/O errors?\b|could not lock file|database space exceeded"
            r"|(?:disk|storage|file ?system) (?:is |was )?(?:almost )?full",
            re.IGNORECASE,
        ),
        STORAGE,
    ),
    (
        regex(
            r"connections? (?:\w+ ){0,3}(?:refused|reset|timed? ?out|closed|lost|aborted|terminated"
            r"|failure|not available)|lost connection|(?:too many|remaining) (?:clients|connection)"
            r"|ECONN\w+|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EPIPE"
            r"|broken pipe|socket hang ?up|closed the connection|has gone away|link failure"
            r"|\b(?:is|are|was|service|server|temporarily|currently) unavailable"
            r"|\bcode = (?:Unavailable|DeadlineExceeded)|server misbehaving"
            r"|\b(?:Get|Head|Post|Put|Patch|Delete) \\?\"?https?://[^\"\s]+\": "
            r"(?!.{0,60}(?:x509|certificate|unsupported protocol))"
            r"|transient (?:error|failure)|(?:please )?(?:try again|retry) (?:later|in \d)"
            r"|please (?:try again|retry)\b|aborted due to (?:a )?timeout"
            r"|unexpectedly (?:closed|terminated)|(?:closed|terminated) unexpectedly"
            r"|terminating connection|CONNECTION[_ ]?FORCED|forced connection closure"
            r"|out of available (?:broker|connection|server|host)s?"
            r"|\b(?:service|server|database|backend|upstream|cluster|endpoint)(?: is| are)?"
            r" not (?:currently )?available"
            r"|\b(?:lost|losing) (?:the )?(?:lease|lock|leadership|leader election)"
            r"|failed to renew (?:the )?(?:lease|lock)|stopped leading"
            r"|unreachable|host is down|no route to host|i/o timeout|deadline exceeded"
            r"|\btimed ?out\b|(?:request|connect\w*|read|gateway) time-?out\b"
            r"|no such host|not resolve|name or service not known|name resolution|bad address"
            r"|resolving error|UnknownHost"
            r"|(?:could not|couldn't|cannot|can't|failed to|unable to) (?:\w+ ){0,2}"
            r"(?:connect|contact|reach|resolve|dial|acquire JDBC connection|establish)(?!\()"
            r"|error (?:\d+ )?(?:while )?(?:connecting|dialing)|did not answer"
            r"|(?<!No module named ')\b(?:HTTP|status|code|returned|answered|response|got|token:"
            r"|GET|POST|PUT|config:)\b.{0,60}\b(?:429|50[0234])\b"
            r"|too many requests|rate (?:limit )?exceeded|Throttl(?:ed|ing)|quota exceeded"
            r"|\bRateLimit(?:ed|Error|Exceeded|Exception|Reached)|\bSlowDown\b"
            r"|\brate[- ]limit(?:ed\b| (?:reached|hit))"
            r"|reduce your request|exceeded (?:\w+ ){0,3}(?:quota|rate)\b"
            r"|\bis blocked because of\b"
            r"|(?:failed|error|fault|status|code|\wError|\wException)\W{1,3}(?:429|50[0234])\b"
            r"|^\W*\w+: 50[0234] \w|\bUNAVAILABLE:|\d UNAVAILABLE\b"
            r"|(?:Connect|Read|Pool|Request|Socket|Gateway|Wait)_?Time(?:d)?_?out(?:Error|Exception"
            r"|\b)|brokers?[_ ](?:\w+[_ ]){0,2}down\b|All\w*(?:Failed|Down)(?:Error|Exception)"
            r"|\b\w*Exceeded(?:Exception|Error)\b|\bTooMany\w+(?:Error|Exception)"
            r"|circuit_breaking|connection error\b|(?:no|all) (?:\w+ )?shards? failed"
            r"|bootstrap broker .{0,60}disconnected|couldn't get address"
            r"|(?:clock|time) is .{0,20}(?:ahead|behind|skewed)|lock wait timeout"
            r"|--read-only option|leadership (?:lost|changed)"
            r"|leader ?(?:election )?(?:changed|lost)"
            r"|(?:lost|failed to (?:acquire|renew|obtain)) (?:\w+ )?(?:lease|lock)"
            r"|\bNXDOMAIN\b|\bSERVFAIL\b|ServiceUnavailable\b|\bRST_STREAM\b|\bREFUSED_STREAM\b"
            r"|\bConnect to \S+ failed|RetryableException|=(?:DOWN|UNREACHABLE)\b"
            r"|: (?:DOWN|UNREACHABLE)$|code = (?:Aborted|ResourceExhausted)\b"
            r"|\b(?:is|are|was|were) not (?:yet |currently )?(?:available|reachable|responding)\b"
            r"|\b(?:attempt|try|retry) #?\d+\b.{0,20}\bfail|\bconnecting to \S{1,80}:\d{2,5}\b"
            r"|connection attempt failed|unable to obtain (?:a )?(?:JDBC )?connection"
            r"|not present in metadata|\bTimeoutException\b|Connect call failed"
            r"|max retries exceeded|MasterNotFound|\bno (?:master|primary) found\b"
            r"|(?:licen[cs]es?|seats?) (?:is|are) in use|checkout (?:failed|refused)"
            r"|change log lock|currently locked by"
            r"|time-?out of \d+ ?m?s|: no response\b|command not allowed when used memory"
            r"|bad gateway|internal server error|(?:still )?waiting for \S+|not available yet"
            r"|\bno (?:known |alive |cluster |consul ){0,2}"
            r"(?:broker|leader|host|server|responder|listener)s?\b"
            r"(?! (?:is |are )?(?:set|given|configured|specified))"
            r"|(?:broker|leader|master)s?(?:\b|_).{0,20}"
            r"(?:not available|not[ _]discovered|less than)"
            r"|listener does not currently know|ORA-(?:01033|01034|01089|12\d{3})\b"
            r"|database system is (?:starting|shutting|in recovery)|in recovery mode"
            r"|is loading the dataset|CLUSTERDOWN|MISCONF"
            r"|read[- ]?only (?:replica|mode|transaction|standby)"
            r"|index blocked by|cluster_block|is sealed|unable to handle the request"
            r"|lock (?:is )?held by|leader election lost|RequestTimeTooSkewed|clock skew"
            r"|\b(?:\w*\.)*\w*(?:Connect(?:ion|or|ivity)?(?:Loss)?|Network|NoBrokers?|NoHost"
            r"|Disconnected"
            r"|Unavailable|ServerSelection|NotReachable)\w{0,40}(?:Error|Exception|Fault)\b"
            r"|NoBrokersAvailable|NoHostAvailable|Disconnected\b",
            re.IGNORECASE,
        ),
        ADDRESS,
    ),
    # What is elsewhere, and that it is away, at its limit or not ours now, in any order.
    (
        regex(rf"\b{_ELSEWHERE}\b.{{0,40}}{_AWAY}|{_AWAY}.{{0,40}}\b{_ELSEWHERE}\b", re.IGNORECASE),
        ADDRESS,
    ),
    (LOGIN, CREDENTIALS),
    (AWAY, ADDRESS),
    (AMISS_ELSEWHERE, ADDRESS),
    (WAY_FAILED, ADDRESS),
    (NO_PROVIDER, CREDENTIALS),
    (THEIR_STATE, _STORE),
)
# The program's own mistakes, whatever else their lines name.
_OWN = regex(
    r"(?:is|are) not defined|undefined (?:variable|method|symbol|reference)|no module named"
    r"|cannot (?:find module|load|import|unmarshal)|could not (?:load|import|parse)"
    r"(?! (?:\w+ ){0,2}credentials)"
    r"|missing \d+ required|unexpected (?:keyword|token)|(?<!: )unexpected end of file"
    r"|parse error|syntax error"
    r"|\b(?:Name|Syntax|Attribute|Reference|Import|ModuleNotFound|Key|Index|NoMethod|Load)Error\b"
    r"|\bTypeError\b(?!: (?:fetch failed|Failed to fetch|NetworkError))"
    r"|NullPointer|ClassNotFound|NoClassDefFound|NoSuchMethod|assert(?:ion)?\b.{0,20}\bfail"
    r"|unknown (?:flag|option|command|directive|type|driver|field|key|\w+ type)\b"
    r"|invalid (?:value|literal|configuration|config|argument|option|port|listen)\b"
    r"|resolve (?:placeholder|dependenc|module|symbol|import|type|class|bean|property|path)"
    r"|unrecogni[sz]ed\b|\bof (?:undefined|null)\b|not a valid \w|\bfor type ['\"]"
    r"|provided but not defined"
    r"|\b(?:module|package|feature|command|option|method|function|class|bean|plugin|driver|codec"
    r"|library|architecture|platform)\b.{0,30}\b(?:not available|unavailable)"
    r"|must (?:not )?be (?:set|between|given|positive|negative|greater|less|at least|empty|unique"
    r"|one of|[<>]|an? (?:valid|integer|number|string|boolean|list|path|url)\b)|is not set\b",
    re.IGNORECASE,
)


def origin_of(
    snapshot: ClusterSnapshot,
    owner: ObjectRef,
    container: str | None,
    dependency: Dependency,
    subject: str | None = None,
) -> Origin:
    """`outside`, unless the current revision itself set what it depends on.

    `subject` is the host that the failure names: arguments that brought it in count as well.
    """
    deployment = snapshot.deployment(owner)
    last = deployment.last_available if deployment else None
    for change in last.changes if last else ():
        if adds(change, container):
            return "workload"
        if change.container not in {None, container}:
            continue
        name = change.field.removeprefix("env ") if change.field.startswith("env ") else None
        if name is not None and dependency.env.search(name):
            return "workload"
        if change.field.startswith(dependency.fields):
            return "workload"
        spoken = change.field in {"command", "args"}
        if (
            subject
            and spoken
            and subject in (change.now or "")
            and subject not in (change.was or "")
        ):
            return "workload"
    return "outside"


def origin_of_line(
    snapshot: ClusterSnapshot, owner: ObjectRef, container: str | None, line: str
) -> Origin:
    """The same for what a log line speaks of; `workload` if it speaks of nothing outside."""
    theirs = tells_of_their_failure(line)
    if _OWN.search(own_words(line) if theirs else line):
        return "workload"
    found = (dependency for pattern, dependency in _SPEAKS if pattern.search(line))
    dependency = next(found, ADDRESS if theirs else None)
    return origin_of(snapshot, owner, container, dependency) if dependency else "workload"


def _warns(line: str) -> bool:
    return read_line(line).level is Level.WARN


def origin_of_log(
    snapshot: ClusterSnapshot, item: ContainerView, line: str, *, running: bool = False
) -> Origin:
    """The same for a container, of whose log this is the telling line.

    If no line is sure to name the cause, any of its last ones may: all of them are asked, but for
    those that say themselves that they are no errors.
    """
    told = told_by(snapshot, item, running=running)
    lines = [line]
    if told is not None and told.sure:
        lines += told.texts
    elif told is not None:
        last = log_lines(snapshot, item, running=running)[-_LAST_LINES:]
        lines += (each for each in last if read_line(each).level not in NO_ERROR)
        # A warning that nothing follows but the end is more than noise.
        lines += (each for each in last[-1:] if not running and _warns(each))
    if _OWN.search(own_words(line) if tells_of_their_failure(line) else line):
        return "workload"
    lines = [*lines[:_MOST], *lines[_MOST:][-_MOST:]]
    owner, name = item.pod.owner, item.state.name
    found = (origin_of_line(snapshot, owner, name, each[:_LONGEST]) for each in lines)
    return "outside" if "outside" in found else "workload"
