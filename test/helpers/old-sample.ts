import { randomBytes } from 'node:crypto';
import { verifyChain } from '../../src/audit/chain.js';
import type { AuditEvent, UnchainedEvent } from '../../src/model/audit-event.js';
import type { Certificate, ListedCertificate } from '../../src/model/certificate.js';
import { requestStates, type CertificateRequest } from '../../src/model/certificate-request.js';
import type { Page } from '../../src/model/outcome.js';
import type { QuotaLimit } from '../../src/model/decision.js';
import type { Store } from '../../src/store/store.js';
import {
  aCertificate,
  anAttempt,
  anEvent,
  anIdempotencyEntry,
  aProbe,
  aRequest,
  aToken,
  aWebhookDelivery,
  instant,
  sha256,
} from '../unit/store/records.js';
import { chainOf, oldCertificateRows, oldEventRow, oldRequestRow, type OldRows } from './old-records.js';

const names = ['jane', `o'hara "q" \\ %_`, 'emoji 👩‍🚀', 'separator\u2028\u2029', 'ünïcödé', 'line\nbreak'];

const begin = instant('2026-03-01T10:00:00.000Z').getTime();
const after = (milliseconds: number): Date => new Date(begin + milliseconds);
const pick = <T>(values: readonly T[], i: number): T => values[i % values.length] as T;

/**
 * The content of a database of the version before, with `count` requests, and everything that a reader answers from it.
 */
export function oldSample(count: number) {
  const requests = Array.from({ length: count }, (_, i) => sampleRequest(i));
  const certificates = requests.flatMap((request, i) => sampleCertificates(request, i));
  const events = chainOf([
    anEvent({
      type: 'ServiceStarted',
      at: after(-1),
      principal: null,
      cluster: null,
      details: { nul: 'a\0b', n: 1.5e21 },
    }),
    ...requests.flatMap((request, i) => sampleEvents(request, i, certificates)),
    ...Array.from({ length: 150 }, (_, i) => anEvent({ at: after(count * 1000), details: { i } })),
  ]);
  const token = aToken({ createdBy: ['root', "o'hara"], expiresAt: after(10 ** 9), revokedAt: after(5) });
  const { cluster: _, breakGlass: _none, ...oldToken } = token;
  const key = anIdempotencyEntry({ createdAt: after(7) });
  const delivery = aWebhookDelivery({ createdAt: after(3), nextAttemptAt: after(4) });
  const ended = aWebhookDelivery({ createdAt: after(5), state: 'delivered', nextAttemptAt: null, endedAt: after(6) });
  const probe = aProbe({ probedAt: after(8) });
  const rows: OldRows = [
    ...requests.map((request) => ['CertificateRequest', oldRequestRow(request)] as const),
    ...certificates.flatMap((certificate) =>
      oldCertificateRows(certificate, requests.find(({ id }) => id === certificate.requestId) as CertificateRequest),
    ),
    ...events.map((event) => ['AuditEvent', oldEventRow(event)] as const),
    ['ApiToken', { ...oldToken, secretSha256: sha256('secret') }],
    ['IdempotencyKey', { ...key, answerStatus: 201, answerHeaders: { 'content-type': 'text/plain' }, answerBody: 'é' }],
    ...[delivery, ended].map((row) => ['WebhookDelivery', { ...row }] as const),
    ['ClusterProbe', { cluster: probe.cluster, probedAt: probe.probedAt, result: probe.result }],
    ['UnknownIdentity', { cluster: 'demo', fingerprintSha256: sha256('x'), objectUid: 'uid', recordedAt: after(9) }],
  ];
  return { requests, certificates, events, token, key, deliveries: [delivery, ended], probe, rows };
}
export type OldSample = ReturnType<typeof oldSample>;

