import { constants, type KeyObject, sign } from 'node:crypto';
import { bitString, contextConstructed, der, oid, sequence, setOf, Tag } from '../../src/strict/der.js';
import { attributeType, requestAttribute } from '../../src/strict/object-identifiers.js';
import { signatureAlgorithmFor } from '../../src/strict/crypto.js';

/** A CSR put together from parts, each of which may be flawed; what is not given is as it should be. */
export interface CsrParts {
  readonly privateKey: KeyObject;
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly version?: Uint8Array;
  readonly subject?: Uint8Array;
  /** The whole `[0]` element; empty for none at all. */
  readonly attributes?: Uint8Array;
  /** Octets after the attributes inside CertificationRequestInfo. */
  readonly afterAttributes?: Uint8Array;
  readonly algorithmIdentifier?: Uint8Array;
  readonly hash?: string;
  readonly pss?: boolean;
  /** Signs instead of `privateKey`, which then tells the algorithm alone. */
  readonly signature?: (info: Uint8Array) => Uint8Array;
  /** Octets after the signature inside CertificationRequest. */
  readonly afterSignature?: Uint8Array;
}

const nothing = Buffer.alloc(0);

/** Assembles CertificationRequestInfo and signs it as it is, so that only the flaw that was asked for is wrong. */
export function buildCsr(parts: CsrParts): Buffer {
  const info = sequence(
    parts.version ?? der(Tag.INTEGER, Buffer.of(0)),
    parts.subject ?? name([[utf8('CN', 'jane')]]),
    parts.subjectPublicKeyInfo,
    parts.attributes ?? attributes(),
    parts.afterAttributes ?? nothing,
  );
  return sealCsr(info, parts);
}

/** Signs any bytes as the CertificationRequestInfo. */
export function sealCsr(info: Uint8Array, parts: CsrParts): Buffer {
  const algorithm = signatureAlgorithmFor(parts.privateKey);
  const key = parts.pss
    ? { key: parts.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
    : parts.privateKey;
  const signature = parts.signature?.(info) ?? sign(parts.hash ?? algorithm.hash, info, key);
  return sequence(
    info,
    parts.algorithmIdentifier ?? algorithm.identifier,
    bitString(signature),
    parts.afterSignature ?? nothing,
  );
}

const types: Readonly<Record<string, string>> = {
  CN: attributeType.commonName,
  O: attributeType.organizationName,
  OU: attributeType.organizationalUnitName,
};

/** An AttributeTypeAndValue with any string type and any octets. */
export function attribute(type: string, tag: number, octets: Uint8Array | string): Buffer {
  return sequence(oid(types[type] ?? type), der(tag, typeof octets === 'string' ? Buffer.from(octets) : octets));
}

export const utf8 = (type: string, text: string): Buffer => attribute(type, Tag.UTF8_STRING, text);
export const printable = (type: string, text: string): Buffer => attribute(type, Tag.PRINTABLE_STRING, text);

/** A Name whose RDNs are sorted as DER demands. */
export const name = (rdns: readonly (readonly Uint8Array[])[]): Buffer =>
  sequence(...rdns.map((attributesOfRdn) => setOf(...attributesOfRdn)));

export const attributes = (...all: readonly Uint8Array[]): Buffer => der(contextConstructed(0), ...all);

export const extensionRequest = (...extensions: readonly Uint8Array[]): Buffer =>
  sequence(oid(requestAttribute.extensionRequest), setOf(sequence(...extensions)));
