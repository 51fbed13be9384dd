import { hash } from 'node:crypto';

import type { CertificateContent } from '../model/inspection.js';
import { readInteger } from '@kubepass/x509';
import { type BitString, type CertificateTree, type Normalized, readCertificateTree } from '@kubepass/x509/tree';
import type { CertificateMaterial, Decoded, ExtensionFacts, Report, Signed } from '../model/decoded.js';
import type { DecodeContext } from '../model/budget.js';
import { certificateProfile, describeExtensions, NO_EXTENSIONS } from './describe-extensions.js';
import { nameContent, observeName, observeSubject } from './describe-names.js';
import { describePublicKeyTree } from './describe-public-key.js';
import {
  decodeSigned,
  type DescribedTime,
  describeTime,
  observeSerialNumber,
  observeTrailing,
  serialNumberHex,
  signedOf,
  versionOf,
} from './decode-signed-object.js';
import { kubernetesReading, roleOf } from './kubernetes-role.js';
import {
  describeAlgorithm,
  observeAlgorithms,
  observeBrokenHash,
  observeParameters,
  verifySigned,
} from './verify-signed.js';

/** Decodes any certificate that OpenSSL or Go shows (RFC 5280 4.1) and reports its oddities instead of refusing it. */
export const decodeCertificate = (normalized: Normalized, path: string, context: DecodeContext): Decoded =>
  decodeSigned(normalized, 'a certificate', (report) => {
    const certificate = readCertificateTree(normalized.der, normalized.rest);
    const { serialNumber, algorithm, issuer, subject, publicKey } = certificate;
    const signed = signedOf(certificate, normalized, report);
    const version = describeVersion(certificate, report);
    observeAlgorithms(certificate.innerAlgorithm, algorithm, report);
    observeParameters(algorithm, report);
    const { notBefore, notAfter } = describeValidity(certificate, report);
    observeOptionalFields(certificate, version, report);

    const publicKeyDescription = describePublicKeyTree(publicKey, report);
    const { contents: extensions, facts } =
      certificate.extensions === null
        ? NO_EXTENSIONS
        : describeExtensions(certificate.extensions, certificateProfile, report);
    const selfIssued = issuer.raw.equals(subject.raw);
    const isAuthority = isCa(version, facts, selfIssued);
    observeSerialNumber(serialNumber.content, selfIssued && isAuthority, report);
    observeSubject(subject, isAuthority, report);
    if (!selfIssued) observeName(issuer, 'the issuer', report);
    if (issuer.rdns.length === 0) report('EmptyIssuer', 'the issuer is empty');
    const hasCriticalNames = isCritical(extensions, SUBJECT_ALT_NAME);
    if (subject.rdns.length === 0) observeEmptySubject(facts, hasCriticalNames, report);
    // RFC 5280 4.2.1.6
    else if (hasCriticalNames)
      report('CriticalityUnusual', 'the extension subjectAltName is critical, and should not be beside a subject');
    const selfSigned = selfIssued ? verifySelfSigned(signed, certificate, context) : false;
    // Nobody relies on the signature of a root, because a root is trusted for being in a trust store.
    if (!selfIssued || selfSigned === false) observeBrokenHash(algorithm, report);

    const fingerprintSha256 = hash('sha256', normalized.found, 'hex');
    const names = { subject: nameContent(subject), issuer: nameContent(issuer) };
    const reading = kubernetesReading(subject, facts);
    const content: CertificateContent = {
      type: 'Certificate',
      version,
      serialNumber: serialNumberHex(serialNumber),
      signatureAlgorithm: describeAlgorithm(algorithm),
      ...names,
      notBefore: notBefore.text,
      notAfter: notAfter.text,
      secondsRemaining: Math.floor((notAfter.instant.getTime() - context.now.getTime()) / 1000),
      publicKey: publicKeyDescription,
      issuerUniqueId: hexOf(certificate.issuerUniqueId),
      subjectUniqueId: hexOf(certificate.subjectUniqueId),
      extensions,
      subjectKeyIdentifier: facts.subjectKeyIdentifier?.toString('hex') ?? null,
      authorityKeyIdentifier: facts.authorityKeyIdentifier?.keyIdentifier?.toString('hex') ?? null,
      fingerprintSha256,
      fingerprintSha1: hash('sha1', normalized.found, 'hex'),
      selfSigned,
      role: roleOf({ ...names, isCa: isAuthority, ...facts }, path),
      kubernetes: reading && { ...reading, credentialId: `X509SHA256=${fingerprintSha256}` },
      inventory: null,
    };
    const material: CertificateMaterial = {
      kind: 'certificate',
      tree: certificate,
      signed,
      issuer: issuer.raw,
      subject: subject.raw,
      serialNumber: readInteger(serialNumber),
      notBefore: notBefore.instant,
      notAfter: notAfter.instant,
      version,
      ...facts,
    };
    return { content, material };
  });

