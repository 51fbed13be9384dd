{{/* The service account of the pods, as the subject of a binding. */}}
{{- define "kubepass.subject" -}}
kind: ServiceAccount
name: {{ include "kubepass.serviceAccountName" . | quote }}
namespace: {{ .Release.Namespace | quote }}
{{- end -}}

{{/* (list . NAME): gives the service account the ClusterRole of the same name. */}}
{{- define "kubepass.clusterRoleBinding" -}}
{{- $root := index . 0 }}{{ $name := index . 1 -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $name }}
  labels:
    {{- include "kubepass.labels" $root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $name }}
subjects:
  - {{ include "kubepass.subject" $root | indent 4 | trim }}
{{- end -}}

{{/* (list . NAMESPACE NAME ROLE): gives the service account a Role. */}}
{{- define "kubepass.roleBinding" -}}
{{- $root := index . 0 -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ index . 2 }}
  namespace: {{ index . 1 | quote }}
  labels:
    {{- include "kubepass.labels" $root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ index . 3 }}
subjects:
  - {{ include "kubepass.subject" $root | indent 4 | trim }}
{{- end -}}
