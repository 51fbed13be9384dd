/** X.509 as it is found: reads what the strict reader refuses, and keeps the octets of every part. */
export {
  type AlgorithmIdentifier,
  isEven,
  type PublicKeyTree,
  readAlgorithm,
  readPublicKeyTree,
  type RsaMagnitudes,
  rsaMagnitudes,
  type RsaPssParameters,
  type RsaPublicKey,
  rsassaPss,
} from './public-key.js';
export { foundElements } from './ber.js';
export { normalize, type Normalized } from './normalize.js';
export {
  type CertificateListTree,
  type CertificateTree,
  type CertificationRequestTree,
  extensionRequests,
  readCertificateListTree,
  readCertificateTree,
  readCertificationRequestTree,
  type RevokedEntry,
  type SignedObject,
} from './signed-object.js';
export type {
  DistributionPointName,
  PolicyQualifier,
  SignedCertificateTimestamp,
  Subtree,
} from './extension-values.js';
export { type ExtensionId, ExtensionTree, type ExtensionValue, extensionValueOf } from './extension.js';
export {
  type GeneralName,
  type GeneralNameType,
  type NameTree,
  type NameTreeAttribute,
  readName,
  textsOf,
} from './name.js';
export { decodeString, isStringType, stringTypeName } from '../strict/distinguished-name.js';
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
  type Time,
} from './values.js';
