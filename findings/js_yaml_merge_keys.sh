#!/usr/bin/env bash
# js-yaml 5.5.0 and yaml 2.9.1 (npm): "<<" is no merge any more.
# Seen: from "a: &a {x: 1}" and "b: {<<: *a, y: 2}" both give b = {"<<": {"x": 1}, "y": 2}.
# Surprise: js-yaml 4 and before, PyYAML, ruamel.yaml and Go's parsers give b = {x: 1, y: 2}. Values files, compose files and CI files
#   full of anchors load without an error and lack the shared settings.
#   js-yaml's YAML11_SCHEMA brings merges back, and with them the other rules of YAML 1.1: the key y above becomes "true".
# Instead: yaml with {merge: true}, which keeps y; or expand anchors before.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.mjs <<'JS'
import assert from "node:assert/strict";
import * as jsyaml from "js-yaml";
import YAML from "yaml";

const text = "a: &a {x: 1}\nb: {<<: *a, y: 2}\n";
const want = { "<<": { x: 1 }, y: 2 };
assert.deepEqual(JSON.parse(JSON.stringify(jsyaml.load(text).b)), want);
assert.deepEqual(YAML.parse(text).b, want);
assert.deepEqual(jsyaml.load(text, { schema: jsyaml.YAML11_SCHEMA }).b, { x: 1, true: 2 });
assert.deepEqual(YAML.parse(text, { merge: true }).b, { x: 1, y: 2 });
JS
npm install --silent --no-audit --no-fund js-yaml@5.5.0 yaml@2.9.1
node main.mjs
echo "js_yaml_merge_keys: ok, behaviour as stated"
