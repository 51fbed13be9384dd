// kms-agent SOCKET KMS-URI KEY-URI...: an SSH agent (RFC 9987) whose keys are in a KMS. It lists and signs, no more.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log"
	"net"
	"os"
	"syscall"
	"time"

	"go.step.sm/crypto/kms"
	"go.step.sm/crypto/kms/apiv1"
	_ "go.step.sm/crypto/kms/awskms"
	_ "go.step.sm/crypto/kms/softkms"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

type kmsAgent struct {
	agent.ExtendedAgent // an empty keyring: what a client adds is never listed and never signs
	listed              []*agent.Key
	signers             map[string]ssh.AlgorithmSigner
}

func (a *kmsAgent) List() ([]*agent.Key, error) { return a.listed, nil }

func (a *kmsAgent) SignWithFlags(key ssh.PublicKey, data []byte, flags agent.SignatureFlags) (*ssh.Signature, error) {
	signer, found := a.signers[string(key.Marshal())]
	if !found {
		return nil, errors.New("no such key")
	}
	if flags&agent.SignatureFlagRsaSha256 != 0 {
		return signer.SignWithAlgorithm(rand.Reader, data, ssh.KeyAlgoRSASHA256)
	}
	return signer.Sign(rand.Reader, data)
}

func (a *kmsAgent) add(signer ssh.Signer, label string) {
	blob := signer.PublicKey().Marshal()
	a.listed = append(a.listed, &agent.Key{Format: signer.PublicKey().Type(), Blob: blob, Comment: label})
	a.signers[string(blob)] = signer.(ssh.AlgorithmSigner)
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	socket, uri, keys := os.Args[1], os.Args[2], os.Args[3:]
	manager := must(kms.New(context.Background(), apiv1.Options{URI: uri}))
	served := &kmsAgent{ExtendedAgent: agent.NewKeyring().(agent.ExtendedAgent), signers: map[string]ssh.AlgorithmSigner{}}
	for _, key := range keys {
		signer := must(manager.CreateSigner(&apiv1.CreateSignerRequest{SigningKey: key}))
		served.add(must(ssh.NewSignerFromSigner(signer)), key)
	}
	os.Remove(socket)
	syscall.Umask(0o117) // owner and group of the process, nobody else
	listener := must(net.Listen("unix", socket))
	for {
		connection, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			log.Fatal(err)
		}
		if err != nil { // such as too many open files: the next connection that ends frees a descriptor
			log.Print(err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		go func() {
			defer connection.Close()
			agent.ServeAgent(served, connection)
		}()
	}
}
