{{- /* Names are fixed: proxies find the Service by its name, and one controller serves a cluster. */ -}}
{{- define "gatewright.selector" -}}
app.kubernetes.io/name: gatewright
{{- end }}

{{- define "gatewright.labels" -}}
{{ include "gatewright.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "gatewright.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default "gatewright" }}
{{- end }}

{{- /* The controller, as roles are bound to it. */ -}}
{{- define "gatewright.subject" -}}
{ kind: ServiceAccount, name: {{ include "gatewright.serviceAccountName" . }}, namespace: {{ .Release.Namespace }} }
{{- end }}

{{- /* An image's name from its parts: repository, tag, digest. */ -}}
{{- define "gatewright.image" -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag }}{{ end }}
{{- end }}

{{- define "gatewright.controllerImage" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{ include "gatewright.image" (dict "repository" .Values.image.repository "tag" $tag "digest" .Values.image.digest) }}
{{- end }}

{{- /* A repository, tag or digest of its own replaces the controller's; a repository of its own has none of its digests. */ -}}
{{- define "gatewright.proxyImage" -}}
{{- $own := .Values.proxyImage -}}
{{- $repository := $own.repository | default .Values.image.repository -}}
{{- $tag := $own.tag | default .Values.image.tag | default .Chart.AppVersion -}}
{{- $digest := $own.digest | default (ternary "" .Values.image.digest (or (ne $own.repository "") (ne $own.tag ""))) -}}
{{ include "gatewright.image" (dict "repository" $repository "tag" $tag "digest" $digest) }}
{{- end }}
