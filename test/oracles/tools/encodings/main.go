// Says what Go, and so a Kubernetes API server, makes of an encoding of a certificate. Each line of the input is one
// question in JSON, with DER in base64. The line of the answer has the octets that are signed and the subject, or the
// reason why it is refused: it does not parse, or its signature is not that of the issuer.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"os"
)

type question struct {
	Certificate []byte `json:"certificate"`
	Issuer      []byte `json:"issuer"`
}

type answer struct {
	Signed  []byte `json:"signed"`
	Subject string `json:"subject"`
	Reason  string `json:"reason"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<22)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked question
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			panic(err)
		}
		result, err := read(asked)
		if err != nil {
			result.Reason = err.Error()
		}
		if err := out.Encode(result); err != nil {
			panic(err)
		}
	}
	if err := in.Err(); err != nil {
		panic(err)
	}
}

func read(asked question) (answer, error) {
	issuer, err := x509.ParseCertificate(asked.Issuer)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(asked.Certificate)
	if err != nil {
		return answer{}, err
	}
	if err := certificate.CheckSignatureFrom(issuer); err != nil {
		return answer{}, err
	}
	return answer{Signed: certificate.RawTBSCertificate, Subject: certificate.Subject.String()}, nil
}
