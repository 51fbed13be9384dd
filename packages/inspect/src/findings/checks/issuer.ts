import type { AuthorityKeyIdentifier, CertificateMaterial } from '../../model/decoded.js';
import { type CertificateNode, isAuthority, isSelfIssued, placeOf } from '../../relations/certificate-node.js';
import { counted } from '../../formats/text/duration-in-words.js';
import { type CertificateCheck, shortName } from './check.js';

/**
 * Whether the certificate that signed it was allowed to (RFC 5280 6.1). Where several certificates have the key that
 * signed it, one that was allowed to is enough.
 */
export const checkIssuer: CertificateCheck = ({ content, material, node }, { relations, report }) => {
  const issuance = relations.issuanceOf(node);
  if (issuance.outcome !== 'signed') return;
  const { issuers } = issuance;
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

  if (every(isNoAuthority)) report('IssuerNotCa', `${placeOf(first)}, which signed it, is no CA`);
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

/** Versions without extensions do not tell, and neither do missing basic constraints, which are a finding about the CA. */
const isNoAuthority = (issuer: CertificateMaterial): boolean => issuer.basicConstraints?.ca === false;

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

interface Exceeded {
  readonly authority: CertificateNode;
  readonly allowed: number;
  readonly between: number;
}

/** RFC 5280 4.2.1.9: how many CAs that are not self-issued may stand between a CA and the end of the chain. */
function exceededBy(nodes: readonly CertificateNode[]): Exceeded | null {
  let between = 0;
  for (const authority of nodes.slice(1)) {
    const allowed = authority.material.basicConstraints?.pathLenConstraint ?? null;
    if (allowed !== null && between > allowed) return { authority, allowed, between };
    if (!isSelfIssued(authority.material)) between++;
  }
  return null;
}

const anyExtendedKeyUsage = '2.5.29.37.0';

const purposeSets = new WeakMap<CertificateMaterial, ReadonlySet<string>>();

/** Go, and so Kubernetes, holds a certificate to the extended key usages of all CAs above it. */
function allowsOne(authority: CertificateMaterial, purposes: readonly string[]): boolean {
  if (authority.extKeyUsage === null) return true;
  // Lists can be long, and a chain is one of several.
  const allowed = purposeSets.get(authority) ?? new Set(authority.extKeyUsage);
  purposeSets.set(authority, allowed);
  return allowed.has(anyExtendedKeyUsage) || purposes.some((each) => each === anyExtendedKeyUsage || allowed.has(each));
}
