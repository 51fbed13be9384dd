import { hash } from 'node:crypto';

import type { CertificateListContent } from '../model/inspection.js';
import {
  type CertificateListTree,
  type Normalized,
  readCertificateListTree,
  type RevokedEntry,
} from '@kubepass/x509/tree';
import type { Decoded, Report } from '../model/decoded.js';
import {
  type DescribedExtensions,
  describeExtensions,
  entryProfile,
  listProfile,
  NO_EXTENSIONS,
} from './describe-extensions.js';
import { nameContent, observeName } from './describe-names.js';
import {
  decodeSigned,
  describeTime,
  observeTrailing,
  serialNumberHex,
  signedOf,
  versionOf,
} from './decode-signed-object.js';
import { describeAlgorithm, observeAlgorithms, observeBrokenHash, observeParameters } from './verify-signed.js';

/** Decodes any certificate list that OpenSSL or Go shows (RFC 5280 5.1) and reports its oddities. */
export const decodeCertificateList = (normalized: Normalized): Decoded =>
  decodeSigned(normalized, 'a certificate list', (report) => {
    const list = readCertificateListTree(normalized.der);
    const { algorithm, issuer } = list;
    const signed = signedOf(list, normalized, report);
    const version = describeVersion(list, report);
    observeAlgorithms(list.innerAlgorithm, algorithm, report);
    observeName(issuer, 'the issuer', report);
    if (issuer.rdns.length === 0) report('EmptyIssuer', 'the issuer is empty');
    const thisUpdate = describeTime(list.thisUpdate, 'thisUpdate', report);
    const nextUpdate = list.nextUpdate && describeTime(list.nextUpdate, 'nextUpdate', report);
    const revoked = list.revoked.slice(0, MAX_SHOWN).map((entry) => describeEntry(entry, report));
    observeTrailing(list, ['the last field of the signed part'], report);
    const { contents: extensions, facts } = describeListExtensions(list, version, report);
    observeBrokenHash(algorithm, report);
    observeParameters(algorithm, report);
    const content: CertificateListContent = {
      type: 'CertificateList',
      version,
      issuer: nameContent(issuer),
      thisUpdate: thisUpdate.text,
      nextUpdate: nextUpdate?.text ?? null,
      signatureAlgorithm: describeAlgorithm(algorithm),
      extensions,
      revokedCount: list.revoked.length,
      revoked,
      fingerprintSha256: hash('sha256', normalized.found, 'hex'),
    };
    return {
      content,
      material: {
        kind: 'list',
        signed,
        issuer: issuer.raw,
        authorityKeyIdentifier: facts.authorityKeyIdentifier,
        nextUpdate: nextUpdate?.instant ?? null,
        revokedSerialNumbers: new Set(list.revoked.map(({ serialNumber }) => serialNumber.content.toString('hex'))),
      },
    };
  });

const MAX_SHOWN = 100;

/** RFC 5280 5.1.2.1: absent for v1, else v2, which is 1. */
function describeVersion(list: CertificateListTree, report: Report): number {
  if (list.version === null) return 1;
  const version = versionOf(list.version);
  if (version !== 2) report('VersionContradictory', 'its version is not 1, which stands for version 2');
  return version;
}

function describeListExtensions(list: CertificateListTree, version: number, report: Report): DescribedExtensions {
  if (list.extensions === null) return NO_EXTENSIONS;
  if (version === 1) report('VersionContradictory', 'it is of version 1 and has extensions');
  const extensions = describeExtensions(list.extensions, listProfile, report);
  observeTrailing(list, ['the extensions'], report);
  return extensions;
}

const REASON_CODE = '2.5.29.21';
/** Throws `DerError`. */
function describeEntry(entry: RevokedEntry, report: Report): CertificateListContent['revoked'][number] {
  const { date, extensions, hasTrailingData } = entry.details();
  const revocationDate = describeTime(date, 'a revocation date', report).text;
  if (hasTrailingData) report('TrailingData', 'something follows an entry of the list');
  const { contents } = extensions ? describeExtensions(extensions, entryProfile, report) : NO_EXTENSIONS;
  const reason = contents.find(({ oid }) => oid === REASON_CODE)?.value;
  return {
    serialNumber: serialNumberHex(entry.serialNumber),
    revocationDate,
    reason: typeof reason === 'string' ? reason : null,
  };
}
