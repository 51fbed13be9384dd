/** `info.description` of the OpenAPI document: what holds for every operation. Markdown; docs/api.md says more. */
export const introduction = `
Issues Kubernetes user certificates: policy decides, the cluster or a local CA signs, an audit log remembers.

Authenticate each call under \`/v1\` in one of these ways; \`GET /v1/whoami\` tells who you are and what you may do.

- **API token**: \`Authorization: Bearer kubepass_…\`. An admin makes tokens; the first is in the file \`admin-token\`, or in one of the operator's.
- **OIDC**: an access token of a configured provider in the same header, or a sign-in with a browser at \`/v1/login/{name}\`.
- **Service account**: the token of a pod in the same header, where its cluster is configured.
- **Client certificate**: of a configured CA, on the port for them.
- **Nothing**: \`/livez\`, \`/readyz\`, \`/v1/callers\`, \`/v1/clusters/{name}/crl\`, the sign-in, and these documents.

[Idempotency](/docs/api.md#idempotency): repeat a call with its \`Idempotency-Key\`, and nothing is done twice.
[Paging](/docs/api.md#paging): pass \`nextCursor\` as \`cursor\` until it is null.
[Budgets](/docs/api.md#budgets): \`RateLimit\` tells what is left; after 429 wait for \`Retry-After\`.
[Errors](/docs/api.md#errors) have a stable \`type\`: each operation lists its own, \`default\` those of every call.

Also: [the calls of a portal](/openapi/portal.json), [webhooks](/openapi/webhooks.json), [SCIM](/openapi/scim.json).
`.trim();
