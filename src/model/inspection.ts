/** What a caller puts in to have it inspected; nothing of it is kept. */
export interface Upload {
  readonly parts: readonly UploadPart[];
  /** Opens encrypted keys and PKCS#12 of this upload; null where the caller gave none. Never logged. */
  readonly password: string | null;
}

export interface UploadPart {
  /** What the caller calls it, cleaned for display; null where it has no name. Never decides what the part is. */
  readonly name: string | null;
  readonly bytes: Uint8Array;
}

/** Why an upload as a whole is not inspected. */
export type UploadRefusalReason =
  'Empty' | 'TooLarge' | 'TooManyObjects' | 'TooDeep' | 'TooManyEntries' | 'TooMuchCompressed' | 'TooMuchWork';

/** The media types that an inspection is answered in. */
export type InspectionFormat = 'application/json' | 'text/plain' | 'text/html';

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
  /** `path` of the object that it is about. */
  readonly object: string;
  /** One sentence: what is the case here. */
  readonly message: string;
  /** What to do. */
  readonly advice: string;
  /** The clause that it rests on. */
  readonly reference: string;
}

export type RelationType =
  /** A public or private key, and the certificate or request of that key; a private key, and its public key. */
  | 'IsKeyOf'
  /** A certificate, request or list, and the certificate whose key signed it: by signature, not by name. */
  | 'SignedBy'
  /** A certificate, and the CA at which its chain ends: one in the upload, or `/v1/clusters/{name}`. */
  | 'ChainsTo'
  /** The very same object once more. */
  | 'SameAs'
  /** A kubeconfig, and the cluster of ours that it points at. */
  | 'PointsAt'
  /** A certificate, and the request that it was issued for: `/v1/certificate-requests/{id}`. */
  | 'IssuedFor'
  /** A certificate, and the list in the upload that revokes it. */
  | 'RevokedBy';

/** `from` is an object's path; `to` is one too, or begins with `/v1/` and is a resource of this service. */
export interface Relation {
  readonly type: RelationType;
  readonly from: string;
  readonly to: string;
}

/** Where it was found, unique within the answer: `users[0].user.client-certificate-data`, `pki/etcd/ca.crt`, `chain.pem[1]`. */
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

/** What part a certificate plays in a Kubernetes cluster, as its content says (and, between two, its path). */
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
  | 'EtcdHealthcheckClient'
  | 'KubeletClient'
  | 'KubeletServing'
  | 'ControllerManager'
  | 'Scheduler'
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
  /** Negative where it has expired. */
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
  /** Whether its own key signed it; null where that cannot be checked. */
  readonly selfSigned: boolean | null;
  readonly role: CertificateRole | null;
  /** How an API server reads it as a client certificate; null for one that is not for clients. */
  readonly kubernetes: KubernetesReading | null;
  /** Our record of it; null where there is none, or none that the caller may read. */
  readonly inventory: InventoryEntry | null;
}

export interface KubernetesReading {
  readonly username: string;
  readonly groups: readonly string[];
  readonly uid: string | null;
  /** `X509SHA256=<hex>`: what authorizers get as `authentication.kubernetes.io/credential-id`. */
  readonly credentialId: string;
}

export interface InventoryEntry {
  readonly requestId: string;
  /** State of the request. */
  readonly state: string;
  readonly cluster: string;
  readonly requester: string;
  /** True where it was signed and never handed out. */
  readonly orphan: boolean;
}

export interface NameContent {
  /** RFC 4514-like, for people; never parsed back. */
  readonly text: string;
  /** In the order of the encoding. */
  readonly rdns: readonly (readonly NameAttributeContent[])[];
}

export interface NameAttributeContent {
  /** `CN`, `O` … or the dotted identifier. */
  readonly type: string;
  readonly oid: string;
  /** The text; null where the value is no proper string: then `hex` has it. */
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
  /** Of an elliptic-curve key: `P-256` …; null for other keys, and for explicit parameters. */
  readonly curve: string | null;
  /** Of an RSA key, decimal. */
  readonly exponent: string | null;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiSha256: string;
}

export interface ExtensionContent {
  readonly oid: string;
  /** `keyUsage`, `subjectAltName` … as RFC 5280 names it; the dotted identifier where it is not known. */
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
  /** Those of its extensionRequest. */
  readonly extensions: readonly ExtensionContent[];
  /** Attributes other than extensionRequest, by dotted identifier; their values are not shown. */
  readonly attributes: readonly string[];
  readonly signatureAlgorithm: AlgorithmContent;
  /** Null where it cannot be checked. */
  readonly signatureValid: boolean | null;
  readonly fingerprintSha256: string;
  /** Whom it asks to be. */
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

export interface PublicKeyContent {
  readonly type: 'PublicKey';
  readonly publicKey: PublicKeyDescription;
}

/** Said of a private key is what its public key says, and nothing else of it. */
export interface PrivateKeyContent {
  readonly type: 'PrivateKey';
  readonly encoding: 'PKCS#1' | 'SEC1' | 'PKCS#8' | 'EncryptedPKCS#8' | 'LegacyEncryptedPEM' | 'OpenSSH';
  readonly encrypted: boolean;
  /** How it is encrypted, in words: `PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-256-CBC`. */
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
  /** Whether its MAC was verified with the password; null where it has none, or no password was tried. */
  readonly macVerified: boolean | null;
  readonly mac: string | null;
  readonly encryption: readonly string[];
  /** Whether its contents could be read; they follow as objects of their own. */
  readonly opened: boolean;
  readonly friendlyNames: readonly string[];
}

/** Where a kubeconfig keeps something: in itself (an object of this inspection), in a file, or nowhere. */
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
    /** As text; never run. Names of variables only. */
    readonly exec: {
      readonly command: string;
      readonly args: readonly string[];
      readonly env: readonly string[];
    } | null;
    readonly authProvider: string | null;
    readonly impersonates: string | null;
  }[];
}

/** The `certificates.k8s.io` object; its request follows as an object of its own. */
export interface CertificateSigningRequestContent {
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

export interface SecretContent {
  readonly type: 'Secret';
  readonly name: string | null;
  readonly namespace: string | null;
  readonly secretType: string | null;
  /** Names of its entries; values never. */
  readonly keys: readonly string[];
}

export interface ConfigMapContent {
  readonly type: 'ConfigMap';
  readonly name: string | null;
  readonly namespace: string | null;
  readonly keys: readonly string[];
}

export interface ArchiveContent {
  readonly type: 'Archive';
  readonly format: 'tar' | 'tar.gz' | 'gzip';
  readonly entries: number;
}

export interface UnknownContent {
  readonly type: 'Unknown';
  readonly bytes: number;
  /** What it resembles, in words; null where it resembles nothing. */
  readonly resembles: string | null;
}
