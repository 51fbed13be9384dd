// Lints certificates with zlint. Each line of the input is one in base64 of DER. The line of the answer has the lints
// that raise something, by name and status, or why the certificate cannot be read.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"

	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

type answer struct {
	Problem string            `json:"problem,omitempty"`
	Raised  map[string]string `json:"raised"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		if err := out.Encode(judge(in.Text())); err != nil {
			panic(err)
		}
	}
	if err := in.Err(); err != nil {
		panic(err)
	}
}

func judge(line string) answer {
	result := answer{Raised: map[string]string{}}
	der, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		result.Problem = err.Error()
		return result
	}
	for name, found := range zlint.LintCertificate(certificate).Results {
		switch found.Status {
		case lint.Notice, lint.Warn, lint.Error, lint.Fatal:
			result.Raised[name] = found.Status.String()
		}
	}
	return result
}
