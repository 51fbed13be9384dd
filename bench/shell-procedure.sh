#!/bin/sh
# What an administrator does by hand: shell-procedure.sh NAME, in a directory of its own.
# KUBECTL and ADMIN_KUBECONFIG say with what; SERVER and CA_FILE go into the kubeconfig.
set -eu
name=$1
kubectl() { "$KUBECTL" --kubeconfig="$ADMIN_KUBECONFIG" "$@"; }
config() { "$KUBECTL" --kubeconfig="$name.kubeconfig" config "$@" >/dev/null; }

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$name.key" 2>/dev/null
openssl req -new -key "$name.key" -subj "/O=team-a/CN=$name" -out "$name.csr"
kubectl apply -f - >/dev/null <<YAML
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata:
  name: $name
spec:
  request: $(base64 <"$name.csr" | tr -d '\n')
  signerName: kubernetes.io/kube-apiserver-client
  expirationSeconds: 3600
  usages: [client auth, digital signature]
YAML
kubectl certificate approve "$name" >/dev/null
until certificate=$(kubectl get csr "$name" -o jsonpath='{.status.certificate}') && [ -n "$certificate" ]; do :; done
printf %s "$certificate" | base64 -d >"$name.crt"
config set-cluster bench --server="$SERVER" --certificate-authority="$CA_FILE" --embed-certs
config set-credentials "$name" --client-certificate="$name.crt" --client-key="$name.key" --embed-certs
config set-context "$name@bench" --cluster=bench --user="$name"
config use-context "$name@bench"
