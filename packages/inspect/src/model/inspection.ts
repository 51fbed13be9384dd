/** The files that a caller has inspected. Nothing of them is kept. */
export interface Upload {
  readonly parts: readonly UploadPart[];
  /** Opens the encrypted keys and PKCS#12 of this upload; null where there is none. Never logged. */
  readonly password: string | null;
}

export interface UploadPart {
  /** The caller's name for it, cleaned for display; null where it has none. It never decides what the part is. */
  readonly name: string | null;
  /** Whether the name is a path of this machine, which is shown as it was given. */
  readonly isPath?: boolean;
  readonly bytes: Uint8Array;
}

/** Why a whole upload is refused. */
export type UploadRefusalReason =
  'Empty' | 'TooLarge' | 'TooManyObjects' | 'TooDeep' | 'TooManyEntries' | 'TooMuchCompressed' | 'TooMuchWork';

/** The media types of an answer. */
export type InspectionFormat = 'application/json' | 'application/sarif+json' | 'text/plain' | 'text/html';

/** The answer to an upload. */
export interface Inspection {
  readonly objects: readonly InspectedObject[];
  readonly relations: readonly Relation[];
  readonly findings: readonly Finding[];
}

export type Severity = 'error' | 'warning' | 'info';

export interface Finding {
  /** Stable, TitleCase; `docs/findings.md` lists them all. */
  readonly code: string;
  readonly severity: Severity;
  /** The `path` of its object. */
  readonly object: string;
  /** One sentence that describes the case. */
  readonly message: string;
  /** An instruction for the reader. */
  readonly advice: string;
  /** The clause of a standard that it rests on. */
  readonly reference: string;
}

export type RelationType =
  /** From a key to a certificate or request with that key, or from a private key to its public key. */
  | 'IsKeyOf'
  /** From a certificate, request or list to the certificate whose key made its signature. Names do not count. */
  | 'SignedBy'
  /** From a certificate to the CA at the end of its chain, in the upload or as `/v1/clusters/{name}`. */
  | 'ChainsTo'
  /**
   * From a certificate to the last one of a chain that ends before its root: the certificate that signed that one is
   * not here.
   */
  | 'ChainStopsAt'
  /** From an object to an equal one. */
  | 'SameAs'
  /** From a kubeconfig to the cluster of ours at its server's address. */
  | 'PointsAt'
  /** From a certificate to the request it was issued for: `/v1/certificate-requests/{id}`. */
  | 'IssuedFor'
  /** From a certificate to the list in the upload that revokes it. */
  | 'RevokedBy';

/** `from` is the path of an object. `to` is one as well, or a resource of this service, which begins with `/v1/`. */
export interface Relation {
  readonly type: RelationType;
  readonly from: string;
  readonly to: string;
}

/** Its place, unique within the answer: `users[0].user.client-certificate-data`, `pki/etcd/ca.crt`, `chain.pem[1]`. */
export type InspectedObject = { readonly path: string } & ObjectContent;

export type ObjectContent =
  | CertificateContent
  | CertificationRequestContent
  | CertificateListContent
  | PublicKeyContent
  | PrivateKeyContent
  | Pkcs7Content
  | Pkcs12Content
  | KubeconfigContent
  | CertificateSigningRequestContent
  | SecretContent
  | ConfigMapContent
  | ArchiveContent
  | UnknownContent;

export type ObjectType = ObjectContent['type'];

/** The role of a certificate in a cluster. Its content tells, and its path where two roles look alike. */
export type CertificateRole =
  | 'ClusterCA'
  | 'EtcdCA'
  | 'FrontProxyCA'
  | 'CA'
  | 'ApiServerServing'
  | 'ApiServerKubeletClient'
  | 'ApiServerEtcdClient'
  | 'FrontProxyClient'
  | 'EtcdServer'
  | 'EtcdPeer'
  | 'EtcdServerAndPeer'
  | 'EtcdHealthcheckClient'
  | 'EtcdClient'
  | 'KubeletClient'
  | 'KubeletServing'
  | 'ControllerManager'
  | 'Scheduler'
  | 'KubeProxy'
  | 'ServiceAccountSigner'
  | 'Serving'
  | 'User';

