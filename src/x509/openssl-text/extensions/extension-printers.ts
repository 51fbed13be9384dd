import { printGeneralNames } from './alternative-names.js';
import { printBasicAttributeConstraints, printBasicConstraints } from './basic-constraints.js';
import { printCertificatePolicies } from './certificate-policies.js';
import { printDistributionPoints, printIssuingDistributionPoint } from './distribution-points.js';
import type { ExtensionPrinter } from './extension-printer.js';
import { printInformationAccess } from './information-access.js';
import { printAuthorityKeyIdentifier, printSubjectKeyIdentifier } from './key-identifiers.js';
import { printNameConstraints } from './name-constraints.js';
import { printKeyUsage, printNetscapeCertificateType } from './named-bits.js';
import { printAdmissions, printIssuerSignTool, printStrongExtranet } from './national-profiles.js';
import { printObjectIdentifierList } from './object-identifier-list.js';
import { printOcspCrlReference, printOcspNonce, printOcspServiceLocator } from './online-status.js';
import { printPolicyConstraints, printPolicyMappings } from './policy-rules.js';
import { printProxyCertificateInformation } from './proxy-certificate.js';
import { printAsIdentifiers, printIpAddressBlocks } from './resources.js';
import { printSignedCertificateTimestamps } from './signed-certificate-timestamps.js';
import {
  printCrlReason,
  printGeneralizedTime,
  printIa5String,
  printInteger,
  printNothing,
  printNull,
  printObjectIdentifier,
  printPrivateKeyUsagePeriod,
  printTlsFeature,
  printUtf8String,
} from './simple-values.js';

/** How each extension is shown, by its dotted identifier; any other is shown octet by octet. */
export const extensionPrinters: ReadonlyMap<string, ExtensionPrinter> = new Map([
  // RFC 5280 4.2 and 5.2, X.509
  ['2.5.29.14', printSubjectKeyIdentifier],
  ['2.5.29.15', printKeyUsage],
  ['2.5.29.16', printPrivateKeyUsagePeriod],
  ['2.5.29.17', printGeneralNames],
  ['2.5.29.18', printGeneralNames],
  ['2.5.29.19', printBasicConstraints],
  ['2.5.29.20', printInteger],
  ['2.5.29.21', printCrlReason],
  ['2.5.29.23', printObjectIdentifier],
  ['2.5.29.24', printGeneralizedTime],
  ['2.5.29.27', printInteger],
  ['2.5.29.28', printIssuingDistributionPoint],
  ['2.5.29.29', printGeneralNames],
  ['2.5.29.30', printNameConstraints],
  ['2.5.29.31', printDistributionPoints],
  ['2.5.29.32', printCertificatePolicies],
  ['2.5.29.33', printPolicyMappings],
  ['2.5.29.35', printAuthorityKeyIdentifier],
  ['2.5.29.36', printPolicyConstraints],
  ['2.5.29.37', printObjectIdentifierList],
  ['2.5.29.46', printDistributionPoints],
  ['2.5.29.54', printInteger],
  // X.509 attribute certificates
  ['2.5.29.41', printBasicAttributeConstraints],
  ['2.5.29.42', printNameConstraints],
  ['2.5.29.50', printNull],
  ['2.5.29.52', printObjectIdentifierList],
  ['2.5.29.56', printNull],
  ['2.5.29.57', printObjectIdentifierList],
  ['2.5.29.61', printNull],
  ['2.5.29.62', printNull],
  ['2.5.29.65', printNull],
  ['2.5.29.66', printNull],
  ['2.5.29.69', printNameConstraints],
  // PKIX
  ['1.3.6.1.5.5.7.1.1', printInformationAccess],
  ['1.3.6.1.5.5.7.1.4', printSubjectKeyIdentifier],
  ['1.3.6.1.5.5.7.1.7', printIpAddressBlocks],
  ['1.3.6.1.5.5.7.1.8', printAsIdentifiers],
  ['1.3.6.1.5.5.7.1.11', printInformationAccess],
  ['1.3.6.1.5.5.7.1.14', printProxyCertificateInformation],
  ['1.3.6.1.5.5.7.1.24', printTlsFeature],
  ['1.3.6.1.5.5.7.48.1.2', printOcspNonce],
  ['1.3.6.1.5.5.7.48.1.3', printOcspCrlReference],
  ['1.3.6.1.5.5.7.48.1.4', printObjectIdentifierList],
  ['1.3.6.1.5.5.7.48.1.5', printNothing],
  ['1.3.6.1.5.5.7.48.1.6', printGeneralizedTime],
  ['1.3.6.1.5.5.7.48.1.7', printOcspServiceLocator],
  // Certificate Transparency (RFC 6962)
  ['1.3.6.1.4.1.11129.2.4.2', printSignedCertificateTimestamps],
  ['1.3.6.1.4.1.11129.2.4.3', printNull],
  ['1.3.6.1.4.1.11129.2.4.5', printSignedCertificateTimestamps],
  // Netscape
  ['2.16.840.1.113730.1.1', printNetscapeCertificateType],
  ...[2, 3, 4, 7, 8, 12, 13].map((n): [string, ExtensionPrinter] => [`2.16.840.1.113730.1.${n}`, printIa5String]),
  // Of one company or country
  ['1.2.643.100.111', printUtf8String],
  ['1.2.643.100.112', printIssuerSignTool],
  ['1.3.36.8.3.3', printAdmissions],
  ['1.3.101.1.4.1', printStrongExtranet],
]);
