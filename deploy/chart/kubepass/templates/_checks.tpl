{{/* (list PLACE END VALUES): refuses a value that is in the list twice. END `.name`: objects of the list, by their names. */}}
{{- define "kubepass.refuseTwice" -}}
{{- $place := index . 0 }}{{ $end := index . 1 }}{{ $seen := list }}
{{- range $i, $value := index . 2 }}
{{- if $end }}{{ $value = index $value (trimPrefix "." $end) }}{{ end }}
{{- if has $value $seen }}{{ fail (printf "%s[%d]%s: %v is there already" $place $i $end $value) }}{{ end }}
{{- $seen = append $seen $value }}
{{- end }}
{{- end -}}
