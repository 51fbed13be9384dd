import { counted } from '../../formats/text/duration-in-words.js';
import { anyExtendedKeyUsage } from '../../x509/kubernetes-role.js';
import type { AuthorityKeyIdentifier, CertificateMaterial, DecodedObject, Report } from '../../model/decoded.js';
import type { CertificateContent, CertificateListContent } from '../../model/inspection.js';
import { pathStem } from '../../reading/paths.js';
import {
  type CertificateNode,
  isAuthority,
  isSelfIssued,
  onceFor,
  placeOf,
  shortName,
} from '../../relations/certificate-node.js';
import { type Issuance, issuersIn } from '../../relations/find-issuers.js';
import type { Relations } from '../../relations/relations.js';
import type { CertificateCheck, ObjectCheck } from './check.js';
import { clientsOfOthers } from './kubeconfig.js';

/** Whether a certificate of the upload or a CA of ours signed it. */
export const checkSignature: CertificateCheck = ({ object, content, node }, { relations, report }) => {
  const issuance = relations.issuanceOf(node);
  const within = object.parent === null ? undefined : relations.kubeconfigAt(object.parent);
  // The kubeconfig says so.
  if (issuance.outcome !== 'missing' || within === undefined || !clientsOfOthers(within, relations).has(node))
    reportIssuance(issuance, content, node, report);
  const list = relations.revokedBy(node);
  if (list !== undefined)
    report('RevokedCertificate', `${list.path} revokes it (serial number ${content.serialNumber})`);
  const earlier = relations.sameSerialNumber(node);
  if (earlier !== undefined)
    report(
      'DuplicateSerialNumber',
      `${placeOf(earlier)} is another certificate of its CA with serial number ${content.serialNumber}`,
    );
};

export const checkSignatureOfList: ObjectCheck = (object, { relations, report }) => {
  const issuance = relations.issuanceOfList(object);
  if (issuance === undefined || object.content.type !== 'CertificateList') return;
  reportIssuance(issuance, object.content, null, report);
  const issuers = issuersIn(issuance);
  const [first] = issuers;
  // RFC 5280 6.3.3 (f)
  if (first && issuers.every(({ material: { keyUsage } }) => keyUsage?.includes('cRLSign') === false))
    report('IssuerMayNotSign', `${placeOf(first)}, which signed it, has a key usage without cRLSign`);
};

/** An invalid signature is reported when the request is read. */
export const checkSignatureOfRequest: ObjectCheck = ({ content }, { report }) => {
  if (content.type === 'CertificationRequest' && content.signatureValid === null)
    report('SignatureNotChecked', unsupported(content.signatureAlgorithm.name));
};

function reportIssuance(
  issuance: Issuance,
  { issuer: { text: issuer }, signatureAlgorithm }: CertificateContent | CertificateListContent,
  own: CertificateNode | null,
  report: Report,
): void {
  if (issuance.outcome === 'missing')
    report('IssuerMissing', `its issuer ${shortName(issuer)} is not here${namesake(issuance, own)}`);
  else if (issuance.outcome === 'forged')
    report('SignatureInvalid', `the key of ${placeOf(issuance.supposed)} did not make the signature`);
  else if (issuance.outcome === 'unchecked')
    report(
      'SignatureNotChecked',
      issuance.because === 'budget'
        ? 'the upload holds more signatures than are checked at once'
        : unsupported(signatureAlgorithm.name),
    );
}

/** A certificate that seems to be the issuer and is not, be it the certificate itself. */
function namesake({ other }: Extract<Issuance, { outcome: 'missing' }>, own: CertificateNode | null): string {
  if (other === null) return '';
  if (own && isSelfIssued(own.material) && isAuthority(own.material))
    return ': the certificate is self-issued, and signed with another key; bring the older certificate of that CA';
  const isOwn = other.node.spkiSha256 === own?.spkiSha256;
  return other.byName
    ? `: ${isOwn ? 'it' : placeOf(other.node)} bears that name, and its key did not sign it`
    : `: its authority key identifier is that of ${isOwn ? 'its own key' : placeOf(other.node)}, which did not sign it`;
}

