import type { Severity } from './inspection.js';

/** The parts that all findings of a code share. */
export interface FindingKind {
  readonly severity: Severity;
  /** One sentence without a full stop: what is the case. */
  readonly title: string;
  /** The next step for the reader. */
  readonly advice: string;
  /** The clause that it rests on. */
  readonly reference: string;
}

const validity = {
  CertificateExpired: {
    severity: 'error',
    title: 'The certificate has expired',
    advice: 'Issue a new one; until then clients and servers refuse it.',
    reference: 'RFC 5280 4.1.2.5',
  },
  CertificateRevoked: {
    severity: 'error',
    title: 'kubepass has revoked the certificate',
    advice: 'Do not use it; request another one. A cluster that is not made to refuse it still accepts it.',
    reference: 'RFC 5280 5.3.1',
  },
  CertificateNotYetValid: {
    severity: 'error',
    title: 'The certificate is not valid yet',
    advice: 'Wait, or correct the clock of whoever issued it.',
    reference: 'RFC 5280 4.1.2.5',
  },
  CertificateExpiresSoon: {
    severity: 'warning',
    title: 'The certificate expires soon: within the configured time, and in the last third of its life',
    advice: 'Renew it now.',
    reference: 'RFC 5280 4.1.2.5',
  },
  CertificateEndsWithinDay: {
    severity: 'info',
    title: 'The certificate ends within a day, and is not due for renewal yet',
    advice: 'No action if it is renewed in time. Copies of it stop working when it ends.',
    reference: 'RFC 5280 4.1.2.5',
  },
  ValidityTooLong: {
    severity: 'warning',
    title: 'The certificate is valid for longer than it should be',
    advice: 'Issue shorter-lived certificates: Kubernetes checks no revocation, a short life is what ends them.',
    reference: 'Kubernetes: PKI certificates and requirements',
  },
  ValidityInverted: {
    severity: 'error',
    title: 'The certificate ends before it begins',
    advice: 'Issue it anew; it is never valid.',
    reference: 'RFC 5280 4.1.2.5',
  },
  ValidityEncodedWrong: {
    severity: 'warning',
    title: 'A time stands in a form that RFC 5280 does not allow',
    advice: 'Use UTCTime through 2049, GeneralizedTime after, both to the second and in UTC.',
    reference: 'RFC 5280 4.1.2.5',
  },
  NoExpirationDate: {
    severity: 'warning',
    title: 'The certificate has no end',
    advice: 'Issue one with an end: 99991231235959Z means never.',
    reference: 'RFC 5280 4.1.2.5',
  },
  OutlivesIssuer: {
    severity: 'warning',
    title: 'The certificate ends after the CA that signed it',
    advice: 'Issue it to end no later than its CA; chains stop being valid with the CA.',
    reference: 'RFC 5280 6.1.3',
  },
} as const satisfies Record<string, FindingKind>;

