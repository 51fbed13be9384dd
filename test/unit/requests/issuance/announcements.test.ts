// Tests src/webhooks/webhook-events.ts, src/webhooks/event-payload.ts, src/webhooks/webhook.ts
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventPayload } from '../../../../src/webhooks/event-payload.js';
import { collectKubeconfig } from '../../../../src/requests/collect-kubeconfig.js';
import type { Context } from '../../../../src/context/context.js';
import { announce } from '../../../../src/context/request-steps.js';
import { createRequest } from '../../../../src/requests/create-request.js';
import { approveRequest, cancelRequest, denyRequest } from '../../../../src/requests/decide-request.js';
import { expireRequests } from '../../../../src/requests/expire-requests.js';
import { probeCluster } from '../../../../src/clusters/probe-cluster.js';
import { AttemptsUnderWay } from '../../../../src/context/under-way.js';
import { recoverRequests } from '../../../../src/requests/recover-requests.js';
import { probeUsername } from '../../../../src/model/cluster.js';
import { webhookEventTypes, type Announcement } from '../../../../src/model/webhook-delivery.js';
import type { CertificateRequestAsk } from '../../../../src/requests/resolve-ask.js';
import { afterCommit, followedWriter } from '../../../../src/store/writer/followed-writer.js';
import type { Writer } from '../../../../src/store/steps/step.js';
import { deliveriesOf, type Webhook } from '../../../../src/webhooks/webhook.js';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { testIssuance, testPolicies, type TestIssuance } from '../../../helpers/issuance.js';
import { alice, bob, carol } from '../../../helpers/principals.js';
import { aCertificate } from '../../store/records.js';

let issuance: TestIssuance;
let woken: number;
beforeEach(async () => {
  issuance = await testIssuance();
  woken = 0;
});
afterEach(() => issuance.close());

const webhook = (name: string, more: Partial<Webhook> = {}): Webhook => ({
  name,
  events: [...webhookEventTypes],
  clusters: null,
  secrets: [],
  sender: { send: () => Promise.resolve({ kind: 'abandoned' }), close() {} },
  ...more,
});

/** The use cases with webhooks that are told of what happens. */
function announcing(webhooks: readonly Webhook[] = [webhook('chat')], writer?: Writer): Context {
  const { context } = issuance;
  const waking = afterCommit('webhooks', { waits: false }, () => {
    woken += 1;
  });
  return {
    ...context,
    deliveriesOf: deliveriesOf(webhooks, randomBytes, eventPayload),
    store: { ...context.store, writer: followedWriter(writer ?? context.store.writer, [waking]) },
  };
}

const options = { waitSeconds: 5, idempotency: null };
const manual: CertificateRequestAsk = {
  username: 'jane',
  groups: ['ops-eu'],
  expirationSeconds: 3600,
  reason: 'on call',
  labels: { team: 'payments' },
};

