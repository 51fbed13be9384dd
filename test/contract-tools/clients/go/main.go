// The story of a portal, with the client that openapi-generator generates for Go: ask, wait, let another person approve,
// collect, renew, revoke, and list what ends. The client refuses an answer without a member that the contract requires.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	kubepass "kubepass.example/client"
)

var ctx = context.Background()

func clientOf(token string) *kubepass.APIClient {
	configuration := kubepass.NewConfiguration()
	configuration.Servers = kubepass.ServerConfigurations{{URL: os.Getenv("KUBEPASS_URL")}}
	configuration.AddDefaultHeader("Authorization", "Bearer "+token)
	return kubepass.NewAPIClient(configuration)
}

// must gives the answer, or ends the program with the problem.
func must[T any, R any](answer T, _ R, err error) T {
	if err == nil {
		return answer
	}
	var problem *kubepass.GenericOpenAPIError
	if errors.As(err, &problem) {
		fmt.Fprintln(os.Stderr, string(problem.Body()))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
	panic(err)
}

func mustBe(found, expected any) {
	if fmt.Sprint(found) != fmt.Sprint(expected) {
		fmt.Fprintf(os.Stderr, "%v is expected, and not %v\n", expected, found)
		os.Exit(1)
	}
}

func newCaller(name string, role kubepass.Role) *kubepass.APIClient {
	spec := kubepass.NewApiTokenSpec(name, []kubepass.Role{role})
	admin := clientOf(os.Getenv("KUBEPASS_TOKEN"))
	return clientOf(must(admin.TokensAPI.CreateApiToken(ctx).ApiTokenSpec(*spec).Execute()).Token)
}

func main() {
	alice, bob := newCaller("alice", kubepass.REQUESTER), newCaller("bob", kubepass.APPROVER)

	// Longer than a day: a person must decide.
	asked := kubepass.NewCertificateRequestSpec()
	asked.SetCluster("demo")
	asked.SetUsername("jane@corp.example")
	asked.SetGroups([]string{"team-a"})
	asked.SetExpirationSeconds(172800)
	request := must(alice.CertificateRequestsAPI.CreateCertificateRequest(ctx).CertificateRequestSpec(*asked).Execute())
	mustBe(request.State, "pending")

	comment := kubepass.NewComment()
	comment.SetComment("joins team A")
	decided := must(bob.CertificateRequestsAPI.ApproveCertificateRequest(ctx, request.Id).Comment(*comment).Execute())
	mustBe(decided.State, "approved")
	mustBe(must(alice.CertificateRequestsAPI.GetCertificateRequest(ctx, request.Id).Execute()).State, "approved")

	collected := must(alice.CertificateRequestsAPI.CollectKubeconfig(ctx, request.Id).Body(map[string]any{}).Execute())
	mustBe(collected.Request.Id, request.Id)
	mustBe(strings.Contains(collected.GetKubeconfig(), "client-key-data"), true)
	certificate := collected.GetCertificate()
	mustBe(certificate.Username, "jane@corp.example")
	mustBe(certificate.Requester, "alice")

	renewed := must(alice.CertificatesAPI.RenewCertificate(ctx, certificate.FingerprintSha256).RenewalSpec(*kubepass.NewRenewalSpec()).Execute())
	mustBe(renewed.Request.GetRenewalOf(), certificate.FingerprintSha256)
	mustBe(renewed.Request.ExpirationSeconds, asked.GetExpirationSeconds())
	mustBe(strings.Contains(renewed.GetKubeconfig(), "client-key-data"), true)

	reason := kubepass.NewRevoke("superseded")
	revoked := must(alice.CertificatesAPI.RevokeCertificate(ctx, certificate.FingerprintSha256).Revoke(*reason).Execute())
	mustBe(revoked.Status, "revoked")

	soon := time.Now().Add(14 * 24 * time.Hour).UTC()
	ending := must(alice.CertificatesAPI.ListCertificates(ctx).Username("jane@corp.example").Status("live").NotAfterBefore(soon).Execute())
	mustBe(len(ending.Items), 1)
	following := renewed.GetCertificate()
	mustBe(ending.Items[0].FingerprintSha256, following.FingerprintSha256)
	mustBe(ending.Items[0].Collector, "alice")

	john := kubepass.NewKubeconfigSpec("john")
	john.SetGroups([]string{"team-a"})
	atOnce := must(alice.KubeconfigsAPI.CreateKubeconfig(ctx).KubeconfigSpec(*john).Execute())
	mustBe(strings.Contains(atOnce.GetKubeconfig(), "client-key-data"), true)
	// Somebody else collects: the same shape, and no kubeconfig yet.
	john.SetCollector("john")
	waiting := must(alice.KubeconfigsAPI.CreateKubeconfig(ctx).KubeconfigSpec(*john).Execute())
	mustBe(waiting.GetKubeconfig(), "")
	mustBe(waiting.Request.State, "approved")

	john.SetGroups([]string{"system:masters"})
	_, _, err := alice.KubeconfigsAPI.CreateKubeconfig(ctx).KubeconfigSpec(*john).Execute()
	var refused *kubepass.GenericOpenAPIError
	if !errors.As(err, &refused) {
		mustBe(err, "a problem")
	}
	problem, _ := refused.Model().(kubepass.Problem)
	mustBe(problem.Type, "urn:kubepass:problem:policy-denied")
	fmt.Println("the Go client went through the whole story of a portal")
}
