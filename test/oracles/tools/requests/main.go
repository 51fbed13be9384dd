// Reads certification requests with Go. Each line of the input is one in base64 of DER. The line of the answer has its
// subject, its extensions, and why it cannot be read or its signature does not verify.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
)

type extension struct {
	ID       string `json:"id"`
	Critical bool   `json:"critical"`
	Value    string `json:"value"`
}

type answer struct {
	Subject    string      `json:"subject"`
	Extensions []extension `json:"extensions"`
	Problem    string      `json:"problem"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<22)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		if err := out.Encode(read(in.Text())); err != nil {
			panic(err)
		}
	}
	if err := in.Err(); err != nil {
		panic(err)
	}
}

func read(line string) answer {
	der, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		panic(err)
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return answer{Problem: err.Error()}
	}
	if err := request.CheckSignature(); err != nil {
		return answer{Problem: err.Error()}
	}
	result := answer{Subject: request.Subject.String(), Extensions: []extension{}}
	for _, each := range request.Extensions {
		result.Extensions = append(result.Extensions, extension{each.Id.String(), each.Critical, hex.EncodeToString(each.Value)})
	}
	return result
}
