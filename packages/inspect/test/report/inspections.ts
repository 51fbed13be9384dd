import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type {
  CertificateContent,
  CertificationRequestContent,
  Finding,
  InspectedObject,
  Inspection,
  KubeconfigContent,
  NameContent,
  PublicKeyDescription,
  Severity,
} from '../../src/model/inspection.js';
import { readCertificateTree, readCertificationRequestTree } from '@kubepass/x509/tree';
import type { PrintableTrees } from '../../src/report/openssl-text.js';
import { sha256 } from '@kubepass/x509';

const folder = new URL('../../../x509/test/fixtures/openssl-3.5/', import.meta.url);

export const now = new Date('2026-11-25T12:00:00Z');

export const fixtureText = (name: string): string => readFileSync(new URL(`${name}.txt`, folder), 'utf8');

export const fixtureDer = (name: string): Buffer =>
  Buffer.from(readFileSync(new URL(`${name}.pem`, folder), 'latin1').replace(/-----[^-]*-----|\s/g, ''), 'base64');

export function finding(code: string, severity: Severity, object: string, more: Partial<Finding> = {}): Finding {
  return {
    code,
    severity,
    object,
    message: `What is the case with ${object}.`,
    advice: 'Do something about it.',
    reference: 'RFC 5280 4.1',
    ...more,
  };
}

export function nameOf(...attributes: readonly (readonly [type: string, value: string])[]): NameContent {
  return {
    text: attributes.map(([type, value]) => `${type}=${value}`).join(','),
    rdns: attributes.map(([type, value]) => [{ type, oid: '2.5.4.3', value, stringType: 'UTF8String', hex: null }]),
  };
}

export const publicKey: PublicKeyDescription = {
  algorithm: 'RSA-2048',
  oid: '1.2.840.113549.1.1.1',
  bits: 2048,
  curve: null,
  exponent: '65537',
  spkiSha256: sha256(Buffer.from('a key')),
};

/** A certificate with everything that reports show. */
export function certificateOf(
  path: string,
  der: Buffer,
  more: Partial<CertificateContent> = {},
): InspectedObject & CertificateContent {
  const x509 = new X509Certificate(der);
  const name = (text: string): NameContent =>
    nameOf(...text.split('\n').map((line) => line.split('=', 2) as [string, string]));
  const notAfter = new Date(x509.validTo);
  return {
    path,
    type: 'Certificate',
    version: 3,
    serialNumber: x509.serialNumber.toLowerCase(),
    signatureAlgorithm: { name: 'sha256WithRSAEncryption', oid: '1.2.840.113549.1.1.11', parameters: null },
    issuer: name(x509.issuer),
    subject: name(x509.subject),
    notBefore: new Date(x509.validFrom).toISOString().replace('.000', ''),
    notAfter: notAfter.toISOString().replace('.000', ''),
    secondsRemaining: (notAfter.getTime() - now.getTime()) / 1000,
    publicKey,
    issuerUniqueId: null,
    subjectUniqueId: null,
    extensions: [],
    subjectKeyIdentifier: null,
    authorityKeyIdentifier: null,
    fingerprintSha256: sha256(der),
    fingerprintSha1: x509.fingerprint.replaceAll(':', '').toLowerCase(),
    selfSigned: false,
    role: null,
    kubernetes: null,
    inventory: null,
    ...more,
  };
}

export function requestOf(
  path: string,
  der: Buffer,
  more: Partial<CertificationRequestContent> = {},
): InspectedObject & CertificationRequestContent {
  return {
    path,
    type: 'CertificationRequest',
    version: 1,
    subject: nameOf(['CN', 'jane'], ['O', 'team-a'], ['O', 'viewers']),
    publicKey: { ...publicKey, algorithm: 'ECDSA-P256', curve: 'P-256', bits: 256, exponent: null },
    extensions: [],
    attributes: [],
    signatureAlgorithm: { name: 'ecdsa-with-SHA256', oid: '1.2.840.10045.4.3.2', parameters: null },
    signatureValid: true,
    fingerprintSha256: sha256(der),
    kubernetes: { username: 'jane', groups: ['team-a', 'viewers'], uid: null },
    ...more,
  };
}

