import type { CertificateRequest, PublicKeyReference } from '../../model/certificate-request.js';
import {
  readCertificationRequestDer,
  writeCertificationRequest,
  type CertificationRequest,
} from '../../x509/strict/certification-request.js';
import { generateKeyPair, type KeyPair } from '../../x509/strict/key-pair.js';
import type { Signatures } from '../../x509/strict/signatures.js';
import type { KeyAlgorithm } from '../../x509/strict/key-algorithm.js';
import { Turns } from '../../workers/turns.js';
import { sha256 } from '../../x509/strict/sha256.js';
import type { Signer } from '../../signer/signer.js';

/** The public key that is to be certified: the key of the CSR, or one that was generated for this collection. */
export interface KeyToCertify {
  readonly reference: PublicKeyReference;
  readonly subjectPublicKeyInfo: Uint8Array;
  /** PKCS#10, DER, as in `ApprovedRequest`; null where the signer takes the key as it is. */
  readonly certificationRequest: Uint8Array | Promise<Uint8Array> | null;
}

/**
 * At most two RSA keys are generated at once: that is half of libuv's pool of four threads. A hundred more may wait,
 * which is as long as callers have patience.
 */
const rsaTurns = new Turns({ atTheSameTime: 2, waiting: 100 });

/**
 * Generates the key pair that a request is to be issued for. RSA keys queue among themselves, because signatures use
 * the same threads and must not wait behind them. `by`: the principal who wants it, so that nobody has all turns. Throws `TooManyWaitingError` where that queue is full.
 */
export function newKeyPair(algorithm: KeyAlgorithm, by: string | null = null): Promise<KeyPair> {
  const generate = () => generateKeyPair(algorithm);
  return algorithm.startsWith('RSA-') ? rsaTurns.take(generate, by) : generate();
}

export function keyOfCsr({ publicKey, der }: CertificationRequest): KeyToCertify {
  return {
    reference: { algorithm: publicKey.algorithm, spkiSha256: publicKey.sha256 },
    subjectPublicKeyInfo: publicKey.der,
    certificationRequest: der,
  };
}

/** A generated key; with a certification request for the subject, signed meanwhile, where the signer needs one. */
export function keyOfPair(
  { username, groups, keyAlgorithm }: Pick<CertificateRequest, 'username' | 'groups' | 'keyAlgorithm'>,
  keyPair: KeyPair,
  { needsCertificationRequest }: Signer,
): KeyToCertify {
  const { subjectPublicKeyInfo } = keyPair;
  const certificationRequest = needsCertificationRequest
    ? writeCertificationRequest({ username, groups }, keyPair)
    : null;
  // The signer awaits it; where the request is denied first, nobody does.
  certificationRequest?.catch(() => undefined);
  return {
    reference: { algorithm: keyAlgorithm, spkiSha256: sha256(subjectPublicKeyInfo) },
    subjectPublicKeyInfo,
    certificationRequest,
  };
}

/** The key of the CSR that is stored with the request, read again as strictly as when it came; null without a CSR. */
export async function recordedKey(request: CertificateRequest, signatures: Signatures): Promise<KeyToCertify | null> {
  if (request.certificationRequest === null) return null;
  const { name } = request.requester;
  const read = await readCertificationRequestDer(request.certificationRequest, signatures, undefined, name);
  if (!read.ok) throw new Error(`the stored csr of request ${request.id} is refused: ${read.refusal.message}`);
  const key = keyOfCsr(read.csr);
  // Only the approved key may be certified: its hash was fixed, and shown to approvers, when the request was recorded.
  if (key.reference.spkiSha256 !== request.publicKey?.spkiSha256)
    throw new Error(`the stored csr of request ${request.id} holds another key than was approved`);
  return key;
}