const keys = {
  WeakRsaKey: {
    severity: 'error',
    title: 'The RSA key is shorter than 2048 bits',
    advice: 'Make a new key: ECDSA P-256, or RSA of 2048 bits and more.',
    reference: 'NIST SP 800-57 part 1, 5.6.1',
  },
  RsaKeyFactorable: {
    severity: 'error',
    title: 'Everybody who sees the public key can compute the private key',
    advice: 'Stop using it, and make a new key with other software: openssl genpkey, for example.',
    reference: 'NIST SP 800-89 5.3.3, FIPS 186-5 A.1.3, CVE-2017-15361, CVE-2022-26320',
  },
  RsaExponentUnusual: {
    severity: 'error',
    title: 'The RSA exponent is even, below 65537 or very large',
    advice: 'Make a new key with exponent 65537.',
    reference: 'NIST FIPS 186-5 5.4',
  },
  WeakEllipticCurve: {
    severity: 'error',
    title: 'The elliptic curve is weaker than P-256',
    advice: 'Make a new key on P-256 or P-384.',
    reference: 'NIST SP 800-57 part 1, 5.6.1',
  },
  ExplicitCurveParameters: {
    severity: 'error',
    title: 'The key spells out a curve instead of naming it',
    advice: 'Make a new key on a named curve; Go and Kubernetes read no other.',
    reference: 'RFC 5480 2.1.1',
  },
  KeyAlgorithmUnsupported: {
    severity: 'warning',
    title: 'Kubernetes cannot use a key of this algorithm',
    advice: 'Use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA.',
    reference: 'Go crypto/x509',
  },
  PublicKeyInvalid: {
    severity: 'error',
    title: 'The public key is not a valid key',
    advice: 'Make a new key.',
    reference: 'RFC 5480 2.2, RFC 8017 3.1',
  },
  SharedKey: {
    severity: 'warning',
    title: 'One key stands in certificates of different subjects',
    advice: 'Give every identity a key of its own.',
    reference: 'RFC 5280 4.1.2.7',
  },
  PrivateKeyInvalid: {
    severity: 'error',
    title: 'The private key cannot be read, or its two halves do not belong together',
    advice: 'Make a new key.',
    reference: 'RFC 5958 2, RFC 8017 3.2',
  },
  PrivateKeyUnprotected: {
    severity: 'info',
    title: 'A private key stands here without a password',
    advice: 'Keep it where only its owner can read it; whoever has it is that identity.',
    reference: 'RFC 5958 3',
  },
  PrivateKeyLocked: {
    severity: 'info',
    title: 'The private key is encrypted, and no password was given',
    advice: 'Give the password with the upload to have it compared with its certificate.',
    reference: 'RFC 5958 3',
  },
  PasswordWrong: {
    severity: 'warning',
    title: 'The password does not open it',
    advice: 'Give the password that it was encrypted with.',
    reference: 'RFC 8018 6, RFC 7292 4',
  },
  WeakKeyEncryption: {
    severity: 'warning',
    title: 'The encryption of the key or store is weak',
    advice: 'Encrypt it anew with PBES2, AES-256 and at least 100,000 iterations.',
    reference: 'RFC 8018 4.2, NIST SP 800-132 5.2',
  },
  KeyDerivationTooCostly: {
    severity: 'warning',
    title: 'Opening it would take more work than an upload may ask for',
    advice: 'Encrypt it anew with fewer iterations to have it opened here.',
    reference: 'RFC 8018 4.2',
  },
  EncryptionUnsupported: {
    severity: 'info',
    title: 'It is encrypted in a way that is not opened here',
    advice: 'Encrypt it anew with PBES2, PBKDF2 and AES-256 to have it opened here.',
    reference: 'RFC 8018 6.2',
  },
  KeyMismatch: {
    severity: 'error',
    title: 'The private key beside the certificate is another one',
    advice: 'Put the key and the certificate together that were made together.',
    reference: 'RFC 5280 4.1.2.7',
  },
  KeyWithoutCertificate: {
    severity: 'info',
    title: 'No certificate or request in the upload has this key',
    advice: 'Upload them together to have them compared.',
    reference: 'RFC 5280 4.1.2.7',
  },
  LegacyKeyFormat: {
    severity: 'info',
    title: 'The key stands in a format that new software no longer writes',
    advice: 'Convert it: openssl pkey -in old.key -out new.key',
    reference: 'RFC 5958 2',
  },
} as const satisfies Record<string, FindingKind>;

const signatures = {
  WeakSignature: {
    severity: 'error',
    title: 'It is signed with a broken hash',
    advice: 'Have it signed anew with SHA-256 or better.',
    reference: 'RFC 6151, RFC 6194, NIST SP 800-131A',
  },
  SignatureInvalid: {
    severity: 'error',
    title: 'The signature is not of the key that should have made it',
    advice: 'Do not use it: it was changed, or is not from whom it says.',
    reference: 'RFC 5280 6.1.3',
  },
  SignatureAlgorithmsDiffer: {
    severity: 'error',
    title: 'The algorithm inside the signed part is not the one outside',
    advice: 'Do not use it: the two must be the same.',
    reference: 'RFC 5280 4.1.1.2',
  },
  RsaPssParametersUnusable: {
    severity: 'warning',
    title: 'Go, and so Kubernetes, cannot check RSASSA-PSS with these parameters',
    advice: 'Have it signed with SHA-256, SHA-384 or SHA-512, MGF1 of the same hash, and a salt as long as the digest.',
    reference: 'RFC 4055 3.1, Go crypto/x509',
  },
  SignatureNotChecked: {
    severity: 'info',
    title: 'The signature could not be checked',
    advice: 'Check it with another tool; this algorithm or key is not supported here.',
    reference: 'RFC 5280 6.1.3',
  },
} as const satisfies Record<string, FindingKind>;