const SUBJECT_ALT_NAME = '2.5.29.17';

const hexOf = (bits: BitString | null): string | null => bits && bits.octets.toString('hex');

/** RFC 5280 4.1.2.1: v3 is 2, and v1 is the DEFAULT, which DER leaves out. */
function describeVersion(certificate: CertificateTree, report: Report): number {
  if (certificate.version === null) {
    report('VersionNotV3', 'it is a version 1 certificate');
    return 1;
  }
  observeTrailing(certificate, ['the version'], report);
  const version = versionOf(certificate.version);
  if (version === 1) report('NonDerEncoding', 'version 1, the default, is written out');
  if (version < 1 || version > 3)
    report('VersionContradictory', 'its version is none of 0, 1 and 2, which are all that Go loads');
  else if (version !== 3) report('VersionNotV3', `it is a version ${version} certificate`);
  return version;
}

function describeValidity(
  certificate: CertificateTree,
  report: Report,
): Record<'notBefore' | 'notAfter', DescribedTime> {
  const notBefore = describeTime(certificate.notBefore, 'notBefore', report);
  const notAfter = describeTime(certificate.notAfter, 'notAfter', report);
  observeTrailing(certificate, ['notAfter'], report);
  if (notAfter.instant < notBefore.instant)
    report('ValidityInverted', `it begins at ${notBefore.text} and ends at ${notAfter.text}`);
  // RFC 5280 4.1.2.5
  if (notAfter.text === '9999-12-31T23:59:59Z') report('NoExpirationDate', 'it has no well-defined end');
  return { notBefore, notAfter };
}

/** RFC 5280 4.1: unique identifiers belong to versions 2 and 3, extensions to version 3 alone. */
function observeOptionalFields(certificate: CertificateTree, version: number, report: Report): void {
  observeTrailing(certificate, ['the last field of the signed part'], report);
  const { issuerUniqueId, subjectUniqueId, extensions } = certificate;
  const present = [issuerUniqueId && 'issuer', subjectUniqueId && 'subject'].filter(Boolean);
  if (present.length > 0) {
    report('UniqueIdentifierPresent', `it carries a unique identifier of the ${present.join(' and the ')}`);
    if (version === 1) report('VersionContradictory', 'it is of version 1 and has unique identifiers');
  }
  if (extensions !== null && version !== 3)
    report('VersionContradictory', `it is of version ${version} and has extensions`);
  observeTrailing(certificate, ['the extensions'], report);
}

const isCritical = (extensions: CertificateContent['extensions'], oid: string): boolean =>
  extensions.some((extension) => extension.oid === oid && extension.critical);

/** RFC 5280 4.1.2.6: a CA has a subject; another certificate may have a critical subjectAltName in its place. */
function observeEmptySubject({ basicConstraints }: ExtensionFacts, hasCriticalNames: boolean, report: Report): void {
  if (basicConstraints?.ca) report('EmptySubject', 'the subject of the CA is empty');
  else if (!hasCriticalNames)
    report('EmptySubject', 'the subject is empty, and there is no critical subject alternative name');
}

/** Null where it cannot be checked. */
function verifySelfSigned(signed: Signed, { publicKey }: CertificateTree, { budget }: DecodeContext): boolean | null {
  if (!budget.mayVerify()) return null;
  const verdict = verifySigned(signed, publicKey);
  return verdict === 'unsupported' ? null : verdict === 'valid';
}

/** Before version 3 only the certificate's own signature says so. */
const isCa = (version: number, { basicConstraints }: ExtensionFacts, selfIssued: boolean): boolean =>
  basicConstraints?.ca ?? (version < 3 && selfIssued);
