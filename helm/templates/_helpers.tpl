{{- /* Where the release's own objects are. */ -}}
{{- define "sre-watchdog.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end }}

{{- define "sre-watchdog.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- /* A CronJob's Jobs add 9 to its name and their pods up to 4, of the 63 that a label holds. */ -}}
{{- define "sre-watchdog.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "sre-watchdog.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "sre-watchdog.selectorLabels" -}}
app.kubernetes.io/name: {{ include "sre-watchdog.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sre-watchdog.labels" -}}
{{ include "sre-watchdog.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "sre-watchdog.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "sre-watchdog.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{- define "sre-watchdog.image" -}}
{{- with .Values.image -}}
{{- $registry := $.Values.global.imageRegistry | default .registry -}}
{{- $repository := ternary .repository (printf "%s/%s" $registry .repository) (empty $registry) -}}
{{- if .digest -}}
{{- printf "%s@%s" $repository .digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (.tag | default $.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "sre-watchdog.pullSecrets" -}}
{{- with concat .Values.global.imagePullSecrets .Values.image.pullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ if kindIs "string" . }}{{ . }}{{ else }}{{ .name }}{{ end }}
  {{- end }}
{{- end -}}
{{- end }}

{{- /* All of watch.namespaces as a JSON list of policies: [{"name": ..., "mode": ...}]. */ -}}
{{- define "sre-watchdog.policies" -}}
{{- $all := list -}}
{{- $seen := dict -}}
{{- range .Values.watch.namespaces | default (list (include "sre-watchdog.namespace" .)) -}}
{{- $policy := dict -}}
{{- if kindIs "string" . }}{{ $policy = dict "name" . }}{{ else }}{{ $policy = . }}{{ end -}}
{{- if hasKey $seen $policy.name -}}
{{- fail (printf "watch.namespaces lists %s twice" $policy.name) -}}
{{- end -}}
{{- if hasPrefix "kube-" $policy.name -}}
{{- fail (printf "watch.namespaces: %s cannot be watched, nor can any other kube-* namespace" $policy.name) -}}
{{- end -}}
{{- $_ := set $seen $policy.name true -}}
{{- $all = append $all (merge (dict) $policy (dict "mode" $.Values.watch.mode)) -}}
{{- end -}}
{{- toJson $all -}}
{{- end }}

{{- /* Those of them that exist, in the same form. `helm template` cannot ask, and takes all of them. */ -}}
{{- define "sre-watchdog.namespaces" -}}
{{- (include "sre-watchdog.lookedUp" . | fromJson).there | toJson -}}
{{- end }}

{{- /* {"there": [policies], "gone": [names], "memory": {name: [kinds]}}. Asked once for all templates: the answer is kept in .Values. */ -}}
{{- define "sre-watchdog.lookedUp" -}}
{{- if not (hasKey .Values "lookedUp") -}}
{{- $all := include "sre-watchdog.policies" . | fromJsonArray -}}
{{- $there := list -}}{{- $gone := list -}}{{- $answered := false -}}
{{- range $all -}}
{{- $found := lookup "v1" "Namespace" "" .name -}}
{{- if $found }}{{ $answered = true }}{{ end -}}
{{- if or (eq .name (include "sre-watchdog.namespace" $)) (and $found (ne (dig "status" "phase" "" $found) "Terminating")) -}}
{{- $there = append $there . -}}
{{- else -}}
{{- $gone = append $gone .name -}}
{{- end -}}
{{- end -}}
{{- /* Empty answers only: either they do not exist, or there is no cluster to ask. */ -}}
{{- if and $gone (not $answered) (not (lookup "v1" "Namespace" "" "kube-system")) -}}
{{- $there = $all -}}{{- $gone = list -}}
{{- end -}}
{{- if and $gone .Release.IsInstall -}}
{{- fail (printf "watch.namespaces: not found: %s. Create them or correct the list; nothing was installed" (join ", " $gone)) -}}
{{- end -}}
{{- $memory := dict -}}
{{- range $there -}}
{{- $_ := set $memory .name (include "sre-watchdog.foundMemory" (dict "root" $ "namespace" .name) | fromJsonArray) -}}
{{- end -}}
{{- $_ := set .Values "lookedUp" (dict "there" $there "gone" $gone "memory" $memory) -}}
{{- end -}}
{{- toJson .Values.lookedUp -}}
{{- end }}

{{- define "sre-watchdog.pushgatewayUrl" -}}
{{- if .Values.pushgateway.url -}}
{{- .Values.pushgateway.url -}}
{{- else if .Values.pushgateway.enabled -}}
{{- printf "http://%s-pushgateway.%s.svc:9091" (include "sre-watchdog.fullname" .) (include "sre-watchdog.namespace" .) -}}
{{- end -}}
{{- end }}

{{- /* "true" if the release runs its own Pushgateway. */ -}}
{{- define "sre-watchdog.bundledPushgateway" -}}
{{- if and .Values.pushgateway.enabled (not .Values.pushgateway.url) }}true{{ end -}}
{{- end }}

{{- /* Name of cluster-wide objects: other releases may have the same name in other namespaces. */ -}}
{{- define "sre-watchdog.clusterName" -}}
{{- printf "%s-%s" (include "sre-watchdog.namespace" .) (include "sre-watchdog.fullname" .) -}}
{{- end }}

{{- /* What observation reads in a watched namespace; watchdog/rights.py has the same list. */ -}}
{{- define "sre-watchdog.readRules" -}}
- apiGroups: [""]
  resources: [events, limitranges, persistentvolumeclaims, pods, replicationcontrollers, resourcequotas, services]
  verbs: [get, list]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
- apiGroups: [apps]
  resources: [daemonsets, deployments, replicasets, statefulsets]
  verbs: [get, list]
- apiGroups: [batch]
  resources: [cronjobs, jobs]
  verbs: [get, list]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [get, list]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get, list]
{{- end }}

{{- /* Reads of the custom resources that watch.customResources names; nothing if it names none. */ -}}
{{- define "sre-watchdog.customRules" -}}
{{- $presets := .Files.Get "files/custom-resources.json" | fromJson -}}
{{- $groups := dict -}}
{{- range $name := .Values.watch.customResources -}}
{{- $named := list $name -}}
{{- if hasKey $presets $name -}}
{{- $named = get $presets $name -}}
{{- else if not (contains "." $name) -}}
{{- fail (printf "watch.customResources: %s is no preset; there are %s" $name (keys $presets | sortAlpha | join ", ")) -}}
{{- end -}}
{{- range $named -}}
{{- $parts := regexSplit "\\." . 2 -}}
{{- $group := index $parts 1 -}}
{{- $_ := set $groups $group (append (get $groups $group | default list) (index $parts 0) | uniq) -}}
{{- end -}}
{{- end -}}
{{- range $group, $plurals := $groups }}
- apiGroups: [{{ $group }}]
  resources: [{{ $plurals | sortAlpha | join ", " }}]
  verbs: [get, list]
{{- end }}
{{- end }}

{{- /*
The kinds (ConfigMap, Lease) of a namespace's memory that `sre-watchdog run` made there before this release.
Helm refuses to install objects that no release owns, so they are used as they are. What the release made
itself has to stay in it, or Helm would delete it: the Role remembers which they were.
*/ -}}
{{- define "sre-watchdog.foundMemory" -}}
{{- $found := list -}}
{{- $role := lookup "rbac.authorization.k8s.io/v1" "Role" .namespace (include "sre-watchdog.fullname" .root) -}}
{{- $remembered := splitList "," (dig "metadata" "annotations" "sre-watchdog/found-memory" "" $role) -}}
{{- range $kind, $group := dict "ConfigMap" "v1" "Lease" "coordination.k8s.io/v1" -}}
{{- $object := lookup $group $kind $.namespace "sre-watchdog" -}}
{{- $unowned := and $object (not (dig "metadata" "annotations" "meta.helm.sh/release-name" "" $object)) -}}
{{- if and $unowned (or (not $role) (has $kind $remembered)) -}}
{{- $found = append $found $kind -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end }}
