#!/usr/bin/env bash
# github.com/distribution/reference 0.6.0 (what container engines parse images with) and go-containerregistry 0.22.1 (what scanners, signers
# and policy tools use), both Go: two readings of one image name.
# Seen: "Team/app:1" is the repository app on the registry host "Team" to the first and an error to the second ("team/app:1" is
#   docker.io/team/app for both). "app:1@sha256:..." keeps its tag in the first; the second's Name() is "app@sha256:..." without it. A
#   repository of 64 hexadecimal digits is refused by the first and docker.io/library/<digits> to the second.
# Surprise: one capital letter changes the registry, not only the spelling; the pull goes to a host called "Team".
# Instead: lower-case check before anything else; keep the text of the manifest for people, the parsed form for comparisons.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"log"
	"strings"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
)

func main() {
	named, err := reference.ParseNormalizedNamed("Team/app:1")
	if err != nil || reference.Domain(named) != "Team" || reference.Path(named) != "app" {
		log.Fatal(named, err)
	}
	if other, err := name.ParseReference("Team/app:1"); err == nil {
		log.Fatal(other.Name())
	}
	lower, err := reference.ParseNormalizedNamed("team/app:1")
	if err != nil || lower.String() != "docker.io/team/app:1" {
		log.Fatal(lower, err)
	}
	digest := "@sha256:" + strings.Repeat("e3b0c442", 8)
	named, err = reference.ParseNormalizedNamed("app:1" + digest)
	if err != nil || named.String() != "docker.io/library/app:1"+digest {
		log.Fatal(named, err)
	}
	other, err := name.ParseReference("app:1" + digest)
	if err != nil || other.Name() != "index.docker.io/library/app"+digest {
		log.Fatal(other, err)
	}
	digits := strings.Repeat("e3b0c442", 8)
	if _, err := reference.ParseNormalizedNamed(digits); err == nil {
		log.Fatal(digits)
	}
	if other, err = name.ParseReference(digits); err != nil || other.Name() != "index.docker.io/library/"+digits+":latest" {
		log.Fatal(other, err)
	}
}
GO
go mod init finding >log 2>&1
go get github.com/distribution/reference@v0.6.0 github.com/google/go-containerregistry@v0.22.1 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "image_reference_uppercase: ok, behaviour as stated"
