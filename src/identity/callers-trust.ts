import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  decodePemBundle,
  displayDistinguishedName,
  findSignatureAlgorithm,
  type ParsedCertificate,
  type ParsedCertificateList,
  readCertificate,
  readCertificateList,
  verifySignature,
} from '@kubepass/x509';

/** A CA that signs certificates of callers. */
export interface CallersAuthority {
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
export async function isIssuedBy(
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
