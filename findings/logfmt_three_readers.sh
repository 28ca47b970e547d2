#!/usr/bin/env bash
# github.com/go-logfmt/logfmt 0.6.1 (Go), logfmt 0.4 (PyPI), logfmt 1.4.0 (npm): one log line, three records.
# Seen for "a=b=c": Go stops with an error, Python reads a = b, JavaScript a = "bc" (the sign is dropped). For a value written by Go
#   with a line break, msg="line\nnext": Go gives a line break, JavaScript "linennext", Python drops the value (True).
#   For level=info level=warn Go yields both, the others keep the last.
# Surprise: the format has no specification, yet one expects the readers of one name to agree on what the Go library itself writes. A query
#   string or base64 padding (token==) in a value changes silently or ends the record.
# Instead: read it with the library that wrote it, or log JSON.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check logfmt==0.4
venv/bin/python - <<'PYTHON'
import logfmt


def read(line):
    return next(logfmt.parse([line]))


assert read("a=b=c") == {"a": "b"}, read("a=b=c")
assert read(r'msg="line\nnext"') == {"msg": True}, read(r'msg="line\nnext"')
assert read("level=info level=warn") == {"level": "warn"}
PYTHON
npm install --silent --no-audit --no-fund logfmt@1.4.0
node - <<'JS'
const assert = require("node:assert/strict");
const logfmt = require("logfmt");
const read = (line) => ({ ...logfmt.parse(line) });
assert.deepEqual(read("a=b=c"), { a: "bc" });
assert.deepEqual(read('msg="line\\nnext"'), { msg: "linennext" });
assert.deepEqual(read("level=info level=warn"), { level: "warn" });
JS
cat > main.go <<'GO'
package main

import (
	"fmt"
	"log"
	"strings"

	"github.com/go-logfmt/logfmt"
)

func read(line string) (string, error) {
	decoder, out := logfmt.NewDecoder(strings.NewReader(line)), ""
	for decoder.ScanRecord() {
		for decoder.ScanKeyval() {
			out += fmt.Sprintf("%s:%q ", decoder.Key(), decoder.Value())
		}
	}
	return out, decoder.Err()
}

func main() {
	if out, err := read("a=b=c"); err == nil {
		log.Fatal(out)
	}
	written, err := logfmt.MarshalKeyvals("msg", "line\nnext")
	if err != nil || string(written) != `msg="line\nnext"` {
		log.Fatal(string(written), err)
	}
	if out, err := read(string(written)); out != `msg:"line\nnext" ` || err != nil {
		log.Fatal(out, err)
	}
	if out, err := read("level=info level=warn"); out != `level:"info" level:"warn" ` || err != nil {
		log.Fatal(out, err)
	}
}
GO
go mod init finding >log 2>&1
go get github.com/go-logfmt/logfmt@v0.6.1 >>log 2>&1 || { cat log; exit 1; }
go run .
echo "logfmt_three_readers: ok, behaviour as stated"
