#!/usr/bin/env bash
# markdown-to-mrkdwn 0.3.3 (PyPI) and slackify-markdown 4.5.0 (npm): Markdown for Slack, with code in the line.
# Seen: in the first `*/5 * * * *` becomes `_/5 _ _ _ *`, `__init__` becomes `*init*`, `f(**a)` becomes `f(*a)`, `[a](b)` becomes `<b|a>`, and a
#   block between ~~~ is converted too; a block between ``` is kept. "2 * 3 * 4" outside of code becomes "2 _ 3 _ 4". "<" and "&" stay
#   as they are. The second keeps all of the code, keeps 2 * 3 * 4 and writes &lt; and &amp; outside of code.
# Surprise: its page says that code blocks are preserved, and shows `Code` unchanged. What a model puts between backticks is what someone will
#   copy: a schedule, a glob or a function's arguments arrive as other ones, and still look like code.
# Instead: Slack's own markdown block, which takes Markdown as it is, or cut the code out before the conversion.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > cases.json <<'JSON'
[["`*/5 * * * *`", "`_/5 _ _ _ *`", "`*/5 * * * *`"],
 ["`__init__`", "`*init*`", "`__init__`"],
 ["`f(**a)` and `g(**b)`", "`f(*a)` and `g(*b)`", "`f(**a)` and `g(**b)`"],
 ["`[a](b)`", "`<b|a>`", "`[a](b)`"],
 ["~~~\n**a**\n~~~", "~~~\n*a*\n~~~", "```\n**a**\n```"],
 ["```\n**a**\n```", "```\n**a**\n```", "```\n**a**\n```"],
 ["2 * 3 * 4", "2 _ 3 _ 4", "2 * 3 * 4"],
 ["a < b & c", "a < b & c", "a &lt; b &amp; c"]]
JSON
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check markdown-to-mrkdwn==0.3.3
venv/bin/python - <<'PYTHON'
import json

from markdown_to_mrkdwn import SlackMarkdownConverter

for text, want, _ in json.load(open("cases.json")):
    seen = SlackMarkdownConverter().convert(text)
    assert seen == want, (text, seen)
PYTHON
npm install --silent --no-audit --no-fund slackify-markdown@4.5.0
cat > main.mjs <<'JS'
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import slackify from "slackify-markdown";

const convert = slackify.slackifyMarkdown ?? slackify;
for (const [text, , want] of JSON.parse(readFileSync("cases.json"))) assert.equal(convert(text).trim(), want);
JS
node main.mjs
echo "markdown_to_mrkdwn_code: ok, behaviour as stated"
