{{- /* What a schema could refuse, too, but not in words. */ -}}
{{- define "gatewright.validate" -}}
{{- $values := dict
  "namespace" "the release's namespace"
  "watch-namespace" "watchNamespaces"
  "proxy-image" "proxyImage"
  "proxy-pull-policy" "proxyImage.pullPolicy"
  "log-level" "logLevel"
  "log-format" "logFormat"
-}}
{{- range $index, $argument := .Values.extraArgs -}}
{{- $option := regexFind "^[^=]*" $argument | trimPrefix "--" -}}
{{- if hasKey $values $option -}}
{{- fail (printf "extraArgs[%d]: --%s is set by %s" $index $option (get $values $option)) -}}
{{- else if has $option (list "xds-address" "health-address" "admin-address" "kubeconfig" "context") -}}
{{- fail (printf "extraArgs[%d]: --%s would part the controller from what the chart makes around it" $index $option) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.gatewayClass.parameters .Values.watchNamespaces (not (has .Release.Namespace .Values.watchNamespaces)) -}}
{{- fail (printf "gatewayClass.parameters: they are in namespace %s, which watchNamespaces leaves out" .Release.Namespace) -}}
{{- end -}}
{{- range $label := keys .Values.podLabels -}}
{{- if hasPrefix "app.kubernetes.io/" $label -}}
{{- fail (printf "podLabels: %s is the chart's, which finds its pods by such labels" $label) -}}
{{- end -}}
{{- end -}}
{{- end }}
