#!/usr/bin/env bash
# github.com/santhosh-tekuri/jsonschema 6.0.3 (Go; the validator that helm.sh/helm/v4 4.3.2 requires for values.schema.json).
# Seen: without "$schema" a schema is read as draft 2020-12: {"items": [..]} does not compile, and {"format": "date-time"} passes the
#   text "x". With "$schema" of draft-07 the list compiles and the format is checked. In draft-07 "maximum" beside "$ref" is ignored:
#   {"$ref": integer, "maximum": 5} passes 9; without "$schema" it fails.
# Surprise: one line that looks like decoration changes which values pass, in both directions. Editors and other validators
#   often assume draft-07 for charts.
# Instead: always write "$schema", put "$ref" into allOf, and use a pattern in place of a format.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"log"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const seven = `"$schema":"http://json-schema.org/draft-07/schema#",`

func verdict(schema, value string) string {
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		log.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", parsed); err != nil {
		log.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		return "no schema"
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(value))
	if err != nil {
		log.Fatal(err)
	}
	if compiled.Validate(instance) != nil {
		return "invalid"
	}
	return "valid"
}

func main() {
	ref := `"definitions":{"n":{"type":"integer"}},"properties":{"a":{"$ref":"#/definitions/n","maximum":5}}}`
	for _, c := range [][3]string{
		{`{"items":[{"type":"integer"}]}`, `["x"]`, "no schema"},
		{`{` + seven + `"items":[{"type":"integer"}]}`, `["x"]`, "invalid"},
		{`{"type":"string","format":"date-time"}`, `"x"`, "valid"},
		{`{` + seven + `"type":"string","format":"date-time"}`, `"x"`, "invalid"},
		{`{` + ref, `{"a":9}`, "invalid"},
		{`{` + seven + ref, `{"a":9}`, "valid"},
	} {
		if got := verdict(c[0], c[1]); got != c[2] {
			log.Fatalf("%s with %s: %s", c[0], c[1], got)
		}
	}
}
GO
go mod init finding >log 2>&1
go get github.com/santhosh-tekuri/jsonschema/v6@v6.0.3 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "helm_values_schema_draft: ok, behaviour as stated"
