"""What a model wrote, made fit to be shown to people who trust our messages.

Commands and links in our reports are made by code from typed fields; those that a model (or whoever
writes the logs it read) puts into its prose are taken out here.
"""

from __future__ import annotations

import re
import unicodedata

from watchdog.observation.words import visible

COMMAND, LINK = "[command removed]", "[link removed]"

_FENCE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_TICKED = re.compile(r"`([^`\n]*)`?")
_PLAIN_WORD = re.compile(r"[\w.-]{1,80}")
_MARKUP_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_SLACK_LINK = re.compile(r"<(?:[a-z][a-z0-9+.-]*:|[@#!])[^>\n]*>", re.IGNORECASE)
_URL = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]*://|\bwww\.|\b(?:mailto:|javascript:|data:\w+/|file:/)(?=\S))\S*",
    re.IGNORECASE,
)
# Up to the end of the sentence or line; a full stop inside a file name does not end it.
_REST = r"(?:[^\n.;]|[.;](?!\s|$))*"
_TOOLS = (
    "kubectl|oc|curl|wget|sudo|ssh|scp|nc|ncat|chmod|chown|nslookup|dig|systemctl|crictl|etcdctl"
    "|powershell|iwr|iex|eksctl|gcloud|base64|xargs"
)
# Words of everyday prose too, so these count only where an argument of theirs follows.
_ARGUED = (
    r"(?:helm\s+(?:upgrade|install|uninstall|rollback|delete|repo|template)"
    r"|(?:docker|podman|nerdctl)\s+(?:run|exec|pull|push|rm|kill|login|system|load)"
    r"|(?:git|argocd|flux|terraform|aws|az)\s+(?:clone|push|pull|reset|app|sync|apply|destroy|s3|iam|sts|aks|login|reconcile|suspend|delete)"
    r"|(?:pip3?|npm|npx|yarn|apt|apt-get|apk|yum|dnf|brew|cargo|go)\s+(?:install|add|run|exec|i)\b"
    r"|(?:ba|z|k|da)?sh\s+(?:-\w|\S*/|\S+\.sh)"
    r"|(?:python[\d.]*|perl|ruby|node|php)\s+(?:-\w|\S+\.\w+)"
    r"|(?:rm|mv|cp|dd|kill|killall|pkill|cat|echo|printf|tee|export|eval|exec|source|env|nohup)\s+(?:-\w|[/$~\"'<>]|\w+=|\w+\s*[|>])"
    r")"
)
_RUN = re.compile(rf"(?<![\w./-])(?:(?:{_TOOLS})\s+(?=\S){_REST}|{_ARGUED}{_REST})", re.IGNORECASE)
# Not every pipe is one: many logs part their columns with it.
_SHELLISH = re.compile(
    r"\$\(|&&|\|\||<\(|\s>{1,2}\s*/|2>&1|;\s*rm\b|^\s*\$\s+\w"
    r"|\|\s*(?:(?:ba|z|k|da)?sh|tee|xargs|awk|sed|grep|base64|sudo|python[\d.]*|perl)\b",
    re.MULTILINE,
)
_REPEATED = re.compile(rf"(?:{re.escape(COMMAND)}[\s,;.]*)+{re.escape(COMMAND)}")


def plain_prose(text: str) -> str:
    """The text without code blocks, commands, links and invisible characters.

    Single words in backticks (names of variables, files) stay as words. What was taken out leaves
    `[command removed]` or `[link removed]`. It rather takes too much than too little.
    """
    text = unicodedata.normalize("NFKC", visible(text))
    text = _FENCE.sub(COMMAND, text)
    text = _MARKUP_LINK.sub(r"\1", text)
    text = _SLACK_LINK.sub(LINK, text)
    text = _TICKED.sub(_unticked, text)
    text = _URL.sub(LINK, text)
    text = _RUN.sub(COMMAND, text)
    text = "\n".join(COMMAND if _SHELLISH.search(line) else line for line in text.splitlines())
    return _REPEATED.sub(COMMAND, text).strip()


def _unticked(match: re.Match[str]) -> str:
    inside = match[1].strip()
    if not inside or _PLAIN_WORD.fullmatch(inside):
        return inside
    return inside if _IMAGE_OR_PATH.fullmatch(inside) else COMMAND


_IMAGE_OR_PATH = re.compile(r"/?[\w.-]+(?:/[\w.-]+)*(?:[:@][\w.:-]+)?")
