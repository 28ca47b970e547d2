#!/usr/bin/env bash
# github.com/fluxcd/cli-utils 1.2.2 (Go; helm.sh/helm/v4 4.3.2 requires it: kstatus, what `helm --wait` asks): what counts as ready.
# Seen as Current: a Pod of phase Failed ("Pod has completed, but not successfully"); a Job with three failed pods that still runs; a
#   StatefulSet with strategy OnDelete and 0 of 3 ready; a Service of type LoadBalancer without an address; a custom resource with
#   phase Failed, or with Ready=True of an older generation in the condition. A Job with FailureTarget=True is Current until Failed comes.
# Surprise: "wait until resources are ready" then ends at once for these (Helm itself was not run here). A Job is not waited for at all: --wait-for-jobs
#   is another flag. Helm 3 waited for the address of a LoadBalancer.
# Instead: kubectl wait --for=condition=... for what matters, or a test hook that uses the service.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"log"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const meta = "metadata: {name: a, namespace: b, generation: 5}\n"

func main() {
	for text, want := range map[string]status.Status{
		"apiVersion: v1\nkind: Pod\n" + meta + "status: {phase: Failed}":                                                               status.CurrentStatus,
		"apiVersion: batch/v1\nkind: Job\n" + meta + "status: {startTime: '2026-01-01T00:00:00Z', active: 1, failed: 3}":               status.CurrentStatus,
		"apiVersion: batch/v1\nkind: Job\n" + meta + "status: {startTime: '2026-01-01T00:00:00Z', conditions: [{type: FailureTarget, status: 'True'}]}": status.CurrentStatus,
		"apiVersion: batch/v1\nkind: Job\n" + meta + "status: {startTime: '2026-01-01T00:00:00Z', conditions: [{type: Failed, status: 'True'}]}":        status.FailedStatus,
		"apiVersion: apps/v1\nkind: StatefulSet\n" + meta + "spec: {replicas: 3, updateStrategy: {type: OnDelete}}\nstatus: {observedGeneration: 5, replicas: 0}": status.CurrentStatus,
		"apiVersion: v1\nkind: Service\n" + meta + "spec: {type: LoadBalancer, clusterIP: 10.0.0.1}\nstatus: {loadBalancer: {}}":     status.CurrentStatus,
		"apiVersion: example.org/v1\nkind: Shop\n" + meta + "status: {phase: Failed}":                                                status.CurrentStatus,
		"apiVersion: example.org/v1\nkind: Shop\n" + meta + "status: {conditions: [{type: Ready, status: 'True', observedGeneration: 4}]}": status.CurrentStatus,
		"apiVersion: example.org/v1\nkind: Shop\n" + meta + "status: {conditions: [{type: Ready, status: 'False'}]}":                  status.InProgressStatus,
	} {
		data, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			log.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(data); err != nil {
			log.Fatal(err)
		}
		result, err := status.Compute(object)
		if err != nil || result.Status != want {
			log.Fatal(text, result, err)
		}
	}
}
GO
go mod init finding >log 2>&1
go get github.com/fluxcd/cli-utils@v1.2.2 k8s.io/apimachinery@v0.37.2 sigs.k8s.io/yaml@v1.6.0 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "helm_wait_calls_failed_ready: ok, behaviour as stated"