/** RFC 5280 4.1. */
export interface CertificateContent {
  readonly type: 'Certificate';
  readonly version: number;
  /** Lower-case hex without colons; `-` before a negative one. */
  readonly serialNumber: string;
  readonly signatureAlgorithm: AlgorithmContent;
  readonly issuer: NameContent;
  readonly subject: NameContent;
  /** RFC 3339 UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Negative after its end. */
  readonly secondsRemaining: number;
  readonly publicKey: PublicKeyDescription;
  /** Hex. */
  readonly issuerUniqueId: string | null;
  readonly subjectUniqueId: string | null;
  readonly extensions: readonly ExtensionContent[];
  /** Hex. */
  readonly subjectKeyIdentifier: string | null;
  readonly authorityKeyIdentifier: string | null;
  readonly fingerprintSha256: string;
  readonly fingerprintSha1: string;
  /** Whether its own key signed it; null where this cannot be checked. */
  readonly selfSigned: boolean | null;
  readonly role: CertificateRole | null;
  /** The identity that an API server reads from it; null where it is no client certificate. */
  readonly kubernetes: KubernetesReading | null;
  /** Our record of it; null where there is none that the caller may read. */
  readonly inventory: InventoryEntry | null;
}

export interface KubernetesReading {
  readonly username: string;
  readonly groups: readonly string[];
  readonly uid: string | null;
  /** `X509SHA256=<hex>`; authorizers get it as `authentication.kubernetes.io/credential-id`. */
  readonly credentialId: string;
}

export interface InventoryEntry {
  readonly requestId: string;
  /** The state of the request. */
  readonly state: string;
  readonly cluster: string;
  readonly requester: string;
  /** True where it was signed and never handed out. */
  readonly orphan: boolean;
  /** Null where it is not revoked. */
  readonly revocation: { readonly reason: string; /** RFC 3339 UTC. */ readonly revokedAt: string } | null;
}

export interface NameContent {
  /** Like RFC 4514, for people. It is never parsed. */
  readonly text: string;
  /** In the order of the encoding. */
  readonly rdns: readonly (readonly NameAttributeContent[])[];
}

export interface NameAttributeContent {
  /** `CN`, `O` … or the dotted identifier. */
  readonly type: string;
  readonly oid: string;
  /** Null where the value is no valid string; then `hex` has it. */
  readonly value: string | null;
  /** `UTF8String`, `PrintableString`, … */
  readonly stringType: string;
  /** DER of the value; null where `value` is there. */
  readonly hex: string | null;
}

export interface AlgorithmContent {
  /** As OpenSSL names it (`sha256WithRSAEncryption`), or the dotted identifier. */
  readonly name: string;
  readonly oid: string;
  /** DER of the parameters, hex; null where absent or NULL. */
  readonly parameters: string | null;
}

export interface PublicKeyDescription {
  /** `RSA-2048`, `ECDSA-P256`, `Ed25519`, `ECDSA-secp256k1`, `DSA-1024` … or the dotted identifier. */
  readonly algorithm: string;
  readonly oid: string;
  readonly bits: number | null;
  /** `P-256` …; null for keys without a named curve. */
  readonly curve: string | null;
  /** In decimal; null for other keys than RSA. */
  readonly exponent: string | null;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiSha256: string;
}

export interface ExtensionContent {
  readonly oid: string;
  /** `keyUsage`, `subjectAltName` … as in RFC 5280, or the dotted identifier. */
  readonly name: string;
  readonly critical: boolean;
  /** Decoded; null where it is unknown or malformed. */
  readonly value: unknown;
  /** The octets of extnValue; null where `value` is there. */
  readonly hex: string | null;
}

/** RFC 2986 4.1. */
export interface CertificationRequestContent {
  readonly type: 'CertificationRequest';
  readonly version: number;
  readonly subject: NameContent;
  readonly publicKey: PublicKeyDescription;
  /** The extensions of its extensionRequest. */
  readonly extensions: readonly ExtensionContent[];
  /** Attributes other than extensionRequest, by dotted identifier; their values are not shown. */
  readonly attributes: readonly string[];
  readonly signatureAlgorithm: AlgorithmContent;
  /** Null where it cannot be checked. */
  readonly signatureValid: boolean | null;
  readonly fingerprintSha256: string;
  /** The identity that it asks for. */
  readonly kubernetes: Omit<KubernetesReading, 'credentialId'> | null;
}

