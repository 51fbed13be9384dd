import {
  attributeType,
  bitString,
  contextConstructed,
  contextPrimitive,
  der,
  extensionId,
  type KeyUsage,
  oid,
  sequence,
  setOf,
  Tag,
  writeKeyUsage,
} from '@kubepass/x509';

/** Octets of text, one per character. */
export const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

export const integer = (...octets: readonly number[]): Buffer => der(Tag.INTEGER, Buffer.from(octets));
export const octetString = (octets: Uint8Array): Buffer => der(Tag.OCTET_STRING, octets);
export const NULL = der(Tag.NULL);
export const TRUE = der(Tag.BOOLEAN, Buffer.of(0xff));

const types = {
  CN: attributeType.commonName,
  O: attributeType.organizationName,
  OU: attributeType.organizationalUnitName,
  C: attributeType.countryName,
  L: attributeType.localityName,
  emailAddress: attributeType.emailAddress,
  /** Kubernetes reads this attribute as the user's UID. */
  UID: '1.3.6.1.4.1.57683.2',
} as const;

export type AttributeName = keyof typeof types;

/** An AttributeTypeAndValue with any string type. */
export const attribute = (type: AttributeName, text: string | Uint8Array, tag: number = Tag.UTF8_STRING): Buffer =>
  sequence(oid(types[type]), der(tag, Buffer.from(text)));

/** One RDN for each item: a single attribute or several. */
export const name = (...rdns: readonly (Buffer | readonly Buffer[])[]): Buffer =>
  sequence(...rdns.map((rdn) => (Buffer.isBuffer(rdn) ? setOf(rdn) : setOf(...rdn))));

/** The name as Go and kubeadm write it: all groups in one RDN, then the username. */
export const user = (username: string, ...groups: readonly string[]): Buffer =>
  name(
    ...(groups.length === 0 ? [] : [groups.map((group) => attribute('O', group, stringTypeOf(group)))]),
    attribute('CN', username, stringTypeOf(username)),
  );

/** X.680 41.4: Go writes a PrintableString where it can. */
const stringTypeOf = (text: string): number =>
  /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text) ? Tag.PRINTABLE_STRING : Tag.UTF8_STRING;

/** `2027-10-31` or a whole instant, as UTCTime through 2049. */
export function time(instant: string): Buffer {
  const digits = new Date(instant).toISOString().replace(/\D/g, '').slice(0, 14);
  return digits < '2050'
    ? der(Tag.UTC_TIME, latin1(`${digits.slice(2)}Z`))
    : der(Tag.GENERALIZED_TIME, latin1(`${digits}Z`));
}

/** Any text as a time of either type. */
export const utcTime = (text: string): Buffer => der(Tag.UTC_TIME, latin1(text));
export const generalizedTime = (text: string): Buffer => der(Tag.GENERALIZED_TIME, latin1(text));

// Extensions: RFC 5280 4.2.1
export const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [TRUE] : []), octetString(value));
export const basicConstraints = (ca: boolean, pathLen: number | null = null, critical = true): Buffer =>
  extension(
    extensionId.basicConstraints,
    sequence(...(ca ? [TRUE] : []), ...(pathLen === null ? [] : [integer(pathLen)])),
    critical,
  );
export const keyUsage = (...usages: readonly KeyUsage[]): Buffer =>
  extension(extensionId.keyUsage, writeKeyUsage(usages), true);

const purposes = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
} as const;
export const extKeyUsage = (...names: readonly (keyof typeof purposes)[]): Buffer =>
  extension(extensionId.extKeyUsage, sequence(...names.map((purpose) => oid(purposes[purpose]))));
export const subjectKeyIdentifier = (identifier: Uint8Array): Buffer =>
  extension(extensionId.subjectKeyIdentifier, octetString(identifier));
export const authorityKeyIdentifier = (identifier: Uint8Array): Buffer =>
  extension(extensionId.authorityKeyIdentifier, sequence(der(contextPrimitive(0), identifier)));

// GeneralName: RFC 5280 4.2.1.6
export const dns = (text: string): Buffer => der(contextPrimitive(2), latin1(text));
export const email = (text: string): Buffer => der(contextPrimitive(1), latin1(text));
export const uri = (text: string): Buffer => der(contextPrimitive(6), latin1(text));
export const ip = (...octets: readonly number[]): Buffer => der(contextPrimitive(7), Buffer.from(octets));
export const otherName = (id: string, value: Uint8Array): Buffer =>
  der(contextConstructed(0), oid(id), der(contextConstructed(0), value));
export const subjectAltName = (...names: readonly Buffer[]): Buffer =>
  extension(extensionId.subjectAltName, sequence(...names));

/** RFC 5280 4.2.1.10: only names below these. */
export const permittedSubtrees = (...names: readonly Buffer[]): Buffer =>
  extension('2.5.29.30', sequence(der(contextConstructed(0), ...names.map((base) => sequence(base)))), true);

/** A BIT STRING with any content, to be read as a key. */
export const bits = bitString;
