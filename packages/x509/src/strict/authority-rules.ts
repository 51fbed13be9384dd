import { constants, type KeyObject, verify } from 'node:crypto';
import { messageOf } from '../hygiene/errors.js';
import type { ParsedCertificate } from './certificate-reader.js';
import { findSignatureAlgorithm } from './crypto.js';
import {
  contextConstructed,
  contextPrimitive,
  der,
  DerError,
  type DerElement,
  inside,
  insideSequence,
  oid,
  sequence,
  Tag,
  unsignedInteger,
} from './der.js';
import { type DistinguishedName, decodeString } from './distinguished-name.js';
import { type Extension, extensionValue } from './extension.js';
import { extensionId, keyPurpose } from './object-identifiers.js';
import { importAuthorityKey } from './signing-authority.js';

/**
 * Says why a Kubernetes API server, which verifies with Go's crypto/x509, takes no user certificate that has this CA
 * above it, or why kubepass is stricter. Each reason is a sentence without its subject.
 */
export function whyNotAuthority(certificate: ParsedCertificate): readonly string[] {
  const { version, basicConstraints, keyUsage, extKeyUsage } = certificate;
  const reasons: string[] = [];
  if (version < 3)
    reasons.push(`is of version ${version}, which has no basicConstraints: nothing says that it is a CA`);
  else if (basicConstraints?.ca !== true) reasons.push('is not a CA: basicConstraints does not say CA:TRUE');
  if (keyUsage !== null && !keyUsage.includes('keyCertSign'))
    reasons.push('may not sign certificates: its keyUsage lacks keyCertSign');
  if (extKeyUsage !== null && !extKeyUsage.some((purpose) => clientPurposes.includes(purpose)))
    reasons.push('is not for clients: its extKeyUsage has neither clientAuth nor anyExtendedKeyUsage');
  return [...reasons, ...whyUnreadable(certificate), ...whyWeakKey(certificate), ...whyUnacceptable(certificate)];
}

const clientPurposes: readonly string[] = [keyPurpose.clientAuth, keyPurpose.any];

function whyWeakKey({ subjectPublicKeyInfo }: ParsedCertificate): readonly string[] {
  try {
    importAuthorityKey(subjectPublicKeyInfo);
    return [];
  } catch (error) {
    return [`has a key that is not accepted: ${messageOf(error)}`];
  }
}

/** Go reads fewer kinds of text than RFC 5280 has, and no negative number. */
function whyUnreadable({ subject, issuer, serialNumber }: ParsedCertificate): readonly string[] {
  const reasons: string[] = [];
  if (serialNumber.startsWith('-')) reasons.push('has a negative serial number, which API servers cannot read');
  if (subject.rdns.length === 0) reasons.push('has an empty subject');
  if (!isReadable(subject) || !isReadable(issuer)) reasons.push('has a name that API servers cannot read');
  return reasons;
}

const readableTags: readonly number[] = [
  Tag.UTF8_STRING,
  Tag.PRINTABLE_STRING,
  Tag.IA5_STRING,
  Tag.NUMERIC_STRING,
  Tag.T61_STRING,
  Tag.BMP_STRING,
];

