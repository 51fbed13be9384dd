import type { Certificate } from '../model/certificate.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import type { IssuanceContext } from '../context/context.js';
import type { AttemptEnd } from '../issuance/issue-certificate.js';

export interface CertificateRequestView {
  readonly request: CertificateRequest;
  readonly certificate: Certificate | null;
}

/** The request after the end of its attempt; null: the attempt has not ended yet. */
export function viewAtEnd(request: CertificateRequest, end: AttemptEnd | null): CertificateRequestView {
  switch (end?.kind) {
    case undefined:
      return { request, certificate: null };
    case 'issued':
      return {
        request: { ...request, state: 'issued', expiresAt: null, fingerprintSha256: end.certificate.fingerprintSha256 },
        certificate: end.certificate,
      };
    case 'failed':
      return { request: { ...request, state: 'failed', expiresAt: null, failure: end.failure }, certificate: null };
    case 'abandoned':
      return { request: { ...request, state: 'approved' }, certificate: null };
  }
}

/** The request as it is stored now. */
export async function readView(context: IssuanceContext, id: string): Promise<CertificateRequestView> {
  const request = await context.store.requests.find(id);
  if (request === null) throw new Error(`request ${id} is not in the store`);
  return withCertificate(context, request);
}

export async function withCertificate(
  { store, identityBlocks, clock }: IssuanceContext,
  request: CertificateRequest,
): Promise<CertificateRequestView> {
  const { fingerprintSha256 } = request;
  return {
    request: await identityBlocks.counting(request, clock()),
    certificate: fingerprintSha256 === null ? null : await store.certificates.findByFingerprint(fingerprintSha256),
  };
}

export async function withCertificates(
  { store, identityBlocks, clock }: IssuanceContext,
  requests: readonly CertificateRequest[],
): Promise<readonly CertificateRequestView[]> {
  const wanted = requests.flatMap(({ fingerprintSha256 }) => fingerprintSha256 ?? []);
  const found = wanted.length === 0 ? [] : await store.certificates.findByFingerprints(wanted);
  const byFingerprint = new Map(found.map((certificate) => [certificate.fingerprintSha256, certificate]));
  const now = clock();
  return Promise.all(
    requests.map(async (request) => ({
      request: await identityBlocks.counting(request, now),
      certificate: byFingerprint.get(request.fingerprintSha256 ?? '') ?? null,
    })),
  );
}
