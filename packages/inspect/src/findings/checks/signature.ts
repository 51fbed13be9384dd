import type { CertificateContent, CertificateListContent } from '../../model/inspection.js';
import type { Report } from '../../model/observations.js';
import { placeOf } from '../../relations/certificate-node.js';
import type { Issuance } from '../../relations/find-issuers.js';
import { type CertificateCheck, type ObjectCheck, shortName } from './check.js';

/** Whether a certificate of the upload or a CA of ours signed it. */
export const checkSignature: CertificateCheck = ({ content, node }, { relations, report }) => {
  reportIssuance(relations.issuanceOf(node), content, report);
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
  if (issuance !== undefined && object.content.type === 'CertificateList')
    reportIssuance(issuance, object.content, report);
};

/** An invalid signature is reported when the request is read. */
export const checkSignatureOfRequest: ObjectCheck = ({ content }, { report }) => {
  if (content.type === 'CertificationRequest' && content.signatureValid === null)
    report('SignatureNotChecked', unsupported(content.signatureAlgorithm.name));
};

function reportIssuance(
  issuance: Issuance,
  { issuer: { text: issuer }, signatureAlgorithm }: CertificateContent | CertificateListContent,
  report: Report,
): void {
  switch (issuance.outcome) {
    case 'signed':
      return;
    case 'missing':
      report(
        'IssuerMissing',
        issuance.namesake === null
          ? `its issuer ${shortName(issuer)} is not here`
          : `its issuer ${shortName(issuer)} is not here: ${placeOf(issuance.namesake)} bears that name, and its key did not sign it`,
      );
      return;
    case 'forged':
      report('SignatureInvalid', `the key of ${placeOf(issuance.supposed)} did not make the signature`);
      return;
    case 'unchecked':
      report(
        'SignatureNotChecked',
        issuance.because === 'budget'
          ? 'the upload holds more signatures than are checked at once'
          : unsupported(signatureAlgorithm.name),
      );
  }
}

const unsupported = (algorithm: string): string => `signatures by ${algorithm} with such a key are not checked here`;