const chain = {
  IssuerMissing: {
    severity: 'warning',
    title: 'The certificate that signed it is neither in the upload nor a CA of ours',
    advice: 'Upload the CA with it, or add the missing intermediate certificate.',
    reference: 'RFC 5280 6.1',
  },
  IssuerNotCa: {
    severity: 'error',
    title: 'It is signed by a certificate that is no CA',
    advice: 'Do not trust it: only a CA may sign certificates.',
    reference: 'RFC 5280 4.2.1.9',
  },
  IssuerMayNotSign: {
    severity: 'error',
    title: 'The CA that signed it may not sign certificates',
    advice: 'Issue the CA anew with the key usage keyCertSign.',
    reference: 'RFC 5280 4.2.1.3',
  },
  PathLengthExceeded: {
    severity: 'error',
    title: 'The chain is longer than a CA in it allows',
    advice: 'Have it issued by a CA whose pathLenConstraint allows it.',
    reference: 'RFC 5280 4.2.1.9',
  },
  NameConstraintViolated: {
    severity: 'error',
    title: 'A CA in the chain does not allow this name',
    advice: 'Have it issued by a CA whose name constraints allow the name.',
    reference: 'RFC 5280 4.2.1.10',
  },
  AuthorityKeyIdentifierWrong: {
    severity: 'error',
    title: 'The authority key identifier is not that of the CA that signed it',
    advice: 'Have it issued anew; strict clients do not find its CA.',
    reference: 'RFC 5280 4.2.1.1',
  },
  IssuerNameWrong: {
    severity: 'error',
    title: 'The issuer is not the subject of the CA that signed it',
    advice: 'Have it issued anew with the name of its CA, octet for octet; Go and Kubernetes find no chain otherwise.',
    reference: 'RFC 5280 6.1.3',
  },
  ChainOutOfOrder: {
    severity: 'warning',
    title: 'The certificates of the chain do not stand one after another',
    advice: 'Put the leaf first, then each certificate that signed the one before.',
    reference: 'RFC 8446 4.4.2',
  },
  RootInChain: {
    severity: 'info',
    title: 'The chain carries its root',
    advice: 'Leave the root out: whoever trusts it has it.',
    reference: 'RFC 8446 4.4.2',
  },
  UnknownCriticalExtension: {
    severity: 'error',
    title: 'A critical extension is not known',
    advice: 'Do not use it with software that does not know the extension: it must refuse it.',
    reference: 'RFC 5280 4.2',
  },
  RevokedCertificate: {
    severity: 'error',
    title: 'A certificate list in the upload revokes the certificate',
    advice: 'Do not use it. Kubernetes itself checks no lists: take its bindings away, too.',
    reference: 'RFC 5280 5.3',
  },
  DuplicateSerialNumber: {
    severity: 'warning',
    title: 'Two certificates of one CA have the same serial number',
    advice: 'Issue one of them anew; a CA gives each serial number once.',
    reference: 'RFC 5280 4.1.2.2',
  },
} as const satisfies Record<string, FindingKind>;

