/** X.509 with one encoding for each value: reads certificates, requests and lists strictly, and writes them. */
export { codeOf, messageOf } from './hygiene/errors.js';
export { PrimalityTests, primeModulus, type TestedFor } from './hygiene/primality-tests.js';
export { remaindersOf, rsaWeakness } from './hygiene/rsa-weakness.js';
export { TooManyWaitingError, Turns } from './hygiene/turns.js';
export { type AuthorityChain, judgeAuthorityChain, leadsTo } from './strict/authority-chain.js';
export { type AuthorityRequestFields, writeAuthorityCertificationRequest } from './strict/authority-request.js';
export {
  type ParsedCertificateList,
  readCertificateList,
  writeRevokedEntry,
  writeTbsCertificateList,
} from './strict/certificate-list.js';
export { type ParsedCertificate, readCertificate } from './strict/certificate-reader.js';
export {
  assembleTbsCertificate,
  newSerialNumber,
  publicRandomOctets,
  sealCertificate,
  type TbsCertificateFields,
  writeCertificationRequest,
  writeTbsCertificate,
} from './strict/certificate-writer.js';
export {
  type CertificationRequest,
  parseCertificationRequest,
  refusalsOfCertificationRequest,
  readCertificationRequest,
  readCertificationRequestDer,
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
  readSubjectIdentity,
  subjectBounds,
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
export { BACKDATE_SECONDS, instantText, userCertificateValidity, type Validity } from './strict/validity.js';
export { type KeyAlgorithm, keyAlgorithms } from './strict/key-algorithm.js';
export {
  findSignatureAlgorithm,
  generateKeyPair,
  type KeyPair,
  sha256,
  sign,
  type SignatureAlgorithm,
  signatureAlgorithmFor,
  type Signatures,
  signaturesHere,
  verifySignature,
} from './strict/crypto.js';
export {
  attributeType,
  extensionId,
  keyPurpose,
  publicKeyAlgorithm,
  requestAttribute,
} from './strict/object-identifiers.js';
export { CSR_PEM_LABEL, decodePemBundle, decodeSinglePem, encodeCertificates, encodePem } from './strict/pem.js';
export { type RevocationReason, revocationReasons } from './strict/revocation-reasons.js';
export { readSigningAuthority, type SigningAuthority, signingAuthorityOf } from './strict/signing-authority.js';
export { displayIpAddress, readUris } from './strict/subject-alt-names.js';
export { curveOf, readSubjectPublicKeyInfo, whyNotOnCurve } from './strict/subject-public-key-info.js';
