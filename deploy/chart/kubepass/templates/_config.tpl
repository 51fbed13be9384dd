{{/*
The data of the ConfigMap with the configuration: kubepass.yaml, and a kubeconfig for each cluster that is reached with a
projected token. It is read at start, so its hash replaces the pods.
*/}}
{{- define "kubepass.config" -}}
{{- $files := dict }}
{{- $config := deepCopy .Values.config }}
{{- range $cluster := $config.clusters }}
{{- with index ($.Values.clusterCredentials | default dict) .name }}
{{- $_ := set $cluster "kubeconfig" (printf "/etc/kubepass/clusters/%s/kubeconfig" $cluster.name) }}
{{- if .server }}
{{- $_ := set $files (printf "%s.kubeconfig" $cluster.name) (include "kubepass.kubeconfig" .) }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.checkpointKeys }}
{{- $keys := list }}
{{- range $i, $_ := .Values.checkpointKeys }}{{ $keys = append $keys (printf "/etc/kubepass/checkpoint-keys/%d.key" $i) }}{{ end }}
{{- $_ := set $config "audit" (merge (dict "checkpointKeys" $keys) ($config.audit | default dict)) }}
{{- end }}
{{- $_ := set $files "kubepass.yaml" (printf "%s\n" (toYaml $config)) }}
{{- toYaml $files }}
{{- end -}}

{{/* A kubeconfig that has the CA and the token beside it. */}}
{{- define "kubepass.kubeconfig" -}}
apiVersion: v1
kind: Config
clusters:
  - name: cluster
    cluster:
      server: {{ .server | toJson }}
      certificate-authority: ca.crt
users:
  - name: kubepass
    user:
      tokenFile: token
contexts:
  - name: kubepass
    context:
      cluster: cluster
      user: kubepass
current-context: kubepass
{{ end -}}
