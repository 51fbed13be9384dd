import type { KeyObject } from 'node:crypto';
import { signatureAlgorithmFor, type Signatures, writeAuthorityCertificationRequest } from '@kubepass/x509';
import type { LoadedIssuer } from './cluster-issuers.js';
import { KeyUnavailableError, type CaKey } from './keys/ca-key.js';
import type { KeyMeasures } from '../model/measures.js';

/** A key of a CA, and the public key that its signatures are verified with. */
interface SigningKey {
  readonly cluster: string;
  readonly issuer: string;
  readonly key: CaKey;
  /** The one in the CA's certificate, where there is a certificate. */
  readonly publicKey: KeyObject;
}

/** The parts that it needs of a use case's context. */
export interface SigningSurroundings {
  readonly signatures: Pick<Signatures, 'verify'>;
  readonly keyMeasures: Pick<KeyMeasures, 'failed'>;
  readonly log: { error(fields: object, message: string): void };
}

/**
 * Signs octets that are not a certificate, such as a certificate list or a certification request, and verifies the
 * signature: a key in an agent may answer anything. Throws `KeyUnavailableError`, with `wrong-signature` where it is
 * not one by this key over these octets.
 */
export async function signVerified(
  { cluster, issuer, key, publicKey }: SigningKey,
  octets: Uint8Array,
  { signatures, keyMeasures, log }: SigningSurroundings,
): Promise<Buffer> {
  const signature = await key.sign(octets);
  if (await signatures.verify(signatureAlgorithmFor(publicKey), octets, publicKey, signature)) return signature;
  tellWrongSignature({ cluster, issuer, key }, { keyMeasures, log });
  throw new KeyUnavailableError('wrong-signature', 'a signature is not one by the CA key');
}

/**
 * The certification request (PKCS#10, DER) of an issuer, signed by its key, and verified. It has the subject of the
 * configuration, else that of its certificate; null where both are absent. Throws `KeyUnavailableError` where its key
 * cannot be used now.
 */
export async function certificationRequestOf(
  cluster: string,
  { name, key, certified, requestedSubject }: LoadedIssuer,
  surroundings: SigningSurroundings,
): Promise<Buffer | null> {
  const subject = requestedSubject ?? certified?.authority.subjectRaw ?? null;
  if (subject === null) return null;
  const publicKey = key.publicKey();
  if (publicKey === null) throw new KeyUnavailableError('missing', 'the agent has not told the key yet');
  const subjectKeyIdentifier = certified?.authority.subjectKeyIdentifier ?? null;
  return writeAuthorityCertificationRequest({ subject, publicKey, subjectKeyIdentifier }, (octets) =>
    signVerified({ cluster, issuer: name, key, publicKey }, octets, surroundings),
  );
}

/** Tells of a signature that is not one by this key, and the key itself. `fields` say in the log where it was to go. */
export function tellWrongSignature(
  { cluster, issuer, key }: Omit<SigningKey, 'publicKey'>,
  { keyMeasures, log }: Omit<SigningSurroundings, 'signatures'>,
  fields: object = {},
): void {
  key.distrust();
  keyMeasures.failed(cluster, issuer, 'wrong-signature');
  log.error({ cluster, issuer, ...fields }, 'a signature is not one by the CA key: it was thrown away');
}
