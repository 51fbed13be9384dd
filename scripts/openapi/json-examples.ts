import type { ClusterCsr } from '../../src/model/cluster.js';
import { exampleId } from '../../src/http/schemas/schema-parts.js';
import {
  certificatePem,
  certificateSerialNumber,
  certificateSha256,
  certificateSpkiSha256,
  certificationRequestPem,
} from '../../src/http/schemas/example-certificate.js';
import { plainCertificate } from '../../src/access/certificate-schemas.js';
import { exampleRequests } from '../../src/requests/request-schemas.js';
import { clusterCsrView } from '../../src/clusters/cluster-csr-routes.js';
import { kubeconfigYaml } from './text-examples.js';

/** A page with this item, the last one. */
const page = (item: object = {}) => ({ items: [item], nextCursor: null });

// Certificate requests.

const auto = { outcome: 'permitted', approval: 'auto', policy: 'demo', stages: [], violations: [] };
const manual = { ...auto, approval: 'manual', policy: 'demo-longer-than-a-day', stages: [{ count: 1 }] };
const verdict = { name: 'demo', verdict: 'permits', reasons: [] };

/** Nothing is issued: there is no key, no certificate and no failure. */
const nothingIssued = { renewalOf: null, publicKey: null, certificate: null, failure: null };

const approved = {
  ...nothingIssued,
  state: 'approved',
  decision: { ...auto, verdicts: [verdict] },
  approvals: [],
  awaiting: [],
};

const pending = {
  ...nothingIssued,
  state: 'pending',
  expirationSeconds: 604800,
  decision: { ...manual, verdicts: [{ ...verdict, name: 'demo-longer-than-a-day' }] },
  approvals: [],
  awaiting: [{ stage: 0, needed: 1 }],
};

const ended = { ...pending, waitsUntil: null, awaiting: [] };

const issued = {
  ...approved,
  state: 'issued',
  waitsUntil: null,
  publicKey: {},
  certificate: { ...plainCertificate, pem: certificatePem },
};

const kubeconfig = { kubeconfig: kubeconfigYaml, request: issued, certificate: plainCertificate };
const awaiting = { kubeconfig: null, request: pending, certificate: null };

// Clusters.

/** A cluster that signs certificates itself. */
const probed = {
  name: 'dev-eu',
  signer: 'kubernetes',
  allowPrivilegedGroups: [],
  probeStartedAt: null,
  probe: {
    missingPermissions: [],
    signs: 'yes',
    accepts: 'yes',
    reason: null,
    message: null,
    advice: null,
    lifetimeCap: null,
    revocation: { mode: 'webhook', verified: true, delaySeconds: 0, reason: null, message: null },
  },
};

/** An issuer that is its own anchor. */
const issuer = { chain: [], key: { kind: 'agent' } };

export const exampleCsr: ClusterCsr = {
  name: 'csr-x7k2p',
  uid: '3f0b5a0e-6f0c-4d55-9a53-0d6a3f1f8b52',
  createdAt: new Date('2026-03-01T09:30:00Z'),
  seenAt: new Date('2026-03-01T09:30:42Z'),
  labels: { 'app.kubernetes.io/managed-by': 'kubepass' },
  annotations: {},
  signerName: 'kubernetes.io/kube-apiserver-client',
  username: 'system:serviceaccount:kubepass:kubepass',
  groups: ['system:serviceaccounts', 'system:authenticated'],
  usages: ['digital signature', 'client auth'],
  expirationSeconds: 86_400,
  status: 'Approved,Issued',
  conditions: [
    {
      type: 'Approved',
      status: 'True',
      reason: 'ApprovedByKubepass',
      message: 'policy "developers" permits it',
      lastUpdateTime: new Date('2026-03-01T09:30:00Z'),
    },
  ],
  request: {
    subject: 'CN=jane@corp.example,O=team-a',
    attributes: [
      { type: '2.5.4.10', value: 'team-a' },
      { type: '2.5.4.3', value: 'jane@corp.example' },
    ],
    keyAlgorithm: 'ECDSA-P256',
    spkiSha256: certificateSpkiSha256,
    subjectAltNames: [],
    refusal: null,
  },
  certificate: {
    fingerprintSha256: certificateSha256,
    serialNumber: certificateSerialNumber,
    subject: 'CN=jane@corp.example,O=team-a',
    notBefore: new Date('2026-03-01T09:25:00Z'),
    notAfter: new Date('2026-03-02T09:30:00Z'),
  },
  requestId: exampleId,
};

// Others.

const token = { revokedAt: null, cluster: null, breakGlass: false };
const notBlocked = {
  blocked: null,
  waitingRequests: [],
  residualExposure: [],
  requestedForOthers: [],
  omitted: false,
};

/** Somebody who is active in the directory. */
const here = {
  ...{ inactiveSince: null, deletedAt: null, reuse: null, whyNoUsername: null, groups: [], lostGroups: [] },
  consequences: {
    ...{ cancelledRequests: [], revokedTokens: [], keptTokens: [], tokensMade: [] },
    ...{ requestedForOthers: [], residualExposure: [] },
  },
};

