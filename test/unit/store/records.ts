import { randomUUID, createHash, randomBytes } from 'node:crypto';
import { noName, type DirectoryUser } from '../../../src/model/directory.js';
import Database from 'better-sqlite3';
import { afterEach } from 'vitest';
import type { ApiToken } from '../../../src/model/principal.js';
import type { AuditEventDraft, UnchainedEvent } from '../../../src/model/audit-event.js';
import type { Certificate } from '../../../src/model/certificate.js';
import type { CertificateRequest, IssuanceAttempt } from '../../../src/model/certificate-request.js';
import type { ClusterProbe, StoredClusterProbe } from '../../../src/model/cluster.js';
import type { NewIdempotencyEntry } from '../../../src/model/idempotency.js';
import type { RecordedIssuer } from '../../../src/model/issuer.js';
import { newId } from '../../../src/model/new-id.js';
import type { Session } from '../../../src/model/session.js';
import type { WebhookDelivery } from '../../../src/model/webhook-delivery.js';
import type { Write } from '../../../src/store/steps/step.js';
import type { Store } from '../../../src/store/store.js';
import { openTestStore, type OpenedStore, type TestStoreOptions } from '../../helpers/test-store.js';

export const instant = (text: string): Date => new Date(text);
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

export interface TestStore extends Omit<OpenedStore, 'close'> {
  /** Another connection to the same database, as another program would open it. */
  connect(): Database.Database;
  /** Commits operations and events as one step. */
  commit(operations: readonly Write[], events?: readonly AuditEventDraft[]): ReturnType<Store['writer']['commit']>;
}

/** A store on a database of its own, closed and removed after the test. */
export async function testStore(options: TestStoreOptions = {}): Promise<TestStore> {
  const opened = await openTestStore(options);
  const { store } = opened;
  cleanUps.push(() => opened.close());
  return Object.assign(opened, {
    connect() {
      const database = new Database(opened.file, { timeout: 0 });
      cleanUps.push(() => database.close());
      return database;
    },
    commit: (operations: readonly Write[], events: readonly AuditEventDraft[] = []) =>
      store.writer.commit({ operations, events }),
  });
}

/** What counts against quotas, without when it ends. */
export const countsOf = async ({ quotas }: Pick<Store, 'quotas'>, ...asked: Parameters<Store['quotas']['found']>) =>
  (await quotas.found(...asked)).map(({ count }) => count);

export function aRequest(overrides: Partial<CertificateRequest> = {}): CertificateRequest {
  const createdAt = overrides.createdAt ?? instant('2026-03-01T10:00:00.000Z');
  return {
    id: newId(createdAt, randomBytes),
    state: 'pending',
    cluster: 'demo',
    username: 'jane',
    groups: ['dev'],
    keyAlgorithm: 'ECDSA-P256',
    certificationRequest: null,
    publicKey: null,
    expirationSeconds: 3600,
    namespace: null,
    reason: null,
    labels: {},
    requester: { name: 'hr', groups: [], roles: ['requester'] },
    collector: 'hr',
    createdAt,
    waitsUntil: null,
    decision: {
      outcome: 'permitted',
      approval: 'manual',
      policy: 'developers',
      stages: [{ count: 1 }],
      violations: [],
      facts: { cluster: 'demo', allowPrivilegedGroups: [], nameAlphabet: 'ascii' },
      verdicts: [{ name: 'developers', verdict: 'permits', reasons: [] }],
      policySetDigest: sha256('policies'),
      decidedAt: createdAt,
    },
    approvals: [],
    attempt: null,
    fingerprintSha256: null,
    failure: null,
    renewal: null,
    ...overrides,
  };
}

export function anAttempt(overrides: Partial<IssuanceAttempt> = {}): IssuanceAttempt {
  return {
    number: 1,
    owner: 'process-a',
    leaseUntil: instant('2026-03-01T10:02:00.000Z'),
    startedAt: instant('2026-03-01T10:01:00.000Z'),
    spkiSha256: sha256('key'),
    intent: { signer: 'localCA', serialNumber: '0a'.repeat(16), tbsSha256: sha256('tbs') },
    ...overrides,
  };
}

export const anIssuer = (overrides: Partial<RecordedIssuer> = {}): RecordedIssuer => ({
  cluster: 'demo',
  name: 'first',
  state: 'active',
  since: instant('2026-03-01T09:00:00.000Z'),
  spkiSha256: sha256('key of first'),
  fingerprints: [sha256('ca')],
  probe: null,
  ...overrides,
});

