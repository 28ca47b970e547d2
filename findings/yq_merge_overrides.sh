#!/usr/bin/env bash
# github.com/mikefarah/yq 4.54.3 (Go): a merge key that follows a key overrides it.
# Seen: for "a: &a {x: 1, z: 3}" and "c: {x: 2, <<: *a}", yq 'explode(.)' gives c = {x: 1, z: 3}; with the merge key first ("{<<: *a, x: 2}")
#   x is 2. With --yaml-fix-merge-anchor-to-spec x is 2 both times; without it a warning on stderr says that the default will change
#   "in late 2025".
# Surprise: in the merge specification, and in PyYAML, ruamel.yaml and Go's libraries, keys of the map itself always win, wherever << stands. A values
#   file that yq has expanded deploys other settings than the one it came from.
# Instead: the flag, always, or << as the first key.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
GOBIN="$dir" go install github.com/mikefarah/yq/v4@v4.54.3 >log 2>&1 || { cat log; exit 1; }
same() { [ "$1" = "$2" ] || { echo "seen: $1, expected: $2"; exit 1; }; }
printf 'a: &a {x: 1, z: 3}\nb: {<<: *a, x: 2}\nc: {x: 2, <<: *a}\n' >in.yaml
same "$(./yq -o=json -I0 'explode(.) | [.b.x, .c.x]' in.yaml 2>warning)" '[2,1]'
grep -q 'will default to true in late 2025' warning
same "$(./yq --yaml-fix-merge-anchor-to-spec -o=json -I0 'explode(.) | [.b.x, .c.x]' in.yaml)" '[2,2]'
echo "yq_merge_overrides: ok, behaviour as stated"
