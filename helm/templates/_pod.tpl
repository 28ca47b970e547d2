{{- /* The pod of a pass and of `helm test`. Takes root, env (a dict) and args. */ -}}
{{- define "sre-watchdog.podSpec" -}}
{{- with .root -}}
restartPolicy: Never
serviceAccountName: {{ include "sre-watchdog.serviceAccount" . }}
automountServiceAccountToken: true
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds | int }}
securityContext: {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ if kindIs "string" . }}{{ . }}{{ else }}{{ .name }}{{ end }}
  {{- end }}
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
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
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
{{- with .Values.llm -}}
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
{{- end }}
