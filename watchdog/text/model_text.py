"""What a model or another service says, made fit to be shown to people who trust our messages.

Commands and links in our reports are made by code from typed fields. Those that a model puts into
its words (or an attacker, through the logs that it read) are taken out here, by their shape rather
than by a list of bad words: a sentence that looks like something to type goes as a whole.
"""

from __future__ import annotations

import re
import unicodedata

from watchdog.text.regex import regex
from watchdog.text.sanitize import visible

COMMAND, LINK, HIDDEN = "[command removed]", "[link removed]", "[unreadable word removed]"

_FENCE = regex(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_TICKED = regex(r"`([^`\n]*)`?")
_PLAIN_WORD = regex(r"/?[\w.-]{1,80}(?:/[\w.-]{1,80}){0,8}(?:[:@][\w.:-]{1,80})?")
_MARKUP_LINK = regex(r"!?\[([^\]\n]{0,300})\]\([^)\n]{0,500}\)")
_SLACK_LINK = regex(r"<(?:[a-z][a-z0-9+.-]{0,20}:|[@#!])[^>\n]{0,500}>", re.IGNORECASE)
_TAG = regex(r"</?[a-z!][^>\n]{0,500}>|<\|[^>\n]{0,80}\|>", re.IGNORECASE)
_URL = regex(
    r"(?:\b[a-z][a-z0-9+.-]{0,20}:\\?/\\?/|\bwww\.|\b(?:mailto:|javascript:|data:\w+/|file:/)(?=\S))"
    r"\S*|\S{0,80}\w@[\w-]+\.[\w.-]+|(?<![:\w])//[\w-]+\.\S*",
    re.IGNORECASE,
)
_DOTTED = regex(
    r"(?<![\w./@-])(?P<host>(?:[A-Za-z0-9_-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{1,62})\.?(?![\w-])"
    r"(?P<rest>(?::\d+)?(?:/[^\s\"'<>]*)?)"
)
_ADDRESS_PATH = regex(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?/\S+")
# What else has dots in it: files, names inside of a cluster, fields of objects, classes.
_NO_HOST = regex(
    r"(?:^|\.)(?:svc|local|internal|localhost)$"
    r"|\.(?:ya?ml|json|toml|conf|cfg|ini|txt|log|xml|html?|css|md|lock|jar|war|pem|crt|key|env|so|py"
    r"|js|ts|go|rb|rs|java|php|sql|db|sock|service|socket|properties|tmpl|tpl|exe|dll|csv|gz|tar)$"
    r"|^(?:spec|metadata|status|data|resources|limits|requests|template|env|process|os|sys|values"
    r"|securityContext|containers?|image|config|settings|app|server|logging|spring|java|javax)\."
    r"|[A-Z][a-z]"
)
_INSIDE = regex(r"(?:^|\.)(?:svc|local|internal|localhost)\.?$|^[\d.]+$", re.IGNORECASE)
# Programs whose name, with a word behind it, is hardly ever prose.
_TOOLS = (
    "kubectl|oc|k9s|helm|helmfile|kustomize|argocd|istioctl|crictl|ctr|nerdctl|etcdctl|eksctl"
    "|docker|podman|buildah|skopeo|terraform|tofu|terragrunt|pulumi|ansible(?:-playbook)?"
    "|aws|gcloud|gsutil|az|doctl|ibmcloud|curl|wget|ssh|scp|sftp|rsync|nc|ncat|socat"
    "|telnet|nslookup|dig|sudo|su|doas|chmod|chown|chattr|systemctl|journalctl|killall"
    "|pkill|rm|rmdir|mv|cp|dd|mkfs(?:\\.\\w+)?|umount|iptables|nft|crontab|useradd|usermod"
    "|apt|apt-get|apk|yum|dnf|brew|pip3?|pipx|uv|npm|npx|yarn|pnpm|cargo|gem|git|psql|mysql"
    "|mysqldump|mongosh|redis-cli|sqlite3|bash|zsh|ksh|dash|sh|pwsh|powershell|python[\\d.]*"
    "|nohup|xargs|eval|printenv|openssl|gpg|unzip|iwr|iex|awk|sed|nsenter|chroot|swapoff"
)
# Programs that are plain words too: these only with something behind them that is none.
_ALSO_WORDS = (
    "make|node|perl|ruby|php|java|go|cat|echo|printf|tee|tar|env|export|exec|source|kill|mount|service"
    "|vault|consul|nomad|flux|cmd|base64|grep|find|head|tail|watch|test|shutdown|reboot|halt|poweroff"
    "|passwd|mongo|install|apply|delete|scale|rollout|annotate|label|patch"
)
# Behind such a word it is prose all the same: "docker cannot", "the git history", "cat is".
_PROSE_NEXT = (
    "is|was|were|are|be|been|has|have|had|does|did|do|will|would|can|cannot|could|may|might|must"
    "|should|not|never|no|and|or|but|nor|to|that|which|who|when|where|while|because|since|so|if|than"
    "|then|as|at|by|for|from|in|into|of|off|on|out|over|through|up|with|without|within|after|before"
    "|says?|said|reports?|reported|fails?|failed|failing|exits?|exited|ended|ends|returns?|returned"
    "|expects?|needs?|wants?|lacks?|takes?|runs|ran|running|starts?|started|starting|tries|tried"
    "|image|images|container|containers|chart|charts|release|releases|process|history|registry|hub"
    "|command|commands|script|scripts|program|client|server|service|error|errors|version|code|values?"
    "|variables?|vars?|entry|entries|account|daemon|file|files|pod|pods|log|logs|secret|deployed"
    "|operator|agent|plugin|module|tool|user|users|role|mesh|endpoint|endpoints|name|names|port|ports"
    "|ip|discovery|selector|itself|the|a|an|it|its|this|these|each|every|any|all|again|probes?|hook"
)
_TOOL = regex(
    rf"(?<![\w./-])(?:{_TOOLS})\s+(?!(?:{_PROSE_NEXT})\b)(?=[\w./~$\"'*<-])"
    rf"|(?<![\w./-])(?:{_ALSO_WORDS})\s+(?=[/~$<*-]|\./|\d+\s*$|now\s*$|[\w-]+(?:/[\w-]|=))",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNS = regex(
    r"(?:^|(?<=[\s\"'(]))--?[A-Za-z][\w-]*"  # a flag
    r"|\$\(|\$\{?IFS|<\(|&&|\|\||(?<=\s)\d?>{1,2}\s*[/&~.]|2>&1"  # shell
    r"|\|\s*(?:sudo\s+)?(?:\S*/)?(?:(?:ba|z|k|da)?sh|pwsh|tee|xargs|awk|sed|grep|base64|python[\d.]*"
    r"|perl|ruby|node|php|nc|psql|mysql)\b"
    r"|(?:^|\s)[$#%]\s+\w|(?:^|[\s;])\./\w|(?<!\w)~/\w"  # a prompt; a program of one's own
    r"|\w\.(?:sh|bash|ps1|bat|exe)\b|(?:^|\s)\w{1,60}=\S{1,200}\s+\./"
    r"|;\s*(?:rm|do|done|then|fi|drop|delete)\b"
    r"|\b(?:drop|truncate|alter)\s+(?:table|database|schema|user)\b|\bdelete\s+from\s+\w"
    r"|(?-i:\b[A-Z][a-z]{2,20}-[A-Z][a-z]{1,20}[A-Za-z]{0,20}\s+\S)"  # PowerShell
    r"|(?:\\x[0-9a-f]{2}){2}|(?:%[0-9a-f]{2}){3}|(?:&#x?[0-9a-f]+;){2}|(?:\\u[0-9a-f]{4}){2}"
    r"|sre-watchdog\s*/|:[a-z][a-z0-9_+-]*:(?=\s|$)",  # our own marks; reactions
    re.IGNORECASE | re.MULTILINE,
)
# "Run X", where X is no plain word of a sentence.
_TYPED = regex(
    r"\b(?:run|execute|invoke|paste|type|enter|issue)(?:\s+the\s+command)?:?\s+[\"']?"
    r"(?!(?:the|a|an|this|that|these|it|its|them|your|our|their|again|as|with|in|on|out|of|for|at|and"
    r"|or|to|by|from|into|only|more|longer|fine|well|until|after|before|because|while|when|without"
    r"|under|once|twice|every|each|any|all|both|one|two|new|old|more|time|times|level|loop)\b)"
    r"(?=[a-z./~$])[\w./~$-]+\s+\S",
    re.IGNORECASE,
)
_BLOB = regex(
    r"(?<![\w/+=:@.-])(?=[A-Za-z0-9+/_-]*[a-z])(?=[A-Za-z0-9+/_-]*[A-Z])(?=[A-Za-z0-9+/_-]*\d)"
    r"[A-Za-z0-9+/_-]{12,}={0,2}(?![\w.-])|(?<![\w/+=:@.-])[A-Za-z0-9+/]{6,}={1,2}(?!\w)"
)
# What a log may tempt a reader to paste; `npm ERR!`, `sh: not found` and `exec "x"` are no such.
_PASTED = regex(
    r"(?<![\w./-])(?:sudo\s+)?(?:(?:kubectl|oc|helm|docker|podman|terraform|curl|wget|sudo|rm|chmod|ssh"
    r"|scp|aws|gcloud|az|systemctl|nsenter|crictl|eval)\s+(?=[-/$a-z])"
    rf"(?!(?:{_PROSE_NEXT})\b)"
    r"|(?:bash|sh|zsh|python[\d.]*|perl|ruby|node|php)\s+-[a-z]+\s|powershell\s|iex\s)"
    r"|\|\s*(?:sudo\s+)?(?:\S{0,40}/)?(?:ba|z|k|da)?sh\b|\$\((?!\()|sre-watchdog/(?:approve|allow|pause)",
)
_WEB = regex(
    r"(?P<scheme>[a-z][a-z0-9+.-]{0,20}):\\?/\\?/(?P<user>[^\s/@]{1,100}@)?(?P<host>[^\s/:?#\"'<>|)\]]{1,253})"
    r"|\bwww\.(?P<www>[\w.-]{1,250})|\[(?P<said>[^\]\n]{0,300})\]\((?=\S)",
    re.IGNORECASE,
)
# Of letters that look like others, and of blank ones, a reader could not tell what is run.
_ARGUMENT = regex(r"[\w./=:,+%-]{1,80}", re.ASCII)
# Mentions for Slack and marks of a chat model's roles begin like this.
_MARK = regex(r"<(?=[!@#|])")
_ENCODED = regex(
    r"(?<![\w/+=:@.-])(?=[A-Za-z0-9+/]*[a-z])(?=[A-Za-z0-9+/]*[A-Z])(?=[A-Za-z0-9+/]*\d)"
    r"[A-Za-z0-9+/]{40,}={0,2}(?![\w.-])"
)
_ENDS = regex(r"(?<=[.!?;])\s+|\n+")
_WORD = regex(r"[^\W\d_]{2,}", re.UNICODE)
_LONGEST = 8_000


def plain_prose(text: str) -> str:
    """The text without commands, code, links, addresses and what hides its meaning.

    Single words in backticks (names of variables, files) stay as words. What was taken out leaves
    `[command removed]` or `[link removed]`. It rather takes too much than too little.
    """
    text = _unhidden(text[:_LONGEST])
    text = _FENCE.sub(COMMAND, text)
    text = _MARKUP_LINK.sub(r"\1", text)
    text = _SLACK_LINK.sub(LINK, text)
    text = _TICKED.sub(_unticked, text)
    text = _TAG.sub("", text)
    text = _URL.sub(LINK, text)
    text = "".join(_sentence(part) for part in _parts(text))
    text = _ADDRESS_PATH.sub(LINK, _DOTTED.sub(_unlinked, text))
    return _once(text).strip()


def defused(line: str) -> str:
    """What another service answered, in a line with nothing to click or to paste.

    What rules quote from logs and manifests is evidence: it stays, and views make it inert.

    Addresses outside of the cluster are written so that nothing takes them for a link
    (`hxxps://example[.]com`), and what reads like a command line is cut off, as is what is long and
    encoded. All else stays: an error speaks of flags, paths and pipes.
    """
    line = line[:_LONGEST]
    found = _PASTED.search(line)
    if found:
        line = f"{line[: found.start()]}{COMMAND}"
    line = _ENCODED.sub("[encoded text removed]", line)
    return _MARK.sub("\u2039", _WEB.sub(_defanged, line))


def harmless_word(word: str) -> bool:
    """Whether a word of a command line is a plain one: no script, no address, no tool to fear."""
    name = word.rpartition("/")[2]
    plain = _ARGUMENT.fullmatch(word) and "//" not in word and not _TOOL.search(f"{name} x")
    return bool(plain) and LINK not in _DOTTED.sub(_unlinked, word.replace("=", " "))


def _unhidden(text: str) -> str:
    """Letters as they look, none that no eye sees, and no word of two alphabets."""
    text = unicodedata.normalize("NFKC", visible(text))
    return text if text.isascii() else _WORD.sub(_one_alphabet, text)


def _one_alphabet(match: re.Match[str]) -> str:
    scripts = {unicodedata.name(c, "?").partition(" ")[0] for c in match[0] if c.isalpha()}
    mixed = "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}
    return HIDDEN if mixed else match[0]


def _parts(text: str) -> list[str]:
    """Its sentences, and between them the white space that parts them."""
    parts, at = [], 0
    for end in _ENDS.finditer(text):
        parts += [text[at : end.start()], end[0]]
        at = end.end()
    return [*parts, text[at:]]


def _sentence(text: str) -> str:
    if HIDDEN in text:
        return HIDDEN
    if COMMAND in text and not _looks_typed(text.replace(COMMAND, "")):
        return text
    if _looks_typed(text):
        stop = text.rstrip()[-1:]
        return COMMAND + (stop if stop in ".!?;" else "")
    return _BLOB.sub(COMMAND, text)


def _looks_typed(text: str) -> bool:
    return any(pattern.search(text) for pattern in (_SIGNS, _TOOL, _TYPED))


def _unticked(match: re.Match[str]) -> str:
    inside = match[1].strip()
    return inside if not inside or _PLAIN_WORD.fullmatch(inside) else COMMAND


def _unlinked(match: re.Match[str]) -> str:
    return match[0] if _NO_HOST.search(match["host"]) else LINK


def _defanged(match: re.Match[str]) -> str:
    if match["said"] is not None:
        return f"{match['said']} ("
    host = match["host"] or f"www.{match['www']}"
    inside = "." not in host or _INSIDE.search(host)
    if match["host"] and inside and match["scheme"].lower() not in {"data", "javascript"}:
        return match[0]
    scheme = (match["scheme"] or "http").replace("tt", "xx")
    return f"{scheme}://{match['user'] or ''}{host.replace('.', '[.]')}"


def _once(text: str) -> str:
    for mark in (COMMAND, LINK, HIDDEN):
        text = re.sub(rf"(?:{re.escape(mark)}[\s,;.]*)+{re.escape(mark)}", mark, text)
    return text