const auditEvent = { type: 'CertificateRequested', details: { username: 'jane@corp.example', groups: ['team-a'] } };

/** A delivery that is under way. */
const delivery = { state: 'waiting', endedAt: null };

/** The members in which the result differs from the examples of its schema. */
const inspection = {
  objects: [
    {
      path: 'pki/apiserver.crt',
      version: 3,
      secondsRemaining: 2_592_000,
      inventory: null,
      kubernetes: null,
      issuerUniqueId: null,
      subjectUniqueId: null,
    },
  ],
  relations: [{ type: 'SignedBy', from: 'pki/apiserver.crt', to: 'pki/ca.crt' }],
  findings: [{ object: 'pki/apiserver.crt' }],
};

const evaluation = {
  outcome: 'permitted',
  approval: 'auto',
  stages: [],
  expiresAfterSeconds: null,
  quota: {},
  usage: null,
  kubeconfig: { namespace: null, contextName: null },
  violations: [],
};

/**
 * The members in which answers differ from the examples of their schemas, by operation; by operation and status where
 * an operation has several.
 */
export const jsonExamples: Readonly<Record<string, object>> = {
  createCertificateRequest: approved,
  listCertificateRequests: page(issued),
  getCertificateRequest: pending,
  approveCertificateRequest: approved,
  denyCertificateRequest: { ...ended, state: 'denied' },
  cancelCertificateRequest: { ...ended, state: 'cancelled' },
  getIssuedCertificate: { ...plainCertificate, pem: certificatePem },
  getKubeconfig: kubeconfig,
  collectKubeconfig: kubeconfig,
  'createKubeconfig 201': kubeconfig,
  'createKubeconfig 202': awaiting,
  'renewCertificate 201': kubeconfig,
  'renewCertificate 202': awaiting,
  listCertificates: page(plainCertificate),
  getCertificate: { ...plainCertificate, pem: certificatePem },
  revokeCertificate: {
    ...plainCertificate,
    status: 'revoked',
    revocation: { reason: 'keyCompromise' },
    enforcement: { mode: 'none', verifiedAt: null, delaySeconds: null },
  },
  listClusters: page(probed),
  getCluster: probed,
  'probeCluster 200': probed,
  'probeCluster 202': { ...probed, probedAt: null, probe: null, probeStartedAt: '2026-03-01T09:30:00.000Z' },
  getCertificateAuthority: { client: null },
  listIssuers: page(issuer),
  getIssuer: issuer,
  probeIssuer: issuer,
  activateIssuer: issuer,
  retireIssuer: issuer,
  listCertificateSigningRequests: page(clusterCsrView(exampleCsr)),
  getCertificateSigningRequest: clusterCsrView(exampleCsr),
  reviewAccess: {
    status: {
      allowed: false,
      denied: true,
      reason: 'this client certificate was revoked at 2026-03-01T09:30:00.000Z (keyCompromise)',
    },
  },
  createApiToken: token,
  listApiTokens: page(token),
  whoami: { cluster: null },
  listSessions: page(),
  listIdentities: page({ blocked: null }),
  getIdentity: notBlocked,
  blockIdentity: { ...notBlocked, blocked: {}, clusters: [], certificates: [], residualExposure: [{}] },
  unblockIdentity: notBlocked,
  listDirectoryUsers: page(here),
  getDirectoryUser: here,
  confirmDirectoryUser: here,
  listAuditEvents: { ...page(auditEvent), firstSeq: 1 },
  verifyAuditEvents: { firstInvalidSeq: null },
  listCheckpointKeys: { items: [{ validUntil: null }] },
  proveAuditEvent: { index: 0 },
  listPolicies: page(),
  evaluatePolicies: evaluation,
  listWebhookDeliveries: page(delivery),
  retryWebhookDelivery: delivery,
  inspect: inspection,
};

const [ask = {}] = exampleRequests;

const draft =
  'apiVersion: kubepass/v1\nkind: Policy\nmetadata: { name: draft }\nspec:\n  selector: {}\n  allowed: { usernames: ["*"], groups: ["team-*"] }\n  approval: { mode: auto }\n';

/** Bodies, by operation and by their names. */
export const bodyExamples: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  createCertificateRequest: {
    'kubepass generates the key': ask,
    'the caller keeps the key': { cluster: 'demo', csr: certificationRequestPem },
  },
  renewCertificate: {
    'kubepass generates the key': {},
    'the caller keeps the key': { csr: certificationRequestPem },
  },
  blockIdentity: { 'off-boarding': { reason: 'cessationOfOperation', comment: 'leaves the company' } },
  evaluatePolicies: { 'policies in force': ask, 'policies of your own': { ...ask, policies: [draft] } },
  replayPolicies: { 'every request until now': { policies: [draft] } },
};
