import { extensionId, keyPurpose, type KeyUsage } from '@kubepass/x509';
import { anyExtendedKeyUsage } from '../../x509/kubernetes-role.js';
import type { CertificateContent } from '../../model/inspection.js';
import type { DecodedObject, Report } from '../../model/decoded.js';
import { isSelfIssued, namesNobody } from '../../relations/certificate-node.js';
import type { CertificateCheck, ExaminedCertificate, Setting, Use } from './check.js';
import type { Relations } from '../../relations/relations.js';
import { pathStem } from '../../reading/paths.js';

/** Whether a certificate says what it may be used for, and is used for that. */
export const checkPurpose: CertificateCheck = (certificate, setting) => {
  checkBasicConstraints(certificate, setting);
  checkKeyUsage(certificate, setting);
  checkExtendedKeyUsage(certificate, setting);
  checkKeyIdentifiers(certificate, setting);
  checkConstraints(certificate, setting);
  checkUse(certificate, setting);
};

const extension = (content: CertificateContent, id: string) => content.extensions.find(({ oid }) => oid === id);

function checkBasicConstraints({ content, material, node }: ExaminedCertificate, { relations, report }: Setting): void {
  const present = extension(content, extensionId.basicConstraints);
  if (present === undefined) {
    if (material.version !== 3) return;
    if (material.keyUsage?.includes('keyCertSign')) report('BasicConstraintsMissing', 'its key usage has keyCertSign');
    else if (relations.hasSigned(node))
      report('BasicConstraintsMissing', 'another certificate of the upload is signed by it');
    return;
  }
  const { basicConstraints } = material;
  if (basicConstraints === null) return;
  if (basicConstraints.ca && !present.critical)
    report('BasicConstraintsNotCritical', 'its basic constraints are not critical');
  if (!basicConstraints.ca && basicConstraints.pathLenConstraint !== null)
    report('PathLengthWithoutCa', `it has pathLenConstraint ${basicConstraints.pathLenConstraint} and is no CA`);
}

function checkKeyUsage({ content, material, authority }: ExaminedCertificate, { report }: Setting): void {
  if (material.version !== 3) return;
  const { keyUsage, extKeyUsage } = material;
  if (keyUsage === null) {
    if (extension(content, extensionId.keyUsage) === undefined)
      report('KeyUsageMissing', authority ? 'the CA has no key usage' : 'it has no key usage');
    return;
  }
  const has = (usage: (typeof keyUsage)[number]): boolean => keyUsage.includes(usage);
  const contradictory = (message: string): void => report('KeyUsageContradictory', message);
  if (has('keyCertSign') && !authority && material.basicConstraints !== null)
    contradictory('it has keyCertSign and is no CA');
  if (authority && !has('keyCertSign') && !has('cRLSign'))
    contradictory('it is a CA, and its key usage has neither keyCertSign nor cRLSign');
  if ((has('encipherOnly') || has('decipherOnly')) && !has('keyAgreement'))
    contradictory('it has encipherOnly or decipherOnly without keyAgreement');
  const rsa = content.publicKey.algorithm.startsWith('RSA');
  const edwards = content.publicKey.algorithm.startsWith('Ed');
  if (!authority) checkUsageForPurposes(keyUsage, extKeyUsage ?? [], report);
  // RFC 8813 3, RFC 8410 5, RFC 4055 1.2
  const unsuitable = keyUsage.filter((usage) =>
    usage === 'keyAgreement' ? rsa || edwards : !rsa && (usage === 'keyEncipherment' || usage === 'dataEncipherment'),
  );
  if (unsuitable.length > 0)
    report(
      'KeyUsageNotForKey',
      `it has ${unsuitable.join(' and ')}, which a key of ${content.publicKey.algorithm} cannot do`,
    );
}

/** RFC 5280 4.2.1.12: the key usages that go with a purpose. One of them must be there. */
const usagesOfPurpose: readonly (readonly [purpose: string, words: string, ...usages: readonly KeyUsage[]])[] = [
  [keyPurpose.clientAuth, 'clients', 'digitalSignature', 'keyAgreement'],
  [keyPurpose.serverAuth, 'servers', 'digitalSignature', 'keyEncipherment', 'keyAgreement'],
  ['1.3.6.1.5.5.7.3.3', 'signing code', 'digitalSignature'],
  ['1.3.6.1.5.5.7.3.4', 'mail', 'digitalSignature', 'nonRepudiation', 'keyEncipherment', 'keyAgreement'],
  ['1.3.6.1.5.5.7.3.8', 'time stamps', 'digitalSignature', 'nonRepudiation'],
  ['1.3.6.1.5.5.7.3.9', 'answers of OCSP', 'digitalSignature', 'nonRepudiation'],
];

function checkUsageForPurposes(keyUsage: readonly KeyUsage[], purposes: readonly string[], report: Report): void {
  for (const [purpose, words, ...usages] of usagesOfPurpose) {
    if (!purposes.includes(purpose)) continue;
    const fitting = usages.filter((usage) => keyUsage.includes(usage));
    if (fitting.length === 0)
      report('KeyUsageContradictory', `it is for ${words}, and its key usage has no ${usages.join(' or ')}`);
    // TLS 1.3 signs in any case, RFC 8446 4.4.2.2.
    else if (isOfTls(purpose) && !keyUsage.includes('digitalSignature'))
      report('KeyUsageLacksSignature', `it is for ${words}, and its key usage has ${fitting.join(' and ')} alone`);
  }
}

const isOfTls = (purpose: string): boolean => purpose === keyPurpose.clientAuth || purpose === keyPurpose.serverAuth;

