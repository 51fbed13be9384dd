import type { Severity } from './inspection.js';

/** Worst first. */
export const severities = ['error', 'warning', 'info'] as const satisfies readonly Severity[];

/** The less, the worse. */
export const rankOf = (severity: Severity): number => severities.indexOf(severity);

/** The parts that all findings of a code share. */
export interface FindingKind {
  readonly severity: Severity;
  /** One sentence without a full stop: what is the case. */
  readonly title: string;
  /** The next step for the reader. */
  readonly advice: string;
  /** The same for a reader of `kubepass-inspect`. */
  readonly offlineAdvice: string;
  /** The clause that it rests on. */
  readonly reference: string;
}

const kindOf =
  (severity: Severity) =>
  (title: string, advice: string, reference: string, offlineAdvice = advice): FindingKind => ({
    severity,
    title,
    advice,
    reference,
    offlineAdvice,
  });

const error = kindOf('error');
const warning = kindOf('warning');
const info = kindOf('info');

/** Every finding there is, in groups, by its stable code: its title, its advice, and the clause behind it. */
export const findingGroups = {
  Validity: {
    CertificateExpired: error(
      'The certificate has expired',
      'Issue a new one; until then clients and servers refuse it.',
      'RFC 5280 4.1.2.5',
    ),
    CertificateRevoked: error(
      'kubepass has revoked the certificate',
      'Do not use it; request another one. A cluster that is not made to refuse it still accepts it.',
      'RFC 5280 5.3.1',
    ),
    CertificateNotYetValid: error(
      'The certificate is not valid yet',
      'Wait, or correct the clock of whoever issued it.',
      'RFC 5280 4.1.2.5',
    ),
    CertificateExpiresSoon: warning(
      'The certificate expires soon: within the configured time, and in the last third of its life',
      'Renew it now.',
      'RFC 5280 4.1.2.5',
    ),
    CertificateEndsWithinDay: info(
      'The certificate ends within a day, and is not due for renewal yet',
      'No action if it is renewed in time. Copies of it stop working when it ends.',
      'RFC 5280 4.1.2.5',
    ),
    ValidityTooLong: warning(
      'The certificate is valid for longer than it should be',
      'Issue shorter-lived certificates: Kubernetes checks no revocation, a short life is what ends them.',
      'Kubernetes: PKI certificates and requirements',
    ),
    ValidityInverted: error(
      'The certificate ends before it begins',
      'Issue it anew; it is never valid.',
      'RFC 5280 4.1.2.5',
    ),
    ValidityEncodedWrong: warning(
      'A time stands in a form that RFC 5280 does not allow',
      'Use UTCTime through 2049, GeneralizedTime after, both to the second and in UTC.',
      'RFC 5280 4.1.2.5',
    ),
    NoExpirationDate: warning(
      'The certificate has no end',
      'Issue one with an end: 99991231235959Z means never.',
      'RFC 5280 4.1.2.5',
    ),
    OutlivesIssuer: warning(
      'The certificate ends after the CA that signed it',
      'Issue it to end no later than its CA; chains stop being valid with the CA.',
      'RFC 5280 6.1.3',
    ),
  },
  Keys: {
    WeakRsaKey: error(
      'The RSA key is shorter than 2048 bits',
      'Make a new key: ECDSA P-256, or RSA of 2048 bits and more.',
      'NIST SP 800-57 part 1, 5.6.1',
    ),
    RsaKeyFactorable: error(
      'Everybody who sees the public key can compute the private key',
      'Stop using it, and make a new key with other software, for example: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out new.key',
      'NIST SP 800-89 5.3.3, FIPS 186-5 A.1.3, CVE-2017-15361, CVE-2022-26320',
    ),
    RsaExponentUnusual: error(
      'The RSA exponent is even, 1 or very large, so Go and Kubernetes refuse the key',
      'Make a new key with exponent 65537.',
      'NIST FIPS 186-5 5.4, Go crypto/rsa',
    ),
    RsaExponentSmall: warning(
      'The RSA exponent is below 65537',
      'Make the next key with exponent 65537. Go, and so Kubernetes, takes this one.',
      'NIST FIPS 186-5 5.4',
    ),
    WeakEllipticCurve: error(
      'The elliptic curve is weaker than P-256',
      'Make a new key on P-256 or P-384.',
      'NIST SP 800-57 part 1, 5.6.1',
    ),
    ExplicitCurveParameters: error(
      'The key spells out a curve instead of naming it',
      'Make a new key on a named curve; Go and Kubernetes read no other.',
      'RFC 5480 2.1.1',
    ),
    KeyAlgorithmUnsupported: error(
      'Kubernetes cannot use a key of this algorithm',
      'Use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA.',
      'Go crypto/x509',
    ),
    PublicKeyInvalid: error('The public key is not a valid key', 'Make a new key.', 'RFC 5480 2.2, RFC 8017 3.1'),
    SharedKey: warning(
      'One key stands in certificates of different subjects',
      'Give every identity a key of its own.',
      'RFC 5280 4.1.2.7',
    ),
    PrivateKeyInvalid: error(
      'The private key cannot be read, or its two halves do not belong together',
      'Make a new key.',
      'RFC 5958 2, RFC 8017 3.2',
    ),
    PrivateKeyPadded: info(
      'Zeros stand before the number of the EC key',
      'Go and OpenSSL load it as it is. openssl ec -in old.key -out new.key writes it without them.',
      'RFC 5915 3, Go crypto/x509',
    ),
    PrivateKeyUnprotected: info(
      'A private key stands here without a password',
      'Keep it where only its owner can read it; whoever has it is that identity.',
      'RFC 5958 3',
    ),
    PrivateKeyLocked: info(
      'The private key is encrypted, and no password was given',
      'Give the password with the upload to have it compared with its certificate.',
      'RFC 5958 3',
      'Give the password by --password-file FILE to have it compared with its certificate.',
    ),
    PasswordWrong: warning(
      'The password does not open it',
      'Give the password that it was encrypted with.',
      'RFC 8018 6, RFC 7292 4',
    ),
    WeakKeyEncryption: warning(
      'The encryption of the key or store is weak',
      'Encrypt it anew with PBES2, AES-256 and at least 100,000 iterations.',
      'RFC 8018 4.2, NIST SP 800-132 5.2',
    ),
    KeyDerivationTooCostly: warning(
      'Opening it would take more work than an upload may ask for',
      'Encrypt it anew with fewer iterations to have it opened here.',
      'RFC 8018 4.2',
    ),
    EncryptionUnsupported: info(
      'It is encrypted in a way that is not opened here',
      'Encrypt it anew with PBES2, PBKDF2 and AES-256 to have it opened here.',
      'RFC 8018 6.2',
    ),
    KeyMismatch: error(
      'The private key beside the certificate is another one',
      'Put the key and the certificate together that were made together.',
      'RFC 5280 4.1.2.7',
    ),
    KeyWithoutCertificate: info(
      'No certificate or request in the upload has this key',
      'Upload them together to have them compared.',
      'RFC 5280 4.1.2.7',
    ),
    LegacyKeyFormat: info(
      'The key stands in a format that new software no longer writes',
      'Convert it: openssl pkcs8 -topk8 -iter 600000 -in old.key -out new.key',
      'RFC 5958 2',
    ),
    OpenSshKey: info(
      'The key stands in the format of OpenSSH, which TLS software does not read',
      'Convert a copy of an RSA or ECDSA key: ssh-keygen -p -m PKCS8 -f key. For TLS make a new key in place of any other.',
      'OpenSSH PROTOCOL.key',
    ),
  },
  Signatures: {
    WeakSignature: error(
      'It is signed with a broken hash',
      'Have it signed anew with SHA-256 or better.',
      'RFC 6151, RFC 6194, NIST SP 800-131A',
    ),
    SignatureInvalid: error(
      'The signature is not of the key that should have made it',
      'Do not use it: it was changed, or is not from whom it says.',
      'RFC 5280 6.1.3',
    ),
    SignatureAlgorithmsDiffer: error(
      'The algorithm inside the signed part is not the one outside',
      'Do not use it: the two must be the same.',
      'RFC 5280 4.1.1.2',
    ),
    RsaPssParametersUnusable: error(
      'Go, and so Kubernetes, cannot check RSASSA-PSS with these parameters',
      'Have it signed with SHA-256, SHA-384 or SHA-512, MGF1 of the same hash, and a salt as long as the digest.',
      'RFC 4055 3.1, Go crypto/x509',
    ),
    SignatureParametersUnusual: info(
      'The parameters of the signature algorithm are not as its standard asks for',
      'No action unless a strict reader refuses it; then have it signed anew by other software.',
      'RFC 4055 5, RFC 3279 2.2, RFC 5758 3, RFC 8410 3',
    ),
    SignatureNotChecked: info(
      'The signature could not be checked',
      'Check it with another tool; this algorithm or key is not supported here.',
      'RFC 5280 6.1.3',
    ),
  },
  Chain: {
    IssuerMissing: warning(
      'The certificate that signed it is neither in the upload nor a CA of ours',
      'Upload the CA with it, or add the missing intermediate certificate.',
      'RFC 5280 6.1',
    ),
    NoRootAbove: warning(
      'The chain of a CA ends nowhere: the CAs in it sign each other',
      'Upload the root with it. Clients find no end of the chain unless they trust one of these CAs.',
      'RFC 5280 6.1',
    ),
    ChainNotToGivenCa: error(
      'No valid chain leads from the certificate of the server to a CA of --ca',
      'Add the intermediate certificates that lack, or trust the CA that signed it, if that is the right CA.',
      'RFC 5280 6.1',
    ),
    IssuerNotCa: error(
      'It is signed by a certificate that is no CA',
      'Do not trust it: only a CA may sign certificates.',
      'RFC 5280 4.2.1.9',
    ),
    IssuerMayNotSign: error(
      'The CA that signed it may not sign such objects',
      'Issue the CA anew with the key usage keyCertSign, and with cRLSign if it signs lists.',
      'RFC 5280 4.2.1.3, 6.3.3',
    ),
    PathLengthExceeded: error(
      'The chain is longer than a CA in it allows',
      'Have it issued by a CA whose pathLenConstraint allows it.',
      'RFC 5280 4.2.1.9',
    ),
    NameConstraintViolated: error(
      'A CA in the chain does not allow this name',
      'Have it issued anew with well-formed names that the CA allows, or by a CA that allows them.',
      'RFC 5280 4.2.1.10',
    ),
    AuthorityKeyIdentifierWrong: error(
      'The authority key identifier is not that of the CA that signed it',
      'Have it issued anew; strict clients do not find its CA.',
      'RFC 5280 4.2.1.1',
    ),
    IssuerNameWrong: error(
      'The issuer is not the subject of the CA that signed it',
      'Have it issued anew with the name of its CA, octet for octet; Go and Kubernetes find no chain otherwise.',
      'RFC 5280 6.1.3',
    ),
    ChainOutOfOrder: warning(
      'The certificates of the chain do not stand one after another',
      'Put the leaf first, then each certificate that signed the one before.',
      'RFC 8446 4.4.2',
    ),
    RootInChain: info('The chain carries its root', 'Leave the root out: whoever trusts it has it.', 'RFC 8446 4.4.2'),
    UnknownCriticalExtension: error(
      'A critical extension is not known, or not all of it',
      'Do not use it with software that does not know the extension: it must refuse it.',
      'RFC 5280 4.2',
    ),
    RevokedCertificate: error(
      'A certificate list in the upload revokes the certificate',
      'Do not use it. Kubernetes itself checks no lists: take its bindings away, too.',
      'RFC 5280 5.3',
    ),
    DuplicateSerialNumber: warning(
      'Two certificates of one CA have the same serial number',
      'Issue one of them anew; a CA gives each serial number once.',
      'RFC 5280 4.1.2.2',
    ),
  },
  Purpose: {
    CaUsedAsLeaf: error(
      'A CA certificate stands where a leaf certificate belongs',
      "Issue a leaf certificate for it; a CA's key must not be in everyday use.",
      'RFC 5280 4.2.1.9',
    ),
    LeafUsedAsCa: error(
      'A certificate that is no CA stands where a CA belongs',
      "Put the CA's certificate there.",
      'RFC 5280 4.2.1.9',
    ),
    BasicConstraintsMissing: error(
      'A certificate that signs has no basic constraints',
      'Issue the CA anew with critical basicConstraints, CA:TRUE.',
      'RFC 5280 4.2.1.9',
    ),
    BasicConstraintsNotCritical: warning(
      'The basic constraints of a CA are not critical',
      'Issue the CA anew with critical basic constraints.',
      'RFC 5280 4.2.1.9',
    ),
    PathLengthWithoutCa: error(
      'A path length stands in a certificate that is no CA',
      'Issue it anew without pathLenConstraint.',
      'RFC 5280 4.2.1.9',
    ),
    KeyUsageMissing: warning('There is no key usage', 'Issue it anew with a critical key usage.', 'RFC 5280 4.2.1.3'),
    KeyUsageContradictory: error(
      'The key usage does not go with what the certificate is',
      'Issue it anew: keyCertSign for a CA and only there, digitalSignature for a client or server.',
      'RFC 5280 4.2.1.3',
    ),
    KeyUsageLacksSignature: warning(
      'The key usage lets a client or server exchange keys, and not sign',
      'Issue it anew with digitalSignature: TLS 1.3 signs in any case. Go looks away, browsers refuse it.',
      'RFC 8446 4.4.2.2, RFC 5280 4.2.1.12',
    ),
    KeyUsageNotForKey: info(
      'The key usage has what a key of this algorithm cannot do',
      'Leave it out when the certificate is issued anew: keyEncipherment is for RSA, keyAgreement for ECDH. Go ignores it.',
      'RFC 4055 1.2, RFC 8410 5, RFC 8813 3',
    ),
    ExtendedKeyUsageMissing: warning(
      'There is no extended key usage',
      'Issue it anew with clientAuth or serverAuth: without it Go accepts it for anything.',
      'RFC 5280 4.2.1.12',
    ),
    ExtendedKeyUsageUnsuitable: error(
      'The extended key usage does not allow what the certificate is used for',
      'Issue it anew with clientAuth for a client, serverAuth for a server.',
      'RFC 5280 4.2.1.12',
    ),
    AnyExtendedKeyUsage: warning(
      'The extended key usage allows everything',
      'Issue it anew with the one purpose that it has.',
      'RFC 5280 4.2.1.12',
    ),
    ConstraintInLeaf: warning(
      'A certificate that is no CA constrains certificates below it',
      'Issue it anew without; such extensions belong to CAs.',
      'RFC 5280 4.2.1.5, 4.2.1.10, 4.2.1.11, 4.2.1.14',
    ),
    ExtensionWronglyCritical: error(
      'An extension is critical that must not be',
      'Have it issued anew; Go, and so Kubernetes, refuses certificates with some of them.',
      'RFC 5280 4.2.1, 4.2.2, 5.2, 5.3',
    ),
    ExtensionNotCritical: warning(
      'An extension is not critical that must be',
      'Have it issued anew; software that does not know the extension passes over what it forbids.',
      'RFC 5280 4.2.1, 5.2, 5.3',
    ),
    CriticalityUnusual: info(
      'An extension is critical that should not be, or the reverse',
      'Have the CA set the flag as RFC 5280 has it when the certificate is issued anew.',
      'RFC 5280 4.2.1, 5.2',
    ),
    DuplicatePolicy: error(
      'A certificate policy is there twice',
      'Have it issued anew; Go, and so Kubernetes, refuses it.',
      'RFC 5280 4.2.1.4',
    ),
    SubjectKeyIdentifierMissing: warning(
      'A CA has no subject key identifier',
      'Issue the CA anew with one.',
      'RFC 5280 4.2.1.2',
    ),
    AuthorityKeyIdentifierMissing: info(
      'There is no authority key identifier, or it is empty',
      'Issue it anew with one where its CA has a subject key identifier.',
      'RFC 5280 4.2.1.1',
    ),
  },
  'Serial numbers': {
    SerialNumberNotPositive: error(
      'The serial number is zero or negative',
      'Issue it anew with a positive serial number.',
      'RFC 5280 4.1.2.2',
    ),
    SerialNumberTooLong: error(
      'The serial number takes more than 20 octets',
      'Issue it anew with at most 20 octets.',
      'RFC 5280 4.1.2.2',
    ),
    SerialNumberLowEntropy: warning(
      'The serial number is too short to hold 64 random bits',
      'Have the CA draw at least 64 random bits for each.',
      'CA/Browser Forum Baseline Requirements 7.1',
    ),
  },
  Encoding: {
    NonMinimalEncoding: error(
      'A length or number is not in its shortest form',
      'Have it encoded anew in DER.',
      'X.690 8.3.2, 10.1',
    ),
    NonDerEncoding: error(
      'It is BER but not DER',
      'Have it encoded anew in DER: others may read it differently or refuse it.',
      'X.690 10, 11',
    ),
    EncodingUnusual: warning(
      'It is not DER in a place that Go and OpenSSL pass over',
      'Nothing for Go and Kubernetes, which load it. When it is issued anew, use software that writes DER.',
      'X.690 11.2.2, 11.5',
    ),
    TrailingData: error(
      'Something follows the end of it',
      'Remove what follows; parsers disagree on whether it counts.',
      'X.690 8.1',
    ),
    DuplicateExtension: error(
      'An extension occurs twice',
      'Have it issued anew; parsers disagree on which one counts.',
      'RFC 5280 4.2',
    ),
    MalformedExtension: error('An extension does not hold what it should', 'Have it issued anew.', 'RFC 5280 4.2'),
    MalformedObject: error(
      'It looks like something known and cannot be read',
      'Get it again from where it came; it is cut off or damaged.',
      'RFC 5280 4.1',
    ),
    NotLoadable: error(
      'Go, and so Kubernetes, cannot load it, whatever other software does',
      'Have it made anew without what the finding names. For a key use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA.',
      'Go crypto/x509',
    ),
    PemLabelWrong: error(
      'The PEM label names something else than what is inside',
      'Correct the BEGIN and END lines.',
      'RFC 7468 2',
    ),
    PrivateKeyLabelWrong: warning(
      'A key in PKCS#8 stands under the label of another kind of private key',
      'Write PRIVATE KEY into the BEGIN and END lines: Go and OpenSSL load it for TLS, kubeadm and controllers do not.',
      'RFC 7468 10, Go crypto/tls, Kubernetes keyutil',
    ),
    PemMalformed: error(
      'A PEM block is damaged, or laid out so that Go, and so Kubernetes, passes over it',
      'Get it again from where it came: in UTF-8, with BEGIN and END on lines of their own, and base64 between.',
      'RFC 7468 3, Go encoding/pem',
    ),
    PemLegacyLabel: info('The PEM label is an old one', 'Use the label of RFC 7468.', 'RFC 7468 4'),
    PemUnusualForm: info(
      'The PEM block is not laid out as RFC 7468 has it',
      'Nothing, unless a strict reader refuses it: lines of 64 characters, no blanks.',
      'RFC 7468 2',
    ),
    VersionNotV3: warning(
      'It is not a version 3 certificate',
      'Issue it anew as version 3, with extensions.',
      'RFC 5280 4.1.2.1',
    ),
    VersionContradictory: error(
      'It has fields that its version does not have',
      'Issue it anew as version 3.',
      'RFC 5280 4.1',
    ),
    UniqueIdentifierPresent: warning(
      'It carries an issuer or subject unique identifier',
      'Issue it anew without.',
      'RFC 5280 4.1.2.8',
    ),
  },
  Names: {
    SeveralCommonNames: error(
      'The subject has several common names',
      'Issue it anew with one: Go takes the last, others the first.',
      'RFC 5280 4.1.2.4',
    ),
    CaWithSeveralCommonNames: warning(
      'The subject of a CA has several common names',
      'Give the next CA one common name. Kubernetes takes this one, because it compares whole subjects.',
      'RFC 5280 4.1.2.4',
    ),
    MixedMultiValuedRdn: error(
      'An RDN holds attributes of several types',
      'Issue it anew with each attribute in an RDN of its own.',
      'RFC 5280 4.1.2.4',
    ),
    NoCommonName: error(
      'A client certificate has no common name',
      'Issue it anew: an API server takes the username from it.',
      'Kubernetes: X.509 client certificates',
    ),
    EmptySubject: warning(
      'The subject is empty',
      'Give it a subject, or a critical subject alternative name.',
      'RFC 5280 4.1.2.6',
    ),
    EmptyIssuer: warning(
      'The issuer is empty',
      'Have it issued anew by a CA that has a name.',
      'RFC 5280 4.1.2.4, 5.1.2.3',
    ),
    UnexpectedSubjectAttribute: info(
      'The subject has attributes that Kubernetes does not read',
      'Leave out all but CN and O in user certificates.',
      'Kubernetes: X.509 client certificates',
    ),
    UnusualStringType: warning(
      'A name is written in an outdated string type',
      'Use UTF8String or PrintableString.',
      'RFC 5280 4.1.2.4',
    ),
    MalformedString: error(
      'A name is not what its string type allows',
      'Issue it anew; parsers disagree on what it says.',
      'X.680 41',
    ),
    DeceptiveName: error(
      'A name holds characters that do not show',
      'Do not use it: what people see is not what is compared.',
      'Unicode TR36',
    ),
    BlankInName: error(
      'A username or group has a blank at its beginning or end, or two in a row',
      'Issue it anew without such blanks: people overlook them, and Kubernetes compares them.',
      'RFC 5280 7.1, RFC 4518 2.6.1',
    ),
    NameTooLong: info(
      'A name is longer than RFC 5280 allows',
      'No action for Go and Kubernetes, which take it; other software may refuse it or cut it off.',
      'RFC 5280 appendix A.1',
    ),
    SystemMasters: warning(
      'It is a member of system:masters',
      'Do not hand it out: it bypasses all authorization and cannot be limited or revoked.',
      'Kubernetes: RBAC good practices',
    ),
    PrivilegedName: warning(
      'It carries a name that clusters give privileges to',
      'Give people names of their own. kubectl get clusterrolebindings -o wide shows what this one may do.',
      'Kubernetes: Using RBAC, default roles',
    ),
    AsInstalled: info(
      'It is as the software that made the cluster makes it',
      'Keep it where that software put it. Give people credentials of their own.',
      'Kubernetes: PKI certificates and requirements',
    ),
    SubjectAltNameInUserCertificate: info(
      'A user certificate has subject alternative names',
      'Leave them out: an API server does not read them.',
      'Kubernetes: X.509 client certificates',
    ),
    SubjectAltNameMissing: error(
      'A server certificate has no subject alternative name',
      'Issue it anew with its DNS names and addresses: clients do not read the common name.',
      'RFC 9525 6.3',
    ),
    ServerPurposeWithoutName: warning(
      'A certificate for servers and clients names no host, so no client accepts it from a server',
      'Issue it anew for clientAuth alone, or with the names of the server: clients do not read the common name.',
      'RFC 9525 6.3',
    ),
    DnsNameUnmatchable: error(
      'A server certificate has a DNS name that no client matches',
      'Issue it anew: a host name without port or blanks, at most one wildcard as its whole leftmost label, and addresses of type iPAddress.',
      'RFC 9525 6.3, RFC 5280 4.2.1.6',
    ),
    AddressAsDnsName: info(
      'A server certificate has an address as a DNS name, too',
      'Leave the DNS name out; only very old software looks for addresses there.',
      'RFC 9525 6.5',
    ),
    SubjectAltNameLacksServer: error(
      'The certificate does not name the server that the kubeconfig, or who asks with --host, connects to',
      'Issue it anew with that name or address, or connect by one that it names.',
      'RFC 9525 6',
    ),
    SubjectAltNameLacksKubernetesNames: warning(
      "The API server's certificate lacks names that workloads connect by",
      'Issue it anew with kubernetes, kubernetes.default, kubernetes.default.svc and the service address.',
      'Kubernetes: PKI certificates and requirements',
    ),
    CommonNameNotAmongNames: info(
      'The common name of a server certificate is a host that is not among its subject alternative names',
      'Add it to them if clients connect by that name: they do not read the common name.',
      'RFC 9525 6.3',
    ),
    WildcardName: info(
      'A server certificate has a wildcard name',
      'Name the servers, if there are few.',
      'RFC 9525 6.3',
    ),
  },
  Requests: {
    RequestNotAcceptable: warning(
      'This service would not accept the request',
      'Make a new one with a subject of CN and O alone; docs/certificate-profile.md says what is accepted.',
      'RFC 2986 4',
    ),
    RequestNotForKubepass: info(
      'kubepass would not accept the request, if it is meant for kubepass',
      'No action for a request to another CA. docs/certificate-profile.md says what kubepass accepts.',
      'RFC 2986 4',
    ),
    ChallengePassword: warning(
      'The request carries a challenge password',
      'Make a new one without: it is readable by everybody who sees the request.',
      'RFC 2985 5.4.1',
    ),
    SignerNameLegacy: warning(
      'The signer is one that signs nothing by itself, or is gone',
      'Use kubernetes.io/kube-apiserver-client for user certificates.',
      'certificates.k8s.io/v1 spec.signerName',
    ),
    UsagesUnsuitable: error(
      'The signer refuses these usages',
      'Ask for client auth and digital signature (and key encipherment for RSA).',
      'certificates.k8s.io/v1 spec.usages',
    ),
    ExpirationTooShort: error(
      'The signer refuses a lifetime below 600 seconds',
      'Ask for at least 600 seconds.',
      'certificates.k8s.io/v1 spec.expirationSeconds',
    ),
    CertificateNotForRequest: error(
      'The certificate in the object is not for the request in it',
      'Do not use it; have it issued anew.',
      'certificates.k8s.io/v1 status.certificate',
    ),
  },
  Kubeconfigs: {
    InsecureSkipTlsVerify: error(
      'The kubeconfig does not check who the server is',
      'Remove insecure-skip-tls-verify and put the CA in.',
      'Kubernetes: kubeconfig v1, clusters[].cluster',
    ),
    ServerOverHttp: error(
      'The kubeconfig connects without TLS',
      'Use https; credentials go over the wire as they are.',
      'Kubernetes: kubeconfig v1, clusters[].cluster',
    ),
    ServerMissing: error(
      'A cluster of the kubeconfig has no proper server',
      "Put the server's https URL there.",
      'Kubernetes: kubeconfig v1, clusters[].cluster',
    ),
    CertificateAuthorityMissing: warning(
      'A cluster of the kubeconfig names no CA',
      "Put certificate-authority-data there, unless a public CA signed the server's certificate.",
      'Kubernetes: kubeconfig v1, clusters[].cluster',
    ),
    FilePathWillNotTravel: warning(
      'The kubeconfig refers to a file',
      'Embed it (kubectl config view --raw --flatten) before it is sent elsewhere.',
      'Kubernetes: kubeconfig v1',
    ),
    StaticToken: warning(
      'The kubeconfig holds a token',
      'Replace it by a certificate or an exec plugin: a token that does not end is a password.',
      'Kubernetes: kubeconfig v1, users[].user.token',
    ),
    BasicAuthentication: warning(
      'The kubeconfig holds a password',
      'Replace it: Kubernetes has had no basic authentication since 1.19.',
      'Kubernetes: kubeconfig v1, users[].user.username',
    ),
    ExecCommand: warning(
      'The kubeconfig runs a command',
      'Read the command before you use the file: kubectl runs it as you. It was not run here.',
      'Kubernetes: kubeconfig v1, users[].user.exec',
    ),
    ExecPlugin: info(
      'The kubeconfig runs the plugin of EKS, GKE, AKS, OpenID Connect or kubepass, with plain arguments',
      'Know the server before you use the file: it gets the credential. The plugin on your PATH runs as you.',
      'Kubernetes: kubeconfig v1, users[].user.exec',
    ),
    SecretRedacted: warning(
      'A text has the shape of a secret',
      'Move the secret out of arguments, URLs and names, for example into a file that the command reads.',
      'RFC 3986 3.2.1, CWE-214',
    ),
    AuthProvider: warning(
      'The kubeconfig uses an auth-provider',
      'Use an exec plugin: auth-providers are gone since 1.26.',
      'Kubernetes: kubeconfig v1, users[].user.auth-provider',
    ),
    Impersonation: warning(
      'The kubeconfig acts as somebody else',
      'Remove as, as-uid, as-groups unless that is meant.',
      'Kubernetes: user impersonation',
    ),
    NoCredential: warning(
      'A user of the kubeconfig has no credential',
      'Give it one: an API server takes it for system:anonymous.',
      'Kubernetes: kubeconfig v1, users[].user',
    ),
    AmbiguousCredential: warning(
      'A user of the kubeconfig has several credentials',
      'Leave one; which one counts depends on the client.',
      'Kubernetes: kubeconfig v1, users[].user',
    ),
    DanglingReference: error(
      'A context names a cluster or user that is not there',
      'Correct the name, or add the entry.',
      'Kubernetes: kubeconfig v1, contexts[].context',
    ),
    CurrentContextMissing: warning(
      'There is no current context, or none of that name',
      'Set one: kubectl config use-context NAME',
      'Kubernetes: kubeconfig v1, current-context',
    ),
    DuplicateName: warning(
      'Two entries of the kubeconfig have the same name',
      'Rename one; which one counts depends on the client.',
      'Kubernetes: kubeconfig v1',
    ),
    UnusedEntry: info('No context uses this entry', 'Remove it if it is not needed.', 'Kubernetes: kubeconfig v1'),
    ProxyConfigured: info(
      'The kubeconfig connects through a proxy',
      'Make sure that you know the proxy.',
      'Kubernetes: kubeconfig v1, clusters[].cluster.proxy-url',
    ),
    ServingAuthorityWrong: error(
      'The CA is not the one that serves that cluster of ours',
      'Take it from GET /v1/clusters/{name}/certificate-authority.',
      'RFC 5280 6.1',
    ),
    ClientNotTrusted: error(
      'That cluster of ours does not accept the client certificate',
      'Ask this service for a new kubeconfig.',
      'RFC 5280 6.1',
    ),
    ServerOfAnotherAuthority: error(
      "The kubeconfig trusts another CA of the same name than the one that signed the server's certificate",
      'Put the CA that signed it into certificate-authority-data, or get the kubeconfig anew from the control plane.',
      'RFC 5280 6.1',
    ),
    ClientOfAnotherAuthority: warning(
      "A CA signed the user's certificate that has the name of the trusted one, and another key",
      'Take both from the same cluster: after it was rebuilt, get the kubeconfig anew from the control plane.',
      'RFC 5280 6.1',
    ),
  },
  'Manifests and files': {
    FieldNotBase64: error(
      'A field that holds base64 holds something else',
      'Put the base64 of the file there, on one line.',
      'RFC 4648 4',
    ),
    FieldMissing: error(
      'A field that must be there is missing or of another type',
      'Add it.',
      'Kubernetes API reference',
    ),
    DuplicateMember: error(
      'A name occurs twice in one object',
      'Remove one; parsers disagree on which one counts.',
      'RFC 8259 4, YAML 1.2 3.2.1.3',
    ),
    EntrySkipped: warning(
      'An entry of the archive was not looked into',
      'Upload the file itself: links, devices and paths out of the archive are not followed.',
      'POSIX.1-2017 pax',
    ),
    ListExpired: warning('The certificate list is out of date', 'Get the newest one.', 'RFC 5280 5.1.2.5'),
    ListIncomplete: info(
      'A certificate list lacks what every list must have',
      'Have the CA write nextUpdate, a CRL number and its authority key identifier into each list.',
      'RFC 5280 5.1.2.5, 5.2.1, 5.2.3',
    ),
    ListOfVersion1: warning(
      'A certificate list is of version 1',
      'Have the CA write lists of version 2: Go reads no other, and only these say whose they are.',
      'RFC 5280 5.1.2.1, Go crypto/x509',
    ),
    ListNotConsulted: info(
      'Kubernetes checks no certificate lists',
      'Take the bindings of a revoked identity away, or let a short life end it.',
      'Kubernetes: PKI certificates and requirements',
    ),
    DuplicateObject: info('The same object is in the upload twice', 'Remove one if that is not meant.', 'RFC 5280 4.1'),
    JavaKeystore: info(
      'It is a Java keystore, which is not inspected',
      'Convert it, and inspect that: keytool -importkeystore -srckeystore old.jks -destkeystore new.p12 -deststoretype PKCS12',
      'Java: keytool',
    ),
    UnrecognisedContent: info(
      'It is nothing that is inspected here',
      'Upload certificates, requests, keys, PKCS#7, PKCS#12, lists, kubeconfigs or manifests.',
      'RFC 7468',
    ),
  },
} as const satisfies Record<string, Record<string, FindingKind>>;

type Groups = typeof findingGroups;

export type FindingCode = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups];

export const findingKinds = Object.assign({}, ...Object.values(findingGroups)) as Readonly<
  Record<FindingCode, FindingKind>
>;
