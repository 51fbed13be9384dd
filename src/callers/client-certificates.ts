import { createPublicKey, type KeyObject } from 'node:crypto';
import { foldedName, quote } from '@kubepass/inspect/formats';
import {
  DerError,
  type ParsedCertificate,
  Tag,
  attributeType,
  displayDistinguishedName,
  extensionId,
  extensionValue,
  keyPurpose,
  readCertificate,
  readUris,
  type ParsedCertificateList,
  decodePemBundle,
  findSignatureAlgorithm,
  readCertificateList,
  verifySignature,
} from '@kubepass/x509';
import { BoundedMap } from '../model/bounded-map.js';
import {
  type Authentication,
  type RefusedAuthentication,
  type WayIn,
  authenticated,
  refusedFor,
} from '../model/principal.js';
import { whyNotPrincipalName, whyReservedName } from '../model/name-grammar.js';
import { type RoleBinding, rolesBound } from './permissions.js';

export interface ClientCertificateOptions {
  /** Where the name is: the one URI among the alternative names, or the one common name. */
  readonly identity: 'uri' | 'commonName';
  /** Put before each name. */
  readonly usernamePrefix: string;
  /** Beginnings of the names that other ways in give. */
  readonly othersPrefixes: readonly string[];
  /** The CAs in force. */
  readonly trust: () => CallersTrust;
  /** Why no certificate is accepted now; null: they are. */
  readonly whyNone: () => string | null;
  readonly roles: readonly RoleBinding[];
  readonly clock: () => Date;
}

/** How many certificates are remembered with the CA that signed them. */
const mostKnown = 1_000;
/** Somebody has to bring the CRL up to date, which takes longer than this. */
const retryAfterSeconds = 60;

/**
 * Names the holder of a client certificate whose TLS handshake proved the key. Everything else about it is looked at
 * for every request, because a connection outlives its handshake: the CA that signed it, its time, its purpose, its
 * revocation.
 */
export class ClientCertificates implements WayIn<Uint8Array> {
  readonly #signedBy = new WeakMap<CallersTrust, Map<string, CallersAuthority>>();

  constructor(private readonly options: ClientCertificateOptions) {}

  async authenticate(der: Uint8Array): Promise<Authentication> {
    const { whyNone, roles, clock } = this.options;
    const none = whyNone();
    if (none !== null) return refusedFor('CertificateAuthorityShared', none);
    const certificate = readOrNull(der);
    if (certificate === null)
      return refusedFor('CertificateMalformed', 'the client certificate is not DER of RFC 5280');
    const trust = this.options.trust();
    const authority = await this.#authorityOf(certificate, trust);
    if (authority === null)
      return refusedFor(
        'CertificateUntrusted',
        `${displayDistinguishedName(certificate.issuer)}, which signed the client certificate, is not among the CAs of callers.clientCertificates`,
      );
    const now = clock();
    const refusal =
      whyNotNow(certificate, authority, now) ??
      whyNotClient(certificate) ??
      whyRevoked(certificate, [authority, ...trust.above(authority)], now);
    if (refusal !== null) return refusal;
    const name = this.#nameOf(certificate);
    if (typeof name !== 'string') return name;
    return authenticated({
      name,
      groups: [],
      roles: rolesBound(roles, { name, groups: [] }),
      method: 'client-certificate',
      createdBy: [],
      cluster: null,
      credentialId: certificate.fingerprintSha256,
      expiresAt: certificate.notAfter,
      vouchedAt: certificate.notBefore,
    });
  }

