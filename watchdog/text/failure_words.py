"""What words of a log line say: that something failed, that it goes on, that it only follows.

Words of English, German, French, Spanish, Portuguese, Japanese, Chinese and Russian. No word here
names a cause; they only tell apart which line of a log does. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from watchdog.text.regex import regex

_LONGEST = 600
_TOKEN = regex(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")


class Words(NamedTuple):
    """A text as vocabularies are asked about it: as written, in lower case, and its words."""

    text: str
    lower: str
    tokens: frozenset[str]


def words_of(text: str) -> Words:
    """The beginning of the text, taken apart."""
    text = text[:_LONGEST]
    lower = text.lower()
    return Words(text, lower, frozenset(_TOKEN.findall(lower)))


class Vocabulary:
    """Words and phrases of one meaning.

    Each phrase is a pattern that is tried only on lines with the word before its colon; trying all
    of them on every line of a log would take seconds.
    """

    def __init__(
        self, words: str, phrases: Iterable[str], beyond: str = "", cased: str = ""
    ) -> None:
        self._words = frozenset(words.split())
        found: dict[str, list[str]] = {}
        for phrase in phrases:
            triggers, _, pattern = phrase.partition(": ")
            for trigger in triggers.split():
                found.setdefault(trigger, []).append(pattern)
        self._phrases = {word: regex("|".join(tried)) for word, tried in found.items()}
        self._triggers = frozenset(found)
        self._beyond = regex(beyond) if beyond else None
        self._cased = regex(cased) if cased else None

    def says(self, words: Words) -> bool:
        """Whether the text has one of the words or phrases."""
        if not self._words.isdisjoint(words.tokens):
            return True
        tried = self._triggers & words.tokens
        if any(self._phrases[word].search(words.lower) for word in tried):
            return True
        if self._cased and self._cased.search(words.text):
            return True
        return bool(self._beyond and not words.text.isascii() and self._beyond.search(words.lower))


# Says what is wrong with what.
SPECIFIC = Vocabulary(
    "cannot unable denied deny denies denying refused refuse refuses reject rejected rejects"
    " invalid illegal unknown unrecognized unrecognised unsupported unexpected undefined unbound"
    " incompatible mismatch mismatched mismatching missing required requires require requirement"
    " must should expected expects corrupt corrupted corruption duplicate duplicated already"
    " expired exceed exceeds exceeded exceeding overflow overflowed timeout timedout"
    ""
    " unreachable unavailable locked stale quota malformed syntax unauthorized"
    " unauthorised forbidden mandatory reserved unterminated unresolved insufficient inconsistent"
    " ambiguous circular cycle bad wrong differ differs different inaccessible outdated truncated"
    " disallowed revoked fails throttled throttling diverged newer older downgrade upgrade"
    " empty lost conflict conflicts conflicting violated violates violation only multiple segfault"
    " enoent eacces eperm econnrefused etimedout enotfound eaddrinuse enospc erofs eai epipe"
    " eai_again"
    " econnreset ehostunreach enetunreach emfile enfile eexist einval eloop ebusy eisdir enotdir"
    " enotempty enomem eaddrnotavail unbekannt fehlt abgelehnt verweigert nicht kein keine"
    " introuvable aucun aucune refus refuse invalide manquant manquante impossible denegado"
    " denegada"
    " impossibile rifiutata rifiutato negato mancante"
    " rechazado rechazada falta ausente recusada recusado negada negado deadlock blocked"
    " nonexistent non-existent nonexisting non-existing inexistent"
    " noauth wrongpass misconf loading readonly oom panicked misbehaving"
    " divide overrun underflow unparseable"
    " unparsable illegalargument nullpointer traceback infinity nan noperm crossslot busygroup",
    (
        r"not: \bnot\b",
        r"t: n't\b",
        r"full: \b(?:is|are|disk|queue|device|buffer|volume) full\b",
        (
            r"null nil: \bfound nil\b|\b(?:is|was|be|are|of|on|a) (?:null|nil)\b|\b(?:null"
            r"|nil) (?:pointer|value|reference)"
        ),
        (
            r"no: \b(?:has|have|had|having) no\b|\bno (?:such|route|space|more|(?:[\w-]+,? ){1,4}"
            r"(?:found|provided|specified|set|left|named"
            r"|for|with"
            r"|in|configured|available|matches|match|defined))\b|\bno (?:se|es|existe|hay|v[áa]lid"
            r"|encontrad|definid)"
        ),
        r"lack lacks lacking lacked: \black(?:s|ing|ed)? \w",
        r"without: \bwithout an? \w",
        r"too: \btoo (?:many|large|long|big|old|low|small|short|high|few|deep|new|slow|much)\b",
        r"out: \bout of (?:range|memory|space|bounds|disk)\b|\btimed? ?out\b",
        r"in: (?<!\d )\bin use\b|\bfail(?:ed|s|ure|ing)? in\b",
        (
            r"failed fail failure failing: \bfail(?:ed|ure|ing)? (?:\w+ing|to|for|with|on|while"
            r"|when|at"
            r"|because)\b"
        ),
        (
            r"at than: \b(?:at least|at most|(?:more|fewer|less|larger|bigger|greater|smaller"
            r"|longer|shorter|higher|lower|older|newer) than)\b"
        ),
        r"signal: \bsignal \d+|\bsignal: ",
        r"fault error: \b(?:segmentation fault|bus error|format error)\b",
        r"core: \bcore dumped\b",
        r"is: \bis an? (?:directory|file)\b",
        r"rate deadline: \b(?:rate|deadline) exceeded\b",
        r"valid: \b(?:a|not a|not|no) valid\b",
        r"please: \bplease (?:provide|specify|set|define|configure|supply|install)\b",
        r"values: \bmapping values\b",
        r"changed: \bchanged\b",
        r"sigsegv sigbus sigabrt sigill sigkill: \bsig",
        r"est existe: n'(?:est|existe|a) (?:pas)?",
    ),
    beyond=r"ung\u00fcltig|inv\u00e1lid|n\u00e3o (?:foi|\u00e9|existe|encontrad|definid)"
    r"|refus\u00e9|d\u00e9fini|accord\u00e9|d\u00e9j\u00e0|n\u2019(?:est|existe)|v\u00e1lid"
    r"|\u043d\u0435 |\u043d\u0435\u0442 |отказано|недопустим|неизвестн|отсутств|превышен|невозможно"
    r"|ません|できな|見つから|拒否|無効|不正|存在しな|不明|足り|必要"
    r"|不存在|无法|無法|未找到|未设置|未設定|没有|拒绝|拒絕|无效|無效|不能|不支持|不足|超时"
    r"|逾時|缺少|必须"
    r"|desconocid|desconhecid|não",
    cased=r"NotFound|Denied|Invalid|Missing|Mismatch|TimedOut|Refused|Unknown|Unsupported|Illegal"
    r"|Forbidden|Unauthorized|AlreadyExists|NotCapable|Unavailable|Unreachable|OutOfMemory"
    r"|InUse\b",
)
# What the operating system or the runtime says itself: hardly ever an echo.
SYSTEM = Vocabulary(
    "eai_again"
    " enoent eacces eperm econnrefused etimedout enotfound eaddrinuse enospc erofs ehostunreach"
    " emfile eaddrnotavail enomem",
    (
        r"denied: \bpermission denied\b|\baccess is denied\b",
        r"such: \bno such (?:file|host|device|process)\b",
        # musl leaves `already` out, as it does `is`.
        r"use: \b(?:address|port) (?:\S+ )?(?:(?:is |was )?already )?in use\b",
        r"refused: \bconnection\b.{0,80}\brefused\b|\brefused to connect\b",
        r"space: \bno space left\b",
        r"read-only: \bread-only file ?system\b",
        r"memory: \bcannot allocate memory\b|\bout of memory\b",
        (
            r"known resolution resolve resolved: \bfailed to resolve\b|\b(?:cannot|can't"
            r"|could not) resolve\b|\bservice not known\b|\bname resolution\b"
            r"|\b(?:not|cannot) (?:be )?resolved?\b"
        ),
        r"format: \bexec format error\b",
        r"timed timeout: \b(?:connection|operation) timed out\b|\bi/o timeout\b",
        r"permitted: \boperation not permitted\b",
        r"unreachable route: \b(?:network|host) (?:is )?unreachable\b|\bno route to host\b",
        r"available: \bno file descriptors available\b|\baddress not available\b",
        r"open: \btoo many open files\b|\bcannot open shared object\b",
        r"expired: \bcertificate has expired\b",
        (
            r"module package: \bno module named\b|\bcannot find (?:module|package)\b"
            r"|\bno package called\b"
        ),
        r"unavailable: \bresource temporarily unavailable\b",
        (
            r"option options flag arguments argument defined: \b(?:unrecogni[sz]ed|unknown|invalid"
            r"|illegal"
            r"|unexpected) (?:\w+ )?(?:option|flag|argument)|\bflag provided but not defined\b"
        ),
    ),
)
# Says that something failed, of whatever kind.
FAILED = Vocabulary(
    "err error errors exception exceptions fail failed failure failures fails failing fatal panic"
    " panicked crash crashed crashing abort aborted aborting critical broken uncaught unhandled"
    " killed fehler gescheitert fehlgeschlagen erreur erro errore fallito falha falhou fallo"
    " fehlgeschlagene",
    (r"giving gave: \b(?:giving|gave) up\b", r"do_boot: \binit terminating\b"),
    beyond=(
        r"\u00e9chec|\u00e9chou|fall\u00f3|ошибк|сбой|не удалось|エラー|失敗|错误|錯誤|失败"
        r"|异常|異常|例外"
    ),
    cased=r"(?:Error|Exception|Failure|Fault)\b",
)
_MEASURED = (
    (
        r"otel opentelemetry otlp jaeger zipkin statsd dogstatsd sentry ddtrace datadog newrelic"
        r" telemetry tracing tracer:"
        r" \b(?:otel|opentelemetry|otlp|jaeger|zipkin|(?:dog)?statsd|sentry|ddtrace|datadog"
        r"|newrelic|telemetry|tracing|tracer)\b.{0,120}?\b(?:export|send|upload|push|flush"
        r"|report|publish|write|deliver|post|dial|connect)"
    ),
    (
        r"span spans traces metrics telemetry: \b(?:export|send|sent|upload|push|flush|report"
        r"|publish|deliver)\w* (?:\w+ ){0,3}(?:spans?|traces|telemetry)\b"
        r"|\b(?:spans|traces|metrics) export"
    ),
    (
        r"notification notifications alert alerts: \b(?:send|sent|post|push|publish|deliver)\w*"
        r" (?:\w+ ){0,3}(?:notification|alert)s?\b|\bnotifications? (?:\w+ )?fail"
    ),
)
# What is measured, traced or announced is sent beside the work, and no program ends if that fails.
MEASURED = Vocabulary("", _MEASURED)
# The program goes on without it, or tries again, or it was no failure at all.
GOES_ON = Vocabulary(
    "ignored ignoring ignore skipped skipping retry retrying reconnect reconnecting"
    " continuing proceeding deferred recovered passed deprecated deprecation degraded succeeded"
    " successful successfully nonfatal ignoriert erneut reintentando reintento ignorado ignorada",
    (
        (
            r"try trying will: \b(?:will try|trying) again|\b(?:will|trying to) re(?:try|connect)"
            r"|\bwill (?:drop|skip|use"
            r"|retry|be"
            r" (?:ignored|skipped|dropped|retried|used))"
        ),
        # Those that are used up end it.
        (
            r"retries: (?<!max )(?<!maximum )(?<!after )(?<!\d )\bretries\b"
            r"(?! (?:exceeded|exhausted|failed|reached))"
        ),
        r"continue continues: \b(?:will|can) continue\b|\bcontinues\b",
        *_MEASURED,
        r"dropped discarded: \b(?:is|are|was|were|be|been|being) (?:dropped|discarded)\b",
        r"back fallback fall-back falling-back: \bfall(?:s|ing)?[ -]?back",
        r"using: \busing (?:the )?(?:default|built|bundled|empty|in-?memory|json|local|fallback)",
        r"default defaults defaulting: \bdefault(?:s|ing)? to\b|\bassuming default|, default\b",
        r"off used assumed inactive: \b(?:is|are|stays?|remains?) (?:off|used|assumed|inactive)\b",
        (
            r"disabled disabling: ^\W*disabling\b|[,;(] ?.{0,40}\bdisabl(?:ed|ing)\b"
            r"|\bso .{0,40}\bdisabled\b"
        ),
        (
            r"required needed necessary: \bno (?:\w+ ){1,4}(?:is |are )?"
            r"(?:required|needed|necessary)\b"
        ),
        r"non-fatal non-critical not: \b(?:non|not)[- ](?:fatal|critical)\b",
        r"cold: \bstarting cold\b",
        (
            r"without: \bwithout it\b|(?<!to )(?<!not )\b(?:proceed\w*|running|continuing|continues"
            r"|starting|going on|carrying on) without\b"
        ),
        r"updates: \bcheck\w* for (?:\w+ )?updates\b",
        (
            r"0 no zero: (?<![#\d.])\b(?:0|no|zero) (?:(?:\w+ )?(?:errors|failures|problems)|error"
            r"|failed|failure)\b"
            r"|\b(?:errors?|failed|failures?|fail|missing)\b[\w \"]{0,20}[=:] ?\"?0\b"
        ),
        (
            r"optional: \(optional\)|\bis optional\b|\boptional\b.{0,30}\b(?:not found|missing"
            r"|skipped)"
        ),
        r"best: \bbest effort\b",
        r"serving: \bserving (?:the )?(?:stale|default|cached)",
        r"marked: \bmarked? (?:as )?(?:down|failed|unhealthy)",
        r"last previous prior: \b(?:last|previous|prior) (?:error|exit|failure)",
        r"error: \berror (?:handlers?|reporter|page|budget|rate|log|count|template|document)\b",
        r"nouvelle tentando: \b(?:nouvelle tentative|tentando novamente)\b",
    ),
    beyond=(
        r"\u00fcbersprungen|ignor\u00e9|повтор|пропущен|再試行|リトライ|無視|重试|重試|忽略"
        r"|跳过"
        # The mark of a check or a test that passed.
        r"|^\s*[✓✔✅√]"
    ),
)
# What only follows from the failure, or sums it up without a reason.
FOLLOWS = Vocabulary(
    "",
    (
        (
            r"aborting aborted exiting exit quitting quit terminated terminating stopping stopped"
            r" shutdown bye goodbye: ^[\W\d]*(?:aborting|aborted|exit(?:ing)?"
            r"|quit(?:ting)?"
            r"|terminat(?:ed|ing)|stopp(?:ed|ing)|shutdown|bye|goodbye)\b[^:]{0,60}$"
        ),
        r"failed failure error: ^\W*(?:failed|failure|error)\W*$",
        r"shutting: ^\W*shutting down\b[^:]{0,60}$",
        (
            r"exit exited exiting exits: \bexit(?:ed|ing)? (?:abnormally|with|code|status|value)"
            r"|\bdid not exit normally|\bexit (?:code|status) \d+"
        ),
        r"returned return: \breturn(?:ed)? (?:with )?(?:non-?zero|(?:error |exit )?code|status)",
        (
            r"exited failed died terminated errored exits exit sent: \b(?:command|process|script"
            r"|child"
            r"|task|job"
            r"|worker|container|recipe|target|lifecycle)\b.{0,40}\b(?:exit(?:ed|s)?|failed|died"
            r"|terminated"
            r"|errored|was sent)\b"
        ),
        r"aborted: \b(?:rails|rake|compilation) aborted|\baborted with error generic",
        (
            r"max maximum: \breached the max(?:imum)? retries\b|\bmax(?:imum)? (?:number of )?"
            r"(?:retries|attempts)(?: \w+){0,3} (?:exceeded|reached)\W*$"
        ),
        r"pid: \bkernel pid terminated",
        r"erl crash: \berl_crash|\bcrash dump|^\W*crash:?$",
        r"killed: ^\W*killed\W*$",
        (
            r"exception error: \b(?:hit|caught|got|raised|threw) an? (?:\w+ )?(?:exception|error)"
            r"\W*$"
        ),
        r"dumped: ^\W*(?:aborted|killed)? ?\(?core dumped\)?$",
        r"unstable: \bunstable restarts",
        r"boot: \bboot failed\b",
        (
            r"failed: \bfailed to (?!(?:find|locate|open|read|write|parse|decode|connect|bind"
            r"|listen|resolve|verify|authenticate|decrypt|lock|acquire|mount|fetch|download)\b)"
            r"\w+(?: [a-z()]+){0,5}\W*$"
            r"|\b(?:start-?up|boot|initiali[sz]ation|bootstrap|launch) (?:\w+ )?failed\W*$"
            r"|\bapplication (?:run )?failed|\bregistration as a \S+ \S+ failed"
        ),
        (
            r"failure error exception: \b(?:start-?up|boot|initiali[sz]ation|bootstrap"
            r"|launch) (?:\w+ )?"
            r"(?:failure|error|exception)\W*$"
            r"|(?<!bus )\b(?:fatal |an )?error (?:occurred )?(?:during|in"
            r"|while|executing"
            r"|running"
            r"|starting|loading|processing) [^:]{0,60}$|\ba fatal error (?:has )?occurred"
            r"|\bsome errors? occurred|\bunexpected exception\W*$|\bnode validation exception\W*$"
        ),
        (
            r"not cannot: \b(?:could|can) ?not (?:start|run|continue|boot)(?: \S+){0,4}\W*$"
            r"|\bcannot start: \d+|^\W*(?:still )?could not (?:bind|connect)\W*\w*\W*$"
        ),
        (
            r"error errors: ^\W*\d+ (?:\w+ )?errors?\b|\bended? with errors?\W*$"
            r"|\bfailed with (?:\d+ )?errors?\b"
        ),
        r"problem: \bproblem running \w+\W*$",
        (
            r"see check complete: ^\W*see (?:the )?(?:log|above|below|stack|output|details)"
            r"|\bsee (?:the )?(?:[\w-]+ ){0,4}above\b"
            r"|\bcheck the logs?"
            r"|\bcomplete log of this run"
        ),
        r"because: \bbecause of an error\b",
        r"contains: \bcontains errors\b",
        r"assertion panic aborting: ^\W*fatal assertion\b|\blibrary panic\b|\baborting after\b",
        r"report detected: \berror report\b|\bfatal error has been detected\b",
        r"prepare: \bprepare to shutdown",
        r"lost: \bleader ?election lost\W*$",
        r"will: \b(?:server|service|agent|application|daemon) will (?:stop|exit|quit)",
        r"shut: \bis shut ?down\b",
        r"up: \b(?:start-?up check failed|giving up\W*$)",
        (
            r"virtual fatal: \bcould not create the java virtual machine"
            r"|\bfatal exception has occurred"
        ),
        r"halted: \bexecution halted",
        r"failed: \b(?:compilation|validation|checks?|parsing|tests?|build|deployment) failed\W*$",
        (
            r"incomplete invalid valid broken: \bconfig(?:uration)?(?: file)? is (?:incomplete"
            r"|invalid|broken|not valid)\W*$"
        ),
        (
            r"not cannot t: \b(?:can ?not|can't|could not|unable to) (?:continue|proceed|go on)"
            r"(?: (?!without)\S+){0,3}\W*$"
        ),
        r"errors: \bdue to (?:the |these |\d+ )?(?:\w+ )?errors\b[^:]{0,60}$",
        r"become: \b(?:did|has|have) not become (?:available|ready|healthy|live)\W*$",
        r"plugin: \bplugin \S+ (?:init\w+ )?(?:function )?(?:returned error|aborted)",
        r"configuration: \bfailed to load configuration\W*$",
        r"start complete: \bunable to (?:start|complete)(?: \S+){0,2}\W*$",
        r"failed: \bfailed with \[\d+\]\W*$",
        (r"npm pnpm: ^\W*p?npm (?:err!|error)"),
    ),
)
# What a program does as it ends went wrong: it ends for another reason, if there is one.
CLEANUP = Vocabulary(
    "",
    (
        (
            r"deregister unregister deregistering flush flushing close closing cleanup clean"
            r" rollback release releasing shutdown shut stop stopping disconnect disconnecting"
            r" drain draining unlock unmount:"
            r" ^(?:[\w./]+: )?(?:(?:(?:error|failure|problem) )?(?:while|during|when|on) "
            r"|(?:could not|failed to|unable to|cannot|can't|error|failed) )?"
            r"(?:de-?register\w*|un-?register\w*"
            r"|flush\w*|clos(?:e|ing)|clean(?:ing)? ?up|roll(?:ing)? ?back|releas(?:e|ing)"
            r"|shut(?:ting)? ?down|stop(?:ping)?|disconnect\w*|drain\w*|unlock\w*|unmount\w*)\b"
        ),
    ),
)
# The program ends; what stands before it may be why.
ENDS = Vocabulary(
    "shutdown stop stopped stopping close closed closing exit exiting exited bye goodbye terminated"
    " terminating drain drained draining unregister unregistered unregistering cleanup cleaned"
    " cleaning quit quitting done finished flush flushed flushing release released releasing"
    " disconnect disconnected disconnecting destroy destroyed destroying removing removed halt"
    " halted dump ended completed aborted deregistered disposing disposed remoting beendet gestoppt"
    " heruntergefahren arret termine detenido cerrado finalizado encerrado parado desligado",
    (
        r"shutting shut: \bshut(?:ting)? down\b",
        r"flight: \bin flight\b",
        r"waiting: \bwaiting (?:for|until)\b",
    ),
    beyond=r"arr\u00eat|termin\u00e9|останов|заверш|выход|終了|停止|シャットダウン|退出|关闭|關閉",
)
# Advice, and how to learn more: never the failure itself. Tried only on lines without a level.
HINT = regex(
    r"^\W*(?:hint|note|tip|help|action|see|try|please (?:see|visit|check|refer|consult|report|make"
    r"|contact|try|note)|info visit|possible (?:solution|cause)s?|advice|context"
    r"|usage|more (?:details|info)|for (?:more|further|details)|note that|did you mean|to (?:fix"
    r"|resolve|learn|debug|see|set up)|to \w+ [^.:]{1,60}[ ,](?:run|use|set|see|add|execute)\b"
    r"|make sure|check that|for help|run|use|if you (?:are|want"
    r"|need"
    r"|believe|think)|this (?:error|is|usually|means|may|might|can)|you (?:can|may|might|could)"
    r"|full (?:trace|log)|the \W?[\w-]+\W? (?:command|flag|option) can be used"
    r"|further information|visit|read more|learn more|a complete log|hinweis"
    r"|tipp?)\b(?![./:=_-]\w)"
    r"|\bfor further information|\bfor more (?:information|details)|\bto display a backtrace"
    r"|--help\b"
    r"|\brun with .{0,60}(?:=1|--trace|--debug|--verbose)|verbose backtrace|https?://\S+\W*$"
    r"|\u30d2\u30f3\u30c8|\u63d0\u793a",
    re.IGNORECASE,
)
