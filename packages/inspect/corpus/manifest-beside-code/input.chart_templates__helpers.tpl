{{- define "web" -}}
kind: {{ .kind }}
{{- end }}
