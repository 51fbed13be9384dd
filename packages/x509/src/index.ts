/** X.509 with one encoding for each value: reads certificates, requests and lists strictly, and writes them. */
export { PrimalityTests, primeModulus, type TestedFor } from './hygiene/primality-tests.js';
export { rsaWeakness } from './hygiene/rsa-weakness.js';
export { remaindersOf } from './hygiene/small-primes.js';
export { TooManyWaitingError, Turns } from './hygiene/turns.js';
export { type ParsedCertificateList, readCertificateList } from './strict/certificate-list-reader.js';
export { writeRevokedEntry, writeTbsCertificateList } from './strict/certificate-list-writer.js';
export { type ParsedCertificate, readCertificate } from './strict/certificate-reader.js';
export {
  assembleTbsCertificate,
  sealCertificate,
  type TbsCertificateFields,
  writeTbsCertificate,
} from './strict/certificate-writer.js';
export {
  type CertificationRequest,
  CSR_PEM_LABEL,
  parseCertificationRequest,
  readCertificationRequest,
  readCertificationRequestDer,
  writeCertificationRequest,
} from './strict/certification-request.js';
export {
  bitString,
  contextConstructed,
  contextPrimitive,
  der,
  type DerElement,
  DerError,
  DerReader,
  inside,
  oid,
  onlyElement,
  readInteger,
  readOctetAlignedBits,
  readOid,
  sequence,
  setOf,
  Tag,
  unsignedInteger,
} from './strict/der.js';
export {
  describeCertificationRequest,
  type DescribedCertificationRequest,
} from './strict/describe-certification-request.js';
export {
  displayDistinguishedName,
  displaySubject,
  readDistinguishedName,
  writeDistinguishedName,
  writeSubject,
} from './strict/distinguished-name.js';
export {
  authorityKeyIdentifierExtension,
  type BasicConstraints,
  basicConstraintsExtension,
  extensionValue,
  extKeyUsageExtension,
  type KeyUsage,
  keyUsageExtension,
  keyUsages,
  writeExtension,
  writeKeyUsage,
} from './strict/extension.js';
export { instantText } from './strict/instant-text.js';
export { type KeyAlgorithm, keyAlgorithms } from './strict/key-algorithm.js';
export { generateKeyPair, type KeyPair } from './strict/key-pair.js';
export {
  attributeType,
  extensionId,
  keyPurpose,
  publicKeyAlgorithm,
  requestAttribute,
} from './strict/object-identifiers.js';
export { decodePemBundle, decodeSinglePem, encodePem } from './strict/pem.js';
export { type RevocationReason, revocationReasons } from './strict/revocation-reasons.js';
export { newSerialNumber, publicRandomOctets } from './strict/serial-number.js';
export { sha256 } from './strict/sha256.js';
export {
  findSignatureAlgorithm,
  sign,
  type SignatureAlgorithm,
  signatureAlgorithmFor,
  verifySignature,
} from './strict/signature-algorithm.js';
export { type Signatures, signaturesHere } from './strict/signatures.js';
export { loadSigningAuthority, type SigningAuthority } from './strict/signing-authority.js';
export { displayIpAddress, readUris } from './strict/subject-alt-names.js';
export { readSubjectIdentity, subjectBounds } from './strict/subject-identity.js';
export { curveOf, readSubjectPublicKeyInfo, whyNotOnCurve } from './strict/subject-public-key-info.js';
export { BACKDATE_SECONDS, userCertificateValidity, type Validity } from './strict/validity.js';
