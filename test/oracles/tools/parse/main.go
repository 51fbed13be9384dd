// Says whether Go, and so Kubernetes, can load something. Each line of the input is a kind and base64, each line of the
// answer is null or Go's error.
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"strings"
)

var readers = map[string]func([]byte) error{
	"certificate": func(der []byte) error {
		_, err := x509.ParseCertificate(der)
		return err
	},
	"request": func(der []byte) error {
		_, err := x509.ParseCertificateRequest(der)
		return err
	},
	"private-key":  parsePrivateKey,
	"public-key":   parsePublicKey,
	"certificates": parseCertificates,
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	written := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(written)
	for in.Scan() {
		kind, text, _ := strings.Cut(in.Text(), " ")
		octets, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			panic(err)
		}
		var answer any
		if err := readers[kind](octets); err != nil {
			answer = err.Error()
		}
		if err := out.Encode(answer); err != nil {
			panic(err)
		}
	}
	if err := errors.Join(in.Err(), written.Flush()); err != nil {
		panic(err)
	}
}

// As crypto/tls parses the private key of a pair: kubelets, API servers and clients load theirs with X509KeyPair.
func parsePrivateKey(der []byte) error {
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return nil
	}
	_, inSEC1 := x509.ParseECPrivateKey(der)
	if inSEC1 == nil {
		return nil
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return errors.Join(err, inSEC1)
	}
	switch key.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
		return nil
	}
	return errors.New("tls: found unknown private key type in PKCS#8 wrapping")
}

// As the API server parses the keys of service accounts, and one of Ed25519.
func parsePublicKey(der []byte) error {
	if _, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return nil
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return err
	}
	switch key.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		return nil
	}
	return errors.New("data does not contain any valid RSA or ECDSA public keys")
}

// As ParseCertsPEM of k8s.io/client-go/util/cert loads a file of CAs.
func parseCertificates(text []byte) error {
	found := false
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" || len(block.Headers) != 0 {
			continue
		}
		if _, err := x509.ParseCertificates(block.Bytes); err != nil {
			return err
		}
		found = true
	}
	if !found {
		return errors.New("data does not contain any valid RSA or ECDSA certificates")
	}
	return nil
}
