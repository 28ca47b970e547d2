#!/usr/bin/env bash
# PyYAML 6.0.3 (PyPI) and sigs.k8s.io/yaml 1.6.0 (Go; what kubectl and Helm read with): strings written by one are no strings to the other.
# Seen: yaml.safe_dump({"a": "y", "b": "n", "c": "12e4", "d": "08"}) writes all four without quotes and reads them back as strings;
#   sigs.k8s.io/yaml reads true, false, 120000 and 8.
# Surprise: PyYAML does quote "yes", "no", "on" and "0644", so it seems to take care of this. The env value "y" then is refused
#   ("cannot unmarshal bool into ... string"), and a label that is a short commit like 12e4 becomes a number now and then.
# Instead: write JSON (it is YAML), or force quotes with default_style='"'.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pyyaml==6.0.3
"$dir/venv/bin/python" - <<'PYTHON'
import pathlib
import yaml

values = {"a": "y", "b": "n", "c": "12e4", "d": "08"}
text = yaml.safe_dump(values)
assert text == "a: y\nb: n\nc: 12e4\nd: 08\n", text
assert yaml.safe_load(text) == values
assert yaml.safe_dump({"a": "yes", "b": "0644"}) == "a: 'yes'\nb: '0644'\n"
pathlib.Path("out.yaml").write_text(text)
PYTHON
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	text, _ := os.ReadFile("out.yaml")
	out, err := yaml.YAMLToJSON(text)
	fmt.Println(string(out), err)
}
GO
go mod init finding >log 2>&1
go get sigs.k8s.io/yaml@v1.6.0 >>log 2>&1 || { cat log; exit 1; }
seen=$(go run .)
[ "$seen" = '{"a":true,"b":false,"c":120000,"d":8} <nil>' ] || { echo "$seen"; exit 1; }
echo "pyyaml_output_read_by_go: ok, behaviour as stated"
