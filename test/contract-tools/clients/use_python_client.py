"""Uses the client that openapi-python-client generates: a request, the decision of another person, the certificate and
the kubeconfig."""

import os

from kubepass_client import AuthenticatedClient
from kubepass_client.api.certificate_requests import (
    approve_certificate_request,
    collect_kubeconfig,
    create_certificate_request,
    get_issued_certificate,
)
from kubepass_client.api.tokens import create_api_token
from kubepass_client.api.kubeconfigs import create_kubeconfig
from kubepass_client import models


def client_of(token: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=os.environ["KUBEPASS_URL"], token=token)


def expect(kind, answer):
    if not isinstance(answer, kind):
        raise SystemExit(f"{kind.__name__} is expected, and not {answer}")
    return answer


def must_be(found, expected):
    if found != expected:
        raise SystemExit(f"{expected!r} is expected, and not {found!r}")


def new_caller(name: str, role: str) -> AuthenticatedClient:
    body = models.NewApiToken.from_dict({"name": name, "roles": [role]})
    admin = client_of(os.environ["KUBEPASS_TOKEN"])
    return client_of(expect(models.CreatedApiToken, create_api_token.sync(client=admin, body=body)).token)


alice = new_caller("alice", "requester")
bob = new_caller("bob", "approver")

# Longer than a day: a person must decide.
asked = models.NewCertificateRequest(
    cluster="demo", username="jane@corp.example", groups=["team-a"], expiration_seconds=172_800
)
request = expect(models.CertificateRequest, create_certificate_request.sync(client=alice, body=asked))
must_be(request.state, "pending")

decided = approve_certificate_request.sync(request.id, client=bob, body=models.Comment(comment="joins team A"))
must_be(expect(models.CertificateRequest, decided).state, "approved")

collected = expect(models.Kubeconfig, collect_kubeconfig.sync(request.id, client=alice, body=models.Nothing()))
must_be(collected.request.id, request.id)
must_be("client-key-data" in collected.kubeconfig, True)

certificate = expect(models.Certificate, get_issued_certificate.sync(request.id, client=alice))
must_be(certificate.fingerprint_sha_256, collected.certificate.fingerprint_sha_256)
must_be(certificate.username, "jane@corp.example")

body = models.NewKubeconfig(username="john", groups=["team-a"])
at_once = expect(models.Kubeconfig, create_kubeconfig.sync(client=alice, body=body))
must_be("client-key-data" in at_once.kubeconfig, True)

body = models.NewKubeconfig(username="john", groups=["system:masters"])
refused = expect(models.Problem, create_kubeconfig.sync(client=alice, body=body))
must_be(refused.type_, "urn:kubepass:problem:policy-denied")
print("the Python client made a request, had it decided, and got its certificate and two kubeconfigs")
