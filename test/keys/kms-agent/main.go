// kms-agent SOCKET KMS-URI KEY-URI... serves keys of a KMS that go.step.sm/crypto knows by the SSH agent protocol
// (RFC 9987). The comment of each key is its URI.
package main

import (
	"context"
	"log"
	"net"
	"os"
	"syscall"

	"go.step.sm/crypto/kms"
	"go.step.sm/crypto/kms/apiv1"
	_ "go.step.sm/crypto/kms/awskms"
	_ "go.step.sm/crypto/kms/softkms"
	"golang.org/x/crypto/ssh/agent"
)

func main() {
	socket, keys := os.Args[1], os.Args[3:]
	manager, err := kms.New(context.Background(), apiv1.Options{URI: os.Args[2]})
	if err != nil {
		log.Fatal(err)
	}
	keyring := agent.NewKeyring()
	for _, key := range keys {
		signer, err := manager.CreateSigner(&apiv1.CreateSignerRequest{SigningKey: key})
		if err != nil {
			log.Fatal(err)
		}
		if err := keyring.Add(agent.AddedKey{PrivateKey: signer, Comment: key}); err != nil {
			log.Fatal(err)
		}
	}
	_ = os.Remove(socket)
	// Only this user may connect.
	syscall.Umask(0o177)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() { _ = agent.ServeAgent(keyring, connection) }()
	}
}
