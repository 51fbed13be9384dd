import { decodeGeneralNames, decodeSubjectAltName } from './alternative-names.js';
import { decodeBasicConstraints } from './basic-constraints.js';
import { decodeCertificatePolicies } from './certificate-policies.js';
import { decodeDistributionPoints, decodeIssuingDistributionPoint } from './distribution-points.js';
import { decodeExtendedKeyUsage } from './extended-key-usage.js';
import type { ExtensionDecoder } from './extension-decoder.js';
import { decodeInformationAccess } from './information-access.js';
import { decodeAuthorityKeyIdentifier, decodeSubjectKeyIdentifier } from './key-identifiers.js';
import { decodeNameConstraints } from './name-constraints.js';
import { decodeKeyUsage, decodeNetscapeCertificateType } from './named-bits.js';
import { decodeInhibitAnyPolicy, decodePolicyConstraints, decodePolicyMappings } from './policy-rules.js';
import { decodeSignedCertificateTimestamps } from './signed-certificate-timestamps.js';
import {
  decodeCrlReason,
  decodeFlag,
  decodeIa5String,
  decodeInvalidityDate,
  decodeNumber,
  decodePrivateKeyUsagePeriod,
  decodeSubjectDirectoryAttributes,
  decodeTlsFeature,
} from './simple-values.js';

export interface KnownExtension {
  /** As the document that defines it names it. */
  readonly name: string;
  readonly decode: ExtensionDecoder;
}

const known = (name: string, decode: ExtensionDecoder): KnownExtension => ({ name, decode });

/** The extensions that are decoded, by dotted identifier. */
export const extensionDecoders: ReadonlyMap<string, KnownExtension> = new Map([
  // RFC 5280 4.2
  ['2.5.29.9', known('subjectDirectoryAttributes', decodeSubjectDirectoryAttributes)],
  ['2.5.29.14', known('subjectKeyIdentifier', decodeSubjectKeyIdentifier)],
  ['2.5.29.15', known('keyUsage', decodeKeyUsage)],
  ['2.5.29.16', known('privateKeyUsagePeriod', decodePrivateKeyUsagePeriod)],
  ['2.5.29.17', known('subjectAltName', decodeSubjectAltName)],
  ['2.5.29.18', known('issuerAltName', decodeGeneralNames)],
  ['2.5.29.19', known('basicConstraints', decodeBasicConstraints)],
  ['2.5.29.30', known('nameConstraints', decodeNameConstraints)],
  ['2.5.29.31', known('cRLDistributionPoints', decodeDistributionPoints)],
  ['2.5.29.32', known('certificatePolicies', decodeCertificatePolicies)],
  ['2.5.29.33', known('policyMappings', decodePolicyMappings)],
  ['2.5.29.35', known('authorityKeyIdentifier', decodeAuthorityKeyIdentifier)],
  ['2.5.29.36', known('policyConstraints', decodePolicyConstraints)],
  ['2.5.29.37', known('extKeyUsage', decodeExtendedKeyUsage)],
  ['2.5.29.46', known('freshestCRL', decodeDistributionPoints)],
  ['2.5.29.54', known('inhibitAnyPolicy', decodeInhibitAnyPolicy)],
  ['1.3.6.1.5.5.7.1.1', known('authorityInfoAccess', decodeInformationAccess)],
  ['1.3.6.1.5.5.7.1.11', known('subjectInfoAccess', decodeInformationAccess)],
  // RFC 5280 5.2, 5.3
  ['2.5.29.20', known('cRLNumber', decodeNumber)],
  ['2.5.29.21', known('reasonCode', decodeCrlReason)],
  ['2.5.29.24', known('invalidityDate', decodeInvalidityDate)],
  ['2.5.29.27', known('deltaCRLIndicator', decodeNumber)],
  ['2.5.29.28', known('issuingDistributionPoint', decodeIssuingDistributionPoint)],
  ['2.5.29.29', known('certificateIssuer', decodeGeneralNames)],
  // RFC 6960, RFC 6962, RFC 7633
  ['1.3.6.1.5.5.7.48.1.5', known('ocspNoCheck', decodeFlag)],
  ['1.3.6.1.4.1.11129.2.4.2', known('signedCertificateTimestampList', decodeSignedCertificateTimestamps)],
  ['1.3.6.1.4.1.11129.2.4.3', known('precertificatePoison', decodeFlag)],
  ['1.3.6.1.5.5.7.1.24', known('tlsFeature', decodeTlsFeature)],
  // Netscape
  ['2.16.840.1.113730.1.1', known('netscapeCertType', decodeNetscapeCertificateType)],
  ['2.16.840.1.113730.1.2', known('netscapeBaseUrl', decodeIa5String)],
  ['2.16.840.1.113730.1.3', known('netscapeRevocationUrl', decodeIa5String)],
  ['2.16.840.1.113730.1.4', known('netscapeCaRevocationUrl', decodeIa5String)],
  ['2.16.840.1.113730.1.7', known('netscapeRenewalUrl', decodeIa5String)],
  ['2.16.840.1.113730.1.8', known('netscapeCaPolicyUrl', decodeIa5String)],
  ['2.16.840.1.113730.1.12', known('netscapeSslServerName', decodeIa5String)],
  ['2.16.840.1.113730.1.13', known('netscapeComment', decodeIa5String)],
]);
