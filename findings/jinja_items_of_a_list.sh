#!/usr/bin/env bash
# Jinja2 3.1.6, minijinja 3.1.0 (PyPI), @huggingface/jinja 0.5.11 (npm): a map that has a key "items", as each Kubernetes List and each
# JSON schema of an array has.
# Seen: {% for i in d.items %} runs over the value in minijinja and @huggingface/jinja and is an error in Jinja2 (d.items is the method);
#   {% for k, v in d.items() %} runs over the pairs in Jinja2 and minijinja and is an error in @huggingface/jinja. {{ d.values.x }} prints
#   nothing in Jinja2 and the value in minijinja. tojson sorts keys in Jinja2 only, and writes "<" as \u003c in both Python packages only.
# Surprise: model servers render one chat template with whichever of these they have. A template that prints tools ("properties.tags.items.type")
#   gives the model an empty type under Jinja2, without an error, and another text for each engine, so prompt caches and token counts differ.
# Instead: d["items"] for the value, d|items for the pairs, and a JSON text made outside of the template.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > cases.json <<'JSON'
{"data": {"d": {"b": "<", "items": ["one"], "values": {"x": "two"}}},
 "cases": [
  ["{% for i in d.items %}{{ i }}{% endfor %}", "error", "one", "one"],
  ["{% for k, v in d.items() %}{{ k }} {% endfor %}", "b items values ", "b items values ", "error"],
  ["{{ d.values.x }}", "", "two", "two"],
  ["{{ {\"b\": 1, \"a\": \"<\"}|tojson }}", "{\"a\": \"\\u003c\", \"b\": 1}", "{\"b\": 1, \"a\": \"\\u003c\"}", "{\"b\": 1, \"a\": \"<\"}"],
  ["{{ d[\"items\"][0] }}", "one", "one", "one"],
  ["{% for k, v in d|items %}{{ k }} {% endfor %}", "b items values ", "b items values ", "b items values "]]}
JSON
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jinja2==3.1.6 minijinja==3.1.0
venv/bin/python - <<'PYTHON'
import json

import jinja2
import minijinja

given = json.load(open("cases.json"))
for text, *want in given["cases"]:
    seen = []
    for render in (jinja2.Environment().from_string(text).render, lambda **data: minijinja.Environment().render_str(text, **data)):
        try:
            seen.append(render(**given["data"]))
        except (TypeError, minijinja.TemplateError):
            seen.append("error")
    assert seen == want[:2], (text, seen)
PYTHON
npm install --silent --no-audit --no-fund @huggingface/jinja@0.5.11
cat > main.mjs <<'JS'
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Template } from "@huggingface/jinja";

const given = JSON.parse(readFileSync("cases.json"));
for (const [text, , , want] of given.cases) {
  const render = () => new Template(text).render(given.data);
  want === "error" ? assert.throws(render) : assert.equal(render(), want);
}
JS
node main.mjs
echo "jinja_items_of_a_list: ok, behaviour as stated"
