import { createPublicKey, randomBytes, randomUUID } from 'node:crypto';
import type { ClientTrust } from '../cluster/certificate-authorities.js';
import { ApiTokenAuthenticator } from '../identity/api-token-authenticator.js';
import { Callers } from '../identity/callers.js';
import { newApiTokenSecret } from '../identity/api-token-secret.js';
import { AttemptsUnderWay } from '../issuance/attempts/attempts-under-way.js';
import type { IssuanceContext, IssuingCluster } from '../issuance/context.js';
import { IdempotencyKeys } from '../issuance/requests/idempotency-keys.js';
import { issuanceUnmeasured } from '../model/measures.js';
import type { ApiToken } from '../model/principal.js';
import { parsePolicySet } from '../policy/parse-policy-set.js';
import type { PolicySet } from '../policy/policy-set.js';
import type { Services } from '../services/services.js';
import { LocalCaSigner } from '../signer/local-ca.js';
import type { Signer } from '../signer/signer.js';
import type { Store } from '../store/store.js';
import { writeCertificationRequest } from '../x509/strict/certification-request.js';
import { writeSubject } from '../x509/strict/distinguished-name.js';
import { generateKeyPair } from '../x509/strict/key-pair.js';
import { encodePem } from '../x509/strict/pem.js';
import { sha256 } from '../x509/strict/sha256.js';
import { signatureAlgorithmFor } from '../x509/strict/signature-algorithm.js';
import type { SigningAuthority } from '../x509/strict/signing-authority.js';

/**
 * The service for calls that leave nothing behind: it records nothing, asks no cluster, and signs with a key that was
 * made for it and that nobody trusts. Everything else is the code that serves.
 */
export interface Rehearsal {
  readonly services: Services;
  /** Calls that its services answer with 201, or as the policies in force say, in turn. */
  readonly calls: readonly RehearsalCall[];
  close(): Promise<void>;
}

export interface RehearsalCall {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: object;
}

const username = 'kubepass-rehearsal';
const groups = ['rehearsal'];

/** Permits everything. Policies in force may permit nothing that could be rehearsed. */
const permissive = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: rehearsal }
spec:
  selector: { clusters: ["*"] }
  allowed: { usernames: ["*"], groups: ["*"] }
  constraints: { maxExpirationSeconds: 3600 }
  approval: { mode: auto }