/** Go allows `*` and `&` in a PrintableString, because CAs write them. */
const isReadable = ({ rdns }: DistinguishedName): boolean =>
  rdns.flat().every(({ valueTag, value }) => {
    const { text, proper } = decodeString(valueTag, value);
    const isPrintable = valueTag === Tag.PRINTABLE_STRING && /^[A-Za-z0-9 '()+,\-./:=?*&]*$/.test(text ?? '*_');
    return readableTags.includes(valueTag) && text !== null && (proper || isPrintable);
  });

/** Extensions that Go handles, so that they may be critical: all of these say nothing about a user certificate. */
const handledExtensions: readonly string[] = [
  extensionId.keyUsage,
  extensionId.basicConstraints,
  extensionId.extKeyUsage,
  extensionId.cRLDistributionPoints,
  extensionId.certificatePolicies,
];

/** RFC 5280 wants them not critical, and Go does not read a certificate that has one of them critical. */
const neverCritical: readonly string[] = [
  extensionId.subjectKeyIdentifier,
  extensionId.authorityKeyIdentifier,
  extensionId.authorityInfoAccess,
];

function whyUnacceptable({ extensions }: ParsedCertificate): readonly string[] {
  return extensions.flatMap((extension) => {
    const { id, critical } = extension;
    if (id === extensionId.nameConstraints) return whyConstrained(extension);
    if (id === extensionId.policyConstraints)
      return ['has policyConstraints: user certificates have no policy, so API servers may refuse them'];
    if (!critical || handledExtensions.includes(id)) return [];
    return neverCritical.includes(id)
      ? [`has extension ${id} marked critical, which API servers cannot read`]
      : [`has a critical extension ${id} that API servers do not know`];
  });
}

const directoryName = contextConstructed(4);
const rfc822Name = contextPrimitive(1);
const dNSName = contextPrimitive(2);
const uniformResourceIdentifier = contextPrimitive(6);
const iPAddress = contextPrimitive(7);

function whyConstrained(extension: Extension): readonly string[] {
  const bases = constrainedNames(extension);
  if (bases === null) return ['has name constraints that cannot be read'];
  if (!extension.critical) return [];
  const unknown = bases.find(({ tag }) => ![rfc822Name, dNSName, uniformResourceIdentifier, iPAddress].includes(tag));
  if (unknown === undefined) return [];
  return unknown.tag === directoryName
    ? ['has a critical name constraint on directory names: API servers refuse everything below it']
    : ['has a critical name constraint on names that API servers do not know: they refuse everything below it'];
}

/** The base of each subtree (RFC 5280 4.2.1.10); null where they cannot be read, by Go or at all. */
function constrainedNames(extension: Extension): readonly DerElement[] | null {
  try {
    const reader = insideSequence(extensionValue(extension), 'NameConstraints are');
    const bases: DerElement[] = [];
    for (const tag of [contextConstructed(0), contextConstructed(1)]) {
      const subtrees = reader.optional(tag);
      const list = subtrees && inside(subtrees);
      while (list !== undefined && !list.atEnd)
        bases.push(inside(list.expect(Tag.SEQUENCE, 'a GeneralSubtree')).next());
    }
    reader.end('NameConstraints');
    return bases.length > 0 && bases.every(isReadableBase) ? bases : null;
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

function isReadableBase({ tag, content }: DerElement): boolean {
  if (tag === iPAddress) return content.length === 8 || content.length === 32;
  const text = content.toString('latin1');
  if (tag === dNSName) return /^\.?(?:[\w-]{1,63}\.)*[\w-]{0,63}$/.test(text);
  return (tag !== rfc822Name && tag !== uniformResourceIdentifier) || /^[\w.@-]+$/.test(text);
}

/** Whether it has name constraints; those that stop nothing included. */
export const hasNameConstraints = ({ extensions }: ParsedCertificate): boolean =>
  extensions.some(({ id }) => id === extensionId.nameConstraints);

/** Whether name constraints of a CA above it are compared with its own names. */
export const hasAlternativeNames = ({ extensions }: ParsedCertificate): boolean =>
  extensions.some(({ id }) => id === extensionId.subjectAltName);

/** RSASSA-PSS as Go takes it (RFC 4055 3.1): one hash for all, a salt of its length, the default trailer. */
const pss = (
  [
    ['sha256', 1, 32],
    ['sha384', 2, 48],
    ['sha512', 3, 64],
  ] as const
).flatMap(([hash, arc, saltLength]) =>
  [[der(Tag.NULL)], []].map((parameters) => {
    const hashAlgorithm = sequence(oid(`2.16.840.1.101.3.4.2.${arc}`), ...parameters);
    const identifier = sequence(
      oid('1.2.840.113549.1.1.10'),
      sequence(
        der(contextConstructed(0), hashAlgorithm),
        der(contextConstructed(1), sequence(oid('1.2.840.113549.1.1.8'), hashAlgorithm)),
        der(contextConstructed(2), unsignedInteger(Buffer.of(saltLength))),
      ),
    );
    return { identifier, keyType: 'rsa', hash, padding: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength } };
  }),
);

/**
 * Whether a certificate is signed by this key; null where Go does not verify its algorithm. It takes neither MD5 nor
 * SHA-1.
 */
export function isSignedBy(certificate: ParsedCertificate, key: KeyObject): boolean | null {
  const { identifier } = certificate.signatureAlgorithm;
  const found = pss.find((one) => one.identifier.equals(identifier)) ?? findSignatureAlgorithm(identifier);
  if (found === undefined) return null;
  const padding = 'padding' in found ? found.padding : {};
  return (
    key.asymmetricKeyType === found.keyType &&
    verify(found.hash, certificate.tbsCertificate, { key, ...padding }, certificate.signature)
  );
}
