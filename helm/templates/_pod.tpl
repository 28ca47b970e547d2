{{- /* The pod of a pass and of `helm test`. Takes root, env (a dict) and args. */ -}}
{{- define "sre-watchdog.podSpec" -}}
{{- with .root -}}
restartPolicy: Never
serviceAccountName: {{ include "sre-watchdog.serviceAccount" . }}
automountServiceAccountToken: true
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds | int }}
securityContext: {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with include "sre-watchdog.pullSecrets" . }}
{{ . }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with .Values.dnsConfig }}
dnsConfig: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.hostAliases }}
hostAliases: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints: {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir: {medium: Memory, sizeLimit: 16Mi}
  {{- with .Values.caBundle }}
  {{- if .configMap }}
  - name: ca-bundle
    configMap: {name: {{ .configMap }}}
  {{- else if .secret }}
  - name: ca-bundle
    secret: {secretName: {{ .secret }}}
  {{- end }}
  {{- end }}
  {{- if .Values.config }}
  - name: config
    configMap: {name: {{ include "sre-watchdog.fullname" . }}-config}
  {{- end }}
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- if or .Values.initContainers .Values.sidecars }}
initContainers:
  {{- with .Values.initContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- range .Values.sidecars }}
  {{- /* As an init container that stays, it ends with the pass; another one would keep the Job from ending. */ -}}
  {{- list (merge (dict "restartPolicy" "Always") .) | toYaml | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
containers:
  - name: sre-watchdog
    image: {{ include "sre-watchdog.image" .root }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    args: {{- toYaml .args | nindent 6 }}
    env:
      - name: POD_NAMESPACE
        valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
      {{- if gt (int .root.Values.shards) 1 }}
      - name: JOB_NAME
        valueFrom: {fieldRef: {fieldPath: "metadata.labels['job-name']"}}
      {{- end }}
      {{- range $name, $value := .env }}
      {{- if ne (toString $value) "" }}
      - name: {{ $name }}
        value: {{ $value | quote }}
      {{- end }}
      {{- end }}
      {{- with .root.Values.caBundle }}
      {{- if or .configMap .secret }}
      - name: SSL_CERT_FILE
        value: /etc/sre-watchdog/ca/{{ .key }}
      {{- end }}
      {{- end }}
      {{- if .root.Values.config }}
      - name: SRE_AGENT_CONFIG
        value: /etc/sre-watchdog/config/config.yaml
      {{- end }}
      {{- with .root }}
      {{- with include "sre-watchdog.secretEnv" . | trim }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- with .Values.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- with .Values.extraEnvFrom }}
    envFrom: {{- toYaml . | nindent 6 }}
    {{- end }}
    securityContext: {{- toYaml .Values.securityContext | nindent 6 }}
    resources: {{- toYaml .Values.resources | nindent 6 }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
      {{- if or .Values.caBundle.configMap .Values.caBundle.secret }}
      - name: ca-bundle
        mountPath: /etc/sre-watchdog/ca
        readOnly: true
      {{- end }}
      {{- if .Values.config }}
      - name: config
        mountPath: /etc/sre-watchdog/config
        readOnly: true
      {{- end }}
      {{- with .Values.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- end }}
{{- end }}

{{- define "sre-watchdog.secretEnv" -}}
{{- if and .Values.llm.apiKey .Values.llm.existingSecret.name -}}
{{- fail "llm.apiKey and llm.existingSecret.name are both set: keep one" -}}
{{- end -}}
{{- if and (or .Values.slack.botToken .Values.slack.webhookUrl) .Values.slack.existingSecret.name -}}
{{- fail "slack.existingSecret.name is set beside slack.botToken or slack.webhookUrl: keep one" -}}
{{- end -}}
{{- $own := include "sre-watchdog.fullname" . -}}
{{- with .Values.memory.existingSecret }}
- name: SRE_AGENT_MEMORY__KEY
  valueFrom: {secretKeyRef: {name: {{ .name | default (printf "%s-memory" $own) }}, key: {{ ternary .key "key" (not (empty .name)) }}{{ if and .name .optional }}, optional: true{{ end }}}}
{{- end }}
{{- with .Values.llm }}
{{- if or .apiKey .existingSecret.name }}
- name: SRE_AGENT_LLM__API_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret.name | default $own }}
      key: {{ ternary .existingSecret.key "llm-api-key" (not (empty .existingSecret.name)) }}
{{- end }}
{{- end }}
{{- with .Values.slack }}
{{- if .existingSecret.name }}
- name: SRE_AGENT_SLACK__BOT_TOKEN
  valueFrom: {secretKeyRef: {name: {{ .existingSecret.name }}, key: {{ .existingSecret.botTokenKey }}, optional: true}}
- name: SRE_AGENT_SLACK__WEBHOOK_URL
  valueFrom: {secretKeyRef: {name: {{ .existingSecret.name }}, key: {{ .existingSecret.webhookUrlKey }}, optional: true}}
{{- else }}
{{- if .botToken }}
- name: SRE_AGENT_SLACK__BOT_TOKEN
  valueFrom: {secretKeyRef: {name: {{ $own }}, key: slack-bot-token}}
{{- end }}
{{- if .webhookUrl }}
- name: SRE_AGENT_SLACK__WEBHOOK_URL
  valueFrom: {secretKeyRef: {name: {{ $own }}, key: slack-webhook-url}}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.notify.existingSecret }}
{{- if .name }}
{{- range $what, $key := dict "URLS" .urlsKey "WEBHOOKS" .webhooksKey "WEBHOOK_KEY" .webhookKeyKey }}
- name: SRE_AGENT_NOTIFY__{{ $what }}
  valueFrom: {secretKeyRef: {name: {{ $.Values.notify.existingSecret.name }}, key: {{ $key }}, optional: true}}
{{- end }}
{{- end }}
{{- end }}
{{- range $name := list "alertmanager" "blocker" "pushgateway" }}
{{- with (get $.Values $name).existingSecret }}
{{- if .name }}
{{- range $what, $key := dict "USER" .userKey "PASSWORD" .passwordKey "TOKEN" .tokenKey }}
- name: SRE_AGENT_{{ upper $name }}__{{ $what }}
  valueFrom: {secretKeyRef: {name: {{ (get $.Values $name).existingSecret.name }}, key: {{ $key }}, optional: true}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