`;

/** `servicesOf` wires the use cases of a context, as for the service itself. */
export async function openRehearsal(
  context: IssuanceContext,
  servicesOf: (context: IssuanceContext) => Services,
): Promise<Rehearsal> {
  const { clock, random, signatures } = context;
  const authority = await throwawayAuthority(clock());
  const trust: ClientTrust = { pem: '', authorities: [authority] };
  const cluster = await rehearsedCluster(context, authority);
  const clusters = new Map<string, IssuingCluster>();
  for (const [name, issuing] of context.clusters) {
    const signer = issuing.signer.needsCluster ? cluster.signer : new LocalCaSigner(authority, random, signatures);
    clusters.set(name, { ...issuing, signer, connection: null, clientTrust: () => Promise.resolve(trust) });
  }
  const store = nothingIsRecorded(context.store);
  const rehearsed: IssuanceContext = {
    ...context,
    store,
    clusters,
    policySet: inTurn(context.policySet, permissiveSet()),
    // A call that hangs ends soon.
    settings: { ...context.settings, timeoutSeconds: 6 },
    log: { info: ignored, warn: ignored, error: ignored },
    measures: issuanceUnmeasured,
    attempts: new AttemptsUnderWay(),
    idempotencyKeys: new IdempotencyKeys(store),
  };
  const secret = newApiTokenSecret(randomBytes);
  const token = throwawayToken(clock());
  const tokens = {
    findBySecretSha256s: (hashes: readonly string[]) => Promise.resolve(new Map(hashes.map((one) => [one, token]))),
    liveReviewers: () => Promise.resolve([]),
  };
  const authenticator = new ApiTokenAuthenticator(tokens, clock, {
    admins: false,
    useBreakGlass: () => Promise.reject(new Error('there is none in a rehearsal')),
  });
  return {
    services: { ...servicesOf(rehearsed), authenticator: new Callers(authenticator, {}) },
    calls: await callsFor([...clusters.values()], secret),
    close: () => cluster.close(),
  };
}

const ignored = (): void => undefined;

/** The store, except that commits only seem to succeed. */
function nothingIsRecorded(store: Store): Store {
  return { ...store, hasRoom: () => true, writer: { commit: () => Promise.resolve({ committed: true }) } };
}

/** A signer for the clusters that sign for themselves; its own API server is opened where there are any. */
async function rehearsedCluster(
  { clusters, clock }: IssuanceContext,
  authority: SigningAuthority,
): Promise<{ readonly signer: Signer; close(): Promise<void> }> {
  const isNeeded = [...clusters.values()].some(({ signer }) => signer.needsCluster);
  if (!isNeeded) return { signer: new LocalCaSigner(authority), close: () => Promise.resolve() };
  // Loaded here, because it loads the Kubernetes client.
  const { openRehearsalCluster } = await import('./rehearsal-cluster.js');
  return openRehearsalCluster(authority, clock);
}

/** The policies in force, and those that permit everything, each time the others. */
function inTurn(inForce: () => PolicySet, others: PolicySet): () => PolicySet {
  let turn = 0;
  return () => (turn++ % 2 === 0 ? others : inForce());
}

function permissiveSet(): PolicySet {
  const parsed = parsePolicySet([{ path: 'rehearsal.yaml', text: permissive }]);
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
  return parsed.policySet;
}

/** A CA without a certificate: nobody needs one who is given its key. */
async function throwawayAuthority(now: Date): Promise<SigningAuthority> {
  const { privateKey, subjectPublicKeyInfo } = await generateKeyPair('ECDSA-P256');
  return {
    certificateDer: Buffer.alloc(0),
    fingerprintSha256: sha256(subjectPublicKeyInfo),
    spkiSha256: sha256(subjectPublicKeyInfo),
    subjectRaw: writeSubject({ username, groups: [] }),
    subjectKeyIdentifier: null,
    notBefore: new Date(now.getTime() - 3600_000),
    notAfter: new Date(now.getTime() + 24 * 3600_000),
    privateKey,
    publicKey: createPublicKey(privateKey),
    signatureAlgorithm: signatureAlgorithmFor(privateKey),
    signsCertificateLists: false,
  };
}

/** Only the rehearsal's own authenticator knows it. */
function throwawayToken(now: Date): ApiToken {
  const expiresAt = new Date(now.getTime() + 3600_000);
  const noGroups = { groups: [], createdBy: [] };
  return {
    id: randomUUID(),
    name: username,
    roles: ['requester'],
    ...noGroups,
    createdAt: now,
    expiresAt,
    revokedAt: null,
    cluster: null,
    breakGlass: false,
  };
}

/** One call for a kubeconfig and one with a CSR, for one cluster of each kind of signer. */
async function callsFor(clusters: readonly IssuingCluster[], secret: string): Promise<readonly RehearsalCall[]> {
  const csr = encodePem(
    'CERTIFICATE REQUEST',
    await writeCertificationRequest({ username, groups }, await generateKeyPair('ECDSA-P256')),
  );
  const headers = { authorization: `Bearer ${secret}`, accept: '*/*', 'content-type': 'application/json' };
  const kinds = new Map(clusters.map(({ cluster, signer }) => [signer.needsCluster, cluster.name]));
  return [...kinds.values()].flatMap((cluster) => {
    const common = { cluster, groups, expirationSeconds: 3600 };
    const kubeconfig = { method: 'POST', url: '/v1/kubeconfigs', headers, payload: { ...common, username } } as const;
    const withCsr = {
      method: 'POST',
      url: '/v1/certificate-requests',
      headers: { ...headers, prefer: 'wait=1' },
      payload: { ...common, csr },
    } as const;
    // Each twice, because the policies take turns.
    return [kubeconfig, kubeconfig, withCsr, withCsr];
  });
}
