// Says what a Kubernetes API server decides about user certificates: Go verifies each for clients, with the certificates
// that the client shows and those that the server trusts. Each line of the input is one question in JSON, with DER in
// base64. The line of the answer has the SHA-256 of each certificate of each chain, or the reason why there is none.
package main

import (
	"bufio"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"os"
	"time"
)

type question struct {
	User   []byte    `json:"user"`
	Shown  [][]byte  `json:"shown"`
	Roots  [][]byte  `json:"roots"`
	Moment time.Time `json:"moment"`
}

type answer struct {
	Chains [][]string `json:"chains"`
	Reason string     `json:"reason"`
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
		chains, err := verify(asked)
		result := answer{Chains: chains}
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

func verify(asked question) ([][]string, error) {
	user, err := x509.ParseCertificate(asked.User)
	if err != nil {
		return nil, err
	}
	shown, err := pool(asked.Shown)
	if err != nil {
		return nil, err
	}
	roots, err := pool(asked.Roots)
	if err != nil {
		return nil, err
	}
	chains, err := user.Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: shown,
		CurrentTime:   asked.Moment,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return nil, err
	}
	fingerprints := [][]string{}
	for _, chain := range chains {
		names := []string{}
		for _, certificate := range chain {
			sum := sha256.Sum256(certificate.Raw)
			names = append(names, hex.EncodeToString(sum[:]))
		}
		fingerprints = append(fingerprints, names)
	}
	return fingerprints, nil
}

func pool(ders [][]byte) (*x509.CertPool, error) {
	found := x509.NewCertPool()
	for _, der := range ders {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		found.AddCert(certificate)
	}
	return found, nil
}
