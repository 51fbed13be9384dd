import type { CertificateRequest, PublicKeyReference } from '../model/certificate-request.js';
import { readCertificationRequestDer, type CertificationRequest } from '../pki/certification-request.js';
import type { KeyPair } from '../pki/key-pair.js';
import { sha256 } from '../pki/sha256.js';

/** The public key that is to be certified: the CSR's, or one generated for this collection. */
export interface KeyToCertify {
  readonly reference: PublicKeyReference;
  readonly subjectPublicKeyInfo: Uint8Array;
}

export function keyOfCsr({ publicKey }: CertificationRequest): KeyToCertify {
  return {
    reference: { algorithm: publicKey.algorithm, spkiSha256: publicKey.sha256 },
    subjectPublicKeyInfo: publicKey.der,
  };
}

export function keyOfPair(
  { keyAlgorithm }: Pick<CertificateRequest, 'keyAlgorithm'>,
  { subjectPublicKeyInfo }: KeyPair,
): KeyToCertify {
  return {
    reference: { algorithm: keyAlgorithm, spkiSha256: sha256(subjectPublicKeyInfo) },
    subjectPublicKeyInfo,
  };
}

/** The key of the CSR that is stored with the request, read again as strictly as when it came; null without a CSR. */
export async function recordedKey(request: CertificateRequest): Promise<KeyToCertify | null> {
  if (request.certificationRequest === null) return null;
  const read = await readCertificationRequestDer(request.certificationRequest);
  if (!read.ok) throw new Error(`the stored csr of request ${request.id} is refused: ${read.refusal.message}`);
  const key = keyOfCsr(read.csr);
  // What was approved is what is issued: the hash was fixed, and shown to approvers, when the request was recorded.
  if (key.reference.spkiSha256 !== request.publicKey?.spkiSha256)
    throw new Error(`the stored csr of request ${request.id} holds another key than was approved`);
  return key;
}
