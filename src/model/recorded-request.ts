import type { CertificateRequest } from './certificate-request.js';

/** Of a recorded request, what its decision rested on and what came of it: enough to decide it again. */
export type RecordedRequest = Pick<
  CertificateRequest,
  | 'id'
  | 'cluster'
  | 'username'
  | 'groups'
  | 'keyAlgorithm'
  | 'expirationSeconds'
  | 'namespace'
  | 'reason'
  | 'requester'
  | 'collector'
  | 'decision'
>;
