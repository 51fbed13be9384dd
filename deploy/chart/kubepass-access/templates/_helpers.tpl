{{/*
The name of everything but the service account, which has that of the release. No namespace has a dot in its name, so two
releases never have the same one. The longest end that it gets is `-revocation-policy`.
*/}}
{{- define "kubepass-access.name" -}}
{{- $name := .Release.Name }}
{{- if ne $name .Release.Namespace }}{{ $name = printf "%s.%s" .Release.Namespace $name }}{{ end }}
{{- if le (len $name) 45 }}{{ $name }}
{{- else }}{{ printf "%s-%s" ($name | trunc 36 | trimSuffix "-" | trimSuffix ".") (sha256sum $name | trunc 8) }}
{{- end }}
{{- end -}}

{{- define "kubepass-access.labels" -}}
app.kubernetes.io/name: kubepass-access
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* Who has the rights, as the subject of a binding. */}}
{{- define "kubepass-access.subject" -}}
{{- $subject := .Values.subject | default dict }}
{{- if eq ($subject.kind | default "ServiceAccount") "ServiceAccount" -}}
kind: ServiceAccount
name: {{ $subject.name | default .Release.Name | quote }}
namespace: {{ $subject.namespace | default .Release.Namespace | quote }}
{{- else -}}
apiGroup: rbac.authorization.k8s.io
kind: {{ $subject.kind }}
name: {{ $subject.name | quote }}
{{- end }}
{{- end -}}
