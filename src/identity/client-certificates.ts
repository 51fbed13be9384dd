import { BoundedMap } from '../model/bounded-map.js';
import {
  type Authentication,
  type RefusedAuthentication,
  type WayIn,
  authenticated,
  refusedFor,
} from '../model/principal.js';
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
} from '@kubepass/x509';
import { type CallersAuthority, type CallersTrust, isIssuedBy } from './callers-trust.js';
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
 * Names the holder of a client certificate whose TLS handshake proved the key. Everything else about it is looked at for every
 * request, because a connection outlives its handshake: the CA that signed it, its time, its purpose, its revocation.
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
   * The CA among those in force that signed the certificate itself; null where there is none. TLS also accepts CAs in between
   * that the caller sends. They would bring certificates of CAs that nobody has named here: a cluster's user CA may have
   * been signed by the same root.
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
 * Why a way in may not give somebody this name; null where it may. `othersPrefixes` are the beginnings of the names that
 * other ways in give: two of them never meet in one name. The answer continues a sentence, as in `whyNotName`.
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
