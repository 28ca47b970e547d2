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
{{- $repository := ternary .repository (printf "%s/%s" .registry .repository) (empty .registry) -}}
{{- if .digest -}}
{{- printf "%s@%s" $repository .digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (.tag | default $.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* The watched namespaces as a JSON list of policies: [{"name": ..., "mode": ...}]. */ -}}
{{- define "sre-watchdog.namespaces" -}}
{{- $all := list -}}
{{- $seen := dict -}}
{{- range .Values.watch.namespaces -}}
{{- $policy := dict -}}
{{- if kindIs "string" . }}{{ $policy = dict "name" . }}{{ else }}{{ $policy = . }}{{ end -}}
{{- if hasKey $seen $policy.name -}}
{{- fail (printf "watch.namespaces lists %s twice" $policy.name) -}}
{{- end -}}
{{- $_ := set $seen $policy.name true -}}
{{- $all = append $all (merge (dict) $policy (dict "mode" "act")) -}}
{{- end -}}
{{- if not $all -}}
{{- $all = list (dict "name" .Release.Namespace "mode" "act") -}}
{{- end -}}
{{- toJson $all -}}
{{- end }}

{{- define "sre-watchdog.pushgatewayUrl" -}}
{{- if .Values.pushgateway.url -}}
{{- .Values.pushgateway.url -}}
{{- else if .Values.pushgateway.enabled -}}
{{- printf "http://%s-pushgateway.%s.svc:9091" (include "sre-watchdog.fullname" .) .Release.Namespace -}}
{{- end -}}
{{- end }}

{{- /* "true" where the release runs a Pushgateway of its own. */ -}}
{{- define "sre-watchdog.bundledPushgateway" -}}
{{- if and .Values.pushgateway.enabled (not .Values.pushgateway.url) }}true{{ end -}}
{{- end }}

{{- /* Name of cluster-wide objects: other releases may have the same name in other namespaces. */ -}}
{{- define "sre-watchdog.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "sre-watchdog.fullname" .) -}}
{{- end }}

{{- /* What observation reads in a watched namespace; watchdog/rights.py has the same list. */ -}}
{{- define "sre-watchdog.readRules" -}}
- apiGroups: [""]
  resources: [events, limitranges, persistentvolumeclaims, pods, resourcequotas, services]
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
{{- end }}