const purpose = {
  CaUsedAsLeaf: {
    severity: 'error',
    title: 'A CA certificate stands where a leaf certificate belongs',
    advice: "Issue a leaf certificate for it; a CA's key must not be in everyday use.",
    reference: 'RFC 5280 4.2.1.9',
  },
  LeafUsedAsCa: {
    severity: 'error',
    title: 'A certificate that is no CA stands where a CA belongs',
    advice: "Put the CA's certificate there.",
    reference: 'RFC 5280 4.2.1.9',
  },
  BasicConstraintsMissing: {
    severity: 'error',
    title: 'A certificate that signs has no basic constraints',
    advice: 'Issue the CA anew with critical basicConstraints, CA:TRUE.',
    reference: 'RFC 5280 4.2.1.9',
  },
  BasicConstraintsNotCritical: {
    severity: 'warning',
    title: 'The basic constraints of a CA are not critical',
    advice: 'Issue the CA anew with critical basic constraints.',
    reference: 'RFC 5280 4.2.1.9',
  },
  PathLengthWithoutCa: {
    severity: 'error',
    title: 'A path length stands in a certificate that is no CA',
    advice: 'Issue it anew without pathLenConstraint.',
    reference: 'RFC 5280 4.2.1.9',
  },
  KeyUsageMissing: {
    severity: 'warning',
    title: 'There is no key usage',
    advice: 'Issue it anew with a critical key usage.',
    reference: 'RFC 5280 4.2.1.3',
  },
  KeyUsageContradictory: {
    severity: 'error',
    title: 'The key usage does not go with what the certificate is',
    advice: 'Issue it anew: keyCertSign for a CA and only there, digitalSignature for a client or server.',
    reference: 'RFC 5280 4.2.1.3',
  },
  KeyUsageLacksSignature: {
    severity: 'warning',
    title: 'The key usage lets a client or server exchange keys, and not sign',
    advice: 'Issue it anew with digitalSignature: TLS 1.3 signs in any case. Go looks away, browsers refuse it.',
    reference: 'RFC 8446 4.4.2.2, RFC 5280 4.2.1.12',
  },
  KeyUsageNotForKey: {
    severity: 'info',
    title: 'The key usage has what a key of this algorithm cannot do',
    advice:
      'Leave it out when the certificate is issued anew: keyEncipherment is for RSA, keyAgreement for ECDH. Go ignores it.',
    reference: 'RFC 4055 1.2, RFC 8410 5, RFC 8813 3',
  },
  ExtendedKeyUsageMissing: {
    severity: 'warning',
    title: 'There is no extended key usage',
    advice: 'Issue it anew with clientAuth or serverAuth: without it Go accepts it for anything.',
    reference: 'RFC 5280 4.2.1.12',
  },
  ExtendedKeyUsageUnsuitable: {
    severity: 'error',
    title: 'The extended key usage does not allow what the certificate is used for',
    advice: 'Issue it anew with clientAuth for a client, serverAuth for a server.',
    reference: 'RFC 5280 4.2.1.12',
  },
  AnyExtendedKeyUsage: {
    severity: 'warning',
    title: 'The extended key usage allows everything',
    advice: 'Issue it anew with the one purpose that it has.',
    reference: 'RFC 5280 4.2.1.12',
  },
  ConstraintInLeaf: {
    severity: 'warning',
    title: 'A certificate that is no CA constrains certificates below it',
    advice: 'Issue it anew without; such extensions belong to CAs.',
    reference: 'RFC 5280 4.2.1.5, 4.2.1.10, 4.2.1.11, 4.2.1.14',
  },
  ExtensionWronglyCritical: {
    severity: 'error',
    title: 'An extension is critical that must not be',
    advice: 'Have it issued anew; Go, and so Kubernetes, refuses certificates with some of them.',
    reference: 'RFC 5280 4.2.1, 4.2.2, 5.2, 5.3',
  },
  ExtensionNotCritical: {
    severity: 'warning',
    title: 'An extension is not critical that must be',
    advice: 'Have it issued anew; software that does not know the extension passes over what it forbids.',
    reference: 'RFC 5280 4.2.1, 5.2, 5.3',
  },
  CriticalityUnusual: {
    severity: 'info',
    title: 'An extension is critical that should not be, or the reverse',
    advice: 'Have the CA set the flag as RFC 5280 has it when the certificate is issued anew.',
    reference: 'RFC 5280 4.2.1, 5.2',
  },
  DuplicatePolicy: {
    severity: 'error',
    title: 'A certificate policy is there twice',
    advice: 'Have it issued anew; Go, and so Kubernetes, refuses it.',
    reference: 'RFC 5280 4.2.1.4',
  },
  SubjectKeyIdentifierMissing: {
    severity: 'warning',
    title: 'A CA has no subject key identifier',
    advice: 'Issue the CA anew with one.',
    reference: 'RFC 5280 4.2.1.2',
  },
  AuthorityKeyIdentifierMissing: {
    severity: 'info',
    title: 'There is no authority key identifier',
    advice: 'Issue it anew with one where its CA has a subject key identifier.',
    reference: 'RFC 5280 4.2.1.1',
  },
} as const satisfies Record<string, FindingKind>;

const serialNumbers = {
  SerialNumberNotPositive: {
    severity: 'error',
    title: 'The serial number is zero or negative',
    advice: 'Issue it anew with a positive serial number.',
    reference: 'RFC 5280 4.1.2.2',
  },
  SerialNumberTooLong: {
    severity: 'error',
    title: 'The serial number takes more than 20 octets',
    advice: 'Issue it anew with at most 20 octets.',
    reference: 'RFC 5280 4.1.2.2',
  },
  SerialNumberLowEntropy: {
    severity: 'warning',
    title: 'The serial number is too short to hold 64 random bits',
    advice: 'Have the CA draw at least 64 random bits for each.',
    reference: 'CA/Browser Forum Baseline Requirements 7.1',
  },
} as const satisfies Record<string, FindingKind>;