  /**
   * The CA among those in force that signed the certificate itself; null where there is none. TLS also accepts CAs in
   * between that the caller sends. They would bring certificates of CAs that nobody has named here: a cluster's user CA
   * may have been signed by the same root.
   */
  async #authorityOf(certificate: ParsedCertificate, trust: CallersTrust): Promise<CallersAuthority | null> {
    const known = this.#signedBy.get(trust) ?? new BoundedMap<string, CallersAuthority>(mostKnown);
    this.#signedBy.set(trust, known);
    const { fingerprintSha256 } = certificate;
    const found = known.get(fingerprintSha256);
    if (found !== undefined) return found;
    for (const authority of trust.authorities) {
      if (!(await isIssuedBy(certificate, authority))) continue;
      known.set(fingerprintSha256, authority);
      return authority;
    }
    return null;
  }

  /** As it is written in the certificate. Refused where two readers could find two names. */
  #nameOf(certificate: ParsedCertificate): string | RefusedAuthentication {
    const { identity, usernamePrefix, othersPrefixes } = this.options;
    const found = identity === 'uri' ? uriIn(certificate) : commonNameIn(certificate);
    if (typeof found !== 'string') return found;
    const name = `${usernamePrefix}${found}`;
    const whyNot = whyNotGivenName(name, othersPrefixes);
    return whyNot === null
      ? name
      : refusedFor('NameNotPermitted', `the name ${quote(name)} in the certificate ${whyNot}`);
  }
}

