/** The problem types, each with the status and the title that all its problems share. */
export const problemTypes = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'Authentication is required' },
  'not-permitted': { status: 403, title: 'The caller may not do this' },
  'policy-denied': { status: 403, title: 'Policy denies the request' },
  'not-found': { status: 404, title: 'There is no such resource' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'not-acceptable': { status: 406, title: 'No acceptable media type' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'state-conflict': { status: 409, title: 'The state does not allow this' },
  'idempotency-key-in-flight': { status: 409, title: 'The first request with this Idempotency-Key has no answer yet' },
  'key-already-collected': { status: 409, title: 'The private key was handed out once and is not kept' },
  'cluster-not-connected': { status: 409, title: 'There is no connection to the cluster' },
  'enforcement-unavailable': { status: 409, title: 'Revoked certificates cannot be refused in this way' },
  'webhook-not-configured': { status: 409, title: 'The webhook is no longer configured' },
  'content-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The media type of the body is not supported' },
  'unacceptable-csr': { status: 422, title: 'The certification request cannot be accepted' },
  'unacceptable-upload': { status: 422, title: 'The upload cannot be inspected' },
  'unacceptable-policies': { status: 422, title: 'The policies cannot be tried out' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key was used with another body' },
  'too-many-requests': { status: 429, title: 'Too many failed authentications' },
  'budget-exceeded': { status: 429, title: 'A budget of the caller is spent' },
  'header-fields-too-large': { status: 431, title: 'The header fields are too large' },
  'internal-error': { status: 500, title: 'Internal error' },
  'issuance-failed': { status: 502, title: 'The certificate could not be issued' },
  'cluster-refuses': { status: 502, title: 'The cluster does not allow this' },
  'issuance-unavailable': { status: 503, title: 'The certificate cannot be issued now' },
  'cluster-unavailable': { status: 503, title: 'The cluster cannot be reached now' },
  'service-unavailable': { status: 503, title: 'The service cannot answer now' },
} as const;

export type ProblemType = keyof typeof problemTypes;
export type ProblemUrn = `urn:kubepass:problem:${ProblemType}`;

export const problemTypeNames = Object.keys(problemTypes) as readonly ProblemType[];

/** The `type` of a problem (RFC 9457 3.1.1). */
export const problemUrn = (type: ProblemType): ProblemUrn => `urn:kubepass:problem:${type}`;