interface Event {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}
/** The content of the outbox, oldest first. */
async function outbox(): Promise<readonly { readonly webhook: string; readonly event: Event }[]> {
  const { items } = await issuance.context.store.webhookDeliveries.list({}, { limit: 500, cursor: null });
  return items.toReversed().map((delivery) => {
    expect(delivery).toMatchObject({ state: 'waiting', attempts: 0, nextAttemptAt: delivery.createdAt });
    expect(delivery.id).toMatch(/^msg_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const event = JSON.parse(delivery.payload) as Event;
    expect(event).toMatchObject({ type: delivery.type, data: { requestId: delivery.requestId } });
    return { webhook: delivery.webhook, event };
  });
}
/** Commits what announces a change that is about no request. */
const commit = (context: Context, announcement: Announcement) =>
  context.store.writer.commit({ operations: announce(context, announcement), events: [] });
/** The content of the outbox that is about no request, by type. */
async function announced() {
  const { items } = await issuance.context.store.webhookDeliveries.list({}, { limit: 500, cursor: null });
  const told = items.map(({ webhook: name, requestId, payload }) => {
    expect(requestId).toBeNull();
    return { webhook: name, event: JSON.parse(payload) as Event };
  });
  return told.sort((a, b) => a.event.type.localeCompare(b.event.type));
}
const types = async () => (await outbox()).map(({ event }) => event.type.replace('certificate_request.', ''));
const data = async (type: 'pending' | 'issued' | 'denied') =>
  (await outbox()).find(({ event }) => event.type === `certificate_request.${type}`)?.event.data;

async function pending(context: Context, ask: CertificateRequestAsk = manual): Promise<string> {
  const outcome = await createRequest(context, alice, ask, options);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  expect(outcome.value.request.state).toBe('pending');
  return outcome.value.request.id;
}

describe('what is announced', () => {
  it('is a request that waits, with what it waits for, once', async () => {
    const context = announcing();
    const id = await pending(context);
    expect(await outbox()).toEqual([
      {
        webhook: 'chat',
        event: {
          type: 'certificate_request.pending',
          timestamp: context.clock().toISOString(),
          data: {
            requestId: id,
            state: 'pending',
            cluster: 'demo',
            username: 'jane',
            groups: ['ops-eu'],
            expirationSeconds: 3600,
            namespace: null,
            reason: 'on call',
            labels: { team: 'payments' },
            requester: 'alice',
            collector: 'alice',
            createdAt: context.clock().toISOString(),
            policy: 'by-hand',
            waitsUntil: new Date(context.clock().getTime() + 259_200_000).toISOString(),
            stages: [{ count: 1 }],
          },
        },
      },
    ]);
    expect(woken).toBe(1);
  });

  it('is its end where a person denies it, with who and what they said', async () => {
    const context = announcing();
    const id = await pending(context);
    issuance.advance(1);
    expect((await denyRequest(context, bob, id, 'not this week')).ok).toBe(true);
    expect(await types()).toEqual(['pending', 'denied']);
    expect(await data('denied')).toMatchObject({
      requestId: id,
      state: 'denied',
      username: 'jane',
      requester: 'alice',
      denial: {
        reason: 'DeniedByApprover',
        deniedBy: 'bob',
        comment: 'not this week',
        violations: [],
        violationCount: 0,
      },
    });
  });

  it('is a request that policy denies when it is made, with its violations, and not that it waited', async () => {
    const context = announcing();
    const groups = Array.from({ length: 25 }, (_, i) => `nobody-${i}`);
    await createRequest(context, alice, { username: 'jane', groups }, options);
    expect(await types()).toEqual(['denied']);
    const { denial } = (await data('denied')) as { denial: { violations: object[]; violationCount: number } };
    expect(denial).toMatchObject({ reason: 'PolicyDenied', deniedBy: null, comment: null });
    expect(denial.violations).toHaveLength(20);
    expect(denial.violations[0]).toEqual({
      source: expect.any(String) as string,
      reason: 'GroupNotPermitted',
      message: expect.stringContaining('nobody-0') as string,
    });
    expect(denial.violationCount).toBeGreaterThanOrEqual(25);
  });

  it('is a request that policy no longer permits, not that whoever wanted to approve it denied it', async () => {
    const context = announcing();
    const id = await pending(context);
    issuance.advance(1);
    issuance.setPolicies(testPolicies.replaceAll('"ops-*"', '"other-*"'));
    expect((await approveRequest(context, bob, id, null)).ok).toBe(false);
    expect(await types()).toEqual(['pending', 'denied']);
    expect(await data('denied')).toMatchObject({ denial: { reason: 'NoLongerPermitted', deniedBy: null } });
  });

  it('is a certificate that is issued, with what names it and without the certificate', async () => {
    const context = announcing();
    const { pem } = await csrFor('jane', ['team-a']);
    const outcome = await createRequest(context, alice, { csr: pem }, options);
    const certificate = outcome.ok ? outcome.value.certificate : null;
    expect(certificate).not.toBeNull();
    expect(await types()).toEqual(['issued']);
    expect(await data('issued')).toMatchObject({
      state: 'issued',
      requester: 'alice',
      username: 'jane',
      groups: ['team-a'],
      policy: 'automatic',
      certificate: {
        fingerprintSha256: certificate?.fingerprintSha256,
        serialNumber: certificate?.serialNumber,
        notBefore: certificate?.notBefore.toISOString(),
        notAfter: certificate?.notAfter.toISOString(),
      },
    });
  });

  it('is what a person approved and a collector fetched: pending, then issued; no key goes with it', async () => {
    const context = announcing();
    const id = await pending(context);
    issuance.advance(1);
    await approveRequest(context, bob, id, null);
    expect(await types()).toEqual(['pending']);
    const collected = await collectKubeconfig(context, alice, id);
    expect(collected.ok).toBe(true);
    expect(await types()).toEqual(['pending', 'issued']);
    expect(JSON.stringify(await outbox())).not.toMatch(/BEGIN|LS0t|key-data|kubeconfig/i);
  });

  it('is a certificate that recovery issues', async () => {
    const crashing: Writer = {
      commit: (step) =>
        step.events.some(({ type }) => type === 'CertificateIssued')
          ? Promise.reject(new Error('the process died'))
          : issuance.context.store.writer.commit(step),
    };
    const { pem } = await csrFor('jane', ['team-a']);
    await createRequest(announcing(undefined, crashing), alice, { csr: pem }, options).catch(() => undefined);
    expect(await types()).toEqual([]);
    const next = { ...announcing(), owner: 'process-2', attempts: new AttemptsUnderWay() };
    await recoverRequests(next);
    expect(await types()).toEqual(['issued']);
  });

  it('is what happens to a certificate, as its view has it, and about no request', async () => {
    const context = announcing();
    const certificate = aCertificate({ id: '01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f' }, { renewal: null });
    const {
      notBefore,
      notAfter,
      der: _,
      issuerFingerprintSha256: _i,
      issuedAt: _a,
      orphan: _o,
      ...fields
    } = certificate;
    const { publicKey: _k, renewal: _r, ...view } = fields;
    const at = notBefore;
    const revocation = { reason: 'keyCompromise', comment: 'laptop lost', revokedAt: at, revokedBy: 'bob' } as const;
    const seen = {
      ...view,
      notBefore: notBefore.toISOString(),
      notAfter: notAfter.toISOString(),
      renewalOf: null,
      status: 'valid',
    };
    await commit(context, { event: 'certificate.expiring', at, certificate, seconds: 600 });
    await commit(context, { event: 'certificate.revoked', at, certificate, revocation });
    expect((await announced()).map(({ event }) => event)).toEqual([
      { type: 'certificate.expiring', timestamp: at.toISOString(), data: { ...seen, noticeSeconds: 600 } },
      {
        type: 'certificate.revoked',
        timestamp: at.toISOString(),
        data: { ...seen, status: 'revoked', revocation: { ...revocation, revokedAt: at.toISOString() } },
      },
    ]);
    const probe = { ...certificate, username: probeUsername };
    await commit(context, { event: 'certificate.revoked', at, certificate: probe, revocation });
    expect(await announced()).toHaveLength(2);
  });

  it('is that an identity is blocked, and that it is unblocked', async () => {
    const context = announcing([
      webhook('all'),
      webhook('here', { clusters: ['demo'] }),
      webhook('elsewhere', { clusters: ['other'] }),
    ]);
    const at = context.clock();
    const block = {
      username: 'jane',
      clusters: ['demo', 'third'],
      reason: 'cessationOfOperation',
      comment: 'leaves',
      until: null,
      blockedAt: at,
      blockedBy: 'hr',
    } as const;
    const counts = { revokedCertificates: 2, cancelledRequests: 1 };
    await commit(context, { event: 'identity.blocked', at, block, ...counts });
    const told = await announced();
    expect(told.map(({ webhook: name }) => name).sort()).toEqual(['all', 'here']);
    expect(told[0]?.event).toEqual({
      type: 'identity.blocked',
      timestamp: at.toISOString(),
      data: { ...block, blockedAt: at.toISOString(), ...counts },
    });
    const everywhere = { ...block, clusters: null };
    await commit(context, { event: 'identity.unblocked', at, block: everywhere, unblockedBy: 'root', comment: null });
    expect(await announced()).toHaveLength(5);
    expect((await announced()).at(-1)?.event.data).toEqual({
      username: 'jane',
      clusters: null,
      comment: null,
      unblockedAt: at.toISOString(),
      unblockedBy: 'root',
    });
  });

  it('is nothing else: not an approval, a cancellation, an expiry or a probe', async () => {
    const context = announcing([
      webhook('chat', { events: ['certificate_request.issued', 'certificate_request.denied'] }),
    ]);
    await cancelRequest(context, alice, await pending(context), null);
    await approveRequest(context, bob, await pending(context), null);
    await pending(context);
    issuance.advance(260_000);
    await expireRequests(context);
    await probeCluster(context, 'demo', { measureLifetimeCap: false }, 'root');
    expect(await outbox()).toEqual([]);
    expect(woken).toBe(0);
  });
});

describe('to whom', () => {
  it('goes what they take, of the clusters that they take it of, each under an id of its own', async () => {
    const context = announcing([
      webhook('all'),
      webhook('waits', { events: ['certificate_request.pending'] }),
      webhook('ends', { events: ['certificate_request.issued', 'certificate_request.denied'] }),
      webhook('here', { clusters: ['other', 'demo'] }),
      webhook('elsewhere', { clusters: ['other'] }),
    ]);
    const id = await pending(context);
    expect((await outbox()).map(({ webhook: name }) => name).sort()).toEqual(['all', 'here', 'waits']);
    await denyRequest(context, bob, id, null);
    const denied = (await outbox()).filter(({ event }) => event.type.endsWith('denied'));
    expect(denied.map(({ webhook: name }) => name).sort()).toEqual(['all', 'ends', 'here']);
  });

  it('goes nothing where a step conflicts', async () => {
    const context = announcing();
    const id = await pending(context);
    const outcomes = await Promise.all([
      denyRequest(context, bob, id, null),
      denyRequest(context, carol, id, null),
      cancelRequest(context, alice, id, null),
    ]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    const denied = (await types()).filter((type) => type === 'denied');
    const { state } = (await context.store.requests.find(id)) ?? {};
    expect(denied).toHaveLength(state === 'denied' ? 1 : 0);
  });

  it('goes nothing where nobody is to be told', async () => {
    await pending(announcing([]));
    expect(await outbox()).toEqual([]);
    expect(woken).toBe(0);
  });
});
