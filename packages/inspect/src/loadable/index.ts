/** Certificates for bundles of CAs, which Kubernetes loads. */
import { DerError, type ParsedCertificate, readCertificate } from '@kubepass/x509';
import { normalize } from '@kubepass/x509/tree';
import type { FindingCode } from '../model/catalogue.js';
import { openBudget } from '../model/budget.js';
import { decodeCertificate } from '../x509/decode-certificate.js';

/**
 * Findings of an inspection: Go may refuse to parse a certificate that has one of them. Go takes `EncodingUnusual`, but
 * a CA for a bundle must be in DER.
 */
const refusals: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'DuplicateExtension',
  'DuplicatePolicy',
  'EncodingUnusual',
  'ExplicitCurveParameters',
  'ExtensionWronglyCritical',
  'MalformedExtension',
  'MalformedObject',
  'MalformedString',
  'NonDerEncoding',
  'NonMinimalEncoding',
  'NotLoadable',
  'PublicKeyInvalid',
  'SignatureAlgorithmsDiffer',
  'TrailingData',
  'VersionContradictory',
  'WeakEllipticCurve',
]);

/**
 * Does the same as `readCertificate`, and also refuses a certificate that crypto/x509 of Go, and so an API server, does
 * not parse. One such certificate keeps a whole bundle from being loaded. The signature is not verified. Throws
 * `DerError`.
 */
export function readLoadableCertificate(bytes: Uint8Array): ParsedCertificate {
  const certificate = readCertificate(bytes);
  const normalized = normalize(certificate.der);
  if (!normalized.ok) throw new DerError(normalized.problem, 0);
  if (certificate.serialNumber.startsWith('-')) throw new DerError('the serial number is negative', 0);
  const context = { now: certificate.notBefore, password: null, budget: openBudget() };
  const found = decodeCertificate(normalized, '', context).observations.find(({ code }) => refusals.has(code));
  if (found !== undefined) throw new DerError(`an API server may not load it: ${found.message}`, 0);
  return certificate;
}