const encoding = {
  NonMinimalEncoding: {
    severity: 'error',
    title: 'A length or number is not in its shortest form',
    advice: 'Have it encoded anew in DER.',
    reference: 'X.690 8.3.2, 10.1',
  },
  NonDerEncoding: {
    severity: 'error',
    title: 'It is BER but not DER',
    advice: 'Have it encoded anew in DER: others may read it differently or refuse it.',
    reference: 'X.690 10, 11',
  },
  TrailingData: {
    severity: 'error',
    title: 'Something follows the end of it',
    advice: 'Remove what follows; parsers disagree on whether it counts.',
    reference: 'X.690 8.1',
  },
  DuplicateExtension: {
    severity: 'error',
    title: 'An extension occurs twice',
    advice: 'Have it issued anew; parsers disagree on which one counts.',
    reference: 'RFC 5280 4.2',
  },
  MalformedExtension: {
    severity: 'error',
    title: 'An extension does not hold what it should',
    advice: 'Have it issued anew.',
    reference: 'RFC 5280 4.2',
  },
  MalformedObject: {
    severity: 'error',
    title: 'It looks like something known and cannot be read',
    advice: 'Get it again from where it came; it is cut off or damaged.',
    reference: 'RFC 5280 4.1',
  },
  PemLabelWrong: {
    severity: 'warning',
    title: 'The PEM label names something else than what is inside',
    advice: 'Correct the BEGIN and END lines.',
    reference: 'RFC 7468 2',
  },
  PemMalformed: {
    severity: 'warning',
    title: 'A PEM block is incomplete, or its base64 is not proper',
    advice: 'Get it again from where it came.',
    reference: 'RFC 7468 3',
  },
  PemLegacyLabel: {
    severity: 'info',
    title: 'The PEM label is an old one',
    advice: 'Use the label of RFC 7468.',
    reference: 'RFC 7468 4',
  },
  PemUnusualForm: {
    severity: 'info',
    title: 'The PEM block is not laid out as RFC 7468 has it',
    advice: 'Nothing, unless a strict reader refuses it: lines of 64 characters, no blanks.',
    reference: 'RFC 7468 2',
  },
  VersionNotV3: {
    severity: 'warning',
    title: 'It is not a version 3 certificate',
    advice: 'Issue it anew as version 3, with extensions.',
    reference: 'RFC 5280 4.1.2.1',
  },
  VersionContradictory: {
    severity: 'error',
    title: 'It has fields that its version does not have',
    advice: 'Issue it anew as version 3.',
    reference: 'RFC 5280 4.1',
  },
  UniqueIdentifierPresent: {
    severity: 'warning',
    title: 'It carries an issuer or subject unique identifier',
    advice: 'Issue it anew without.',
    reference: 'RFC 5280 4.1.2.8',
  },
} as const satisfies Record<string, FindingKind>;

