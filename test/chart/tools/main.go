// Decodes the objects of others in a stream of YAML documents as the Go types that their controllers have, so that an
// unknown field or one of another type is found before a cluster prunes it. Prints a line for each: kind/name, and why
// it cannot be decoded, else ok. Objects of other kinds are passed over.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"
)

var types = map[metav1.TypeMeta]func() any{
	{APIVersion: "cert-manager.io/v1", Kind: "Certificate"}:          func() any { return new(certmanager.Certificate) },
	{APIVersion: "monitoring.coreos.com/v1", Kind: "ServiceMonitor"}: func() any { return new(monitoring.ServiceMonitor) },
	{APIVersion: "monitoring.coreos.com/v1", Kind: "PrometheusRule"}: func() any { return new(monitoring.PrometheusRule) },
	{APIVersion: "gateway.networking.k8s.io/v1", Kind: "TLSRoute"}:   func() any { return new(gateway.TLSRoute) },
}

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	for _, document := range bytes.Split(append([]byte("\n"), input...), []byte("\n---")) {
		var head metav1.PartialObjectMetadata
		if err := yaml.Unmarshal(document, &head); err != nil {
			fmt.Printf("?\t%q\n", err)
			continue
		}
		if make, known := types[head.TypeMeta]; known {
			verdict := "ok"
			if err := yaml.UnmarshalStrict(document, make()); err != nil {
				verdict = fmt.Sprintf("%q", err)
			}
			fmt.Printf("%s/%s\t%s\n", head.Kind, head.Name, verdict)
		}
	}
}
