#!/usr/bin/env bash
# github.com/prometheus/alertmanager 0.35.0 (Go module): the server cannot be built from its own module.
# Seen: package ui of 0.32.1, 0.34.2 and 0.35.0 fails with "pattern app/dist: no matching files found", so `go install
#   .../cmd/alertmanager@v0.35.0` does too; 0.31.1 loads. cmd/amtool of 0.35.0 loads, as it does not import the package.
# Surprise: `go install` of the server worked for years, as the web pages were Go code in the repository. They are made by npm before a
#   release now and embedded, and a module holds only what is in the repository, so no version of the module since 0.32 has them.
# Instead: the released binaries or images; from the proxy alone, 0.31.1 is the newest server.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
said() {  # said VERSION PACKAGE: why a package of that version cannot be loaded; empty if it can
  rm -f go.mod go.sum
  go mod init example.com/finding 2> /dev/null
  go get "github.com/prometheus/alertmanager@v$1" 2> /dev/null
  go list -mod=mod -deps -e -f '{{with .Error}}{{.Err}}{{end}}' "github.com/prometheus/alertmanager/$2" 2> /dev/null | sort -u | grep . || true
}
for version in 0.32.1 0.34.2 0.35.0; do
  [[ $(said $version cmd/alertmanager) == *"pattern app/dist: no matching files found"* ]]
done
[ -z "$(said 0.31.1 cmd/alertmanager)" ]
[ -z "$(said 0.35.0 cmd/amtool)" ]
echo "alertmanager_module_without_pages: ok, behaviour as stated"
