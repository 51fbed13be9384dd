// Says whether Go accepts a certificate with some names for a host. Each line of the input is one question in JSON, each
// line of the answer is true or false.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"os"
)

type question struct {
	DNS  []string `json:"dns"`
	IP   []string `json:"ip"`
	Host string   `json:"host"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var asked question
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			panic(err)
		}
		certificate := x509.Certificate{DNSNames: asked.DNS}
		for _, text := range asked.IP {
			address := net.ParseIP(text)
			if address == nil {
				panic("not an address: " + text)
			}
			certificate.IPAddresses = append(certificate.IPAddresses, address)
		}
		fmt.Fprintln(out, certificate.VerifyHostname(asked.Host) == nil)
	}
	if err := in.Err(); err != nil {
		panic(err)
	}
}