function sampleRequest(i: number): CertificateRequest {
  const createdAt = after(i * 1000);
  const state = pick(requestStates, i);
  const issued = state === 'issued';
  const request = aRequest({ createdAt });
  return {
    ...request,
    state,
    cluster: pick(['demo', 'other'], i),
    username: pick(names, i),
    groups: pick([['dev'], ['dev', "o'ps", '👩‍🚀'], []], i),
    certificationRequest: i % 3 === 0 ? Uint8Array.of(0x30, 0x00, i % 256) : null,
    publicKey: issued ? { algorithm: 'ECDSA-P256', spkiSha256: sha256(`key ${String(i)}`) } : null,
    namespace: pick([null, 'team', 'ns\u2028'], i),
    reason: pick([null, '', 'because "so"'], i),
    requester: { name: pick(['hr', ...names], i), groups: pick([[], ['staff']], i), roles: ['requester'] },
    collector: pick(['hr', 'ci'], i),
    waitsUntil: state === 'pending' || state === 'approved' ? after(i * 1000 + 60_000) : null,
    decision: {
      ...request.decision,
      violations: [{ source: 'z', reason: 'TooLong', message: pick(names, i) }] as never,
      // Its members are in no alphabetical order, and must stay where they are.
      ...({ z: 1, a: { y: 2, b: [null, 1e21] } } as object),
      decidedAt: after(i * 1000 + (i % 7)),
    },
    approvals: i % 2 === 0 ? [] : [{ principal: pick(names, i), at: after(i * 1000 + 9), comment: null, stage: 0 }],
    attempt: ['issuing', 'failed', 'issued'].includes(state)
      ? anAttempt({
          spkiSha256: sha256(`key ${String(i)}`),
          intent: i % 2 === 0 ? anAttempt().intent : { signer: 'kubernetes', objectName: `kubepass-${String(i)}` },
        })
      : null,
    fingerprintSha256: issued ? sha256(`certificate ${String(i)}`) : null,
    failure: state === 'failed' ? { reason: 'SignerFailed', message: pick(names, i) } : null,
  };
}

/** An issued request has a certificate, and a failed one sometimes an orphan. */
function sampleCertificates(request: CertificateRequest, i: number): Certificate[] {
  const isOrphan = request.state === 'failed' && i % 3 === 0;
  if (request.state !== 'issued' && !isOrphan) return [];
  return [
    aCertificate(request, {
      fingerprintSha256: request.fingerprintSha256 ?? sha256(`orphan ${String(i)}`),
      serialNumber: `${pick(['', '-'], i % 5)}7f${sha256(`serial ${String(i)}`).slice(0, 2 * (4 + (i % 15)))}`,
      username: request.username,
      groups: [...request.groups, ...request.groups.slice(0, 1)],
      cluster: request.cluster,
      issuer: `CN=${pick(names, i % 2)}`,
      issuerFingerprintSha256: pick([sha256('ca 0'), sha256('ca 1'), null, null], i % 2 === 0 ? 0 : 3),
      orphan: isOrphan,
      // Several were issued in one instant.
      issuedAt: after(Math.floor(i / 32) * 32_000),
      notBefore: request.createdAt,
      notAfter: after(i * 1000 + 3_600_000),
      der: Uint8Array.from(randomBytes(40)),
    }),
  ];
}

function sampleEvents(
  request: CertificateRequest,
  i: number,
  certificates: readonly Certificate[],
): readonly UnchainedEvent[] {
  const { id: requestId, cluster, createdAt: at, requester } = request;
  const about = { at, cluster, requestId, principal: requester.name };
  const certificate = certificates.find((one) => one.requestId === requestId);
  return [
    anEvent({ ...about, details: { username: request.username, ünïcödé: [1, null, '\0'], '': { '"': '\u2028' } } }),
    anEvent({ ...about, type: 'RequestApproved', principal: i % 2 === 0 ? null : 'approver' }),
    anEvent({ ...about, type: 'IssuanceStarted', principal: null, details: {} }),
    ...(certificate
      ? [
          anEvent({
            ...about,
            at: after(i * 1000 + 1),
            type: 'CertificateIssued',
            fingerprintSha256: certificate.fingerprintSha256,
            details: { subject: `{"details":{},"principal":null,"type":"ServiceStarted"}`, issuer: ',"principal":"x"' },
          }),
        ]
      : []),
  ];
}

const page = { limit: 500, cursor: null };