export const kubeconfig: InspectedObject & KubeconfigContent = {
  path: 'admin.conf',
  type: 'Kubeconfig',
  currentContext: 'kubernetes-admin@kubernetes',
  contexts: [
    {
      name: 'kubernetes-admin@kubernetes',
      cluster: 'kubernetes',
      user: 'kubernetes-admin',
      namespace: null,
    },
    { name: 'staging', cluster: 'staging', user: 'oidc', namespace: 'team-a' },
  ],
  clusters: [
    {
      name: 'kubernetes',
      server: 'https://10.0.0.1:6443',
      tlsServerName: null,
      insecureSkipTlsVerify: false,
      proxyUrl: null,
      certificateAuthority: { from: 'data', object: 'admin.conf#clusters[0].cluster.certificate-authority-data' },
    },
    {
      name: 'staging',
      server: 'http://staging.corp.example',
      tlsServerName: 'api.corp.example',
      insecureSkipTlsVerify: true,
      proxyUrl: 'socks5://proxy.corp.example:1080',
      certificateAuthority: { from: 'file', file: '/home/jane/ca.crt' },
    },
  ],
  users: [
    {
      name: 'kubernetes-admin',
      authentication: ['clientCertificate'],
      clientCertificate: { from: 'data', object: 'admin.conf#users[0].user.client-certificate-data' },
      clientKey: { from: 'data', object: null },
      tokenFile: null,
      exec: null,
      authProvider: null,
      impersonates: null,
    },
    {
      name: 'oidc',
      authentication: ['exec', 'token'],
      clientCertificate: { from: 'nothing' },
      clientKey: { from: 'nothing' },
      tokenFile: '/var/run/token',
      exec: { command: '/usr/bin/kubelogin', args: ['get-token', '--issuer=a b', "it's"], env: ['HOME', 'TOKEN'] },
      authProvider: 'gcp',
      impersonates: 'root (groups: system:masters)',
    },
  ],
};

/** Certificates and, where the path says so, requests. */
export const treesOf = (ders: Iterable<readonly [path: string, der: Buffer]>): PrintableTrees =>
  new Map(
    [...ders].map(([path, der]) => [
      path,
      /csr/.test(path) ? readCertificationRequestTree(der) : readCertificateTree(der),
    ]),
  );

/** One object of every type, every kind of relation, findings of each severity. */
export function everything(): { inspection: Inspection; trees: PrintableTrees } {
  const ders = new Map([
    ['pki/ca.crt', fixtureDer('k8s-ca.crt')],
    ['pki/apiserver.crt', fixtureDer('k8s-apiserver.crt')],
    ['admin.conf#users[0].user.client-certificate-data', fixtureDer('k8s-admin.crt')],
    ['old.crt', fixtureDer('date-past.crt')],
    ['csr.yaml#spec.request', fixtureDer('two-groups.csr')],
  ]);
  const der = (path: string): Buffer => ders.get(path)!;
  const certificate = (path: string, more: Partial<CertificateContent>) => certificateOf(path, der(path), more);
  const admin = 'admin.conf#users[0].user.client-certificate-data';

  const objects: InspectedObject[] = [
    { path: 'upload.tar.gz', type: 'Archive', format: 'tar.gz', entries: 7 },
    certificate('pki/ca.crt', { role: 'ClusterCA', selfSigned: true, subjectKeyIdentifier: 'ab12' }),
    { path: 'pki/ca.key', type: 'PrivateKey', encoding: 'PKCS#1', encrypted: false, encryption: null, publicKey },
    certificate('pki/apiserver.crt', { role: 'ApiServerServing' }),
    { path: 'pki/apiserver.pub', type: 'PublicKey', publicKey },
    kubeconfig,
    certificate(admin, {
      role: 'User',
      kubernetes: {
        username: 'kubernetes-admin',
        groups: ['kubeadm:cluster-admins', 'system:masters'],
        uid: '4711',
        credentialId: `X509SHA256=${sha256(der(admin))}`,
      },
      inventory: {
        requestId: '01890a5d-ac96-774b-bcce-b302099a8057',
        state: 'issued',
        cluster: 'dev-eu',
        requester: 'hr-portal',
        orphan: true,
        revocation: null,
      },
    }),
    certificate('old.crt', { role: 'Serving' }),
    {
      path: 'sealed.key',
      type: 'PrivateKey',
      encoding: 'EncryptedPKCS#8',
      encrypted: true,
      encryption: 'PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-256-CBC',
      publicKey: null,
    },
    {
      path: 'csr.yaml',
      type: 'CertificateSigningRequest',
      name: 'jane-csr',
      signerName: 'kubernetes.io/kube-apiserver-client',
      expirationSeconds: 86_400,
      usages: ['client auth', 'digital signature'],
      requester: 'hr-portal',
      conditions: [{ type: 'Approved', reason: 'AutoApproved', message: 'policy developers permits it' }],
    },
    requestOf('csr.yaml#spec.request', der('csr.yaml#spec.request')),
    {
      path: 'ca.crl',
      type: 'CertificateList',
      version: 2,
      issuer: nameOf(['CN', 'kubernetes']),
      thisUpdate: '2026-11-24T00:00:00Z',
      nextUpdate: '2026-12-01T00:00:00Z',
      signatureAlgorithm: { name: 'sha256WithRSAEncryption', oid: '1.2.840.113549.1.1.11', parameters: null },
      extensions: [{ oid: '2.5.29.20', name: 'cRLNumber', critical: false, value: '7', hex: null }],
      revokedCount: 3,
      revoked: [
        { serialNumber: '0a', revocationDate: '2026-11-20T08:00:00Z', reason: 'keyCompromise' },
        { serialNumber: '0b', revocationDate: '2026-11-21T08:00:00Z', reason: null },
      ],
      fingerprintSha256: sha256(Buffer.from('a list')),
    },
    { path: 'chain.p7b', type: 'PKCS7', contentType: 'signedData', certificates: 2, certificateLists: 0, signers: 0 },
    {
      path: 'store.p12',
      type: 'PKCS12',
      macVerified: null,
      mac: 'HMAC-SHA256, PBKDF2, 2048 iterations',
      encryption: ['PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-256-CBC'],
      opened: false,
      friendlyNames: [],
    },
    {
      path: 'tls.yaml',
      type: 'Secret',
      name: 'ingress-tls',
      namespace: 'web',
      secretType: 'kubernetes.io/tls',
      keys: ['tls.crt', 'tls.key'],
    },
    { path: 'root-ca.yaml', type: 'ConfigMap', name: 'kube-root-ca.crt', namespace: null, keys: ['ca.crt'] },
    { path: 'notes.txt', type: 'Unknown', bytes: 12, resembles: 'text' },
  ];

  return {
    trees: treesOf(ders),
    inspection: {
      objects,
      relations: [
        { type: 'SignedBy', from: 'pki/apiserver.crt', to: 'pki/ca.crt' },
        { type: 'SignedBy', from: admin, to: 'pki/ca.crt' },
        { type: 'SignedBy', from: 'ca.crl', to: 'pki/ca.crt' },
        { type: 'ChainsTo', from: 'pki/apiserver.crt', to: 'pki/ca.crt' },
        { type: 'ChainsTo', from: 'pki/ca.crt', to: '/v1/clusters/dev-eu' },
        { type: 'IsKeyOf', from: 'pki/ca.key', to: 'pki/ca.crt' },
        { type: 'IsKeyOf', from: 'pki/apiserver.pub', to: 'pki/apiserver.crt' },
        { type: 'PointsAt', from: 'admin.conf', to: '/v1/clusters/dev-eu' },
        {
          type: 'IssuedFor',
          from: admin,
          to: '/v1/certificate-requests/01890a5d-ac96-774b-bcce-b302099a8057',
        },
        { type: 'RevokedBy', from: 'pki/apiserver.crt', to: 'ca.crl' },
      ],
      findings: [
        finding('CertificateExpired', 'error', 'old.crt', {
          message: 'The certificate expired on 2020-01-01.',
          advice: 'Issue a new one; until then clients and servers refuse it.',
          reference: 'RFC 5280 4.1.2.5',
        }),
        finding('InsecureSkipTlsVerify', 'error', 'admin.conf', {
          message: 'Cluster "staging" sets insecure-skip-tls-verify.',
          advice: 'Remove insecure-skip-tls-verify and put the CA in.',
          reference: 'Kubernetes: kubeconfig v1, clusters[].cluster',
        }),
        finding('ExecCommand', 'warning', 'admin.conf', {
          message: 'User "oidc" runs /usr/bin/kubelogin get-token "--issuer=a b" "it\'s".',
          advice: 'Read the command before you use the file: kubectl runs it as you. It was not run here.',
          reference: 'Kubernetes: kubeconfig v1, users[].user.exec',
        }),
        finding('SystemMasters', 'warning', admin, {
          message: 'It is a member of system:masters.',
          advice: 'Do not hand it out: it bypasses all authorization and cannot be limited or revoked.',
          reference: 'Kubernetes: RBAC good practices',
        }),
        finding('UnrecognisedContent', 'info', 'notes.txt', {
          message: 'It is nothing that is inspected here.',
          advice: 'Upload certificates, requests, keys, PKCS#7, PKCS#12, lists, kubeconfigs or manifests.',
          reference: 'RFC 7468',
        }),
      ],
    },
  };
}

