#!/usr/bin/env bash
# PyYAML 6.0.3, ruamel.yaml 0.19.1 (PyPI), sigs.k8s.io/yaml 1.6.0 and gopkg.in/yaml.v3 3.0.1 (Go): numbers with a leading zero.
# Seen: "id: 012345678901" (an account id) is the string "012345678901" in PyYAML and the number 12345678901 in ruamel.yaml, sigs.k8s.io/yaml
#   and yaml.v3 (a float there); "id: 012345670" is 2739128 in PyYAML and both Go libraries and 12345670 in ruamel.yaml.
#   "mode: 0644" is 420 to PyYAML and Go and 644 to ruamel.yaml; "mode: 0o644" is 420 to all but PyYAML, which reads a string.
# Surprise: whether an id has an 8 or 9 in it decides if PyYAML keeps it, reads it as octal, or others cut its zero. defaultMode: 0644 that goes
#   through a YAML 1.2 tool becomes decimal 644, other file permissions, with no error.
# Instead: quote ids; write modes in decimal (420), as the API does.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyyaml==6.0.3 ruamel.yaml==0.19.1
venv/bin/python - <<'PYTHON'
import yaml
from ruamel.yaml import YAML

text = "long: 012345678901\nshort: 012345670\nmode: 0644\nnew: 0o644\n"
assert yaml.safe_load(text) == {"long": "012345678901", "short": 2739128, "mode": 420, "new": "0o644"}, yaml.safe_load(text)
second = dict(YAML(typ="safe").load(text))
assert second == {"long": 12345678901, "short": 12345670, "mode": 644, "new": 420}, second
PYTHON
cat > main.go <<'GO'
package main

import (
	"fmt"
	"log"

	v3 "gopkg.in/yaml.v3"
	"sigs.k8s.io/yaml"
)

func main() {
	text := []byte("long: 012345678901\nshort: 012345670\nmode: 0644\nnew: 0o644\n")
	out, err := yaml.YAMLToJSON(text)
	if err != nil || string(out) != `{"long":12345678901,"mode":420,"new":420,"short":2739128}` {
		log.Fatal(string(out), err)
	}
	var other map[string]any
	if err := v3.Unmarshal(text, &other); err != nil {
		log.Fatal(err)
	}
	if got := fmt.Sprintf("%T %v %v", other["long"], other["short"], other["mode"]); got != "float64 2739128 420" {
		log.Fatal(got)
	}
}
GO
go mod init finding >log 2>&1
go get sigs.k8s.io/yaml@v1.6.0 gopkg.in/yaml.v3@v3.0.1 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "yaml_leading_zeros: ok, behaviour as stated"
