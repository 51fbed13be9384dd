import type { CertificateRequest } from '../model/certificate-request.js';
import type { Decision } from '../model/decision.js';
import { decide } from './decide.js';
import type { PolicySet } from './policy-set.js';

/**
 * The decision that was made on a request when it was asked for, full trace included, from what was recorded with it.
 * `policySet` is the one in force then: its digest is `decision.policySetDigest`.
 */
export function recomputeDecision(request: CertificateRequest, policySet: PolicySet): Decision {
  const { facts, decidedAt, askedExpirationSeconds } = request.decision;
  const expirationSeconds = askedExpirationSeconds === undefined ? request.expirationSeconds : askedExpirationSeconds;
  return decide({ ...request, expirationSeconds }, request.requester, facts, policySet, decidedAt);
}
