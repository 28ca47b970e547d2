#!/usr/bin/env bash
# slack-sdk 3.47.0 (PyPI): some of Slack's limits are checked by the Block Kit models, the neighbours of these are not.
# Seen: to_dict() raises SlackObjectFormationError for a section text of 3001 characters, a header of 151, 11 context elements, 26
#   actions, a button text of 76, a markdown block of 12001. It does not for a field of 2001, a context text of 3001, two buttons with
#   one action_id in an actions block, a table of 101 rows (Slack's pages forbid each) and a rich text of 50,000, beyond any message.
# Surprise: after the first such error one takes the models for the validator and a message that passes for one that Slack accepts.
# Instead: an own budget for each text, and a fallback to plain text on invalid_blocks.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check slack-sdk==3.47.0
"$dir/venv/bin/python" - <<'PYTHON'
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import (
    ActionsBlock, ButtonElement, ContextBlock, HeaderBlock, MarkdownBlock, PlainTextObject, RichTextBlock, RichTextElementParts,
    RichTextSectionElement, SectionBlock, TableBlock,
)


def button(name, text="x"):
    return ButtonElement(text=text, action_id=name)


def plain(size):
    return PlainTextObject(text="x" * size)


checked = {
    "section text": SectionBlock(text="x" * 3001),
    "header": HeaderBlock(text=plain(151)),
    "context elements": ContextBlock(elements=[plain(1)] * 11),
    "actions": ActionsBlock(elements=[button(str(n)) for n in range(26)]),
    "button": button("a", "x" * 76),
    "markdown": MarkdownBlock(text="x" * 12001),
}
unchecked = {
    "field": SectionBlock(fields=["x" * 2001]),
    "context text": ContextBlock(elements=[plain(3001)]),
    "same action_id": ActionsBlock(elements=[button("a"), button("a")]),
    "table rows": TableBlock(rows=[[{"type": "raw_text", "text": "x"}]] * 101),
    "rich text": RichTextBlock(elements=[RichTextSectionElement(elements=[RichTextElementParts.Text(text="x" * 50000)])]),
}
for name, block in checked.items():
    try:
        block.to_dict()
    except SlackObjectFormationError:
        continue
    raise AssertionError(name)
for block in unchecked.values():
    block.to_dict()
PYTHON
echo "slack_sdk_limits: ok, behaviour as stated"