function checkExtendedKeyUsage({ content, material, authority, use }: ExaminedCertificate, { report }: Setting): void {
  const { extKeyUsage } = material;
  if (extKeyUsage === null) {
    const absent = extension(content, extensionId.extKeyUsage) === undefined;
    if (absent && !authority && material.version === 3)
      report('ExtendedKeyUsageMissing', 'it has no extended key usage');
    return;
  }
  if (extKeyUsage.includes(anyExtendedKeyUsage)) {
    report('AnyExtendedKeyUsage', 'its extended key usage has anyExtendedKeyUsage');
    return;
  }
  const client = extKeyUsage.includes(keyPurpose.clientAuth);
  const server = extKeyUsage.includes(keyPurpose.serverAuth);
  const isForPeers = content.role === 'EtcdPeer' || content.role === 'EtcdServerAndPeer';
  if (use?.as === 'client' && !client)
    report('ExtendedKeyUsageUnsuitable', `it stands in ${use.where} and has no clientAuth`);
  else if (use?.as === 'leaf' && !client && !server)
    report('ExtendedKeyUsageUnsuitable', `it stands in ${use.where} and has neither clientAuth nor serverAuth`);
  // RFC 5280 leaves it open; etcd's peers speak to each other both ways.
  else if (isForPeers && !(client && server))
    report('ExtendedKeyUsageUnsuitable', `it is for etcd peers and has no ${client ? 'serverAuth' : 'clientAuth'}`);
}

function checkKeyIdentifiers({ content, material, authority }: ExaminedCertificate, { report }: Setting): void {
  if (material.version !== 3) return;
  if (authority && extension(content, extensionId.subjectKeyIdentifier) === undefined)
    report('SubjectKeyIdentifierMissing', 'the CA has no subject key identifier');
  if (material.authorityKeyIdentifier && namesNobody(material.authorityKeyIdentifier))
    report('AuthorityKeyIdentifierMissing', 'its authority key identifier is empty');
  else if (!isSelfIssued(material) && extension(content, extensionId.authorityKeyIdentifier) === undefined)
    report('AuthorityKeyIdentifierMissing', 'it has no authority key identifier');
}

/** RFC 5280 4.2.1.5, 4.2.1.10, 4.2.1.11, 4.2.1.14: extensions that say something of certificates below. */
const ofAuthorities: ReadonlySet<string> = new Set(['2.5.29.30', '2.5.29.33', '2.5.29.36', '2.5.29.54']);

function checkConstraints({ content, authority }: ExaminedCertificate, { report }: Setting): void {
  const found = content.extensions.filter(({ oid }) => ofAuthorities.has(oid)).map(({ name }) => name);
  if (!authority && found.length > 0)
    report('ConstraintInLeaf', `it has ${[...new Set(found)].join(' and ')} and is no CA`);
}

function checkUse({ material, authority, use, object }: ExaminedCertificate, { report }: Setting): void {
  if (authority) {
    if (use && use.as !== 'authority' && (use.as === 'client' || isOfServer(material)))
      report('CaUsedAsLeaf', `it stands in ${use.where} and is a CA`);
  } else if (material.version === 3) {
    if (use?.as === 'authority') report('LeafUsedAsCa', `it stands in ${use.where} and is no CA`);
    // A file name is a hint at most, but a certificate that signed itself and is called ca.crt is meant for a CA.
    else if (use === null && isSelfIssued(material) && isNamedCa(object.path))
      report('LeafUsedAsCa', 'its file is named ca.crt, and it is no CA');
  }
}

const isNamedCa = (path: string): boolean => /(?:^|\/)ca\.(?:crt|pem|cer)$/.test(path);

/** Secrets of type tls also hold CAs that somebody signs with; such a CA is not for servers. */
const isOfServer = ({ extKeyUsage, subjectAltNames }: ExaminedCertificate['material']): boolean =>
  (extKeyUsage ?? []).some(isOfTls) ||
  (subjectAltNames?.ip ?? []).length > 0 ||
  (subjectAltNames?.dns ?? []).some((name) => name.includes('.'));

/** The entry of a Secret or ConfigMap that a path ends with: `tls.crt` of `data["tls.crt"]`. */
const entryName = (path: string): string | undefined => {
  const [, quoted, plain] = /(?:^|#)(?:data|stringData|binaryData)(?:\["(.*)"\]|\.(.*))$/.exec(path) ?? [];
  return quoted ?? plain;
};

/** Entries that hold CAs: those of namespaces and services, and the CAs that API servers trust and publish. */
const authorityEntries = new Set(['ca.crt', 'client-ca-file', 'requestheader-client-ca-file', 'service-ca.crt']);

/** The use of a certificate by the field or entry that holds it. The name of a file does not count. */
export function useOf(object: DecodedObject, relations: Relations): Use | null {
  const { path, parent } = object;
  if (parent === null) return null;
  const stem = pathStem(path);
  // The certificates that follow in the same place are the CAs of its chain.
  const isFirst = (): boolean => relations.bundleOf(object)[0]?.object === object;
  switch (relations.objectAt(parent)?.content.type) {
    case 'Kubeconfig':
      if (stem.endsWith('.certificate-authority-data')) return { as: 'authority', where: 'certificate-authority-data' };
      return stem.endsWith('.client-certificate-data') && isFirst()
        ? { as: 'client', where: 'client-certificate-data' }
        : null;
    case 'Secret':
    case 'ConfigMap': {
      const entry = entryName(stem);
      if (entry === undefined) return null;
      if (authorityEntries.has(entry)) return { as: 'authority', where: entry };
      return entry === 'tls.crt' && isFirst() ? { as: 'leaf', where: entry } : null;
    }
    case 'CertificateSigningRequest':
      return stem.endsWith('status.certificate') && isFirst() ? { as: 'leaf', where: 'status.certificate' } : null;
    default:
      return null;
  }
}
