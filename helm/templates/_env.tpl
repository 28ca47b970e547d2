{{- /* A value as text; Helm reads every number as a float, which would print as 1e+06. */ -}}
{{- define "sre-watchdog.text" -}}
{{- if and (kindIs "float64" .) (eq (float64 (int64 .)) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end }}

{{- /* The settings of a pass and of `helm test`, as a JSON object of env names and texts. */ -}}
{{- define "sre-watchdog.env" -}}
{{- $names := list -}}
{{- $policies := dict -}}
{{- /* If none is left, the passes say so: an empty list would mean another namespace. */ -}}
{{- range include "sre-watchdog.namespaces" . | fromJsonArray | default (include "sre-watchdog.policies" . | fromJsonArray) -}}
{{- $names = append $names .name -}}
{{- $policy := dict "mode" .mode -}}
{{- with .channel }}{{ $_ := set $policy "channel" . }}{{ end -}}
{{- with .severity }}{{ $_ := set $policy "severity" . }}{{ end -}}
{{- with .owner }}{{ $_ := set $policy "owner" . }}{{ end -}}
{{- with .runbookUrl }}{{ $_ := set $policy "runbook_url" . }}{{ end -}}
{{- with .notify }}{{ $_ := set $policy "notify" . }}{{ end -}}
{{- with .windows }}{{ $_ := set $policy "windows" . }}{{ end -}}
{{- with .configmaps }}{{ $_ := set $policy "configmaps" . }}{{ end -}}
{{- with .suggestedEnv }}{{ $_ := set $policy "suggested_env" . }}{{ end -}}
{{- $_ := set $policies .name $policy -}}
{{- end -}}
{{- if ge (int .Values.runBudgetSeconds) (int .Values.activeDeadlineSeconds) -}}
{{- fail (printf "runBudgetSeconds (%v) must be less than activeDeadlineSeconds (%v): a pass needs time to report" .Values.runBudgetSeconds .Values.activeDeadlineSeconds) -}}
{{- end -}}
{{- if ne (empty .Values.blocker.prometheusUrl) (empty .Values.blocker.query) -}}
{{- fail "blocker.prometheusUrl and blocker.query go together: set both, or neither" -}}
{{- end -}}
{{- if and (or .Values.watch.namespaceSelector .Values.watch.allNamespaces) (not .Values.rbac.clusterRead) -}}
{{- fail "watch.namespaceSelector and watch.allNamespaces need rbac.clusterRead=true: namespaces that come and go can be read by a ClusterRole only" -}}
{{- end -}}
{{- $form := .Files.Get "files/label-selector.txt" | trim -}}
{{- range $name := list "labelSelector" "namespaceSelector" -}}
{{- if not (mustRegexMatch $form (get $.Values.watch $name)) -}}
{{- fail (printf "watch.%s: %q does not parse as a label selector, such as app=web,tier!=test or app in (web, api)" $name (get $.Values.watch $name)) -}}
{{- end -}}
{{- end -}}
{{- $env := dict
  "SRE_AGENT_NAMESPACES" (join "," $names)
  "SRE_AGENT_POLICIES" (toJson $policies)
  "SRE_AGENT_LABEL_SELECTOR" .Values.watch.labelSelector
  "SRE_AGENT_WATCH__NAMESPACE_SELECTOR" .Values.watch.namespaceSelector
  "SRE_AGENT_WATCH__ALL_NAMESPACES" (ternary "true" "" .Values.watch.allNamespaces)
  "SRE_AGENT_WATCH__EXCLUDE" (join "," .Values.watch.exclude)
  "SRE_AGENT_WATCH__CUSTOM_RESOURCES" (join "," .Values.watch.customResources)
  "SRE_AGENT_DRY_RUN" (toString .Values.dryRun)
  "SRE_AGENT_MAX_REMEDIATION_ATTEMPTS" (include "sre-watchdog.text" .Values.maxRemediationAttempts)
  "SRE_AGENT_LIMITS__ACTIONS_PER_HOUR" (include "sre-watchdog.text" .Values.limits.actionsPerHour)
  "SRE_AGENT_LIMITS__ACTIONS_PER_TARGET_PER_HOUR" (include "sre-watchdog.text" .Values.limits.actionsPerTargetPerHour)
  "SRE_AGENT_LIMITS__BREAKER_SHARE" (include "sre-watchdog.text" .Values.limits.breakerShare)
  "SRE_AGENT_LIMITS__BREAKER_MINIMUM" (include "sre-watchdog.text" .Values.limits.breakerMinimum)
  "SRE_AGENT_CHANGE_WINDOWS" (join "," .Values.changeWindows)
  "SRE_AGENT_BLOCKER__PROMETHEUS_URL" .Values.blocker.prometheusUrl
  "SRE_AGENT_BLOCKER__QUERY" .Values.blocker.query
  "SRE_AGENT_BLOCKER__TIMEOUT_SECONDS" (include "sre-watchdog.text" .Values.blocker.timeoutSeconds)
  "SRE_AGENT_RUN_BUDGET_SECONDS" (include "sre-watchdog.text" .Values.runBudgetSeconds)
  "SRE_AGENT_CLUSTER_NAME" .Values.clusterName
  "SRE_AGENT_DASHBOARD_URL" .Values.dashboardUrl
  "SRE_AGENT_RELEASE_NAME" .Release.Name
  "SRE_AGENT_SHARDS" (ternary "" (include "sre-watchdog.text" .Values.shards) (eq (int .Values.shards) 1))
  "SRE_AGENT_LLM__BASE_URL" .Values.llm.baseUrl
  "SRE_AGENT_LLM__MODEL" .Values.llm.model
  "SRE_AGENT_LLM__CALLS_PER_DAY" (include "sre-watchdog.text" .Values.llm.callsPerDay)
  "SRE_AGENT_LLM__TOKENS_PER_DAY" (include "sre-watchdog.text" .Values.llm.tokensPerDay)
  "SRE_AGENT_SLACK__CHANNEL" .Values.slack.channel
  "SRE_AGENT_SLACK__BASE_URL" .Values.slack.baseUrl
  "SRE_AGENT_SLACK__APPROVERS" (join "," .Values.slack.approvers)
  "SRE_AGENT_SLACK__REMIND_SECONDS" (include "sre-watchdog.text" .Values.slack.remindSeconds)
  "SRE_AGENT_ALERTMANAGER__URL" .Values.alertmanager.url
  "SRE_AGENT_ALERTMANAGER__URLS" (join "," .Values.alertmanager.urls)
  "SRE_AGENT_INCIDENTS__TRIES" (include "sre-watchdog.text" .Values.incidents.tries)
  "SRE_AGENT_INCIDENTS__COOLDOWN_SECONDS" (include "sre-watchdog.text" .Values.incidents.cooldownSeconds)
  "SRE_AGENT_INCIDENTS__REOPEN_SECONDS" (include "sre-watchdog.text" .Values.incidents.reopenSeconds)
  "SRE_AGENT_INCIDENTS__APPROVAL_SECONDS" (include "sre-watchdog.text" .Values.incidents.approvalSeconds)
  "SRE_AGENT_PUSHGATEWAY__URL" (include "sre-watchdog.pushgatewayUrl" .)
  "SRE_AGENT_PUSHGATEWAY__JOB" .Release.Name
  "SRE_AGENT_HEARTBEAT__URL" .Values.heartbeat.url -}}
{{- with .Values.watch.choices -}}{{- $_ := set $env "SRE_AGENT_WATCH__CHOICES" (toJson .) -}}{{- end -}}
{{- with .Values.llm.extraHeaders -}}{{- $_ := set $env "SRE_AGENT_LLM__EXTRA_HEADERS" (toJson .) -}}{{- end -}}
{{- with .Values.llm.extraBody -}}{{- $_ := set $env "SRE_AGENT_LLM__EXTRA_BODY" (toJson .) -}}{{- end -}}
{{- range $kind, $mode := .Values.actions -}}
{{- $_ := set $env (printf "SRE_AGENT_ACTIONS__%s" (upper $kind)) $mode -}}
{{- end -}}
{{- $secret := list "POD_NAMESPACE" "SRE_AGENT_CONFIG" "SRE_AGENT_LLM__API_KEY" "SRE_AGENT_SLACK__BOT_TOKEN" "SRE_AGENT_SLACK__WEBHOOK_URL" "SRE_AGENT_MEMORY__KEY" -}}
{{- range $name := list "alertmanager" "blocker" "pushgateway" -}}
{{- if (get $.Values $name).existingSecret.name -}}
{{- range list "USER" "PASSWORD" "TOKEN" }}{{ $secret = append $secret (printf "SRE_AGENT_%s__%s" (upper $name) .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if .Values.notify.existingSecret.name -}}
{{- range list "URLS" "WEBHOOKS" "WEBHOOK_KEY" }}{{ $secret = append $secret (printf "SRE_AGENT_NOTIFY__%s" .) }}{{ end -}}
{{- end -}}
{{- $further := dict -}}
{{- range $name, $value := .Values.settings -}}
{{- $full := printf "SRE_AGENT_%s" (upper $name) -}}
{{- if or (hasKey $env $full) (has $full $secret) -}}
{{- fail (printf "settings.%s: the chart sets %s itself, use the value of that name" $name $full) -}}
{{- end -}}
{{- $_ := set $further $full (include "sre-watchdog.text" $value) -}}
{{- end -}}
{{- $env = merge $env $further -}}
{{- if and .Values.caBundle.configMap .Values.caBundle.secret -}}
{{- fail "caBundle.configMap and caBundle.secret are both set: keep one" -}}
{{- end -}}
{{- if or .Values.caBundle.configMap .Values.caBundle.secret -}}
{{- $secret = append $secret "SSL_CERT_FILE" -}}
{{- end -}}
{{- $seen := dict -}}
{{- range .Values.extraEnv -}}
{{- if or (hasKey $env .name) (has .name $secret) -}}
{{- fail (printf "extraEnv names %s, which the chart sets itself: use the value of that name, or settings" .name) -}}
{{- end -}}
{{- if hasKey $seen .name -}}
{{- fail (printf "extraEnv names %s twice" .name) -}}
{{- end -}}
{{- $_ := set $seen .name true -}}
{{- end -}}
{{- toJson $env -}}
{{- end }}