const names = {
  SeveralCommonNames: {
    severity: 'error',
    title: 'The subject has several common names',
    advice: 'Issue it anew with one: Go takes the last, others the first.',
    reference: 'RFC 5280 4.1.2.4',
  },
  MixedMultiValuedRdn: {
    severity: 'error',
    title: 'An RDN holds attributes of several types',
    advice: 'Issue it anew with each attribute in an RDN of its own.',
    reference: 'RFC 5280 4.1.2.4',
  },
  NoCommonName: {
    severity: 'error',
    title: 'A client certificate has no common name',
    advice: 'Issue it anew: an API server takes the username from it.',
    reference: 'Kubernetes: X.509 client certificates',
  },
  EmptySubject: {
    severity: 'warning',
    title: 'The subject is empty',
    advice: 'Give it a subject, or a critical subject alternative name.',
    reference: 'RFC 5280 4.1.2.6',
  },
  EmptyIssuer: {
    severity: 'warning',
    title: 'The issuer is empty',
    advice: 'Have it issued anew by a CA that has a name.',
    reference: 'RFC 5280 4.1.2.4, 5.1.2.3',
  },
  UnexpectedSubjectAttribute: {
    severity: 'info',
    title: 'The subject has attributes that Kubernetes does not read',
    advice: 'Leave out all but CN and O in user certificates.',
    reference: 'Kubernetes: X.509 client certificates',
  },
  UnusualStringType: {
    severity: 'warning',
    title: 'A name is written in an outdated string type',
    advice: 'Use UTF8String or PrintableString.',
    reference: 'RFC 5280 4.1.2.4',
  },
  MalformedString: {
    severity: 'error',
    title: 'A name is not what its string type allows',
    advice: 'Issue it anew; parsers disagree on what it says.',
    reference: 'X.680 41',
  },
  DeceptiveName: {
    severity: 'error',
    title: 'A name holds characters that do not show',
    advice: 'Do not use it: what people see is not what is compared.',
    reference: 'Unicode TR36',
  },
  SystemMasters: {
    severity: 'warning',
    title: 'It is a member of system:masters',
    advice: 'Do not hand it out: it bypasses all authorization and cannot be limited or revoked.',
    reference: 'Kubernetes: RBAC good practices',
  },
  PrivilegedName: {
    severity: 'warning',
    title: 'It carries a name that Kubernetes gives privileges to',
    advice: 'Hand it out only where the component of that name uses it.',
    reference: 'Kubernetes: Using RBAC, default roles',
  },
  SubjectAltNameInUserCertificate: {
    severity: 'info',
    title: 'A user certificate has subject alternative names',
    advice: 'Leave them out: an API server does not read them.',
    reference: 'Kubernetes: X.509 client certificates',
  },
  SubjectAltNameMissing: {
    severity: 'error',
    title: 'A server certificate has no subject alternative name',
    advice: 'Issue it anew with its DNS names and addresses: clients do not read the common name.',
    reference: 'RFC 9525 6.3',
  },
  ServerPurposeWithoutName: {
    severity: 'warning',
    title: 'A certificate for servers and clients names no host, so no client accepts it from a server',
    advice: 'Issue it anew for clientAuth alone, or with the names of the server: clients do not read the common name.',
    reference: 'RFC 9525 6.3',
  },
  DnsNameUnmatchable: {
    severity: 'error',
    title: 'A server certificate has a DNS name that no client matches',
    advice:
      'Issue it anew: a host name without port or blanks, at most one wildcard as its whole leftmost label, and addresses of type iPAddress.',
    reference: 'RFC 9525 6.3, RFC 5280 4.2.1.6',
  },
  AddressAsDnsName: {
    severity: 'info',
    title: 'A server certificate has an address as a DNS name, too',
    advice: 'Leave the DNS name out; only very old software looks for addresses there.',
    reference: 'RFC 9525 6.5',
  },
  SubjectAltNameLacksServer: {
    severity: 'error',
    title: 'The certificate does not name the server that the kubeconfig connects to',
    advice: 'Issue it anew with that name or address, or connect by one that it names.',
    reference: 'RFC 9525 6',
  },
  SubjectAltNameLacksKubernetesNames: {
    severity: 'warning',
    title: "The API server's certificate lacks names that workloads connect by",
    advice: 'Issue it anew with kubernetes, kubernetes.default, kubernetes.default.svc and the service address.',
    reference: 'Kubernetes: PKI certificates and requirements',
  },
  WildcardName: {
    severity: 'info',
    title: 'A server certificate has a wildcard name',
    advice: 'Name the servers, if there are few.',
    reference: 'RFC 9525 6.3',
  },
} as const satisfies Record<string, FindingKind>;

const requests = {
  RequestNotAcceptable: {
    severity: 'warning',
    title: 'This service would not accept the request',
    advice: 'Make a new one with a subject of CN and O alone; docs/certificate-profile.md says what is accepted.',
    reference: 'RFC 2986 4',
  },
  ChallengePassword: {
    severity: 'warning',
    title: 'The request carries a challenge password',
    advice: 'Make a new one without: it is readable by everybody who sees the request.',
    reference: 'RFC 2985 5.4.1',
  },
  SignerNameLegacy: {
    severity: 'warning',
    title: 'The signer is one that signs nothing by itself, or is gone',
    advice: 'Use kubernetes.io/kube-apiserver-client for user certificates.',
    reference: 'certificates.k8s.io/v1 spec.signerName',
  },
  UsagesUnsuitable: {
    severity: 'error',
    title: 'The signer refuses these usages',
    advice: 'Ask for client auth and digital signature (and key encipherment for RSA).',
    reference: 'certificates.k8s.io/v1 spec.usages',
  },
  ExpirationTooShort: {
    severity: 'error',
    title: 'The signer refuses a lifetime below 600 seconds',
    advice: 'Ask for at least 600 seconds.',
    reference: 'certificates.k8s.io/v1 spec.expirationSeconds',
  },
  CertificateNotForRequest: {
    severity: 'error',
    title: 'The certificate in the object is not for the request in it',
    advice: 'Do not use it; have it issued anew.',
    reference: 'certificates.k8s.io/v1 status.certificate',
  },
} as const satisfies Record<string, FindingKind>;

