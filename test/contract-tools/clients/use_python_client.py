"""The story of a portal, with the client that openapi-python-client generates: ask, wait, let another person approve,
collect, renew, revoke, and list what ends. The client sends no Accept of its own."""

import os
from datetime import datetime, timedelta, timezone

from kubepass_client import AuthenticatedClient
from kubepass_client.api.certificate_requests import (
    approve_certificate_request,
    collect_kubeconfig,
    create_certificate_request,
    get_certificate_request,
)
from kubepass_client.api.certificates import list_certificates, renew_certificate, revoke_certificate
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
    body = models.ApiTokenSpec.from_dict({"name": name, "roles": [role]})
    admin = client_of(os.environ["KUBEPASS_TOKEN"])
    return client_of(expect(models.CreatedApiToken, create_api_token.sync(client=admin, body=body)).token)


alice = new_caller("alice", "requester")
bob = new_caller("bob", "approver")

# Longer than a day: a person must decide.
asked = models.CertificateRequestSpec(
    cluster="demo", username="jane@corp.example", groups=["team-a"], expiration_seconds=172_800
)
request = expect(models.CertificateRequest, create_certificate_request.sync(client=alice, body=asked))
must_be(request.state, "pending")

decided = approve_certificate_request.sync(request.id, client=bob, body=models.Comment(comment="joins team A"))
must_be(expect(models.CertificateRequest, decided).state, "approved")
must_be(expect(models.CertificateRequest, get_certificate_request.sync(request.id, client=alice)).state, "approved")

collected = expect(models.Kubeconfig, collect_kubeconfig.sync(request.id, client=alice, body=models.Nothing()))
must_be(collected.request.id, request.id)
must_be("client-key-data" in collected.kubeconfig, True)
must_be(collected.certificate.username, "jane@corp.example")
must_be(collected.certificate.requester, "alice")
fingerprint = collected.certificate.fingerprint_sha_256

renewed = expect(models.Kubeconfig, renew_certificate.sync(fingerprint, client=alice, body=models.RenewalSpec()))
must_be(renewed.request.renewal_of, fingerprint)
must_be(renewed.request.expiration_seconds, 172_800)
must_be("client-key-data" in renewed.kubeconfig, True)

reason = models.Revoke.from_dict({"reason": "superseded"})
revoked = expect(models.Certificate, revoke_certificate.sync(fingerprint, client=alice, body=reason))
must_be(revoked.status, "revoked")

soon = datetime.now(timezone.utc) + timedelta(days=14)
ending = expect(
    models.CertificateList,
    list_certificates.sync(client=alice, username="jane@corp.example", status=models.ListCertificatesStatus.LIVE, not_after_before=soon),
)
must_be([item.fingerprint_sha_256 for item in ending.items], [renewed.certificate.fingerprint_sha_256])
must_be(ending.items[0].collector, "alice")

body = models.KubeconfigSpec(username="john", groups=["team-a"])
at_once = expect(models.Kubeconfig, create_kubeconfig.sync(client=alice, body=body))
must_be("client-key-data" in at_once.kubeconfig, True)
# Somebody else collects: the same shape, and no kubeconfig yet.
body = models.KubeconfigSpec(username="john", groups=["team-a"], collector="john")
waiting = expect(models.Kubeconfig, create_kubeconfig.sync(client=alice, body=body))
must_be((waiting.kubeconfig, waiting.request.state), (None, "approved"))

body = models.KubeconfigSpec(username="john", groups=["system:masters"])
refused = expect(models.Problem, create_kubeconfig.sync(client=alice, body=body))
must_be(refused.type_, "urn:kubepass:problem:policy-denied")
print("the Python client went through the whole story of a portal")
