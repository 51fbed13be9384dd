import type { UploadRefusalReason } from '@kubepass/inspect';
import { clip, joined } from '@kubepass/inspect/formats';
import { instantText } from '@kubepass/x509';
import type { Violation } from '../../model/decision.js';
import type { Outcome, Refusal } from '../../model/outcome.js';
import { firstOf, invalidRequest, problem, ProblemError, type ProblemMembers, type Problem } from './problem.js';

export const requestLocation = (id: string): string => `/v1/certificate-requests/${encodeURIComponent(id)}`;

/** The one place that maps the refusals of use cases to problems, and so to status codes. */
export function refusalToProblem(refusal: Refusal): Problem {
  switch (refusal.kind) {
    case 'invalid-request':
      return invalidRequest(refusal.errors);
    case 'unacceptable-csr':
      return problem('unacceptable-csr', refusal.message, { members: { reason: refusal.reason } });
    case 'unacceptable-upload':
      return uploadProblem(refusal.reason, refusal.message);
    case 'unacceptable-policies':
      return refusal.errors.length === 0
        ? problem('unacceptable-policies', refusal.message, { members: { reason: refusal.reason } })
        : problem('unacceptable-policies', firstOf(refusal.errors), {
            members: { reason: refusal.reason, errors: refusal.errors.map((error) => ({ ...error })) },
          });
    case 'policy-denied':
      return problem(
        'policy-denied',
        `${refusal.isAgain ? 'policy no longer permits the request' : 'the request is recorded as denied'}: ${inWords(refusal.violations)}`,
        about(refusal.request.id, { violations: refusal.violations.map((violation) => ({ ...violation })) }),
      );
    case 'not-permitted':
    case 'cluster-not-connected':
    case 'enforcement-unavailable':
    case 'webhook-not-configured':
      return problem(refusal.kind, refusal.message);
    case 'not-found':
      return problem('not-found', 'there is no such resource, or the caller may not read it');
    case 'state-conflict':
      return problem('state-conflict', refusal.message, about(refusal.requestId, { state: refusal.state }));
    case 'certificate-conflict':
      return problem('state-conflict', refusal.message, about(refusal.requestId));
    case 'issuer-not-accepted':
      return problem('issuer-not-accepted', refusal.message, {
        members: { addresses: refusal.addresses.map((address) => ({ ...address })) },
      });
    case 'issuer-in-use': {
      const { live, latestNotAfter } = refusal.served;
      return problem('issuer-in-use', refusal.message, {
        members: { live, latestNotAfter: latestNotAfter && instantText(latestNotAfter) },
      });
    }
    case 'cluster-unavailable':
      return problem('cluster-unavailable', 'the API server of the cluster cannot be reached now; try again later', {
        headers: { 'retry-after': '10' },
      });
    case 'cluster-refuses':
      return problem(
        'cluster-refuses',
        'the API server does not let kubepass do this; probe the cluster to see which permission is missing',
      );
    case 'idempotency-key-reused':
      return problem('idempotency-key-reused', 'this Idempotency-Key was used before with another body');
    case 'idempotency-key-in-flight':
      return problem(
        'idempotency-key-in-flight',
        'try again after the first request has been answered',
        about(refusal.requestId, {}, { 'retry-after': '1' }),
      );
    case 'key-already-collected':
      return problem(
        'key-already-collected',
        'the private key is not kept; make a new request',
        about(refusal.requestId),
      );
    case 'issuance-failed':
      return problem(
        'issuance-failed',
        'the request is recorded, but the certificate could not be issued; the request says why',
        about(refusal.request.id, refusal.request.failure ? { reason: refusal.request.failure.reason } : {}),
      );
    case 'issuance-unavailable':
      return problem(
        'issuance-unavailable',
        `the request is recorded and ${refusal.request.state}; read it again later`,
        about(refusal.request.id, {}, { 'retry-after': '10' }),
      );
  }
}

/** The first violations, the nearest policy's first, in a sentence for a person. */
function inWords(violations: readonly Violation[]): string {
  const first = violations.slice(0, mostTold).map(({ message }) => clip(message, mostOfMessage));
  const others = violations.length - first.length;
  return joined(others > 0 ? [...first, `and ${others} more`] : first);
}

/** All of it fits into the length that the contract gives a detail. */
const mostTold = 3;
const mostOfMessage = 1000;

/** The members and headers that lead to the certificate request that a problem is about; null: it is about none. */
function about(id: string | null, members: ProblemMembers = {}, headers: Readonly<Record<string, string>> = {}) {
  if (id === null) return { members, headers };
  return { members: { certificateRequestId: id, ...members }, headers: { location: requestLocation(id), ...headers } };
}

function uploadProblem(reason: UploadRefusalReason, message: string): Problem {
  if (reason === 'Empty') return problem('invalid-request', message);
  if (reason === 'TooLarge') return problem('content-too-large', message);
  return problem('unacceptable-upload', message, { members: { reason } });
}

/** A use case refuses. It has logged what there is to say about that. */
export class RefusalError extends ProblemError {
  constructor(readonly refusal: Refusal) {
    super(refusalToProblem(refusal));
  }
}

/** The answer of a use case. Throws `RefusalError` where it refuses. */
export function granted<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new RefusalError(outcome.refusal);
  return outcome.value;
}