export function aCertificate(
  request: Pick<CertificateRequest, 'id'> & Partial<Pick<CertificateRequest, 'requester' | 'collector'>>,
  overrides: Partial<Certificate> = {},
): Certificate {
  return {
    fingerprintSha256: randomBytes(32).toString('hex'),
    // A serial number that begins with zeros is kept without them.
    serialNumber: `4a${randomBytes(15).toString('hex')}`,
    subject: 'CN=jane,O=dev',
    issuer: 'CN=kubepass',
    username: 'jane',
    groups: ['dev'],
    notBefore: instant('2026-03-01T09:55:00.000Z'),
    notAfter: instant('2026-03-01T11:00:00.000Z'),
    publicKey: { algorithm: 'ECDSA-P256', spkiSha256: sha256('key') },
    cluster: 'demo',
    requestId: request.id,
    requester: request.requester?.name ?? 'hr',
    collector: request.collector ?? 'hr',
    der: Buffer.of(0x30, 0x00),
    issuerFingerprintSha256: sha256('ca'),
    orphan: false,
    issuedAt: instant('2026-03-01T10:00:00.000Z'),
    renewal: null,
    supersededBy: null,
    revocation: null,
    ...overrides,
  };
}

export function aToken(overrides: Partial<ApiToken> = {}): ApiToken {
  return {
    id: randomBytes(16).toString('hex'),
    name: 'hr',
    groups: [],
    roles: ['requester'],
    createdBy: [],
    createdAt: instant('2026-03-01T10:00:00.000Z'),
    expiresAt: instant('2026-06-01T10:00:00.000Z'),
    revokedAt: null,
    cluster: null,
    breakGlass: false,
    lastUsedAt: null,
    ...overrides,
  };
}

export function aSession(overrides: Partial<Session> = {}): Session {
  return {
    id: randomBytes(16).toString('hex'),
    name: 'jane',
    groups: ['team-a'],
    issuer: 'corp',
    tokenId: null,
    createdAt: instant('2026-03-01T10:00:00.000Z'),
    usedAt: instant('2026-03-01T10:00:00.000Z'),
    expiresAt: instant('2026-03-01T22:00:00.000Z'),
    endedAt: null,
    ...overrides,
  };
}

export function aProbe(
  overrides: Partial<StoredClusterProbe> = {},
  result: Partial<ClusterProbe> = {},
): StoredClusterProbe {
  return {
    cluster: 'demo',
    probedAt: instant('2026-03-01T10:00:00.000Z'),
    result: {
      reachable: true,
      probed: { server: 'https://10.0.0.1:6443', servingCertificateAuthoritySha256: 'c'.repeat(64) },
      version: 'v1.32.1',
      username: 'system:serviceaccount:kubepass:kubepass',
      permissions: [
        { permission: 'create certificatesigningrequests', purpose: 'to ask', required: true, held: true },
        { permission: 'get configmaps', purpose: 'to read', required: false, held: false },
      ],
      signs: 'yes',
      reason: null,
      message: null,
      advice: null,
      accepts: 'yes',
      acceptedAs: 'kubepass-probe',
      requestId: 'request-1',
      lifetimeCap: { requestedSeconds: 2 ** 31 - 1, givenSeconds: 31_536_000, capped: true },
      revocation: null,
      ...result,
    },
    ...overrides,
  };
}

export function anIdempotencyEntry(overrides: Partial<NewIdempotencyEntry> = {}): NewIdempotencyEntry {
  return {
    principal: 'hr',
    method: 'POST',
    path: '/v1/kubeconfigs',
    key: 'key-1',
    bodySha256: sha256('{}'),
    requestId: 'request-1',
    createdAt: instant('2026-03-01T10:00:00.000Z'),
    ...overrides,
  };
}

export function aWebhookDelivery(overrides: Partial<WebhookDelivery> = {}): WebhookDelivery {
  const createdAt = overrides.createdAt ?? instant('2026-03-01T10:00:00.000Z');
  return {
    id: `msg_${newId(createdAt, randomBytes)}`,
    webhook: 'chat',
    type: 'certificate_request.pending',
    requestId: '01a21584-8c31-7656-bd94-c3c003ce277d',
    payload: '{"type":"certificate_request.pending"}',
    state: 'waiting',
    createdAt,
    nextAttemptAt: createdAt,
    attempts: 0,
    owner: null,
    lastFailure: null,
    endedAt: null,
    ...overrides,
  };
}

/** The store knows no types of details, so any will do. */
export function anEvent(overrides: Partial<UnchainedEvent> = {}): AuditEventDraft {
  return {
    type: 'CertificateRequested',
    at: instant('2026-03-01T10:00:00.000Z'),
    principal: 'hr',
    cluster: 'demo',
    requestId: null,
    fingerprintSha256: null,
    details: { username: 'jane' },
    ...overrides,
  } as AuditEventDraft;
}

export const aDirectoryUser = (members: Partial<DirectoryUser> = {}): DirectoryUser => ({
  id: randomUUID(),
  person: randomUUID(),
  userName: 'jane@corp.example',
  externalId: null,
  active: true,
  displayName: null,
  name: noName,
  emails: [],
  username: null,
  version: 1,
  createdAt: instant('2026-03-01T09:30:00.000Z'),
  changedAt: instant('2026-03-01T09:30:00.000Z'),
  deletedAt: null,
  inactiveSince: null,
  blockedAt: null,
  reuse: null,
  succeededAt: null,
  left: null,
  ...members,
});