const unsupported = (algorithm: string): string => `signatures by ${algorithm} with such a key are not checked here`;

/**
 * Whether the certificate that signed it was allowed to (RFC 5280 6.1). Where several certificates have the key that
 * signed it, one that was allowed to is enough.
 */
export const checkIssuer: CertificateCheck = ({ content, material, node }, { relations, report }) => {
  const issuers = issuersIn(relations.issuanceOf(node));
  const [first] = issuers;
  if (first === undefined) return;
  const every = (is: (issuer: CertificateMaterial) => boolean): boolean =>
    issuers.every((issuer) => is(issuer.material));

  const { authorityKeyIdentifier } = material;
  if (authorityKeyIdentifier !== null && every((issuer) => !identifies(authorityKeyIdentifier, issuer)))
    report(
      'AuthorityKeyIdentifierWrong',
      `its authority key identifier is not that of ${placeOf(first)}, which signed it`,
    );
  if (isItself(first, node)) return;
  if (relations.hasSigned(node) && relations.isWithoutRoot(node))
    report('NoRootAbove', 'the CAs above it sign each other, and none of them is a root');

  // Versions without extensions do not tell, and neither do missing basic constraints, which are a finding about the
  // CA.
  if (every((issuer) => issuer.basicConstraints?.ca === false))
    report('IssuerNotCa', `${placeOf(first)}, which signed it, is no CA`);
  else if (every((issuer) => issuer.keyUsage?.includes('keyCertSign') === false))
    report('IssuerMayNotSign', `${placeOf(first)}, which signed it, has a key usage without keyCertSign`);
  if (every(({ subject }) => !subject.equals(material.issuer)))
    report(
      'IssuerNameWrong',
      content.issuer.text === first.subject
        ? `its issuer and the subject of ${placeOf(first)}, which signed it, read the same but are encoded differently`
        : `its issuer is ${shortName(content.issuer.text)}, and ${placeOf(first)}, which signed it, is ${shortName(first.subject)}`,
    );
  if (every(({ notAfter }) => material.notAfter > notAfter))
    report('OutlivesIssuer', `it ends at ${content.notAfter}, ${placeOf(first)} before that`);
};

/** RFC 5280 4.2.1.1: all parts that are there belong to that certificate. */
function identifies({ keyIdentifier, issuer, serialNumber }: AuthorityKeyIdentifier, by: CertificateMaterial): boolean {
  if (keyIdentifier !== null && by.subjectKeyIdentifier !== null && !keyIdentifier.equals(by.subjectKeyIdentifier))
    return false;
  if (issuer !== null && !issuer.equals(by.issuer)) return false;
  return serialNumber === null || serialNumber.equals(by.serialNumber);
}

const isItself = (issuer: CertificateNode, node: CertificateNode): boolean =>
  issuer.fingerprintSha256 === node.fingerprintSha256;

/** Whether the chain as a whole allows the certificate; one chain that does is enough. */
export const checkChain: CertificateCheck = ({ material, node }, { relations, report }) => {
  const chains = relations.chainsOf(node).filter(({ nodes }) => nodes.length > 1);
  if (chains.length === 0) return;
  const tooLong = chains.map(({ nodes }) => exceededBy(nodes));
  const [limit] = tooLong;
  if (limit && tooLong.every((each) => each !== null))
    report(
      'PathLengthExceeded',
      `${placeOf(limit.authority)} allows ${counted(limit.allowed, 'CA')} below it, and ${counted(limit.between, 'stands', 'stand')} there`,
    );

  const purposes = material.extKeyUsage;
  if (purposes === null || isAuthority(material)) return;
  const without = chains.map(({ nodes }) => nodes.find((above, i) => i > 0 && !allowsOne(above.material, purposes)));
  const [above] = without;
  if (above && without.every((each) => each !== undefined))
    report(
      'ExtendedKeyUsageUnsuitable',
      `${placeOf(above)}, a CA of its chain, allows none of its extended key usages`,
    );
};

