#!/usr/bin/env bash
# github.com/mikefarah/yq 4.54.3 (Go) against sigs.k8s.io/yaml 1.6.0 (Go; what kubectl and Helm read with).
# Seen: yq -o=json turns "mode: 0644" into 644 (sigs.k8s.io/yaml: 420), "id: 012345678901" + 1 into 1.2345678902e+10, and from JSON the string
#   "yes" is written as a bare yes (sigs.k8s.io/yaml: true) and 9007199254740993 as 9007199254740992.
# Surprise: yq is the usual tool to edit manifests in a pipeline. A manifest that kubectl applies with mode 0644 gets mode 644 decimal (01204)
#   once a step converts it with yq, and an env value "yes" becomes a boolean that the server refuses.
# Instead: keep YAML as YAML in yq (no -o=json, no -p=json), write modes in decimal and quote every string.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
GOBIN="$dir" go install github.com/mikefarah/yq/v4@v4.54.3 >log 2>&1 || { cat log; exit 1; }
same() { [ "$1" = "$2" ] || { echo "seen: $1, expected: $2"; exit 1; }; }
same "$(echo 'mode: 0644' | ./yq -o=json -I0 .)" '{"mode":644}'
same "$(echo 'id: 012345678901' | ./yq '.id + 1')" 1.2345678902e+10
same "$(echo '{"a":"yes"}' | ./yq -P -p=json .)" 'a: yes'
same "$(echo '{"a":9007199254740993}' | ./yq -P -p=json .)" 'a: 9007199254740992'
cat > main.go <<'GO'
package main

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

func main() {
	out, err := yaml.YAMLToJSON([]byte("a: yes\nmode: 0644\n"))
	fmt.Print(string(out), err)
}
GO
go mod init finding >log 2>&1
go get sigs.k8s.io/yaml@v1.6.0 >>log 2>&1 || { cat log; exit 1; }
same "$(go run .)" '{"a":true,"mode":420}<nil>'
echo "yq_octal_and_strings: ok, behaviour as stated"
