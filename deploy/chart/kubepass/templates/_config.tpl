{{/*
The data of the ConfigMap with the configuration: kubepass.yaml, and a kubeconfig for each cluster that is reached with a
projected token. It is read at start, so its hash replaces the pods.
*/}}
{{- define "kubepass.config" -}}
{{- $files := dict }}
{{- $config := deepCopy .Values.config }}
{{- range $cluster := $config.clusters }}
{{- with index ($.Values.clusterCredentials | default dict) .name }}
{{- $folder := printf "/etc/kubepass/clusters/%s" $cluster.name }}
{{- if .server }}
{{- $file := printf "%s.kubeconfig" $cluster.name }}
{{- $_ := set $cluster "kubeconfig" (printf "/etc/kubepass/config/%s" $file) }}
{{- $_ := set $files $file (include "kubepass.kubeconfig" (dict "server" .server "folder" $folder)) }}
{{- else }}
{{- $_ := set $cluster "kubeconfig" (printf "%s/kubeconfig" $folder) }}
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

{{- define "kubepass.kubeconfig" -}}
apiVersion: v1
kind: Config
clusters:
  - name: cluster
    cluster:
      server: {{ .server | toJson }}
      certificate-authority: {{ .folder }}/ca.crt
users:
  - name: kubepass
    user:
      tokenFile: {{ .folder }}/token
contexts:
  - name: kubepass
    context:
      cluster: cluster
      user: kubepass
current-context: kubepass
{{ end -}}