const kubeconfigs = {
  InsecureSkipTlsVerify: {
    severity: 'error',
    title: 'The kubeconfig does not check who the server is',
    advice: 'Remove insecure-skip-tls-verify and put the CA in.',
    reference: 'Kubernetes: kubeconfig v1, clusters[].cluster',
  },
  ServerOverHttp: {
    severity: 'error',
    title: 'The kubeconfig connects without TLS',
    advice: 'Use https; credentials go over the wire as they are.',
    reference: 'Kubernetes: kubeconfig v1, clusters[].cluster',
  },
  ServerMissing: {
    severity: 'error',
    title: 'A cluster of the kubeconfig has no proper server',
    advice: "Put the server's https URL there.",
    reference: 'Kubernetes: kubeconfig v1, clusters[].cluster',
  },
  CertificateAuthorityMissing: {
    severity: 'warning',
    title: 'A cluster of the kubeconfig names no CA',
    advice: "Put certificate-authority-data there, unless a public CA signed the server's certificate.",
    reference: 'Kubernetes: kubeconfig v1, clusters[].cluster',
  },
  FilePathWillNotTravel: {
    severity: 'warning',
    title: 'The kubeconfig refers to a file',
    advice: 'Embed it (kubectl config view --raw --flatten) before it is sent elsewhere.',
    reference: 'Kubernetes: kubeconfig v1',
  },
  StaticToken: {
    severity: 'warning',
    title: 'The kubeconfig holds a token',
    advice: 'Replace it by a certificate or an exec plugin: a token that does not end is a password.',
    reference: 'Kubernetes: kubeconfig v1, users[].user.token',
  },
  BasicAuthentication: {
    severity: 'warning',
    title: 'The kubeconfig holds a password',
    advice: 'Replace it: Kubernetes has had no basic authentication since 1.19.',
    reference: 'Kubernetes: kubeconfig v1, users[].user.username',
  },
  ExecCommand: {
    severity: 'warning',
    title: 'The kubeconfig runs a command',
    advice: 'Read the command before you use the file: kubectl runs it as you. It was not run here.',
    reference: 'Kubernetes: kubeconfig v1, users[].user.exec',
  },
  SecretRedacted: {
    severity: 'warning',
    title: 'A text has the shape of a secret',
    advice: 'Move the secret out of arguments, URLs and names, for example into a file that the command reads.',
    reference: 'RFC 3986 3.2.1, CWE-214',
  },
  AuthProvider: {
    severity: 'warning',
    title: 'The kubeconfig uses an auth-provider',
    advice: 'Use an exec plugin: auth-providers are gone since 1.26.',
    reference: 'Kubernetes: kubeconfig v1, users[].user.auth-provider',
  },
  Impersonation: {
    severity: 'warning',
    title: 'The kubeconfig acts as somebody else',
    advice: 'Remove as, as-uid, as-groups unless that is meant.',
    reference: 'Kubernetes: user impersonation',
  },
  NoCredential: {
    severity: 'warning',
    title: 'A user of the kubeconfig has no credential',
    advice: 'Give it one: an API server takes it for system:anonymous.',
    reference: 'Kubernetes: kubeconfig v1, users[].user',
  },
  AmbiguousCredential: {
    severity: 'warning',
    title: 'A user of the kubeconfig has several credentials',
    advice: 'Leave one; which one counts depends on the client.',
    reference: 'Kubernetes: kubeconfig v1, users[].user',
  },
  DanglingReference: {
    severity: 'error',
    title: 'A context names a cluster or user that is not there',
    advice: 'Correct the name, or add the entry.',
    reference: 'Kubernetes: kubeconfig v1, contexts[].context',
  },
  CurrentContextMissing: {
    severity: 'warning',
    title: 'There is no current context, or none of that name',
    advice: 'Set one: kubectl config use-context NAME',
    reference: 'Kubernetes: kubeconfig v1, current-context',
  },
  DuplicateName: {
    severity: 'warning',
    title: 'Two entries of the kubeconfig have the same name',
    advice: 'Rename one; which one counts depends on the client.',
    reference: 'Kubernetes: kubeconfig v1',
  },
  UnusedEntry: {
    severity: 'info',
    title: 'No context uses this entry',
    advice: 'Remove it if it is not needed.',
    reference: 'Kubernetes: kubeconfig v1',
  },
  ProxyConfigured: {
    severity: 'info',
    title: 'The kubeconfig connects through a proxy',
    advice: 'Make sure that you know the proxy.',
    reference: 'Kubernetes: kubeconfig v1, clusters[].cluster.proxy-url',
  },
  ServingAuthorityWrong: {
    severity: 'error',
    title: 'The CA is not the one that serves that cluster of ours',
    advice: 'Take it from GET /v1/clusters/{name}/certificate-authority.',
    reference: 'RFC 5280 6.1',
  },
  ClientNotTrusted: {
    severity: 'error',
    title: 'That cluster of ours does not accept the client certificate',
    advice: 'Ask this service for a new kubeconfig.',
    reference: 'RFC 5280 6.1',
  },
} as const satisfies Record<string, FindingKind>;

