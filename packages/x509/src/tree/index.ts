/** X.509 as it is found: reads what the strict reader refuses, and keeps the octets of every part. */
export { type AlgorithmIdentifier, readAlgorithm, type RsaPssParameters, rsassaPss } from './algorithm.js';
export { foundElements } from './ber/encoding.js';
export { normalize, type Normalized } from './ber/normalize.js';
export { type CertificateListTree, readCertificateListTree, type RevokedEntry } from './certificate-list.js';
export { type CertificateTree, readCertificateTree } from './certificate.js';
export {
  type CertificationRequestTree,
  extensionRequests,
  readCertificationRequestTree,
} from './certification-request.js';
export type {
  DistributionPointName,
  PolicyQualifier,
  SignedCertificateTimestamp,
  Subtree,
} from './extension-values.js';
export { type ExtensionId, ExtensionTree, type ExtensionValue, extensionValueOf } from './extension.js';
export type { GeneralName, GeneralNameType } from './general-name.js';
export { type NameTree, type NameTreeAttribute, readName, textsOf } from './name.js';
export {
  isEven,
  type PublicKeyTree,
  readPublicKeyTree,
  rsaMagnitudes,
  type RsaMagnitudes,
  type RsaPublicKey,
} from './public-key.js';
export type { SignedObject } from './signed-object.js';
export { decodeString, isStringType, stringTypeName } from './string-types.js';
export type { Time } from './time.js';
export {
  bitLengthOf,
  type BitString,
  count,
  dottedIdentifier,
  hasBit,
  integerText,
  magnitudeOf,
  signedMagnitude,
  smallInteger,
} from './values.js';
