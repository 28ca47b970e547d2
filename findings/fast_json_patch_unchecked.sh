#!/usr/bin/env bash
# fast-json-patch 3.1.1 (npm): without the third argument, patches that RFC 6902 refuses are applied, at the wrong place.
# Seen: "remove /a/b/-1" takes the last element away, "add /a/b/7" to a list of three appends, "replace" and "remove" of an absent key
#   succeed. With validateOperation = true all but the leading zero in "add /a/b/01" are refused.
# Surprise: the name of the argument suggests a check of the patch's form; it decides whether the target must exist. A patch tried out
#   in a browser passes and then fails, or does something else, on a server.
# Instead: applyPatch(document, patch, true).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.mjs <<'JS'
import assert from "node:assert/strict";
import jsonpatch from "fast-json-patch";

const apply = (patch, check) => jsonpatch.applyPatch({ a: { b: [1, 2, 3] } }, [patch], check).newDocument.a;
const loose = [
  [{ op: "remove", path: "/a/b/-1" }, { b: [1, 2] }],
  [{ op: "add", path: "/a/b/7", value: 1 }, { b: [1, 2, 3, 1] }],
  [{ op: "replace", path: "/a/x", value: 1 }, { b: [1, 2, 3], x: 1 }],
  [{ op: "remove", path: "/a/x" }, { b: [1, 2, 3] }],
];
for (const [patch, want] of loose) {
  assert.deepEqual(apply(patch), want);
  assert.throws(() => apply(patch, true));
}
assert.deepEqual(apply({ op: "add", path: "/a/b/01", value: 9 }, true), { b: [1, 9, 2, 3] });
JS
npm install --silent --no-audit --no-fund fast-json-patch@3.1.1
node main.mjs
echo "fast_json_patch_unchecked: ok, behaviour as stated"