const files = {
  FieldNotBase64: {
    severity: 'error',
    title: 'A field that holds base64 holds something else',
    advice: 'Put the base64 of the file there, on one line.',
    reference: 'RFC 4648 4',
  },
  FieldMissing: {
    severity: 'error',
    title: 'A field that must be there is missing or of another type',
    advice: 'Add it.',
    reference: 'Kubernetes API reference',
  },
  DuplicateMember: {
    severity: 'error',
    title: 'A name occurs twice in one object',
    advice: 'Remove one; parsers disagree on which one counts.',
    reference: 'RFC 8259 4, YAML 1.2 3.2.1.3',
  },
  EntrySkipped: {
    severity: 'warning',
    title: 'An entry of the archive was not looked into',
    advice: 'Upload the file itself: links, devices and paths out of the archive are not followed.',
    reference: 'POSIX.1-2017 pax',
  },
  ListExpired: {
    severity: 'warning',
    title: 'The certificate list is out of date',
    advice: 'Get the newest one.',
    reference: 'RFC 5280 5.1.2.5',
  },
  ListNotConsulted: {
    severity: 'info',
    title: 'Kubernetes checks no certificate lists',
    advice: 'Take the bindings of a revoked identity away, or let a short life end it.',
    reference: 'Kubernetes: PKI certificates and requirements',
  },
  DuplicateObject: {
    severity: 'info',
    title: 'The same object is in the upload twice',
    advice: 'Remove one if that is not meant.',
    reference: 'RFC 5280 4.1',
  },
  UnrecognisedContent: {
    severity: 'info',
    title: 'It is nothing that is inspected here',
    advice: 'Upload certificates, requests, keys, PKCS#7, PKCS#12, lists, kubeconfigs or manifests.',
    reference: 'RFC 7468',
  },
} as const satisfies Record<string, FindingKind>;

/** Every finding there is, by its stable code. */
export const findingKinds = {
  ...validity,
  ...keys,
  ...signatures,
  ...chain,
  ...purpose,
  ...serialNumbers,
  ...encoding,
  ...names,
  ...requests,
  ...kubeconfigs,
  ...files,
} as const;

export type FindingCode = keyof typeof findingKinds;

/** The same in groups, for who reads about them. */
export const findingGroups: readonly {
  readonly title: string;
  readonly kinds: Readonly<Record<string, FindingKind>>;
}[] = [
  { title: 'Validity', kinds: validity },
  { title: 'Keys', kinds: keys },
  { title: 'Signatures', kinds: signatures },
  { title: 'Chain', kinds: chain },
  { title: 'Purpose', kinds: purpose },
  { title: 'Serial numbers', kinds: serialNumbers },
  { title: 'Encoding', kinds: encoding },
  { title: 'Names', kinds: names },
  { title: 'Requests', kinds: requests },
  { title: 'Kubeconfigs', kinds: kubeconfigs },
  { title: 'Manifests and files', kinds: files },
];
