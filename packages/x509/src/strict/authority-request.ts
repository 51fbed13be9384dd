import type { KeyObject } from 'node:crypto';
import { signatureAlgorithmFor, sha256 } from './crypto.js';
import {
  bitString,
  contextConstructed,
  der,
  inside,
  oid,
  onlyElement,
  readOctetAlignedBits,
  sequence,
  setOf,
  Tag,
  unsignedInteger,
} from './der.js';
import {
  extKeyUsageExtension,
  keyUsageExtension,
  subjectKeyIdentifierExtension,
  TRUE,
  writeExtension,
} from './extension.js';
import { extensionId, keyPurpose, requestAttribute } from './object-identifiers.js';

/** The fields of a CA's request for its certificate. */
export interface AuthorityRequestFields {
  /** DER Name. */
  readonly subject: Uint8Array;
  readonly publicKey: KeyObject;
  /** The identifier in an earlier certificate for the same key; null: one is derived from the key. */
  readonly subjectKeyIdentifier: Uint8Array | null;
}

/**
 * Writes a certification request (RFC 2986, DER) of a CA that signs users: CA:TRUE with path length 0, keyCertSign and
 * cRLSign, for TLS clients. `sign` signs octets with the algorithm that fits the key.
 */
export async function writeAuthorityCertificationRequest(
  { subject, publicKey, subjectKeyIdentifier }: AuthorityRequestFields,
  sign: (octets: Uint8Array) => Promise<Uint8Array>,
): Promise<Buffer> {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const extensions = sequence(
    writeExtension(extensionId.basicConstraints, true, sequence(TRUE, unsignedInteger(Buffer.of(0)))),
    keyUsageExtension(['keyCertSign', 'cRLSign']),
    extKeyUsageExtension([keyPurpose.clientAuth]),
    subjectKeyIdentifierExtension(subjectKeyIdentifier ?? keyIdentifierOf(spki)),
  );
  const attribute = sequence(oid(requestAttribute.extensionRequest), setOf(extensions));
  const info = sequence(unsignedInteger(Buffer.of(0)), subject, spki, der(contextConstructed(0), attribute));
  return sequence(info, signatureAlgorithmFor(publicKey).identifier, bitString(await sign(info)));
}

/** The first 160 bits of SHA-256 of the public key (RFC 7093 section 2, method 1). */
function keyIdentifierOf(spki: Buffer): Buffer {
  const fields = inside(onlyElement(spki, 'a SubjectPublicKeyInfo'));
  fields.next();
  return Buffer.from(sha256(readOctetAlignedBits(fields.expect(Tag.BIT_STRING, 'the public key'))), 'hex').subarray(
    0,
    20,
  );
}