/** Everything that the readers of a store answer about a sample. */
export async function answersOf(store: Store, { requests, certificates, key, probe }: OldSample) {
  const limits: readonly QuotaLimit[] = ['demo', 'other'].flatMap((cluster) => [
    { kind: 'livePerUsername', cluster, username: 'jane' },
    { kind: 'livePerGroup', cluster, group: 'dev' },
    { kind: 'livePerGroup', cluster, group: "o'ps" },
    { kind: 'livePerRequester', cluster, requester: 'hr' },
    { kind: 'issuancesPerHour', cluster, requester: 'hr' },
  ]);
  return {
    requests: await all((cursor) => store.requests.list({}, { limit: 500, cursor })),
    certificates: await all((cursor) => store.certificates.list({}, { limit: 500, cursor })),
    found: [
      await Promise.all(requests.slice(0, 30).map(({ id }) => store.requests.find(id))),
      await Promise.all(
        certificates.slice(0, 30).map(({ serialNumber }) => store.certificates.list({ serialNumber }, page)),
      ).then((pages) => pages.flatMap(({ items }) => items)),
      byFingerprint(
        await store.certificates.findByFingerprints(certificates.map(({ fingerprintSha256 }) => fingerprintSha256)),
      ),
    ],
    events: await eventsOf(store),
    chain: await verifyChain(store.auditEvents),
    token: (await store.apiTokens.findBySecretSha256s([sha256('secret')])).get(sha256('secret')) ?? null,
    key: await store.idempotencyKeys.find(key),
    lists: await Promise.all([
      store.certificates.list({ group: 'dev', visibleTo: 'hr' }, page),
      store.auditEvents.list({ fingerprintSha256: certificates[0]?.fingerprintSha256 ?? '' }, page),
    ]).then((pages) => pages.map(({ items }) => items)),
    deliveries: (await store.webhookDeliveries.list({}, page)).items,
    due: await store.webhookDeliveries.due('chat', after(10), 10),
    probe: await store.clusterProbes.find(probe.cluster),
    quotas: await store.quotas.found(limits, '', after(120_000)),
  };
}

const listed = ({ der: _, ...certificate }: Certificate): ListedCertificate => certificate;

const byFingerprint = (certificates: readonly Certificate[]) =>
  certificates.toSorted((a, b) => (a.fingerprintSha256 < b.fingerprintSha256 ? 1 : -1));

async function all<T>(list: (cursor: string | null) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  for (let cursor: string | null = null; ;) {
    const page: Page<T> = await list(cursor);
    items.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === null) return items;
  }
}

async function eventsOf(store: Store): Promise<readonly AuditEvent[]> {
  const events: AuditEvent[] = [];
  for (;;) {
    const chunk = await store.auditEvents.chunk(events.at(-1)?.seq ?? 0, 200);
    if (chunk.length === 0) return events;
    events.push(...chunk);
  }
}

/** The readers must answer this, before the records are moved and after. */
export function expectedAnswers({ requests, certificates, events, token, key, deliveries, probe }: OldSample) {
  const now = after(120_000);
  const counted = (
    cluster: string,
    isIt: (one: { username: string; groups: readonly string[]; requester: string }) => boolean,
    issuedAfter: Date | null,
  ) => {
    const requesterOf = (id: string) => requests.find((request) => request.id === id)?.requester.name ?? '';
    return (
      certificates.filter(
        (one) =>
          one.cluster === cluster &&
          !one.orphan &&
          isIt({ ...one, requester: requesterOf(one.requestId) }) &&
          (issuedAfter ? one.issuedAt > issuedAfter : one.notAfter > now),
      ).length +
      requests.filter(
        (one) =>
          one.cluster === cluster &&
          ['approved', 'issuing'].includes(one.state) &&
          isIt({ ...one, requester: one.requester.name }),
      ).length
    );
  };
  const newestFirst = certificates.toSorted(
    (a, b) => b.issuedAt.getTime() - a.issuedAt.getTime() || (a.fingerprintSha256 < b.fingerprintSha256 ? 1 : -1),
  );
  const isOfHr = ({ requestId }: Certificate) => {
    const request = requests.find(({ id }) => id === requestId);
    return request?.requester.name === 'hr' || request?.collector === 'hr';
  };
  return {
    requests: requests.toReversed(),
    certificates: newestFirst.map(listed),
    found: [requests.slice(0, 30), certificates.slice(0, 30).map(listed), byFingerprint(certificates)],
    events,
    chain: { valid: true, events: events.length, archivedEvents: 0, head: events.at(-1)?.hash, firstInvalidSeq: null },
    token,
    key: { ...key, answer: { status: 201, headers: { 'content-type': 'text/plain' }, body: 'é' } },
    lists: [
      newestFirst
        .filter((one) => one.groups.includes('dev') && isOfHr(one))
        .slice(0, page.limit)
        .map(listed),
      events.filter((event) => event.fingerprintSha256 === certificates[0]?.fingerprintSha256),
    ],
    deliveries: [...deliveries].sort((a, b) => (a.id < b.id ? 1 : -1)),
    due: deliveries.slice(0, 1),
    probe,
    quotas: ['demo', 'other'].flatMap((cluster) => [
      counted(cluster, ({ username }) => username === 'jane', null),
      counted(cluster, ({ groups }) => groups.includes('dev'), null),
      counted(cluster, ({ groups }) => groups.includes("o'ps"), null),
      counted(cluster, ({ requester }) => requester === 'hr', null),
      counted(cluster, ({ requester }) => requester === 'hr', new Date(now.getTime() - 3_600_000)),
    ]),
  };
}