/** RFC 5280 4.2.1.9: how many CAs that are not self-issued may stand between a CA and the end of the chain. */
export function exceededBy(nodes: readonly CertificateNode[]) {
  let between = 0;
  for (const authority of nodes.slice(1)) {
    const allowed = authority.material.basicConstraints?.pathLenConstraint ?? null;
    if (allowed !== null && between > allowed) return { authority, allowed, between };
    if (!isSelfIssued(authority.material)) between++;
  }
  return null;
}

/** Lists can be long, and a chain is one of several. */
const purposesOf = onceFor(({ extKeyUsage }: CertificateMaterial) => extKeyUsage && new Set(extKeyUsage));

/** Go, and so Kubernetes, holds a certificate to the extended key usages of all CAs above it. */
export function allowsOne(authority: CertificateMaterial, purposes: readonly string[]): boolean {
  const allowed = purposesOf(authority);
  if (allowed === null || allowed.has(anyExtendedKeyUsage)) return true;
  return purposes.some((each) => each === anyExtendedKeyUsage || allowed.has(each));
}

/** Whether the certificates of one file are a chain as a server or client sends it: RFC 8446 4.4.2. */
export const checkBundle: CertificateCheck = ({ object, node }, { relations, report }) => {
  const { path, parent } = object;
  if (relations.certificates.length < 2 || pathStem(path) === path) return;
  const container = parent === null ? undefined : relations.objectAt(parent)?.content.type;
  // PKCS#7 holds a set, and the reader of PKCS#12 orders its certificates.
  if (container === 'PKCS7' || container === 'PKCS12') return;

  const bundle = relations.bundleOf(object);
  const leaves = bundle.filter(({ material }) => !isAuthority(material));
  const [leaf] = leaves;
  // Several leaves, or no leaf at all, are a collection and no chain.
  if (leaf === undefined || leaves.length > 1) return;
  const chain = longestWithin(leaf, bundle, relations);
  const expected = chain.indexOf(node);
  if (expected < 0) return;
  const found = bundle.indexOf(node);
  if (found !== expected)
    report(
      'ChainOutOfOrder',
      `it stands in place ${found + 1} of ${bundle.length}, and belongs in place ${expected + 1}`,
    );
  const isRoot = issuersIn(relations.issuanceOf(node)).some((issuer) => isItself(issuer, node));
  if (isRoot && node !== leaf) report('RootInChain', 'it is the root of the chain in its file');
};

/** The longest part of a certificate's chains that lies within its file. */
function longestWithin(
  leaf: CertificateNode,
  bundle: readonly CertificateNode[],
  relations: Relations,
): readonly CertificateNode[] {
  let longest: readonly CertificateNode[] = [leaf];
  for (const { nodes } of relations.chainsOf(leaf)) {
    const within: CertificateNode[] = [];
    for (const { fingerprintSha256 } of nodes) {
      const member = bundle.find((candidate) => candidate.fingerprintSha256 === fingerprintSha256);
      if (member === undefined) break;
      within.push(member);
    }
    if (within.length > longest.length) longest = within;
  }
  return longest;
}

/** Whether the same object stands in several files, or twice in one. A kubeconfig may embed the object of a file. */
export const checkDuplicate: ObjectCheck = (object, { relations, report }) => {
  const first = relations.firstSame(object);
  if (first === undefined) return;
  if (relations.isFile(first) && relations.isFile(object)) report('DuplicateObject', `it is the same as ${first.path}`);
  else if (followsItself(object, relations)) report('DuplicateObject', 'it stands there twice');
};

function followsItself(object: DecodedObject, relations: Relations): boolean {
  const bundle = relations.bundleOf(object);
  const node = relations.certificateOf(object);
  const same = bundle.find(({ fingerprintSha256 }) => fingerprintSha256 === node?.fingerprintSha256);
  return same !== undefined && same !== node;
}
