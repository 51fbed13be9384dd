/** `info.description` of the OpenAPI document: what holds for every operation. Markdown. */
export const introduction = `
Issues Kubernetes user certificates: policy decides, the cluster or a local CA signs, an audit log remembers.

A *certificate request* asks for a username and groups on a cluster. Policy decides on it at once, or leaves it to a
person. Then the cluster or a CA key that kubepass holds signs the certificate.

## Authentication

Send an API token with every call under \`/v1\`: \`Authorization: Bearer kubepass_…\`. An admin creates tokens with
\`POST /v1/api-tokens\`; the first token is in the file \`admin-token\` in the data directory. The configuration can permit
other credentials in its place: tokens of identity providers, tokens of service accounts, and client certificates. People
can also sign in with a browser at \`/v1/login/{name}\`: the browser then sends a cookie, and calls that change something
must come from a page of kubepass. \`GET /v1/whoami\` tells who you are and what you may do. Without a valid credential the
answer is 401. Failed authentications are limited for each address (429).

## Budgets

Each name has budgets for a minute, over all its credentials: \`writes\` (calls that may keep something),
\`inspectionSeconds\` (processor time) and \`auditKilobytes\` (what is kept for good). Each credential has two more:
\`endingAccess\` (calls that end access) and \`denied\` (answers 403). \`RateLimit\` and \`RateLimit-Policy\` tell what is left,
in the form of draft-ietf-httpapi-ratelimit-headers-10. A call that needs a spent budget is answered 429
\`budget-exceeded\`; wait for the seconds of \`Retry-After\`. Calls that end access need \`endingAccess\` alone. Once
\`auditKilobytes\` is spent, their comments are cut after 64 characters, and say so.

## Get a kubeconfig

1. In one call: \`POST /v1/kubeconfigs\` with \`{"username": "jane", "groups": ["team-a"]}\` answers 201 and the complete
   kubeconfig with its private key. The key is in this answer and nowhere else.
2. If a person must decide, the answer is **202** with the certificate request, \`Location\` and \`Retry-After\`. Read the
   request at \`Location\` until its \`state\` is \`approved\`. Then \`POST {Location}/kubeconfig\` generates the key, issues the
   certificate and answers the kubeconfig, once. 202 also comes if somebody else is the \`collector\`.
3. With a key of your own: \`POST /v1/certificate-requests\` with a \`csr\`. Issuing starts as soon as the request is
   approved. \`Prefer: wait=10\` waits for its end. Then read \`{Location}/certificate\`, or \`{Location}/kubeconfig\`.

States: \`pending\` (a person must decide) → \`approved\` → \`issuing\` → \`issued\`; ends without a certificate are \`denied\`,
\`cancelled\`, \`expired\` and \`failed\`.

## Idempotency

\`POST /v1/certificate-requests\`, \`POST /v1/kubeconfigs\` and \`POST /v1/certificates/{fingerprintSha256}/renew\` take an
\`Idempotency-Key\`. If an answer was lost, repeat the call with the same key and the same body: the first answer is given
again, byte for byte, and nothing is done twice. A key belongs to one caller and one path, and is kept for 24 hours.
Another body with the same key is 422; a repeat while the first call is still being answered is 409. A private key is
never given twice: such a repeat is 409, and \`Location\` leads to the request.

## Paging

Lists take \`limit\` (1 to 500, default 50) and answer \`items\` and \`nextCursor\`. Pass \`nextCursor\` as \`cursor\` to get the
next page; it is null on the last one. \`Link: rel="next"\` has the same as an address, with your filters. Cursors are
opaque.

## Media types

Send bodies as \`application/json\` in UTF-8, with at most 10,000 values. Unknown properties are errors, also in queries.
Every answer is JSON with \`*/*\`, or without \`Accept\`; where there are other forms, \`Accept\` chooses one. One operation
alone has none in JSON: a CRL is DER, because programs fetch it without \`Accept\`.

## Errors

Errors are \`application/problem+json\` (RFC 9457). \`type\` is stable, \`detail\` is for people. \`requestId\` is this HTTP
request, as in \`X-Request-Id\` and in the log; \`certificateRequestId\` is the certificate request that the problem is
about. \`invalid-request\` lists the wrong fields in \`errors\`, each with a JSON pointer; if there are more than 20,
\`detail\` says how many. \`policy-denied\` lists every reason in \`violations\`, the nearest policy first; the denied request is
recorded, and \`Location\` leads to it. Records that you may not read are 404. If no role of yours permits a call, 403 comes
before the body is read. 503 has \`Retry-After\`; try again then. Problems with the HTTP itself can come before any
operation is found: 400, 404, 405 with \`Allow\`, 408 and 431.
`.trim();
