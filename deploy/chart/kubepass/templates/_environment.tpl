{{/* The environment that the service and its migration share. */}}
{{- define "kubepass.commonEnvironment" -}}
- name: KUBEPASS_CONFIG
  value: /etc/kubepass/config/kubepass.yaml
- name: KUBEPASS_POLICIES_DIR
  value: /etc/kubepass/policies
- name: KUBEPASS_DATA_DIR
  value: /var/lib/kubepass/data
- name: KUBEPASS_HOST
  value: 0.0.0.0
- name: KUBEPASS_PORT
  value: '8443'
- name: KUBEPASS_TLS_CERT_FILE
  value: /etc/kubepass/tls/tls.crt
- name: KUBEPASS_TLS_KEY_FILE
  value: /etc/kubepass/tls/tls.key
{{- end -}}

{{/* The database as .login, one of database.postgresql.{owner,service}. No URL has a password, so nothing has to be encoded. */}}
{{- define "kubepass.databaseEnvironment" -}}
{{- $postgresql := .postgresql }}
{{- $host := ternary (printf "[%s]" $postgresql.host) $postgresql.host (contains ":" $postgresql.host) }}
{{- $user := .login.username | urlquery | replace "+" "%20" }}
{{- $name := $postgresql.name | urlquery | replace "+" "%20" }}
{{- $tls := "disable" }}
{{- if eq $postgresql.sslMode "verify-full" }}
{{- $tls = ternary "verify-full&sslrootcert=/etc/kubepass/postgresql/ca.crt" "verify-full" (not (empty $postgresql.caSecret.name)) }}
{{- end -}}
- name: DATABASE_URL
  value: {{ printf "postgresql://%s@%s:%d/%s?sslmode=%s" $user $host (int $postgresql.port) $name $tls | squote }}
- name: PGPASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .login.passwordSecret.name | quote }}
      key: {{ .login.passwordSecret.key | default "password" | quote }}
{{- end -}}

{{/* All variables of the service, but those of extraEnv. */}}
{{- define "kubepass.environment" -}}
{{ include "kubepass.commonEnvironment" . }}
{{- if eq .Values.database.type "postgresql" }}
{{ include "kubepass.databaseEnvironment" (dict "postgresql" .Values.database.postgresql "login" .Values.database.postgresql.service) }}
{{- end }}
{{- if .Values.firstAdminToken.name }}
- name: KUBEPASS_FIRST_ADMIN_TOKEN_FILE
  value: /etc/kubepass/first-admin-token/token
{{- end }}
{{- if .Values.metrics.enabled }}
- name: KUBEPASS_METRICS_HOST
  value: 0.0.0.0
- name: KUBEPASS_METRICS_PORT
  value: {{ int .Values.metrics.port | toString | squote }}
{{- end }}
{{- end -}}
