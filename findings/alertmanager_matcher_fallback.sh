#!/usr/bin/env bash
# github.com/prometheus/alertmanager 0.35.0 (Go, package matcher/compat; amtool and the configuration read matchers with it).
# Seen in the default mode (UTF-8 first, the old parser if that fails): foo={a} is the value "{a" (the brace is lost), foo==bar is the value
#   "=bar", foo=a=b is "a=b", foo=bar baz is "bar baz", foo='bar' keeps its single quotes. The UTF-8 parser refuses all five.
# Surprise: what looks like a typing error is a valid matcher of a value that no alert has, so a silence or route matches nothing. Only a
#   log line at warning level tells, which amtool's user does not see, and the verdict turns when the fallback goes.
# Instead: quote every value, and run amtool check-config and the server with --enable-feature=utf8-strict-mode in CI.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"io"
	"log"
	"log/slog"

	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/matcher/parse"
)

func main() {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	flags, err := featurecontrol.NewFlags(quiet, "")
	if err != nil {
		log.Fatal(err)
	}
	compat.InitFromFlags(quiet, flags)
	for text, want := range map[string]string{
		`foo={a}`: "{a", `foo==bar`: "=bar", `foo=a=b`: "a=b", `foo=bar baz`: "bar baz", `foo='bar'`: "'bar'",
	} {
		matchers, err := compat.Matchers(text, "finding")
		if err != nil || len(matchers) != 1 || matchers[0].Value != want {
			log.Fatal(text, matchers, err)
		}
		if other, err := parse.Matchers(text); err == nil {
			log.Fatal(text, other)
		}
	}
}
GO
go mod init finding >log 2>&1
go get github.com/prometheus/alertmanager@v0.35.0 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "alertmanager_matcher_fallback: ok, behaviour as stated"