/** A CRL (RFC 5280 5.1). */
export interface CertificateListContent {
  readonly type: 'CertificateList';
  readonly version: number;
  readonly issuer: NameContent;
  readonly thisUpdate: string;
  readonly nextUpdate: string | null;
  readonly signatureAlgorithm: AlgorithmContent;
  readonly extensions: readonly ExtensionContent[];
  readonly revokedCount: number;
  /** The first 100. */
  readonly revoked: readonly {
    readonly serialNumber: string;
    readonly revocationDate: string;
    readonly reason: string | null;
  }[];
  readonly fingerprintSha256: string;
}

interface PublicKeyContent {
  readonly type: 'PublicKey';
  readonly publicKey: PublicKeyDescription;
}

/** Only the public half of a private key is described. */
export interface PrivateKeyContent {
  readonly type: 'PrivateKey';
  readonly encoding: 'PKCS#1' | 'SEC1' | 'PKCS#8' | 'EncryptedPKCS#8' | 'LegacyEncryptedPEM' | 'OpenSSH';
  readonly encrypted: boolean;
  /** In words: `PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-256-CBC`. */
  readonly encryption: string | null;
  /** Null while the key is closed, and for OpenSSH keys, which are not decoded. */
  readonly publicKey: PublicKeyDescription | null;
}

export interface Pkcs7Content {
  readonly type: 'PKCS7';
  readonly contentType: string;
  readonly certificates: number;
  readonly certificateLists: number;
  readonly signers: number;
}

export interface Pkcs12Content {
  readonly type: 'PKCS12';
  /** Whether the password fits the MAC; null where there is no MAC or no password was tried. */
  readonly macVerified: boolean | null;
  readonly mac: string | null;
  readonly encryption: readonly string[];
  /** Whether its contents follow as objects. */
  readonly opened: boolean;
  readonly friendlyNames: readonly string[];
}

/** The source of a credential in a kubeconfig: data in it (an object of this inspection), a file, or nothing. */
export type CredentialSource =
  | { readonly from: 'data'; readonly object: string | null }
  | { readonly from: 'file'; readonly file: string }
  | { readonly from: 'nothing' };

export interface KubeconfigContent {
  readonly type: 'Kubeconfig';
  readonly currentContext: string | null;
  readonly contexts: readonly {
    readonly name: string;
    readonly cluster: string | null;
    readonly user: string | null;
    readonly namespace: string | null;
  }[];
  readonly clusters: readonly {
    readonly name: string;
    readonly server: string | null;
    readonly tlsServerName: string | null;
    readonly insecureSkipTlsVerify: boolean;
    readonly proxyUrl: string | null;
    readonly certificateAuthority: CredentialSource;
  }[];
  readonly users: readonly {
    readonly name: string;
    readonly authentication: readonly ('clientCertificate' | 'token' | 'exec' | 'authProvider' | 'basic')[];
    readonly clientCertificate: CredentialSource;
    readonly clientKey: CredentialSource;
    readonly tokenFile: string | null;
    /** For display; never run. `env` has the names of variables without values. */
    readonly exec: {
      readonly command: string;
      readonly args: readonly string[];
      readonly env: readonly string[];
    } | null;
    readonly authProvider: string | null;
    readonly impersonates: string | null;
  }[];
}

/** The `certificates.k8s.io` object. Its request follows as an object. */
interface CertificateSigningRequestContent {
  readonly type: 'CertificateSigningRequest';
  readonly name: string | null;
  readonly signerName: string | null;
  readonly expirationSeconds: number | null;
  readonly usages: readonly string[];
  readonly requester: string | null;
  readonly conditions: readonly {
    readonly type: string;
    readonly reason: string | null;
    readonly message: string | null;
  }[];
}

interface SecretContent {
  readonly type: 'Secret';
  readonly name: string | null;
  readonly namespace: string | null;
  readonly secretType: string | null;
  /** The names of its entries, never their values. */
  readonly keys: readonly string[];
}

interface ConfigMapContent {
  readonly type: 'ConfigMap';
  readonly name: string | null;
  readonly namespace: string | null;
  readonly keys: readonly string[];
}

interface ArchiveContent {
  readonly type: 'Archive';
  readonly format: 'tar' | 'tar.gz' | 'gzip';
  readonly entries: number;
}

interface UnknownContent {
  readonly type: 'Unknown';
  readonly bytes: number;
  /** In words; null where it resembles nothing known. */
  readonly resembles: string | null;
}
