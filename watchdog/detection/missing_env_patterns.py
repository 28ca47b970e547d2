"""How programs say that an environment variable is not set; no other word is a variable.

A name counts only if the words say that a variable is (`environment variable X is missing`), or
say of the name what is said of variables alone (`X is not set`, `X must be set`). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from watchdog.text.quoted_answer import own_texts
from watchdog.text.regex import regex

_Q = r"[\"'`\[\](){}<>$*«»-]*"
# The quotation marks beyond Latin-1, and bullets, are read as one of these: a set that holds them
# takes many times as long to compile, and half of the patterns have two of it.
_QUOTES = str.maketrans(dict.fromkeys("\u2018\u2019\u201c\u201d\u2022「」『』", "*"))
_NAME = r"[A-Z][A-Z0-9]*(?:__?[A-Z0-9]+)*"
_N = rf"(?<![\w/-])(?<!\s:)(?<!(?<!env)\.)(?P<n>{_NAME})(?![\w/-]|\.\w)"
# A name that nothing but a variable has, or that stands in quotes.
_SURE = rf"(?<![\w/.-])(?P<n>{_NAME}_[A-Z0-9]+|(?<=[\"'`]){_NAME}(?=[\"'`]))(?![\w/-]|\.\w)"
_ENV = (
    r"(?:env(?:ironment)?[ _.-]?(?:variables?|vars?|values?|settings?|keys?|parameters?)"
    r"|env(?:ironment)?"
    r"|(?:process|os)\.env(?:iron)?|umgebungsvariablen?|variables? d[e']\s?environnement"
    r"|variable(?:s)? de entorno|vari[áa]ve(?:l|is) de ambiente|переменн\w+ (?:окружения|среды)"
    r"|環境変数|环境变量|環境變數)"
)
# Said of variables and settings alone; a table or a stream is never "set".
_UNSET = (
    r"(?:(?:is|are|was|were|has|have|must|should|needs? to|cannot|can't|can not|may|isn't|wasn't"
    r"|hasn't)"
    r" ?(?:not |be |been |to )*(?:set|unset|defined|undefined|empty|blank|provided|specified"
    r"|supplied|configured"
    r"|given|exported|present|non-?empty|null)\b"
    r"|(?:is |are )?(?:not|un)[ -]?(?:set|defined|specified|provided|configured|bound|supplied"
    r"|exported)\b"
    r"|parameter not set|parameter null or not set|unbound variable|NotPresent|has no value"
    r"|(?:nicht|nie) (?:gesetzt|definiert)|fehlt|n'est pas (?:d[ée]finie?|renseign)|non d[ée]finie?"
    r"|no (?:est[áa]|se ha) (?:definid|configurad|establecid)\w|n[ãa]o (?:est[áa]|foi) (?:definid"
    r"|configurad)\w"
    r"|не (?:задан|установлен|определен|указан)\w*|が?(?:設定|定義|指定)されていません"
    r"|が?未(?:設定|定義)"
    r"|未(?:设置|设定|定义|配置|設置|設定|定義)|没有设置|不能为空|为空)"
)
_ABSENT = (
    r"(?:missing|not (?:found|set|defined|provided|specified|present|exist\w*|available|given"
    r"|supplied|configured)"
    r"|un(?:set|defined|bound)|required?s?|requires|mandatory|empty|must (?:be )?(?:set|defined"
    r"|provided|specified|not be)"
    r"|should be set|needs? to be|lacks?|lacking|does(?:n't| not) exist|no value|please (?:set"
    r"|provide|define|specify|export)"
    r"|provide|specify|define|(?<!un)expected|absent|fehl\w+|ben[öo]tigt|manquante?|requise?|falta\w*"
    r"|requerid\w+|ausente|obrigat\w+"
    r"|отсутств\w+|не \w+|требуется|必要|必須|ありません|されていません|缺少|缺失|必须|未\w+"
    r"|不存在|没有)"
)
_SET = (
    r"(?:please |you must |you need to |must )?(?:set|specify|provide|define|export)"
    r"(?: the| a| an| your)?"
)
_SETTING = r"(?:variable|setting|config(?:uration)?(?: (?:value|key))?)s?"
_PATTERNS = tuple(
    regex(pattern)
    for pattern in (
        # `NAME is not set`, `sh: NAME: parameter not set`, `"NAME" (env var) must not be empty`
        rf"{_N}{_Q}:?,? ?(?:{_Q}(?i:{_ENV}){_Q} )?(?i:{_UNSET})",
        # `NAME not found. Declare it as an environment variable`
        rf"{_SURE}{_Q} (?i:(?:was |is )?(?:not found|missing|undefined)\b.{{0,40}}?{_ENV})",
        # .NET: `Set environment variable Section__Key`
        rf"(?i:set (?:the )?{_ENV}) {_Q}(?P<n>[A-Za-z]\w*__\w+)",
        rf"(?i:{_ENV}) {_Q}(?P<n>[A-Za-z]\w*__\w+){_Q} (?i:{_UNSET}|(?:is |was )?{_ABSENT})",
        # `missing "NAME"`, with a name that nothing but a variable has
        rf"(?i:^|: )(?i:missing|required):? [\"'`](?P<n>{_NAME}_[A-Z0-9]+)[\"'`]",
        # A type that says it: `EnvironmentVariableNotFound: NAME`
        rf"\b(?:Environment|Env)\w{{0,30}}(?:NotFound|Missing|NotSet)\w{{0,20}}:? {_Q}{_N}",
        (
            r"\bMissing(?:Value|Var|Variable|Env|EnvVar)\w{0,20}\((?:\w+: )?"
            rf"[\"'](?P<n>{_NAME}_[A-Z0-9]+)[\"']"
        ),
        # Haskell: `NAME: getEnv: does not exist`
        rf"{_SURE}: (?i:getenv\b.{{0,20}}{_ABSENT})",
        # `"NAME" is required`
        (
            rf"{_SURE}{_Q} (?i:(?:is|are) (?:a )?(?:required|missing|mandatory|needed|absent)\b"
            r"(?! (?:property|field|column|attribute|key|argument)))"
        ),
        # shells: `${NAME:?any words}`
        (
            rf"^(?:\S*sh|/\S+): (?:line \d+: |\d+: )?{_N}: "
            r"(?i:(?!.*(?:not found|no such file|permission denied)).+)$"
        ),
        # `missing environment variable NAME`, `environment variable "NAME" not found`
        rf"(?i:{_ABSENT}.{{0,160}}?{_ENV})[^A-Z]{{0,24}}?{_Q}[:=]? ?{_Q}{_N}",
        rf"(?i:{_ENV}){_Q}[^A-Z]{{0,24}}?{_Q}{_N}{_Q}.{{0,60}}(?i:{_ABSENT})",
        rf"(?i:{_ENV}.{{0,30}}?{_ABSENT})[^A-Z]{{0,20}}?{_N}",
        # `NAME environment variable is required`, `no NAME environment variable`
        rf"{_N}{_Q}:? ?(?i:{_ENV})\b.{{0,40}}(?i:{_ABSENT})",
        rf"\b(?i:{_ABSENT}|need|set|no|find|read|get|load) (?:the |a )?{_Q}{_N}{_Q} (?i:{_ENV})",
        # Libraries of Go, Spring, PHP and Elixir
        rf"(?i:required key) {_Q}{_N}{_Q} (?i:missing value)",
        rf"(?i:undefined (?:array key|index|environment variable)):? {_Q}{_N}{_Q}",
        rf"(?i:could not (?:resolve placeholder|expand value)) {_Q}(?P<p>[\w.-]+)",
        # `no value for NAME in the environment`
        (
            rf"\b(?i:no|not|missing|without|lacks?|empty)\b[^A-Z]{{0,40}}{_Q}{_N}{_Q}"
            rf" (?i:(?:found |set |present |defined )?(?:in|from) (?:the |your )?{_ENV})"
        ),
        # `please set NAME`, `missing setting NAME`, `variable NAME not found`
        (
            rf"(?i:^|[:.!,] |\bor )(?i:{_SET}) {_Q}{_N}{_Q}"
            r"(?i: (?:to|in|before|and|as|for|environment|env|variable)\b|[.!]?$)"
        ),
        rf"(?i:missing|required) (?i:required )?(?i:{_SETTING}){_Q}:? {_Q}{_N}",
        rf"(?i:variable|setting|parameter) {_Q}{_N}{_Q} (?i:{_UNSET}|not found)",
    )
)
# Further variables before the last one.
_WITH = regex(rf"(?<![A-Z0-9_])(?:{_NAME}{_Q}(?:,| and|, and) {_Q}){{1,8}}$")
# Before these capitals stands what they name.
_NOUN = regex(
    r"\b(?:columns?|tables?|schema|roles?|streams?|topics?|queues?|index|bucket|headers?|fields?"
    r"|database|user|relation|constraint|extension|view|function|secret|label|annotation|file"
    r"|collection|keyspace|realm|group|tenant|module|package|class|enum|type|flag|option|argument"
    r"|command|feature|plugin|policy|certificate|method|header|cookie|claim|scope|step|stage"
    r"|job|task|rule|metric|macro|symbol|constant|node|alias|signal|event|state|action|template"
    r"|workflow|pipeline|status|mode|profile|phase|currency|locale|unit|device|address"
    r"|enum value)s?:? ?[\"'`]?$"
    # Where in a file of data it stands.
    r"|\b(?:row|record|entry|item) \d+[:,]? ?[\"'`]?$",
    re.IGNORECASE,
)
# Said of a single word in capitals, it is an argument of a command or a clause of SQL.
_OF_ARGUMENTS = regex(
    r"[A-Z]+\W+(?:must|is|are|was|were|should|cannot|has) (?:not |be |been )*(?:specified|given"
    r"|supplied|provided|present|null)\b"
)
# A part of some numbered thing: `is not set on order 7`.
_OF_A_THING = regex(
    r"[^:]{0,40}(?:\b(?:on|of|for|in)|\() ?[a-z]+ #?\d+\b|\W{1,3}is not defined as an? "
)
# Much else than a variable is not defined; the word before it says what: `permission SHOP_ADMIN`.
_DEFINED = regex(r"[A-Z][A-Z0-9_]*\W{1,4}(?:is |was |are )?(?:not |un)(?:defined|configured)\b")
_SAYS_WHAT = regex(r"(?:^|\s)([a-z]+) [\"'`]?$")
_OF_VARIABLES = {
    "and", "because", "but", "config", "env", "environment", "error", "if", "neither", "nor",
    "option", "or", "parameter", "required", "secret", "setting", "settings", "since", "that",
    "the", "value", "var", "variable", "variables", "vars", "when",
}  # fmt: skip
_LINE = regex(r"\bline \d+[:,]? ?[\"'`]?$", re.IGNORECASE)
# A mapping lacks it: a variable if the code asks the environment, or does not show what it asks.
_KEY = regex(rf"(?:KeyError:? (?:key )?|key not found: ){_Q}{_N}{_Q}")
_ASKS_ENV = regex(r"environ|getenv|<frozen os>|/os\.py|ENV\b|\benv\b", re.IGNORECASE)
_INDEXES = regex(r"\[[^\]]+\]|\.get\(|fetch\(")
_FIELD = regex(r"^\s*(?:field required)\b|\btype=missing\b", re.IGNORECASE)
_ALONE = regex(r"^(?P<n>[A-Za-z][A-Za-z0-9_]*)(?:\.\w+)*$")
_LISTED = regex(rf"^\s*(?:[-*•>]\s*)?{_Q}{_N}{_Q}(?:\s*[:,(-].*)?$")
_REQUIRED = regex(r"\b(?:required|missing|undefined|must be set|not set)\b", re.IGNORECASE)
_LISTS = regex(rf"\b(?:{_ENV}|variables?|settings?)\b", re.IGNORECASE)
# A field of a log line that lists what is missing.
_FIELD_LISTS = regex(r"\bmissing\w{0,20}[\"']? ?[=:] ?\[([^\]]{1,400})\]", re.IGNORECASE)
_IN_FIELD = regex(rf"[\"']({_NAME}_[A-Z0-9]+)[\"']")
_OF_CONFIG = regex(rf"\bconfig|{_LISTS.pattern}", re.IGNORECASE)
_LACKS = regex(rf"{_ABSENT}|specify one of", re.IGNORECASE)
_OF_SETTINGS = regex(r"validation errors? for \w*(?:settings|config|env)\w*", re.IGNORECASE)
# Advice on other variables, and a value that is there but wrong.
_NOT_ABSENT = regex(
    r"\b(?:NameError|ReferenceError|NameNotFoundException)\b|\bundefined constant\b"
    r"|to display a backtrace|does not match|is set to|invalid value|environment variable (?:is"
    r"|was) set"
    r"|\bUndefinedError\b|\.html\b|\bdeprecated\b"
    r"|already set|\baccess to\b|using (?:the )?default|defaulting",
    re.IGNORECASE,
)
# Capitals that are no variables: levels, protocols, SQL, error codes.
_NO_NAME = regex(
    r"ERRORS?|FATAL|WARN(?:ING)?|INFO|DEBUG|TRACE|PANIC|CRITICAL|EMERG|ALERT|NOTICE|HTTPS?|TLS|SSL"
    r"|TCP|UDP|DNS|JSON|YAML|XML|API|URL|URI|SQL|AWS|GET|POST|PUT|PATCH|DELETE|HEAD|NULL|NONE|TRUE"
    r"|FALSE|ENV|ID|IP|PID|UID|GID|UTC|GMT|FROM|E(?:CONN|ADDR|HOST|AI_|NOT)\w*|ENOENT|EACCES|EPERM"
    r"|ETIMEDOUT|EROFS|ENOSPC|EPIPE|EEXIST|EINVAL|EMFILE|ENFILE|ERR_\w+|[A-Z]\d+|HTTP_\d+"
    r"|\w*(?:ERROR|EXCEPTION|FAILED|FAILURE|DENIED|REFUSED|NOT_FOUND|INVALID|EXPIRED)"
    r"|PRIMARY|SELECT|INSERT|UPDATE|TABLE|WHERE|AND|OR|NOT|IS|THE|NO|OK|JVM|CPU|GPU|RAM|OOM"
    r"|KEY|SIG[A-Z]+|AS|IN|TO|A|NON|ALL|MUST|SHOULD|REQUIRED|MISSING|HINT|DETAIL|USAGE|CONTEXT|CERT\w*"
)
# Said of a variable that is there, with a value that is wrong.
_PRESENT = regex(
    r"\W{0,3}(?:(?:env(?:ironment)? )?(?:variable )?"
    r"(?:(?:is|was) set to|points? to|contains|has an? (?:invalid|wrong|bad)"
    r"|(?:is|was) (?:in|not )?valid|does not (?:match|point|exist)))",
    re.IGNORECASE,
)
_SHORTEST = 2
_LONGEST = 2000


def missing_names(texts: Sequence[str], source: str = "") -> list[str]:
    """The variables that a record says are not set; `texts` are its words, `source` its code."""
    texts = own_texts([text if text.isascii() else text.translate(_QUOTES) for text in texts])
    found: list[str] = []
    for i, text in enumerate(texts):
        line = text[:_LONGEST]
        if not _NOT_ABSENT.search(line):
            found += _names_in(line, source)
            lists = _FIELD_LISTS.search(line) if _OF_CONFIG.search(line) else None
            found += filter(plausible, _IN_FIELD.findall(lists[1])) if lists else []
        alone = _ALONE.match(texts[i - 1]) if i and _FIELD.search(line) else None
        if alone and any(_OF_SETTINGS.search(head) for head in texts[:i]):
            found.append(alone["n"].upper())
        if line.rstrip().endswith((":", "\uff1a", "[", "-")) and _LISTS.search(line):
            lacking = bool(_LACKS.search(line))
            # The head stands behind its list where one of the list tells most.
            found += _listed(texts[i + 1 :], lacking=lacking) or _listed(texts[:i], lacking=lacking)
    return [name for name in dict.fromkeys(found) if not _is_present(name, texts)]


def _is_present(name: str, texts: Sequence[str]) -> bool:
    """Whether the record says that the variable has a value, which then is wrong."""
    at_name = re.compile(f"(?={re.escape(name)})", re.IGNORECASE)
    return any(
        _PRESENT.match(text, found.start() + len(name))
        for text in (each[:_LONGEST] for each in texts)
        for found in at_name.finditer(text)
    )


def _listed(texts: Sequence[str], *, lacking: bool) -> list[str]:
    """The names of a list, or those that it says are required if its head does not say so."""
    names = []
    for text in texts:
        item = _LISTED.match(text)
        if item is None or not plausible(item["n"]):
            break
        if lacking or _REQUIRED.search(text):
            names.append(item["n"])
    return names


def _names_in(line: str, source: str) -> list[str]:
    names = []
    for pattern in _PATTERNS:
        position = 0
        while found := pattern.search(line, position):
            groups = found.groupdict()
            placeholder = groups.get("p")
            position = found.end("p" if placeholder else "n")
            name = re.sub(r"[.-]", "_", placeholder).upper() if placeholder else groups["n"]
            start = found.start("p" if placeholder else "n")
            before = line[max(0, start - 40) : start]
            # A shell names the line of its script and then the variable: `line 3: NAME: unbound`.
            of_thing = _OF_A_THING.match(line, position)
            of_data = of_thing or (_LINE.search(before) and line[position : position + 1] != ":")
            argument = "_" not in name and _OF_ARGUMENTS.match(found[0]) and not _LISTS.search(line)
            what = _SAYS_WHAT.search(before) if _DEFINED.match(found[0]) else None
            of_data = of_data or (what and what[1] not in _OF_VARIABLES)
            if plausible(name) and not (of_data or argument or _NOUN.search(before)):
                names += _joined(line[:start]) if not placeholder else []
                names.append(name)
    key = _KEY.search(line)
    if key and plausible(key["n"]) and _of_environment(key["n"], source):
        names.append(key["n"])
    return names


def _joined(before: str) -> list[str]:
    """The variables that are named together with the one that follows: `A, B and C must be set`."""
    joined = _WITH.search(before)
    return [name for name in re.findall(_NAME, joined[0]) if plausible(name)] if joined else []


def _of_environment(name: str, source: str) -> bool:
    """Whether the mapping that lacks the key is the environment, as far as the trace tells."""
    if not source or _ASKS_ENV.search(source):
        return True
    return "_" in name and not _INDEXES.search(source.strip().splitlines()[-1])


def plausible(name: str) -> bool:
    """Whether these capitals can be the name of a variable."""
    return len(name) >= _SHORTEST and not _NO_NAME.fullmatch(name)
