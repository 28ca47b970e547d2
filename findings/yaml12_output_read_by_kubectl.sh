#!/usr/bin/env bash
# ruamel.yaml 0.19.1 (PyPI) and yaml 2.9.1 (npm) write YAML 1.2; sigs.k8s.io/yaml 1.6.0 (Go; kubectl and Helm) reads YAML 1.1.
# Seen: both write the strings "yes", "no", "on" and "y" without quotes; sigs.k8s.io/yaml reads true, false, true and true. npm's yaml also
#   writes the strings 0b11 and 1_000 without quotes: 3 and 1000. js-yaml 5.5.0, a YAML 1.2 reader too, quotes all of them.
# Surprise: a tool that only reads and writes back a manifest turns the env value "no" into a boolean, which the server refuses; in a
#   ConfigMap of Helm values it silently becomes false. The newer standard is the less safe one here.
# Instead: yaml's {version: "1.1"} or {defaultStringType: "QUOTE_DOUBLE"}; with ruamel.yaml set yaml.version = (1, 1), or write JSON.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ruamel.yaml==0.19.1
venv/bin/python - <<'PYTHON'
import pathlib

from ruamel.yaml import YAML

writer = YAML(typ="safe", pure=True)
writer.default_flow_style = False
with pathlib.Path("ruamel.yaml").open("w") as file:
    writer.dump({"a": "yes", "b": "no", "c": "on", "d": "y"}, file)
PYTHON
npm install --silent --no-audit --no-fund yaml@2.9.1 js-yaml@5.5.0
node - <<'JS'
const fs = require("node:fs");
const values = { a: "yes", b: "no", c: "on", d: "y", e: "0b11", f: "1_000" };
fs.writeFileSync("npm.yaml", require("yaml").stringify(values));
fs.writeFileSync("quoted.yaml", require("js-yaml").dump(values));
JS
cat > main.go <<'GO'
package main

import (
	"log"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	for file, want := range map[string]string{
		"ruamel.yaml": `{"a":true,"b":false,"c":true,"d":true}`,
		"npm.yaml":    `{"a":true,"b":false,"c":true,"d":true,"e":3,"f":1000}`,
		"quoted.yaml": `{"a":"yes","b":"no","c":"on","d":"y","e":"0b11","f":"1_000"}`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		if got, err := yaml.YAMLToJSON(text); err != nil || string(got) != want {
			log.Fatal(file, string(got), err)
		}
	}
}
GO
go mod init finding >log 2>&1
go get sigs.k8s.io/yaml@v1.6.0 >>log 2>&1 || { cat log; exit 1; }
go run .
echo "yaml12_output_read_by_kubectl: ok, behaviour as stated"