function readOrNull(der: Uint8Array): ParsedCertificate | null {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

/** TLS looks at the time once, and a connection goes on. */
function whyNotNow(certificate: ParsedCertificate, authority: CallersAuthority, now: Date): Authentication | null {
  if (now < certificate.notBefore)
    return refusedFor(
      'CertificateNotYetValid',
      `the client certificate is valid from ${certificate.notBefore.toISOString()} on`,
    );
  if (now > certificate.notAfter)
    return refusedFor('CertificateExpired', `the client certificate ended at ${certificate.notAfter.toISOString()}`);
  const { notBefore, notAfter, subject } = authority.certificate;
  return now < notBefore || now > notAfter
    ? refusedFor('CertificateUntrusted', `its CA ${displayDistinguishedName(subject)} is not valid now`)
    : null;
}

function whyNotClient({ extKeyUsage, basicConstraints, keyUsage }: ParsedCertificate): Authentication | null {
  // Without key purposes a certificate is for anything (RFC 5280 4.2.1.12): also one that was meant for a server.
  if (extKeyUsage?.includes(keyPurpose.clientAuth) !== true)
    return refusedFor('CertificateNotForClients', 'the client certificate has no extKeyUsage with clientAuth');
  if (basicConstraints?.ca === true || keyUsage?.includes('keyCertSign') === true)
    return refusedFor('CertificateIsAuthority', 'the client certificate is one of a CA');
  return null;
}

/** `issuers`: the CA that signed it, and those above. */
function whyRevoked(
  certificate: ParsedCertificate,
  issuers: readonly CallersAuthority[],
  now: Date,
): Authentication | null {
  const chain = [certificate, ...issuers.map((authority) => authority.certificate)];
  for (const { certificate: issuer, list } of issuers)
    for (const { serialNumber, issuer: name } of chain)
      if (name.raw.equals(issuer.subject.raw) && list?.revoked.has(serialNumber) === true)
        return refusedFor('CertificateRevoked', `${displayDistinguishedName(name)} has revoked ${serialNumber}`);
  // Whether it is revoked now is not known, and that is not the caller's fault.
  for (const { certificate: issuer, list } of issuers)
    if (list !== null && (now > list.nextUpdate || now < list.thisUpdate))
      return {
        outcome: 'unavailable',
        message:
          `CrlExpired: the CRL of ${displayDistinguishedName(issuer.subject)} is from ${list.thisUpdate.toISOString()} ` +
          `to ${list.nextUpdate.toISOString()}: put the next one into callers.clientCertificates.revocationList`,
        retryAfterSeconds,
      };
  return null;
}

/**
 * Why a way in may not give somebody this name; null where it may. `othersPrefixes` are the beginnings of the names
 * that other ways in give: two of them never meet in one name. The answer continues a sentence, as in `whyNotName`.
 */
function whyNotGivenName(name: string, othersPrefixes: readonly string[]): string | null {
  const whyNot = whyNotPrincipalName(name) ?? whyReservedName(name);
  if (whyNot !== null) return whyNot;
  const folded = foldedName(name);
  const isOfAnother = othersPrefixes.some((prefix) => prefix !== '' && folded.startsWith(foldedName(prefix)));
  return isOfAnother ? 'begins as the names of another way in do' : null;
}

/** The one URI among the alternative names. */
function uriIn({ extensions }: ParsedCertificate): string | RefusedAuthentication {
  const alternatives = extensions.find(({ id }) => id === extensionId.subjectAltName);
  let uris: readonly string[] = [];
  try {
    if (alternatives !== undefined) uris = readUris(extensionValue(alternatives));
  } catch (error) {
    if (error instanceof DerError)
      return refusedFor('CertificateMalformed', 'the alternative names of the certificate cannot be read');
    throw error;
  }
  const [uri] = uris;
  if (uri === undefined) return refusedFor('NameMissing', 'the certificate has no URI among its alternative names');
  // The SPIFFE X.509-SVID standard, section 2, has the same rule.
  return uris.length > 1
    ? refusedFor('NameAmbiguous', `the certificate has ${uris.length} URIs among its alternative names`)
    : uri;
}

/** The one common name. */
function commonNameIn({ subject }: ParsedCertificate): string | RefusedAuthentication {
  if (subject.rdns.some((rdn) => rdn.length > 1))
    return refusedFor('NameAmbiguous', 'an RDN in the subject of the certificate has several values');
  const names = subject.rdns.flat().filter(({ type }) => type === attributeType.commonName);
  const [name] = names;
  if (name === undefined) return refusedFor('NameMissing', 'the subject of the certificate has no CN');
  // Parsers disagree about which one counts: Go takes the last, others the first.
  if (names.length > 1) return refusedFor('NameAmbiguous', `the subject of the certificate has ${names.length} CNs`);
  if (name.valueTag !== Tag.UTF8_STRING && name.valueTag !== Tag.PRINTABLE_STRING)
    return refusedFor('CertificateMalformed', 'the CN is neither a UTF8String nor a PrintableString');
  return name.text === null
    ? refusedFor('CertificateMalformed', 'the CN has octets that its string type does not allow')
    : name.text;
}

/** A CA that signs certificates of callers. */
interface CallersAuthority {
  readonly certificate: ParsedCertificate;
  readonly publicKey: KeyObject;
  /** Its newest CRL; null where revocation is not looked at. */
  readonly list: ParsedCertificateList | null;
}

/** The CAs of the callers' certificates, with their CRLs. */
export interface CallersTrust {
  /** The CAs as they were given. */
  readonly pem: string;
  readonly authorities: readonly CallersAuthority[];
  /** The CAs among them that signed this one, directly or through others, each once; without itself. */
  above(authority: CallersAuthority): readonly CallersAuthority[];
}

/**
 * Reads a bundle of CA certificates, and of CRLs where revocation is looked at: each of the CAs then has at least one.
 * Throws an `Error` that says what is wrong.
 */
export async function readCallersTrust(pem: string, listsPem: string | null): Promise<CallersTrust> {
  const certificates = readBlocks(pem, 'CERTIFICATE', readCertificate);
  for (const certificate of certificates) mustBeAuthority(certificate);
  const lists = listsPem === null ? null : readBlocks(listsPem, 'X509 CRL', readCertificateList);
  const used = new Set<ParsedCertificateList>();
  const authorities: CallersAuthority[] = [];
  for (const certificate of certificates) {
    const publicKey = createPublicKey({ key: certificate.subjectPublicKeyInfo, format: 'der', type: 'spki' });
    const own = lists === null ? null : await listsOf(certificate, publicKey, lists);
    if (own?.length === 0) throw new Error(`there is no CRL that ${nameOf(certificate)} has signed`);
    for (const list of own ?? []) used.add(list);
    authorities.push({ certificate, publicKey, list: newest(own ?? []) });
  }
  const stray = lists?.find((list) => !used.has(list));
  if (stray !== undefined)
    throw new Error(`a CRL of ${displayDistinguishedName(stray.issuer)} was signed by none of the CAs`);
  const hierarchy = await hierarchyOf(authorities);
  for (const authority of authorities) {
    // TLS follows the chain up to a CA that names itself as its issuer.
    const isWhole = [authority, ...(hierarchy.get(authority) ?? [])].some(isRoot);
    if (!isWhole) throw new Error(`${nameOf(authority.certificate)} needs the CAs above it in the same file`);
  }
  return { pem, authorities, above: (authority) => hierarchy.get(authority) ?? [] };
}

/** Whether this CA signed the certificate. */
async function isIssuedBy(
  { issuer, tbsCertificate, signature, signatureAlgorithm }: ParsedCertificate,
  authority: Pick<CallersAuthority, 'certificate' | 'publicKey'>,
): Promise<boolean> {
  const algorithm = findSignatureAlgorithm(signatureAlgorithm.identifier);
  if (algorithm === undefined || !issuer.raw.equals(authority.certificate.subject.raw)) return false;
  return verifySignature(algorithm, tbsCertificate, authority.publicKey, signature);
}

function mustBeAuthority(certificate: ParsedCertificate): void {
  const { version, basicConstraints, keyUsage } = certificate;
  // Among the CAs, the certificate of somebody would vouch for itself.
  if (version !== 3 || basicConstraints?.ca !== true)
    throw new Error(`${nameOf(certificate)} is no CA: it has no basicConstraints with cA TRUE`);
  // RFC 5280 4.2.1.3.
  if (keyUsage !== null && !keyUsage.includes('keyCertSign'))
    throw new Error(`${nameOf(certificate)} may not sign certificates: its keyUsage has no keyCertSign`);
}

async function listsOf(
  { subject, keyUsage }: ParsedCertificate,
  publicKey: KeyObject,
  lists: readonly ParsedCertificateList[],
): Promise<readonly ParsedCertificateList[]> {
  // RFC 5280 4.2.1.3.
  if (keyUsage !== null && !keyUsage.includes('cRLSign')) return [];
  const own: ParsedCertificateList[] = [];
  for (const list of lists) {
    const algorithm = findSignatureAlgorithm(list.signatureAlgorithm);
    if (algorithm === undefined || !list.issuer.raw.equals(subject.raw)) continue;
    if (await verifySignature(algorithm, list.tbsCertList, publicKey, list.signature)) own.push(list);
  }
  return own;
}

const newest = (lists: readonly ParsedCertificateList[]): ParsedCertificateList | null =>
  lists.toSorted((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime())[0] ?? null;

async function hierarchyOf(authorities: readonly CallersAuthority[]) {
  const parents = new Map<CallersAuthority, readonly CallersAuthority[]>();
  for (const authority of authorities) {
    const issuers: CallersAuthority[] = [];
    for (const other of authorities)
      if (other !== authority && (await isIssuedBy(authority.certificate, other))) issuers.push(other);
    parents.set(authority, issuers);
  }
  return new Map(authorities.map((authority) => [authority, reachable(authority, parents)]));
}

const isRoot = ({ certificate: { subject, issuer } }: CallersAuthority): boolean => subject.raw.equals(issuer.raw);

/** CAs may have signed each other, so each is visited once. */
function reachable(
  from: CallersAuthority,
  parents: ReadonlyMap<CallersAuthority, readonly CallersAuthority[]>,
): readonly CallersAuthority[] {
  const visited = new Set([from]);
  for (const authority of visited) for (const parent of parents.get(authority) ?? []) visited.add(parent);
  visited.delete(from);
  return [...visited];
}

function readBlocks<T>(pem: string, label: string, read: (der: Buffer) => T): readonly T[] {
  const bundle = decodePemBundle(pem, label);
  if (!bundle.ok) throw new Error(bundle.refusal.message);
  return bundle.ders.map((der) => read(der));
}

const nameOf = ({ subject }: ParsedCertificate): string => displayDistinguishedName(subject);
