#!/usr/bin/env bash
# k8s.io/apimachinery 0.37.2 (Go): a strategic merge patch puts what is new in front of what exists.
# Seen: a patch that adds the container "proxy" to a Deployment with "main" gives [proxy, main]; a new env variable C with A changed gives
#   [C, A, B]. "tolerations" are replaced as a whole, "volumes: []" changes nothing while "args: []" empties, and {"name": "B",
#   "value": "z"} keeps the valueFrom of B beside it (which the server then refuses).
# Surprise: "merge" reads as "append". The first container is the default of kubectl logs and exec and of many tools, so an added sidecar
#   takes its place; $(VAR) in env only sees variables before it, so it may stop being expanded, without an error.
# Instead: a JSON patch with "add /.../containers/-", or the annotation kubectl.kubernetes.io/default-container.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"log"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

const base = `{"containers":[{"name":"main","args":["x"],"env":[{"name":"A","value":"1"},
	{"name":"B","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]}],
	"tolerations":[{"key":"t","operator":"Exists"}],"volumes":[{"name":"v","emptyDir":{}}]}`

func patched(patch string) corev1.PodSpec {
	out, err := strategicpatch.StrategicMergePatch([]byte(base), []byte(patch), corev1.PodSpec{})
	if err != nil {
		log.Fatal(patch, err)
	}
	var spec corev1.PodSpec
	if err := json.Unmarshal(out, &spec); err != nil {
		log.Fatal(err)
	}
	return spec
}

func main() {
	spec := patched(`{"containers":[{"name":"proxy","image":"p"}]}`)
	if spec.Containers[0].Name != "proxy" || spec.Containers[1].Name != "main" {
		log.Fatal(spec.Containers)
	}
	env := patched(`{"containers":[{"name":"main","env":[{"name":"C","value":"3"},{"name":"A","value":"2"}]}]}`).Containers[0].Env
	if len(env) != 3 || env[0].Name != "C" || env[1].Name != "A" || env[2].Name != "B" {
		log.Fatal(env)
	}
	env = patched(`{"containers":[{"name":"main","env":[{"name":"B","value":"z"}]}]}`).Containers[0].Env
	if env[1].Value != "z" || env[1].ValueFrom == nil {
		log.Fatal(env)
	}
	if t := patched(`{"tolerations":[{"key":"u"}]}`).Tolerations; len(t) != 1 || t[0].Key != "u" {
		log.Fatal(t)
	}
	if v := patched(`{"volumes":[]}`).Volumes; len(v) != 1 {
		log.Fatal(v)
	}
	if a := patched(`{"containers":[{"name":"main","args":[]}]}`).Containers[0].Args; len(a) != 0 {
		log.Fatal(a)
	}
}
GO
go mod init finding >log 2>&1
go get k8s.io/apimachinery@v0.37.2 k8s.io/api@v0.37.2 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "kubectl_strategic_merge_order: ok, behaviour as stated"