/** A name that tries to be markup, an escape sequence or a line of its own. */
export const attacks = [
  '<script>globalThis.hacked = 1</script>',
  '"><img src=x onerror="globalThis.hacked = 2">',
  "' onmouseover='globalThis.hacked = 3' x='",
  '</pre></details></style></title><svg onload=globalThis.hacked=4>',
  '&lt;b&gt;&#x3c;i>',
  '\u001b[2J\u001b]0;owned\u0007\u009b31m\r\nFINDINGS\n\n  nothing found',
  'a\u202egnp.exe\u2066\u200b\u2028\ufeff\u00a0\u3164end',
  'javascript:globalThis.hacked=5',
  'x'.repeat(3000),
  '\ud800lone',
];

/** Every string of every object, relation and finding of `everything()` replaced by one that attacks. */
export function hostile(): ReturnType<typeof everything> {
  const { inspection, trees } = everything();
  // The types allow few values here, or the report uses them as keys.
  const kept = new Set(['type', 'severity', 'role', 'encoding', 'format', 'from']);
  let count = 0;
  const paths = new Map(inspection.objects.map(({ path }) => [path, `${attacks[count++ % attacks.length]!}${count}`]));
  const spoiled = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') {
      const path = paths.get(value);
      if (path !== undefined) return path;
      if (kept.has(key)) return value;
      return attacks[count++ % attacks.length];
    }
    if (Array.isArray(value)) return value.map((item) => spoiled(item, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, spoiled(inner, name)]));
  };
  return {
    inspection: spoiled(inspection, '') as Inspection,
    trees: new Map([...trees].map(([path, tree]) => [paths.get(path)!, tree])),
  };
}
